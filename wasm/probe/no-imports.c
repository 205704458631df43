/* Emscripten's C library tells its JavaScript when memory grows. There is none here, so the module needs no import. */
#include <stddef.h>

void emscripten_notify_memory_growth(size_t index);

void emscripten_notify_memory_growth(size_t index) { (void)index; }

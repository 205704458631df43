/* Everything a well-behaved library does not do. `volatile` keeps the compiler from finding out and leaving it away. */
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "probe.h"

void probe_trap(void) { __builtin_trap(); }

int32_t probe_divide(int32_t a, int32_t b) {
  const volatile int32_t divisor = b;
  return a / divisor;
}

void probe_abort(void) { abort(); }

uint8_t probe_load(const uint8_t *address) { return *(const volatile uint8_t *)address; }

void probe_store(uint8_t *address, uint8_t value) { *(volatile uint8_t *)address = value; }

/* Called through a volatile pointer, a recursion cannot become a loop. */
static uint32_t (*volatile narrow)(uint32_t) = probe_recurse;
static uint32_t (*volatile wide)(uint32_t) = probe_recurse_wide;

uint32_t probe_recurse(uint32_t depth) { return depth == 0 ? 0 : narrow(depth - 1) + 1; }

uint32_t probe_recurse_wide(uint32_t depth) {
  volatile uint8_t room[4096];
  room[depth % sizeof room] = 1;
  return depth == 0 ? 0 : wide(depth - 1) + room[depth % sizeof room];
}

void probe_hang(const volatile int32_t *until) {
  static const volatile int32_t never = 0;
  const volatile int32_t *flag = until ? until : &never;
  while (*flag == 0)
    ;
}

/* What probe_grow keeps, the latest first. */
struct grown {
  struct grown *before;
  char text[];
};

static struct grown *last_grown;

static const size_t mebibyte = (size_t)1 << 20;
static const size_t page = 4096;

const char *probe_grow(uint32_t mebibytes) {
  static const char text[] = "grown";
  const size_t size = sizeof *last_grown + sizeof text + mebibytes * mebibyte;
  if (mebibytes > SIZE_MAX / mebibyte - 1)
    return NULL;
  struct grown *block = malloc(size);
  if (!block)
    return NULL;
  for (size_t at = 0; at < size; at += page)
    ((volatile char *)block)[at] = 1;
  block->before = last_grown;
  memcpy(block->text, text, sizeof text);
  last_grown = block;
  return block->text;
}

bool probe_grow_fill(uint32_t mebibytes, uint8_t *out, size_t length, uint8_t start) {
  if (!probe_grow(mebibytes))
    return false;
  probe_buffer_fill(out, length, start);
  return true;
}

bool probe_grow_out(uint32_t mebibytes, int32_t *number) {
  if (!probe_grow(mebibytes))
    return false;
  *number = (int32_t)mebibytes;
  return true;
}

void probe_shrink(void) {
  while (last_grown) {
    struct grown *before = last_grown->before;
    free(last_grown);
    last_grown = before;
  }
}

void *probe_high_pointer(void) { return (void *)(uintptr_t)0x80000010u; }

char *probe_high_text(const char *text) {
  char *copy;
#ifdef __wasm__
  /* The allocator hands out at most 1 GiB at once and goes upwards. */
  void *volatile first = malloc(mebibyte << 10);
  void *volatile second = malloc(mebibyte << 10);
  /* More than what lies free further down. */
  copy = first && second ? allocate(strlen(text) + mebibyte) : NULL;
  free(second);
  free(first);
#else
  copy = allocate(strlen(text) + 1);
#endif
  if (copy)
    strcpy(copy, text);
  return copy;
}

void probe_write_past(uint8_t *bytes, size_t length, uint8_t value) { ((volatile uint8_t *)bytes)[length] = value; }

void probe_write_before(uint8_t *bytes, uint8_t value) { ((volatile uint8_t *)bytes)[-1] = value; }

static volatile uint8_t *kept;

void probe_keep(uint8_t *address) { kept = address; }

uint8_t probe_kept_read(size_t offset) { return kept[offset]; }

void probe_kept_write(size_t offset, uint8_t value) { kept[offset] = value; }

void probe_consume(void *block) { probe_free(block); }

void probe_leak(size_t bytes) {
  volatile uint8_t *block = allocate(bytes + 1);
  if (block)
    block[bytes] = 1;
}

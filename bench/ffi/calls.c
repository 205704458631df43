/*
 * The functions whose calls are measured. Each does as little as shows that its arguments have arrived, so that the
 * time is that of the way in and out. The same source becomes .cache/bench/calls.wasm and .cache/bench/libcalls.so.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

void calls_noop(void) {}
int32_t calls_add_i32(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
double calls_sum_f64(double a, double b, double c, double d) { return a + b + c + d; }
int64_t calls_add_i64(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }

/* The first byte; reading more would measure the reading. */
uint32_t calls_text_first(const char *text) { return (uint8_t)text[0]; }
uint32_t calls_bytes_ends(const uint8_t *bytes, uint32_t length) { return bytes[0] + 256u * bytes[length - 1]; }

/* FNV-1a: whether all has arrived. Not timed. */
uint32_t calls_bytes_hash(const uint8_t *bytes, uint32_t length) {
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < length; i++)
    hash = (hash ^ bytes[i]) * 16777619u;
  return hash;
}

uint32_t calls_text_hash(const char *text) {
  uint32_t length = 0;
  while (text[length])
    length++;
  return calls_bytes_hash((const uint8_t *)text, length);
}

/* A text of one letter, 'a' to 'z' after the seed, the last one in upper case; to be given to calls_free. */
static char *new_text(uint32_t seed, size_t length) {
  char *text = malloc(length + 1);
  if (!text)
    return NULL;
  const uint32_t letter = 'a' + seed % 26;
  uint64_t *words = (uint64_t *)(void *)text;
  /* Eight letters at a time: letter by letter this would take longer than the call. */
  for (size_t i = 0; i < length / 8; i++)
    words[i] = letter * 0x0101010101010101u;
  text[length - 1] = (char)(letter - 32);
  text[length] = 0;
  return text;
}

char *calls_text_32(uint32_t seed) { return new_text(seed, 32); }
char *calls_text_1024(uint32_t seed) { return new_text(seed, 1024); }
void calls_free(void *block) { free(block); }

int32_t calls_back(int32_t (*callback)(int32_t), int32_t value) { return callback(value); }

/* With calls_add_i32: eight symbols in turn. (xor, because two functions with the same code become one export.) */
int8_t calls_add_i8(int8_t a, int8_t b) { return (int8_t)(a + b); }
uint8_t calls_add_u8(uint8_t a, uint8_t b) { return (uint8_t)(a + b); }
int16_t calls_add_i16(int16_t a, int16_t b) { return (int16_t)(a + b); }
uint16_t calls_add_u16(uint16_t a, uint16_t b) { return (uint16_t)(a + b); }
uint32_t calls_xor_u32(uint32_t a, uint32_t b) { return a ^ b; }
float calls_add_f32(float a, float b) { return a + b; }
double calls_add_f64(double a, double b) { return a + b; }

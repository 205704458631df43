/* Buffers that the caller brings. */
#include <string.h>

#include "probe.h"

uint32_t probe_buffer_hash(const uint8_t *bytes, size_t length) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ bytes[i]) * 16777619u;
  return hash;
}

double probe_buffer_sum(const uint8_t *bytes, int32_t length) {
  double sum = 0;
  for (int32_t i = 0; i < length; i++)
    sum += (i + 1.0) * bytes[i];
  return sum;
}

void probe_buffer_fill(uint8_t *out, size_t length, uint8_t start) {
  for (size_t i = 0; i < length; i++)
    out[i] = (uint8_t)(start + i);
}

void probe_buffer_xor(uint8_t *bytes, size_t length, uint8_t key) {
  for (size_t i = 0; i < length; i++)
    bytes[i] ^= key;
}

size_t probe_buffer_copy(const uint8_t *from, size_t from_length, uint8_t *to, size_t to_length) {
  const size_t length = from_length < to_length ? from_length : to_length;
  if (length > 0)
    memmove(to, from, length);
  return length;
}

double probe_sum_i32(const int32_t *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += (double)(i + 1) * values[i];
  return sum;
}

double probe_sum_f64(const double *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += (double)(i + 1) * values[i];
  return sum;
}

uint32_t probe_misalignment(const void *address, uint32_t alignment) {
  return alignment ? (uint32_t)((uintptr_t)address % alignment) : 0;
}

/* Strings and bytes in and out. */
#include <string.h>

#include "allocations.h"
#include "probe.h"

static struct tally wrong_lengths;

static const uint32_t fnv_start = 2166136261u;

static uint32_t fnv(uint32_t hash, const char *text) {
  for (; *text; text++)
    hash = (hash ^ (uint8_t)*text) * 16777619u;
  return hash;
}

int32_t probe_text_length(const char *text) { return text ? (int32_t)strlen(text) : -1; }

uint32_t probe_text_hash(const char *text) { return text ? fnv(fnv_start, text) : 0; }

int32_t probe_text_first(const char *text) { return text && *text ? (uint8_t)*text : -1; }

int32_t probe_text_last(const char *text) { return text && *text ? (uint8_t)text[strlen(text) - 1] : -1; }

uint32_t probe_texts_hash(const char *first, const char *second) { return fnv(fnv(fnv_start, first), second); }

/* "probe: naïve ✓ 🚪", in bytes because the file is ASCII */
const char *probe_static_text(void) { return "probe: na\xc3\xafve \xe2\x9c\x93 \xf0\x9f\x9a\xaa"; }

const char *probe_empty_text(void) { return ""; }

const char *probe_null_text(void) { return NULL; }

static const char broken[] = "broken \xff text";

const char *probe_broken_text(void) { return broken; }

const char *probe_text_after(const char *text, size_t skip) { return text + skip; }

bool probe_digit_name(int32_t digit, const char **name) {
  static const char *const names[] = {"zero", "one", "two", "three"};
  if (digit < 0 || digit > 3)
    return false;
  *name = names[digit];
  return true;
}

char *probe_alloc(uint64_t seed) {
  char digits[20];
  size_t at = sizeof digits;
  char *text = allocate(32);
  if (!text)
    return NULL;
  do {
    digits[--at] = (char)('0' + seed % 10);
    seed /= 10;
  } while (seed);
  const size_t length = sizeof digits - at;
  memcpy(text, digits + at, length);
  memset(text + length, 0, 32 - length);
  return text;
}

char *probe_text_repeat(const char *text, uint32_t times) {
  const size_t length = strlen(text);
  char *out = allocate(length * times + 1);
  if (!out)
    return NULL;
  for (uint32_t i = 0; i < times; i++)
    memcpy(out + i * length, text, length);
  out[length * times] = 0;
  return out;
}

char *probe_text_join(const char *first, const char *second) {
  const size_t length = strlen(first);
  const size_t rest = strlen(second) + 1;
  char *out = allocate(length + rest);
  if (!out)
    return NULL;
  memcpy(out, first, length);
  memcpy(out + length, second, rest);
  return out;
}

char *probe_broken_copy(void) { return probe_text_join(broken, ""); }

bool probe_text_out(const char *text, char **copy) {
  *copy = probe_text_join(text, "");
  return *copy != NULL;
}

uint8_t *probe_bytes_16(uint8_t start) {
  size_t length;
  return probe_bytes(16, start, &length);
}

uint8_t *probe_bytes(size_t count, uint8_t start, size_t *length) {
  uint8_t *out = allocate(count ? count : 1);
  *length = out ? count : 0;
  if (out)
    probe_buffer_fill(out, count, start);
  return out;
}

uint8_t *probe_no_bytes(size_t *length) {
  *length = 0;
  return NULL;
}

const uint8_t *probe_byte_table(size_t *length) {
  static uint8_t table[256];
  probe_buffer_fill(table, sizeof table, 0);
  *length = sizeof table;
  return table;
}

/*
 * A block whose length must be given back:
 *
 *     | length (8) | unused (8) | the caller's bytes ... |
 */
enum { head = 16 };

static void *allocate_sized(size_t length) {
  uint8_t *block = allocate(head + length);
  if (!block)
    return NULL;
  *(uint64_t *)(void *)block = length;
  return block + head;
}

uint8_t *probe_sized_bytes(size_t count, uint8_t start, size_t *length) {
  uint8_t *out = allocate_sized(count);
  *length = out ? count : 0;
  if (out)
    probe_buffer_fill(out, count, start);
  return out;
}

char *probe_sized_text(const char *text) {
  const size_t length = strlen(text) + 1;
  char *out = allocate_sized(length);
  if (out)
    memcpy(out, text, length);
  return out;
}

void probe_free_sized(void *block, size_t length) {
  if (!block)
    return;
  uint8_t *start = (uint8_t *)block - head;
  if (*(uint64_t *)(void *)start != length)
    count(&wrong_lengths, 1);
  probe_free(start);
}

int32_t probe_wrong_lengths(void) { return total(&wrong_lengths); }

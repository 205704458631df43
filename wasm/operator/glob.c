// The operator `custom:glob` in C; assembly/index.ts says what it does.
#include <stdbool.h>
#include <stdint.h>

int32_t framegate_operator(const uint8_t *value, int32_t value_length, const uint8_t *target, int32_t target_length);

static uint32_t hexadecimal(const uint8_t *at) {
  uint32_t code = 0;
  for (int index = 0; index < 4; index++) code = code << 4 | (at[index] < 0x40 ? at[index] & 15 : (at[index] & 7) + 9);
  return code;
}

// The code point of a JSON string at *at, which is moved to the next one.
static uint32_t character(const uint8_t **at) {
  uint32_t code = *(*at)++;
  if (code == '\\') {
    code = *(*at)++;
    switch (code) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': *at += 4; return hexadecimal(*at - 4);
    default: return code;
    }
  }
  int more = code < 0x80 ? 0 : code < 0xe0 ? 1 : code < 0xf0 ? 2 : 3;
  if (more > 0) code &= 0x3fu >> more;
  while (more-- > 0) code = code << 6 | (*(*at)++ & 0x3f);
  return code;
}

// Goes back to the last star only, which is enough: time is at most the product of the lengths.
static bool matches(const uint8_t *text, const uint8_t *text_end, const uint8_t *pattern, const uint8_t *pattern_end) {
  const uint8_t *star = 0, *resume = text;
  while (text < text_end) {
    const uint8_t *after_wanted = pattern, *after_found = text;
    uint32_t wanted = pattern < pattern_end ? character(&after_wanted) : UINT32_MAX;
    if (wanted == '*') {
      star = pattern = after_wanted;
      resume = text;
      continue;
    }
    if (wanted == character(&after_found) || wanted == '?') {
      pattern = after_wanted;
      text = after_found;
    } else {
      if (!star) return false;
      character(&resume);
      text = resume;
      pattern = star;
    }
  }
  while (pattern < pattern_end)
    if (character(&pattern) != '*') return false;
  return true;
}

int32_t framegate_operator(const uint8_t *value, int32_t value_length, const uint8_t *target, int32_t target_length) {
  if (value_length == 0 || *value == '{' || *value == '[' || *value == 'n') return 0;
  int quoted = *value == '"', depth = 0;
  const uint8_t *text = value + quoted, *text_end = value + value_length - quoted;
  for (const uint8_t *at = target; at < target + target_length; at++) {
    if (*at == '[' || *at == '{') depth++;
    else if (*at == ']' || *at == '}') depth--;
    else if (*at == '"') {
      const uint8_t *pattern = ++at;
      while (*at != '"') at += *at == '\\' ? 2 : 1;
      if ((depth == 0 || (depth == 1 && *target == '[')) && matches(text, text_end, pattern, at)) return 1;
    }
  }
  return 0;
}

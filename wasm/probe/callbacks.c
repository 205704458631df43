/* Calls back into the host. */
#include <stdlib.h>

#include "probe.h"

int32_t probe_call_i32(probe_on_i32 callback, int32_t value, void *userdata) { return callback(value, userdata); }
int64_t probe_call_i64(probe_on_i64 callback, int64_t value, void *userdata) { return callback(value, userdata); }
float probe_call_f32(probe_on_f32 callback, float value, void *userdata) { return callback(value, userdata); }
double probe_call_f64(probe_on_f64 callback, double value, void *userdata) { return callback(value, userdata); }
bool probe_call_bool(probe_on_bool callback, bool value) { return callback(value); }
int8_t probe_call_i8(probe_on_i8 callback, int8_t value) { return callback(value); }
uint16_t probe_call_u16(probe_on_u16 callback, uint16_t value) { return callback(value); }
int32_t probe_call_text(probe_on_text callback, const char *text, void *userdata) { return callback(text, userdata); }
void *probe_call_pointer(probe_on_pointer callback, void *value) { return callback(value); }

double probe_call_point(probe_on_point callback, double x, double y, void *userdata) {
  probe_point point = {x, y};
  const double result = callback(&point, userdata);
  return result + point.x + point.y;
}

void probe_call_event(probe_on_event callback) { callback(); }

double probe_call_mixed(probe_on_mixed callback, void *p) {
  return callback(-1, UINT8_MAX, -2, UINT16_MAX, -3, UINT32_MAX, -4, UINT64_MAX, 0.5f, 0.1, true, p, "mixed");
}

int64_t probe_call_times(probe_on_i32 callback, uint32_t times, void *userdata) {
  int64_t sum = 0;
  for (uint32_t i = 0; i < times; i++)
    sum += callback((int32_t)i, userdata);
  return sum;
}

uint32_t probe_hash_around(const char *text, probe_on_i32 callback, int32_t depth, void *userdata) {
  const uint32_t before = probe_text_hash(text);
  callback(depth, userdata);
  return probe_text_hash(text) == before ? before : 0;
}

int32_t probe_call_both(probe_on_i32 first, probe_on_i32 second, int32_t value) {
  return second(first(value, NULL), NULL);
}

/* qsort takes no data of ours along; nested sorts each put their own comparison here and the outer one back. */
static _Thread_local probe_compare_i32 comparison;

static int compare_i32(const void *a, const void *b) {
  const probe_compare_i32 compare = comparison;
  const int32_t order = compare(a, b);
  comparison = compare;
  return order;
}

void probe_sort_i32(int32_t *values, size_t count, probe_compare_i32 compare) {
  comparison = compare;
  qsort(values, count, sizeof *values, compare_i32);
}

static probe_on_i32 stored;
static void *stored_userdata;

void probe_store_callback(probe_on_i32 callback, void *userdata) {
  stored = callback;
  stored_userdata = userdata;
}

int32_t probe_call_stored(int32_t value) { return stored ? stored(value, stored_userdata) : -1; }

void probe_clear_callback(void) { probe_store_callback(NULL, NULL); }

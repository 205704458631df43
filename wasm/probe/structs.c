/* Structs by value and by pointer. */
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "probe.h"

probe_size_1 probe_change_size_1(probe_size_1 value) {
  value.a += 1;
  return value;
}

probe_size_2 probe_change_size_2(probe_size_2 value) {
  value.a += 1;
  value.b += 2;
  return value;
}

probe_size_3 probe_change_size_3(probe_size_3 value) {
  value.a += 1;
  value.b += 2;
  value.c += 3;
  return value;
}

probe_size_4 probe_change_size_4(probe_size_4 value) {
  value.a += 1;
  value.b += 2;
  return value;
}

probe_size_8 probe_change_size_8(probe_size_8 value) {
  value.a += 1;
  value.b += 2;
  return value;
}

probe_size_12 probe_change_size_12(probe_size_12 value) {
  value.x += 1;
  value.y += 2;
  value.z += 3;
  return value;
}

probe_size_16 probe_change_size_16(probe_size_16 value) {
  value.x += 1;
  value.n += 2;
  return value;
}

probe_point probe_change_point(probe_point value) {
  value.x += 1;
  value.y += 2;
  return value;
}

probe_size_24 probe_change_size_24(probe_size_24 value) {
  value.x += 1;
  value.y += 2;
  value.z += 3;
  return value;
}

probe_size_32 probe_change_size_32(probe_size_32 value) {
  for (int i = 0; i < 4; i++)
    value.v[i] += i + 1;
  return value;
}

probe_padded probe_change_padded(probe_padded value) {
  value.a += 1;
  value.b += 2;
  value.c += 3;
  value.d += 4;
  value.e += 5;
  return value;
}

probe_single_i64 probe_change_single_i64(probe_single_i64 value) {
  value.value += 1;
  return value;
}

probe_single_f32 probe_change_single_f32(probe_single_f32 value) {
  value.value += 1;
  return value;
}

probe_single_f64 probe_change_single_f64(probe_single_f64 value) {
  value.value += 1;
  return value;
}

probe_wrapped probe_change_wrapped(probe_wrapped value) {
  value.inner.value += 1;
  return value;
}

probe_array_of_1 probe_change_array_of_1(probe_array_of_1 value) {
  value.v[0] += 1;
  return value;
}

probe_nested probe_change_nested(probe_nested value) {
  value.head.a += 1;
  value.head.b += 2;
  value.middle.x += 3;
  value.middle.y += 4;
  value.tail += 5;
  return value;
}

probe_arrays probe_change_arrays(probe_arrays value) {
  for (int i = 0; i < 3; i++)
    value.numbers[i] += i + 1;
  for (int i = 0; i < 5; i++)
    value.bytes[i] += (uint8_t)(i + 4);
  value.ratio += 9;
  return value;
}

double probe_mixed_structs(int32_t a, probe_size_3 b, float c, probe_padded d, probe_single_f32 e, int64_t f,
                           probe_point g, uint8_t h) {
  return 1.0 * a + 2.0 * b.a + 3.0 * b.b + 4.0 * b.c + 5.0 * c + 6.0 * d.a + 7.0 * d.b + 8.0 * d.c + 9.0 * (double)d.d +
         10.0 * d.e + 11.0 * e.value + 12.0 * (double)f + 13.0 * g.x + 14.0 * g.y + 15.0 * h;
}

double probe_read_padded(const probe_padded *value) {
  if (!value)
    return -1;
  return 1.0 * value->a + 2.0 * value->b + 3.0 * value->c + 4.0 * (double)value->d + 5.0 * value->e;
}

void probe_write_padded(uint8_t a, double b, int16_t c, int64_t d, float e, probe_padded *out) {
  *out = (probe_padded){a, b, c, d, e};
}

void probe_update_padded(probe_padded *value) { *value = probe_change_padded(*value); }

double probe_read_nested(const probe_nested *value) {
  if (!value)
    return -1;
  return 1.0 * value->head.a + 2.0 * value->head.b + 3.0 * value->middle.x + 4.0 * value->middle.y + 5.0 * value->tail;
}

void probe_update_nested(probe_nested *value) { *value = probe_change_nested(*value); }

double probe_read_arrays(const probe_arrays *value) {
  if (!value)
    return -1;
  double sum = 9.0 * value->ratio;
  for (int i = 0; i < 3; i++)
    sum += (i + 1.0) * value->numbers[i];
  for (int i = 0; i < 5; i++)
    sum += (i + 4.0) * value->bytes[i];
  return sum;
}

void probe_update_arrays(probe_arrays *value) { *value = probe_change_arrays(*value); }

double probe_read_record(const probe_record *record) {
  if (!record)
    return -1;
  return (record->name ? (double)strlen(record->name) : -1) + record->id + record->weight + (record->active ? 0.5 : 0);
}

void probe_write_record(int32_t id, probe_record *out) { *out = (probe_record){"record", id, id % 2 != 0, id / 4.0}; }

const probe_point *probe_static_point(void) {
  static const probe_point point = {1.5, -2.5};
  return &point;
}

probe_point *probe_new_point(double x, double y) {
  probe_point *point = allocate(sizeof *point);
  if (point)
    *point = (probe_point){x, y};
  return point;
}

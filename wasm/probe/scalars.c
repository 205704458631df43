/* Scalars: identities, sums, many arguments, out-parameters. */
#include "probe.h"

void probe_noop(void) {}

int8_t probe_i8(int8_t value) { return value; }
uint8_t probe_u8(uint8_t value) { return value; }
int16_t probe_i16(int16_t value) { return value; }
uint16_t probe_u16(uint16_t value) { return value; }
int32_t probe_i32(int32_t value) { return value; }
uint32_t probe_u32(uint32_t value) { return value; }
int64_t probe_i64(int64_t value) { return value; }
uint64_t probe_u64(uint64_t value) { return value; }
ptrdiff_t probe_isize(ptrdiff_t value) { return value; }
size_t probe_usize(size_t value) { return value; }
float probe_f32(float value) { return value; }
double probe_f64(double value) { return value; }
bool probe_bool(bool value) { return value; }
void *probe_pointer(void *value) { return value; }

/* Signed sums go through unsigned ones, which may wrap around. */
int8_t probe_add_i8(int8_t a, int8_t b) { return (int8_t)(a + b); }
uint8_t probe_add_u8(uint8_t a, uint8_t b) { return (uint8_t)(a + b); }
int16_t probe_add_i16(int16_t a, int16_t b) { return (int16_t)(a + b); }
uint16_t probe_add_u16(uint16_t a, uint16_t b) { return (uint16_t)(a + b); }
int32_t probe_add_i32(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
uint32_t probe_add_u32(uint32_t a, uint32_t b) { return a + b; }
int64_t probe_add_i64(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }
uint64_t probe_add_u64(uint64_t a, uint64_t b) { return a + b; }
ptrdiff_t probe_add_isize(ptrdiff_t a, ptrdiff_t b) { return (ptrdiff_t)((size_t)a + (size_t)b); }
size_t probe_add_usize(size_t a, size_t b) { return a + b; }
float probe_add_f32(float a, float b) { return a + b; }
double probe_add_f64(double a, double b) { return a + b; }
bool probe_xor_bool(bool a, bool b) { return a != b; }

void *probe_add_pointer(void *address, ptrdiff_t bytes) { return (char *)address + bytes; }

double probe_mixed_20(int32_t a1, double a2, int64_t a3, float a4, uint32_t a5, double a6, int32_t a7, float a8,
                      uint64_t a9, double a10, int32_t a11, double a12, int64_t a13, float a14, uint32_t a15,
                      double a16, int32_t a17, float a18, uint64_t a19, double a20) {
  return 1.0 * a1 + 2.0 * a2 + 3.0 * (double)a3 + 4.0 * a4 + 5.0 * a5 + 6.0 * a6 + 7.0 * a7 + 8.0 * a8 +
         9.0 * (double)a9 + 10.0 * a10 + 11.0 * a11 + 12.0 * a12 + 13.0 * (double)a13 + 14.0 * a14 + 15.0 * a15 +
         16.0 * a16 + 17.0 * a17 + 18.0 * a18 + 19.0 * (double)a19 + 20.0 * a20;
}

double probe_mixed_32(double a1, int8_t a2, float a3, uint8_t a4, int16_t a5, double a6, uint16_t a7, int32_t a8,
                      float a9, uint32_t a10, int64_t a11, double a12, uint64_t a13, bool a14, float a15, int32_t a16,
                      double a17, int8_t a18, float a19, uint8_t a20, int16_t a21, double a22, uint16_t a23,
                      int32_t a24, float a25, uint32_t a26, int64_t a27, double a28, uint64_t a29, bool a30, float a31,
                      int32_t a32) {
  return 1.0 * a1 + 2.0 * a2 + 3.0 * a3 + 4.0 * a4 + 5.0 * a5 + 6.0 * a6 + 7.0 * a7 + 8.0 * a8 + 9.0 * a9 + 10.0 * a10 +
         11.0 * (double)a11 + 12.0 * a12 + 13.0 * (double)a13 + 14.0 * a14 + 15.0 * a15 + 16.0 * a16 + 17.0 * a17 +
         18.0 * a18 + 19.0 * a19 + 20.0 * a20 + 21.0 * a21 + 22.0 * a22 + 23.0 * a23 + 24.0 * a24 + 25.0 * a25 +
         26.0 * a26 + 27.0 * (double)a27 + 28.0 * a28 + 29.0 * (double)a29 + 30.0 * a30 + 31.0 * a31 + 32.0 * a32;
}

int64_t probe_integers_20(int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5, int64_t a6, int64_t a7,
                          int64_t a8, int64_t a9, int64_t a10, int64_t a11, int64_t a12, int64_t a13, int64_t a14,
                          int64_t a15, int64_t a16, int64_t a17, int64_t a18, int64_t a19, int64_t a20) {
  const int64_t values[] = {a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20};
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 20; i++)
    sum += (i + 1) * (uint64_t)values[i];
  return (int64_t)sum;
}

double probe_floats_20(double a1, double a2, double a3, double a4, double a5, double a6, double a7, double a8,
                       double a9, double a10, double a11, double a12, double a13, double a14, double a15, double a16,
                       double a17, double a18, double a19, double a20) {
  const double values[] = {a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20};
  double sum = 0;
  for (int i = 0; i < 20; i++)
    sum += (i + 1) * values[i];
  return sum;
}

double probe_small_24(int8_t a1, uint8_t a2, int16_t a3, uint16_t a4, bool a5, float a6, int8_t a7, uint8_t a8,
                      int16_t a9, uint16_t a10, bool a11, float a12, int8_t a13, uint8_t a14, int16_t a15, uint16_t a16,
                      bool a17, float a18, int8_t a19, uint8_t a20, int16_t a21, uint16_t a22, bool a23, float a24) {
  return 1.0 * a1 + 2.0 * a2 + 3.0 * a3 + 4.0 * a4 + 5.0 * a5 + 6.0 * a6 + 7.0 * a7 + 8.0 * a8 + 9.0 * a9 + 10.0 * a10 +
         11.0 * a11 + 12.0 * a12 + 13.0 * a13 + 14.0 * a14 + 15.0 * a15 + 16.0 * a16 + 17.0 * a17 + 18.0 * a18 +
         19.0 * a19 + 20.0 * a20 + 21.0 * a21 + 22.0 * a22 + 23.0 * a23 + 24.0 * a24;
}

bool probe_divide_out(int32_t a, int32_t b, int32_t *quotient, int32_t *remainder) {
  if (b == 0)
    return false;
  *quotient = (int32_t)((int64_t)a / b);
  *remainder = (int32_t)((int64_t)a % b);
  return true;
}

void probe_extremes_out(int8_t *i8, uint8_t *u8, int16_t *i16, uint16_t *u16, int32_t *i32, uint32_t *u32, int64_t *i64,
                        uint64_t *u64, ptrdiff_t *isize, size_t *usize, float *f32, double *f64, bool *b, void **p) {
  *i8 = INT8_MIN;
  *u8 = UINT8_MAX;
  *i16 = INT16_MIN;
  *u16 = UINT16_MAX;
  *i32 = INT32_MIN;
  *u32 = UINT32_MAX;
  *i64 = INT64_MIN;
  *u64 = UINT64_MAX;
  *isize = PTRDIFF_MIN;
  *usize = SIZE_MAX;
  *f32 = 0.1f;
  *f64 = 0.1;
  *b = true;
  *p = NULL;
}

int32_t probe_increment(int32_t *value, int32_t by) {
  const int32_t old = *value;
  *value = probe_add_i32(old, by);
  return old;
}

void probe_swap_f64(double *a, double *b) {
  const double first = *a;
  *a = *b;
  *b = first;
}

int64_t probe_read_i64(const int64_t *value) { return value ? *value : -1; }

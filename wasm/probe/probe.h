/*
 * The probe: a C library with a function for every shape of call that framegate/ffi knows, and for every way a call can
 * go wrong. Built as dist/probe.wasm and dist/libprobe-linux-*.so from the same sources.
 *
 * Ownership is said at each function that returns or keeps a pointer:
 *   static     lives as long as the library; nobody frees it
 *   borrowed   stays the probe's (or the caller's argument); valid as long as the comment says
 *   owned      is the caller's, who gives it to the function named, once
 * Arguments are read during the call only, unless the comment says "keeps".
 * A checksum is the sum of each value times its place, counted from 1, so that two swapped values change it.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- scalars (scalars.c) */

/* Does nothing. */
void probe_noop(void);

/* Return their argument. */
int8_t probe_i8(int8_t value);
uint8_t probe_u8(uint8_t value);
int16_t probe_i16(int16_t value);
uint16_t probe_u16(uint16_t value);
int32_t probe_i32(int32_t value);
uint32_t probe_u32(uint32_t value);
int64_t probe_i64(int64_t value);
uint64_t probe_u64(uint64_t value);
ptrdiff_t probe_isize(ptrdiff_t value);
size_t probe_usize(size_t value);
float probe_f32(float value);
double probe_f64(double value);
bool probe_bool(bool value);
void *probe_pointer(void *value);

/* Return the sum, which wraps around; for bool, whether just one is true. */
int8_t probe_add_i8(int8_t a, int8_t b);
uint8_t probe_add_u8(uint8_t a, uint8_t b);
int16_t probe_add_i16(int16_t a, int16_t b);
uint16_t probe_add_u16(uint16_t a, uint16_t b);
int32_t probe_add_i32(int32_t a, int32_t b);
uint32_t probe_add_u32(uint32_t a, uint32_t b);
int64_t probe_add_i64(int64_t a, int64_t b);
uint64_t probe_add_u64(uint64_t a, uint64_t b);
ptrdiff_t probe_add_isize(ptrdiff_t a, ptrdiff_t b);
size_t probe_add_usize(size_t a, size_t b);
float probe_add_f32(float a, float b);
double probe_add_f64(double a, double b);
bool probe_xor_bool(bool a, bool b);

/* `address` plus `bytes`; borrowed from the argument. */
void *probe_add_pointer(void *address, ptrdiff_t bytes);

/* Checksums of many arguments: more than any ABI has registers for. */
double probe_mixed_20(int32_t a1, double a2, int64_t a3, float a4, uint32_t a5, double a6, int32_t a7, float a8,
                      uint64_t a9, double a10, int32_t a11, double a12, int64_t a13, float a14, uint32_t a15,
                      double a16, int32_t a17, float a18, uint64_t a19, double a20);
double probe_mixed_32(double a1, int8_t a2, float a3, uint8_t a4, int16_t a5, double a6, uint16_t a7, int32_t a8,
                      float a9, uint32_t a10, int64_t a11, double a12, uint64_t a13, bool a14, float a15, int32_t a16,
                      double a17, int8_t a18, float a19, uint8_t a20, int16_t a21, double a22, uint16_t a23,
                      int32_t a24, float a25, uint32_t a26, int64_t a27, double a28, uint64_t a29, bool a30, float a31,
                      int32_t a32);
int64_t probe_integers_20(int64_t a1, int64_t a2, int64_t a3, int64_t a4, int64_t a5, int64_t a6, int64_t a7,
                          int64_t a8, int64_t a9, int64_t a10, int64_t a11, int64_t a12, int64_t a13, int64_t a14,
                          int64_t a15, int64_t a16, int64_t a17, int64_t a18, int64_t a19, int64_t a20);
double probe_floats_20(double a1, double a2, double a3, double a4, double a5, double a6, double a7, double a8,
                       double a9, double a10, double a11, double a12, double a13, double a14, double a15, double a16,
                       double a17, double a18, double a19, double a20);
/* Small types in a row, past the registers, where ABIs pack them on the stack. */
double probe_small_24(int8_t a1, uint8_t a2, int16_t a3, uint16_t a4, bool a5, float a6, int8_t a7, uint8_t a8,
                      int16_t a9, uint16_t a10, bool a11, float a12, int8_t a13, uint8_t a14, int16_t a15, uint16_t a16,
                      bool a17, float a18, int8_t a19, uint8_t a20, int16_t a21, uint16_t a22, bool a23, float a24);

/* Out-parameters: quotient and remainder; false, with nothing written, where `b` is 0. */
bool probe_divide_out(int32_t a, int32_t b, int32_t *quotient, int32_t *remainder);
/* Writes one value of each type: the least of signed integers, the greatest of unsigned ones, 0.1, 0.1, true, null. */
void probe_extremes_out(int8_t *i8, uint8_t *u8, int16_t *i16, uint16_t *u16, int32_t *i32, uint32_t *u32, int64_t *i64,
                        uint64_t *u64, ptrdiff_t *isize, size_t *usize, float *f32, double *f64, bool *b, void **p);
/* In-out parameters: adds `by` and returns the old value; swaps two values. */
int32_t probe_increment(int32_t *value, int32_t by);
void probe_swap_f64(double *a, double *b);
/* Reads through a pointer to a constant; -1 for null. */
int64_t probe_read_i64(const int64_t *value);

/* ---- structs (structs.c), one for every way in which an ABI passes them */

typedef struct {
  uint8_t a;
} probe_size_1;
typedef struct {
  uint8_t a;
  int8_t b;
} probe_size_2;
typedef struct {
  uint8_t a, b, c;
} probe_size_3;
typedef struct {
  int16_t a;
  uint16_t b;
} probe_size_4;
typedef struct {
  int32_t a;
  float b;
} probe_size_8;
typedef struct {
  float x, y, z;
} probe_size_12;
typedef struct {
  double x;
  int64_t n;
} probe_size_16;
typedef struct {
  double x, y;
} probe_point;
typedef struct {
  double x, y, z;
} probe_size_24;
typedef struct {
  double v[4];
} probe_size_32;
/* 40 bytes with padding in three places */
typedef struct {
  uint8_t a;
  double b;
  int16_t c;
  int64_t d;
  float e;
} probe_padded;
typedef struct {
  int64_t value;
} probe_single_i64;
typedef struct {
  float value;
} probe_single_f32;
typedef struct {
  double value;
} probe_single_f64;
/* one scalar, two structs deep */
typedef struct {
  probe_single_f64 inner;
} probe_wrapped;
/* one scalar, as an array of one */
typedef struct {
  float v[1];
} probe_array_of_1;
typedef struct {
  probe_size_8 head;
  probe_point middle;
  uint8_t tail;
} probe_nested;
typedef struct {
  int32_t numbers[3];
  uint8_t bytes[5];
  double ratio;
} probe_arrays;
typedef struct {
  const char *name;
  int32_t id;
  bool active;
  double weight;
} probe_record;

/* By value, in and out: each field gets its place (from 1, in order, arrays element by element) added. */
probe_size_1 probe_change_size_1(probe_size_1 value);
probe_size_2 probe_change_size_2(probe_size_2 value);
probe_size_3 probe_change_size_3(probe_size_3 value);
probe_size_4 probe_change_size_4(probe_size_4 value);
probe_size_8 probe_change_size_8(probe_size_8 value);
probe_size_12 probe_change_size_12(probe_size_12 value);
probe_size_16 probe_change_size_16(probe_size_16 value);
probe_point probe_change_point(probe_point value);
probe_size_24 probe_change_size_24(probe_size_24 value);
probe_size_32 probe_change_size_32(probe_size_32 value);
probe_padded probe_change_padded(probe_padded value);
probe_single_i64 probe_change_single_i64(probe_single_i64 value);
probe_single_f32 probe_change_single_f32(probe_single_f32 value);
probe_single_f64 probe_change_single_f64(probe_single_f64 value);
probe_wrapped probe_change_wrapped(probe_wrapped value);
probe_array_of_1 probe_change_array_of_1(probe_array_of_1 value);
probe_nested probe_change_nested(probe_nested value);
probe_arrays probe_change_arrays(probe_arrays value);

/* Structs by value between scalars: the checksum of all fields and scalars in order. */
double probe_mixed_structs(int32_t a, probe_size_3 b, float c, probe_padded d, probe_single_f32 e, int64_t f,
                           probe_point g, uint8_t h);

/* By pointer: in (the checksum; -1 for null), out, and in-out (as by value). */
double probe_read_padded(const probe_padded *value);
void probe_write_padded(uint8_t a, double b, int16_t c, int64_t d, float e, probe_padded *out);
void probe_update_padded(probe_padded *value);
double probe_read_nested(const probe_nested *value);
void probe_update_nested(probe_nested *value);
double probe_read_arrays(const probe_arrays *value);
void probe_update_arrays(probe_arrays *value);

/* A record with a string: the name's length plus id plus weight, 0.5 more where it is active. */
double probe_read_record(const probe_record *record);
/* Fills in a record: the static name "record", active where the id is odd, the weight a quarter of the id. */
void probe_write_record(int32_t id, probe_record *out);
/* Static: {1.5, -2.5}. */
const probe_point *probe_static_point(void);
/* Owned, to be given to probe_free; null where memory is exhausted. */
probe_point *probe_new_point(double x, double y);

/* ---- what callers own (allocations.c) */

/* Takes back what the caller owns; null is nothing. */
void probe_free(void *block);
/* Blocks that callers own and have not given back; below zero where some were given back twice. */
int32_t probe_live_allocations(void);

/* ---- strings and bytes (text.c) */

/* A C string's length in bytes (-1 for null), its FNV-1a hash (0 for null), its first and last byte (-1 without). */
int32_t probe_text_length(const char *text);
uint32_t probe_text_hash(const char *text);
int32_t probe_text_first(const char *text);
int32_t probe_text_last(const char *text);
/* The hash of one text followed by another. */
uint32_t probe_texts_hash(const char *first, const char *second);

/* Static. */
const char *probe_static_text(void);
const char *probe_empty_text(void);
const char *probe_null_text(void);
/* Static; a byte in it is not UTF-8. */
const char *probe_broken_text(void);
/* Borrowed: the argument without its first `skip` bytes; valid as long as the argument. */
const char *probe_text_after(const char *text, size_t skip);
/* Whether there is a name for that digit (0 to 3); the name is static. */
bool probe_digit_name(int32_t digit, const char **name);

/* Static: 256 bytes, 0 to 255. */
const uint8_t *probe_byte_table(size_t *length);

/* The next ones: owned, to be given to probe_free; null where memory is exhausted. */

/* 32 bytes that begin with the seed in decimal. */
char *probe_alloc(uint64_t seed);
char *probe_text_repeat(const char *text, uint32_t times);
char *probe_text_join(const char *first, const char *second);
/* A byte in it is not UTF-8. */
char *probe_broken_copy(void);
/* Text as an out-parameter. */
bool probe_text_out(const char *text, char **copy);
/* The bytes start, start + 1, ... */
uint8_t *probe_bytes_16(uint8_t start);
uint8_t *probe_bytes(size_t count, uint8_t start, size_t *length);
/* Null, with length 0. */
uint8_t *probe_no_bytes(size_t *length);

/* Owned, to be given to probe_free_sized with its length (a text's with its NUL). */
uint8_t *probe_sized_bytes(size_t count, uint8_t start, size_t *length);
char *probe_sized_text(const char *text);
void probe_free_sized(void *block, size_t length);
/* How often probe_free_sized was given another length than the block's. */
int32_t probe_wrong_lengths(void);

/* ---- buffers (buffers.c); lengths are in bytes, counts in elements */

/* FNV-1a. */
uint32_t probe_buffer_hash(const uint8_t *bytes, size_t length);
/* The checksum, with a length of 32 bits. */
double probe_buffer_sum(const uint8_t *bytes, int32_t length);
/* Writes start, start + 1, ... */
void probe_buffer_fill(uint8_t *out, size_t length, uint8_t start);
void probe_buffer_xor(uint8_t *bytes, size_t length, uint8_t key);
/* Copies what fits and returns its length. */
size_t probe_buffer_copy(const uint8_t *from, size_t from_length, uint8_t *to, size_t to_length);
/* Checksums of elements, read at their natural alignment. */
double probe_sum_i32(const int32_t *values, size_t count);
double probe_sum_f64(const double *values, size_t count);
/* The address modulo `alignment`. */
uint32_t probe_misalignment(const void *address, uint32_t alignment);

/* ---- callbacks (callbacks.c); `userdata` is handed through and never read */

typedef int32_t (*probe_on_i32)(int32_t value, void *userdata);
typedef int64_t (*probe_on_i64)(int64_t value, void *userdata);
typedef float (*probe_on_f32)(float value, void *userdata);
typedef double (*probe_on_f64)(double value, void *userdata);
typedef bool (*probe_on_bool)(bool value);
typedef int8_t (*probe_on_i8)(int8_t value);
typedef uint16_t (*probe_on_u16)(uint16_t value);
typedef int32_t (*probe_on_text)(const char *text, void *userdata);
typedef void *(*probe_on_pointer)(void *value);
typedef double (*probe_on_point)(probe_point *point, void *userdata);
typedef void (*probe_on_event)(void);
typedef double (*probe_on_mixed)(int8_t i8, uint8_t u8, int16_t i16, uint16_t u16, int32_t i32, uint32_t u32,
                                 int64_t i64, uint64_t u64, float f32, double f64, bool b, void *p, const char *text);
typedef int32_t (*probe_compare_i32)(const int32_t *a, const int32_t *b);

/* Call back once and return what the callback returns. */
int32_t probe_call_i32(probe_on_i32 callback, int32_t value, void *userdata);
int64_t probe_call_i64(probe_on_i64 callback, int64_t value, void *userdata);
float probe_call_f32(probe_on_f32 callback, float value, void *userdata);
double probe_call_f64(probe_on_f64 callback, double value, void *userdata);
bool probe_call_bool(probe_on_bool callback, bool value);
int8_t probe_call_i8(probe_on_i8 callback, int8_t value);
uint16_t probe_call_u16(probe_on_u16 callback, uint16_t value);
int32_t probe_call_text(probe_on_text callback, const char *text, void *userdata);
void *probe_call_pointer(probe_on_pointer callback, void *value);
/* The callback may change the point; its result and the point's sum are added. */
double probe_call_point(probe_on_point callback, double x, double y, void *userdata);
void probe_call_event(probe_on_event callback);
/* The arguments: -1, 255, -2, 65535, -3, 4294967295, -4, 18446744073709551615, 0.5, 0.1, true, `p`, "mixed". */
double probe_call_mixed(probe_on_mixed callback, void *p);

/* Calls back with 0, 1, ... times - 1 and returns the sum of the results. */
int64_t probe_call_times(probe_on_i32 callback, uint32_t times, void *userdata);
/* Calls back with `depth`; the text's hash, or 0 where it was another after the callback than before. */
uint32_t probe_hash_around(const char *text, probe_on_i32 callback, int32_t depth, void *userdata);
/* Two callbacks in one call: the first one's result goes to the second. */
int32_t probe_call_both(probe_on_i32 first, probe_on_i32 second, int32_t value);
/* Sorts with the C library's qsort. */
void probe_sort_i32(int32_t *values, size_t count, probe_compare_i32 compare);

/* Keeps a callback until probe_clear_callback or the next one. */
void probe_store_callback(probe_on_i32 callback, void *userdata);
/* Calls the one that is kept; -1 without one. */
int32_t probe_call_stored(int32_t value);
void probe_clear_callback(void);

/* ---- opaque handles (counter.c) */

typedef struct probe_counter probe_counter;

/* Owned, to be given to probe_counter_free; null where memory is exhausted. */
probe_counter *probe_counter_new(int64_t start);
void probe_counter_add(probe_counter *counter, int64_t by);
int64_t probe_counter_value(const probe_counter *counter);
void probe_counter_free(probe_counter *counter);
/* Counters that callers own. */
int32_t probe_live_counters(void);

/* ---- faults (faults.c) */

/* Traps: an unreachable instruction; a division that traps in WebAssembly and on x86-64 where `b` is 0. */
void probe_trap(void);
int32_t probe_divide(int32_t a, int32_t b);
/* Ends through the C library's abort(). */
void probe_abort(void);
/* Read and write one byte at any address. */
uint8_t probe_load(const uint8_t *address);
void probe_store(uint8_t *address, uint8_t value);
/* Recurse `depth` times and return it: with little memory per level (the call stack ends) or 4 kB (the memory ends). */
uint32_t probe_recurse(uint32_t depth);
uint32_t probe_recurse_wide(uint32_t depth);
/* Loops until the number at the address is not 0; for ever where it is null. */
void probe_hang(const volatile int32_t *until);

/* Allocates and touches memory and keeps it until probe_shrink. Borrowed: a text in it; null where none is left. */
const char *probe_grow(uint32_t mebibytes);
/* Grows, then fills the buffer (start, start + 1, ...) and the number; false where memory is exhausted. */
bool probe_grow_fill(uint32_t mebibytes, uint8_t *out, size_t length, uint8_t start);
bool probe_grow_out(uint32_t mebibytes, int32_t *number);
/* Gives back all that probe_grow kept. */
void probe_shrink(void);

/* An address beyond 2^31; nothing is there. */
void *probe_high_pointer(void);
/* Owned, to be given to probe_free: a copy that in WebAssembly lies beyond 2^31; null where memory is exhausted. */
char *probe_high_text(const char *text);

/* Write one byte after the end, before the start. */
void probe_write_past(uint8_t *bytes, size_t length, uint8_t value);
void probe_write_before(uint8_t *bytes, uint8_t value);
/* Keeps an address for the calls after; they read and write at an offset from it. */
void probe_keep(uint8_t *address);
uint8_t probe_kept_read(size_t offset);
void probe_kept_write(size_t offset, uint8_t value);
/* Frees a block that the caller owns: who frees it again frees twice. */
void probe_consume(void *block);
/* Allocates and forgets. */
void probe_leak(size_t bytes);

#ifndef __wasm__
/* ---- the race without JavaScript (race.c); in the shared objects only */

/*
 * Threads that repeat for some seconds: probe_alloc(seed), see whether the text is the seed, probe_free. No two calls
 * have the same seed. Writes how many operations there were, how many had a wrong text, and the seconds to the first of
 * these
 * (-1: none). Returns 0, or the errno for which a thread could not be started.
 */
int32_t probe_race(uint32_t threads, double seconds, uint64_t *operations, uint64_t *wrong, double *first_wrong);
/* The same, with a number of operations for each thread. */
int32_t probe_race_count(uint32_t threads, uint64_t each, uint64_t *operations, uint64_t *wrong, double *first_wrong);
#endif

#endif

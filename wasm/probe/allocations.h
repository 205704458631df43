/* Blocks that callers own, and how things are counted; inside the probe only. */
#ifndef PROBE_ALLOCATIONS_H
#define PROBE_ALLOCATIONS_H

#include <stddef.h>
#include <stdint.h>

/* As malloc, and counted among probe_live_allocations until probe_free. */
void *allocate(size_t size);

/*
 * A count that threads change at once. Each thread adds to a cell of its own, a cache line apart: with one cell for
 * all, two threads that allocate would be slower than one.
 */
struct tally {
  struct {
    _Alignas(64) int32_t value;
  } cells[64];
};

void count(struct tally *tally, int32_t by);

int32_t total(const struct tally *tally);

#endif

/* Counted allocations. */
#include "allocations.h"

#include <stdlib.h>

#include "probe.h"

static struct tally live;

void *allocate(size_t size) {
  void *block = malloc(size);
  if (block)
    count(&live, 1);
  return block;
}

void probe_free(void *block) {
  if (!block)
    return;
  free(block);
  count(&live, -1);
}

int32_t probe_live_allocations(void) { return total(&live); }

void count(struct tally *tally, int32_t by) {
  const uint32_t cells = sizeof tally->cells / sizeof *tally->cells;
  static uint32_t threads;
  static _Thread_local uint32_t own; /* from 1; 0: not yet known */
  if (own == 0)
    own = __atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED) % cells + 1;
  /* More threads than cells share them. */
  __atomic_fetch_add(&tally->cells[own - 1].value, by, __ATOMIC_RELAXED);
}

int32_t total(const struct tally *tally) {
  int32_t sum = 0;
  for (size_t i = 0; i < sizeof tally->cells / sizeof *tally->cells; i++)
    sum += __atomic_load_n(&tally->cells[i].value, __ATOMIC_RELAXED);
  return sum;
}

/* An object that the host knows by its address only. */
#include <stdlib.h>

#include "allocations.h"
#include "probe.h"

struct probe_counter {
  int64_t value;
};

static struct tally live_counters;

probe_counter *probe_counter_new(int64_t start) {
  probe_counter *counter = malloc(sizeof *counter);
  if (!counter)
    return NULL;
  counter->value = start;
  count(&live_counters, 1);
  return counter;
}

void probe_counter_add(probe_counter *counter, int64_t by) { counter->value = probe_add_i64(counter->value, by); }

int64_t probe_counter_value(const probe_counter *counter) { return counter->value; }

void probe_counter_free(probe_counter *counter) {
  if (!counter)
    return;
  free(counter);
  count(&live_counters, -1);
}

int32_t probe_live_counters(void) { return total(&live_counters); }

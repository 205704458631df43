/*
 * The minimal workload of `framegate verify` in C alone: how fast the probe and the machine are, and that a wrong text
 * in another row is not the probe's own.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "probe.h"

/* Operations between two looks at the clock. */
enum { batch = 256 };

struct race {
  uint64_t began;
  uint64_t nanoseconds; /* how long; for ever where there is a number of operations */
  uint64_t each;
};

struct runner {
  const struct race *race;
  pthread_t thread;
  uint64_t seed;
  uint64_t operations;
  uint64_t wrong;
  double first_wrong;
};

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Whether the text is the seed in decimal and nothing else. */
static bool carries(const char *text, uint64_t seed) {
  uint64_t read = 0;
  if (!text || !*text)
    return false;
  for (; *text >= '0' && *text <= '9'; text++)
    read = read * 10 + (uint64_t)(*text - '0');
  return *text == 0 && read == seed;
}

static void operate(struct runner *runner) {
  const uint64_t seed = runner->seed++;
  char *text = probe_alloc(seed);
  runner->operations++;
  if (!carries(text, seed)) {
    if (runner->wrong++ == 0)
      runner->first_wrong = (double)(now() - runner->race->began) / 1e9;
  }
  probe_free(text);
}

static void *run(void *argument) {
  struct runner *runner = argument;
  const struct race *race = runner->race;
  while (runner->operations < race->each && now() - race->began < race->nanoseconds) {
    const uint64_t left = race->each - runner->operations;
    for (uint64_t i = 0; i < (left < batch ? left : batch); i++)
      operate(runner);
  }
  return NULL;
}

static int32_t start(struct race race, uint32_t threads, uint64_t *operations, uint64_t *wrong, double *first_wrong) {
  *operations = 0;
  *wrong = 0;
  *first_wrong = -1;
  struct runner *runners = calloc(threads, sizeof *runners);
  if (!runners)
    return ENOMEM;
  uint32_t started = 0;
  int fault = 0;
  race.began = now();
  for (; started < threads && fault == 0; started += fault == 0) {
    runners[started].race = &race;
    /* a range of ten digits for each thread, as the other rows have */
    runners[started].seed = (started + 1) * UINT64_C(10000000000);
    fault = pthread_create(&runners[started].thread, NULL, run, &runners[started]);
  }
  for (uint32_t i = 0; i < started; i++) {
    const struct runner *runner = &runners[i];
    pthread_join(runner->thread, NULL);
    *operations += runner->operations;
    *wrong += runner->wrong;
    if (runner->wrong > 0 && (*first_wrong < 0 || runner->first_wrong < *first_wrong))
      *first_wrong = runner->first_wrong;
  }
  free(runners);
  return fault;
}

int32_t probe_race(uint32_t threads, double seconds, uint64_t *operations, uint64_t *wrong, double *first_wrong) {
  const struct race race = {.nanoseconds = seconds > 0 ? (uint64_t)(seconds * 1e9) : 0, .each = UINT64_MAX};
  return start(race, threads, operations, wrong, first_wrong);
}

int32_t probe_race_count(uint32_t threads, uint64_t each, uint64_t *operations, uint64_t *wrong, double *first_wrong) {
  const struct race race = {.nanoseconds = UINT64_MAX, .each = each};
  return start(race, threads, operations, wrong, first_wrong);
}

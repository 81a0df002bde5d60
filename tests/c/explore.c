/* The walk over all schedules: see explore.h. */
#include "explore.h"

#include <stdio.h>

#include "../../src/sched/sched.h"
#include "harness.h"

#define DEPTH_MAX 256

static uint32_t taken[DEPTH_MAX];
static uint32_t among[DEPTH_MAX];
static struct gs__script script = {
    .taken = taken, .among = among, .capacity = DEPTH_MAX};

/* One run; the choices given must be the ones it comes to. */
static void run_once(explore_run *run, void *arg) {
  static uint32_t expected[DEPTH_MAX];
  for (uint32_t i = 0; i < script.given; i++) expected[i] = among[i];
  script.used = 0;
  gs__sched.script = &script;
  run(arg);
  gs__sched.script = NULL;
  CHECK(script.used <= DEPTH_MAX);
  CHECK(script.used >= script.given);
  for (uint32_t i = 0; i < script.given; i++) CHECK_EQ(among[i], expected[i]);
}

/* The next branch: the last choice that has an alternative left takes it. */
static bool advance(void) {
  uint32_t depth = script.used;
  while (depth > 0 && taken[depth - 1] + 1 >= among[depth - 1]) depth--;
  if (depth == 0) return false;
  taken[depth - 1]++;
  script.given = depth;
  return true;
}

void explore(struct explored *total, uint64_t cap, explore_run *run,
             void *arg) {
  script.given = 0;
  uint64_t schedules = 0;
  do {
    if (schedules == cap) {
      total->capped++;
      break;
    }
    run_once(run, arg);
    schedules++;
  } while (advance());
  total->schedules += schedules;
}

void explore_print_choices(void) {
  printf("# choices:");
  for (uint32_t i = 0; i < script.used && i < DEPTH_MAX; i++) {
    printf(" %u/%u", (unsigned)taken[i], (unsigned)among[i]);
  }
  printf("\n");
}

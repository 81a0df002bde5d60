/* For tests whose order of events matters: HOST_TESTs that run goroutines under
 * every schedule. */
#ifndef GS_TESTS_EVERY_SCHEDULE_H
#define GS_TESTS_EVERY_SCHEDULE_H

#include <gossamer/gossamer.h>

#include "explore.h"
#include "harness.h"

#define EVERY_SCHEDULE_CAP 200000

static inline void go(gs_func *fn, void *arg) { CHECK(gs_go(fn, arg) > 0); }

/* `run` starts goroutines and ends with harness_run_all(). There must be more
 * than one schedule, and all are run. */
static inline void under_every_schedule(explore_run *run, void *arg) {
  struct explored explored = {0};
  harness_explain = explore_print_choices;
  explore(&explored, EVERY_SCHEDULE_CAP, run, arg);
  CHECK_EQ(explored.capped, 0);
  CHECK(explored.schedules > 1);
}

#endif

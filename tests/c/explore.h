/* Runs a scenario under every schedule: each choice of the scheduler and of
 * select is a branch of a tree, which is walked depth first. */
#ifndef GS_TESTS_EXPLORE_H
#define GS_TESTS_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

/* One run, from an empty runtime to an empty runtime. It must make the same
 * choices when they are answered alike. */
typedef void explore_run(void *arg);

struct explored {
  uint64_t schedules;
  uint32_t capped; /* scenarios that have more schedules than the cap */
};

/* Adds to *total. Runs as the host (HOST_TEST). */
void explore(struct explored *total, uint64_t cap, explore_run *run, void *arg);
/* The choices of the run that is under way, for harness_explain. */
void explore_print_choices(void);

#endif

/* Time slices: checkpoints, regions without preemption, and the watchdog. The
 * clock stands still but where a test moves it. */
#include <gossamer/gossamer.h>
#include <string.h>

#include "../../src/sched/sched.h"
#include "harness.h"
#include "host_fake.h"

/* More than there may be between two looks at the clock. */
#define MANY 5000

static int turns;
static bool ended;

static void take_turns(void *arg) {
  (void)arg;
  while (!ended) {
    turns++;
    gs_yield();
  }
}

static void pass(int64_t ns) { gs__sched.now_ns += ns; }

static void checkpoints(int count) {
  for (int i = 0; i < count; i++) CHECK_EQ(gs_checkpoint(), 0);
}

static void stop(void) {
  ended = true;
  harness_wait_for_others();
}

/* ---- checkpoints (A8) ---- */

TEST(checkpoints_do_not_park_within_the_slice) {
  gs_go(take_turns, NULL);
  checkpoints(MANY);
  pass(GS_MILLISECOND);
  checkpoints(MANY);
  CHECK_EQ(turns, 0);
  stop();
}

TEST(a_checkpoint_parks_once_when_the_slice_is_over) {
  gs_go(take_turns, NULL);
  checkpoints(MANY);
  pass(3 * GS_MILLISECOND);
  checkpoints(MANY);
  CHECK_EQ(turns, 1);
  checkpoints(MANY);
  CHECK_EQ(turns, 1);
  pass(3 * GS_MILLISECOND);
  checkpoints(MANY);
  CHECK_EQ(turns, 2);
  stop();
}

TEST(a_slice_begins_when_another_goroutine_has_run) {
  gs_go(take_turns, NULL);
  checkpoints(MANY);
  pass(3 * GS_MILLISECOND);
  checkpoints(MANY);
  CHECK_EQ(turns, 1);
  pass(GS_MILLISECOND);
  checkpoints(MANY);
  CHECK_EQ(turns, 1);
  stop();
}

static void compute(void *arg) {
  for (int i = 0; i < 10; i++) {
    checkpoints(MANY);
    pass(GS_MILLISECOND);
  }
  ++*(int *)arg;
}

TEST(goroutines_with_checkpoints_share_the_thread) {
  int done = 0;
  gs_go(take_turns, NULL);
  gs_go(compute, &done);
  gs_go(compute, &done);
  while (done < 2) gs_yield();
  CHECK(turns >= 4);
  stop();
}

HOST_TEST(a_checkpoint_outside_a_goroutine_does_nothing) {
  for (int i = 0; i < MANY; i++) {
    CHECK_EQ(gs_checkpoint(), 0);
    pass(3 * GS_MILLISECOND);
  }
  gs_preempt_disable();
  gs_preempt_enable();
}

TEST(a_checkpoint_that_parks_tells_that_its_context_is_done) {
  gs_ctx *ctx = NULL;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  gs_ctx *before = gs_ctx_enter(ctx);
  checkpoints(MANY);
  gs_ctx_cancel(ctx, 0);
  checkpoints(MANY); /* they only count */
  pass(3 * GS_MILLISECOND);
  int error = GS_OK;
  for (int i = 0; i < MANY && error == GS_OK; i++) error = gs_checkpoint();
  CHECK_EQ(error, GS_ECANCELED);
  gs_ctx_leave(before);
  gs_ctx_release(ctx);
}

/* ---- regions ---- */

TEST(in_a_region_without_preemption_a_checkpoint_does_not_park) {
  gs_go(take_turns, NULL);
  checkpoints(MANY);
  gs_preempt_disable();
  gs_preempt_disable();
  pass(3 * GS_MILLISECOND);
  checkpoints(MANY);
  gs_preempt_enable();
  pass(3 * GS_MILLISECOND);
  checkpoints(MANY);
  CHECK_EQ(turns, 0);
  gs_preempt_enable();
  checkpoints(MANY);
  CHECK_EQ(turns, 1);
  gs_preempt_enable(); /* one too many is ignored */
  pass(3 * GS_MILLISECOND);
  checkpoints(MANY);
  CHECK_EQ(turns, 2);
  stop();
}

static void leave_disabled(void *arg) {
  (void)arg;
  gs_preempt_disable();
}

TEST(a_region_belongs_to_its_goroutine_and_ends_with_it) {
  gs_go(take_turns, NULL);
  for (int i = 0; i < 3; i++) gs_go(leave_disabled, NULL);
  gs_yield();
  int done = 0;
  gs_go(compute, &done); /* in the memory of one of them */
  turns = 0;
  gs_preempt_disable();
  while (done < 1) gs_yield();
  CHECK(turns >= 3);
  gs_preempt_enable();
  stop();
}

/* ---- the watchdog ---- */

static void work(void *arg) { pass(*(const int64_t *)arg); }

static void run_for(int64_t ns) {
  struct gs_go_options options = {.name = "worker"};
  CHECK(gs_go_with(&options, work, &ns) > 0);
  gs_yield();
}

TEST(the_watchdog_names_who_ran_too_long) {
  CHECK_EQ(gs_watchdog(100 * GS_MILLISECOND), GS_OK);
  gs_yield();
  run_for(99 * GS_MILLISECOND);
  CHECK_STR_EQ(host_fake.report, "");
  run_for(120 * GS_MILLISECOND);
  CHECK_STR_EQ(host_fake.report,
               "goroutine 3 (worker) ran 120 ms without yielding\n");
}

static void work_twice(void *arg) {
  for (int i = 0; i < 2; i++) {
    pass(200 * GS_MILLISECOND);
    gs_yield();
  }
  CHECK_STR_EQ(host_fake.report, "goroutine 2 ran 200 ms without yielding\n");
  gs_sleep(GS_SECOND);
  pass(300 * GS_MILLISECOND);
  *(bool *)arg = true;
}

TEST(the_watchdog_names_the_same_goroutine_once_in_a_while) {
  CHECK_EQ(gs_watchdog(100 * GS_MILLISECOND), GS_OK);
  bool done = false;
  gs_go(work_twice, &done);
  while (!done) gs_sleep(GS_MILLISECOND);
  CHECK_STR_EQ(host_fake.report,
               "goroutine 2 ran 200 ms without yielding\n"
               "goroutine 2 ran 300 ms without yielding\n");
}

TEST(the_watchdog_is_off_when_nobody_turned_it_on) {
  run_for(GS_SECOND);
  CHECK_EQ(gs_watchdog(GS_SECOND), GS_OK);
  CHECK_EQ(gs_watchdog(-1), GS_EINVAL);
  CHECK_EQ(gs_watchdog(0), GS_OK);
  run_for(10 * GS_SECOND);
  CHECK_STR_EQ(host_fake.report, "");
}

/* ---- the host's share ---- */

static bool computing;

static void compute_on(void *arg) {
  (void)arg;
  while (computing) gs_checkpoint();
}

HOST_TEST(computations_leave_the_host_half_of_a_pumps_time) {
  gs__sched.virtual_clock = false;
  host_fake.step_ms = 0.01; /* each look at the clock */
  computing = true;
  for (int i = 0; i < 3; i++) gs_go(compute_on, NULL);
  for (int i = 0; i < 5; i++) {
    double begin_ms = host_fake.now_ms;
    CHECK_EQ(gs__sched_pump(), GS__IDLE_AGAIN);
    double took_ms = host_fake.now_ms - begin_ms;
    double budget_ms = (double)gs__sched.budget_ns / GS_MILLISECOND;
    CHECK(took_ms > budget_ms / 2);
    CHECK(took_ms < budget_ms); /* a slice may be under way */
  }
  computing = false;
  gs__sched.virtual_clock = true;
  harness_run_all();
}

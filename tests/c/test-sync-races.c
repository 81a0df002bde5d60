/* Semaphores, once, wait groups and barriers under every schedule, while a
 * deadline or the end of a context races with what the waiters wait for: who is
 * handed something keeps it, who gives up has taken nothing, and nobody is
 * forgotten. */
#include "../../src/sched/timer.h"
#include "every-schedule.h"

#define DEADLINE_NS 10

/* How waiters give up. */
enum way { BY_DEADLINE, BY_CONTEXT, NEVER };
static enum way way;
static gs_ctx *ctx;
static int gave_up; /* in this run */
static int served;
static bool ever_gave_up; /* in any run */
static bool ever_served;

static int64_t deadline(void) {
  return way == BY_DEADLINE ? DEADLINE_NS : GS_FOREVER;
}

/* True when the wait was given up. */
static bool gives_up(int result) {
  if (result >= 0) {
    served++;
    return false;
  }
  gave_up++;
  if (way == BY_CONTEXT) {
    CHECK_EQ(result, GS_ECANCELED);
    CHECK_EQ(gs_ctx_error(ctx), GS_ECANCELED);
  } else {
    CHECK_EQ(way, BY_DEADLINE);
    CHECK_EQ(result, GS_ETIMEDOUT);
    CHECK(gs_now() >= DEADLINE_NS);
  }
  return true;
}

/* The end of all patience, some time between the others' turns. */
static void end_patience(void *arg) {
  (void)arg;
  if (way == BY_CONTEXT) {
    CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  } else {
    gs__sched.now_ns = DEADLINE_NS;
    gs__timers_fire();
  }
}

struct scenario {
  void (*start)(void);
  void (*check)(void);
};

static void start_all(void *arg) {
  const struct scenario *s = arg;
  gs_ctx *outer = gs_ctx_enter(way == BY_CONTEXT ? ctx : NULL);
  s->start();
  gs_ctx_leave(outer);
  if (way != NEVER) go(end_patience, NULL);
}

static void run_scenario(void *arg) {
  const struct scenario *s = arg;
  gs__sched.now_ns = 0;
  gave_up = served = 0;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  go(start_all, arg);
  harness_run_all();
  gs_ctx_release(ctx);
  s->check();
  ever_gave_up |= gave_up > 0;
  ever_served |= served > 0;
}

/* Both ends of the race are won in some schedule. */
static void race(void (*start)(void), void (*check)(void)) {
  struct scenario s = {start, check};
  for (way = BY_DEADLINE; way <= BY_CONTEXT; way++) {
    ever_gave_up = ever_served = false;
    under_every_schedule(run_scenario, &s);
    CHECK(ever_gave_up);
    CHECK(ever_served);
  }
}

/* With all the patience in the world everybody is served: one who is forgotten
 * is a deadlock. */
static void be_patient(void (*start)(void), void (*check)(void)) {
  struct scenario s = {start, check};
  way = NEVER;
  ever_gave_up = false;
  under_every_schedule(run_scenario, &s);
  CHECK(!ever_gave_up);
}

/* ---- semaphores ---- */

#define UNITS 2
static gs_sem sem;
static int64_t held;

static void hold_units(void *arg) {
  int64_t count = *(const int64_t *)arg;
  if (gives_up(gs_sem_acquire_until(&sem, count, deadline()))) return;
  held += count;
  CHECK(held <= UNITS);
  gs_yield();
  held -= count;
  CHECK_EQ(gs_sem_release(&sem, count), GS_OK);
}

static void start_holders(void) {
  static int64_t counts[] = {1, 2, 1};
  sem = (gs_sem)GS_SEM_INIT(UNITS);
  held = 0;
  for (int i = 0; i < 3; i++) go(hold_units, &counts[i]);
}

static void check_units(void) {
  CHECK_EQ(gs_sem_available(&sem), UNITS);
  CHECK_EQ(gs_sem_try_acquire(&sem, UNITS), GS_OK); /* nobody is queued */
}

HOST_TEST(units_are_neither_lost_nor_given_twice) {
  race(start_holders, check_units);
  be_patient(start_holders, check_units);
}

/* Units come one by one, in the end enough for both. The large request may
 * give up; the small one behind it has patience. */
static void release_three(void *arg) {
  (void)arg;
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(gs_sem_release(&sem, 1), GS_OK);
    gs_yield();
  }
}

static void take_two(void *arg) {
  (void)arg;
  if (!gives_up(gs_sem_acquire_until(&sem, 2, deadline()))) held += 2;
}

static void take_one(void *arg) {
  (void)arg;
  gs_ctx_shield();
  CHECK_EQ(gs_sem_acquire(&sem, 1), GS_OK);
  gs_ctx_unshield();
  held += 1;
}

static void start_takers(void) {
  sem = (gs_sem)GS_SYNC_INIT;
  held = 0;
  go(take_two, NULL);
  go(take_one, NULL);
  go(release_three, NULL);
}

static void check_taken(void) {
  CHECK_EQ(gs_sem_available(&sem) + held, 3);
  CHECK_EQ(held, gave_up > 0 ? 1 : 3);
}

HOST_TEST(a_large_request_that_gives_up_passes_on_what_it_held_back) {
  race(start_takers, check_taken);
  be_patient(start_takers, check_taken);
}

static void release_two(void *arg) {
  (void)arg;
  CHECK_EQ(gs_sem_release(&sem, 2), GS_OK);
}

static void start_pair(void) {
  sem = (gs_sem)GS_SYNC_INIT;
  held = 0;
  go(take_one, NULL);
  go(take_one, NULL);
  go(release_two, NULL);
}

static void check_pair(void) { CHECK_EQ(held, 2); }

HOST_TEST(one_release_serves_as_many_as_it_is_enough_for) {
  be_patient(start_pair, check_pair);
}

/* Nothing comes any more, but what there is is enough for the small one. */
static void start_blocked(void) {
  sem = (gs_sem)GS_SEM_INIT(1);
  held = 0;
  go(take_two, NULL);
  go(take_one, NULL);
}

static void check_blocked(void) {
  CHECK_EQ(gave_up, 1);
  CHECK_EQ(held, 1);
}

HOST_TEST(who_gives_up_does_not_block_those_behind) {
  struct scenario s = {start_blocked, check_blocked};
  for (way = BY_DEADLINE; way <= BY_CONTEXT; way++) {
    under_every_schedule(run_scenario, &s);
  }
}

/* ---- once ---- */

static gs_once once;
static int runs;
static bool ran;

static void set_up(void *arg) {
  (void)arg;
  runs++;
  gs_yield();
  gs_yield();
  ran = true;
}

static void do_once(void *arg) {
  (void)arg;
  int result = gs_once_do_until(&once, set_up, NULL, deadline());
  if (!gives_up(result)) CHECK(ran);
}

static void start_once(void) {
  once = (gs_once)GS_SYNC_INIT;
  runs = 0;
  ran = false;
  for (int i = 0; i < 3; i++) go(do_once, NULL);
}

static void check_once(void) {
  CHECK_EQ(runs, 1);
  CHECK(ran);
  CHECK(served >= 1); /* who runs it does not give up */
  CHECK_EQ(served + gave_up, 3);
  CHECK_EQ(gs_once_try_do(&once, set_up, NULL), GS_OK);
  CHECK_EQ(runs, 1);
}

HOST_TEST(once_runs_once_though_those_who_wait_give_up) {
  race(start_once, check_once);
  be_patient(start_once, check_once);
}

/* ---- wait groups ---- */

static gs_waitgroup group;
static int working;
static bool all_done;

static void work(void *arg) {
  (void)arg;
  gs_yield();
  if (--working == 0) all_done = true;
  CHECK_EQ(gs_waitgroup_done(&group), GS_OK);
}

static void wait_for_work(void *arg) {
  (void)arg;
  if (!gives_up(gs_waitgroup_wait_until(&group, deadline()))) CHECK(all_done);
}

static void start_work(void) {
  group = (gs_waitgroup)GS_SYNC_INIT;
  working = 2;
  all_done = false;
  CHECK_EQ(gs_waitgroup_add(&group, 2), GS_OK);
  go(wait_for_work, NULL);
  go(wait_for_work, NULL);
  go(work, NULL);
  go(work, NULL);
}

static void check_group(void) {
  CHECK_EQ(gs_waitgroup_try_wait(&group), GS_OK);
  CHECK_EQ(served + gave_up, 2);
}

HOST_TEST(waiters_of_a_group_go_at_zero_or_give_up) {
  race(start_work, check_group);
  be_patient(start_work, check_group);
}

/* At zero the next round begins at once: those who were let go stay so. */
static void finish_and_begin(void *arg) {
  (void)arg;
  all_done = true;
  CHECK_EQ(gs_waitgroup_done(&group), GS_OK);
  all_done = false;
  CHECK_EQ(gs_waitgroup_add(&group, 1), GS_OK);
  gs_yield();
  all_done = true;
  CHECK_EQ(gs_waitgroup_done(&group), GS_OK);
}

static void wait_for_round(void *arg) {
  (void)arg;
  gives_up(gs_waitgroup_wait_until(&group, deadline()));
}

static void start_rounds(void) {
  group = (gs_waitgroup)GS_SYNC_INIT;
  CHECK_EQ(gs_waitgroup_add(&group, 1), GS_OK);
  go(wait_for_round, NULL);
  go(wait_for_round, NULL);
  go(finish_and_begin, NULL);
}

HOST_TEST(a_group_that_is_used_again_at_once_forgets_no_waiter) {
  race(start_rounds, check_group);
  be_patient(start_rounds, check_group);
}

/* ---- barriers ---- */

static gs_barrier barrier;
static int came_last;

static void meet(void *arg) {
  (void)arg;
  int result = gs_barrier_wait_until(&barrier, deadline());
  if (!gives_up(result)) came_last += result;
}

static void start_meeting(void) {
  barrier = (gs_barrier)GS_BARRIER_INIT(2);
  came_last = 0;
  for (int i = 0; i < 5; i++) go(meet, NULL);
}

static void check_meeting(void) {
  CHECK_EQ(served + gave_up, 5);
  CHECK_EQ(served, 2 * came_last); /* each round is two, one of them last */
  CHECK_EQ(gs_barrier_try_wait(&barrier), GS_EAGAIN);
}

HOST_TEST(a_barrier_lets_through_whole_parties_only) {
  race(start_meeting, check_meeting);
}

static void meet_three(void) {
  barrier = (gs_barrier)GS_BARRIER_INIT(3);
  came_last = 0;
  for (int i = 0; i < 4; i++) go(meet, NULL);
}

static void check_three(void) {
  CHECK_EQ(served, 3 * came_last);
  CHECK_EQ(served + gave_up, 4);
}

HOST_TEST(a_party_that_gave_up_is_replaced_by_the_next) {
  race(meet_three, check_three);
}

/* Groups: the first error, canceling, limits, waiting, release at any time, how
 * members end, misuse, no memory, and every schedule. */
#include <gossamer/gossamer.h>
#include <string.h>

#include "../../src/sched/timer.h"
#include "alloc_fake.h"
#include "explore.h"
#include "harness.h"
#include "notes.h"

#define CAP 300000

static gs_group *make(size_t limit) {
  log_text[0] = '\0';
  gs_group *made = NULL;
  struct gs_group_options options = {.limit = limit, .name = "member"};
  CHECK_EQ(gs_group_new(&made, &options), GS_OK);
  return made;
}

static gs_group *group;

/* A member sleeps, says its letter and returns its result. */
struct task {
  int64_t sleep_ns;
  char letter;
  int result;
};

static int run(void *arg) {
  const struct task *t = arg;
  int error = gs_sleep(t->sleep_ns);
  if (error < 0) {
    note('x');
    return error;
  }
  note(t->letter);
  return t->result;
}

TEST(a_group_waits_for_all_of_its_members) {
  struct task t[] = {{30, 'c', 0}, {10, 'a', 0}, {20, 'b', 7}};
  group = make(0);
  CHECK_EQ(gs_group_wait(group), GS_OK); /* of none */
  for (int i = 0; i < 3; i++) CHECK_EQ(gs_group_go(group, run, &t[i]), GS_OK);
  CHECK_EQ(gs_group_running(group), 3);
  CHECK_EQ(gs_group_try_wait(group), GS_EAGAIN);
  CHECK_EQ(gs_group_wait(group), GS_OK);
  CHECK_STR_EQ(log_text, "abc");
  CHECK_EQ(gs_group_running(group), 0);
  CHECK_EQ(gs_group_started(group), 3);
  CHECK_EQ(gs_group_try_wait(group), GS_OK);
  CHECK_EQ(gs_group_go(group, run, &t[0]), GS_OK); /* it can be used on */
  CHECK_EQ(gs_group_wait_until(group, gs_deadline(100)), GS_OK);
  CHECK_STR_EQ(log_text, "abcc");
  gs_group_release(group);
}

TEST(the_first_error_cancels_the_others_and_is_what_wait_answers) {
  struct task t[] = {{30, 'c', 0}, {10, 'a', 0}, {20, 'b', GS_EIO}};
  struct task late = {1, 'l', GS_EBUSY};
  group = make(0);
  for (int i = 0; i < 3; i++) CHECK_EQ(gs_group_go(group, run, &t[i]), GS_OK);
  CHECK_EQ(gs_group_wait(group), GS_EIO);
  CHECK_EQ(gs_now(), 20);
  CHECK_STR_EQ(log_text, "abx");
  CHECK_EQ(gs_group_error(group), GS_EIO);
  CHECK_EQ(gs_ctx_cause(gs_group_ctx(group)), GS_EIO);
  CHECK_EQ(gs_group_go(group, run, &late), GS_ECANCELED); /* starts nothing */
  CHECK_EQ(gs_group_try_go(group, run, &late), GS_ECANCELED);
  CHECK_EQ(gs_group_started(group), 3);
  CHECK_EQ(gs_group_wait(group), GS_EIO);
  gs_group_release(group);
}

static int starts_more(void *arg) {
  CHECK(gs_ctx_current() == gs_group_ctx(group));
  CHECK_EQ(gs_group_go(group, run, arg), GS_OK);
  note('m');
  return GS_OK;
}

TEST(members_start_members) {
  struct task t = {10, 'a', GS_EIO};
  group = make(0);
  CHECK_EQ(gs_group_go(group, starts_more, &t), GS_OK);
  CHECK_EQ(gs_group_wait(group), GS_EIO);
  CHECK_STR_EQ(log_text, "ma");
  CHECK_EQ(gs_group_started(group), 2);
  gs_group_release(group);
}

static int inside;
static int inside_max;

static int count_inside(void *arg) {
  if (++inside > inside_max) inside_max = inside;
  gs_yield();
  gs_sleep(10);
  inside--;
  note(*(const char *)arg);
  return GS_OK;
}

static void start_one(void *arg) {
  CHECK_EQ(gs_group_go(group, count_inside, arg), GS_OK);
}

TEST(a_limit_is_kept_and_those_who_wait_for_it_are_served_in_order) {
  group = make(2);
  inside = inside_max = 0;
  const char *letters = "abcdefg";
  CHECK_EQ(gs_group_try_go(group, count_inside, (void *)letters), GS_OK);
  CHECK_EQ(gs_group_try_go(group, count_inside, (void *)(letters + 1)), GS_OK);
  CHECK_EQ(gs_group_try_go(group, count_inside, (void *)letters), GS_EAGAIN);
  for (int i = 2; i < 7; i++)
    CHECK(gs_go(start_one, (void *)(letters + i)) > 0);
  harness_wait_for_others();
  CHECK_EQ(gs_group_wait(group), GS_OK);
  CHECK_EQ(inside_max, 2);
  CHECK_STR_EQ(log_text, "abcdefg");
  gs_group_release(group);
}

static void start_in_vain(void *arg) {
  (void)arg;
  CHECK_EQ(gs_group_go(group, run, NULL), GS_ECANCELED);
  note('v');
}

TEST(who_waits_for_a_slot_of_a_group_that_failed_starts_nothing) {
  struct task t = {10, 'a', GS_EIO};
  group = make(1);
  CHECK_EQ(gs_group_go(group, run, &t), GS_OK);
  CHECK(gs_go(start_in_vain, NULL) > 0);
  CHECK(gs_go(start_in_vain, NULL) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_group_wait(group), GS_EIO);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "avv");
  CHECK_EQ(gs_group_started(group), 1);
  gs_group_release(group);
}

TEST(who_waits_for_a_slot_of_a_group_that_is_released_starts_nothing) {
  struct task t = {1000, 'a', 0};
  group = make(1);
  CHECK_EQ(gs_group_go(group, run, &t), GS_OK);
  CHECK(gs_go(start_in_vain, NULL) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_group_release(group);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "xv");
}

TEST(a_callers_context_ends_its_wait_for_a_slot) {
  struct task t = {100, 'a', 0};
  group = make(1);
  CHECK_EQ(gs_group_go(group, run, &t), GS_OK);
  gs_ctx *ctx = NULL;
  CHECK_EQ(gs_ctx_new_timeout(&ctx, NULL, 10), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  CHECK_EQ(gs_group_go(group, run, &t), GS_ETIMEDOUT);
  CHECK_EQ(gs_group_wait(group), GS_ETIMEDOUT);
  gs_ctx_leave(outer);
  gs_ctx_release(ctx);
  CHECK_EQ(gs_group_wait_until(group, gs_deadline(10)), GS_ETIMEDOUT);
  CHECK_EQ(gs_group_running(group), 1);
  CHECK_EQ(gs_group_wait(group), GS_OK);
  CHECK_EQ(gs_group_started(group), 1);
  gs_group_release(group);
}

static int cleans_up(void *arg) {
  CHECK_EQ(gs_chan_recv(arg, NULL), GS_ECANCELED);
  gs_ctx_shield();
  CHECK_EQ(gs_sleep(50), GS_OK);
  gs_ctx_unshield();
  note('c');
  return GS_ECANCELED;
}

TEST(release_cancels_and_waits_even_in_a_context_that_is_done) {
  gs_ctx *ctx = NULL;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  group = make(0);
  CHECK_EQ(gs_group_go(group, cleans_up, NULL), GS_OK);
  CHECK_EQ(gs_group_go(group, cleans_up, NULL), GS_OK);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  gs_group_release(group);
  CHECK_STR_EQ(log_text, "cc");
  CHECK_EQ(gs_count(), 1);
  gs_ctx_leave(outer);
  gs_ctx_release(ctx);
}

TEST(a_context_above_ends_the_group) {
  gs_ctx *ctx = NULL;
  CHECK_EQ(gs_ctx_new_timeout(&ctx, NULL, 10), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  group = make(0);
  gs_ctx_leave(outer);
  struct task t = {1000, 'a', 0};
  CHECK_EQ(gs_group_go(group, run, &t), GS_OK);
  CHECK_EQ(gs_group_wait(group), GS_ETIMEDOUT);
  CHECK_EQ(gs_group_go(group, run, &t), GS_ETIMEDOUT);
  CHECK_STR_EQ(log_text, "x");
  gs_group_release(group);
  gs_ctx_release(ctx);
}

TEST(a_group_can_be_canceled_by_hand) {
  struct task t = {1000, 'a', 0};
  group = make(0);
  CHECK_EQ(gs_group_go(group, run, &t), GS_OK);
  CHECK_EQ(gs_group_cancel(group, GS_EBUSY), 1);
  CHECK_EQ(gs_group_cancel(group, GS_EBUSY), 0);
  CHECK_EQ(gs_group_wait(group), GS_ECANCELED);
  CHECK_EQ(gs_ctx_cause(gs_group_ctx(group)), GS_EBUSY);
  gs_group_release(group);
}

static int exits(void *arg) {
  (void)arg;
  note('e');
  gs_exit();
}

static void panics(void *arg) {
  (void)arg;
  gs_panic("in a member");
}

static int contains_a_panic(void *arg) {
  CHECK_EQ(gs_try(panics, arg, NULL), 1);
  note('p');
  return GS_EPROTO;
}

TEST(members_that_exit_or_contain_a_panic_are_counted_out) {
  group = make(0);
  CHECK_EQ(gs_group_go(group, exits, NULL), GS_OK);
  CHECK_EQ(gs_group_wait(group), GS_OK);
  CHECK_EQ(gs_group_go(group, contains_a_panic, NULL), GS_OK);
  CHECK_EQ(gs_group_wait(group), GS_EPROTO);
  CHECK_STR_EQ(log_text, "ep");
  gs_group_release(group);
}

static int releases_its_own(void *arg) {
  (void)arg;
  CHECK_EQ(gs_group_wait(group), GS_EDEADLK);
  CHECK_EQ(gs_group_wait_until(group, gs_deadline(5)), GS_EDEADLK);
  gs_group_release(group);
  note('r');
  return GS_OK;
}

TEST(a_member_may_release_its_group_but_not_wait_for_it) {
  struct task t = {1000, 'a', 0};
  group = make(0);
  CHECK_EQ(gs_group_go(group, run, &t), GS_OK);
  CHECK_EQ(gs_group_go(group, releases_its_own, NULL), GS_OK);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "rx");
}

HOST_TEST(a_group_outside_a_goroutine_starts_but_does_not_wait) {
  struct task t = {10, 'a', 0};
  group = make(1);
  CHECK_EQ(gs_group_go(group, run, &t), GS_OK);
  CHECK_EQ(gs_group_go(group, run, &t), GS_EPERM);
  CHECK_EQ(gs_group_wait(group), GS_EPERM);
  harness_run_all();
  CHECK_STR_EQ(log_text, "a");
  CHECK_EQ(gs_group_wait(group), GS_OK);
  CHECK_EQ(gs_group_go(group, run, &t), GS_OK);
  gs_group_release(group); /* the member frees it */
  harness_run_all();
  CHECK_STR_EQ(log_text, "ax");
}

TEST(group_misuse_is_an_error) {
  gs_group *none = NULL;
  struct gs_group_options options = {.stack_bytes = 1};
  CHECK_EQ(gs_group_new(NULL, NULL), GS_EINVAL);
  CHECK_EQ(gs_group_new(&none, &options), GS_EINVAL);
  CHECK_EQ(gs_group_go(NULL, run, NULL), GS_EINVAL);
  CHECK_EQ(gs_group_try_go(NULL, run, NULL), GS_EINVAL);
  CHECK_EQ(gs_group_wait(NULL), GS_EINVAL);
  CHECK_EQ(gs_group_try_wait(NULL), GS_EINVAL);
  CHECK_EQ(gs_group_cancel(NULL, 0), GS_EINVAL);
  CHECK(gs_group_ctx(NULL) == NULL);
  CHECK_EQ(gs_group_error(NULL), 0);
  CHECK_EQ(gs_group_running(NULL) + gs_group_started(NULL), 0);
  gs_group_release(NULL);
  CHECK_EQ(gs_group_new(&none, NULL), GS_OK);
  CHECK_EQ(gs_group_go(none, NULL, NULL), GS_EINVAL);
  CHECK_EQ(gs_group_running(none), 0);
  gs_group_release(none);
}

TEST(a_group_without_memory) {
  gs_group *none = NULL;
  for (uint32_t good = 0; good < 2; good++) {
    alloc_fake_fail_after(good);
    CHECK_EQ(gs_group_new(&none, NULL), GS_ENOMEM);
    CHECK(none == NULL);
  }
  struct task t = {10, 'a', 0};
  group = make(1);
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_group_go(group, run, &t), GS_ENOMEM);
  CHECK_EQ(gs_group_wait(group), GS_OK); /* the slot was not lost */
  CHECK_EQ(gs_group_go(group, run, &t), GS_OK);
  CHECK_EQ(gs_group_wait(group), GS_OK);
  CHECK_STR_EQ(log_text, "a");
  gs_group_release(group);
  struct gs_group_options options = {.stack_bytes = 20000}; /* none is pooled */
  CHECK_EQ(gs_group_new(&group, &options), GS_OK);
  alloc_fake_fail_after(1);
  CHECK_EQ(gs_group_go(group, run, &t), GS_ENOMEM);
  CHECK_EQ(gs_group_started(group), 0);
  gs_group_release(group);
}

/* ---- every schedule ---- */

static struct {
  int ran;
  int started;
  int refused;
} seen;

static int work(void *arg) {
  CHECK(++inside <= 1);
  seen.ran++;
  gs_yield();
  inside--;
  return arg == NULL ? GS_OK : GS_EIO;
}

static void begin(size_t limit) {
  memset(&seen, 0, sizeof seen);
  inside = 0;
  group = make(limit);
}

static void go(void *arg) {
  if (group == NULL) { /* it came too late */
    seen.refused++;
    return;
  }
  int result = gs_group_go(group, work, arg);
  CHECK(result == GS_OK || result == GS_ECANCELED);
  seen.started += result == GS_OK;
  seen.refused += result == GS_ECANCELED;
}

static void release_now(void *arg) {
  (void)arg;
  gs_group *released = group;
  group = NULL;
  gs_group_release(released);
}

static void wait_and_release(void *arg) {
  (void)arg;
  int error = gs_group_wait(group);
  CHECK_EQ(error, GS_OK);
  release_now(NULL);
}

/* Three who start, one of whose members fails, at a limit of one. */
static void one_fails(void *arg) {
  (void)arg;
  begin(1);
  CHECK(gs_go(go, NULL) > 0);
  CHECK(gs_go(go, &seen) > 0);
  CHECK(gs_go(go, NULL) > 0);
  harness_run_all();
  CHECK_EQ(gs_group_running(group), 0);
  CHECK_EQ(gs_group_error(group), GS_EIO);
  CHECK_EQ(seen.started, seen.ran);
  CHECK_EQ(seen.started + seen.refused, 3);
  gs_group_release(group);
}

static void go_twice(void *arg) {
  CHECK_EQ(gs_group_try_go(group, work, NULL), GS_OK);
  CHECK(gs_go(go, NULL) > 0);
  CHECK(gs_go(arg == NULL ? release_now : wait_and_release, NULL) > 0);
}

/* Ended while one member runs and another waits for its slot. */
static void released_meanwhile(void *arg) {
  begin(1);
  gs_yield();
  go_twice(arg);
  harness_run_all();
  CHECK_EQ(seen.started + 1, seen.ran);
  CHECK_EQ(seen.started + seen.refused, 1);
}

HOST_TEST(groups_hold_under_every_schedule) {
  struct explored explored = {0, 0};
  explore(&explored, CAP, one_fails, NULL);
  explore(&explored, CAP, released_meanwhile, NULL);
  explore(&explored, CAP, released_meanwhile, &seen);
  printf("# %llu schedules\n", (unsigned long long)explored.schedules);
  CHECK_EQ(explored.capped, 0);
  CHECK(explored.schedules > 100);
}

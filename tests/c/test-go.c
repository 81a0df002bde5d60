/* Goroutines: starting, yielding, ending, ids, names, errno. Rows A1 (one
 * thread, many goroutines, nothing preempted) and A7 (their life cycle). */
#include <errno.h>
#include <gossamer/gossamer.h>
#include <string.h>

#include "../../src/debug.h"
#include "alloc_fake.h"
#include "harness.h"
#include "host_fake.h"

/* What ran, a letter each. */
static char trail[256];
static size_t trail_count;

static void put(char letter) {
  CHECK(trail_count + 1 < sizeof trail);
  trail[trail_count++] = letter;
}

static void note(void *arg) { put(*(const char *)arg); }

static void note_thrice(void *arg) {
  for (int i = 0; i < 3; i++) {
    note(arg);
    CHECK_EQ(gs_yield(), GS_OK);
  }
}

static void nothing(void *arg) { (void)arg; }

TEST(go_does_not_run_the_goroutine_before_the_caller_parks) {
  CHECK_EQ(gs_go(note, "a"), 2);
  CHECK_EQ(trail_count, 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_STR_EQ(trail, "a");
}

struct numbers {
  int first;
  int second;
};
static void check_numbers(void *arg) {
  const struct numbers *numbers = arg;
  CHECK_EQ(numbers->first, 1);
  CHECK_EQ(numbers->second, 2);
}
TEST(arguments_of_go_may_have_commas) {
  CHECK(gs_go(check_numbers, &(struct numbers){1, 2}) > 0);
  CHECK(gs_go_with(&(struct gs_go_options){.stack_bytes = 16384, .name = "n"},
                   check_numbers, &(struct numbers){1, 2}) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
}

TEST(goroutines_start_in_the_order_of_go) {
  CHECK_EQ(gs_go(note, "a"), 2);
  CHECK_EQ(gs_go(note, "b"), 3);
  CHECK_EQ(gs_go(note, "c"), 4);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_STR_EQ(trail, "abc");
}

TEST(yield_goes_behind_all_that_are_ready) {
  gs_go(note_thrice, "a");
  gs_go(note_thrice, "b");
  gs_go(note_thrice, "c");
  harness_wait_for_others();
  CHECK_STR_EQ(trail, "abcabcabc");
}

TEST(yield_with_nobody_else_comes_back) {
  for (int i = 0; i < 1000; i++) CHECK_EQ(gs_yield(), GS_OK);
}

/* A1: no preemption; a goroutine runs until it parks. */
TEST(a_goroutine_that_does_not_park_is_not_interrupted) {
  gs_go(note, "b");
  for (volatile int i = 0; i < 100000; i++) continue;
  put('a');
  harness_wait_for_others();
  CHECK_STR_EQ(trail, "ab");
}

static void spawn_next(void *arg) {
  int *left = arg;
  if (--*left > 0) CHECK(gs_go(spawn_next, arg) > 0);
}

TEST(goroutines_start_goroutines) {
  int left = 1000;
  CHECK(gs_go(spawn_next, &left) > 0);
  harness_wait_for_others();
  CHECK_EQ(left, 0);
}

TEST(go_refuses_a_null_function) {
  CHECK_EQ(gs_go(NULL, NULL), GS_EINVAL);
  CHECK_EQ(gs_go_with(NULL, NULL, NULL), GS_EINVAL);
  struct gs_go_options options = {.name = "nothing"};
  CHECK_EQ(gs_go_with(&options, NULL, NULL), GS_EINVAL);
  CHECK_EQ(gs_count(), 1);
}

TEST(go_with_takes_null_options) {
  CHECK_EQ(gs_go_with(NULL, note, "a"), 2);
  harness_wait_for_others();
  CHECK_STR_EQ(trail, "a");
}

TEST(go_reports_that_there_is_no_memory_and_the_rest_goes_on) {
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_go(note, "a"), GS_ENOMEM);
  CHECK_EQ(gs_count(), 1);
  CHECK_EQ(gs_go(note, "b"), 2);
  harness_wait_for_others();
  CHECK_STR_EQ(trail, "b");
}

/* ---- ids and counts ---- */

static gs_id seen_id;

static void see_id(void *arg) {
  (void)arg;
  seen_id = gs_self();
}

TEST(self_is_the_id_that_go_answered) {
  CHECK_EQ(gs_self(), 1);
  gs_id id = gs_go(see_id, NULL);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(seen_id, id);
  CHECK_EQ(gs_self(), 1);
}

TEST(ids_go_up_and_are_never_reused) {
  for (gs_id id = 2; id < 2000; id++) {
    CHECK_EQ(gs_go(nothing, NULL), id);
    CHECK_EQ(gs_yield(), GS_OK);
  }
}

TEST(count_is_of_those_that_have_not_ended) {
  CHECK_EQ(gs_count(), 1);
  gs_go(nothing, NULL);
  gs_go(note_thrice, "a");
  CHECK_EQ(gs_count(), 3);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_count(), 2);
  harness_wait_for_others();
}

HOST_TEST(outside_a_goroutine_there_is_no_self_and_no_parking) {
  CHECK_EQ(gs_self(), 0);
  CHECK_EQ(gs_count(), 0);
  CHECK_EQ(gs_yield(), GS_EPERM);
  CHECK_EQ(gs_serve(), GS_EPERM);
}

HOST_TEST(go_works_outside_a_goroutine) {
  CHECK_EQ(gs_go(note, "a"), 1);
  CHECK_EQ(gs_count(), 1);
  harness_run_all();
  CHECK_STR_EQ(trail, "a");
}

/* ---- ending ---- */

static volatile bool goes_back; /* never */

static void exit_at(int depth) {
  char here[64];
  if (goes_back) return;
  memset(here, depth, sizeof here);
  if (depth == 0) gs_exit();
  exit_at(depth - 1);
  put(here[0]);
}

static void exit_deep(void *arg) {
  note(arg);
  exit_at(20);
  note(arg);
}

TEST(exit_ends_the_goroutine_from_any_depth) {
  gs_go(exit_deep, "a");
  gs_go(note, "b");
  harness_wait_for_others();
  CHECK_STR_EQ(trail, "ab");
}

TEST(exit_right_at_the_start_and_after_parks) {
  gs_go(exit_deep, "a");
  CHECK_EQ(gs_yield(), GS_OK);
  /* The same block runs another goroutine, which uses other frames. */
  for (int i = 0; i < 50; i++) {
    gs_go(exit_deep, "b");
    gs_go(note_thrice, "c");
    harness_wait_for_others();
  }
  CHECK_EQ(trail_count, 1 + 50 * 4);
}

/* A7: New, Ready, Running, Blocked, Done, as the dump names them. */
static struct gs__task *task_of(gs_id id) {
  struct gs__list *all = &gs__sched.all;
  for (struct gs__list *node = all->next; node != all; node = node->next) {
    struct gs__task *task = gs__container(node, struct gs__task, all);
    if (task->id == id) return task;
  }
  return NULL;
}

static void sleep_once(void *arg) {
  (void)arg;
  CHECK(task_of(gs_self()) == gs__sched.current);
  CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
}

TEST(a_goroutine_is_ready_then_runs_then_waits_then_is_gone) {
  gs_id id = gs_go(sleep_once, NULL);
  CHECK_EQ(task_of(id)->state, GS__READY);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(task_of(id)->state, GS__PARKED);
  CHECK_EQ(gs_sleep(2 * GS_SECOND), GS_OK);
  CHECK_EQ(task_of(id), (void *)NULL);
}

HOST_DEATH_TEST(exit_outside_a_goroutine_ends_the_program,
                "fatal: gs_exit was called outside a goroutine") {
  gs_exit();
}

/* ---- errno ---- */

static void set_errno(void *arg) {
  int mine = *(const int *)arg;
  CHECK_EQ(errno, 0);
  errno = mine;
  for (int i = 0; i < 5; i++) {
    CHECK_EQ(gs_yield(), GS_OK);
    CHECK_EQ(errno, mine);
  }
  CHECK_EQ(gs_sleep(GS_MILLISECOND), GS_OK);
  CHECK_EQ(errno, mine);
}

TEST(errno_belongs_to_the_goroutine) {
  static const int values[] = {ENOENT, EIO, ERANGE};
  errno = EBUSY;
  for (int i = 0; i < 3; i++) gs_go(set_errno, (void *)&values[i]);
  harness_wait_for_others();
  CHECK_EQ(errno, EBUSY);
}

/* ---- error texts ---- */

TEST(every_error_has_a_name_a_text_and_its_wasi_number) {
  CHECK_STR_EQ(gs_error_name(GS_ETIMEDOUT), "ETIMEDOUT");
  CHECK_STR_EQ(gs_strerror(GS_ETIMEDOUT), "timed out");
  CHECK_EQ(GS_ETIMEDOUT, -73);
  CHECK_STR_EQ(gs_error_name(GS_OK), "OK");
  CHECK_STR_EQ(gs_strerror(GS_OK), "success");
  for (int error = -1; error >= -76; error--) {
    CHECK(strcmp(gs_error_name(error), "EUNKNOWN") != 0);
    CHECK(strcmp(gs_strerror(error), "unknown error") != 0);
  }
  static const int unknown[] = {1, -77, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    CHECK_STR_EQ(gs_error_name(unknown[i]), "EUNKNOWN");
    CHECK_STR_EQ(gs_strerror(unknown[i]), "unknown error");
  }
}

/* Go statements, deferred calls and panics by the Go specification, a test for
 * each rule. Where this library's contract is another, the name says so. */
#include <string.h>

#include "../../src/sched/sched.h"
#include "every-schedule.h"
#include "notes.h"

/* ---- Spec, Go statements ---- */

static int shared;

static void add_one(void *arg) { ++*(int *)arg; }

static void add_ten_by_another(void *arg) {
  int *value = arg;
  int mine = 0;
  for (int i = 0; i < 10; i++) go(add_one, &mine);
  while (mine < 10) CHECK_EQ(gs_yield(), GS_OK);
  *value += mine;
}
TEST(goroutines_share_one_address_space) {
  shared = 0;
  go(add_ten_by_another, &shared);
  harness_wait_for_others();
  CHECK_EQ(shared, 10);
}

struct argument {
  int value;
  bool read;
};
static void read_argument(void *arg) {
  struct argument *a = arg;
  CHECK_EQ(a->value, 4);
  a->read = true;
}
TEST(the_argument_is_evaluated_by_the_caller) {
  struct argument first = {.value = 4};
  struct argument other = {.value = 5};
  struct argument *pointer = &first;
  go(read_argument, pointer);
  pointer = &other;
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(first.read);
  CHECK(!pointer->read);
}

static bool started;
static bool told;

static void wait_to_be_told(void *arg) {
  (void)arg;
  started = true;
  while (!told) CHECK_EQ(gs_yield(), GS_OK);
  shared = 1;
}
TEST(the_caller_does_not_wait_for_the_function_to_end) {
  shared = 0;
  told = false;
  go(wait_to_be_told, NULL);
  CHECK_EQ(shared, 0);
  told = true;
  harness_wait_for_others();
  CHECK_EQ(shared, 1);
}

TEST(beyond_go_the_function_does_not_start_before_the_caller_parks) {
  started = false;
  told = true;
  go(wait_to_be_told, NULL);
  CHECK(!started);
  harness_wait_for_others();
  CHECK(started);
}

static void log_letter_twice(void *arg) {
  note_letter(arg);
  CHECK_EQ(gs_yield(), GS_OK);
  note_letter(arg);
}
static unsigned orders;
static void two_writers(void *arg) {
  (void)arg;
  clear_log();
  go(log_letter_twice, "a");
  go(log_letter_twice, "b");
  harness_run_all();
  static const char *const all[] = {"aabb", "abab", "abba",
                                    "baab", "baba", "bbaa"};
  for (int i = 0; i < 6; i++) {
    if (strcmp(log_text, all[i]) == 0) orders |= 1U << i;
  }
}
HOST_TEST(goroutines_are_independent_of_each_other) {
  orders = 0;
  under_every_schedule(two_writers, NULL);
  CHECK_EQ(orders, 63);
}

TEST(when_the_function_ends_its_goroutine_ends) {
  shared = 0;
  size_t before = gs_count();
  go(add_one, &shared);
  CHECK_EQ(gs_count(), before + 1);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_count(), before);
}

TEST(unlike_go_a_null_function_is_einval_and_no_panic) {
  CHECK_EQ(gs_go(NULL, NULL), GS_EINVAL);
}

/* ---- Spec, Defer statements ---- */

static void defer_two(void *arg) {
  gs_defer(note_letter, "1");
  gs_defer(note_letter, "2");
  note_letter(arg);
}
TEST(deferred_calls_run_before_the_function_returns_last_first) {
  clear_log();
  defer_two("f");
  note_letter("r");
  CHECK_STR_EQ(log_text, "f21r");
}

static void defer_changing(void) {
  const char *letter = "x";
  gs_defer(note_letter, (void *)letter);
  letter = "y";
  note_letter((void *)letter);
}
TEST(the_argument_of_a_deferred_call_is_evaluated_when_it_is_deferred) {
  clear_log();
  defer_changing();
  CHECK_STR_EQ(log_text, "yx");
}

static void defer_in_blocks(void) {
  for (int i = 0; i < 2; i++) {
    gs_defer(note_letter, "d");
    note_letter("b");
  }
  note_letter("e");
}
TEST(unlike_go_a_deferred_call_belongs_to_its_block) {
  clear_log();
  defer_in_blocks();
  CHECK_STR_EQ(log_text, "bdbde");
}

static int answer_after_defer(int *value) {
  gs_defer(add_one, value);
  return *value;
}
TEST(the_result_is_evaluated_before_deferred_calls_run) {
  shared = 1;
  CHECK_EQ(answer_after_defer(&shared), 1);
  CHECK_EQ(shared, 2);
}

static void defer_and_exit(void *arg) {
  gs_defer(note_letter, arg);
  gs_exit();
}
static void defer_outer(void *arg) {
  gs_defer(note_letter, "o");
  defer_and_exit(arg);
}
TEST(ending_the_goroutine_runs_its_deferred_calls) {
  clear_log();
  go(defer_outer, "i");
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "io");
}

/* ---- Spec, Handling panics ---- */

static void panic_inside(void *arg) {
  gs_defer(note_letter, "2");
  gs_defer(note_letter, "3");
  if (arg != NULL) gs_panic(arg);
  note_letter("n");
}
static void call_what_panics(void *arg) {
  gs_defer(note_letter, "1");
  panic_inside(arg);
  note_letter("m");
}
TEST(a_panic_ends_the_function_and_its_callers_and_runs_deferred_calls) {
  clear_log();
  struct gs_failure failure;
  CHECK_EQ(gs_try(call_what_panics, "why", &failure), 1);
  CHECK_STR_EQ(log_text, "321");
  CHECK_STR_EQ(failure.message, "why");
}

static void top(void *arg) {
  gs_defer(note_letter, "t");
  call_what_panics(arg);
}
static void contain_in_goroutine(void *arg) {
  gs_defer(note_letter, "o"); /* its own: not yet */
  CHECK_EQ(gs_try(top, arg, NULL), 1);
  note_letter("c");
}
TEST(after_a_contained_panic_its_caller_goes_on) {
  clear_log();
  go(contain_in_goroutine, "why");
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "321tco");
}

DEATH_TEST(a_panic_that_nobody_contains_ends_the_program_with_its_message,
           "panic: the reason") {
  call_what_panics("the reason");
}

DEATH_TEST(a_panic_in_any_goroutine_ends_the_program, "panic: another's") {
  go(call_what_panics, "another's");
  harness_wait_for_others();
}

TEST(without_a_panic_there_is_nothing_to_contain) {
  clear_log();
  struct gs_failure failure;
  memset(&failure, 7, sizeof failure);
  struct gs_failure before = failure;
  CHECK_EQ(gs_try(call_what_panics, NULL, &failure), 0);
  CHECK_EQ(memcmp(&failure, &before, sizeof failure), 0);
  CHECK_STR_EQ(log_text, "n32m1");
}

static void panic_again(void *arg) { gs_panic(arg); }
static void panic_in_deferred(void *arg) {
  gs_defer(panic_again, "second");
  gs_panic(arg);
}
TEST(a_panic_in_a_deferred_call_takes_the_place_of_the_first) {
  struct gs_failure failure;
  CHECK_EQ(gs_try(panic_in_deferred, "first", &failure), 1);
  CHECK_STR_EQ(failure.message, "second");
}

static void exit_inside(void *arg) { defer_and_exit(arg); }
static void try_to_contain_exit(void *arg) {
  gs_try(exit_inside, arg, NULL);
  note_letter("n");
}
TEST(ending_the_goroutine_is_no_panic) {
  clear_log();
  go(try_to_contain_exit, "d");
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "d");
}

static void park_and_panic(void *arg) {
  gs_defer(note_letter, arg);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_panic(arg);
}
static void contain_parked(void *arg) {
  struct gs_failure failure;
  CHECK_EQ(gs_try(park_and_panic, arg, &failure), 1);
  CHECK_STR_EQ(failure.message, arg);
  ++shared;
}
static void panic_side_by_side(void *arg) {
  (void)arg;
  clear_log();
  shared = 0;
  go(contain_parked, "a");
  go(contain_parked, "b");
  go(contain_parked, "c");
  harness_run_all();
  CHECK_EQ(shared, 3);
  CHECK_EQ(strlen(log_text), 3);
}
HOST_TEST(each_goroutine_has_panics_and_deferred_calls_of_its_own) {
  under_every_schedule(panic_side_by_side, NULL);
}

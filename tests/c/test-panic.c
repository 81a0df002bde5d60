/* Panics, gs_try() and deferred calls: order, what is dropped and what stays,
 * parking in the middle of it all, and misuse. */
#include <gossamer/gossamer.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/sched/sched.h"
#include "harness.h"
#include "notes.h"

static void note_and_yield(void *arg) {
  gs_yield();
  note_letter(arg);
  gs_yield();
}

/* ---- defer ---- */

static int leave_by_return(int how) {
  gs_defer(note_letter, "a");
  {
    gs_defer(note_letter, "b");
    if (how == 1) return 1;
  }
  for (int i = 0; i < 3; i++) {
    gs_defer(note_letter, "c");
    if (i == 0) continue;
    if (how == 2) break;
    if (how == 3) goto out;
  }
  {
    gs_defer(note_letter, "d");
    return 2;
  }
out:
  note_letter("e");
  return 3;
}

TEST(deferred_calls_run_when_their_block_is_left) {
  clear_log();
  CHECK_EQ(leave_by_return(0), 2);
  CHECK_STR_EQ(log_text, "bcccda");
  clear_log();
  CHECK_EQ(leave_by_return(1), 1);
  CHECK_STR_EQ(log_text, "ba");
  clear_log();
  CHECK_EQ(leave_by_return(2), 2);
  CHECK_STR_EQ(log_text, "bccda");
  clear_log();
  CHECK_EQ(leave_by_return(3), 3);
  CHECK_STR_EQ(log_text, "bccea");
}

static void exit_below(void *arg) {
  char local[] = "x"; /* deferred calls may point into the frames */
  gs_defer(note_letter, local);
  gs_defer(note_and_yield, "y");
  if (arg != NULL) gs_exit();
}

static void exit_deep(void *arg) {
  gs_defer(note_letter, "z");
  exit_below(arg);
  note_letter("!");
}

TEST(exit_runs_the_deferred_calls_of_all_frames) {
  clear_log();
  CHECK(gs_go(exit_deep, "now") > 0);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "yxz");
  clear_log();
  CHECK(gs_go(exit_deep, NULL) > 0);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "yx!z");
}

HOST_TEST(outside_a_goroutine_defer_is_bound_to_its_block) {
  clear_log();
  CHECK_EQ(leave_by_return(0), 2);
  CHECK_STR_EQ(log_text, "bcccda");
}

/* ---- try ---- */

static void do_nothing(void *arg) { (void)arg; }

static void panic_now(void *arg) { gs_panic(arg); }

static void panic_deep(void *arg) {
  char local[16];
  snprintf(local, sizeof local, "%s", (const char *)arg);
  gs_defer(note_letter, local);
  if (local[0] != '\0') panic_now(local);
  note_letter("!");
}

static void panic_deeper(void *arg) {
  gs_defer(note_letter, "o");
  panic_deep(arg);
  note_letter("!");
}

TEST(try_contains_a_panic_and_tells_its_message) {
  struct gs_failure failure = {"before"};
  clear_log();
  CHECK_EQ(gs_try(do_nothing, NULL, &failure), 0);
  CHECK_STR_EQ(failure.message, "before");
  gs_defer(note_letter, "t");
  CHECK_EQ(gs_try(panic_deeper, "boom", &failure), 1);
  CHECK_STR_EQ(failure.message, "boom");
  CHECK_STR_EQ(log_text, "bo");
  CHECK_EQ(gs_try(panic_deeper, "again", NULL), 1);
  CHECK_STR_EQ(log_text, "boao");
}

static void panic_with_number(void *arg) {
  gs_panicf("number %d of %s", *(int *)arg, "three");
}

static void panic_with_long(void *arg) {
  char text[300];
  memset(text, 'l', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  gs_panic(text);
  note_letter(arg);
}

TEST(messages_are_formatted_and_cut_off) {
  struct gs_failure failure;
  int two = 2;
  CHECK_EQ(gs_try(panic_with_number, &two, &failure), 1);
  CHECK_STR_EQ(failure.message, "number 2 of three");
  CHECK_EQ(gs_try(panic_with_long, "!", &failure), 1);
  CHECK_EQ(strlen(failure.message), GS_FAILURE_BYTES - 1);
  CHECK_EQ(gs_try(panic_now, NULL, &failure), 1);
  CHECK_STR_EQ(failure.message, "(no message)");
}

/* Recursion makes frames on both stacks; each keeps its numbers. */
static int64_t deep_sum(int depth, gs_chan *chan) {
  int64_t here = depth * 3;
  if (depth == 0) {
    int64_t n = 0;
    CHECK_EQ(gs_chan_recv(chan, &n), 1);
    return n;
  }
  int64_t below = deep_sum(depth - 1, chan);
  return below + here;
}

struct parking {
  gs_chan *chan;
  int64_t sum;
  int depth;
  bool panics;
};

static void park_in_try(void *arg) {
  struct parking *p = arg;
  p->sum = deep_sum(p->depth, p->chan);
  if (p->panics) gs_panic("after parking");
}

static void try_and_park(void *arg) {
  struct parking *p = arg;
  int before = p->depth;
  struct gs_failure failure;
  for (int i = 0; i < 3; i++) {
    int caught = gs_try(park_in_try, p, &failure);
    CHECK_EQ(caught, p->panics ? 1 : 0);
    CHECK_EQ(p->depth, before);
    int64_t depth = p->depth;
    CHECK_EQ(p->sum, 7 + 3 * depth * (depth + 1) / 2);
    p->panics = !p->panics;
  }
}

TEST(a_try_may_park_at_any_depth_and_panic_afterwards) {
  for (int depth = 0; depth < 12; depth += 3) {
    struct parking p = {.depth = depth, .panics = depth % 2 == 0};
    CHECK_EQ(gs_chan_new(&p.chan, sizeof(int64_t), 0), GS_OK);
    CHECK(gs_go(try_and_park, &p) > 0);
    for (int i = 0; i < 3; i++) {
      int64_t seven = 7;
      CHECK_EQ(gs_yield(), GS_OK);
      CHECK_EQ(gs_chan_send(p.chan, &seven), GS_OK);
    }
    harness_wait_for_others();
    gs_chan_release(p.chan);
  }
}

struct nested {
  int level;
  int panics_at;
  struct gs_failure failure;
};

static void nest(void *arg) {
  struct nested *n = arg;
  gs_defer(note_letter, "d");
  gs_yield();
  if (n->level == n->panics_at) gs_panicf("at %d", n->level);
  if (n->level == 0) return;
  struct nested below = {.level = n->level - 1, .panics_at = n->panics_at};
  int caught = gs_try(nest, &below, &below.failure);
  gs_yield();
  if (caught) {
    note_letter("c");
    n->failure = below.failure;
  }
  gs_yield();
}

static void nest_three(void *arg) {
  struct nested *n = arg;
  nest(n);
}

TEST(tries_nest_and_the_innermost_contains) {
  struct nested three = {.level = 3, .panics_at = 0};
  clear_log();
  CHECK(gs_go(nest_three, &three) > 0);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "dcddd");
  /* Many at once, their switches interleaved. */
  struct nested many[20];
  clear_log();
  for (int i = 0; i < 20; i++) {
    many[i] = (struct nested){.level = 3, .panics_at = 2};
    CHECK(gs_go(nest_three, &many[i]) > 0);
  }
  harness_wait_for_others();
  for (int i = 0; i < 20; i++) CHECK_STR_EQ(many[i].failure.message, "at 2");
}

static void rethrow(void *arg) {
  struct gs_failure failure;
  CHECK_EQ(gs_try(panic_now, arg, &failure), 1);
  note_letter("r");
  gs_panic(failure.message);
}

TEST(a_contained_panic_can_be_passed_on) {
  struct gs_failure failure;
  clear_log();
  CHECK_EQ(gs_try(rethrow, "inner", &failure), 1);
  CHECK_STR_EQ(failure.message, "inner");
  CHECK_STR_EQ(log_text, "r");
}

static void defer_that_panics(void *arg) {
  gs_defer(note_letter, "1");
  gs_defer(panic_now, "second");
  gs_defer(note_letter, "2");
  gs_panic(arg);
}

TEST(a_deferred_call_that_panics_takes_the_first_ones_place) {
  struct gs_failure failure;
  clear_log();
  CHECK_EQ(gs_try(defer_that_panics, "first", &failure), 1);
  CHECK_STR_EQ(failure.message, "second");
  CHECK_STR_EQ(log_text, "21");
}

static void contain_in_defer(void *arg) {
  CHECK_EQ(gs_try(panic_now, "small", NULL), 1);
  note_letter(arg);
}

static void panic_with_container(void *arg) {
  gs_defer(contain_in_defer, "k");
  gs_panic(arg);
}

TEST(a_deferred_call_may_contain_a_panic_of_its_own) {
  struct gs_failure failure;
  clear_log();
  CHECK_EQ(gs_try(panic_with_container, "big", &failure), 1);
  CHECK_STR_EQ(failure.message, "big");
  CHECK_STR_EQ(log_text, "k");
}

static void exit_in_try(void *arg) {
  gs_defer(note_letter, "x");
  if (arg != NULL) gs_exit();
}

static void try_exit(void *arg) {
  gs_defer(note_letter, "y");
  gs_try(exit_in_try, arg, NULL);
  note_letter("!");
}

TEST(exit_is_not_contained) {
  clear_log();
  CHECK(gs_go(try_exit, "now") > 0);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "xy");
}

static void enter_and_panic(void *arg) {
  gs_ctx_enter(arg);
  gs_ctx_shield();
  gs_panic("in another context");
}

TEST(after_a_contained_panic_the_context_is_what_it_was) {
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  gs_ctx *inner;
  CHECK_EQ(gs_ctx_new(&inner, ctx), GS_OK);
  CHECK_EQ(gs_try(enter_and_panic, inner, NULL), 1);
  CHECK_EQ(gs_ctx_current(), ctx);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  CHECK_EQ(gs_sleep(5), GS_ECANCELED); /* no shield is left either */
  gs_ctx_leave(outer);
  gs_ctx_release(inner);
  gs_ctx_release(ctx);
}

static void disable_and_panic(void *arg) {
  gs_preempt_disable();
  gs_panic(arg);
}

TEST(after_a_contained_panic_the_goroutine_is_preempted_as_before) {
  CHECK_EQ(gs_try(disable_and_panic, "in a region", NULL), 1);
  CHECK_EQ(gs__sched.current->unpreemptible, 0);
}

static gs_mutex mutex;
static void unlock(void *arg) { CHECK_EQ(gs_mutex_unlock(arg), GS_OK); }
static void lock_and_panic(void *arg) {
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  gs_defer(unlock, &mutex);
  gs_panic(arg);
}

TEST(a_deferred_unlock_frees_the_mutex) {
  CHECK_EQ(gs_try(lock_and_panic, "locked", NULL), 1);
  CHECK_EQ(gs_mutex_try_lock(&mutex), GS_OK);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}

TEST(try_refuses_no_function) { CHECK_EQ(gs_try(NULL, NULL, NULL), GS_EINVAL); }

HOST_TEST(outside_a_goroutine_there_is_no_try) {
  CHECK_EQ(gs_try(do_nothing, NULL, NULL), GS_EPERM);
}

/* ---- ends of the program ---- */

static void report_deferred(void *arg) {
  fprintf(stderr, "deferred %s\n", (const char *)arg);
}

DEATH_TEST(an_uncontained_panic_runs_deferred_calls_and_dumps, "deferred call",
           "panic: it is over", "goroutine 1 (test): running") {
  gs_defer(report_deferred, "call");
  gs_panic("it is over");
}

static void wait_for_ever(void *arg) { gs_chan_recv(arg, NULL); }

DEATH_TEST(a_panic_ends_the_program_for_all, "panic: mine",
           "goroutine 2: waits for receive from NULL channel",
           "goroutine 3: running") {
  CHECK(gs_go(wait_for_ever, NULL) > 0);
  CHECK(gs_go(panic_now, "mine") > 0);
  gs_sleep(GS_SECOND);
}

HOST_DEATH_TEST(a_panic_outside_a_goroutine_ends_the_program,
                "panic: no goroutine") {
  gs_panic("no goroutine");
}

/* Generators: laziness, what the end looks like from both sides, release at any
 * time, deadlines, contexts, misuse, no memory, and every schedule. */
#include <gossamer/gossamer.h>
#include <string.h>

#include "../../src/sched/timer.h"
#include "alloc_fake.h"
#include "explore.h"
#include "harness.h"
#include "notes.h"

#define CAP 200000

static gs_gen *make(gs_gen_func *fn, void *arg) {
  log_text[0] = '\0';
  gs_gen *gen = NULL;
  CHECK_EQ(gs_gen_new(&gen, sizeof(int), fn, arg), GS_OK);
  return gen;
}

/* Counts from 1 to *arg. */
static int count(gs_gen *gen, void *arg) {
  for (int i = 1; i <= *(const int *)arg; i++) {
    note('b');
    int error = gs_gen_yield(gen, &i);
    if (error < 0) {
      note(error == GS_EPIPE ? 'p' : '?');
      return error;
    }
  }
  note('e');
  return GS_OK;
}

static int three = 3;

TEST(a_generators_body_runs_only_while_it_is_asked) {
  gs_gen *gen = make(count, &three);
  CHECK_EQ(gs_sleep(10), GS_OK);
  CHECK_STR_EQ(log_text, "");
  int i = 0;
  for (int expected = 1; expected <= 3; expected++) {
    note('n');
    CHECK_EQ(gs_gen_next(gen, &i), 1);
    CHECK_EQ(i, expected);
    CHECK_EQ(gs_sleep(10), GS_OK);
  }
  CHECK_STR_EQ(log_text, "nbnbnb");
  CHECK_EQ(gs_gen_next(gen, &i), 0);
  CHECK_EQ(gs_gen_next(gen, &i), 0);
  CHECK_EQ(i, 3);
  CHECK_EQ(gs_count(), 1);
  gs_gen_release(gen);
  CHECK_STR_EQ(log_text, "nbnbnbe");
}

TEST(a_generator_that_nobody_asked_never_starts) {
  gs_gen *gen = make(count, &three);
  gs_gen_release(gen); /* before its goroutine ran at all */
  harness_wait_for_others();
  gen = make(count, &three);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_gen_release(gen); /* while it waits to be asked */
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "");
}

TEST(releasing_a_generator_ends_its_yield) {
  gs_gen *gen = make(count, &three);
  int i = 0;
  CHECK_EQ(gs_gen_next(gen, &i), 1);
  gs_gen_release(gen);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "bp");
  gs_gen_release(NULL);
}

/* Goes on yielding whatever it is told. */
static int deaf(gs_gen *gen, void *arg) {
  int i = 1;
  CHECK_EQ(gs_gen_yield(gen, &i), *(const int *)arg);
  CHECK_EQ(gs_gen_yield(gen, &i), GS_EPIPE);
  CHECK_EQ(gs_sleep(5), GS_OK); /* its context is not canceled */
  CHECK_EQ(gs_gen_yield(gen, &i), GS_EPIPE);
  note('d');
  return GS_OK;
}

TEST(a_released_generator_may_clean_up_and_park) {
  int epipe = GS_EPIPE;
  gs_gen *gen = make(deaf, &epipe);
  CHECK_EQ(gs_gen_next(gen, NULL), 1);
  gs_gen_release(gen);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "d");
}

static int waits_for_ever(gs_gen *gen, void *arg) {
  (void)gen;
  CHECK_EQ(gs_chan_recv(arg, NULL), GS_ECANCELED);
  CHECK_EQ(gs_ctx_cause(gs_ctx_current()), GS_EPIPE);
  CHECK_EQ(gs_gen_yield(gen, &three), GS_EPIPE);
  note('c');
  return GS_OK;
}

TEST(releasing_a_generator_that_waits_for_something_else_cancels_that) {
  gs_gen *gen = make(waits_for_ever, NULL);
  int i = 5;
  CHECK_EQ(gs_gen_next_until(gen, &i, gs_deadline(10)), GS_ETIMEDOUT);
  CHECK_EQ(i, 5);
  gs_gen_release(gen);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "c");
}

static void ask(void *arg) {
  int i = 0;
  int result = gs_gen_next(arg, &i);
  note(result == 1 ? (char)('0' + i) : result == GS_EPIPE ? 'P' : 'E');
}

TEST(releasing_a_generator_ends_the_wait_of_others) {
  gs_gen *gen = make(waits_for_ever, NULL);
  CHECK(gs_go(ask, gen) > 0);
  CHECK(gs_go(ask, gen) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_gen_release(gen);
  harness_wait_for_others();
  CHECK_EQ(strlen(log_text), 3);
  CHECK(strchr(log_text, 'E') == NULL);
}

TEST(goroutines_that_ask_together_are_served_in_order) {
  gs_gen *gen = make(count, &three);
  for (int i = 0; i < 5; i++) CHECK(gs_go(ask, gen) > 0);
  harness_wait_for_others();
  char digits[8] = "";
  size_t length = 0;
  for (const char *c = log_text; *c != '\0'; c++) {
    if (strchr("123E", *c) != NULL) digits[length++] = *c;
  }
  digits[length] = '\0';
  CHECK_STR_EQ(digits, "123EE");
  gs_gen_release(gen);
}

static int slow(gs_gen *gen, void *arg) {
  (void)arg;
  for (int i = 1;; i++) {
    int error = gs_sleep(20);
    if (error == GS_OK) error = gs_gen_yield(gen, &i);
    if (error < 0) return error;
  }
}

TEST(an_element_that_comes_too_late_is_kept_for_who_asks_next) {
  gs_gen *gen = make(slow, NULL);
  int i = 0;
  CHECK_EQ(gs_gen_next_until(gen, &i, gs_deadline(10)), GS_ETIMEDOUT);
  CHECK_EQ(gs_sleep(100), GS_OK); /* it does not go on to the second */
  int64_t before_ns = gs_now();
  CHECK_EQ(gs_gen_next(gen, &i), 1);
  CHECK_EQ(i, 1);
  CHECK_EQ(gs_now(), before_ns);
  CHECK_EQ(gs_gen_next_until(gen, &i, gs_deadline(30)), 1);
  CHECK_EQ(i, 2);
  CHECK_EQ(gs_now(), before_ns + 20);
  gs_gen_release(gen);
}

static int fails(gs_gen *gen, void *arg) {
  int i = 1;
  CHECK_EQ(gs_gen_yield(gen, &i), GS_OK);
  return *(const int *)arg;
}

TEST(what_the_body_returns_is_told_again_and_again) {
  int error = GS_EIO;
  gs_gen *gen = make(fails, &error);
  int i = 0;
  CHECK_EQ(gs_gen_next(gen, &i), 1);
  CHECK_EQ(gs_gen_next(gen, &i), GS_EIO);
  CHECK_EQ(gs_gen_next_until(gen, &i, 0), GS_EIO);
  gs_gen_release(gen);
  int positive = 7;
  gen = make(fails, &positive);
  CHECK_EQ(gs_gen_next(gen, &i), 1);
  CHECK_EQ(gs_gen_next(gen, &i), 0);
  gs_gen_release(gen);
}

static int exits(gs_gen *gen, void *arg) {
  (void)arg;
  int i = 9;
  CHECK_EQ(gs_gen_yield(gen, &i), GS_OK);
  gs_exit();
}

TEST(a_body_that_exits_ends_the_generator) {
  gs_gen *gen = make(exits, NULL);
  int i = 0;
  CHECK_EQ(gs_gen_next(gen, &i), 1);
  CHECK_EQ(gs_gen_next(gen, &i), 0);
  gs_gen_release(gen);
}

TEST(a_consumers_context_ends_its_wait_and_the_generator_goes_on) {
  gs_gen *gen = make(slow, NULL);
  gs_ctx *ctx = NULL;
  CHECK_EQ(gs_ctx_new_timeout(&ctx, NULL, 10), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  int i = 0;
  CHECK_EQ(gs_gen_next(gen, &i), GS_ETIMEDOUT);
  gs_ctx_leave(outer);
  gs_ctx_release(ctx);
  CHECK_EQ(gs_gen_next(gen, &i), 1);
  CHECK_EQ(i, 1);
  gs_gen_release(gen);
}

TEST(the_context_a_generator_was_made_in_ends_it) {
  gs_ctx *ctx = NULL;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  gs_gen *gen = make(count, &three);
  gs_gen *unasked = make(count, &three);
  gs_ctx_leave(outer);
  int i = 0;
  CHECK_EQ(gs_gen_next(gen, &i), 1);
  CHECK_EQ(gs_ctx_cancel(ctx, GS_EIO), 1);
  CHECK_EQ(gs_gen_next(gen, &i), GS_ECANCELED);
  CHECK_EQ(gs_gen_next(unasked, &i), GS_ECANCELED);
  CHECK_STR_EQ(log_text, "b?");
  gs_gen_release(gen);
  gs_gen_release(unasked);
  gs_ctx_release(ctx);
}

static int leaves_its_context(gs_gen *gen, void *arg) {
  (void)arg;
  int i = 1;
  gs_ctx *outer = gs_ctx_enter(NULL);
  CHECK_EQ(gs_gen_yield(gen, &i), GS_OK);
  gs_ctx_leave(outer);
  CHECK_EQ(gs_gen_yield(gen, &i), GS_ECANCELED);
  gs_ctx_shield();
  CHECK_EQ(gs_gen_yield(gen, &i), GS_OK);
  gs_ctx_unshield();
  return GS_OK;
}

TEST(a_body_in_the_background_or_shielded_is_not_told_of_its_context) {
  gs_ctx *ctx = NULL;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  gs_gen *gen = make(leaves_its_context, NULL);
  gs_ctx_leave(outer);
  CHECK_EQ(gs_gen_next(gen, NULL), 1);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  CHECK_EQ(gs_gen_next(gen, NULL), 1);
  CHECK_EQ(gs_gen_next(gen, NULL), 1);
  CHECK_EQ(gs_gen_next(gen, NULL), 0);
  gs_gen_release(gen);
  gs_ctx_release(ctx);
}

static gs_gen *own;

static int misuses(gs_gen *gen, void *arg) {
  (void)arg;
  int i = 0;
  CHECK_EQ(gen, own);
  CHECK_EQ(gs_gen_next(gen, &i), GS_EDEADLK);
  CHECK_EQ(gs_gen_yield(gen, NULL), GS_EINVAL);
  CHECK_EQ(gs_gen_yield(NULL, &i), GS_EINVAL);
  return GS_OK;
}

TEST(generator_misuse_is_an_error) {
  int i = 0;
  CHECK_EQ(gs_gen_new(NULL, 4, count, NULL), GS_EINVAL);
  CHECK_EQ(gs_gen_new(&own, 0, count, NULL), GS_EINVAL);
  CHECK_EQ(gs_gen_new(&own, 4, NULL, NULL), GS_EINVAL);
  struct gs_go_options options = {.stack_bytes = 1};
  CHECK_EQ(gs_gen_new_with(&own, &options, 4, count, NULL), GS_EINVAL);
  CHECK_EQ(gs_gen_next(NULL, &i), GS_EINVAL);
  CHECK_EQ(gs_gen_next_until(NULL, &i, 0), GS_EINVAL);
  own = make(misuses, NULL);
  CHECK_EQ(gs_gen_yield(own, &i), GS_EPERM);
  CHECK_EQ(gs_gen_next(own, &i), 0);
  CHECK_EQ(gs_gen_yield(own, &i), GS_EPERM); /* it has ended */
  gs_gen_release(own);
}

HOST_TEST(a_generator_outside_a_goroutine_cannot_be_waited_for) {
  gs_gen *gen = make(count, &three);
  int i = 0;
  CHECK_EQ(gs_gen_next(gen, &i), GS_EPERM);
  CHECK_EQ(gs_gen_yield(gen, &i), GS_EPERM);
  gs_gen_release(gen);
  harness_run_all();
}

TEST(a_generator_without_memory) {
  for (uint32_t good = 0; good < 3; good++) {
    gs_gen *gen = NULL;
    struct gs_go_options options = {.stack_bytes = 4096 + 16 * good};
    alloc_fake_fail_after(good);
    int result = gs_gen_new_with(&gen, &options, 4, count, &three);
    if (alloc_fake_never_fail()) {
      CHECK_EQ(result, GS_OK); /* natively a stack is no malloc() */
      gs_gen_release(gen);
    } else {
      CHECK_EQ(result, GS_ENOMEM);
      CHECK(gen == NULL);
    }
  }
  harness_wait_for_others();
}

struct wide {
  char text[40];
};

static int yields_wide(gs_gen *gen, void *arg) {
  (void)arg;
  struct wide w = {"forty bytes"};
  return gs_gen_yield(gen, &w);
}

static int yields_bytes(gs_gen *gen, void *arg) {
  for (const char *c = arg; *c != '\0'; c++) {
    int error = gs_gen_yield(gen, c);
    if (error < 0) return error;
  }
  return GS_OK;
}

TEST(elements_of_any_size_are_copied_whole) {
  gs_gen *gen = NULL;
  CHECK_EQ(gs_gen_new(&gen, sizeof(struct wide), yields_wide, NULL), GS_OK);
  struct wide w;
  CHECK_EQ(gs_gen_next(gen, &w), 1);
  CHECK_STR_EQ(w.text, "forty bytes");
  gs_gen_release(gen);
  CHECK_EQ(gs_gen_new(&gen, 1, yields_bytes, "xyz"), GS_OK);
  char text[5] = "....";
  for (int i = 0; i < 3; i++) CHECK_EQ(gs_gen_next(gen, text + i), 1);
  CHECK_STR_EQ(text, "xyz.");
  gs_gen_release(gen);
}

/* ---- a tree, walked by generators of generators ---- */

struct tree {
  int value;
  const struct tree *left;
  const struct tree *right;
};

static int walk(gs_gen *gen, void *arg);

static int walk_below(gs_gen *gen, const struct tree *tree) {
  if (tree == NULL) return GS_OK;
  gs_gen *below = NULL;
  struct gs_go_options options = {.stack_bytes = 8192, .name = "walk"};
  CHECK_EQ(gs_gen_new_with(&below, &options, 4, walk, (void *)tree), GS_OK);
  int value = 0;
  int error = GS_OK;
  while (error == GS_OK && gs_gen_next(below, &value) > 0) {
    error = gs_gen_yield(gen, &value);
  }
  gs_gen_release(below);
  return error;
}

static int walk(gs_gen *gen, void *arg) {
  const struct tree *tree = arg;
  int error = walk_below(gen, tree->left);
  if (error == GS_OK) error = gs_gen_yield(gen, &tree->value);
  if (error == GS_OK) error = walk_below(gen, tree->right);
  return error;
}

TEST(generators_of_generators_walk_a_tree_and_end_together) {
  const struct tree one = {1, NULL, NULL};
  const struct tree three_ = {3, NULL, NULL};
  const struct tree two = {2, &one, &three_};
  const struct tree six = {6, NULL, NULL};
  const struct tree five = {5, NULL, &six};
  const struct tree four = {4, &two, &five};
  for (int taken = 0; taken <= 6; taken++) {
    gs_gen *gen = make(walk, (void *)&four);
    for (int i = 1; i <= taken; i++) {
      int value = 0;
      CHECK_EQ(gs_gen_next(gen, &value), 1);
      CHECK_EQ(value, i);
    }
    if (taken == 6) CHECK_EQ(gs_gen_next(gen, NULL), 0);
    gs_gen_release(gen);
    harness_wait_for_others();
  }
}

/* ---- every schedule ---- */

static struct {
  gs_gen *gen;
  int64_t deadline_ns;
  unsigned got; /* elements by their bit */
  int taken;
  int asked;
  int ends;
} run;

static void consume(void *arg) {
  (void)arg;
  int last = 0;
  for (int times = 0; times < 2; times++) {
    if (run.gen == NULL) return;
    int i = 0;
    run.asked++;
    int result = gs_gen_next_until(run.gen, &i, run.deadline_ns);
    run.asked--;
    if (result == 1) {
      CHECK(i > last && i <= three && (run.got & 1U << i) == 0);
      last = i;
      run.got |= 1U << i;
      run.taken++;
    } else {
      CHECK(result == 0 || result == GS_ETIMEDOUT || result == GS_EPIPE);
      run.ends++;
      if (result == GS_EPIPE) return; /* it may be freed */
    }
  }
}

static void pass_time(void *arg) {
  (void)arg;
  if (gs__sched.now_ns < 10) gs__sched.now_ns = 10;
  gs__timers_fire();
}

static int count_and_yield(gs_gen *gen, void *arg) {
  for (int i = 1; i <= *(const int *)arg; i++) {
    CHECK(run.asked > 0 || run.deadline_ns != GS_FOREVER || run.gen == NULL);
    gs_yield();
    if (gs_gen_yield(gen, &i) < 0) break;
  }
  return GS_OK;
}

static void release(void *arg) {
  (void)arg;
  gs_gen_release(run.gen);
  run.gen = NULL;
}

static void two_consumers(void *arg) {
  memset(&run, 0, sizeof run);
  run.deadline_ns = *(const int64_t *)arg;
  run.gen = make(count_and_yield, &three);
  CHECK(gs_go(consume, NULL) > 0);
  CHECK(gs_go(consume, NULL) > 0);
  if (run.deadline_ns != GS_FOREVER) CHECK(gs_go(pass_time, NULL) > 0);
  gs__sched_pump();
  if (run.deadline_ns == GS_FOREVER) {
    CHECK_EQ(run.taken, 3);
    CHECK_EQ(run.ends, 1);
  }
  CHECK_EQ(run.taken + run.ends, 4);
  CHECK_EQ(run.got, (2U << run.taken) - 2); /* none was lost */
  gs_gen_release(run.gen);
  harness_run_all();
}

static void released_meanwhile(void *arg) {
  memset(&run, 0, sizeof run);
  run.deadline_ns = *(const int64_t *)arg;
  run.gen = make(count_and_yield, &three);
  CHECK(gs_go(consume, NULL) > 0);
  CHECK(gs_go(release, NULL) > 0);
  harness_run_all();
}

HOST_TEST(generators_hold_under_every_schedule) {
  struct explored explored = {0, 0};
  int64_t forever = GS_FOREVER;
  int64_t soon = 10;
  explore(&explored, CAP, two_consumers, &forever);
  explore(&explored, CAP, two_consumers, &soon);
  explore(&explored, CAP, released_meanwhile, &forever);
  explore(&explored, CAP, released_meanwhile, &soon);
  printf("# %llu schedules\n", (unsigned long long)explored.schedules);
  CHECK_EQ(explored.capped, 0);
}

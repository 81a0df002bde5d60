/* Stacks: sizes, the default one's room, what survives a park, reuse, and what
 * an overflow says. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <string.h>

#include "../../src/sched/sched.h"
#include "alloc_fake.h"
#include "harness.h"

static int ran;

/* Little enough for the smallest stack. */
static void count_run(void *arg) {
  (void)arg;
  ran++;
  gs_yield();
  ran++;
}

TEST(stacks_of_all_sizes_run) {
  static const size_t sizes[] = {0,     GS_STACK_MIN, 257,     512,
                                 1000,  4096,         10000,   16384,
                                 65536, 1 << 17,      1 << 20, 1 << 24};
  const int count = sizeof sizes / sizeof *sizes;
  for (int i = 0; i < count; i++) {
    struct gs_go_options options = {.stack_bytes = sizes[i]};
    CHECK(gs_go_with(&options, count_run, NULL) > 0);
  }
  harness_wait_for_others();
  CHECK_EQ(ran, 2 * count);
}

TEST(stack_sizes_out_of_range_are_refused) {
  static const size_t sizes[] = {1, GS_STACK_MIN - 1, GS_STACK_MAX + 1,
                                 SIZE_MAX, SIZE_MAX - 15};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct gs_go_options options = {.stack_bytes = sizes[i]};
    CHECK_EQ(gs_go_with(&options, count_run, NULL), GS_EINVAL);
  }
  CHECK_EQ(gs_count(), 1);
}

TEST(the_largest_stack_runs_or_there_is_no_memory) {
  struct gs_go_options options = {.stack_bytes = GS_STACK_MAX};
  gs_id id = gs_go_with(&options, count_run, NULL);
  CHECK(id > 0 || id == GS_ENOMEM);
  harness_wait_for_others();
  CHECK_EQ(ran, id > 0 ? 2 : 0);
}

/* ---- the default stack's room ---- */

static char printed[5][64];

__attribute__((noinline)) static int print_deep(int depth, long double x) {
  volatile int here[32];
  here[0] = depth;
  int length = depth == 1 ? snprintf(printed[here[0]], sizeof printed[0],
                                     "%.10Lf %d", x, depth)
                          : print_deep(depth - 1, x) + here[0] - depth;
  CHECK_EQ(gs_yield(), GS_OK);
  return length + here[0] - depth;
}

static void print_it(void *arg) {
  CHECK_EQ(print_deep(5, *(const long double *)arg), 14);
}

TEST(the_default_stack_has_room_for_printf_five_calls_deep) {
  long double x = 3.14159265358979L;
  for (int i = 0; i < 3; i++) CHECK(gs_go(print_it, &x) > 0);
  harness_wait_for_others();
  CHECK_STR_EQ(printed[1], "3.1415926536 1");
}

/* ---- what survives a park ---- */

struct values {
  int i;
  int64_t l;
  double d;
  float f;
  char text[16];
};

__attribute__((noinline)) static struct values dig(int depth, int seed) {
  struct values v = {seed + depth, (int64_t)seed * (1 << (depth % 20)),
                     seed * 1.5 + depth, (float)seed / 4.0F, ""};
  snprintf(v.text, sizeof v.text, "%d/%d", seed, depth);
  int local = depth * 7;
  if (depth > 0) {
    struct values below = dig(depth - 1, seed);
    CHECK_EQ(below.i, v.i - 1);
    CHECK_EQ(below.d, v.d - 1);
  }
  CHECK_EQ(depth % 3 == 0 ? gs_sleep(1000) : gs_yield(), GS_OK);
  char text[16];
  snprintf(text, sizeof text, "%d/%d", seed, depth);
  CHECK_STR_EQ(v.text, text);
  CHECK_EQ(local, depth * 7);
  CHECK_EQ(v.l, (int64_t)seed * (1 << (depth % 20)));
  CHECK_EQ(v.f, (float)seed / 4.0F);
  return v;
}

static int diggers_done;

static void digger(void *arg) {
  int seed = *(const int *)arg;
  struct values v = dig(30, seed);
  CHECK_EQ(v.i, seed + 30);
  diggers_done++;
}

TEST(locals_of_every_frame_survive_parks) {
  static const int seeds[] = {1, -2, 3, 1000000, -5};
  for (int i = 0; i < 5; i++) gs_go(digger, (void *)&seeds[i]);
  harness_wait_for_others();
  CHECK_EQ(diggers_done, 5);
}

/* ---- reuse ---- */

TEST(an_ended_goroutines_block_is_used_again) {
  gs_go(count_run, NULL);
  harness_wait_for_others();
  size_t live = alloc_fake_live();
  alloc_fake_fail_after(0);
  for (int i = 0; i < 100; i++) {
    CHECK(gs_go(count_run, NULL) > 0);
    harness_wait_for_others();
  }
  CHECK(alloc_fake_never_fail());
  CHECK_EQ(alloc_fake_live(), live);
}

TEST(more_sizes_than_pools_are_freed_not_lost) {
  for (size_t i = 0; i < 40; i++) {
    struct gs_go_options options = {.stack_bytes = 1024 + (i % 20) * 64};
    CHECK(gs_go_with(&options, count_run, NULL) > 0);
    harness_wait_for_others();
  }
  CHECK_EQ(ran, 80);
}

TEST(the_pool_does_not_grow_without_bound) {
  for (int i = 0; i < 40; i++) {
    struct gs_go_options options = {.stack_bytes = 1 << 20};
    CHECK(gs_go_with(&options, count_run, NULL) > 0);
  }
  harness_wait_for_others();
  CHECK(gs__sched.pooled_bytes <= (size_t)16 << 20);
}

TEST(thousands_are_parked_at_once) {
  for (int i = 0; i < 3000; i++) {
    struct gs_go_options options = {.stack_bytes = 512};
    CHECK(gs_go_with(&options, count_run, NULL) > 0);
  }
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_count(), 3001);
  harness_wait_for_others();
  CHECK_EQ(ran, 6000);
}

/* ---- overflow ---- */

/* Any overflow breaks the canary first; natively a guard page ends most. */
static void break_canary(void *arg) {
  (void)arg;
  char *base = gs__sched.current->coro.stack_base;
  ((volatile uint64_t *)(void *)base)[-1] = 0;
  gs_yield();
}

DEATH_TEST(a_broken_canary_is_an_overflow_that_names_the_goroutine,
           "fatal: stack overflow in goroutine 2 (worker): its stack of 4096 "
           "bytes is too small") {
  struct gs_go_options options = {.stack_bytes = 4096, .name = "worker"};
  gs_go_with(&options, break_canary, NULL);
  gs_yield();
}

#ifdef __wasm__
#define OVERFLOW_IN "fatal: stack overflow in goroutine 2 (deep): its stack of "

__attribute__((noinline)) static int recurse(int depth, bool parks) {
  volatile int here[32];
  for (int i = 0; i < 32; i++) here[i] = depth;
  if (depth == 0) return parks ? gs_yield() : 0;
  return recurse(depth - 1, parks) + here[depth % 32] - depth;
}

static void too_deep(void *arg) { recurse(100, *(const bool *)arg); }

static void go_deep(bool parks) {
  struct gs_go_options options = {.stack_bytes = 2048, .name = "deep"};
  gs_go_with(&options, too_deep, &parks);
  gs_yield();
}

DEATH_TEST(a_recursion_that_is_too_deep_is_an_overflow, OVERFLOW_IN,
           "2048 bytes is too small") {
  go_deep(true);
}

DEATH_TEST(a_recursion_that_never_parks_is_an_overflow_too, OVERFLOW_IN) {
  go_deep(false);
}

static void go_small(size_t stack_bytes, gs_func *fn) {
  struct gs_go_options options = {.stack_bytes = stack_bytes, .name = "deep"};
  CHECK(gs_go_with(&options, fn, NULL) > 0);
  gs_yield();
}

/* Its buffers leap over whatever lies below the stack, and are not filled. */
static void print_double(void *arg) {
  (void)arg;
  char text[32];
  snprintf(text, sizeof text, "%f", 0.5);
}

DEATH_TEST(a_printf_that_leaps_over_the_canary_is_an_overflow, OVERFLOW_IN,
           "400 bytes is too small") {
  go_small(400, print_double);
}

static volatile size_t alloca_bytes = 5000;

static void call_alloca(void *arg) {
  (void)arg;
  volatile char *bytes = __builtin_alloca(alloca_bytes);
  bytes[0] = 1;
}

DEATH_TEST(an_alloca_that_leaps_over_the_canary_is_an_overflow, OVERFLOW_IN,
           "4096 bytes is too small") {
  go_small(4096, call_alloca);
}

static void call_dump(void *arg) {
  (void)arg;
  gs_dump();
}

DEATH_TEST(an_overflow_in_the_runtimes_own_function_is_one, OVERFLOW_IN,
           "256 bytes is too small") {
  go_small(256, call_dump);
}

/* A function without calls leaves the stack pointer where it is. */
__attribute__((noinline)) static int without_calls(int at) {
  volatile char here[112];
  here[at % 112] = 1;
  return here[(at + 1) % 112];
}

__attribute__((noinline)) static int down(int depth) {
  volatile int here[4] = {depth};
  if (gs__stack_pointer() - gs__sched.current->coro.stack_base < 64) {
    return without_calls(depth);
  }
  return down(depth + 1) + here[0];
}

static void go_down(void *arg) {
  (void)arg;
  down(0);
}

DEATH_TEST(an_overflow_below_the_stack_pointer_is_one, OVERFLOW_IN) {
  go_small(1024, go_down);
}

/* Little C stack, but the saved frames of all the calls have no room. */
static int (*volatile again)(int a, int b);

static int frames_only(int a, int b) {
  if (a == 0) return gs_yield() + b;
  return again(a - 1, b + 1) + a * b;
}

static void many_frames(void *arg) { frames_only(*(const int *)arg, 1); }

static void go_with_frames(int count) {
  again = frames_only;
  struct gs_go_options options = {.stack_bytes = 512, .name = "deep"};
  gs_go_with(&options, many_frames, &count);
  gs_yield();
}

DEATH_TEST(frames_that_have_no_room_are_an_overflow, OVERFLOW_IN) {
  go_with_frames(60);
}

/* They reach far beyond the goroutine's own block. */
DEATH_TEST(very_many_frames_without_room_are_an_overflow, OVERFLOW_IN) {
  go_with_frames(300);
}
#endif

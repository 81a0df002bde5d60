/* Tests that must fail because the sanitizers see what they do: see
 * test-meta.c. Natively only. */
#include <gossamer/arena.h>
#include <stdlib.h>

#include "../harness.h"

static void *volatile kept;

/* Not free() by name: compilers see through that. */
static void (*volatile release)(void *) = free;

/* EXPECT: heap-use-after-free */
TEST(use_after_free) {
  volatile char *block = malloc(10);
  kept = (void *)block;
  release(kept);
  block[5] = 1;
}

__attribute__((noinline)) static int sum(const volatile int *values,
                                         int count) {
  int total = 0;
  for (int i = 0; i < count; i++) total += values[i];
  return total;
}

/* EXPECT: stack-buffer-overflow */
TEST(stack_overrun_in_a_goroutine) {
  volatile int values[4] = {1, 2, 3, 4};
  CHECK_EQ(sum(values, 5), 10);
}

/* EXPECT: signed integer overflow */
TEST(undefined_behaviour) {
  volatile int big = INT32_MAX;
  volatile int bigger = big + 1;
  CHECK(bigger != 0);
}

/* EXPECT: LeakSanitizer */
TEST(leak_of_a_block_that_is_not_counted) {
  kept = aligned_alloc(64, 64);
  kept = NULL;
}

/* EXPECT: use-after-poison */
TEST(overrun_of_an_arena_piece) {
  gs_arena arena = {0};
  volatile char *piece = gs_arena_alloc(&arena, 32);
  gs_arena_alloc(&arena, 32);
  piece[32] = 1;
}

/* EXPECT: use-after-poison */
TEST(use_of_an_arena_piece_after_a_rewind) {
  gs_arena arena = {0};
  gs_arena_mark mark = gs_arena_mark_now(&arena);
  volatile char *piece = gs_arena_alloc(&arena, 32);
  gs_arena_rewind(&arena, mark);
  piece[5] = 1;
}

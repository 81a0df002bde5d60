/* Tests that must fail because the sanitizers see what they do: see
 * test-meta.c. Natively only. */
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

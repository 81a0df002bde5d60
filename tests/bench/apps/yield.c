/* yield: two goroutines yield to each other. At depth 0 the goroutine's entry
 * function yields itself, at depth n it does so through n calls. */
#include "bench.h"

static struct {
  uint32_t depth;
  int32_t yields; /* of each goroutine */
  int64_t total;
} run;

static void yielder(void *arg) {
  (void)arg;
  for (int32_t i = 0; i < run.yields; i++) {
    run.total++;
    gs_yield();
  }
  bench_done();
}

/* What descend() must return when no call was folded away. */
static uint32_t path(uint32_t depth) {
  uint32_t result = 1;
  for (uint32_t i = 1; i <= depth; i++) result = (result << 1) ^ i;
  return result;
}

static __attribute__((noinline)) uint32_t descend(uint32_t depth) {
  if (depth == 0) {
    for (int32_t i = 0; i < run.yields; i++) {
      run.total++;
      gs_yield();
    }
    return 1;
  }
  uint32_t below = descend(depth - 1);
  __asm__ volatile("" ::: "memory"); /* the call above is no tail call */
  return (below << 1) ^ depth;
}

static void deep_yielder(void *arg) {
  (void)arg;
  EXPECT(descend(run.depth - 1) == path(run.depth - 1));
  bench_done();
}

static void yield_at(uint32_t depth, int32_t count) {
  gs_func *entry = depth == 0 ? yielder : deep_yielder;
  run.depth = depth;
  run.yields = count / 2;
  run.total = 0;
  bench_go(entry, NULL);
  bench_go(entry, NULL);
  bench_wait(2);
  EXPECT(run.total == count);
}

static void yield_at_0(int32_t count) { yield_at(0, count); }
static void yield_at_5(int32_t count) { yield_at(5, count); }
static void yield_at_20(int32_t count) { yield_at(20, count); }

void bench_yield(void) {
  bench_measure("depth-0", yield_at_0);
  bench_measure("depth-5", yield_at_5);
  bench_measure("depth-20", yield_at_20);
}

/* spawn: starts a batch of goroutines that end at once, yields until they have
 * ended, and again; so few exist at a time. */
#include "bench.h"

#define BATCH 64

static int32_t spawned;

static void spawnee(void *arg) {
  (void)arg;
  spawned++;
}

static void spawner(void *arg) {
  int32_t count = *(int32_t *)arg;
  for (int32_t target = BATCH; target <= count; target += BATCH) {
    for (int i = 0; i < BATCH; i++) {
      if (gs_go(spawnee, NULL) < 0) return;
    }
    while (spawned < target) gs_yield();
  }
  bench_done();
}

static void spawn(int32_t count) {
  spawned = 0;
  bench_go(spawner, &count);
  bench_wait(1);
  EXPECT(spawned == count);
}

void bench_spawn(void) { bench_measure("spawn-exit", spawn); }

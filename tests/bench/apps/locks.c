/* mutex: locked and unlocked by one goroutine alone; and by two in turn, each
 * of which yields while it has the mutex, so that the other waits for it and is
 * handed it. waitgroup: 1000 goroutines that are done at once, and one that
 * waits for them. */
#include "bench.h"

#define GROUP 1000

static struct {
  gs_mutex mutex;
  gs_waitgroup group;
  int32_t count;
  int32_t total;
  int32_t handovers;
  gs_id last;
} run;

static void lone_locker(void *arg) {
  (void)arg;
  for (int32_t i = 0; i < run.count; i++) {
    gs_mutex_lock(&run.mutex);
    run.total++;
    gs_mutex_unlock(&run.mutex);
  }
  bench_done();
}

static void lock_alone(int32_t count) {
  run.count = count;
  run.total = 0;
  bench_go(lone_locker, NULL);
  bench_wait(1);
  EXPECT(run.total == count && gs_mutex_try_lock(&run.mutex) == 0);
  gs_mutex_unlock(&run.mutex);
}

static void rival(void *arg) {
  (void)arg;
  gs_id self = gs_self();
  for (int32_t i = 0; i < run.count / 2; i++) {
    gs_mutex_lock(&run.mutex);
    run.total++;
    run.handovers += run.last != self;
    run.last = self;
    gs_yield();
    gs_mutex_unlock(&run.mutex);
  }
  bench_done();
}

static void lock_in_turn(int32_t count) {
  run.count = count;
  run.total = 0;
  run.handovers = 0;
  run.last = 0;
  bench_go(rival, NULL);
  bench_go(rival, NULL);
  bench_wait(2);
  EXPECT(run.total == count && run.handovers == count);
}

void bench_mutex(void) {
  bench_measure("alone", lock_alone);
  bench_measure("handed-over", lock_in_turn);
}

static void member(void *arg) {
  (void)arg;
  run.total++;
  gs_waitgroup_done(&run.group);
}

static void starter(void *arg) {
  (void)arg;
  for (int32_t left = run.count; left > 0; left -= GROUP) {
    int32_t members = left < GROUP ? left : GROUP;
    EXPECT(gs_waitgroup_add(&run.group, members) == 0);
    for (int32_t i = 0; i < members; i++) {
      if (gs_go(member, NULL) < 0) return;
    }
    EXPECT(gs_waitgroup_wait(&run.group) == 0);
  }
  bench_done();
}

static void waitgroup(int32_t count) {
  run.count = count;
  run.total = 0;
  bench_go(starter, NULL);
  bench_wait(1);
  EXPECT(run.total == count);
}

void bench_waitgroup(void) { bench_measure("member", waitgroup); }

/* timer: one timer started and stopped again while 100 000 others are pending.
 * Their deadlines lie in a span of 100 s an hour away, and so do, all over it,
 * those that it is started with. */
#include "bench.h"

#define PENDING 100000
#define STRIDE 7919 /* prime: each deadline of the span has its turn */
#define FIRST_NS (3600 * GS_SECOND)

static struct {
  gs_timer *pending[PENDING];
  gs_timer *timer;
  int32_t fired;
} run;

static void fire(void *arg) {
  (void)arg;
  run.fired++;
}

static int64_t delay_ns(int32_t slot) {
  return FIRST_NS + slot * GS_MILLISECOND;
}

static void start_stop(int32_t count) {
  int32_t slot = 0;
  int32_t stopped = 0;
  int32_t pending = 0;
  for (int32_t i = 0; i < count; i++) {
    slot = (slot + STRIDE) % PENDING;
    pending += gs_timer_reset(run.timer, delay_ns(slot), 0);
    stopped += gs_timer_stop(run.timer);
  }
  EXPECT(stopped == count && pending == 0);
}

void bench_timer(void) {
  int32_t slot = 0;
  for (int32_t i = 0; i < PENDING; i++) {
    slot = (slot + STRIDE) % PENDING;
    EXPECT(gs_timer_func(&run.pending[i], delay_ns(slot), 0, fire, NULL) == 0);
  }
  EXPECT(gs_timer_func(&run.timer, FIRST_NS, 0, fire, NULL) == 0);
  EXPECT(gs_timer_stop(run.timer) == 1);
  bench_measure("start-stop", start_stop);
  for (int32_t i = 0; i < PENDING; i++) {
    EXPECT(gs_timer_stop(run.pending[i]) == 1);
    gs_timer_release(run.pending[i]);
  }
  gs_timer_release(run.timer);
  EXPECT(run.fired == 0);
}

/* cancel: 100 000 goroutines wait to receive in one context, which is then
 * canceled: the time from there until all of them have ended. */
#include "bench.h"

#define WAITERS 100000
#define STACK_BYTES 1024

static struct {
  int_chan gate;
  int32_t waiting;
  int32_t canceled;
  int32_t ended;
} run;

static void waiter(void *arg) {
  (void)arg;
  int32_t value;
  run.waiting++;
  run.canceled += gs_recv(run.gate, &value) == GS_ECANCELED;
  run.ended++;
}

static int64_t cancel_ns(void) {
  struct gs_go_options options = {.stack_bytes = STACK_BYTES, .name = "waiter"};
  gs_ctx *ctx = NULL;
  run.waiting = 0;
  run.canceled = 0;
  run.ended = 0;
  EXPECT(gs_ctx_new(&ctx, NULL) == 0);
  gs_ctx *outer = gs_ctx_enter(ctx);
  for (int32_t i = 0; i < WAITERS; i++) {
    EXPECT(gs_go_with(&options, waiter, NULL) > 0);
  }
  gs_ctx_leave(outer);
  while (run.waiting < WAITERS) gs_yield();
  int64_t begin_ns = gs_now();
  EXPECT(gs_ctx_cancel(ctx, 0) == 1);
  while (run.ended < WAITERS) gs_yield();
  int64_t ns = gs_now() - begin_ns;
  EXPECT(run.canceled == WAITERS);
  gs_ctx_release(ctx);
  return ns;
}

void bench_cancel(void) {
  int64_t warm_ns = 0;
  int64_t total_ns = 0;
  int32_t rounds = 0;
  run.gate = bench_chan(0);
  while (warm_ns < BENCH_WARM_UP_NS) warm_ns += cancel_ns();
  for (; total_ns < BENCH_MEASURE_NS; rounds++) total_ns += cancel_ns();
  gs_release(run.gate);
  bench_print("waiter", (double)total_ns / rounds / WAITERS, "ns");
}

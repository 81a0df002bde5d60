/* select: one goroutine receives by select from four unbuffered channels, each
 * of which has a producer. */
#include "bench.h"

#define WAYS 4

static struct {
  int_chan chans[WAYS];
  int32_t count;
} run;

static void producer(void *arg) {
  int_chan *out = arg;
  int32_t each = run.count / WAYS;
  for (int32_t i = 0; i < each; i++) gs_send(*out, i);
  bench_done();
}

static void consumer(void *arg) {
  (void)arg;
  int32_t value = 0;
  int32_t counts[WAYS] = {0};
  int64_t sum = 0;
  struct gs_case cases[WAYS];
  for (int i = 0; i < WAYS; i++) {
    cases[i] = gs_recv_case(run.chans[i], &value);
  }
  for (int32_t i = 0; i < run.count; i++) {
    counts[gs_select(cases, WAYS)]++;
    sum += value;
  }
  int64_t each = run.count / WAYS;
  for (int i = 0; i < WAYS; i++) EXPECT(counts[i] == each);
  EXPECT(sum == WAYS * (each * (each - 1) / 2));
  bench_done();
}

static void select_four(int32_t count) {
  run.count = count;
  for (int i = 0; i < WAYS; i++) {
    run.chans[i] = bench_chan(0);
    bench_go(producer, &run.chans[i]);
  }
  bench_go(consumer, NULL);
  bench_wait(WAYS + 1);
  for (int i = 0; i < WAYS; i++) gs_release(run.chans[i]);
}

void bench_select(void) { bench_measure("receive", select_four); }

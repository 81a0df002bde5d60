/* select: one goroutine receives by select from 2, 4, 8 or 64 unbuffered
 * channels, each of which has a producer. */
#include "bench.h"

#define WAYS_MAX 64

static struct {
  int_chan chans[WAYS_MAX];
  int32_t ways;
  int32_t count;
} run;

static void producer(void *arg) {
  int_chan *out = arg;
  int32_t each = run.count / run.ways;
  for (int32_t i = 0; i < each; i++) gs_send(*out, i);
  bench_done();
}

static void consumer(void *arg) {
  (void)arg;
  int32_t value = 0;
  int32_t counts[WAYS_MAX] = {0};
  int64_t sum = 0;
  int32_t ways = run.ways;
  struct gs_case cases[WAYS_MAX];
  for (int32_t i = 0; i < ways; i++) {
    cases[i] = gs_recv_case(run.chans[i], &value);
  }
  for (int32_t i = 0; i < run.count; i++) {
    counts[gs_select(cases, (size_t)ways)]++;
    sum += value;
  }
  int64_t each = run.count / ways;
  for (int32_t i = 0; i < ways; i++) EXPECT(counts[i] == each);
  EXPECT(sum == ways * (each * (each - 1) / 2));
  bench_done();
}

static void select_of(int32_t ways, int32_t count) {
  run.ways = ways;
  run.count = count;
  for (int32_t i = 0; i < ways; i++) {
    run.chans[i] = bench_chan(0);
    bench_go(producer, &run.chans[i]);
  }
  bench_go(consumer, NULL);
  bench_wait(ways + 1);
  for (int32_t i = 0; i < ways; i++) gs_release(run.chans[i]);
}

static void select_2(int32_t count) { select_of(2, count); }
static void select_4(int32_t count) { select_of(4, count); }
static void select_8(int32_t count) { select_of(8, count); }
static void select_64(int32_t count) { select_of(64, count); }

void bench_select(void) {
  bench_measure("receive-2", select_2);
  bench_measure("receive-4", select_4);
  bench_measure("receive-8", select_8);
  bench_measure("receive-64", select_64);
}

/* pingpong: one round trip is two handovers, there and back, over one
 * unbuffered channel each way. buffered: one producer and one consumer on a
 * channel of capacity 128, of elements of 4 and of 8 bytes. */
#include "bench.h"

#define CAPACITY 128

GS_CHAN_TYPE(wide_chan, int64_t);

static struct {
  int_chan there;
  int_chan back;
  wide_chan wide;
  int32_t count;
} run;

static void pinger(void *arg) {
  (void)arg;
  int32_t answer;
  for (int32_t i = 0; i < run.count; i++) {
    gs_send(run.there, i);
    gs_recv(run.back, &answer);
    EXPECT(answer == i + 1);
  }
  gs_close(run.there);
  bench_done();
}

static void ponger(void *arg) {
  (void)arg;
  int32_t value;
  while (gs_recv(run.there, &value) > 0) gs_send(run.back, value + 1);
  bench_done();
}

static void pingpong(int32_t count) {
  run.there = bench_chan(0);
  run.back = bench_chan(0);
  run.count = count;
  bench_go(pinger, NULL);
  bench_go(ponger, NULL);
  bench_wait(2);
  gs_release(run.there);
  gs_release(run.back);
}

void bench_pingpong(void) { bench_measure("round-trip", pingpong); }

static void producer(void *arg) {
  (void)arg;
  for (int32_t i = 0; i < run.count; i++) gs_send(run.there, i);
  gs_close(run.there);
  bench_done();
}

static void consumer(void *arg) {
  (void)arg;
  int32_t value;
  int64_t sum = 0;
  while (gs_recv(run.there, &value) > 0) sum += value;
  EXPECT(sum == (int64_t)run.count * (run.count - 1) / 2);
  bench_done();
}

static void buffered(int32_t count) {
  run.there = bench_chan(CAPACITY);
  run.count = count;
  bench_go(producer, NULL);
  bench_go(consumer, NULL);
  bench_wait(2);
  gs_release(run.there);
}

void bench_buffered(void) { bench_measure("send-receive", buffered); }

static void wide_producer(void *arg) {
  (void)arg;
  for (int64_t i = 0; i < run.count; i++) gs_send(run.wide, i);
  gs_close(run.wide);
  bench_done();
}

static void wide_consumer(void *arg) {
  (void)arg;
  int64_t value;
  int64_t sum = 0;
  while (gs_recv(run.wide, &value) > 0) sum += value;
  EXPECT(sum == (int64_t)run.count * (run.count - 1) / 2);
  bench_done();
}

static void wide(int32_t count) {
  EXPECT(gs_make(&run.wide, CAPACITY) == 0);
  run.count = count;
  bench_go(wide_producer, NULL);
  bench_go(wide_consumer, NULL);
  bench_wait(2);
  gs_release(run.wide);
}

void bench_buffered_wide(void) { bench_measure("send-receive-wide", wide); }

/* gen: one element of a generator, asked for and yielded, beside one element
 * through an unbuffered channel. arena: 32 bytes from an arena and from
 * malloc(), in batches of 64 that are freed together. */
#include <stdlib.h>

#include "bench.h"

#define BATCH 64
#define PIECE_BYTES 32

static struct {
  int_chan chan;
  int32_t count;
} run;

static int counting(gs_gen *gen, void *arg) {
  int32_t count = *(const int32_t *)arg;
  for (int32_t i = 0; i < count; i++) {
    int error = gs_gen_yield(gen, &i);
    if (error < 0) return error;
  }
  return 0;
}

static void consumer(void *arg) {
  gs_gen *gen = arg;
  int32_t value = 0;
  int64_t sum = 0;
  while (gs_gen_next(gen, &value) > 0) sum += value;
  EXPECT(sum == (int64_t)run.count * (run.count - 1) / 2);
  bench_done();
}

static void generate(int32_t count) {
  gs_gen *gen = NULL;
  run.count = count;
  EXPECT(gs_gen_new(&gen, sizeof(int32_t), counting, &count) == 0);
  bench_go(consumer, gen);
  bench_wait(1);
  gs_gen_release(gen);
}

static void sender(void *arg) {
  (void)arg;
  for (int32_t i = 0; i < run.count; i++) gs_send(run.chan, i);
  gs_close(run.chan);
  bench_done();
}

static void receiver(void *arg) {
  (void)arg;
  int32_t value = 0;
  int64_t sum = 0;
  while (gs_recv(run.chan, &value) > 0) sum += value;
  EXPECT(sum == (int64_t)run.count * (run.count - 1) / 2);
  bench_done();
}

static void receive(int32_t count) {
  run.chan = bench_chan(0);
  run.count = count;
  bench_go(sender, NULL);
  bench_go(receiver, NULL);
  bench_wait(2);
  gs_release(run.chan);
}

void bench_gen(void) {
  bench_measure("next-yield", generate);
  bench_measure("unbuffered", receive);
}

static void use(void *piece, int32_t value) {
  EXPECT(piece != NULL);
  *(volatile int32_t *)piece = value;
}

static void from_arena(int32_t count) {
  static gs_arena arena;
  for (int32_t done = 0; done < count; done += BATCH) {
    gs_arena_mark mark = gs_arena_mark_now(&arena);
    for (int32_t i = 0; i < BATCH; i++) {
      use(gs_arena_alloc(&arena, PIECE_BYTES), i);
    }
    gs_arena_rewind(&arena, mark);
  }
}

static void from_malloc(int32_t count) {
  void *pieces[BATCH];
  for (int32_t done = 0; done < count; done += BATCH) {
    for (int32_t i = 0; i < BATCH; i++) {
      pieces[i] = malloc(PIECE_BYTES);
      use(pieces[i], i);
    }
    for (int32_t i = 0; i < BATCH; i++) free(pieces[i]);
  }
}

void bench_arena(void) {
  bench_measure("arena", from_arena);
  bench_measure("malloc", from_malloc);
}

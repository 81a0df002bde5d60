/* The workloads of tests/bench/apps on Emscripten's fibers. */
#include <emscripten/emscripten.h>
#include <string.h>

#include "fibers.h"

#define MEASURE_MS 150.0
#define WARM_UP_MS 100.0
#define EXPECT(condition) \
  ((condition) ? (void)0 : g_fail("fibers: wrong: " #condition))

static struct chan *done;

static void finish(void) { chan_send(done, 1); }

static void wait_for(int count) {
  int32_t one;
  for (int i = 0; i < count; i++) chan_recv(done, &one);
}

static void print(const char *name, double value, const char *unit) {
  printf("%s %.4f %s\n", name, value, unit);
}

/* Doubles the count until a run of body(count) is long enough to count. */
static void measure(const char *name, void (*body)(int32_t count),
                    int32_t start, double scale, const char *unit) {
  double warm_ms = 0;
  for (int32_t count = start;; count = count < 1 << 29 ? count * 2 : count) {
    double begin_ms = emscripten_get_now();
    body(count);
    double ms = emscripten_get_now() - begin_ms;
    if (ms >= MEASURE_MS && warm_ms >= WARM_UP_MS) {
      print(name, ms * scale / count, unit);
      return;
    }
    warm_ms += ms;
  }
}

static void measure_ns(const char *name, void (*body)(int32_t count)) {
  measure(name, body, 1024, 1e6, "ns");
}

/* ---- yield ---- */

static struct {
  uint32_t depth;
  int32_t yields;
  int64_t total;
} yielding;

static void yielder(void *arg) {
  (void)arg;
  for (int32_t i = 0; i < yielding.yields; i++) {
    yielding.total++;
    g_yield();
  }
  finish();
  g_exit();
}

static uint32_t path(uint32_t depth) {
  uint32_t result = 1;
  for (uint32_t i = 1; i <= depth; i++) result = (result << 1) ^ i;
  return result;
}

static __attribute__((noinline)) uint32_t descend(uint32_t depth) {
  if (depth == 0) {
    for (int32_t i = 0; i < yielding.yields; i++) {
      yielding.total++;
      g_yield();
    }
    return 1;
  }
  uint32_t below = descend(depth - 1);
  __asm__ volatile("" ::: "memory");
  return (below << 1) ^ depth;
}

static void deep_yielder(void *arg) {
  (void)arg;
  EXPECT(descend(yielding.depth - 1) == path(yielding.depth - 1));
  finish();
  g_exit();
}

static void yield_at(uint32_t depth, int32_t count) {
  em_arg_callback_func entry = depth == 0 ? yielder : deep_yielder;
  yielding.depth = depth;
  yielding.yields = count / 2;
  yielding.total = 0;
  g_go(entry, NULL);
  g_go(entry, NULL);
  wait_for(2);
  EXPECT(yielding.total == count);
}

static void yield_at_0(int32_t count) { yield_at(0, count); }
static void yield_at_5(int32_t count) { yield_at(5, count); }
static void yield_at_20(int32_t count) { yield_at(20, count); }

static void run_yield(void) {
  measure_ns("depth-0", yield_at_0);
  measure_ns("depth-5", yield_at_5);
  measure_ns("depth-20", yield_at_20);
}

/* ---- pingpong, buffered ---- */

static struct {
  struct chan *there;
  struct chan *back;
  int32_t count;
} pair;

static void pinger(void *arg) {
  (void)arg;
  int32_t answer;
  for (int32_t i = 0; i < pair.count; i++) {
    chan_send(pair.there, i);
    chan_recv(pair.back, &answer);
    EXPECT(answer == i + 1);
  }
  chan_close(pair.there);
  finish();
  g_exit();
}

static void ponger(void *arg) {
  (void)arg;
  int32_t value;
  while (chan_recv(pair.there, &value)) chan_send(pair.back, value + 1);
  finish();
  g_exit();
}

static void pingpong(int32_t count) {
  pair.there = chan_new(0);
  pair.back = chan_new(0);
  pair.count = count;
  g_go(pinger, NULL);
  g_go(ponger, NULL);
  wait_for(2);
  free(pair.there);
  free(pair.back);
}

static void producer(void *arg) {
  (void)arg;
  for (int32_t i = 0; i < pair.count; i++) chan_send(pair.there, i);
  chan_close(pair.there);
  finish();
  g_exit();
}

static void consumer(void *arg) {
  (void)arg;
  int32_t value;
  int64_t sum = 0;
  while (chan_recv(pair.there, &value)) sum += value;
  EXPECT(sum == (int64_t)pair.count * (pair.count - 1) / 2);
  finish();
  g_exit();
}

static void buffered(int32_t count) {
  pair.there = chan_new(128);
  pair.count = count;
  g_go(producer, NULL);
  g_go(consumer, NULL);
  wait_for(2);
  free(pair.there);
}

/* ---- spawn ---- */

#define BATCH 64
static int32_t spawned;

static void spawnee(void *arg) {
  (void)arg;
  spawned++;
  g_exit();
}

static void spawner(void *arg) {
  int32_t count = *(int32_t *)arg;
  for (int32_t target = BATCH; target <= count; target += BATCH) {
    for (int i = 0; i < BATCH; i++) g_go(spawnee, NULL);
    while (spawned < target) g_yield();
  }
  finish();
  g_exit();
}

static void spawn(int32_t count) {
  spawned = 0;
  g_go(spawner, &count);
  wait_for(1);
  EXPECT(spawned == count);
}

/* ---- select ---- */

static struct {
  struct chan *chans[CHAN_SELECT_MAX];
  int32_t ways;
  int32_t count;
} fan;

static void fan_producer(void *arg) {
  struct chan *c = arg;
  for (int32_t i = 0; i < fan.count / fan.ways; i++) chan_send(c, i);
  finish();
  g_exit();
}

static void fan_consumer(void *arg) {
  (void)arg;
  int32_t value;
  int32_t counts[CHAN_SELECT_MAX] = {0};
  int64_t sum = 0;
  int32_t ways = fan.ways;
  for (int32_t i = 0; i < fan.count; i++) {
    counts[chan_select_recv(fan.chans, (uint32_t)ways, &value)]++;
    sum += value;
  }
  int64_t each = fan.count / ways;
  for (int32_t i = 0; i < ways; i++) EXPECT(counts[i] == each);
  EXPECT(sum == ways * (each * (each - 1) / 2));
  finish();
  g_exit();
}

static void select_of(int32_t ways, int32_t count) {
  fan.ways = ways;
  fan.count = count;
  for (int32_t i = 0; i < ways; i++) {
    fan.chans[i] = chan_new(0);
    g_go(fan_producer, fan.chans[i]);
  }
  g_go(fan_consumer, NULL);
  wait_for(ways + 1);
  for (int32_t i = 0; i < ways; i++) free(fan.chans[i]);
}

static void select_2(int32_t count) { select_of(2, count); }
static void select_4(int32_t count) { select_of(4, count); }
static void select_8(int32_t count) { select_of(8, count); }
static void select_64(int32_t count) { select_of(64, count); }

static void run_select(void) {
  measure_ns("receive-2", select_2);
  measure_ns("receive-4", select_4);
  measure_ns("receive-8", select_8);
  measure_ns("receive-64", select_64);
}

/* ---- sieve ---- */

#define PRIMES 2000
#define LAST_PRIME 17389
#define WARM_UP_PRIMES 500
#define WARM_UP_LAST_PRIME 3571

struct filter {
  struct chan *in;
  struct chan *out;
  int32_t prime;
};

static void candidates(void *arg) {
  struct filter *filter = arg;
  for (int32_t i = 2; i <= filter->prime; i++) chan_send(filter->out, i);
  chan_close(filter->out);
  free(filter);
  finish();
  g_exit();
}

static void filtering(void *arg) {
  struct filter *filter = arg;
  struct chan *in = filter->in;
  struct chan *out = filter->out;
  int32_t prime = filter->prime;
  int32_t value;
  free(filter);
  while (chan_recv(in, &value)) {
    if (value % prime != 0) chan_send(out, value);
  }
  chan_close(out);
  free(in);
  finish();
  g_exit();
}

static struct chan *stage(em_arg_callback_func fn, struct chan *in,
                          int32_t prime) {
  struct filter *filter = malloc(sizeof *filter);
  *filter = (struct filter){.in = in, .out = chan_new(0), .prime = prime};
  struct chan *out = filter->out;
  g_go(fn, filter);
  return out;
}

static void sieve_to(int32_t limit, int32_t primes) {
  struct chan *in = stage(candidates, NULL, limit);
  int32_t prime;
  int32_t last = 0;
  int32_t found = 0;
  while (chan_recv(in, &prime)) {
    in = stage(filtering, in, prime);
    last = prime;
    found++;
  }
  wait_for(found + 1);
  free(in);
  EXPECT(found == primes && last == limit);
}

static void sieve(int32_t count) {
  for (int32_t i = 0; i < count; i++) sieve_to(LAST_PRIME, PRIMES);
}

static void run_sieve(void) {
  sieve_to(WARM_UP_LAST_PRIME, WARM_UP_PRIMES);
  double begin_ms = emscripten_get_now();
  int32_t count = 0;
  double ms;
  do {
    sieve(1);
    count++;
    ms = emscripten_get_now() - begin_ms;
  } while (ms < MEASURE_MS);
  print("primes-2000", ms / 1e3 / count, "s");
}

/* ---- parked ---- */

#define LEAST_STACK_BYTES ((size_t)256)

static struct {
  struct chan *gate;
  int32_t parked;
  int32_t released;
} parking;

static void parker(void *arg) {
  (void)arg;
  int32_t value;
  parking.parked++;
  chan_recv(parking.gate, &value);
  parking.released++;
  g_exit();
}

static struct {
  double bytes; /* each */
  double start_ms;
  double end_ms;
} parked;

static void park(int32_t count, size_t stack_bytes) {
  parking.gate = chan_new(0);
  /* What one block holds is chosen for these goroutines: half and half. */
  size_t before_pages = __builtin_wasm_memory_size(0);
  double begin_ms = emscripten_get_now();
  for (int32_t i = 0; i < count; i++) {
    g_go_with(stack_bytes / 2, stack_bytes / 2, parker, NULL);
  }
  while (parking.parked < count) g_yield();
  parked.start_ms = emscripten_get_now() - begin_ms;
  size_t pages = __builtin_wasm_memory_size(0) - before_pages;
  begin_ms = emscripten_get_now();
  chan_close(parking.gate);
  while (parking.released < count) g_yield();
  parked.end_ms = emscripten_get_now() - begin_ms;
  parked.bytes = (double)pages * 65536 / count;
}

static void run_parked_small(void) {
  park(100000, 512);
  print("stack-512", parked.bytes, "B");
}

static void run_parked_million(void) {
  park(1000000, LEAST_STACK_BYTES);
  print("bytes", parked.bytes, "B");
  print("start", parked.start_ms / 1e3, "s");
  print("end", parked.end_ms / 1e3, "s");
  print("start-end", (parked.start_ms + parked.end_ms) / 1e3, "s");
}

/* ---- which ---- */

int main(int argc, char **argv) {
  const char *suite = argc > 1 ? argv[1] : "";
  g_init();
  done = chan_new(0);
  if (strcmp(suite, "yield") == 0) {
    run_yield();
  } else if (strcmp(suite, "pingpong") == 0) {
    measure_ns("round-trip", pingpong);
  } else if (strcmp(suite, "buffered") == 0) {
    measure_ns("send-receive", buffered);
  } else if (strcmp(suite, "spawn") == 0) {
    measure_ns("spawn-exit", spawn);
  } else if (strcmp(suite, "select") == 0) {
    run_select();
  } else if (strcmp(suite, "sieve") == 0) {
    run_sieve();
  } else if (strcmp(suite, "parked-small") == 0) {
    run_parked_small();
  } else if (strcmp(suite, "parked-million") == 0) {
    run_parked_million();
  } else {
    fprintf(stderr, "fibers: no workload \"%s\"\n", suite);
    emscripten_force_exit(1);
  }
  emscripten_force_exit(0);
}

/* The benchmark program: `bench-app SUITE` runs one workload. The very same
 * sources are built for wasm and for the build machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define COUNT_MIN 1024
#define COUNT_MAX (1 << 30)

static int_chan done;

void bench_fail(const char *file, int line, const char *condition) {
  fprintf(stderr, "%s:%d: wrong: %s\n", file, line, condition);
  exit(1);
}

void bench_print(const char *name, double value, const char *unit) {
  printf("%s %.4f %s\n", name, value, unit);
}

void bench_measure(const char *name, void (*body)(int32_t count)) {
  int64_t warm_ns = 0;
  int32_t count = COUNT_MIN;
  for (;;) {
    int64_t begin_ns = gs_now();
    body(count);
    int64_t ns = gs_now() - begin_ns;
    if (ns >= BENCH_MEASURE_NS && warm_ns >= BENCH_WARM_UP_NS) {
      bench_print(name, (double)ns / count, "ns");
      return;
    }
    warm_ns += ns;
    if (count < COUNT_MAX) count *= 2;
  }
}

void bench_done(void) { EXPECT(gs_send(done, (int32_t)1) == 0); }

void bench_wait(int count) {
  int32_t one;
  for (int i = 0; i < count; i++) EXPECT(gs_recv(done, &one) == 1);
}

int_chan bench_chan(size_t capacity) {
  int_chan c = GS_CHAN_NULL;
  EXPECT(gs_make(&c, capacity) == 0);
  return c;
}

void bench_go(gs_func *fn, void *arg) { EXPECT(gs_go(fn, arg) > 0); }

static const struct {
  const char *name;
  void (*run)(void);
} suites[] = {
    {"yield", bench_yield},
    {"pingpong", bench_pingpong},
    {"buffered", bench_buffered},
    {"buffered-wide", bench_buffered_wide},
    {"spawn", bench_spawn},
    {"select", bench_select},
    {"mutex", bench_mutex},
    {"waitgroup", bench_waitgroup},
    {"timer", bench_timer},
    {"cancel", bench_cancel},
    {"sieve", bench_sieve},
    {"gen", bench_gen},
    {"arena", bench_arena},
    {"parked-small", bench_parked_small},
    {"parked-default", bench_parked_default},
    {"parked-million", bench_parked_million},
};

int main(int argc, char **argv) {
  const char *wanted = argc > 1 ? argv[1] : "";
  done = bench_chan(0);
  for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
    if (strcmp(suites[i].name, wanted) != 0) continue;
    suites[i].run();
    return 0;
  }
  fprintf(stderr, "no workload \"%s\"\n", wanted);
  return 1;
}

/* parked: by how much memory grows for goroutines that wait to receive. In
 * wasm that is the linear memory, on the build machine the resident set. All of
 * them are woken in the end and counted. */
#include <stdio.h>

#include "bench.h"

#define COUNT 100000
#define MILLION 1000000
#define SMALL_STACK_BYTES 512

static struct {
  int_chan gate;
  int32_t parked;
  int32_t released;
} run;

#ifdef __wasm__
#define WASM_PAGE_BYTES 65536.0

static double memory_bytes(void) {
  return (double)__builtin_wasm_memory_size(0) * WASM_PAGE_BYTES;
}
#else
#include <unistd.h>

static double memory_bytes(void) {
  long total = 0;
  long resident = 0;
  FILE *statm = fopen("/proc/self/statm", "r");
  EXPECT(statm != NULL && fscanf(statm, "%ld %ld", &total, &resident) == 2);
  fclose(statm);
  return (double)resident * (double)sysconf(_SC_PAGESIZE);
}
#endif

static void parker(void *arg) {
  (void)arg;
  int32_t value;
  run.parked++;
  gs_recv(run.gate, &value);
  run.released++;
}

static void park(const char *name, int32_t count, size_t stack_bytes) {
  struct gs_go_options options = {.stack_bytes = stack_bytes, .name = "parked"};
  run.gate = bench_chan(0);
  run.parked = 0;
  run.released = 0;
  double before_bytes = memory_bytes();
  for (int32_t i = 0; i < count; i++) {
    EXPECT(gs_go_with(&options, parker, NULL) > 0);
  }
  while (run.parked < count) gs_yield();
  double bytes = memory_bytes() - before_bytes;
  gs_close(run.gate);
  while (run.released < count) gs_yield();
  gs_release(run.gate);
  bench_print(name, bytes / count, "B");
}

void bench_parked_small(void) { park("stack-512", COUNT, SMALL_STACK_BYTES); }

void bench_parked_default(void) {
  park("stack-default", COUNT, GS_STACK_DEFAULT);
}

void bench_parked_million(void) {
  park("stack-512", MILLION, SMALL_STACK_BYTES);
}

/* parked: by how much memory grows for goroutines that wait to receive. In
 * wasm that is the linear memory, on the build machine the resident set. All of
 * them are woken in the end and counted. For a million: also the time from the
 * first start until all wait, and from waking them until all have ended. */
#include <stdio.h>

#include "bench.h"

#define COUNT 100000
#define MILLION 1000000
#define SMALL_STACK_BYTES 512
#define LEAST_STACK_BYTES GS_STACK_MIN

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

struct figures {
  double bytes; /* each */
  int64_t start_ns;
  int64_t end_ns;
};

static struct figures park(int32_t count, size_t stack_bytes) {
  struct gs_go_options options = {.stack_bytes = stack_bytes, .name = "parked"};
  run.gate = bench_chan(0);
  run.parked = 0;
  run.released = 0;
  double before_bytes = memory_bytes();
  int64_t begin_ns = gs_now();
  for (int32_t i = 0; i < count; i++) {
    EXPECT(gs_go_with(&options, parker, NULL) > 0);
  }
  while (run.parked < count) gs_yield();
  int64_t parked_ns = gs_now();
  double bytes = memory_bytes() - before_bytes;
  int64_t wake_ns = gs_now();
  gs_close(run.gate);
  while (run.released < count) gs_yield();
  int64_t end_ns = gs_now() - wake_ns;
  gs_release(run.gate);
  return (struct figures){bytes / count, parked_ns - begin_ns, end_ns};
}

void bench_parked_small(void) {
  bench_print("stack-512", park(COUNT, SMALL_STACK_BYTES).bytes, "B");
}

void bench_parked_default(void) {
  bench_print("stack-default", park(COUNT, GS_STACK_DEFAULT).bytes, "B");
}

void bench_parked_million(void) {
  struct figures all = park(MILLION, LEAST_STACK_BYTES);
  bench_print("bytes", all.bytes, "B");
  bench_print("start", (double)all.start_ns / 1e9, "s");
  bench_print("end", (double)all.end_ns / 1e9, "s");
  bench_print("start-end", (double)(all.start_ns + all.end_ns) / 1e9, "s");
}

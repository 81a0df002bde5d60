/* What the workloads share: measuring, checking, waiting for goroutines. Each
 * workload is one function that prints lines "name value unit". */
#ifndef BENCH_H
#define BENCH_H

#include <gossamer/gossamer.h>
#include <stdint.h>

GS_CHAN_TYPE(int_chan, int32_t);

/* Ends the program with a message unless the condition holds. */
#define EXPECT(condition) \
  ((condition) ? (void)0 : bench_fail(__FILE__, __LINE__, #condition))
void bench_fail(const char *file, int line, const char *condition);

/* Prints the nanoseconds that body(count) takes per count, from a run that is
 * long enough; count is a multiple of 1024. The shorter ones warm up. */
void bench_measure(const char *name, void (*body)(int32_t count));
void bench_print(const char *name, double value, const char *unit);

/* A goroutine of a workload ends with the first, main waits with the second. */
void bench_done(void);
void bench_wait(int count);

int_chan bench_chan(size_t capacity);
void bench_go(gs_func *fn, void *arg);

#define BENCH_MEASURE_NS (150 * GS_MILLISECOND)
#define BENCH_WARM_UP_NS (100 * GS_MILLISECOND)

void bench_yield(void);
void bench_pingpong(void);
void bench_buffered(void);
void bench_buffered_wide(void);
void bench_spawn(void);
void bench_select(void);
void bench_mutex(void);
void bench_waitgroup(void);
void bench_timer(void);
void bench_cancel(void);
void bench_sieve(void);
void bench_gen(void);
void bench_arena(void);
void bench_parked_small(void);
void bench_parked_default(void);
void bench_parked_million(void);

#endif

/* sieve: the chain of channels that sieves primes, one goroutine a prime, all
 * channels unbuffered. It ends by closing from the front, so nothing is left
 * of one round when the next begins. */
#include <stdlib.h>

#include "bench.h"

#define PRIMES 2000
#define LAST_PRIME 17389
#define WARM_UP_PRIMES 500
#define WARM_UP_LAST_PRIME 3571

struct filter {
  int_chan in;
  int_chan out;
  int32_t prime;
};

static void candidates(void *arg) {
  struct filter *filter = arg;
  for (int32_t i = 2; i <= filter->prime; i++) gs_send(filter->out, i);
  gs_close(filter->out);
  free(filter);
  bench_done();
}

static void filtering(void *arg) {
  struct filter *filter = arg;
  int_chan in = filter->in;
  int_chan out = filter->out;
  int32_t prime = filter->prime;
  int32_t value;
  free(filter);
  while (gs_recv(in, &value) > 0) {
    if (value % prime != 0) gs_send(out, value);
  }
  gs_close(out);
  gs_release(in);
  bench_done();
}

static int_chan stage(gs_func *fn, int_chan in, int32_t prime) {
  struct filter *filter = malloc(sizeof *filter);
  EXPECT(filter != NULL);
  *filter = (struct filter){.in = in, .out = bench_chan(0), .prime = prime};
  int_chan out = filter->out;
  bench_go(fn, filter);
  return out;
}

static void sieve_to(int32_t limit, int32_t primes) {
  int_chan none = GS_CHAN_NULL;
  int_chan in = stage(candidates, none, limit);
  int32_t prime;
  int32_t last = 0;
  int32_t found = 0;
  while (gs_recv(in, &prime) > 0) {
    in = stage(filtering, in, prime);
    last = prime;
    found++;
  }
  bench_wait(found + 1);
  gs_release(in);
  EXPECT(found == primes && last == limit);
}

void bench_sieve(void) {
  sieve_to(WARM_UP_LAST_PRIME, WARM_UP_PRIMES);
  int64_t begin_ns = gs_now();
  int64_t ns;
  int count = 0;
  do {
    sieve_to(LAST_PRIME, PRIMES);
    count++;
    ns = gs_now() - begin_ns;
  } while (ns < BENCH_MEASURE_NS);
  bench_print("primes-2000", (double)ns / 1e9 / count, "s");
}

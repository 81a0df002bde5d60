/* Times each kernel, warm, in this order; the clock is Gossamer's or, in the
 * build without it, Emscripten's. */
#include <stdio.h>

#include "kernels.h"

#ifdef KERNEL_PLAIN
#include <time.h>
static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}
#else
#include <gossamer/gossamer.h>
static double now_ms(void) { return (double)gs_now() / 1e6; }
#endif

#define WARM_UP_MS 300
#define MEASURE_MS 700

int main(void) {
  for (int i = 0; i < KERNELS; i++) {
    const struct kernel *kernel = &kernels[i];
    double begin_ms = now_ms();
    double best_ms = 1e9;
    for (double at_ms = begin_ms; at_ms < begin_ms + WARM_UP_MS + MEASURE_MS;) {
      uint32_t result = kernel->run();
      double end_ms = now_ms();
      if (result != kernel->expected) {
        printf("%s is %u, not %u\n", kernel->name, (unsigned)result,
               (unsigned)kernel->expected);
        return 1;
      }
      if (at_ms >= begin_ms + WARM_UP_MS && end_ms - at_ms < best_ms) {
        best_ms = end_ms - at_ms;
      }
      at_ms = end_ms;
    }
    printf("%s %.4f ms\n", kernel->name, best_ms);
  }
  return 0;
}

/* Kernels and shapes under preemption, several at once: prints their results
 * and, on stderr, how often others ran in between. With the argument "kernels"
 * or "shapes". */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <string.h>

#include "../../bench/kernels/kernels.h"
#include "shapes.h"

static uint32_t results[8];
static gs_waitgroup group;

static void run_shape(void *arg) {
  uint32_t index = (uint32_t)(uintptr_t)arg;
  results[index] = shapes(index + 1);
  gs_waitgroup_done(&group);
}

static void run_kernel(void *arg) {
  uint32_t index = (uint32_t)(uintptr_t)arg;
  results[index] = kernels[index].run();
  gs_waitgroup_done(&group);
}

static unsigned ticks;

static void tick(void *arg) {
  (void)arg;
  for (;;) {
    ticks++;
    gs_yield();
  }
}

int main(int argc, char **argv) {
  bool shaped = argc > 1 && strcmp(argv[1], "shapes") == 0;
  int count = shaped ? 8 : KERNELS;
  gs_waitgroup_add(&group, count);
  for (int i = 0; i < count; i++) {
    gs_go(shaped ? run_shape : run_kernel, (void *)(uintptr_t)i);
  }
  gs_go(tick, NULL);
  gs_waitgroup_wait(&group);
  for (int i = 0; i < count; i++) {
    if (shaped) {
      printf("%u\n", (unsigned)results[i]);
    } else {
      printf("%s %s\n", kernels[i].name,
             results[i] == kernels[i].expected ? "right" : "wrong");
    }
  }
  fprintf(stderr, "%u\n", ticks);
  return 0;
}

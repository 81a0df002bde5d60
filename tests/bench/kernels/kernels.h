/* Five computations that never park, each with the number it must give. The
 * same sources are built without the runtime, with it, with a checkpoint in the
 * outer loop, and with preemption. */
#ifndef KERNELS_H
#define KERNELS_H

#include <stdint.h>

struct kernel {
  const char *name;
  uint32_t (*run)(void);
  uint32_t expected;
};

#define KERNELS 5
extern const struct kernel kernels[KERNELS];

#endif

/* A small, fast generator for scheduling choices; not for secrets.
 * xorshift128+ with a multiply-shift reduction. */
#ifndef GS_BASE_RANDOM_H
#define GS_BASE_RANDOM_H

#include <stdint.h>

struct gs__random {
  uint64_t a;
  uint64_t b;
};

static inline uint64_t gs__random_mix(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static inline void gs__random_seed(struct gs__random *r, uint64_t seed) {
  r->a = gs__random_mix(&seed);
  r->b = gs__random_mix(&seed) | 1;
}

static inline uint32_t gs__random_next(struct gs__random *r) {
  uint64_t x = r->a;
  const uint64_t y = r->b;
  r->a = y;
  x ^= x << 23;
  r->b = x ^ y ^ (x >> 17) ^ (y >> 26);
  return (uint32_t)((r->b + y) >> 32);
}

/* Below `count` (> 0), each as likely as the others to within count / 2^32. */
static inline uint32_t gs__random_below(struct gs__random *r, uint32_t count) {
  return (uint32_t)(((uint64_t)gs__random_next(r) * count) >> 32);
}

#endif

/* Loops of many shapes: jumps out of nests, loops in both arms of a condition,
 * loops behind loops, in switches, with early returns and with values. */
#include "shapes.h"

static uint32_t mix(uint32_t a, uint32_t b) {
  return (a ^ b) * 2654435761U + (a >> 13);
}

__attribute__((noinline)) static uint32_t in_arms(uint32_t n) {
  uint32_t sum = n;
  for (uint32_t i = 0; i < 20; i++) {
    if ((sum >> 3) % 3 == 0) {
      for (uint32_t j = i; j < 10; j++) sum = mix(sum, j);
      sum++;
      while (sum % 7 != 0) sum = mix(sum, i);
    } else if (sum % 2 == 0) {
      uint32_t k = sum % 9;
      do {
        sum += k;
        if (sum % 11 == 0) goto next;
      } while (k-- > 0);
      sum ^= 5;
    } else {
      sum = mix(sum, 1);
      for (uint32_t j = 0; j < 5; j++) {
        for (uint32_t k = j; k < 5; k++) {
          if (mix(sum, k) % 13 == 0) break;
          sum = mix(sum, j * k);
        }
        if (sum % 17 == 0) return sum;
      }
    }
  next:
    sum += i;
  }
  return sum;
}

__attribute__((noinline)) static uint32_t in_switch(uint32_t n) {
  uint32_t sum = n;
  for (uint32_t state = n % 4, steps = 0; steps < 200; steps++) {
    switch (state) {
      case 0:
        for (uint32_t i = 0; i < steps % 5; i++) sum = mix(sum, i);
        state = sum % 4;
        break;
      case 1:
        state = 2;
        /* fall through */
      case 2:
        while (sum % 5 != 0) {
          sum = mix(sum, steps);
          if (sum % 29 == 0) goto out;
        }
        sum++;
        state = sum % 3;
        break;
      default:
        do {
          sum = mix(sum, 77);
        } while (sum % 3 != 0);
        state = sum % 4;
        break;
    }
  }
out:
  return sum;
}

__attribute__((noinline)) static uint32_t with_values(uint32_t n) {
  double weight = n % 100;
  uint64_t wide = n;
  float small = 0.5F;
  uint32_t sum = 0;
  for (uint32_t i = 0; i < 30; i++) {
    for (uint32_t j = 0; j < 4; j++) {
      weight = weight * 0.75 + j;
      wide = wide * 6364136223846793005ULL + i;
      while (small < 8.0F) small += (float)(wide % 3) + 0.25F;
      small -= 7.5F;
    }
    sum += (uint32_t)weight + (uint32_t)(wide >> 40) + (small > 1.0F ? 3U : 0U);
  }
  return sum;
}

__attribute__((noinline)) static uint32_t deep(uint32_t n) {
  uint32_t count = 0;
  uint32_t sum = n;
  for (uint32_t a = 0; a < 3; a++) {
    for (uint32_t b = a; b < 4; b++) {
      if ((a ^ b ^ n) % 4 == 1) continue;
      for (uint32_t c = 0; c < 3; c++) {
        for (uint32_t d = c; d < 3; d++) {
          for (uint32_t e = 0; e <= d; e++) {
            sum = mix(sum, a + b + c + d + e);
            if (sum % 97 == 0) goto leave_two;
          }
          count++;
        }
      leave_two:
        count += 10;
      }
    }
  }
  return sum + count;
}

__attribute__((noinline)) static uint32_t recursive(uint32_t n,
                                                    uint32_t depth) {
  uint32_t sum = n;
  for (uint32_t i = 0; i < 3; i++) {
    for (uint32_t j = 0; j < i + 2; j++) sum = mix(sum, j);
    if (depth > 0) sum += recursive(sum, depth - 1);
  }
  return sum;
}

uint32_t shapes(uint32_t seed) {
  uint32_t sum = seed;
  for (uint32_t i = 0; i < 20; i++) {
    sum = mix(sum, in_arms(sum));
    sum = mix(sum, in_switch(sum));
    sum = mix(sum, with_values(sum));
    sum = mix(sum, deep(sum));
    sum = mix(sum, recursive(sum, 3));
  }
  return sum;
}

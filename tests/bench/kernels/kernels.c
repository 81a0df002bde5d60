/* The kernels: see kernels.h. About 20 ms each. */
#include "kernels.h"

#include <string.h>

#ifdef KERNEL_CHECKPOINTS
#include <gossamer/preempt.h>
#define CHECKPOINT() ((void)gs_checkpoint())
#else
#define CHECKPOINT() ((void)0)
#endif

static uint32_t random_state;

static uint32_t next_random(void) {
  random_state = random_state * 1664525 + 1013904223;
  return random_state >> 8;
}

/* ---- primes ---- */

#define SIEVE_SIZE 4000000

static uint8_t composite[SIEVE_SIZE];

static uint32_t sieve(void) {
  memset(composite, 0, sizeof composite);
  for (uint32_t i = 2; i * i < SIEVE_SIZE; i++) {
    CHECKPOINT();
    if (composite[i]) continue;
    for (uint32_t j = i * i; j < SIEVE_SIZE; j += i) composite[j] = 1;
  }
  uint32_t count = 0;
  for (uint32_t i = 2; i < SIEVE_SIZE; i++) {
    if (!composite[i]) count++;
  }
  return count;
}

/* ---- sorting ---- */

#define SORT_COUNT 200000

static uint32_t numbers[SORT_COUNT];

#define FEW 16

static void insertion_sort(uint32_t *first, const uint32_t *last) {
  for (uint32_t *i = first + 1; i <= last; i++) {
    uint32_t value = *i;
    uint32_t *j = i;
    for (; j > first && j[-1] > value; j--) *j = j[-1];
    *j = value;
  }
}

static void quicksort(uint32_t *first, uint32_t *last) {
  while (last - first > FEW) {
    CHECKPOINT();
    uint32_t pivot = first[(last - first) / 2];
    uint32_t *i = first;
    uint32_t *j = last;
    while (i <= j) {
      while (*i < pivot) i++;
      while (*j > pivot) j--;
      if (i > j) break;
      uint32_t swapped = *i;
      *i++ = *j;
      *j-- = swapped;
    }
    if (j - first < last - i) {
      quicksort(first, j);
      first = i;
    } else {
      quicksort(i, last);
      last = j;
    }
  }
  insertion_sort(first, last);
}

static uint32_t sort(void) {
  random_state = 1;
  for (int i = 0; i < SORT_COUNT; i++) numbers[i] = next_random();
  quicksort(numbers, numbers + SORT_COUNT - 1);
  uint32_t sum = 0;
  for (int i = 1; i < SORT_COUNT; i++) {
    if (numbers[i - 1] > numbers[i]) return 0;
    sum = sum * 31 + numbers[i];
  }
  return sum;
}

/* ---- matrices ---- */

#define ORDER 240

static double a[ORDER][ORDER];
static double b[ORDER][ORDER];
static double c[ORDER][ORDER];

static uint32_t matrices(void) {
  for (int i = 0; i < ORDER; i++) {
    for (int j = 0; j < ORDER; j++) {
      a[i][j] = (i * j) % 7;
      b[i][j] = (i + 2 * j) % 5;
    }
  }
  for (int i = 0; i < ORDER; i++) {
    CHECKPOINT();
    for (int j = 0; j < ORDER; j++) {
      double sum = 0;
      for (int k = 0; k < ORDER; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
  double trace = 0;
  for (int i = 0; i < ORDER; i++) trace += c[i][(i * 7) % ORDER];
  return (uint32_t)trace;
}

/* ---- recursion ---- */

__attribute__((noinline)) static uint32_t fib(uint32_t n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static uint32_t recursion(void) {
  uint32_t sum = 0;
  for (uint32_t n = 20; n <= 30; n++) {
    CHECKPOINT();
    sum += fib(n);
  }
  return sum;
}

/* ---- counting words ---- */

#define TEXT_BYTES 1000000
#define SLOTS 65536

static char text[TEXT_BYTES];
static struct slot {
  const char *word;
  uint32_t bytes;
  uint32_t count;
} slots[SLOTS];

#define LINE_BYTES 80

static void write_text(void) {
  random_state = 7;
  uint32_t left = 0;
  for (int i = 0; i < TEXT_BYTES; i++) {
    if (i % LINE_BYTES == LINE_BYTES - 1) {
      text[i] = '\n';
      left = 0;
    } else if (left == 0) {
      text[i] = ' ';
      left = 2 + next_random() % 3 + next_random() % 8;
    } else {
      text[i] = (char)('a' + next_random() % (left < 3 ? 4 : 2));
      left--;
    }
  }
}

static uint32_t words(void) {
  if (text[0] == 0) write_text();
  memset(slots, 0, sizeof slots);
  uint32_t most = 0;
  uint32_t kinds = 0;
  for (const char *line = text; line < text + TEXT_BYTES; line += LINE_BYTES) {
    CHECKPOINT();
    for (const char *at = line; *at != '\n';) {
      const char *word = at;
      uint32_t hash = 2166136261U;
      while (*at > ' ') hash = (hash ^ (uint8_t)*at++) * 16777619U;
      uint32_t bytes = (uint32_t)(at - word);
      if (*at == ' ') at++;
      struct slot *slot = &slots[hash % SLOTS];
      while (slot->count > 0 &&
             (slot->bytes != bytes || memcmp(slot->word, word, bytes) != 0)) {
        slot = slot == slots + SLOTS - 1 ? slots : slot + 1;
      }
      if (slot->count == 0) kinds++;
      slot->word = word;
      slot->bytes = bytes;
      if (++slot->count > most) most = slot->count;
    }
  }
  return most * 100000 + kinds;
}

const struct kernel kernels[KERNELS] = {
    {"sieve", sieve, 283146},          {"quicksort", sort, 193009873},
    {"matrices", matrices, 294180},    {"fibonacci", recursion, 2167363},
    {"word-count", words, 1250003035},
};

/* Goroutines that never yield, by the name in the first argument, beside main,
 * which sleeps ten times and then ends the program. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int turns; /* of main */
static volatile unsigned sink;

static void endless(void *arg) {
  (void)arg;
  for (;;) {
  }
}

static void counted(void *arg) {
  (void)arg;
  for (unsigned long long i = 0; i < 1ULL << 60; i++) sink += (unsigned)i;
}

static void nested(void *arg) {
  (void)arg;
  for (;;) {
    for (unsigned i = 0; i < 100; i++) {
      for (unsigned j = 0; j < i; j++) sink += i ^ j;
    }
  }
}

__attribute__((noinline)) static unsigned fib(unsigned n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static void recursion(void *arg) {
  (void)arg;
  sink = fib(90);
}

__attribute__((noinline)) static unsigned odd(unsigned n);

__attribute__((noinline)) static unsigned even(unsigned n) {
  return n == 0 ? 1 : odd(n - 1) + odd(n - 1);
}

static unsigned odd(unsigned n) {
  return n == 0 ? 1 : even(n - 1) + even(n - 1);
}

static void mutual(void *arg) {
  (void)arg;
  sink = even(90);
}

static unsigned add(unsigned a) { return a + 1; }
static unsigned twice(unsigned a) { return a * 2; }
static unsigned (*volatile steps[])(unsigned) = {add, twice};

static void pointers(void *arg) {
  (void)arg;
  for (unsigned i = 0;; i++) sink = steps[i % 2](sink);
}

/* A loop of libc's around a function of ours. */
static int compare(const void *a, const void *b) {
  unsigned x = *(const unsigned *)a;
  unsigned y = *(const unsigned *)b;
  for (unsigned i = 0; i < 100; i++) sink += i;
  return x < y ? -1 : x > y;
}

static void callbacks(void *arg) {
  (void)arg;
  static unsigned numbers[2000000];
  for (unsigned i = 0; i < 2000000; i++) numbers[i] = i * 2654435761U;
  qsort(numbers, 2000000, sizeof *numbers, compare);
}

static void formats(void *arg) {
  (void)arg;
  char text[64];
  for (unsigned i = 0;; i++) {
    char *copy = malloc(100 + i % 1000);
    snprintf(text, sizeof text, "%u %f", i, i * 0.5);
    sink += (unsigned)strlen(text);
    free(copy);
  }
}

/* ---- opting out ---- */

static void fail(const char *why) {
  printf("%s\n", why);
  exit(1);
}

GS_NO_PREEMPT static void whole(int64_t ns) {
  int before = turns;
  for (int64_t end_ns = gs_now() + ns; gs_now() < end_ns;) sink++;
  if (turns != before) fail("preempted in a function that must not be");
}

static void function(void *arg) {
  (void)arg;
  for (;;) whole(5 * GS_MILLISECOND);
}

static void region(void *arg) {
  (void)arg;
  for (;;) {
    gs_preempt_disable();
    gs_preempt_disable();
    int before = turns;
    for (int64_t end_ns = gs_now() + 5 * GS_MILLISECOND; gs_now() < end_ns;) {
      sink++;
    }
    gs_preempt_enable();
    for (unsigned i = 0; i < 100000; i++) sink += i;
    if (turns != before) fail("preempted in a region that must not be");
    gs_preempt_enable();
    for (unsigned i = 0; i < 100000; i++) sink += i;
  }
}

static const struct {
  const char *name;
  gs_func *run;
} kinds[] = {
    {"endless", endless},     {"counted", counted}, {"nested", nested},
    {"recursion", recursion}, {"mutual", mutual},   {"pointers", pointers},
    {"callbacks", callbacks}, {"formats", formats}, {"function", function},
    {"region", region},
};

int main(int argc, char **argv) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (argc > 1 && strcmp(argv[1], kinds[i].name) == 0) {
      gs_go(kinds[i].run, NULL);
      gs_go(kinds[i].run, NULL);
    }
  }
  if (gs_count() != 3) fail("no such kind");
  for (turns = 0; turns < 10; turns++) gs_sleep(GS_MILLISECOND);
  printf("%d turns\n", turns);
  return 0;
}

/* The ways a program can end, by the name in its first argument. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void trap(void *arg) {
  (void)arg;
  __builtin_trap();
}

static void leave(void *arg) {
  (void)arg;
  exit(5);
}

static int climb(int steps) {
  volatile char here[512];
  for (size_t i = 0; i < sizeof here; i++) here[i] = (char)steps;
  gs_yield();
  return steps == 0 ? 0 : climb(steps - 1) + here[steps % 512];
}

static void overflow(void *arg) {
  (void)arg;
  printf("%d\n", climb(100000));
}

static void start(const char *name, gs_func *fn) {
  struct gs_go_options options = {.name = name};
  gs_go_with(&options, fn, NULL);
}

static int spin(void) {
  volatile unsigned count = 0;
  for (;;) {
    count++;
    if (count % 1000 == 0) gs_yield();
  }
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "return";
  printf("unfinished line");
  if (strcmp(how, "return") == 0) return 3;
  if (strcmp(how, "exit") == 0) exit(4);
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "trap") == 0) start("trapper", trap);
  if (strcmp(how, "leave") == 0) start("leaver", leave);
  if (strcmp(how, "overflow") == 0) start("climber", overflow);
  if (strcmp(how, "sleep") == 0) gs_sleep(3600 * GS_SECOND);
  if (strcmp(how, "serve") == 0) gs_serve();
  if (strcmp(how, "spin") == 0) return spin();
  if (strcmp(how, "stdin") == 0) return getchar();
  gs_chan_recv(NULL, NULL);
  return 0;
}

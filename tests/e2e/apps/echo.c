/* Echoes standard input by lines while another goroutine counts: a read parks
 * its own goroutine only. */
#include <gossamer/gossamer.h>
#include <stdio.h>

static long ticks;

static void tick(void *arg) {
  (void)arg;
  for (;;) {
    gs_sleep(GS_MILLISECOND);
    ticks++;
  }
}

int main(void) {
  gs_go(tick, NULL);
  char line[4096];
  int lines = 0;
  while (fgets(line, sizeof line, stdin) != NULL) {
    fputs(line, stdout);
    lines++;
  }
  if (ferror(stdin)) {
    perror("standard input");
    return 1;
  }
  printf("%d lines\n", lines);
  fprintf(stderr, "%s\n", ticks > 0 ? "ticked" : "stood still");
  return 0;
}

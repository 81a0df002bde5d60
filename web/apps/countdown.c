/* Sleeps and tells how far it is: countdown [seconds]. Ten times a second it
 * draws a bar as wide as the terminal, and sleeps in between. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "plain.h"

#define STEPS_PER_SECOND 10
#define MAX_SECONDS 3600
#define BAR_COLUMNS 60

static void draw(int step, int steps, int columns) {
  int done = columns * step / steps;
  int left = (steps - step + STEPS_PER_SECOND - 1) / STEPS_PER_SECOND;
  printf("\r\033[32m");
  for (int i = 0; i < done; i++) printf("\u2588");
  printf("\033[2m");
  for (int i = done; i < columns; i++) printf("\u2591");
  printf("\033[0m %3d %% %4d s ", 100 * step / steps, left);
  fflush(stdout);
}

int main(int argc, char **argv) {
  char *end = "";
  long seconds = argc > 1 ? strtol(argv[1], &end, 10) : 10;
  if (argc > 2 || *end != '\0' || seconds < 1 || seconds > MAX_SECONDS) {
    fprintf(stderr, "usage: countdown [seconds, 1 to %d]\n", MAX_SECONDS);
    return 2;
  }
  int steps = (int)seconds * STEPS_PER_SECOND;
  int columns = plain_env("COLUMNS", 80) - 18;
  if (columns > BAR_COLUMNS) columns = BAR_COLUMNS;
  if (columns < 1) columns = 1;
  struct timespec span = {0, 1000000000 / STEPS_PER_SECOND};
  for (int step = 0; step < steps; step++) {
    draw(step, steps, columns);
    if (nanosleep(&span, NULL) != 0) {
      perror("\ncannot sleep");
      return 1;
    }
  }
  draw(steps, steps, columns);
  printf("\nLift-off.\n");
  return 0;
}

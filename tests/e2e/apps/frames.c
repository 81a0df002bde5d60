/* Waits for frames, as many as its argument says (default: for ever), and
 * prints how many there were and whether time went on. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  long wanted = argc > 1 ? strtol(argv[1], NULL, 10) : -1;
  double last = -1;
  long frames = 0;
  int steady = 1;
  while (frames != wanted) {
    double now = 0;
    int error = gs_frame(&now);
    if (error != GS_OK) {
      fprintf(stderr, "gs_frame: %s\n", gs_error_name(error));
      return 1;
    }
    if (now < last) steady = 0;
    last = now;
    frames++;
  }
  printf("%ld frames, %s\n", frames, steady ? "in order" : "out of order");
  return 0;
}

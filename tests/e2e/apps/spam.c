/* Prints numbered lines: as many as its argument says, or for ever. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  long count = argc > 1 ? strtol(argv[1], NULL, 10) : -1;
  for (long i = 0; i != count; i++) {
    printf("line %ld\n", i);
    if (i % 100 == 0) gs_yield();
  }
  return 0;
}

/* Prints its arguments and one environment variable, then ends. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  for (int i = 0; i < argc; i++) printf("arg %d: %s\n", i, argv[i]);
  const char *user = getenv("GREETED");
  printf("hello, %s", user == NULL ? "nobody" : user);
  fprintf(stderr, "to stderr\n");
  return argc;
}

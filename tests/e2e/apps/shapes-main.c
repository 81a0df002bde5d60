/* Prints what the shapes give, uninterrupted. */
#include <stdio.h>

#include "shapes.h"

int main(void) {
  for (uint32_t i = 1; i <= 8; i++) printf("%u\n", (unsigned)shapes(i));
  return 0;
}

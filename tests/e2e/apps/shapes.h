/* Control flow of many shapes: numbers that any build must agree on. */
#ifndef SHAPES_H
#define SHAPES_H

#include <stdint.h>

uint32_t shapes(uint32_t seed);

#endif

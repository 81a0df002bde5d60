/* Typed channels in C11. */
#include "typed-cases.h"

/* Compiled once for each mistake: see wrong-types.h. */
#include "wrong-types.h"

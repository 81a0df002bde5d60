/* Stress modes of debug builds, from the environment's GS_STRESS: a list of
 * `yield` (a function that may park gives way even when it need not), `alloc=N`
 * (the runtime's N-th allocation fails) and `grow` (the glue's). In release
 * builds nothing of it is left. */
#ifndef GS_BASE_STRESS_H
#define GS_BASE_STRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef GS_DEBUG

struct gs__stress {
  bool yield;
  uint32_t alloc_left; /* allocations up to the one that fails; 0: none does */
};
extern struct gs__stress gs__stress;

/* NULL: no stress. Says on stderr which word it does not know. */
void gs__stress_read(const char *text);
/* Whether this allocation is to fail. */
bool gs__stress_alloc_fails(void);

#define gs__stress_alloc(call) (gs__stress_alloc_fails() ? NULL : (call))

#else

#define gs__stress_alloc(call) (call)

#endif

/* Every allocation of the runtime. */
static inline void *gs__malloc(size_t bytes) {
  return gs__stress_alloc(malloc(bytes));
}

static inline void *gs__calloc(size_t count, size_t bytes) {
  return gs__stress_alloc(calloc(count, bytes));
}

static inline void *gs__realloc(void *block, size_t bytes) {
  return gs__stress_alloc(realloc(block, bytes));
}

#endif

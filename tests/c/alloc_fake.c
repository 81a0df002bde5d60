/* Counting and failing allocations: see alloc_fake.h. */
#include "alloc_fake.h"

#include <stdlib.h>

#define NEVER UINT32_MAX

static struct {
  size_t live;
  uint32_t good; /* that many succeed before one fails, or NEVER */
} state = {.good = NEVER};

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void __real_free(void *block);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void __wrap_free(void *block);

static int fails(void) {
  if (state.good == NEVER) return 0;
  if (state.good-- > 0) return 0;
  state.good = NEVER;
  return 1;
}

static void *counted(void *block) {
  if (block != NULL) state.live++;
  return block;
}

void *__wrap_malloc(size_t bytes) {
  return fails() ? NULL : counted(__real_malloc(bytes));
}

void *__wrap_calloc(size_t count, size_t bytes) {
  return fails() ? NULL : counted(__real_calloc(count, bytes));
}

void *__wrap_realloc(void *block, size_t bytes) {
  if (fails()) return NULL;
  if (block == NULL) return counted(__real_malloc(bytes));
  return __real_realloc(block, bytes);
}

void __wrap_free(void *block) {
  if (block != NULL) state.live--;
  __real_free(block);
}

size_t alloc_fake_live(void) { return state.live; }

void alloc_fake_fail_after(uint32_t good) { state.good = good; }

int alloc_fake_never_fail(void) {
  int waiting = state.good != NEVER;
  state.good = NEVER;
  return waiting;
}

/* The switch in wasm: Asyncify used as an instruction set. Unwinding and
 * rewinding both happen inside gs__coro_resume(); JavaScript never sees them.
 *
 * One block a coroutine: guard, then the stack, then the object. The C stack
 * grows down from the object, saved frames grow up from the guard, so that
 * all free stack is room for them. Either may overwrite what lies at the other
 * end before it is found out: each end has a note of who it was. */
#include <stdlib.h>

#include "coro.h"

#ifdef GS_STACK_CHECK
#include <emscripten/stack.h>
#endif

#define GUARD_BYTES sizeof(struct gs__guard)

_Static_assert(GUARD_BYTES == 32, "keeps the stack aligned");

enum gs__switching gs__switching;

static inline void set_stack_pointer(char *pointer) {
  __asm__ volatile("local.get %0\n\tglobal.set __stack_pointer"
                   :
                   : "r"(pointer));
}

/* Debug builds check the stack pointer wherever it is set, so the limits open
 * before it moves to another stack and close behind it. */
enum limits { ANYWHERE, INSIDE, HOST };
static inline void stack_check(const struct gs__coro *coro, enum limits to) {
#ifdef GS_STACK_CHECK
  uintptr_t top = UINTPTR_MAX;
  uintptr_t base = 0;
  if (to == INSIDE) {
    base = (uintptr_t)coro->stack_base;
    top = base + coro->stack_bytes;
  } else if (to == HOST) {
    base = emscripten_stack_get_end();
    top = emscripten_stack_get_base();
  }
  gs__stack_limits(top, base);
#endif
  (void)coro, (void)to;
}

void *gs__coro_new(size_t object_bytes, size_t stack_bytes) {
  /* malloc aligns to 8 in some releases of Emscripten; a C stack wants 16. */
  char *block = malloc(GUARD_BYTES + 8 + stack_bytes + object_bytes);
  if (block == NULL) return NULL;
  uintptr_t base = ((uintptr_t)block + GUARD_BYTES + 8) & ~(uintptr_t)15;
  struct gs__coro *coro = (struct gs__coro *)(base + stack_bytes);
  coro->stack_base = (char *)base;
  coro->stack_bytes = stack_bytes;
  struct gs__guard *guard = gs__guard_of(coro);
  guard->block = block;
  guard->stack_bytes = stack_bytes;
  guard->canary = GS__CANARY;
  return coro;
}

void gs__coro_free(void *object) {
  struct gs__coro *coro = object;
  free(gs__guard_of(coro)->block);
}

void gs__coro_reset(struct gs__coro *coro, gs_func *fn, void *arg, gs_id id,
                    const char *name) {
  struct gs__guard *guard = gs__guard_of(coro);
  guard->id = id;
  guard->name = name;
  guard->frames.top = NULL;
  coro->stack_pointer = coro->stack_base + coro->stack_bytes;
  coro->fn = fn;
  coro->arg = arg;
}

/* Binaryen leaves this function alone because it starts rewinds. It keeps
 * nothing on the C stack, which is the coroutine's in the middle of it. The
 * stack pointer is read after the call: Asyncify skips the epilogues of the
 * frames it unwinds and the prologues of those it rewinds. */
__attribute__((noinline)) bool gs__coro_resume(struct gs__coro *coro) {
  char *host_stack_pointer = gs__stack_pointer();
  struct gs__guard *guard = gs__guard_of(coro);
  stack_check(NULL, ANYWHERE);
  set_stack_pointer(coro->stack_pointer);
  stack_check(coro, INSIDE);
  if (guard->frames.top != NULL) {
    gs__switching = GS__SWITCH_RESUMING;
    gs__asyncify_start_rewind(&guard->frames);
  }
  coro->fn(coro->arg);
  bool ended = gs__switching != GS__SWITCH_PARKING;
  if (gs__switching != GS__SWITCH_NONE) {
    gs__switching = GS__SWITCH_NONE;
    if (gs__unlikely(guard->frames.top > guard->frames.end)) {
      guard->frames.top = guard->frames.end;
      gs__asyncify_stop_unwind();
      stack_check(NULL, ANYWHERE);
      set_stack_pointer(host_stack_pointer);
      coro->stack_bytes = guard->stack_bytes;
      gs__coro_overflowed(coro, guard->id, guard->name);
    }
    gs__asyncify_stop_unwind();
    coro->stack_pointer = gs__stack_pointer();
  }
  stack_check(NULL, ANYWHERE);
  set_stack_pointer(host_stack_pointer);
  stack_check(NULL, HOST);
  if (gs__unlikely(!gs__coro_canary_ok(coro))) {
    gs__coro_overflowed(coro, 0, NULL);
  }
  return ended;
}

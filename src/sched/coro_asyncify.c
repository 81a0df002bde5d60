/* The switch in wasm: Asyncify used as an instruction set. Unwinding and
 * rewinding both happen inside gs__coro_resume(); JavaScript never sees them.
 *
 * One block a coroutine: guard, then the stack, then the object. The C stack
 * grows down from the object, saved frames grow up from the guard, so that
 * all free stack is room for them. Either may overwrite what lies at the other
 * end before it is found out: each end has a note of who it was. */
#include <stdlib.h>

#include "coro.h"

#define GUARD_BYTES sizeof(struct gs__guard)

_Static_assert(GUARD_BYTES == 32, "keeps the stack aligned");

enum gs__switching gs__switching;

static inline void set_stack_pointer(char *pointer) {
  __asm__ volatile("local.get %0\n\tglobal.set __stack_pointer"
                   :
                   : "r"(pointer));
}

/* ---- the limit ---- */

/* The lowest address that the C stack in use may reach. A global, since every
 * function with a frame looks at it: cmake/stack_check.mjs puts the code in. */
__asm__(
    ".globaltype gs__stack_limit, i32\n"
    ".globl gs__stack_limit\n"
    "gs__stack_limit:\n");

static inline void set_limit(const char *limit) {
  __asm__ volatile("local.get %0\n\tglobal.set gs__stack_limit" : : "r"(limit));
}

/* The linker's names for the host's stack. Older linkers put it between the
 * data and the heap and name only these. */
extern char __stack_low[] __attribute__((weak));
extern char __stack_high[] __attribute__((weak));
extern char __data_end[];
extern char __heap_base[];

static inline char *host_stack_base(void) {
  return __stack_low != NULL ? __stack_low : __data_end;
}

static inline char *host_stack_top(void) {
  return __stack_low != NULL ? __stack_high : __heap_base;
}

void gs__coro_init(void) { set_limit(host_stack_base()); }

/* The build looks for these two by name, and takes the exports away. */
#define MARK(name) __attribute__((noinline, used, export_name(#name)))

/* Tells stack_check.mjs which globals are the pointer and the limit. */
intptr_t gs__stack_left(void);
MARK(gs__stack_left) intptr_t gs__stack_left(void) {
  intptr_t left;
  __asm__ volatile(
      "global.get __stack_pointer\n\tglobal.get gs__stack_limit\n\t"
      "i32.sub\n\tlocal.set %0"
      : "=r"(left));
  return left;
}

_Noreturn void gs__stack_overflowed(void);

/* On the host's stack. */
__attribute__((noinline)) static _Noreturn void overflowed(bool in_host) {
  if (!in_host) gs__coro_running_overflowed();
  gs__fatal(
      "stack overflow outside a goroutine: the stack of %zu bytes is too "
      "small",
      (size_t)(host_stack_top() - host_stack_base()));
}

/* Called where the stack pointer passed the limit; uses no stack itself. */
MARK(gs__stack_overflowed) _Noreturn void gs__stack_overflowed(void) {
  char *base = host_stack_base();
  char *limit;
  __asm__ volatile("global.get gs__stack_limit\n\tlocal.set %0" : "=r"(limit));
  set_limit(base);
  set_stack_pointer(host_stack_top());
  overflowed(limit == base);
}

/* ---- blocks ---- */

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

/* ---- the switch ---- */

/* Binaryen leaves this function alone because it starts rewinds. It keeps
 * nothing on the C stack, which is the coroutine's in the middle of it. The
 * stack pointer is read after the call: Asyncify skips the epilogues of the
 * frames it unwinds and the prologues of those it rewinds. */
__attribute__((noinline)) bool gs__coro_resume(struct gs__coro *coro) {
  char *host_stack_pointer = gs__stack_pointer();
  struct gs__guard *guard = gs__guard_of(coro);
  /* In this order: any goroutine's stack lies above the host's limit. */
  set_stack_pointer(coro->stack_pointer);
  set_limit(coro->stack_base);
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
      set_limit(host_stack_base());
      set_stack_pointer(host_stack_pointer);
      coro->stack_bytes = guard->stack_bytes;
      gs__coro_overflowed(coro, guard->id, guard->name);
    }
    gs__asyncify_stop_unwind();
    coro->stack_pointer = gs__stack_pointer();
  }
  set_limit(host_stack_base());
  set_stack_pointer(host_stack_pointer);
  if (gs__unlikely(!gs__coro_canary_ok(coro))) {
    gs__coro_overflowed(coro, 0, NULL);
  }
  return ended;
}

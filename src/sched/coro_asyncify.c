/* The switch in wasm: Asyncify used as an instruction set. Unwinding and
 * rewinding both happen inside gs__coro_resume(); JavaScript never sees them.
 *
 * One block a coroutine: guard, then the stack, then the object. The C stack
 * grows down from the object, saved frames grow up from the guard, so that
 * all free stack is room for them. Either may overwrite what lies at the other
 * end before it is found out: each end has a note of who it was. */
#include <stdlib.h>

#include "../base/stress.h"
#include "coro.h"

#define GUARD_BYTES sizeof(struct gs__guard)

_Static_assert(GUARD_BYTES == 32, "keeps the stack aligned");

enum gs__switching gs__switching;

/* Frames that overflow the stack overwrite the object: its guard is noted. */
static struct {
  struct gs__coro *coro;
  struct gs__guard *guard;
} running;

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
  if (__stack_low != NULL) return __stack_low;
  return (char *)(((uintptr_t)__data_end + 15) & ~(uintptr_t)15);
}

static inline char *host_stack_top(void) {
  return __stack_low != NULL ? __stack_high : __heap_base;
}

void gs__coro_host_stack(const char **base, const char **top) {
  *base = host_stack_base();
  *top = host_stack_top();
}

static inline bool in_host(void) {
  char *limit;
  __asm__ volatile("global.get gs__stack_limit\n\tlocal.set %0" : "=r"(limit));
  return limit == host_stack_base();
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

void gs__stack_lowered(char *pointer);

/* On the host's stack. */
__attribute__((noinline)) static _Noreturn void overflowed(bool outside) {
  if (!outside) gs__coro_running_overflowed();
  gs__fatal(
      "stack overflow outside a goroutine: the stack of %zu bytes is too "
      "small",
      (size_t)(host_stack_top() - host_stack_base()));
}

#define DEPTH_STEP_BYTES ((uintptr_t)128)

/* Down to the next step, but not below the stack. */
static inline char *depth_mark(const struct gs__coro *coro, char *pointer) {
  char *mark = (char *)((uintptr_t)pointer & ~(DEPTH_STEP_BYTES - 1));
  return mark < coro->stack_base ? coro->stack_base : mark;
}

/* Called where a stack pointer, set or about to be used, is below the limit;
 * has no frame itself. In a goroutine the limit is how deep it has been, in
 * steps, so that depth is noted without a check of its own. */
MARK(gs__stack_lowered) void gs__stack_lowered(char *pointer) {
  bool outside = in_host();
  struct gs__coro *coro = running.coro;
  if (!outside && pointer >= coro->stack_base) {
    coro->lowest = depth_mark(coro, pointer);
    set_limit(coro->lowest);
    return;
  }
  set_limit(host_stack_base());
  set_stack_pointer(host_stack_top());
  overflowed(outside);
}

/* ---- blocks ---- */

void *gs__coro_new(size_t object_bytes, size_t stack_bytes) {
  /* malloc aligns to 8 in some releases of Emscripten; a C stack wants 16. */
  char *block = gs__malloc(GUARD_BYTES + 8 + stack_bytes + object_bytes);
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
  /* The first step is free: many goroutines take no more. */
  coro->lowest = depth_mark(coro, coro->stack_pointer - DEPTH_STEP_BYTES);
  coro->fn = fn;
  coro->arg = arg;
  coro->attempts = NULL;
}

void gs__coro_usage(const struct gs__coro *coro, size_t *now, size_t *most) {
  bool inside = coro == running.coro && !in_host();
  const char *top = coro->stack_base + coro->stack_bytes;
  const char *pointer = inside ? gs__stack_pointer() : coro->stack_pointer;
  const struct gs__frames *frames = &gs__guard_of(coro)->frames;
  *now = (size_t)(top - pointer);
  if (!inside && frames->top != NULL) {
    *now += (size_t)(frames->top - coro->stack_base);
  }
  *most = (size_t)(top - coro->lowest);
  if (*most < *now) *most = *now;
}

/* Asyncify traps when saved frames went beyond their end; this reports it. */
static void stop_unwind(void) {
  struct gs__guard *guard = running.guard;
  if (gs__likely(guard->frames.top <= guard->frames.end)) {
    gs__asyncify_stop_unwind();
    return;
  }
  guard->frames.top = guard->frames.end;
  gs__asyncify_stop_unwind();
  set_limit(host_stack_base());
  set_stack_pointer(host_stack_top());
  running.coro->stack_bytes = guard->stack_bytes;
  gs__coro_overflowed(running.coro, guard->id, guard->name);
}

/* ---- attempts ---- */

/* A function of its own: Binaryen must see nothing in gs__coro_try() that
 * belongs to the scheduler's side of Asyncify. */
void gs__coro_caught(char *stack_pointer);
GS__KEPT(gs__coro_caught) void gs__coro_caught(char *stack_pointer) {
  gs__switching = GS__SWITCH_NONE;
  stop_unwind();
  set_stack_pointer(stack_pointer);
}

/* Binaryen takes it for a leaf, for it could stop a rewind, and does not
 * instrument it: so it sees its callee return while the stack is unwound, and
 * ends that there if it is a throw. When frames are restored it is entered
 * again, with an argument that means nothing. It keeps nothing on the C stack,
 * whose pointer is the innermost frame's all the while. */
GS__KEPT(gs__coro_try) bool gs__coro_try(struct gs__try *attempt) {
  if (gs__switching == GS__SWITCH_RESUMING) {
    attempt = running.coro->restoring;
    if (attempt == NULL) gs__asyncify_stop_rewind(); /* never */
    running.coro->restoring = attempt->inner;
  } else {
    attempt->outer = running.coro->attempts;
    attempt->inner = NULL;
    if (attempt->outer != NULL) attempt->outer->inner = attempt;
    attempt->stack_pointer = gs__stack_pointer();
    running.coro->attempts = attempt;
  }
  attempt->fn(attempt->arg);
  if (gs__switching == GS__SWITCH_NONE) {
    running.coro->attempts = attempt->outer;
    return false;
  }
  if (gs__switching == GS__SWITCH_THROWING) {
    running.coro->attempts = attempt->outer;
    gs__coro_caught(attempt->stack_pointer);
    return true;
  }
  running.coro->restoring = attempt; /* the outermost is the last to say so */
  return false;
}

GS__LEAF(gs__coro_throw) void gs__coro_throw(void) {
  gs__coro_unwind(running.coro, GS__SWITCH_THROWING);
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
  set_limit(coro->lowest);
  running.coro = coro;
  running.guard = guard;
  if (guard->frames.top != NULL) {
    gs__switching = GS__SWITCH_RESUMING;
    gs__asyncify_start_rewind(&guard->frames);
  }
  coro->fn(coro->arg);
  bool ended = gs__switching != GS__SWITCH_PARKING;
  if (gs__switching != GS__SWITCH_NONE) {
    gs__switching = GS__SWITCH_NONE;
    stop_unwind();
    coro->stack_pointer = gs__stack_pointer();
  }
  set_limit(host_stack_base());
  set_stack_pointer(host_stack_pointer);
  if (gs__unlikely(!gs__coro_canary_ok(coro))) {
    gs__coro_overflowed(coro, 0, NULL);
  }
  return ended;
}

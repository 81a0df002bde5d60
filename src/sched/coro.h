/* Coroutines: a stack each, and the switch between one of them and the
 * scheduler. Only coro_asyncify.c and coro_native.c know how stacks switch. */
#ifndef GS_SCHED_CORO_H
#define GS_SCHED_CORO_H

#include <gossamer/go.h>
#ifndef __wasm__
#include <setjmp.h>
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/check.h"

/* A call whose frames can be dropped: gs__coro_try(). */
struct gs__try {
  gs_func *fn;
  void *arg;
  struct gs__try *outer; /* NULL: this is the outermost */
#ifdef __wasm__
  struct gs__try *inner; /* valid while frames are being restored */
  char *stack_pointer;   /* when it began */
#else
  jmp_buf begin;
#endif
};

struct gs__coro {
  char *stack_pointer; /* of the C stack, while not running */
  char *stack_base;    /* its lowest usable byte, just above the canary */
  size_t stack_bytes;  /* usable */
  gs_func *fn;         /* runs in it */
  void *arg;
  struct gs__try *attempts; /* that are under way, innermost first */
#ifdef __wasm__
  struct gs__try *restoring; /* the next one to be entered again */
  char *lowest;              /* how deep its C stack has been, in steps */
#else
  size_t mapping_bytes; /* stack and guard page */
  void *fake_stack;     /* AddressSanitizer's, while not running */
#endif
};

/* Allocates `object_bytes` that begin with a struct gs__coro, and a stack for
 * it. Everything else in the object is left as it is. NULL: no memory. */
void *gs__coro_new(size_t object_bytes, size_t stack_bytes);
void gs__coro_free(void *object);

/* Makes the coroutine ready to run fn(arg) from the start. What an error calls
 * it, its number and its name (or NULL), is noted where saved frames that have
 * no room do not reach. */
void gs__coro_reset(struct gs__coro *coro, gs_func *fn, void *arg, gs_id id,
                    const char *name);

/* Runs it until it parks or ends; true when it ended: fn returned, or a leaf
 * called gs__coro_end(). Not re-entrant. Reports an overflowed stack by
 * gs__coro_overflowed(). */
bool gs__coro_resume(struct gs__coro *coro);

/* Bytes of stack in use now, and at most so far (0: unknown). */
void gs__coro_usage(const struct gs__coro *coro, size_t *now, size_t *most);

/* Runs attempt->fn(attempt->arg) in the running coroutine, which may park in
 * it; the attempt lies in the caller's frame. True when it ended by
 * gs__coro_throw(), its frames dropped. */
bool gs__coro_try(struct gs__try *attempt);
/* Ends the innermost attempt, of which there is one. The last thing its caller
 * does: in wasm it returns, unwinding. */
void gs__coro_throw(void);

/* The scheduler defines it: names the goroutine and ends the program. The id
 * is 0 when the object itself still knows it. */
_Noreturn void gs__coro_overflowed(struct gs__coro *coro, gs_id id,
                                   const char *name);

/* The scheduler defines it too: the same for the coroutine that is running. */
_Noreturn void gs__coro_running_overflowed(void);

/* Before the first coroutine: the host's own stack is checked from now on. */
void gs__coro_init(void);

#define GS__CANARY UINT32_C(0x5afe57ac)

/* The word below the stack. */
static inline bool gs__coro_canary_ok(const struct gs__coro *coro) {
  return ((const uint32_t *)(const void *)coro->stack_base)[-1] == GS__CANARY;
}

#ifdef __wasm__

/* A function that parks is a leaf: it starts with GS__LEAF_BODY(), queues what
 * will wake it, calls gs__coro_park() last and returns. In wasm that call
 * returns at once and the stack is unwound behind it; when the goroutine runs
 * again the leaf is entered anew with arguments that mean nothing, and
 * GS__LEAF_BODY() returns the result. Never inlined and always exported, or
 * Binaryen would fold it into its caller before Asyncify looks. */
#define GS__LEAF(name) GS__KEPT(name)
/* Stays a function of its own for Binaryen to see. */
#define GS__KEPT(name) __attribute__((noinline, used, export_name(#name)))

enum gs__switching {
  GS__SWITCH_NONE,
  GS__SWITCH_RESUMING, /* a rewind is under way: the next leaf ends it */
  GS__SWITCH_PARKING,  /* a leaf parked its coroutine */
  GS__SWITCH_ENDING,   /* a leaf ended it */
  GS__SWITCH_THROWING  /* an attempt is being left */
};
extern enum gs__switching gs__switching;

/* Asyncify's own notes. */
struct gs__frames {
  char *top; /* where the next saved frame goes */
  char *end; /* saved frames must end below this */
};

/* Lies just below the stack, where saved frames that overflow it do not reach:
 * they must not change where they are said to end. */
struct gs__guard {
  gs_id id;                 /* for when frames have overwritten the object */
  const char *name;         /* as id */
  size_t stack_bytes;       /* as id */
  void *block;              /* as malloc gave it */
  struct gs__frames frames; /* while not running; top is NULL at the start */
  uint32_t canary;          /* the first to go when a buffer overflows */
};

static inline struct gs__guard *gs__guard_of(const struct gs__coro *coro) {
  return (struct gs__guard *)(void *)coro->stack_base - 1;
}

/* Where the host's own C stack lies. */
void gs__coro_host_stack(const char **base, const char **top);

#define GS__ASYNCIFY(fn) \
  __attribute__((import_module("asyncify"), import_name(#fn))) extern
GS__ASYNCIFY(start_unwind) void gs__asyncify_start_unwind(struct gs__frames *);
GS__ASYNCIFY(stop_unwind) void gs__asyncify_stop_unwind(void);
GS__ASYNCIFY(start_rewind) void gs__asyncify_start_rewind(struct gs__frames *);
GS__ASYNCIFY(stop_rewind) void gs__asyncify_stop_rewind(void);

__asm__(".globaltype __stack_pointer, i32\n");

static inline char *gs__stack_pointer(void) {
  char *pointer;
  __asm__ volatile("global.get __stack_pointer\n\tlocal.set %0"
                   : "=r"(pointer));
  return pointer;
}

GS__INLINE bool gs__coro_resumed(void) {
  if (gs__likely(gs__switching == GS__SWITCH_NONE)) return false;
  gs__switching = GS__SWITCH_NONE;
  gs__asyncify_stop_rewind();
  return true;
}

GS__INLINE void gs__coro_unwind(struct gs__coro *coro, enum gs__switching why) {
  char *top = gs__stack_pointer();
  if (gs__unlikely(top < coro->stack_base)) gs__coro_overflowed(coro, 0, NULL);
  struct gs__frames *frames = &gs__guard_of(coro)->frames;
  frames->top = coro->stack_base;
  frames->end = top;
  gs__switching = why;
  gs__asyncify_start_unwind(frames);
}

GS__INLINE void gs__coro_park(struct gs__coro *coro) {
  gs__coro_unwind(coro, GS__SWITCH_PARKING);
}

/* The last thing a leaf does: its coroutine never runs again. */
GS__INLINE void gs__coro_end(struct gs__coro *coro) {
  gs__coro_unwind(coro, GS__SWITCH_ENDING);
}

#else

#define GS__LEAF(name) GS__KEPT(name)
#define GS__KEPT(name) __attribute__((noinline))

GS__INLINE bool gs__coro_resumed(void) { return false; }
void gs__coro_park(struct gs__coro *coro);
_Noreturn void gs__coro_end(struct gs__coro *coro);

#endif

#endif

/* Panics, containing them, and clean-up that is always done.
 *
 * A panic is for what must not happen. It runs the goroutine's deferred calls,
 * then ends the program with a dump and code 2, unless a gs_try() around it
 * contains it: then only the part of the stack that the gs_try() started is
 * dropped. Errors that a caller can handle are return values, not panics. Model
 * of the semantics: Go's panic, recover and defer.
 *
 * A trap (a bad pointer, a division by zero, abort()) is no panic: it ends the
 * program at once. */
#ifndef GOSSAMER_PANIC_H
#define GOSSAMER_PANIC_H

#include <stddef.h>

#include "error.h"
#include "go.h"

#ifdef __cplusplus
extern "C" {
#define GS__NORETURN [[noreturn]]
#else
#define GS__NORETURN _Noreturn
#endif

/* ---- panic ---- */

/* Panics. The message is needed until the program ends or gs_try() returns a
 * copy of it; it may lie in the frame of the caller. **Parks** if a deferred
 * call does. */
GS__NORETURN void gs_panic(const char *message);
/* As gs_panic(), with a message as of printf(), cut off at GS_FAILURE_BYTES. It
 * wants some 1 KiB of stack. */
GS__NORETURN void gs_panicf(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#define GS_FAILURE_BYTES 120

struct gs_failure {
  char message[GS_FAILURE_BYTES]; /* NUL-terminated, cut off */
};

/* Runs fn(arg) in the calling goroutine; **parks** if fn does. 0 when it
 * returned; 1 when it panicked: its frames are gone, its deferred calls have
 * run, *failure, which may be NULL, has the message, and the caller's context
 * is what it was. Locks it held without a deferred unlock stay locked, and of
 * several contexts that were entered and not left by gs_defer() all but one
 * keep a reference. gs_ctx_enter() and gs_ctx_leave() nest with gs_try().
 * GS_EINVAL when fn is NULL; GS_EPERM outside a goroutine. gs_exit() is not
 * contained: it ends the goroutine. */
int gs_try(gs_func *fn, void *arg, struct gs_failure *failure);

/* ---- defer ---- */

/* A deferred call; gs_defer() makes it. */
struct gs_deferred {
  struct gs_deferred *gs__outer;
  gs_func *gs__fn;
  void *gs__arg;
};

/* gs_defer(fn, arg); has fn(arg) run when the block it stands in is left by
 * whatever way: at its end, by return, break, continue or goto, by a panic or
 * by gs_exit(). The last one runs first. It allocates nothing. `arg` may point
 * to variables declared before it. Not by longjmp(), exit() or a trap; and no
 * goto may jump over it into its block.
 *
 *   FILE *file = fopen(path, "r");
 *   if (file == NULL) return GS_ENOENT;
 *   gs_defer(close_file, file);
 *
 * A deferred call may park. In a context that is done its waits end at once:
 * gs_ctx_shield() helps. If it panics, that panic takes the former one's
 * place. */
#define gs_defer(fn, arg) GS__DEFER_AS(__COUNTER__, fn, arg)

#define GS__DEFER_AS(number, fn, arg) GS__DEFER_NUMBERED(number, fn, arg)
#define GS__DEFER_NUMBERED(number, fn, arg) \
  GS__DEFER(gs__deferred_##number, fn, arg)
#ifdef __cplusplus
#define GS__DEFER(name, fn, arg) gs__deferred_scope name(fn, arg)
#else
#define GS__DEFER(name, fn, arg)                                      \
  struct gs_deferred name __attribute__((cleanup(gs__defer_run))) = { \
      gs__defer_push(&name, fn, arg), fn, arg}
#endif

/* The runtime's. */
struct gs_deferred *gs__defer_push(struct gs_deferred *self, gs_func *fn,
                                   void *arg);
void gs__defer_run(struct gs_deferred *self);

#ifdef __cplusplus
}

class gs__deferred_scope {
 public:
  gs__deferred_scope(gs_func *fn, void *arg) : self_{nullptr, fn, arg} {
    self_.gs__outer = gs__defer_push(&self_, fn, arg);
  }
  ~gs__deferred_scope() { gs__defer_run(&self_); }
  gs__deferred_scope(const gs__deferred_scope &) = delete;
  gs__deferred_scope &operator=(const gs__deferred_scope &) = delete;

 private:
  gs_deferred self_;
};
#endif
#endif

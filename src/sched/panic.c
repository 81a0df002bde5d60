/* Panics, gs_try() and deferred calls: see gossamer/panic.h. Deferred calls
 * run before anything is unwound, since they point into the frames. */
#include <gossamer/panic.h>
#include <string.h>

#include "sched.h"

struct gs_deferred *gs__defer_push(struct gs_deferred *self, gs_func *fn,
                                   void *arg) {
  self->gs__fn = fn;
  self->gs__arg = arg;
  struct gs__task *task = gs__sched.current;
  if (task == NULL) return NULL;
  struct gs_deferred *outer = task->defers;
  task->defers = self;
  return outer;
}

void gs__defer_run(struct gs_deferred *self) {
  struct gs__task *task = gs__sched.current;
  if (task != NULL) {
    gs_assert(task->defers == self);
    task->defers = self->gs__outer;
  }
  self->gs__fn(self->gs__arg);
}

/* Down to one that stays. */
void gs__defers_run(struct gs__task *task, const struct gs_deferred *last) {
  while (task->defers != last) gs__defer_run(task->defers);
}

struct contained {
  struct gs__try attempt; /* must be first */
  struct gs_failure *failure;
  struct gs_deferred *defers; /* that stay */
};

int gs_try(gs_func *fn, void *arg, struct gs_failure *failure) {
  struct gs__task *task = gs__sched.current;
  if (fn == NULL) return GS_EINVAL;
  if (task == NULL) return GS_EPERM;
  struct contained c;
  c.attempt.fn = fn;
  c.attempt.arg = arg;
  c.failure = failure;
  c.defers = task->defers;
  struct gs__scope *scope = task->scope;
  uint32_t shields = task->shields;
  uint32_t unpreemptible = task->unpreemptible;
  if (!gs__coro_try(&c.attempt)) return 0;
  if (task->scope != scope) gs__scope_release(task->scope);
  task->scope = scope;
  task->shields = shields;
  task->unpreemptible = unpreemptible;
  return 1;
}

static void copy_message(struct gs_failure *failure, const char *message) {
  size_t length = strlen(message);
  if (length >= GS_FAILURE_BYTES) length = GS_FAILURE_BYTES - 1;
  memcpy(failure->message, message, length);
  failure->message[length] = '\0';
}

/* gs_panic(), without _Noreturn: in wasm it does return, unwinding. */
void gs__panic(const char *message) __asm__("gs_panic");
void gs__panic(const char *message) {
  struct gs__task *task = gs__sched.current;
  if (message == NULL) message = "(no message)";
  struct contained *c =
      task == NULL ? NULL : (struct contained *)task->coro.attempts;
  if (task != NULL) gs__defers_run(task, c == NULL ? NULL : c->defers);
  if (c == NULL) {
    gs__report("panic: %s", message);
    gs__fatal_end();
  }
  if (c->failure != NULL) copy_message(c->failure, message);
  gs__coro_throw();
}

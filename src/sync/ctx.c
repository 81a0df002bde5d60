/* Contexts: see gossamer/ctx.h. A context is a scope (sched.h), which ends the
 * waits of its goroutines, in a tree: those below are done with it. */
#include <gossamer/ctx.h>
#include <stdlib.h>

#include "../base/stress.h"
#include "queue.h"

struct gs_ctx {
  struct gs__scope scope;   /* must be first */
  struct gs_ctx *parent;    /* one reference, or NULL */
  struct gs__list children; /* that are not done; no references */
  struct gs__list sibling;  /* in the parent's children, while `linked` */
  struct gs__alarm alarm;
  struct gs__queue watchers; /* gs_ctx_wait() */
  int64_t deadline_ns;       /* the earliest up the tree, or GS_FOREVER */
  gs_chan *chan;             /* made when first asked for, or NULL */
  const void *key;           /* or NULL */
  void *value;
  int cause;
  bool linked;
};

static inline gs_ctx *ctx_of(struct gs__scope *scope) {
  return (gs_ctx *)scope;
}

static void unlink_from_parent(gs_ctx *ctx) {
  if (!ctx->linked) return;
  gs__list_remove(&ctx->sibling);
  ctx->linked = false;
}

/* This one alone. */
static void end_one(gs_ctx *ctx, int error, int cause) {
  ctx->linked = false;
  ctx->scope.done = error;
  ctx->cause = cause;
  gs__alarm_clear(&ctx->alarm);
  while (!gs__queue_empty(&ctx->watchers)) {
    gs__wake(&gs__queue_take(&ctx->watchers)->clause.clause, GS_OK);
  }
  gs__scope_end_waits(&ctx->scope);
  if (ctx->chan != NULL) gs_chan_close(ctx->chan);
}

/* And those below, without recursion: their number is the user's. */
static void end(gs_ctx *ctx, int error, int cause) {
  struct gs__list work;
  gs__list_init(&work);
  unlink_from_parent(ctx);
  gs__list_append(&work, &ctx->sibling);
  while (!gs__list_empty(&work)) {
    gs_ctx *next = gs__container(work.next, gs_ctx, sibling);
    gs__list_remove(&next->sibling);
    gs__list_splice(&work, &next->children);
    end_one(next, error, cause);
  }
}

static void expire(struct gs__alarm *alarm, int64_t deadline_ns) {
  (void)deadline_ns;
  end(gs__container(alarm, gs_ctx, alarm), GS_ETIMEDOUT, GS_ETIMEDOUT);
}

void gs__scope_free(struct gs__scope *scope) {
  gs_ctx *ctx = ctx_of(scope);
  while (ctx != NULL) { /* up the tree, as far as nobody else is there */
    gs_ctx *parent = ctx->parent;
    unlink_from_parent(ctx);
    gs__alarm_clear(&ctx->alarm);
    gs_chan_release(ctx->chan);
    free(ctx);
    ctx = parent != NULL && --parent->scope.references == 0 ? parent : NULL;
  }
}

static int make(gs_ctx **out, gs_ctx *parent, bool detached,
                int64_t deadline_ns, const void *key, void *value) {
  if (out == NULL) return GS_EINVAL;
  gs_ctx *above = detached ? NULL : parent;
  int64_t above_ns = gs_ctx_deadline(above);
  gs_ctx *ctx = gs__malloc(sizeof *ctx);
  if (ctx == NULL) return GS_ENOMEM;
  *ctx =
      (gs_ctx){.scope = {.references = 1},
               .parent = parent,
               .alarm = {.item = {GS__HEAP_OUT}, .fire = expire},
               .deadline_ns = deadline_ns < above_ns ? deadline_ns : above_ns,
               .key = key,
               .value = value};
  gs__list_init(&ctx->scope.waiters);
  gs__list_init(&ctx->children);
  if (above != NULL && above->scope.done != 0) {
    ctx->scope.done = above->scope.done;
    ctx->cause = above->cause;
  } else if (deadline_ns <= gs_now()) {
    ctx->scope.done = GS_ETIMEDOUT;
    ctx->cause = GS_ETIMEDOUT;
  } else if (deadline_ns < above_ns &&
             !gs__alarm_set(&ctx->alarm, deadline_ns)) {
    free(ctx);
    return GS_ENOMEM;
  }
  if (parent != NULL) parent->scope.references++;
  if (above != NULL && ctx->scope.done == 0) {
    gs__list_append(&above->children, &ctx->sibling);
    ctx->linked = true;
  }
  *out = ctx;
  return GS_OK;
}

int gs_ctx_new(gs_ctx **out, gs_ctx *parent) {
  return make(out, parent, false, GS_FOREVER, NULL, NULL);
}

int gs_ctx_new_until(gs_ctx **out, gs_ctx *parent, int64_t deadline_ns) {
  return make(out, parent, false, deadline_ns, NULL, NULL);
}

int gs_ctx_new_timeout(gs_ctx **out, gs_ctx *parent, int64_t ns) {
  return make(out, parent, false, gs_deadline(ns), NULL, NULL);
}

int gs_ctx_new_value(gs_ctx **out, gs_ctx *parent, const void *key,
                     void *value) {
  if (key == NULL) return GS_EINVAL;
  return make(out, parent, false, GS_FOREVER, key, value);
}

int gs_ctx_new_detached(gs_ctx **out, gs_ctx *parent) {
  return make(out, parent, true, GS_FOREVER, NULL, NULL);
}

gs_ctx *gs_ctx_retain(gs_ctx *ctx) {
  if (ctx != NULL) gs__scope_retain(&ctx->scope);
  return ctx;
}

void gs_ctx_release(gs_ctx *ctx) {
  if (ctx != NULL) gs__scope_release(&ctx->scope);
}

int gs_ctx_cancel(gs_ctx *ctx, int cause) {
  if (ctx == NULL || cause > 0) return GS_EINVAL;
  if (ctx->scope.done != 0) return 0;
  end(ctx, GS_ECANCELED, cause == 0 ? GS_ECANCELED : cause);
  return 1;
}

int gs_ctx_error(const gs_ctx *ctx) {
  return ctx == NULL ? 0 : ctx->scope.done;
}

int gs_ctx_cause(const gs_ctx *ctx) { return ctx == NULL ? 0 : ctx->cause; }

int64_t gs_ctx_deadline(const gs_ctx *ctx) {
  return ctx == NULL ? GS_FOREVER : ctx->deadline_ns;
}

void *gs_ctx_value(const gs_ctx *ctx, const void *key) {
  if (key == NULL) return NULL;
  while (ctx != NULL && ctx->key != key) ctx = ctx->parent;
  return ctx == NULL ? NULL : ctx->value;
}

int gs_ctx_chan(gs_chan **out, gs_ctx *ctx) {
  if (out == NULL) return GS_EINVAL;
  if (ctx != NULL && ctx->chan == NULL) {
    int error = gs_chan_new(&ctx->chan, 1, 0);
    if (error != GS_OK) return error;
    if (ctx->scope.done != 0) gs_chan_close(ctx->chan);
  }
  *out = ctx == NULL ? NULL : ctx->chan;
  return GS_OK;
}

GS__INLINE int wait_until(gs_ctx *ctx, int64_t deadline_ns) {
  if (ctx != NULL && ctx->scope.done != 0) return gs__done(GS_OK);
  if (gs__sched.current == NULL) return GS_EPERM;
  struct gs__waiter waiter;
  if (ctx == NULL) { /* waits for the deadline alone */
    if (deadline_ns != GS_FOREVER &&
        !gs__deadline_wait(&waiter.expiry, deadline_ns, GS_ETIMEDOUT)) {
      return GS_ENOMEM;
    }
  } else {
    int error = gs__queue_add(&ctx->watchers, &waiter, NULL, deadline_ns);
    if (error != GS_OK) return error;
  }
  return (int)gs__park("context", ctx);
}

GS__LEAF(gs_ctx_wait) int gs_ctx_wait(gs_ctx *ctx) {
  GS__LEAF_BODY(int);
  return wait_until(ctx, GS_FOREVER);
}

GS__LEAF(gs_ctx_wait_until)
int gs_ctx_wait_until(gs_ctx *ctx, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return wait_until(ctx, deadline_ns);
}

gs_ctx *gs_ctx_current(void) {
  struct gs__task *task = gs__sched.current;
  return task == NULL ? NULL : ctx_of(task->scope);
}

gs_ctx *gs_ctx_enter(gs_ctx *ctx) {
  struct gs__task *task = gs__sched.current;
  if (task == NULL) return NULL;
  gs_ctx *outer = ctx_of(task->scope);
  gs_ctx_retain(ctx);
  task->scope = (struct gs__scope *)ctx;
  return outer;
}

void gs_ctx_leave(gs_ctx *outer) {
  struct gs__task *task = gs__sched.current;
  if (task == NULL) return;
  gs__scope_release(task->scope);
  task->scope = (struct gs__scope *)outer;
}

void gs_ctx_shield(void) {
  if (gs__sched.current != NULL) gs__sched.current->shields++;
}

void gs_ctx_unshield(void) {
  struct gs__task *task = gs__sched.current;
  if (task != NULL && task->shields > 0) task->shields--;
}

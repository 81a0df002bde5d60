/* Generators: see gossamer/gen.h. The body is parked in its yield, or somebody
 * waits for it, or both, when it waits for something else; never neither. */
#include "gen.h"

#include <stdlib.h>
#include <string.h>

#include "../base/stress.h"

int gs__gen_begin(gs_gen *gen);

static void free_gen(gs_gen *gen) {
  gs_ctx_release(gen->ctx);
  free(gen);
}

static inline void wake_consumer(gs_gen *gen, int result) {
  gs__wake(&gs__queue_take(&gen->consumers)->clause.clause, result);
}

static inline void wake_yielder(gs_gen *gen, int result) {
  struct gs__clause *clause =
      gs__container(gen->yielder.next, struct gs__clause, node);
  gs__list_remove(&clause->node);
  gs__wake(clause, result);
}

/* The body's goroutine has ended, however. */
static void end(struct gs__owned *owned, bool dropped) {
  gs_gen *gen = (gs_gen *)owned;
  gen->task = NULL;
  while (!dropped && !gs__queue_empty(&gen->consumers)) {
    wake_consumer(gen, gen->result);
  }
  if (gen->released) free_gen(gen);
}

static void run_generator(void *arg) {
  gs_gen *gen = arg;
  int error = gs__gen_begin(gen);
  if (error == GS_OK) error = gen->fn(gen, gen->arg);
  if (error < 0) gen->result = error;
}

int gs__gen_new_with(const char *from, gs_gen **out,
                     const struct gs_go_options *options, size_t elem_bytes,
                     gs_gen_func *fn, void *arg) {
  if (out == NULL || elem_bytes == 0 || fn == NULL) return GS_EINVAL;
  gs_gen *gen = gs__malloc(sizeof *gen);
  if (gen == NULL) return GS_ENOMEM;
  *gen = (gs_gen){
      .owned = {.end = end}, .fn = fn, .arg = arg, .elem_bytes = elem_bytes};
  gs__list_init(&gen->yielder);
  int error = gs_ctx_new(&gen->ctx, gs_ctx_current());
  if (error != GS_OK) goto no_ctx;
  gs_id id = gs__go_with_from(from, options, run_generator, gen);
  if (id < 0) {
    error = (int)id;
    goto no_task;
  }
  gen->task = gs__task_newest();
  gen->id = id;
  gs__task_enter(gen->task, (struct gs__scope *)gen->ctx);
  gs__own(gen->task, &gen->owned);
  *out = gen;
  return GS_OK;

no_task:
  gs_ctx_release(gen->ctx);
no_ctx:
  free(gen);
  return error;
}

int gs__gen_new(const char *from, gs_gen **out, size_t elem_bytes,
                gs_gen_func *fn, void *arg) {
  return gs__gen_new_with(from, out, NULL, elem_bytes, fn, arg);
}

int(gs_gen_new)(gs_gen **out, size_t elem_bytes, gs_gen_func *fn, void *arg) {
  return gs__gen_new(NULL, out, elem_bytes, fn, arg);
}

int(gs_gen_new_with)(gs_gen **out, const struct gs_go_options *options,
                     size_t elem_bytes, gs_gen_func *fn, void *arg) {
  return gs__gen_new_with(NULL, out, options, elem_bytes, fn, arg);
}

/* Most elements are a word or two. */
static inline void copy(void *to, const void *from, size_t bytes) {
  if (to == NULL) return;
  if (bytes == 4) {
    memcpy(to, from, 4);
  } else if (bytes == 8) {
    memcpy(to, from, 8);
  } else {
    memcpy(to, from, bytes);
  }
}

/* Parks until an element is wanted; `elem` is one that nobody wanted yet. Not
 * under its context, which would cost a fifth of a switch and a round of the
 * run queue: who asks next tells it. */
GS__INLINE int wait_to_be_asked(gs_gen *gen, const void *elem) {
  struct gs__clause clause;
  gen->elem = elem;
  gs__wait_add(&clause, GS__CLAUSE_LIST);
  gs__list_append(&gen->yielder, &clause.node);
  return (int)gs__park_unscoped("consumer of generator", gen);
}

GS__LEAF(gs__gen_begin) int gs__gen_begin(gs_gen *gen) {
  GS__LEAF_BODY(int);
  if (gen->released) return GS_EPIPE;
  if (!gs__queue_empty(&gen->consumers)) return GS_OK;
  return wait_to_be_asked(gen, NULL);
}

GS__LEAF(gs_gen_yield) int gs_gen_yield(gs_gen *gen, const void *elem) {
  GS__LEAF_BODY(int);
  if (gen == NULL || elem == NULL) return GS_EINVAL;
  if (gs__sched.current != gen->task || gen->task == NULL) return GS_EPERM;
  if (gen->released) return GS_EPIPE;
  if (gs__likely(!gs__queue_empty(&gen->consumers))) {
    copy(gs__queue_first(&gen->consumers)->object, elem, gen->elem_bytes);
    wake_consumer(gen, 1);
    if (!gs__queue_empty(&gen->consumers)) return gs__done(GS_OK);
    elem = NULL;
  }
  return wait_to_be_asked(gen, elem);
}

static inline int context_error(const struct gs__task *task) {
  return task->scope == NULL ? GS_OK : gs__scope_error(task);
}

GS__INLINE int next_until(gs_gen *gen, void *elem, int64_t deadline_ns) {
  if (gen == NULL) return GS_EINVAL;
  bool asks = !gs__list_empty(&gen->yielder);
  if (gs__unlikely(asks && gen->elem != NULL)) {
    copy(elem, gen->elem, gen->elem_bytes);
    gen->elem = NULL;
    return gs__done(1);
  }
  if (gen->task == NULL) return gen->result;
  if (gs__sched.current == gen->task) return GS_EDEADLK;
  struct gs__waiter waiter;
  waiter.object = elem;
  int error = gs__queue_add(&gen->consumers, &waiter, NULL, deadline_ns);
  if (error != GS_OK) return error;
  if (asks) wake_yielder(gen, context_error(gen->task));
  return (int)gs__park("generator", gen);
}

GS__LEAF(gs_gen_next) int gs_gen_next(gs_gen *gen, void *elem) {
  GS__LEAF_BODY(int);
  return next_until(gen, elem, GS_FOREVER);
}

GS__LEAF(gs_gen_next_until)
int gs_gen_next_until(gs_gen *gen, void *elem, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return next_until(gen, elem, deadline_ns);
}

void gs_gen_release(gs_gen *gen) {
  if (gen == NULL) return;
  if (gen->task == NULL) {
    free_gen(gen);
    return;
  }
  gen->released = true;
  while (!gs__queue_empty(&gen->consumers)) wake_consumer(gen, GS_EPIPE);
  if (!gs__list_empty(&gen->yielder)) {
    wake_yielder(gen, GS_EPIPE);
  } else {
    gs_ctx_cancel(gen->ctx, GS_EPIPE);
  }
}

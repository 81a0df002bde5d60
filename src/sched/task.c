/* Goroutines from start to end, and the pool of their blocks. */
#include <stdlib.h>

#include "timer.h"
#include "wait.h"

#define STACK_ALIGN ((size_t)16)
/* Beyond this, blocks of ended tasks go back to malloc. */
#define POOLED_BYTES_MAX ((size_t)16 << 20)

static struct gs__pool *pool_of(struct gs__sched *s, size_t stack_bytes) {
  for (int i = 0; i < GS__POOLS; i++) {
    struct gs__pool *pool = &s->pools[i];
    if (pool->stack_bytes == stack_bytes) return pool;
    if (pool->stack_bytes == 0) {
      pool->stack_bytes = stack_bytes;
      return pool;
    }
  }
  return NULL;
}

static struct gs__task *task_block(struct gs__sched *s, size_t stack_bytes) {
  struct gs__pool *pool = pool_of(s, stack_bytes);
  if (pool != NULL && pool->first != NULL) {
    struct gs__task *task = pool->first;
    pool->first = task->next;
    s->pooled_bytes -= stack_bytes;
    return task;
  }
  return gs__coro_new(sizeof(struct gs__task), stack_bytes);
}

static gs_id task_start(size_t stack_bytes, const char *name, gs_func *fn,
                        void *arg, const char *from) {
  struct gs__sched *s = &gs__sched;
  if (fn == NULL) return GS_EINVAL;
  struct gs__task *task = task_block(s, stack_bytes);
  if (task == NULL) return GS_ENOMEM;
  task->clauses = NULL;
  task->id = s->next_id++;
  gs__coro_reset(&task->coro, fn, arg, task->id, name);
  task->name = name; /* the reason and the like: by who parks it */
  task->from = from;
  task->scope = gs__scope_retain(s->current == NULL ? NULL : s->current->scope);
  task->shields = 0;
  task->defers = NULL;
  task->owned = NULL;
  task->unpreemptible = 0;
  task->own_errno = 0;
  gs__list_append(&s->all, &task->all);
  s->alive++;
  gs__ready(task);
  return task->id;
}

gs_id gs__go_from(const char *from, gs_func *fn, void *arg) {
  return task_start(GS_STACK_DEFAULT, NULL, fn, arg, from);
}

gs_id gs__go_with_from(const char *from, const struct gs_go_options *options,
                       gs_func *fn, void *arg) {
  if (options == NULL) return gs__go_from(from, fn, arg);
  size_t stack_bytes = options->stack_bytes;
  if (stack_bytes == 0) {
    stack_bytes = GS_STACK_DEFAULT;
  } else if (stack_bytes < GS_STACK_MIN || stack_bytes > GS_STACK_MAX) {
    return GS_EINVAL;
  }
  stack_bytes = (stack_bytes + STACK_ALIGN - 1) & ~(STACK_ALIGN - 1);
  return task_start(stack_bytes, options->name, fn, arg, from);
}

gs_id(gs_go)(gs_func *fn, void *arg) { return gs__go_from(NULL, fn, arg); }

gs_id(gs_go_with)(const struct gs_go_options *options, gs_func *fn, void *arg) {
  return gs__go_with_from(NULL, options, fn, arg);
}

GS__KEPT(gs__owned_end)
void gs__owned_end(struct gs__task *task, bool dropped) {
  struct gs__owned *owned = task->owned;
  while (owned != NULL) {
    struct gs__owned *next = owned->next;
    owned->end(owned, dropped);
    owned = next;
  }
  task->owned = NULL;
}

/* The task has left its stack for good. */
void gs__task_end(struct gs__task *task) {
  struct gs__sched *s = &gs__sched;
  gs_assert(task->clauses == NULL);
  task->state = GS__DONE;
  if (gs__unlikely(task->owned != NULL)) gs__owned_end(task, false);
  gs__list_remove(&task->all);
  gs__scope_release(task->scope);
  s->alive--;
  s->current = NULL; /* the block is nobody's from here on, its errno too */
  size_t stack_bytes = task->coro.stack_bytes;
  struct gs__pool *pool = pool_of(s, stack_bytes);
  if (pool == NULL || s->pooled_bytes + stack_bytes > POOLED_BYTES_MAX) {
    gs__coro_free(task);
    return;
  }
  task->next = pool->first;
  pool->first = task;
  s->pooled_bytes += stack_bytes;
}

void gs__sched_term(void) {
  struct gs__sched *s = &gs__sched;
  /* What ends with one task may wake another, so that all are there until
   * nothing is left that could. */
  for (struct gs__list *node = s->all.next; node != &s->all;
       node = node->next) {
    struct gs__task *task = gs__container(node, struct gs__task, all);
    if (task->state == GS__PARKED) gs__scope_leave(task);
  }
  for (struct gs__list *node = s->all.next; node != &s->all;
       node = node->next) {
    struct gs__task *task = gs__container(node, struct gs__task, all);
    gs__owned_end(task, true);
    gs__scope_release(task->scope);
  }
  while (!gs__list_empty(&s->all)) {
    struct gs__list *node = s->all.next;
    gs__list_remove(node);
    gs__coro_free(gs__container(node, struct gs__task, all));
  }
  for (int i = 0; i < GS__POOLS; i++) {
    struct gs__task *task = s->pools[i].first;
    while (task != NULL) {
      struct gs__task *next = task->next;
      gs__coro_free(task);
      task = next;
    }
  }
  gs__heap_term(&s->timers);
  gs__sched_init(0);
}

GS__LEAF(gs_yield) int gs_yield(void) {
  GS__LEAF_BODY(int);
  if (gs__unlikely(gs__sched.current == NULL)) return GS_EPERM;
  return gs__yield();
}

static void stop_serving(struct gs__clause *clause) {
  (void)clause;
  gs__sched.serving--;
}

GS__LEAF(gs_serve) int gs_serve(void) {
  GS__LEAF_BODY(int);
  if (gs__sched.current == NULL) return GS_EPERM;
  struct gs__clause_other clause;
  clause.cancel = stop_serving;
  gs__wait_add(&clause.clause, GS__CLAUSE_OTHER);
  gs__sched.serving++;
  return (int)gs__park("calls from the host", NULL);
}

/* The host floor defines it, in programs with functions for JavaScript: ends
 * the call that this goroutine was to answer, if it was. */
void gs__call_exits(gs_func *fn, void *arg) __attribute__((weak));

void gs__task_leave(struct gs__task *task);

GS__LEAF(gs__task_leave) void gs__task_leave(struct gs__task *task) {
  gs__coro_end(&task->coro);
}

/* gs_exit(), without _Noreturn: in wasm it does return, unwinding, and the
 * compiler must not put a trap there. Nothing in the frames runs again. */
void gs__exit(void) __asm__("gs_exit");
void gs__exit(void) {
  struct gs__task *task = gs__sched.current;
  if (task == NULL) gs__fatal("gs_exit was called outside a goroutine");
  gs__defers_run(task, NULL);
  if (gs__call_exits != NULL) gs__call_exits(task->coro.fn, task->coro.arg);
  gs__task_leave(task);
}

gs_id gs_self(void) {
  return gs__sched.current == NULL ? 0 : gs__sched.current->id;
}

size_t gs_count(void) { return gs__sched.alive; }

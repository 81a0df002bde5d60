/* The scheduler: goroutines (tasks), the run queue, parking and waking.
 *
 * Everything that blocks does it in one way: queue wait clauses (wait.h), then
 * gs__park(). Whoever wakes the task cancels the clauses that did not fire.
 * One struct holds the whole state. */
#ifndef GS_SCHED_SCHED_H
#define GS_SCHED_SCHED_H

#include <gossamer/go.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/heap.h"
#include "../base/list.h"
#include "../base/random.h"
#include "../base/stress.h"
#include "coro.h"

/* One thing that can wake a parked task: see wait.h. */
struct gs__clause {
  struct gs__list node;    /* the queue it waits in */
  struct gs__task *task;   /* who waits */
  struct gs__clause *next; /* of the same task */
  uint32_t kind;           /* enum gs__clause_kind */
  uint32_t tag;            /* its owner's */
};

/* What may end every wait of the tasks under it: the first member of a
 * struct gs_ctx. */
struct gs__scope {
  struct gs__list waiters; /* scope clauses of parked tasks */
  int done;                /* 0, or what their waits end with */
  uint32_t references;
};

/* What ends with a task: a structure of its owner's that begins with this. */
struct gs__owned {
  struct gs__owned *next;
  /* Runs when the task has left its stack, in whichever way, or, `dropped`,
   * when the whole program ends; must not park. */
  void (*end)(struct gs__owned *owned, bool dropped);
};

enum gs__state {
  GS__READY,  /* in the run queue, or gs__sched.current and running */
  GS__PARKED, /* waits for one of its clauses */
  GS__DONE    /* ended; its block is in the pool */
};

struct gs__task {
  struct gs__coro coro;       /* must be first */
  struct gs__task *next;      /* in the run queue, or in the pool */
  struct gs__clause *clauses; /* what may wake it, while parked */
  struct gs__list all;        /* in gs__sched.all */
  int64_t result;             /* what the leaf returns when it runs again */
  gs_id id;
  int64_t since_ns;        /* when it last parked, to the pump's precision */
  const char *reason;      /* what it waits for: "chan receive" */
  const void *object;      /* the channel or the like, or NULL */
  const char *name;        /* or NULL */
  const char *from;        /* where it was started: "main.c:42", or NULL */
  struct gs__scope *scope; /* one reference, or NULL: nothing ends its waits */
  struct gs__clause scope_clause; /* in scope->waiters, while parked */
  uint32_t shields;               /* while > 0 its waits do not end by scope */
  struct gs_deferred *defers;     /* the newest first */
  struct gs__owned *owned;        /* newest first */
  uint32_t unpreemptible;         /* while > 0 it is not preempted */
  int own_errno;                  /* natively: while it does not run */
  uint8_t state;                  /* enum gs__state */
};

/* Blocks of ended tasks, by stack size. */
struct gs__pool {
  size_t stack_bytes; /* 0: this pool is free */
  struct gs__task *first;
};

#define GS__POOLS 8

/* Decides every scheduling and select choice, so that a test can walk through
 * all of them. A table and not a function: Asyncify would instrument whatever
 * calls through a pointer. */
struct gs__script {
  uint32_t *taken;   /* the choices; the first `given` are the test's */
  uint32_t *among;   /* how many alternatives each of them had */
  uint32_t given;    /* beyond these the first alternative is taken */
  uint32_t used;     /* so far; those beyond `capacity` are not recorded */
  uint32_t capacity; /* of taken and among */
};

struct gs__sched {
  struct gs__task *current; /* the running task, or NULL */
  struct gs__task *head;    /* of the run queue */
  struct gs__task *tail;    /* of the run queue; only valid with a head */
  int64_t now_ns;           /* the clock, as last read */
  bool pumping;             /* inside gs__sched_pump() */
  bool virtual_clock;       /* time passes only when all are parked */
  uint32_t serving;         /* while > 0 waiting for ever is no deadlock */
  bool running_main;        /* the program has a main that has not ended */
  bool stopping;            /* deadlock or overflow is being reported */
  uint32_t outstanding;     /* host operations and frame waits pending */
  uint32_t alive;           /* tasks that have not ended */
  uint32_t until_look;      /* switches before the pump reads the clock */
  int64_t budget_ns;        /* of one pump */
  int64_t sliced_ns;        /* of this pump: time of slices that were over */
  int64_t watchdog_ns;      /* who runs for longer is reported; 0: nobody */
  gs_id next_id;
  struct gs__list all; /* the tasks that have not ended */
  struct gs__heap timers;
  struct gs__random random;
  struct gs__script *script; /* for tests, or NULL */
  size_t pooled_bytes;
  struct gs__pool pools[GS__POOLS];
};
extern struct gs__sched gs__sched;

/* What a pump found when nothing was left to run. */
enum gs__idle {
  GS__IDLE_AGAIN,    /* budget is spent: call again soon */
  GS__IDLE_TIMER,    /* until the first timer */
  GS__IDLE_WAIT,     /* until the host completes something */
  GS__IDLE_DEADLOCK, /* nothing can ever run again */
  GS__IDLE_EMPTY,    /* no task is left, and main did not end the program */
  GS__IDLE_BUSY      /* refused: the pump is running already */
};

void gs__sched_init(uint64_t seed);
/* Frees everything; tasks that have not ended are dropped where they are. */
void gs__sched_term(void);

/* Runs tasks and fires timers until nothing is left or the budget is spent.
 * Refuses re-entry. The caller decides what a deadlock means. */
enum gs__idle gs__sched_pump(void);

/* The script's next choice, recorded. */
uint32_t gs__script_next(struct gs__script *script, uint32_t count);

/* A choice among `count` alternatives (> 0), each as likely as the others. */
static inline uint32_t gs__choose(uint32_t count) {
  struct gs__script *script = gs__sched.script;
  if (gs__unlikely(script != NULL)) return gs__script_next(script, count);
  return gs__random_below(&gs__sched.random, count);
}

static inline void gs__own(struct gs__task *task, struct gs__owned *owned) {
  owned->next = task->owned;
  task->owned = owned;
}

/* Ends what the task owns. */
void gs__owned_end(struct gs__task *task, bool dropped);

/* Puts a task that is not queued at the end of the run queue. */
static inline void gs__ready(struct gs__task *task) {
  struct gs__sched *s = &gs__sched;
  task->state = GS__READY;
  task->next = NULL;
  if (s->head == NULL) {
    s->head = task;
  } else {
    s->tail->next = task;
  }
  s->tail = task;
}

/* Puts a task that parks under its scope. True when that is done already: then
 * the task's clauses are canceled and it goes on with task->result. */
bool gs__scope_refuses(struct gs__task *task);

/* 0, or what the task's scope ends its waits with. */
static inline int gs__scope_error(const struct gs__task *task) {
  return task->shields > 0 ? 0 : task->scope->done;
}

GS__INLINE void gs__park_begin(struct gs__task *task, const char *reason,
                               const void *object) {
  task->state = GS__PARKED;
  task->reason = reason;
  task->object = object;
  task->since_ns = gs__sched.now_ns;
}

/* As gs__park(), but the task's scope does not end the wait. */
GS__INLINE int64_t gs__park_unscoped(const char *reason, const void *object) {
  struct gs__task *task = gs__sched.current;
  gs__park_begin(task, reason, object);
  gs__coro_park(&task->coro);
  return task->result;
}

/* Parks the current task; the last thing a leaf does. The result is of use
 * only natively, and when the task need not park. */
GS__INLINE int64_t gs__park(const char *reason, const void *object) {
  struct gs__task *task = gs__sched.current;
  gs__park_begin(task, reason, object);
  if (gs__unlikely(task->scope != NULL) && gs__scope_refuses(task)) {
    return task->result;
  }
  gs__coro_park(&task->coro);
  return task->result;
}

/* Parks the current task behind the others that are ready; the last thing a
 * leaf does. */
GS__INLINE int gs__yield(void) {
  struct gs__task *task = gs__sched.current;
  task->result = GS_OK;
  if (gs__unlikely(task->scope != NULL)) task->result = gs__scope_error(task);
  gs__ready(task);
  gs__coro_park(&task->coro);
  return (int)task->result;
}

/* What a leaf returns that need not park. */
GS__INLINE int gs__done(int result) {
#ifdef GS_DEBUG
  struct gs__task *task = gs__sched.current;
  if (gs__unlikely(gs__stress.yield) && task != NULL) {
    task->result = result;
    gs__ready(task);
    gs__coro_park(&task->coro);
    return (int)task->result;
  }
#endif
  return result;
}

/* Frees a scope; the floor above that makes scopes defines it. */
void gs__scope_free(struct gs__scope *scope) __attribute__((weak));

static inline struct gs__scope *gs__scope_retain(struct gs__scope *scope) {
  if (gs__unlikely(scope != NULL)) scope->references++;
  return scope;
}

static inline void gs__scope_release(struct gs__scope *scope) {
  if (gs__unlikely(scope != NULL) && --scope->references == 0) {
    gs__scope_free(scope);
  }
}

/* Runs the task's deferred calls, the newest first, but not `last` and those
 * before it. Parks if one of them does. */
void gs__defers_run(struct gs__task *task, const struct gs_deferred *last);

/* The task that was started last; nothing has run since. */
static inline struct gs__task *gs__task_newest(void) {
  return gs__container(gs__sched.all.prev, struct gs__task, all);
}

/* Puts a task that is not parked under another scope. */
static inline void gs__task_enter(struct gs__task *task,
                                  struct gs__scope *scope) {
  gs__scope_retain(scope);
  gs__scope_release(task->scope);
  task->scope = scope;
}

/* What a leaf returns when it is entered again. */
#define GS__LEAF_BODY(type)                   \
  do {                                        \
    if (gs__coro_resumed()) {                 \
      return (type)gs__sched.current->result; \
    }                                         \
  } while (0)

#endif

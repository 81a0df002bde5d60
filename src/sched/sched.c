/* The run queue and the pump: see sched.h. */
#include "sched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slice.h"
#include "timer.h"

/* The clock is read after 1, 2, 4, ... switches, up to this many, so that a
 * short pump reads it never and a long one seldom. */
#define CLOCK_STRIDE_MAX 1024
/* Reading it less often than this would overshoot the budget. */
#define CLOCK_INTERVAL_NS (100 * GS_MICROSECOND)

struct gs__sched gs__sched;
gs_id gs__self_id;

void gs__sched_init(uint64_t seed) {
  gs__coro_init();
  memset(&gs__sched, 0, sizeof gs__sched);
  gs__self_id = 0;
  gs__list_init(&gs__sched.all);
  gs__random_seed(&gs__sched.random, seed);
  gs__sched.budget_ns = 8 * GS_MILLISECOND;
  gs__sched.next_id = 1;
}

uint32_t gs__script_next(struct gs__script *script, uint32_t count) {
  uint32_t at = script->used++;
  uint32_t choice = at < script->given ? script->taken[at] % count : 0;
  if (at < script->capacity) {
    script->taken[at] = choice;
    script->among[at] = count;
  }
  return choice;
}

/* Brings the task that the script chooses to the head of the run queue. */
static void choose_next(struct gs__sched *s) {
  uint32_t count = 0;
  for (struct gs__task *t = s->head; t != NULL; t = t->next) count++;
  uint32_t index = count > 1 ? gs__script_next(s->script, count) : 0;
  struct gs__task *before = NULL;
  struct gs__task *task = s->head;
  for (; index > 0 && task->next != NULL; index--) {
    before = task;
    task = task->next;
  }
  if (before == NULL) return;
  before->next = task->next;
  if (s->tail == task) s->tail = before;
  task->next = s->head;
  s->head = task;
}

void gs__task_end(struct gs__task *task);

/* In wasm errno is the task's own: libc/errno.c. */
static inline bool resume(struct gs__task *task) {
#ifdef __wasm__
  return gs__coro_resume(&task->coro);
#else
  errno = task->own_errno;
  bool ended = gs__coro_resume(&task->coro);
  task->own_errno = errno;
  return ended;
#endif
}

static inline void run_next(struct gs__sched *s) {
  struct gs__task *task = s->head;
  s->head = task->next;
  s->current = task;
  gs__self_id = task->id;
  bool ended = resume(task);
  if (ended) gs__task_end(task);
}

/* What the watchdog must know of the task that runs next. */
struct watched {
  gs_id id; /* its task may be another's afterwards */
  const char *name;
  int64_t begin_ns;
};

static struct watched watch_begin(const struct gs__task *task) {
  return (struct watched){task->id, task->name, gs__clock_read()};
}

static void watch_end(const struct gs__sched *s, struct watched w) {
  int64_t ran_ns = gs__clock_read() - w.begin_ns;
  bool too_long = ran_ns > s->watchdog_ns && s->watchdog_ns > 0;
  if (too_long) gs__watch(w.id, w.name, ran_ns);
}

/* Runs what is ready. False when the budget is spent first. */
static bool drain(struct gs__sched *s, int64_t *budget_end_ns) {
  uint32_t stride = 1;
  while (s->head != NULL) {
    int64_t before_ns = s->now_ns; /* goroutines may read the clock too */
    s->until_look = stride;
    if (gs__unlikely(s->script != NULL)) {
      choose_next(s);
      s->until_look = 1;
    }
    if (gs__unlikely(s->watchdog_ns > 0)) s->until_look = 1;
    while (s->until_look > 0 && s->head != NULL) {
      struct watched w = {0};
      s->until_look--;
      if (gs__unlikely(s->watchdog_ns > 0)) w = watch_begin(s->head);
      run_next(s); /* the only call, so that the switch becomes part of it */
      if (gs__unlikely(w.id != 0)) watch_end(s, w);
    }
    s->current = NULL;
    gs__self_id = 0;
    if (s->head == NULL || s->virtual_clock) continue;
    gs__clock_read();
    gs__timers_fire();
    /* Computations go on for ever: they leave the host half of its time. */
    if (s->sliced_ns > s->budget_ns / 2) return false;
    if (*budget_end_ns == 0) {
      *budget_end_ns = s->now_ns + s->budget_ns;
    } else if (s->now_ns >= *budget_end_ns) {
      return false;
    } else if (s->now_ns - before_ns > CLOCK_INTERVAL_NS) {
      stride = stride > 1 ? stride / 2 : 1;
      continue;
    }
    if (stride < CLOCK_STRIDE_MAX) stride *= 2;
  }
  return true;
}

static enum gs__idle pump(struct gs__sched *s) {
  int64_t budget_end_ns = 0;
  for (;;) {
    if (s->timers.count > 0) {
      gs__clock_read();
      gs__timers_fire();
    }
    if (!drain(s, &budget_end_ns)) return GS__IDLE_AGAIN;
    int64_t next_ns = gs__timers_next();
    if (next_ns == GS_FOREVER) break; /* none, or only such as never fire */
    if (!s->virtual_clock) return GS__IDLE_TIMER;
    if (next_ns > s->now_ns) s->now_ns = next_ns;
  }
  bool over = s->alive == 0 && !s->running_main;
  if (over && s->serving == 0) return GS__IDLE_EMPTY;
  if (s->outstanding > 0 || s->serving > 0) return GS__IDLE_WAIT;
  return GS__IDLE_DEADLOCK;
}

enum gs__idle gs__sched_pump(void) {
  struct gs__sched *s = &gs__sched;
  if (s->pumping) return GS__IDLE_BUSY;
  s->pumping = true;
  s->sliced_ns = 0;
  enum gs__idle idle = pump(s);
  s->pumping = false;
  return idle;
}

/* Goroutines that nothing could wake, found as a conservative collector finds
 * garbage: memory is searched for the addresses of what they wait for. What
 * lies in stacks that are not in use does not count, nor what lies in a
 * goroutine of which nothing says yet that it could be woken itself. A pointer
 * in freed memory does count: a leak may be missed, none is made up. Wasm only,
 * where memory is one piece. */
#include "leaks.h"

#ifdef __wasm__
#include "debug.h"
#include "sched/wait.h"

#define WASM_PAGE_BYTES ((size_t)65536)

/* A goroutine that waits without a deadline, on an object alone. */
struct waiter {
  const struct gs__task *task;
  uintptr_t not_object; /* inverted: this list must not look like a holder */
  bool live;            /* something could wake it */
};

static struct {
  struct waiter *waiters;
  uint32_t count;
} search;

static bool waits_for_ever(const struct gs__task *task) {
  if (task->state != GS__PARKED || task->object == NULL) return false;
  for (const struct gs__clause *c = task->clauses; c != NULL; c = c->next) {
    if (c->kind == GS__CLAUSE_TIMER || c == &task->scope_clause) return false;
  }
  return true;
}

static bool is_within(const void *at, const void *begin, const void *end) {
  return (uintptr_t)at >= (uintptr_t)begin && (uintptr_t)at < (uintptr_t)end;
}

static bool is_in_block(const void *at, const struct gs__task *task) {
  return is_within(at, task->coro.stack_base, task + 1);
}

static bool is_pooled(const void *at) {
  for (int i = 0; i < GS__POOLS; i++) {
    const struct gs__task *task = gs__sched.pools[i].first;
    for (; task != NULL; task = task->next) {
      if (is_in_block(at, task)) return true;
    }
  }
  return false;
}

/* Whether a pointer at this address could be used by somebody. */
static bool counts(const void *at) {
  const char *base;
  const char *top;
  gs__coro_host_stack(&base, &top);
  if (is_within(at, base, top) || is_pooled(at)) return false;
  for (uint32_t i = 0; i < search.count; i++) {
    const struct waiter *w = &search.waiters[i];
    if (!w->live && is_in_block(at, w->task)) return false;
  }
  const struct gs__list *all = &gs__sched.all;
  for (const struct gs__list *node = all->next; node != all;
       node = node->next) {
    const struct gs__task *task = gs__container(node, struct gs__task, all);
    if (!is_in_block(at, task)) continue;
    if (task == gs__sched.current) return false; /* it ends the program */
    const char *frames_end = gs__guard_of(&task->coro)->frames.top;
    if (frames_end == NULL) frames_end = task->coro.stack_base;
    return !is_within(at, frames_end, task->coro.stack_pointer);
  }
  return true;
}

/* True when it made another goroutine live. */
static bool look_at(const uintptr_t *at) {
  bool found = false;
  for (uint32_t i = 0; i < search.count; i++) {
    struct waiter *w = &search.waiters[i];
    if (w->live || *at != ~w->not_object || !counts(at)) continue;
    w->live = true;
    found = true;
  }
  return found;
}

static void search_memory(void) {
  uintptr_t lowest = UINTPTR_MAX;
  uintptr_t highest = 0;
  for (uint32_t i = 0; i < search.count; i++) {
    uintptr_t object = ~search.waiters[i].not_object;
    if (object < lowest) lowest = object;
    if (object > highest) highest = object;
  }
  size_t words =
      __builtin_wasm_memory_size(0) * (WASM_PAGE_BYTES / sizeof(uintptr_t));
  bool found;
  do {
    found = false;
    for (size_t i = 1; i < words; i++) {
      const uintptr_t *at = (const uintptr_t *)(i * sizeof(uintptr_t));
      if (*at < lowest || *at > highest) continue;
      if (look_at(at)) found = true;
    }
  } while (found);
}

void gs__leaks_report(void) {
  const struct gs__list *all = &gs__sched.all;
  search.waiters = malloc(gs__sched.alive * sizeof *search.waiters);
  if (search.waiters == NULL) return;
  search.count = 0;
  for (const struct gs__list *node = all->next; node != all;
       node = node->next) {
    const struct gs__task *task = gs__container(node, struct gs__task, all);
    if (!waits_for_ever(task)) continue;
    search.waiters[search.count++] =
        (struct waiter){task, ~(uintptr_t)task->object, false};
  }
  if (search.count > 0) search_memory();
  for (uint32_t i = 0; i < search.count; i++) {
    const struct gs__task *task = search.waiters[i].task;
    if (search.waiters[i].live) continue;
    gs__report("leak: %s waits for %s for ever: nobody else has its object%s%s",
               gs__task_label(task), task->reason,
               task->from == NULL ? "" : "; from ",
               task->from == NULL ? "" : task->from);
  }
  free(search.waiters);
}

#else

void gs__leaks_report(void) {}

#endif

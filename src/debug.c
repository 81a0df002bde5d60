/* Dumps and invariant walkers: see debug.h. */
#include "debug.h"

#include <gossamer/export.h>
#include <gossamer/time.h>
#include <stdlib.h>
#include <string.h>

#include "sched/timer.h"

#define NAME_SHOWN 64

static size_t put(char *to, size_t at, size_t size, const char *text) {
  while (*text != '\0' && at + 1 < size) to[at++] = *text++;
  to[at] = '\0';
  return at;
}

static size_t put_id(char *to, size_t at, size_t size, gs_id id) {
  char digits[24];
  char *first = digits + sizeof digits - 1;
  *first = '\0';
  do {
    *--first = (char)('0' + id % 10);
    id /= 10;
  } while (id > 0);
  return put(to, at, size, first);
}

const char *gs__task_label(const struct gs__task *task) {
  static char label[NAME_SHOWN + 48];
  label[0] = '\0';
  if (task == NULL) return label;
  size_t at = put(label, 0, sizeof label, "goroutine ");
  at = put_id(label, at, sizeof label, task->id);
  if (task->name != NULL) {
    at = put(label, at, sizeof label, " (");
    at = put(label, at, sizeof label - 2, task->name);
    put(label, at, sizeof label, ")");
  }
  return label;
}

static void put_wait(char *to, size_t size_bytes, const struct gs__task *task) {
  int64_t waited_ms = (gs__sched.now_ns - task->since_ns) / GS_MILLISECOND;
  char state[64];
  gs__wait_state(task, state, sizeof state);
  char on[32] = "";
  if (task->object != NULL) gs__format(on, sizeof on, "; on %p", task->object);
  gs__format(to, size_bytes, "waits for %s%s since %lld ms%s", task->reason,
             state, (long long)waited_ms, on);
}

static void dump_task(const struct gs__task *task) {
  char state[160];
  if (task == gs__sched.current) {
    gs__format(state, sizeof state, "running");
  } else if (task->state == GS__READY) {
    gs__format(state, sizeof state, "ready");
  } else {
    put_wait(state, sizeof state, task);
  }
  size_t now_bytes;
  size_t most_bytes;
  gs__coro_usage(&task->coro, &now_bytes, &most_bytes);
  char most[32] = "";
  if (most_bytes > 0) {
    gs__format(most, sizeof most, ", at most %zu", most_bytes);
  }
  gs__report("%s: %s; stack %zu of %zu%s%s%s", gs__task_label(task), state,
             now_bytes, task->coro.stack_bytes, most,
             task->from == NULL ? "" : "; from ",
             task->from == NULL ? "" : task->from);
}

void gs__dump_tasks(void) {
  const struct gs__list *all = &gs__sched.all;
  for (const struct gs__list *node = all->next; node != all;
       node = node->next) {
    dump_task(gs__container(node, struct gs__task, all));
  }
}

void gs_dump(void) { gs__dump_tasks(); }

static struct gs__lines dump;

GS__EXPORT_AS("gs_dump_text") const char *gs_dump_text(void) {
  dump.length = 0;
  dump.no_memory = false;
  gs__clock_read();
  gs__report_to = &dump;
  gs__dump_tasks();
  gs__report_to = NULL;
  if (dump.length == 0 || dump.no_memory) return dump.no_memory ? NULL : "";
  dump.text[dump.length - 1] = '\0'; /* in place of the last line's end */
  return dump.text;
}

void gs__dump_term(void) {
  free(dump.text);
  dump = (struct gs__lines){0};
}

void gs__sched_check(void) {
  const struct gs__sched *s = &gs__sched;
  gs__heap_check(&s->timers);
  uint32_t alive = 0;
  uint32_t ready = 0;
  for (const struct gs__list *node = s->all.next; node != &s->all;
       node = node->next) {
    const struct gs__task *task = gs__container(node, struct gs__task, all);
    alive++;
    if (task->state == GS__READY && task != s->current) ready++;
    if (task->state == GS__DONE) gs__fatal("an ended task is in the list");
    if (task->state != GS__PARKED && task->clauses != NULL) {
      gs__fatal("%s has wait clauses but is not parked", gs__task_label(task));
    }
    for (const struct gs__clause *c = task->clauses; c != NULL; c = c->next) {
      if (c->task != task) {
        gs__fatal("%s has a clause of another task", gs__task_label(task));
      }
    }
  }
  if (alive != s->alive) {
    gs__fatal("%u tasks are alive, %u are listed", (unsigned)s->alive,
              (unsigned)alive);
  }
  for (const struct gs__task *t = s->head; t != NULL; t = t->next) ready--;
  if (ready != 0) gs__fatal("the run queue and the tasks disagree");
}

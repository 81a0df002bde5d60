/* How the locks and the like stand that goroutines wait for, by the reason
 * they park with: see debug.h. A table, because every program carries it. */
#include <string.h>

#include "debug.h"
#include "sync/gen.h"
#include "sync/group.h"
#include "sync/pool.h"

/* A number in an object: of 8 bytes, or of 4 without a sign. */
struct field {
  uint16_t at;
  uint16_t bytes; /* 0: there is none */
};

#define FIELD(type, member) \
  { offsetof(type, member), sizeof(((type *)NULL)->member) }
#define NONE \
  { 0, 0 }

static const struct {
  const char *reason;
  const char
      *by; /* what goroutine `fields[0]` does with it; NULL: see format */
  const char *format;
  struct field fields[2];
} rows[] = {
    {"mutex", "held", NULL, {FIELD(gs_mutex, gs__holder), NONE}},
    {"rwmutex to read", "held", NULL, {FIELD(gs_rwmutex, gs__writer), NONE}},
    {"rwmutex to write", "held", NULL, {FIELD(gs_rwmutex, gs__writer), NONE}},
    {"rwmutex to write",
     NULL,
     " (%lld readers)",
     {FIELD(gs_rwmutex, gs__readers), NONE}},
    {"once", "run", NULL, {FIELD(gs_once, gs__runner), NONE}},
    {"semaphore", NULL, " (%lld free)", {FIELD(gs_sem, gs__available), NONE}},
    {"wait group",
     NULL,
     " (%lld to go)",
     {FIELD(gs_waitgroup, gs__count), NONE}},
    {"barrier",
     NULL,
     " (%lld of %lld)",
     {FIELD(gs_barrier, gs__arrived), FIELD(gs_barrier, gs__parties)}},
    {"pool",
     NULL,
     " (%lld lent, %lld wait)",
     {FIELD(gs_pool, lent), FIELD(gs_pool, waiting)}},
    {"generator", "run", NULL, {FIELD(gs_gen, id), NONE}},
    {"group", NULL, " (%lld run)", {FIELD(gs_group, running), NONE}},
    {"slot of group", NULL, " (%lld run)", {FIELD(gs_group, running), NONE}},
};

static long long value_of(const void *object, struct field field) {
  const char *at = (const char *)object + field.at;
  int64_t wide = 0;
  uint32_t narrow = 0;
  if (field.bytes == sizeof wide) {
    memcpy(&wide, at, sizeof wide);
    return wide;
  }
  if (field.bytes > 0) memcpy(&narrow, at, sizeof narrow);
  return narrow;
}

static bool is_alive(gs_id id) {
  const struct gs__list *all = &gs__sched.all;
  for (const struct gs__list *node = all->next; node != all;
       node = node->next) {
    if (gs__container(node, struct gs__task, all)->id == id) return true;
  }
  return false;
}

void gs__wait_state(const struct gs__task *task, char *to, size_t size_bytes) {
  to[0] = '\0';
  if (task->object == NULL) return;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (strcmp(task->reason, rows[i].reason) != 0) continue;
    long long first = value_of(task->object, rows[i].fields[0]);
    long long second = value_of(task->object, rows[i].fields[1]);
    if (rows[i].by == NULL) {
      gs__format(to, size_bytes, rows[i].format, first, second);
      return;
    }
    if (first > 0) {
      gs__format(to, size_bytes, " %s by goroutine %lld%s", rows[i].by, first,
                 is_alive(first) ? "" : ", which has ended,");
      return;
    }
  }
}

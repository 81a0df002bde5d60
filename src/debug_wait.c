/* How the locks and the like stand that goroutines wait for, by the reason
 * they park with: see debug.h. */
#include <string.h>

#include "debug.h"
#include "sync/gen.h"
#include "sync/group.h"
#include "sync/pool.h"

static bool is_alive(gs_id id) {
  const struct gs__list *all = &gs__sched.all;
  for (const struct gs__list *node = all->next; node != all;
       node = node->next) {
    if (gs__container(node, struct gs__task, all)->id == id) return true;
  }
  return false;
}

static void put_goroutine(char *to, size_t size_bytes, const char *relation,
                          gs_id id) {
  if (id <= 0) return;
  gs__format(to, size_bytes, " %s by goroutine %lld%s", relation, (long long)id,
             is_alive(id) ? "" : ", which has ended,");
}

void gs__wait_state(const struct gs__task *task, char *to, size_t size_bytes) {
  const char *reason = task->reason;
  const void *object = task->object;
  to[0] = '\0';
  if (object == NULL) return;
  if (strcmp(reason, "mutex") == 0) {
    const gs_mutex *mutex = object;
    put_goroutine(to, size_bytes, "held", mutex->gs__holder);
  } else if (strncmp(reason, "rwmutex", 7) == 0) {
    const gs_rwmutex *rwmutex = object;
    put_goroutine(to, size_bytes, "held", rwmutex->gs__writer);
    if (rwmutex->gs__readers > 0) {
      gs__format(to, size_bytes, " (%u readers)",
                 (unsigned)rwmutex->gs__readers);
    }
  } else if (strcmp(reason, "once") == 0) {
    const gs_once *once = object;
    put_goroutine(to, size_bytes, "run", once->gs__runner);
  } else if (strcmp(reason, "semaphore") == 0) {
    const gs_sem *sem = object;
    gs__format(to, size_bytes, " (%lld free)", (long long)sem->gs__available);
  } else if (strcmp(reason, "wait group") == 0) {
    const gs_waitgroup *group = object;
    gs__format(to, size_bytes, " (%lld to go)", (long long)group->gs__count);
  } else if (strcmp(reason, "barrier") == 0) {
    const gs_barrier *barrier = object;
    gs__format(to, size_bytes, " (%u of %u)", (unsigned)barrier->gs__arrived,
               (unsigned)barrier->gs__parties);
  } else if (strcmp(reason, "pool") == 0) {
    const gs_pool *pool = object;
    gs__format(to, size_bytes, " (%zu lent, %zu wait)", pool->lent,
               pool->waiting);
  } else if (strcmp(reason, "generator") == 0) {
    const gs_gen *gen = object;
    if (gen->task != NULL) {
      put_goroutine(to, size_bytes, "run", gen->task->id);
    }
  } else if (strcmp(reason, "group") == 0 ||
             strcmp(reason, "slot of group") == 0) {
    const gs_group *group = object;
    gs__format(to, size_bytes, " (%zu run)", group->running);
  }
}

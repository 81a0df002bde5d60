/* Reader/writer mutexes: see gossamer/sync.h. */
#include "queue.h"

enum kind { READER, WRITER };

/* Lets in whoever can go in now, from the head of the queue. */
static void advance(gs_rwmutex *rw) {
  while (rw->gs__writer == 0 && !gs__queue_empty(&rw->gs__waiters)) {
    struct gs__waiter *first = gs__queue_first(&rw->gs__waiters);
    struct gs__clause *clause = &first->clause.clause;
    if (first->amount == WRITER) {
      if (rw->gs__readers > 0) return;
      rw->gs__writer = clause->task->id;
    } else {
      rw->gs__readers++;
    }
    gs__list_remove(&clause->node);
    gs__wake(clause, GS_OK);
  }
}

/* A writer that gives up may have held back readers. */
static void cancel(struct gs__clause *clause) {
  gs__list_remove(&clause->node);
  advance(((struct gs__waiter *)clause)->object);
}

static inline int lock_now(gs_rwmutex *rw, enum kind kind) {
  if (gs__unlikely(gs__sched.current == NULL)) return GS_EPERM;
  gs_id self = gs__sched.current->id;
  if (rw->gs__writer == self) return GS_EDEADLK;
  if (rw->gs__writer != 0 || !gs__queue_empty(&rw->gs__waiters)) {
    return GS_EAGAIN;
  }
  if (kind == READER) {
    rw->gs__readers++;
  } else {
    if (rw->gs__readers > 0) return GS_EAGAIN;
    rw->gs__writer = self;
  }
  return GS_OK;
}

GS__INLINE int lock_until(gs_rwmutex *rw, enum kind kind, int64_t deadline_ns) {
  int result = lock_now(rw, kind);
  if (result != GS_EAGAIN) return gs__done(result);
  struct gs__waiter waiter;
  waiter.amount = kind;
  waiter.object = rw;
  result = gs__queue_add(&rw->gs__waiters, &waiter, cancel, deadline_ns);
  if (result != GS_OK) return result;
  return (int)gs__park(kind == READER ? "rwmutex to read" : "rwmutex to write",
                       rw);
}

GS__LEAF(gs_rwmutex_read_lock)
int gs_rwmutex_read_lock(gs_rwmutex *rwmutex) {
  GS__LEAF_BODY(int);
  return lock_until(rwmutex, READER, GS_FOREVER);
}

GS__LEAF(gs_rwmutex_read_lock_until)
int gs_rwmutex_read_lock_until(gs_rwmutex *rwmutex, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return lock_until(rwmutex, READER, deadline_ns);
}

GS__LEAF(gs_rwmutex_write_lock)
int gs_rwmutex_write_lock(gs_rwmutex *rwmutex) {
  GS__LEAF_BODY(int);
  return lock_until(rwmutex, WRITER, GS_FOREVER);
}

GS__LEAF(gs_rwmutex_write_lock_until)
int gs_rwmutex_write_lock_until(gs_rwmutex *rwmutex, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return lock_until(rwmutex, WRITER, deadline_ns);
}

int gs_rwmutex_try_read_lock(gs_rwmutex *rwmutex) {
  return lock_now(rwmutex, READER);
}

int gs_rwmutex_try_write_lock(gs_rwmutex *rwmutex) {
  return lock_now(rwmutex, WRITER);
}

int gs_rwmutex_read_unlock(gs_rwmutex *rwmutex) {
  if (rwmutex->gs__readers == 0) return GS_EPERM;
  rwmutex->gs__readers--;
  advance(rwmutex);
  return GS_OK;
}

int gs_rwmutex_write_unlock(gs_rwmutex *rwmutex) {
  if (gs__sched.current == NULL) return GS_EPERM;
  if (rwmutex->gs__writer != gs__sched.current->id) return GS_EPERM;
  rwmutex->gs__writer = 0;
  advance(rwmutex);
  return GS_OK;
}

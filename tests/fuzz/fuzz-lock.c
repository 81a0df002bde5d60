/* Locks and the like. Who holds what is known from what calls returned and
 * from who was woken; the objects must agree with it, serve in order, and let
 * nobody wait who could go on. */
#include <string.h>

#include "fuzz.h"

static struct {
  gs_mutex mutexes[MUTEXES];
  gs_rwmutex rwmutexes[RWMUTEXES];
  gs_cond conds[CONDS];
  gs_sem sems[SEMS];
  gs_once onces[ONCES];
  gs_waitgroup groups[GROUPS];
  gs_barrier barriers[BARRIERS];
  int64_t units[SEMS]; /* that there are */
  int64_t counts[GROUPS];
  bool ran[ONCES];
  const struct actor *runner[ONCES];
} locks;

void locks_init(void) {
  memset(&locks, 0, sizeof locks);
  locks.barriers[0] = (gs_barrier)GS_BARRIER_INIT(2);
  locks.barriers[1] = (gs_barrier)GS_BARRIER_INIT(3);
}

/* ---- who holds and who waits ---- */

static bool granted(const struct actor *actor, enum kind kind,
                    const void *object) {
  const struct wait *w = &actor->wait;
  return actor->in_call && w->woken && w->kind == kind && w->object == object &&
         w->result == GS_OK;
}

static bool holds_mutex(const struct actor *actor, unsigned i) {
  const struct wait *w = &actor->wait;
  if ((actor->mutexes >> i & 1) != 0) return true;
  if (actor->in_call && w->woken && w->kind == COND) return w->amount == i;
  return granted(actor, MUTEX, &locks.mutexes[i]);
}

/* Parked for this object, with one of two kinds of wait. */
static bool waits_for(const struct actor *actor, const void *object,
                      enum kind kind, enum kind or_kind) {
  const struct wait *w = &actor->wait;
  return is_parked(actor) && actor->task->object == object &&
         (w->kind == kind || w->kind == or_kind);
}

static struct actor *oldest(const void *object, enum kind kind,
                            enum kind or_kind) {
  struct actor *first = NULL;
  for (int i = 0; i < ACTORS; i++) {
    struct actor *actor = &world.actors[i];
    if (!waits_for(actor, object, kind, or_kind)) continue;
    if (first == NULL || actor->wait.ticket < first->wait.ticket) {
      first = actor;
    }
  }
  return first;
}

static unsigned waiting(const void *object, enum kind kind) {
  unsigned count = 0;
  for (int i = 0; i < ACTORS; i++) {
    count += waits_for(&world.actors[i], object, kind, kind);
  }
  return count;
}

void lock_woken(struct actor *actor, int64_t result) {
  struct wait *w = &actor->wait;
  w->result = (int)result;
  if (w->kind == POOL || w->kind == GEN) {
    if (w->fulfilled || result < 0) return; /* its own call judges */
    const struct actor *first = oldest(w->object, w->kind, w->kind);
    CHECK(first == NULL || first->wait.ticket > w->ticket);
    return;
  }
  if (result < 0) {
    if (w->kind == COND) CHECK(!w->fulfilled);
    explain(actor, result);
    return;
  }
  if (w->kind == BARRIER || w->kind == GROUP || w->kind == ONCE) {
    CHECK_RESULT(result == 0 && w->fulfilled, w->kind);
    return;
  }
  CHECK_RESULT(result == GS_OK, result);
  if (w->kind == COND) {
    CHECK(w->fulfilled); /* or it woke without a signal */
  } else if (w->kind == CTX) {
    CHECK(ctx_error((int)w->amount) != 0);
  } else {
    enum kind other = w->kind == READ ? WRITE : READ;
    if (w->kind == MUTEX || w->kind == SEM) other = w->kind;
    const struct actor *first = oldest(w->object, w->kind, other);
    CHECK(first == NULL || first->wait.ticket > w->ticket);
  }
}

/* ---- what must hold at any time ---- */

static void check_mutex(unsigned i) {
  const gs_mutex *mutex = &locks.mutexes[i];
  unsigned holders = 0;
  for (int k = 0; k < ACTORS; k++) {
    const struct actor *actor = &world.actors[k];
    if (!actor->used || !holds_mutex(actor, i)) continue;
    holders++;
    CHECK_RESULT(actor->task->id == mutex->gs__holder, mutex->gs__holder);
  }
  CHECK_RESULT(holders == (mutex->gs__holder != 0), holders);
  if (holders == 0) CHECK(oldest(mutex, MUTEX, COND) == NULL);
}

static void check_rwmutex(unsigned i) {
  const gs_rwmutex *rw = &locks.rwmutexes[i];
  unsigned readers = 0;
  unsigned writers = 0;
  for (int k = 0; k < ACTORS; k++) {
    const struct actor *actor = &world.actors[k];
    if (!actor->used) continue;
    readers += actor->reads[i] + granted(actor, READ, rw);
    if ((actor->writes >> i & 1) == 0 && !granted(actor, WRITE, rw)) continue;
    writers++;
    CHECK_RESULT(actor->task->id == rw->gs__writer, rw->gs__writer);
  }
  CHECK_RESULT(readers == rw->gs__readers, readers);
  CHECK_RESULT(writers == (rw->gs__writer != 0), writers);
  CHECK(readers == 0 || writers == 0);
  const struct actor *first = oldest(rw, READ, WRITE);
  if (first == NULL) return;
  CHECK(writers > 0 || (first->wait.kind == WRITE && readers > 0));
}

static void check_sem(unsigned i) {
  const gs_sem *sem = &locks.sems[i];
  int64_t units = gs_sem_available(sem);
  CHECK_RESULT(units >= 0, units);
  for (int k = 0; k < ACTORS; k++) {
    const struct actor *actor = &world.actors[k];
    if (!actor->used) continue;
    units += actor->units[i];
    if (granted(actor, SEM, sem)) units += actor->wait.amount;
  }
  units += world.host.units[i];
  CHECK_RESULT(units == locks.units[i], units);
  const struct actor *first = oldest(sem, SEM, SEM);
  CHECK(first == NULL || first->wait.amount > gs_sem_available(sem));
}

void locks_check(void) {
  for (unsigned i = 0; i < MUTEXES; i++) check_mutex(i);
  for (unsigned i = 0; i < RWMUTEXES; i++) check_rwmutex(i);
  for (unsigned i = 0; i < SEMS; i++) check_sem(i);
  for (unsigned i = 0; i < GROUPS; i++) {
    const gs_waitgroup *group = &locks.groups[i];
    CHECK_RESULT(group->gs__count == locks.counts[i], locks.counts[i]);
    CHECK(locks.counts[i] > 0 || waiting(group, GROUP) == 0);
  }
  for (unsigned i = 0; i < BARRIERS; i++) {
    const gs_barrier *barrier = &locks.barriers[i];
    unsigned arrived = waiting(barrier, BARRIER);
    CHECK_RESULT(arrived == barrier->gs__arrived, arrived);
    CHECK_RESULT(arrived < barrier->gs__parties, arrived);
  }
  for (unsigned i = 0; i < ONCES; i++) {
    CHECK(locks.runner[i] != NULL || waiting(&locks.onces[i], ONCE) == 0);
  }
}

/* What a call returned, when it was not seen by the others before: true with
 * what it wanted. */
static bool got(struct actor *actor, int result) {
  struct wait *w = &actor->wait;
  if (!wait_end(actor)) {
    if (result < 0) explain(actor, result);
    return result >= 0;
  }
  if (!w->woken) lock_woken(actor, result);
  CHECK_RESULT(w->result == result, result);
  return result >= 0;
}

/* All who wait there are to be released by the call that comes. */
static void release_all(const void *object, enum kind kind) {
  for (int i = 0; i < ACTORS; i++) {
    struct actor *actor = &world.actors[i];
    if (waits_for(actor, object, kind, kind)) actor->wait.fulfilled = true;
  }
}

/* ---- mutex ---- */

void op_mutex_lock(struct actor *actor, uint8_t byte) {
  unsigned i = byte % MUTEXES;
  gs_mutex *mutex = &locks.mutexes[i];
  struct how how = how_of(byte);
  bool holds = (actor->mutexes >> i & 1) != 0;
  wait_begin(actor, MUTEX, mutex, how, 0);
  bool is_free = mutex->gs__holder == 0;
  int result = how.tries   ? gs_mutex_try_lock(mutex)
               : how.timed ? gs_mutex_lock_until(mutex, how.deadline_ns)
                           : gs_mutex_lock(mutex);
  if (holds || actor == &world.host) {
    CHECK(!wait_end(actor));
    CHECK_RESULT(result == (holds ? GS_EDEADLK : GS_EPERM), result);
    return;
  }
  bool locked = got(actor, result);
  CHECK(locked || !is_free);
  if (locked) actor->mutexes |= 1U << i;
}

void op_mutex_unlock(struct actor *actor, uint8_t byte) {
  unsigned i = byte % MUTEXES;
  bool holds = (actor->mutexes >> i & 1) != 0;
  struct actor *next = oldest(&locks.mutexes[i], MUTEX, MUTEX);
  bool movers = waiting(&locks.mutexes[i], COND) > 0;
  int result = gs_mutex_unlock(&locks.mutexes[i]);
  CHECK_RESULT(result == (holds ? GS_OK : GS_EPERM), result);
  if (!holds) return;
  actor->mutexes &= ~(1U << i);
  if (next == NULL || movers) return;
  CHECK_RESULT(locks.mutexes[i].gs__holder == next->task->id, next->task->id);
}

/* ---- reader/writer mutex ---- */

static int write_lock(gs_rwmutex *rw, struct how how) {
  if (how.tries) return gs_rwmutex_try_write_lock(rw);
  if (how.timed) return gs_rwmutex_write_lock_until(rw, how.deadline_ns);
  return gs_rwmutex_write_lock(rw);
}

static int read_lock(gs_rwmutex *rw, struct how how) {
  if (how.tries) return gs_rwmutex_try_read_lock(rw);
  if (how.timed) return gs_rwmutex_read_lock_until(rw, how.deadline_ns);
  return gs_rwmutex_read_lock(rw);
}

void op_rwmutex_lock(struct actor *actor, uint8_t byte) {
  unsigned i = byte % RWMUTEXES;
  gs_rwmutex *rw = &locks.rwmutexes[i];
  bool writes = (byte & 4) != 0;
  struct how how = how_of(byte);
  bool holds = (actor->writes >> i & 1) != 0;
  wait_begin(actor, writes ? WRITE : READ, rw, how, 0);
  bool waited_for = oldest(rw, READ, WRITE) != NULL;
  bool is_free =
      rw->gs__writer == 0 && !waited_for && (!writes || rw->gs__readers == 0);
  int result = writes ? write_lock(rw, how) : read_lock(rw, how);
  if (holds || actor == &world.host) {
    CHECK(!wait_end(actor));
    CHECK_RESULT(result == (holds ? GS_EDEADLK : GS_EPERM), result);
    return;
  }
  bool locked = got(actor, result);
  CHECK(locked || !is_free);
  if (!locked) return;
  if (writes) {
    actor->writes |= 1U << i;
  } else {
    actor->reads[i]++;
  }
}

void op_rwmutex_unlock(struct actor *actor, uint8_t byte) {
  unsigned i = byte % RWMUTEXES;
  gs_rwmutex *rw = &locks.rwmutexes[i];
  if ((byte & 4) != 0) {
    bool writes = (actor->writes >> i & 1) != 0;
    int result = gs_rwmutex_write_unlock(rw);
    CHECK_RESULT(result == (writes ? GS_OK : GS_EPERM), result);
    actor->writes &= ~(1U << i);
  } else if (actor->reads[i] > 0) {
    CHECK(gs_rwmutex_read_unlock(rw) == GS_OK);
    actor->reads[i]--;
  } else if (rw->gs__readers == 0) {
    CHECK(gs_rwmutex_read_unlock(rw) == GS_EPERM);
  }
}

/* ---- condition ---- */

void op_cond_wait(struct actor *actor, uint8_t byte) {
  gs_cond *cond = &locks.conds[byte % CONDS];
  unsigned i = byte / CONDS % MUTEXES;
  gs_mutex *mutex = &locks.mutexes[i];
  struct how how = how_of(byte);
  if (how.tries) return;
  if ((byte & 24) != 0 && (actor->mutexes >> i & 1) == 0) {
    op_mutex_lock(actor, (uint8_t)i);
  }
  bool holds = (actor->mutexes >> i & 1) != 0;
  wait_begin(actor, COND, cond, how, i);
  actor->mutexes &= ~(1U << i);
  int result = how.timed ? gs_cond_wait_until(cond, mutex, how.deadline_ns)
                         : gs_cond_wait(cond, mutex);
  if (!holds) {
    CHECK(!wait_end(actor));
    CHECK_RESULT(result == GS_EPERM, result);
    return;
  }
  actor->mutexes |= 1U << i;
  got(actor, result);
  if (result == GS_OK) CHECK(actor->wait.fulfilled);
}

void op_cond_wake(struct actor *actor, uint8_t byte) {
  (void)actor;
  gs_cond *cond = &locks.conds[byte % CONDS];
  unsigned count = waiting(cond, COND);
  if ((byte & 4) != 0) {
    release_all(cond, COND);
    int result = gs_cond_broadcast(cond);
    CHECK_RESULT(result == (int)count, result);
    CHECK(waiting(cond, COND) == 0);
    return;
  }
  struct actor *first = oldest(cond, COND, COND);
  if (first != NULL) first->wait.fulfilled = true;
  int result = gs_cond_signal(cond);
  CHECK_RESULT(result == (count > 0), result);
  if (first != NULL) CHECK(!waits_for(first, cond, COND, COND));
  CHECK(waiting(cond, COND) == count - (count > 0));
}

/* ---- semaphore ---- */

void op_sem_acquire(struct actor *actor, uint8_t byte) {
  unsigned i = byte % SEMS;
  gs_sem *sem = &locks.sems[i];
  int64_t amount = byte / SEMS % 5;
  struct how how = how_of(byte);
  wait_begin(actor, SEM, sem, how, amount);
  bool there = oldest(sem, SEM, SEM) == NULL && amount <= gs_sem_available(sem);
  int result = how.tries   ? gs_sem_try_acquire(sem, amount)
               : how.timed ? gs_sem_acquire_until(sem, amount, how.deadline_ns)
                           : gs_sem_acquire(sem, amount);
  bool acquired = got(actor, result);
  CHECK(acquired || !there);
  if (acquired) actor->units[i] += amount;
}

/* Gives back, or adds what was not there. */
void op_sem_release(struct actor *actor, uint8_t byte) {
  unsigned i = byte % SEMS;
  int64_t amount = byte / SEMS % 4;
  if (amount <= actor->units[i]) {
    actor->units[i] -= amount;
  } else {
    locks.units[i] += amount;
  }
  CHECK(gs_sem_release(&locks.sems[i], amount) == GS_OK);
  CHECK(gs_sem_release(&locks.sems[i], -1) == GS_EINVAL);
}

/* ---- once ---- */

struct running {
  struct actor *actor;
  unsigned index;
};

static void run_once(void *arg) {
  const struct running *running = arg;
  struct actor *actor = running->actor;
  unsigned i = running->index;
  CHECK(!locks.ran[i] && locks.runner[i] == NULL);
  locks.runner[i] = actor;
  run_nested(actor);
  locks.runner[i] = NULL;
  locks.ran[i] = true;
  release_all(&locks.onces[i], ONCE);
}

void op_once(struct actor *actor, uint8_t byte) {
  unsigned i = byte % ONCES;
  gs_once *once = &locks.onces[i];
  struct how how = how_of(byte);
  struct running running = {actor, i};
  bool ran = locks.ran[i];
  const struct actor *runner = locks.runner[i];
  wait_begin(actor, ONCE, once, how, 0);
  int result = how.tries ? gs_once_try_do(once, run_once, &running)
               : how.timed
                   ? gs_once_do_until(once, run_once, &running, how.deadline_ns)
                   : gs_once_do(once, run_once, &running);
  if (ran || runner == NULL) {
    actor->in_call = false;
    bool host = !ran && actor == &world.host;
    CHECK_RESULT(result == (host ? GS_EPERM : GS_OK), result);
    CHECK(host || locks.ran[i]);
  } else if (runner == actor) {
    CHECK(!wait_end(actor));
    CHECK_RESULT(result == GS_EDEADLK, result);
  } else if (got(actor, result)) {
    CHECK(locks.ran[i]);
  }
}

/* ---- wait group ---- */

void op_group_add(struct actor *actor, uint8_t byte) {
  (void)actor;
  unsigned i = byte % GROUPS;
  int64_t delta = byte / GROUPS % 6 - 3;
  int64_t count = locks.counts[i] + delta;
  if (count == 0) release_all(&locks.groups[i], GROUP);
  int result = delta == -1 ? gs_waitgroup_done(&locks.groups[i])
                           : gs_waitgroup_add(&locks.groups[i], delta);
  CHECK_RESULT(result == (count < 0 ? GS_EINVAL : GS_OK), result);
  if (count >= 0) locks.counts[i] = count;
}

void op_group_wait(struct actor *actor, uint8_t byte) {
  gs_waitgroup *group = &locks.groups[byte % GROUPS];
  struct how how = how_of(byte);
  wait_begin(actor, GROUP, group, how, 0);
  bool done = group->gs__count == 0;
  int result = how.tries   ? gs_waitgroup_try_wait(group)
               : how.timed ? gs_waitgroup_wait_until(group, how.deadline_ns)
                           : gs_waitgroup_wait(group);
  CHECK(got(actor, result) || !done);
}

/* ---- barrier ---- */

void op_barrier(struct actor *actor, uint8_t byte) {
  gs_barrier *barrier = &locks.barriers[byte % BARRIERS];
  struct how how = how_of(byte);
  wait_begin(actor, BARRIER, barrier, how, 0);
  bool last = waiting(barrier, BARRIER) + 1 == barrier->gs__parties;
  if (last) release_all(barrier, BARRIER);
  int result = how.tries   ? gs_barrier_try_wait(barrier)
               : how.timed ? gs_barrier_wait_until(barrier, how.deadline_ns)
                           : gs_barrier_wait(barrier);
  if (!last) {
    if (got(actor, result)) CHECK_RESULT(result == 0, result);
    return;
  }
  CHECK(!wait_end(actor));
  CHECK_RESULT(result == 1, result);
  CHECK(waiting(barrier, BARRIER) == 0);
}

/* ---- the end ---- */

void locks_let_go(struct actor *actor) {
  for (uint8_t i = 0; i < MUTEXES; i++) {
    if ((actor->mutexes >> i & 1) != 0) op_mutex_unlock(actor, i);
    world_sync();
  }
  for (uint8_t i = 0; i < RWMUTEXES; i++) {
    if ((actor->writes >> i & 1) != 0) op_rwmutex_unlock(actor, i + 4);
    while (actor->reads[i] > 0) op_rwmutex_unlock(actor, i);
    world_sync();
  }
  for (unsigned i = 0; i < SEMS; i++) {
    CHECK(gs_sem_release(&locks.sems[i], actor->units[i]) == GS_OK);
    actor->units[i] = 0;
    world_sync();
  }
}

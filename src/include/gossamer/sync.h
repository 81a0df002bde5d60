/* Locks and the like. Their zero value is ready to use (GS_SYNC_INIT, or static
 * storage); the memory is the caller's and must stay where it is. All serve
 * their waiters in the order they came, and hand over directly: who is woken
 * has what it waited for. Model of the semantics: Go's packages sync and
 * golang.org/x/sync, POSIX condition variables and barriers.
 *
 * Functions that park come in three forms, as in chan.h: plain, `_try_` (never
 * parks, GS_EAGAIN) and `_until` an absolute deadline (GS_ETIMEDOUT, or
 * GS_ENOMEM when the deadline cannot be queued). Outside a
 * goroutine, those that would wait answer GS_EPERM. */
#ifndef GOSSAMER_SYNC_H
#define GOSSAMER_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "go.h"

#ifdef __cplusplus
extern "C" {
#define GS_SYNC_INIT \
  {}
#else
#define GS_SYNC_INIT \
  { 0 }
#endif

/* The goroutines that wait, oldest first. */
struct gs__queue {
  void *gs__ends[2];
};

/* ---- mutex ---- */

/* Mutual exclusion. Not recursive. */
typedef struct gs_mutex {
  gs_id gs__holder; /* 0: unlocked */
  struct gs__queue gs__waiters;
} gs_mutex;

/* **Parks** until the caller holds the mutex. 0; GS_EDEADLK when it holds it
 * already; GS_EPERM outside a goroutine. */
int gs_mutex_lock(gs_mutex *mutex);
int gs_mutex_try_lock(gs_mutex *mutex);
int gs_mutex_lock_until(gs_mutex *mutex, int64_t deadline_ns);
/* Hands the mutex to the goroutine that waits longest. 0; GS_EPERM when the
 * caller does not hold it. Never parks. */
int gs_mutex_unlock(gs_mutex *mutex);

#ifndef GS_DEBUG
/* A mutex that nobody wants is locked and unlocked in place; everything else is
 * a call. Debug builds always call. */
static inline __attribute__((always_inline)) int gs__mutex_lock(
    gs_mutex *mutex) {
  gs_id self = gs__self_id;
  if (mutex->gs__holder != 0 || self == 0) return gs_mutex_lock(mutex);
  mutex->gs__holder = self;
  return GS_OK;
}

static inline __attribute__((always_inline)) int gs__mutex_unlock(
    gs_mutex *mutex) {
  const void *first = mutex->gs__waiters.gs__ends[0];
  bool wanted = first != NULL && first != &mutex->gs__waiters;
  if (wanted || mutex->gs__holder != gs__self_id || gs__self_id == 0) {
    return gs_mutex_unlock(mutex);
  }
  mutex->gs__holder = 0;
  return GS_OK;
}

#define gs_mutex_lock(mutex) gs__mutex_lock(mutex)
#define gs_mutex_unlock(mutex) gs__mutex_unlock(mutex)
#endif

/* ---- reader/writer mutex ---- */

/* Many readers or one writer. A reader that comes after a waiting writer waits
 * behind it, so that writers are not starved. Not recursive: a reader that
 * locks again may deadlock with a writer in between. */
typedef struct gs_rwmutex {
  gs_id gs__writer;     /* 0: none */
  uint32_t gs__readers; /* that hold it */
  struct gs__queue gs__waiters;
} gs_rwmutex;

/* **Parks** until the caller holds it for reading. 0; GS_EDEADLK when the
 * caller holds it for writing. */
int gs_rwmutex_read_lock(gs_rwmutex *rwmutex);
int gs_rwmutex_try_read_lock(gs_rwmutex *rwmutex);
int gs_rwmutex_read_lock_until(gs_rwmutex *rwmutex, int64_t deadline_ns);
/* 0; GS_EPERM when nobody holds it for reading. Never parks. */
int gs_rwmutex_read_unlock(gs_rwmutex *rwmutex);
/* **Parks** until the caller holds it for writing. Results as of
 * gs_mutex_lock(). */
int gs_rwmutex_write_lock(gs_rwmutex *rwmutex);
int gs_rwmutex_try_write_lock(gs_rwmutex *rwmutex);
int gs_rwmutex_write_lock_until(gs_rwmutex *rwmutex, int64_t deadline_ns);
/* 0; GS_EPERM when the caller does not hold it for writing. Never parks. */
int gs_rwmutex_write_unlock(gs_rwmutex *rwmutex);

/* ---- condition variable ---- */

typedef struct gs_cond {
  struct gs__queue gs__waiters;
} gs_cond;

/* Unlocks the mutex, **parks** until signaled, and holds the mutex again when
 * it returns, whatever it returns. There are no spurious wake-ups, but another
 * goroutine may have come first: test the condition again. 0; GS_EPERM when the
 * caller does not hold the mutex, which is then left alone. */
int gs_cond_wait(gs_cond *cond, gs_mutex *mutex);
int gs_cond_wait_until(gs_cond *cond, gs_mutex *mutex, int64_t deadline_ns);
/* Wakes the goroutine that waits longest, or all. How many: 0 when nobody
 * waits. Never park; the caller need not hold the mutex. */
int gs_cond_signal(gs_cond *cond);
int gs_cond_broadcast(gs_cond *cond);

/* ---- semaphore ---- */

/* A weighted semaphore. A large request at the head of the queue holds back
 * small ones behind it, so that it is not starved. */
typedef struct gs_sem {
  int64_t gs__available;
  struct gs__queue gs__waiters;
} gs_sem;

/* Starts with `count` units; GS_SYNC_INIT is one with none. */
#ifdef __cplusplus
#define GS_SEM_INIT(count) \
  {                        \
    (count), {}            \
  }
#else
#define GS_SEM_INIT(count) \
  {                        \
    (count), {             \
      { NULL }             \
    }                      \
  }
#endif

/* **Parks** until `count` units are the caller's. 0; GS_EINVAL when count is
 * negative. */
int gs_sem_acquire(gs_sem *sem, int64_t count);
int gs_sem_try_acquire(gs_sem *sem, int64_t count);
int gs_sem_acquire_until(gs_sem *sem, int64_t count, int64_t deadline_ns);
/* Gives `count` units back, or adds them. 0; GS_EINVAL when count is negative;
 * GS_EOVERFLOW. Never parks. */
int gs_sem_release(gs_sem *sem, int64_t count);
/* Units that nobody holds. */
int64_t gs_sem_available(const gs_sem *sem);

/* ---- once ---- */

typedef struct gs_once {
  gs_id gs__runner; /* who runs fn; 0: nobody; negative: done */
  struct gs__queue gs__waiters;
} gs_once;

/* Runs fn(arg) if nobody has; **parks** while another goroutine runs it, and
 * parks if fn does. 0 when it has run; GS_EDEADLK when fn calls this itself. */
int gs_once_do(gs_once *once, gs_func *fn, void *arg);
/* Waits for another goroutine's run at most until deadline_ns; its own run
 * takes as long as it takes. */
int gs_once_do_until(gs_once *once, gs_func *fn, void *arg,
                     int64_t deadline_ns);
/* GS_EAGAIN while another goroutine runs it. */
int gs_once_try_do(gs_once *once, gs_func *fn, void *arg);

/* ---- wait group ---- */

typedef struct gs_waitgroup {
  int64_t gs__count;
  struct gs__queue gs__waiters;
} gs_waitgroup;

/* Adds `delta`, which may be negative; at 0 all waiters go on. 0; GS_EINVAL
 * when the count would become negative or overflow, and it stays as it was.
 * Never parks. */
int gs_waitgroup_add(gs_waitgroup *group, int64_t delta);
/* gs_waitgroup_add(group, -1). */
int gs_waitgroup_done(gs_waitgroup *group);
/* **Parks** until the count is 0. */
int gs_waitgroup_wait(gs_waitgroup *group);
int gs_waitgroup_try_wait(gs_waitgroup *group);
int gs_waitgroup_wait_until(gs_waitgroup *group, int64_t deadline_ns);

/* ---- barrier ---- */

typedef struct gs_barrier {
  uint32_t gs__parties;
  uint32_t gs__arrived;
  struct gs__queue gs__waiters;
} gs_barrier;

#ifdef __cplusplus
#define GS_BARRIER_INIT(parties) \
  {                              \
    (parties), 0, {}             \
  }
#else
#define GS_BARRIER_INIT(parties) \
  {                              \
    (parties), 0, {              \
      { NULL }                   \
    }                            \
  }
#endif

/* **Parks** until as many goroutines wait as the barrier has parties; then all
 * go on and it is ready for the next round. 1 for the one that came last, 0 for
 * the others; GS_EINVAL when it has no parties. One that times out has not
 * arrived. */
int gs_barrier_wait(gs_barrier *barrier);
/* Goes through only as the last party: GS_EAGAIN otherwise. */
int gs_barrier_try_wait(gs_barrier *barrier);
int gs_barrier_wait_until(gs_barrier *barrier, int64_t deadline_ns);

#ifdef __cplusplus
}
#endif
#endif

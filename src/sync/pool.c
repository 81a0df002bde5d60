/* Object pools: see gossamer/pool.h. What calls the user's functions is no
 * leaf; waiting for an object or a slot is. */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

#include "../base/stress.h"

struct pool_waiter {
  struct gs__waiter waiter; /* must be first */
  void **out;
};

int gs__pool_wait(gs_pool *pool, void **out, int64_t deadline_ns);

int gs_pool_new(gs_pool **out, const struct gs_pool_options *options) {
  if (out == NULL || options == NULL || options->make == NULL) {
    return GS_EINVAL;
  }
  gs_pool *pool = gs__malloc(sizeof *pool);
  if (pool == NULL) return GS_ENOMEM;
  *pool = (gs_pool){.options = *options};
  *out = pool;
  return GS_OK;
}

static void free_when_unused(gs_pool *pool) {
  if (!pool->released || pool->slots > 0 || pool->users > 0) return;
  free(pool->idle);
  free(pool);
}

/* A slot: GS_OK, GS_EAGAIN, GS_ENOMEM. */
static int slot_take(gs_pool *pool) {
  size_t limit = pool->options.limit;
  if (limit > 0 && pool->slots >= limit) return GS_EAGAIN;
  if (pool->slots == pool->idle_capacity) {
    size_t capacity = pool->idle_capacity == 0 ? 4 : pool->idle_capacity * 2;
    if (limit > 0 && capacity > limit) capacity = limit;
    size_t bytes;
    if (__builtin_mul_overflow(capacity, sizeof *pool->idle, &bytes)) {
      return GS_ENOMEM;
    }
    struct gs__pool_idle *idle = gs__realloc(pool->idle, bytes);
    if (idle == NULL) return GS_ENOMEM;
    pool->idle = idle;
    pool->idle_capacity = capacity;
  }
  pool->slots++;
  return GS_OK;
}

/* What waits first gets `result`: 1 with *out set, 0 for a slot, an error. */
static void wake_first(gs_pool *pool, int result) {
  pool->waiting--;
  gs__wake(&gs__queue_take(&pool->waiters)->clause.clause, result);
}

/* Gives up a slot, to the first who waits. */
static void slot_give(gs_pool *pool) {
  if (pool->waiting > 0) {
    wake_first(pool, 0);
  } else {
    pool->slots--;
    free_when_unused(pool);
  }
}

static void destroy_object(gs_pool *pool, void *object) {
  if (pool->options.destroy != NULL) {
    pool->options.destroy(object, pool->options.arg);
  }
  slot_give(pool);
}

static void cancel(struct gs__clause *clause) {
  gs__list_remove(&clause->node);
  ((gs_pool *)((struct gs__waiter *)clause)->object)->waiting--;
}

/* 1 with *out set, 0 with a slot, or an error. */
GS__LEAF(gs__pool_wait)
int gs__pool_wait(gs_pool *pool, void **out, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  struct pool_waiter w;
  w.out = out;
  w.waiter.object = pool;
  int error = gs__queue_add(&pool->waiters, &w.waiter, cancel, deadline_ns);
  if (error != GS_OK) return error;
  pool->waiting++;
  return (int)gs__park("pool", pool);
}

/* In the slot that the caller has. */
static int make_object(void **out, gs_pool *pool) {
  if (pool->closed) {
    slot_give(pool);
    return GS_EPIPE;
  }
  void *object = NULL;
  int error = pool->options.make(&object, pool->options.arg);
  if (error >= 0 && object == NULL) error = GS_ENOMEM;
  if (error < 0) {
    slot_give(pool);
    return error;
  }
  if (pool->closed) {
    destroy_object(pool, object);
    return GS_EPIPE;
  }
  pool->lent++;
  *out = object;
  return GS_OK;
}

/* 1 with *out set, 0 with a slot, or an error; GS_EAGAIN: would have to wait.
 */
static int take_now(void **out, gs_pool *pool) {
  if (out == NULL || pool == NULL) return GS_EINVAL;
  if (pool->closed) return GS_EPIPE;
  if (pool->idle_count == 0) return slot_take(pool);
  pool->lent++;
  *out = pool->idle[--pool->idle_count].object;
  return 1;
}

static int settle(void **out, gs_pool *pool, int taken) {
  if (taken == 0) return make_object(out, pool);
  return taken > 0 ? GS_OK : taken;
}

int gs_pool_try_get(void **out, gs_pool *pool) {
  return settle(out, pool, take_now(out, pool));
}

int gs_pool_get_until(void **out, gs_pool *pool, int64_t deadline_ns) {
  int taken = take_now(out, pool);
  if (taken == GS_EAGAIN) taken = gs__pool_wait(pool, out, deadline_ns);
  return settle(out, pool, taken);
}

int gs_pool_get(void **out, gs_pool *pool) {
  return gs_pool_get_until(out, pool, GS_FOREVER);
}

int gs_pool_put(gs_pool *pool, void *object) {
  if (pool == NULL || object == NULL || pool->lent == 0) return GS_EINVAL;
  if (pool->closed) return gs_pool_discard(pool, object);
  if (pool->waiting > 0) {
    *((struct pool_waiter *)gs__queue_first(&pool->waiters))->out = object;
    wake_first(pool, 1);
    return GS_OK;
  }
  pool->lent--;
  pool->idle[pool->idle_count++] =
      (struct gs__pool_idle){object, gs__sched.now_ns};
  return GS_OK;
}

int gs_pool_discard(gs_pool *pool, void *object) {
  if (pool == NULL || object == NULL || pool->lent == 0) return GS_EINVAL;
  pool->lent--;
  destroy_object(pool, object);
  return GS_OK;
}

/* Destroys the idle object that was used longest ago. */
static void destroy_oldest(gs_pool *pool) {
  void *object = pool->idle[0].object;
  pool->idle_count--;
  memmove(pool->idle, pool->idle + 1, pool->idle_count * sizeof *pool->idle);
  destroy_object(pool, object);
}

/* The caller is one of the pool's users: it stays while its objects go. */
static size_t trim(gs_pool *pool, size_t keep, int64_t idle_ns) {
  size_t count = 0;
  int64_t now_ns = gs__clock_read();
  while (pool->idle_count > keep &&
         now_ns - pool->idle[0].since_ns >= idle_ns) {
    destroy_oldest(pool);
    count++;
  }
  return count;
}

static void user_leaves(gs_pool *pool) {
  pool->users--;
  free_when_unused(pool);
}

size_t gs_pool_trim(gs_pool *pool, size_t keep, int64_t idle_ns) {
  if (pool == NULL) return 0;
  pool->users++;
  size_t count = trim(pool, keep, idle_ns);
  user_leaves(pool);
  return count;
}

static int close_pool(gs_pool *pool) {
  if (pool->closed) return GS_EPIPE;
  pool->closed = true;
  while (pool->waiting > 0) wake_first(pool, GS_EPIPE);
  trim(pool, 0, 0);
  return GS_OK;
}

int gs_pool_close(gs_pool *pool) {
  if (pool == NULL) return GS_EINVAL;
  pool->users++;
  int result = close_pool(pool);
  user_leaves(pool);
  return result;
}

void gs_pool_release(gs_pool *pool) {
  if (pool == NULL) return;
  pool->users++;
  close_pool(pool);
  pool->released = true;
  user_leaves(pool);
}

size_t gs_pool_idle(const gs_pool *pool) {
  return pool == NULL ? 0 : pool->idle_count;
}

size_t gs_pool_lent(const gs_pool *pool) {
  return pool == NULL ? 0 : pool->lent;
}

size_t gs_pool_waiting(const gs_pool *pool) {
  return pool == NULL ? 0 : pool->waiting;
}

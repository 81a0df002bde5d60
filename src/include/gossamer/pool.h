/* Pools of objects that are dear to make and used by one goroutine at a time:
 * connections, decoders, large buffers.
 *
 * At most `limit` objects exist. Who gets one has it until it puts it back;
 * the one used last is lent first. Goroutines that wait are served in the order
 * they came, and an object that is put back goes to the first of them directly.
 * Objects are made when somebody wants one and none is idle. */
#ifndef GOSSAMER_POOL_H
#define GOSSAMER_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "go.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gs_pool gs_pool;

struct gs_pool_options {
  size_t limit; /* of objects that exist at a time; 0: none */
  /* Makes an object, which is never NULL: 0 with *out set, or a negative error.
   * It may park, and must return. */
  int (*make)(void **out, void *arg);
  /* Ends an object. It may park, and must return. NULL: nothing to do. */
  void (*destroy)(void *object, void *arg);
  void *arg; /* of both */
};

/* 0 with *out set; GS_EINVAL when out, options or options->make is NULL;
 * GS_ENOMEM. The options are copied. Never parks. */
int gs_pool_new(gs_pool **out, const struct gs_pool_options *options);

/* Closes the pool and frees it when the last object has been put back.
 * **Parks** as gs_pool_close() does. NULL is allowed. */
void gs_pool_release(gs_pool *pool);

/* Ends the pool: those who wait, and all who come, get GS_EPIPE; idle objects
 * are destroyed now, others when they are put back. **Parks** if the pool's
 * destroy function does. 0; GS_EPIPE when it is closed already; GS_EINVAL for
 * NULL. */
int gs_pool_close(gs_pool *pool);

/* Gets an idle object, or makes one, or **parks** until one is put back or may
 * be made; it parks, too, while the pool's make function does. 0 with *out
 * set; GS_EPIPE; what make answered when it failed (GS_ENOMEM for an object
 * that is NULL), and then the next who waits may try; GS_ENOMEM; GS_EPERM when
 * it would wait outside a goroutine; GS_EINVAL when out or pool is NULL. */
int gs_pool_get(void **out, gs_pool *pool);
/* GS_EAGAIN where gs_pool_get() would wait for another to put an object back.
 * Parks only if make does. */
int gs_pool_try_get(void **out, gs_pool *pool);
/* Waits for others at most until deadline_ns, then GS_ETIMEDOUT; making an
 * object takes as long as it takes. */
int gs_pool_get_until(void **out, gs_pool *pool, int64_t deadline_ns);

/* Gives an object back. 0; GS_EINVAL for NULL, and when no object is lent.
 * Never parks, but that in a closed pool it destroys the object. */
int gs_pool_put(gs_pool *pool, void *object);
/* Gives back an object that is broken: it is destroyed, and then the next who
 * waits may make another. **Parks** if destroy does. Results as gs_pool_put().
 */
int gs_pool_discard(gs_pool *pool, void *object);

/* Destroys idle objects that nobody has used for idle_ns (0: all), those used
 * longest ago first, but keeps `keep` of them. How many. **Parks** if destroy
 * does. */
size_t gs_pool_trim(gs_pool *pool, size_t keep, int64_t idle_ns);

/* Objects that are idle; that are lent; goroutines that wait. 0 for NULL.
 * Never park. */
size_t gs_pool_idle(const gs_pool *pool);
size_t gs_pool_lent(const gs_pool *pool);
size_t gs_pool_waiting(const gs_pool *pool);

#ifdef __cplusplus
}
#endif
#endif

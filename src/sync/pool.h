/* Object pools from the inside, for the dump. */
#ifndef GS_SYNC_POOL_H
#define GS_SYNC_POOL_H

#include <gossamer/pool.h>

#include "queue.h"

struct gs__pool_idle {
  void *object;
  int64_t since_ns;
};

/* A slot is the right to have an object: `slots` are taken by objects idle and
 * lent, and by those being made or destroyed. While somebody waits, all slots
 * are taken and no object is idle. */
struct gs_pool {
  struct gs_pool_options options;
  struct gs__queue waiters;   /* each gets an object or a slot */
  struct gs__pool_idle *idle; /* the one used last is last */
  size_t idle_count;
  size_t idle_capacity; /* never less than slots: putting back cannot fail */
  size_t lent;
  size_t slots;
  size_t waiting;
  uint32_t users; /* calls that are under way and touch it when they go on */
  bool closed;
  bool released;
};

#endif

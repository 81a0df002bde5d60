/* Groups from the inside, for the dump. */
#ifndef GS_SYNC_GROUP_H
#define GS_SYNC_GROUP_H

#include <gossamer/group.h>

#include "queue.h"

/* A slot is the right to run. While somebody waits for one, as many are taken
 * as the limit says. */
struct gs_group {
  struct gs_group_options options;
  gs_ctx *ctx;
  struct gs__queue slot_waiters; /* in gs_group_go() */
  struct gs__queue end_waiters;  /* for slots to become 0 */
  size_t slots;                  /* taken: by members, and those about to be */
  size_t running;
  size_t started;
  int error;     /* the first */
  bool released; /* the last slot's end frees it */
};

#endif

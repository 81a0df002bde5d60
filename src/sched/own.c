/* A goroutine's own arena: see gossamer/arena.h and gs__own() in sched.h. */
#include <gossamer/arena.h>
#include <stdlib.h>

#include "../base/stress.h"
#include "sched.h"

struct own {
  struct gs__owned owned; /* must be first */
  gs_arena arena;
};

static void end(struct gs__owned *owned, bool dropped) {
  (void)dropped;
  struct own *own = (struct own *)owned;
  gs_arena_term(&own->arena);
  free(own);
}

gs_arena *gs_arena_own(void) {
  struct gs__task *task = gs__sched.current;
  if (task == NULL) return NULL;
  struct gs__owned *owned = task->owned;
  while (owned != NULL && owned->end != end) owned = owned->next;
  struct own *own = (struct own *)owned;
  if (own == NULL) {
    own = gs__malloc(sizeof *own);
    if (own == NULL) return NULL;
    gs_arena_init(&own->arena, 0);
    own->owned.end = end;
    gs__own(task, &own->owned);
  }
  return &own->arena;
}

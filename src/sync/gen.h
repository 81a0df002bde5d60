/* Generators from the inside, for the dump. */
#ifndef GS_SYNC_GEN_H
#define GS_SYNC_GEN_H

#include <gossamer/ctx.h>
#include <gossamer/gen.h>

#include "queue.h"

struct gs_gen {
  struct gs__owned owned; /* must be first: by the body's task */
  struct gs__task *task;  /* the body's; NULL: it has ended */
  gs_id id;               /* the body's */
  gs_gen_func *fn;
  void *arg;
  gs_ctx *ctx; /* the body's */
  size_t elem_bytes;
  struct gs__list yielder; /* the body's clause, while it waits in its yield */
  const void *elem;        /* then: not yet taken, or NULL */
  struct gs__queue consumers; /* the object is where the element goes */
  int result;                 /* of the body that has ended */
  bool released;
};

#endif

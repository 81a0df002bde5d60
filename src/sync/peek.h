/* Peeks: how a source tells pollers that it may have become ready. Each source
 * has a list of the peeks at it; one that is armed is fired by whoever makes
 * the source ready, which puts it into its poller's list and wakes a waiter.
 * Firing promises nothing: the poller looks again. */
#ifndef GS_SYNC_PEEK_H
#define GS_SYNC_PEEK_H

#include "queue.h"

/* What a peek waits for; the values of GS_POLL_*. */
#define GS__PEEK_READ UINT32_C(1)
#define GS__PEEK_WRITE UINT32_C(2)
#define GS__PEEK_END UINT32_C(4)
#define GS__PEEK_ALL (GS__PEEK_READ | GS__PEEK_WRITE | GS__PEEK_END)

/* The part of a poller that firing needs. */
struct gs__poll {
  struct gs__list ready;    /* peeks to look at, the next one first */
  struct gs__queue waiters; /* goroutines, while nothing is to be looked at */
};

struct gs__peek {
  struct gs__list node;  /* in poll->ready, while `listed` */
  struct gs__peek *next; /* at the same source */
  struct gs__poll *poll;
  uint32_t armed; /* which of GS__PEEK_* fire it */
  uint32_t fired; /* which of them did since it was looked at */
  bool listed;
  bool orphan; /* the source is gone */
};

/* Has the poller look at it, and wakes a waiter. */
void gs__peek_list(struct gs__peek *peek);
/* Fires those of a source that are armed for one of `events`. */
void gs__peeks_fire(struct gs__peek *first, uint32_t events);
/* The source is being freed: nothing refers to it any more. */
void gs__peeks_orphan(struct gs__peek **first);

#endif

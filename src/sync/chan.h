/* Channels from the inside, for the floor's other files and the invariants.
 *
 * Whoever comes second serves the first: a sender hands its element straight
 * to a waiting receiver, a receiver takes it straight from a waiting sender.
 * So a waiter has nothing left to do when it wakes.
 *
 * The ring's limits may be too strict after a waiter gave up or for an armed
 * peek, never too lax: who is stopped by them looks at what waits. */
#ifndef GS_SYNC_CHAN_H
#define GS_SYNC_CHAN_H

#include <gossamer/chan.h>

#include "../sched/wait.h"
#include "peek.h"

/* Who must know when a channel is closed, also by its last reference. */
struct gs__keeper {
  struct gs__keeper *next;
  void (*closed)(struct gs__keeper *keeper); /* once; must not park */
};

struct gs_chan {
  struct gs__ring ring; /* must be first: chan.h, typed.h */
  size_t elem_bytes;
  size_t capacity;
  struct gs__list receivers;  /* waiting, oldest first */
  struct gs__list senders;    /* waiting, oldest first */
  struct gs__keeper *keepers; /* told when it is closed, and then forgotten */
  struct gs__peek *peeks;     /* pollers that watch it, or NULL */
  uint32_t references;
  bool closed;
  _Alignas(8) unsigned char buffer[];
};

static inline void gs__chan_keep(gs_chan *chan, struct gs__keeper *keeper) {
  keeper->next = chan->keepers;
  chan->keepers = keeper;
}

/* The wait clause inside a case. Its tag is the case's index + 1 in a select,
 * and 0 for a plain send or receive, whose result is not an index. */
static inline struct gs__clause *gs__case_clause(struct gs_case *c) {
  _Static_assert(sizeof(struct gs__clause) <= sizeof c->gs__wait, "fits");
  return (struct gs__clause *)(void *)c->gs__wait;
}

/* Does `c` at once if it can: *result is then as of gs_chan_send or
 * gs_chan_recv. False: it would have to wait. */
bool gs__chan_try(struct gs_case *c, int *result);
/* Whether gs__chan_try() would succeed; the channel is not NULL. Without
 * branches: see select.c. */
static inline bool gs__chan_ready(const struct gs_case *c) {
  const gs_chan *chan = c->chan;
  bool sends = c->op == GS_CASE_SEND;
  const struct gs__list *others = sends ? &chan->receivers : &chan->senders;
  bool space = chan->ring.count < chan->capacity;
  bool elems = chan->ring.count > 0;
  return chan->closed | (sends ? space : elems) | !gs__list_empty(others);
}
/* Queues the current task's case behind the others. */
void gs__chan_enqueue(struct gs_case *c, uint32_t tag);
/* Puts an element into a channel of capacity 1, replacing what was there.
 * GS_EPIPE when it is closed. Never parks. */
int gs__chan_replace(gs_chan *chan, const void *elem);
/* Which of GS__PEEK_* the channel is ready for. */
uint32_t gs__chan_peek(const gs_chan *chan);
/* Has `peek`, one of the channel's, fired when something that makes it ready
 * for `events` happens from now on, whether it is ready already or not. */
void gs__chan_arm(gs_chan *chan, struct gs__peek *peek, uint32_t events);
/* Drops what is buffered. */
void gs__chan_drain(gs_chan *chan);

/* Panics when an invariant is broken. */
void gs__chan_check(const gs_chan *chan);

#endif

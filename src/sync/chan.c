/* Channels: see chan.h. Model of the semantics: Go's runtime/chan.go. */
#include "chan.h"

#include <stdlib.h>
#include <string.h>

#include "../base/stress.h"
#include "../sched/timer.h"

int gs_chan_new(gs_chan **out, size_t elem_bytes, size_t capacity) {
  if (out == NULL || elem_bytes == 0) return GS_EINVAL;
  if (capacity > (PTRDIFF_MAX - sizeof(gs_chan)) / elem_bytes) {
    return GS_ENOMEM;
  }
  gs_chan *chan = gs__malloc(sizeof *chan + elem_bytes * capacity);
  if (chan == NULL) return GS_ENOMEM;
  *chan = (gs_chan){
      .elem_bytes = elem_bytes, .capacity = capacity, .references = 1};
  chan->ring = (struct gs__ring){.send_limit = capacity,
                                 .head = chan->buffer,
                                 .tail = chan->buffer,
                                 .start = chan->buffer,
                                 .end = chan->buffer + elem_bytes * capacity};
  gs__list_init(&chan->receivers);
  gs__list_init(&chan->senders);
  *out = chan;
  return GS_OK;
}

gs_chan *gs_chan_retain(gs_chan *chan) {
  if (chan != NULL) chan->references++;
  return chan;
}

void gs_chan_release(gs_chan *chan) {
  if (chan == NULL || --chan->references > 0) return;
  if (!chan->closed) gs_chan_close(chan);
  if (chan->peeks != NULL) gs__peeks_orphan(&chan->peeks);
  free(chan);
}

size_t gs_chan_len(const gs_chan *chan) {
  return chan == NULL ? 0 : chan->ring.count;
}

size_t gs_chan_cap(const gs_chan *chan) {
  return chan == NULL ? 0 : chan->capacity;
}

size_t gs_chan_elem_bytes(const gs_chan *chan) {
  return chan == NULL ? 0 : chan->elem_bytes;
}

/* Most elements are a word or two: a copy of known size needs no call. */
static inline void copy(void *to, const void *from, size_t bytes) {
  switch (bytes) {
    case 4:
      memcpy(to, from, 4);
      break;
    case 8:
      memcpy(to, from, 8);
      break;
    default:
      memcpy(to, from, bytes);
      break;
  }
}

static inline unsigned char *behind(const gs_chan *chan, unsigned char *slot) {
  slot += chan->elem_bytes;
  return slot == chan->ring.end ? chan->ring.start : slot;
}

static inline void push(gs_chan *chan, const void *elem) {
  struct gs__ring *ring = &chan->ring;
  copy(ring->tail, elem, chan->elem_bytes);
  ring->tail = behind(chan, ring->tail);
  ring->count++;
}

static inline void pop(gs_chan *chan, void *elem) {
  struct gs__ring *ring = &chan->ring;
  if (elem != NULL) copy(elem, ring->head, chan->elem_bytes);
  ring->head = behind(chan, ring->head);
  ring->count--;
}

static inline struct gs_case *first_case(struct gs__list *queue) {
  struct gs__clause *clause =
      gs__container(queue->next, struct gs__clause, node);
  return gs__container(clause, struct gs_case, gs__wait);
}

/* Ends the wait of a case that is first in its queue. */
static inline void finish(struct gs_case *c, int result) {
  struct gs__clause *clause = gs__case_clause(c);
  gs__list_remove(&clause->node);
  if (clause->tag == 0) {
    gs__wake(clause, result);
  } else {
    c->result = result;
    gs__wake(clause, (int64_t)clause->tag - 1);
  }
}

/* Something has come that pollers may wait for. */
static inline void fire(const gs_chan *chan, uint32_t events) {
  if (gs__unlikely(chan->peeks != NULL)) gs__peeks_fire(chan->peeks, events);
}

/* GS_EAGAIN: would have to wait. These two are inside the plain send and
 * receive; the other forms call gs_chan_try_send() and gs_chan_try_recv(). */
GS__INLINE int send_now(gs_chan *chan, const void *elem) {
  if (gs__unlikely(chan == NULL)) return GS_EAGAIN;
  struct gs__ring *ring = &chan->ring;
  if (gs__likely(ring->count < ring->send_limit)) {
    push(chan, elem);
    return GS_OK;
  }
  if (gs__unlikely(chan->closed)) return GS_EPIPE;
  if (!gs__list_empty(&chan->receivers)) {
    struct gs_case *receiver = first_case(&chan->receivers);
    if (receiver->elem != NULL) copy(receiver->elem, elem, chan->elem_bytes);
    finish(receiver, 1);
    return GS_OK;
  }
  /* When it is full the limit stays: a peek may be armed. */
  if (ring->count == chan->capacity) return GS_EAGAIN;
  ring->send_limit = chan->capacity;
  push(chan, elem);
  fire(chan, GS__PEEK_READ);
  return GS_OK;
}

GS__INLINE int recv_now(gs_chan *chan, void *elem) {
  if (gs__unlikely(chan == NULL)) return GS_EAGAIN;
  struct gs__ring *ring = &chan->ring;
  if (gs__likely(ring->count > ring->recv_floor)) {
    pop(chan, elem);
    return 1;
  }
  if (!gs__list_empty(&chan->senders)) {
    struct gs_case *sender = first_case(&chan->senders);
    if (ring->count > 0) {
      pop(chan, elem);
      push(chan, sender->elem);
    } else if (elem != NULL) {
      copy(elem, sender->elem, chan->elem_bytes);
    }
    finish(sender, GS_OK);
    return 1;
  }
  if (ring->count > 0) {
    ring->recv_floor = 0;
    pop(chan, elem);
    fire(chan, GS__PEEK_WRITE);
    return 1;
  }
  if (chan->closed) {
    if (elem != NULL) memset(elem, 0, chan->elem_bytes);
    return 0;
  }
  return GS_EAGAIN;
}

int gs_chan_try_send(gs_chan *chan, const void *elem) {
  return send_now(chan, elem);
}

int gs_chan_try_recv(gs_chan *chan, void *elem) { return recv_now(chan, elem); }

bool gs__chan_try(struct gs_case *c, int *result) {
  *result = c->op == GS_CASE_SEND ? gs_chan_try_send(c->chan, c->elem)
                                  : gs_chan_try_recv(c->chan, c->elem);
  return *result != GS_EAGAIN;
}

static inline void enqueue(struct gs_case *c, uint32_t tag) {
  struct gs__clause *clause = gs__case_clause(c);
  clause->tag = tag;
  gs__wait_add(clause, GS__CLAUSE_LIST);
  gs_chan *chan = c->chan;
  if (c->op == GS_CASE_SEND) {
    chan->ring.recv_floor = SIZE_MAX;
    gs__list_append(&chan->senders, &clause->node);
  } else {
    chan->ring.send_limit = 0;
    gs__list_append(&chan->receivers, &clause->node);
  }
  if (chan->capacity > 0) return; /* was ready for the other side already */
  fire(chan, c->op == GS_CASE_SEND ? GS__PEEK_READ : GS__PEEK_WRITE);
}

void gs__chan_enqueue(struct gs_case *c, uint32_t tag) { enqueue(c, tag); }

/* Queues the case and the deadline, and parks. On a NULL channel there is
 * nothing to queue. */
GS__INLINE int wait(struct gs_case *c, int64_t deadline_ns,
                    const char *reason) {
  struct gs__deadline expiry;
  if (deadline_ns != GS_FOREVER &&
      !gs__deadline_wait(&expiry, deadline_ns, GS_ETIMEDOUT)) {
    return GS_ENOMEM;
  }
  if (c->chan != NULL) enqueue(c, 0);
  return (int)gs__park(reason, c->chan);
}

GS__INLINE int wait_to_send(gs_chan *chan, const void *elem,
                            int64_t deadline_ns) {
  if (gs__unlikely(gs__sched.current == NULL)) return GS_EPERM;
  struct gs_case c;
  c.chan = chan;
  c.elem = (void *)elem;
  c.op = GS_CASE_SEND;
  return wait(&c, deadline_ns,
              chan == NULL ? "send on NULL channel" : "channel send");
}

GS__INLINE int wait_to_recv(gs_chan *chan, void *elem, int64_t deadline_ns) {
  if (gs__unlikely(gs__sched.current == NULL)) return GS_EPERM;
  struct gs_case c;
  c.chan = chan;
  c.elem = elem;
  c.op = GS_CASE_RECV;
  return wait(&c, deadline_ns,
              chan == NULL ? "receive from NULL channel" : "channel receive");
}

GS__LEAF(gs_chan_send)
int gs_chan_send(gs_chan *chan, const void *elem) {
  GS__LEAF_BODY(int);
  int result = send_now(chan, elem);
  if (result != GS_EAGAIN) return gs__done(result);
  return wait_to_send(chan, elem, GS_FOREVER);
}

GS__LEAF(gs_chan_send_until)
int gs_chan_send_until(gs_chan *chan, const void *elem, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  int result = gs_chan_try_send(chan, elem);
  if (result != GS_EAGAIN) return gs__done(result);
  return wait_to_send(chan, elem, deadline_ns);
}

GS__LEAF(gs_chan_recv) int gs_chan_recv(gs_chan *chan, void *elem) {
  GS__LEAF_BODY(int);
  int result = recv_now(chan, elem);
  if (result != GS_EAGAIN) return gs__done(result);
  return wait_to_recv(chan, elem, GS_FOREVER);
}

GS__LEAF(gs_chan_recv_until)
int gs_chan_recv_until(gs_chan *chan, void *elem, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  int result = gs_chan_try_recv(chan, elem);
  if (result != GS_EAGAIN) return gs__done(result);
  return wait_to_recv(chan, elem, deadline_ns);
}

void gs__chan_tell_keepers(gs_chan *chan);

/* Calls through a pointer: Asyncify is told its name, which must last. */
GS__KEPT(gs__chan_tell_keepers) void gs__chan_tell_keepers(gs_chan *chan) {
  while (chan->keepers != NULL) {
    struct gs__keeper *keeper = chan->keepers;
    chan->keepers = keeper->next;
    keeper->closed(keeper);
  }
}

int gs_chan_close(gs_chan *chan) {
  if (chan == NULL) return GS_EINVAL;
  if (chan->closed) return GS_EPIPE;
  chan->closed = true;
  chan->ring.send_limit = 0;
  while (!gs__list_empty(&chan->receivers)) {
    struct gs_case *receiver = first_case(&chan->receivers);
    if (receiver->elem != NULL) memset(receiver->elem, 0, chan->elem_bytes);
    finish(receiver, 0);
  }
  while (!gs__list_empty(&chan->senders)) {
    finish(first_case(&chan->senders), GS_EPIPE);
  }
  fire(chan, GS__PEEK_ALL);
  if (gs__unlikely(chan->keepers != NULL)) gs__chan_tell_keepers(chan);
  return GS_OK;
}

uint32_t gs__chan_peek(const gs_chan *chan) {
  if (chan->closed) return GS__PEEK_ALL;
  size_t count = chan->ring.count;
  bool readable = count > 0 || !gs__list_empty(&chan->senders);
  bool writable = count < chan->capacity || !gs__list_empty(&chan->receivers);
  return (readable ? GS__PEEK_READ : 0) | (writable ? GS__PEEK_WRITE : 0);
}

void gs__chan_arm(gs_chan *chan, struct gs__peek *peek, uint32_t events) {
  peek->armed = events;
  if ((events & GS__PEEK_READ) != 0) chan->ring.send_limit = 0;
  if ((events & GS__PEEK_WRITE) != 0) chan->ring.recv_floor = SIZE_MAX;
}

int gs__chan_replace(gs_chan *chan, const void *elem) {
  gs_assert(chan->capacity == 1);
  if (chan->ring.count == 1 && !chan->closed) pop(chan, NULL);
  return send_now(chan, elem);
}

void gs__chan_drain(gs_chan *chan) {
  while (chan->ring.count > 0) gs_chan_try_recv(chan, NULL);
}

static size_t slot_index(const gs_chan *chan, const unsigned char *slot) {
  return (size_t)(slot - chan->buffer) / chan->elem_bytes;
}

void gs__chan_check(const gs_chan *chan) {
  const struct gs__ring *ring = &chan->ring;
  bool receivers = !gs__list_empty(&chan->receivers);
  bool senders = !gs__list_empty(&chan->senders);
  if (receivers && ring->count > 0) {
    gs__fatal("channel: a receiver waits though %zu are buffered", ring->count);
  }
  if (senders && ring->count < chan->capacity) {
    gs__fatal("channel: a sender waits though there is room");
  }
  if (chan->closed && (receivers || senders)) {
    gs__fatal("channel: somebody waits though it is closed");
  }
  if (ring->count > chan->capacity || chan->references == 0) {
    gs__fatal("channel: %zu of %zu buffered, %u references", ring->count,
              chan->capacity, (unsigned)chan->references);
  }
  if (ring->send_limit > (chan->closed || receivers ? 0 : chan->capacity) ||
      (ring->recv_floor == 0 && senders)) {
    gs__fatal("channel: its limits let pass too much");
  }
  for (const struct gs__peek *p = chan->peeks; p != NULL; p = p->next) {
    if (((p->armed & GS__PEEK_READ) != 0 && ring->send_limit > 0) ||
        ((p->armed & GS__PEEK_WRITE) != 0 && ring->recv_floor == 0)) {
      gs__fatal("channel: its limits pass by a peek");
    }
  }
  size_t end = slot_index(chan, ring->head) + ring->count;
  if (chan->capacity > 0 &&
      end % chan->capacity != slot_index(chan, ring->tail)) {
    gs__fatal("channel: its ends are not %zu apart", ring->count);
  }
}

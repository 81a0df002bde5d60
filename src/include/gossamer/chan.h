/* Channels with Go's semantics, and select.
 *
 * A channel passes elements of one fixed size, copied in and out. Typed
 * channels, in which a wrong element type does not compile, are in typed.h.
 * A NULL channel is Go's nil channel: sending and receiving wait for ever. */
#ifndef GOSSAMER_CHAN_H
#define GOSSAMER_CHAN_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "go.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gs_chan gs_chan;

/* The runtime's: a channel begins with it, for the inline paths of typed.h. */
struct gs__ring {
  size_t count;         /* elements in the buffer */
  size_t send_limit;    /* count < it: there is room and nobody to serve */
  size_t recv_floor;    /* count > it: an element and no sender to let in */
  unsigned char *head;  /* the oldest element */
  unsigned char *tail;  /* where the next one goes */
  unsigned char *start; /* of the buffer */
  unsigned char *end;   /* behind it */
};

/* Makes a channel for elements of elem_bytes (at least 1) that buffers
 * `capacity` of them (0: unbuffered). 0 with *out set; GS_EINVAL when
 * elem_bytes is 0 or out is NULL; GS_ENOMEM when the buffer is larger than can
 * be had. The caller owns one reference. Never parks. */
int gs_chan_new(gs_chan **out, size_t elem_bytes, size_t capacity);

/* Adds a reference and returns the channel. NULL is allowed. Never parks. */
gs_chan *gs_chan_retain(gs_chan *chan);

/* Drops a reference. The last one closes the channel, which wakes whoever
 * still waits on it, and frees it. NULL is allowed. Never parks. */
void gs_chan_release(gs_chan *chan);

/* Sends a copy of *elem. **Parks** until a receiver or a buffer slot takes it.
 * 0; GS_EPIPE when the channel is closed, also while waiting; GS_EPERM when it
 * would wait outside a goroutine. elem is only read; it is never NULL, and
 * must stay valid while the caller waits. */
int gs_chan_send(gs_chan *chan, const void *elem);
/* Never parks: GS_EAGAIN where gs_chan_send() would wait. */
int gs_chan_try_send(gs_chan *chan, const void *elem);
/* **Parks** at most until deadline_ns: then GS_ETIMEDOUT. */
int gs_chan_send_until(gs_chan *chan, const void *elem, int64_t deadline_ns);

/* Receives into *elem. **Parks** until there is an element or the channel is
 * closed. 1 with an element; 0 when the channel is closed and drained, and
 * then *elem is all zero bytes, Go's zero value; GS_EPERM as above. elem may
 * be NULL: the element is dropped. */
int gs_chan_recv(gs_chan *chan, void *elem);
/* Never parks: GS_EAGAIN where gs_chan_recv() would wait. */
int gs_chan_try_recv(gs_chan *chan, void *elem);
/* **Parks** at most until deadline_ns: then GS_ETIMEDOUT. */
int gs_chan_recv_until(gs_chan *chan, void *elem, int64_t deadline_ns);

/* Closes: waiting receivers get 0, waiting senders GS_EPIPE; what is buffered
 * can still be received. 0; GS_EPIPE when closed already; GS_EINVAL for NULL.
 * Never parks. */
int gs_chan_close(gs_chan *chan);

/* Elements buffered now, the capacity, the element size; 0 for NULL. */
size_t gs_chan_len(const gs_chan *chan);
size_t gs_chan_cap(const gs_chan *chan);
size_t gs_chan_elem_bytes(const gs_chan *chan);

/* ---- select ---- */

enum gs_case_op {
  GS_CASE_NONE = 0, /* never ready */
  GS_CASE_SEND = 1,
  GS_CASE_RECV = 2
};

/* One case. Make it with GS_SEND() or GS_RECV(), or set the first three
 * members and zero the rest. An array of cases must not be in use by two
 * goroutines at once. */
struct gs_case {
  gs_chan *chan;         /* NULL: never ready */
  void *elem;            /* sent from or received into */
  enum gs_case_op op;    /* which */
  int result;            /* set when chosen: as gs_chan_send / gs_chan_recv */
  uintptr_t gs__wait[6]; /* the runtime's, while the caller waits */
};

#ifdef __cplusplus
inline gs_case gs__case(gs_chan *chan, void *elem, gs_case_op op) {
  return gs_case{chan, elem, op, 0, {}};
}
#define GS_SEND(chan_, elem_)                                             \
  gs__case((chan_), const_cast<void *>(static_cast<const void *>(elem_)), \
           GS_CASE_SEND)
#define GS_RECV(chan_, elem_) gs__case((chan_), (elem_), GS_CASE_RECV)
#else
#define GS_SEND(chan_, elem_) \
  ((struct gs_case){          \
      .chan = (chan_), .elem = (void *)(elem_), .op = GS_CASE_SEND})
#define GS_RECV(chan_, elem_) \
  ((struct gs_case){.chan = (chan_), .elem = (elem_), .op = GS_CASE_RECV})
#endif

/* **Parks** until one of `count` cases can go on, does it and returns its
 * index with cases[index].result set. When several are ready, one of them is
 * chosen at random, each as likely as the others. With no case that can ever
 * be ready it waits for ever. GS_EINVAL when an op is unknown or cases is NULL
 * with count > 0; GS_EPERM as above. */
int gs_select(struct gs_case *cases, size_t count);
/* Never parks: GS_EAGAIN when no case is ready (Go's default case). */
int gs_try_select(struct gs_case *cases, size_t count);
/* **Parks** at most until deadline_ns: then GS_ETIMEDOUT. */
int gs_select_until(struct gs_case *cases, size_t count, int64_t deadline_ns);

#ifdef __cplusplus
}
#endif
#endif

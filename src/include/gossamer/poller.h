/* Pollers: one goroutine waits for any of many sources: channels (and with them
 * timers, frames, signals and contexts), descriptors, HTTP bodies.
 *
 * A select names its cases each time and does one of them; a poller is told
 * once what to watch, costs nothing for the sources that are quiet, and says
 * what could be done without waiting. Model of the semantics: Linux's epoll. */
#ifndef GOSSAMER_POLLER_H
#define GOSSAMER_POLLER_H

#include <stddef.h>
#include <stdint.h>

#include "chan.h"
#include "http.h"
#include "time.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gs_poller gs_poller;

/* What a source is ready for, and what is wanted of it. */
/* A receive or a read would not wait; it may find the end, or fail. */
#define GS_POLL_READABLE (UINT32_C(1) << 0)
/* A send or a write would not wait. Bodies are never writable. */
#define GS_POLL_WRITABLE (UINT32_C(1) << 1)
/* Nothing more will come: the channel is closed, the input is at its end, or
 * the source was freed. Always reported, with the events that were wanted. */
#define GS_POLL_CLOSED (UINT32_C(1) << 2)

/* How it is reported; without a flag at each wait for as long as it is ready
 * ("level"). */
/* Once, and again when something new comes after that: an element, bytes, room
 * for a send or a write, the end. A file is ready once, for good. What was
 * there before is not reported again, so receive or read until there is nothing
 * more. */
#define GS_POLL_EDGE (UINT32_C(1) << 8)
/* Once, then not until gs_poller_modify(). */
#define GS_POLL_ONESHOT (UINT32_C(1) << 9)

/* A source; made by the functions below. */
struct gs_source {
  uint32_t kind;
  int32_t fd;
  void *object;
};

enum gs_source_kind {
  GS_SOURCE_CHAN = 1,
  GS_SOURCE_FD = 2,
  GS_SOURCE_HTTP = 3
};

static inline struct gs_source gs_source_chan(gs_chan *chan) {
  struct gs_source source = {GS_SOURCE_CHAN, -1, chan};
  return source;
}
/* Readable when it has fired and the time was not received yet. */
static inline struct gs_source gs_source_timer(const gs_timer *timer) {
  return gs_source_chan(gs_timer_chan(timer));
}
/* A descriptor of libc's: standard input, what open() answers. Files and
 * directories are always ready. When it is closed that is told once, as
 * GS_POLL_CLOSED; gs_poller_modify() watches what has its number then. */
static inline struct gs_source gs_source_fd(int fd) {
  struct gs_source source = {GS_SOURCE_FD, fd, NULL};
  return source;
}
/* A response's body. */
static inline struct gs_source gs_source_http(gs_http *http) {
  struct gs_source source = {GS_SOURCE_HTTP, -1, http};
  return source;
}

struct gs_poll_event {
  uint64_t data;   /* as given with the source; a pointer fits: (uintptr_t) */
  uint32_t events; /* GS_POLL_READABLE, _WRITABLE, _CLOSED: not 0 */
};

/* 0 with *out set, which the caller owns: gs_poller_release(). GS_EINVAL,
 * GS_ENOMEM. Never parks. */
int gs_poller_new(gs_poller **out);

/* Frees the poller; the sources stay as they are. Whoever waits for it gets
 * GS_ECANCELED. NULL is allowed. Never parks. */
void gs_poller_release(gs_poller *poller);

/* Watches a source for `events`: GS_POLL_READABLE, _WRITABLE and flags; none
 * for the end alone, but some for a descriptor, and GS_POLL_READABLE always for
 * a body. The
 * poller takes no reference: a source that is freed is reported once more, as
 * GS_POLL_CLOSED, and is then no longer watched. 0; GS_EEXIST when this poller
 * watches it already; GS_EBADF for what is no descriptor; GS_EINVAL for a
 * NULL source or unknown events; GS_ENOMEM. Never parks. */
int gs_poller_add(gs_poller *poller, struct gs_source source, uint32_t events,
                  uint64_t data);
/* Changes what is wanted, and looks anew whether it is there. 0; GS_ENOENT when
 * this poller does not watch the source; else as gs_poller_add(). */
int gs_poller_modify(gs_poller *poller, struct gs_source source,
                     uint32_t events, uint64_t data);
/* Ends watching. 0; GS_ENOENT. Never parks. */
int gs_poller_remove(gs_poller *poller, struct gs_source source);

/* **Parks** until a source is ready and stores up to `max` events. Returns how
 * many: at least 1. Sources that are ready take turns: one that always is does
 * not hide the others, however small `max`. What was ready may be gone by the
 * time the caller gets to it if others use the source too. Several goroutines
 * may wait for one poller; a source is reported to one of them, but a "level"
 * one possibly to others as well.
 *
 * GS_EINVAL for NULL or max 0; GS_ECANCELED when the poller is released;
 * GS_EPERM outside a goroutine; GS_ENOMEM. */
int gs_poller_wait(gs_poller *poller, struct gs_poll_event *events, size_t max);
/* Never parks: GS_EAGAIN when nothing is ready. */
int gs_poller_try_wait(gs_poller *poller, struct gs_poll_event *events,
                       size_t max);
/* **Parks** at most until deadline_ns: then GS_ETIMEDOUT. */
int gs_poller_wait_until(gs_poller *poller, struct gs_poll_event *events,
                         size_t max, int64_t deadline_ns);

#ifdef __cplusplus
}
#endif
#endif

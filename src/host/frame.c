/* Animation frames: all goroutines that wait for one are woken by one call
 * from the host, inside its frame callback. */
#include <gossamer/frame.h>
#include <stdlib.h>

#include "../base/stress.h"
#include "../sched/timer.h"
#include "../sync/chan.h"
#include "frame.h"
#include "host.h"

struct frame_waiter {
  struct gs__clause_other
      clause;           /* must be first; its node in frames.waiters */
  double *timestamp_ms; /* the caller's, or NULL */
};

struct feed {
  struct gs__list node; /* in frames.feeds */
  gs_chan *chan;        /* one reference is the feed's */
};

static struct {
  struct gs__list waiters;
  struct gs__list feeds;
  bool requested; /* the host will call gs_frame_event() */
} frames;

static void request(void) {
  if (frames.requested) return;
  frames.requested = true;
  gs__sched.outstanding++;
  gs__host_frame_request();
}

/* The pending request counts as outstanding only while somebody waits. */
static void settle(void) {
  if (!frames.requested || !gs__list_empty(&frames.waiters) ||
      !gs__list_empty(&frames.feeds)) {
    return;
  }
  frames.requested = false;
  gs__sched.outstanding--;
  gs__host_frame_cancel();
}

void gs__frames_init(void) {
  gs__list_init(&frames.waiters);
  gs__list_init(&frames.feeds);
  frames.requested = false;
}

void gs__frames_term(void) {
  while (!gs__list_empty(&frames.feeds)) {
    struct feed *feed = gs__container(frames.feeds.next, struct feed, node);
    gs__list_remove(&feed->node);
    gs_chan_release(feed->chan);
    free(feed);
  }
  gs__list_init(&frames.waiters);
  settle();
}

static void cancel(struct gs__clause *clause) {
  gs__list_remove(&clause->node);
  settle();
}

GS__INLINE int frame_until(double *timestamp_ms, int64_t deadline_ns) {
  if (gs__unlikely(gs__sched.current == NULL)) return GS_EPERM;
  struct gs__deadline expiry;
  if (deadline_ns != GS_FOREVER &&
      !gs__deadline_wait(&expiry, deadline_ns, GS_ETIMEDOUT)) {
    return GS_ENOMEM;
  }
  struct frame_waiter waiter;
  waiter.timestamp_ms = timestamp_ms;
  waiter.clause.cancel = cancel;
  gs__wait_add(&waiter.clause.clause, GS__CLAUSE_OTHER);
  gs__list_append(&frames.waiters, &waiter.clause.clause.node);
  request();
  return (int)gs__park("frame", NULL);
}

GS__LEAF(gs_frame) int gs_frame(double *timestamp_ms) {
  GS__LEAF_BODY(int);
  return frame_until(timestamp_ms, GS_FOREVER);
}

GS__LEAF(gs_frame_until)
int gs_frame_until(double *timestamp_ms, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return frame_until(timestamp_ms, deadline_ns);
}

int gs_frame_chan(gs_chan **out) {
  if (out == NULL) return GS_EINVAL;
  struct feed *feed = gs__malloc(sizeof *feed);
  if (feed == NULL) return GS_ENOMEM;
  int error = gs_chan_new(&feed->chan, sizeof(double), 1);
  if (error != GS_OK) {
    free(feed);
    return error;
  }
  gs__list_append(&frames.feeds, &feed->node);
  request();
  *out = gs_chan_retain(feed->chan);
  return GS_OK;
}

static void feed_all(double timestamp_ms) {
  struct gs__list *node = frames.feeds.next;
  while (node != &frames.feeds) {
    struct feed *feed = gs__container(node, struct feed, node);
    node = node->next;
    if (feed->chan->references > 1 &&
        gs__chan_replace(feed->chan, &timestamp_ms) != GS_EPIPE) {
      continue;
    }
    gs__list_remove(&feed->node);
    gs_chan_release(feed->chan);
    free(feed);
  }
}

void gs__frames_deliver(double timestamp_ms) {
  if (frames.requested) {
    frames.requested = false;
    gs__sched.outstanding--;
  }
  while (!gs__list_empty(&frames.waiters)) {
    struct gs__clause *clause =
        gs__container(frames.waiters.next, struct gs__clause, node);
    struct frame_waiter *waiter = (struct frame_waiter *)clause;
    gs__list_remove(&clause->node);
    if (waiter->timestamp_ms != NULL) *waiter->timestamp_ms = timestamp_ms;
    gs__wake(clause, GS_OK);
  }
  if (!gs__list_empty(&frames.feeds)) {
    feed_all(timestamp_ms);
    if (!gs__list_empty(&frames.feeds)) request();
  }
}

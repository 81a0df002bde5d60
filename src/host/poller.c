/* Pollers: see gossamer/poller.h. Each watch of a source is in the poller's
 * ready list, to be looked at by the next wait, or armed at its source, or, by
 * GS_POLL_ONESHOT, off. Channels fire peeks (sync/peek.h); input and bodies
 * complete an operation that no goroutine waits for. */
#include <gossamer/poller.h>
#include <stdlib.h>

#include "../base/stress.h"
#include "../sync/chan.h"
#include "http.h"
#include "op.h"

#define WANTS (GS_POLL_READABLE | GS_POLL_WRITABLE | GS_POLL_CLOSED)
#define FLAGS (GS_POLL_EDGE | GS_POLL_ONESHOT)

_Static_assert(GS__PEEK_READ == GS_POLL_READABLE &&
                   GS__PEEK_WRITE == GS_POLL_WRITABLE &&
                   GS__PEEK_END == GS_POLL_CLOSED,
               "a peek's events are those that are reported");

struct gs_poller {
  struct gs__poll poll;
  struct gs__list watches; /* all of them */
  uint32_t users;          /* goroutines inside a wait */
  bool released;           /* freed by the last of them */
};

struct watch {
  struct gs__peek peek; /* must be first */
  struct gs__list node; /* in the poller's watches */
  struct gs_source source;
  uint32_t wanted; /* events and flags; 0: off */
  uint64_t data;
  struct gs__op op; /* of a host's source */
  int32_t since;    /* its answer that was reported last; 0: none */
  bool pending;     /* op is */
};

/* Watches of descriptors, whichever these are. */
static struct gs__peek *fd_peeks;

/* ---- sources ---- */

/* The list of a source's peeks. */
static struct gs__peek **peeks_of(struct gs_source source) {
  switch (source.kind) {
    case GS_SOURCE_CHAN:
      return &((gs_chan *)source.object)->peeks;
    case GS_SOURCE_HTTP:
      return gs__http_peeks(source.object);
    default:
      return &fd_peeks;
  }
}

static int check(const gs_poller *poller, struct gs_source source) {
  if (poller == NULL) return GS_EINVAL;
  switch (source.kind) {
    case GS_SOURCE_CHAN:
    case GS_SOURCE_HTTP:
      return source.object == NULL ? GS_EINVAL : GS_OK;
    case GS_SOURCE_FD:
      return source.fd < 0 ? GS_EBADF : gs__host_fd_poll(0, source.fd, 0, 0);
    default:
      return GS_EINVAL;
  }
}

static int check_events(struct gs_source source, uint32_t events) {
  if ((events & ~(WANTS | FLAGS)) != 0) return GS_EINVAL;
  uint32_t needed = 0;
  if (source.kind == GS_SOURCE_HTTP) needed = GS_POLL_READABLE;
  if (source.kind == GS_SOURCE_FD) needed = GS_POLL_READABLE | GS_POLL_WRITABLE;
  return needed == 0 || (events & needed) != 0 ? GS_OK : GS_EINVAL;
}

static struct watch *find(const gs_poller *poller, struct gs_source source) {
  struct watch *watch = (struct watch *)*peeks_of(source);
  while (watch != NULL &&
         (watch->peek.poll != &poller->poll || watch->source.fd != source.fd)) {
    watch = (struct watch *)watch->peek.next;
  }
  return watch;
}

static void disarm(struct watch *watch) {
  watch->peek.armed = 0;
  if (!watch->pending) return;
  watch->pending = false;
  gs__op_forget(&watch->op);
}

void gs__poller_orphan(struct gs__peek **peeks) {
  for (struct gs__peek *p = *peeks; p != NULL; p = p->next) {
    disarm((struct watch *)p);
  }
  gs__peeks_orphan(peeks);
}

void gs__op_ended(struct gs__op *op) {
  struct watch *watch = gs__container(op, struct watch, op);
  watch->pending = false;
  gs__peek_list(&watch->peek);
}

static void drop(struct watch *watch) {
  disarm(watch);
  if (!watch->peek.orphan) {
    struct gs__peek **at = peeks_of(watch->source);
    while (*at != &watch->peek) at = &(*at)->next;
    *at = watch->peek.next;
  }
  if (watch->peek.listed) gs__list_remove(&watch->peek.node);
  gs__list_remove(&watch->node);
  free(watch);
}

/* ---- the set ---- */

int gs_poller_new(gs_poller **out) {
  if (out == NULL) return GS_EINVAL;
  gs_poller *poller = gs__calloc(1, sizeof *poller);
  if (poller == NULL) return GS_ENOMEM;
  gs__list_init(&poller->poll.ready);
  gs__list_init(&poller->watches);
  *out = poller;
  return GS_OK;
}

void gs_poller_release(gs_poller *poller) {
  if (poller == NULL) return;
  while (!gs__list_empty(&poller->watches)) {
    drop(gs__container(poller->watches.next, struct watch, node));
  }
  struct gs__queue *waiters = &poller->poll.waiters;
  while (!gs__queue_empty(waiters)) {
    gs__wake(&gs__queue_take(waiters)->clause.clause, GS_ECANCELED);
  }
  if (poller->users == 0) {
    free(poller);
  } else {
    poller->released = true;
  }
}

/* From now on; the next wait looks whether it is ready already. */
static void want(struct watch *watch, uint32_t events, uint64_t data) {
  watch->wanted = events | GS_POLL_CLOSED;
  watch->data = data;
  watch->since = 0;
  watch->peek.fired = WANTS;
  gs__peek_list(&watch->peek);
}

int gs_poller_add(gs_poller *poller, struct gs_source source, uint32_t events,
                  uint64_t data) {
  int error = check(poller, source);
  if (error == GS_OK) error = check_events(source, events);
  if (error != GS_OK) return error;
  if (find(poller, source) != NULL) return GS_EEXIST;
  struct watch *watch = gs__calloc(1, sizeof *watch);
  if (watch == NULL) return GS_ENOMEM;
  struct gs__peek **peeks = peeks_of(source);
  watch->peek.poll = &poller->poll;
  watch->peek.next = *peeks;
  *peeks = &watch->peek;
  watch->source = source;
  gs__list_append(&poller->watches, &watch->node);
  want(watch, events, data);
  return GS_OK;
}

int gs_poller_modify(gs_poller *poller, struct gs_source source,
                     uint32_t events, uint64_t data) {
  int error = check(poller, source);
  if (error == GS_OK) error = check_events(source, events);
  if (error != GS_OK) return error;
  struct watch *watch = find(poller, source);
  if (watch == NULL) return GS_ENOENT;
  disarm(watch);
  want(watch, events, data);
  return GS_OK;
}

int gs_poller_remove(gs_poller *poller, struct gs_source source) {
  int error = check(poller, source);
  if (error != GS_OK) return error;
  struct watch *watch = find(poller, source);
  if (watch == NULL) return GS_ENOENT;
  drop(watch);
  return GS_OK;
}

/* ---- looking ---- */

static bool is_edge(const struct watch *watch) {
  return (watch->wanted & GS_POLL_EDGE) != 0;
}

/* What there is to report of a channel, in *events; armed for the rest. */
static void look_at_chan(struct watch *watch, uint32_t *events) {
  gs_chan *chan = watch->source.object;
  uint32_t wanted = watch->wanted & WANTS;
  uint32_t fired = is_edge(watch) ? watch->peek.fired : WANTS;
  *events = gs__chan_peek(chan) & wanted & fired;
  watch->peek.fired = 0;
  watch->peek.armed = 0;
  bool off = *events != 0 && (watch->wanted & GS_POLL_ONESHOT) != 0;
  if (is_edge(watch) ? !off : *events == 0) {
    gs__chan_arm(chan, &watch->peek, wanted);
  }
}

/* What the host answers about a descriptor or a body. */
static int32_t ask_host(struct watch *watch) {
  uint32_t token = watch->op.token;
  int32_t since = is_edge(watch) ? watch->since : 0;
  if (watch->source.kind == GS_SOURCE_HTTP) {
    return gs__http_poll(watch->source.object, token, since);
  }
  uint32_t events = watch->wanted & (GS_POLL_READABLE | GS_POLL_WRITABLE);
  return gs__host_fd_poll(token, watch->source.fd, events, since);
}

/* A descriptor that was closed is told once, and then no more. */
static int fd_answered(struct watch *watch, int32_t answer, uint32_t *events) {
  if (answer == GS_EBADF) {
    *events = watch->wanted & WANTS;
    watch->wanted |= GS_POLL_ONESHOT;
    return GS_OK;
  }
  if (answer < 0) return answer;
  uint32_t known = (uint32_t)watch->since & WANTS;
  watch->since = answer | (int32_t)known;
  *events = (uint32_t)answer & WANTS;
  return GS_OK;
}

/* The same of these, by asking the host, which is the arming. */
static int look_at_host(struct watch *watch, uint32_t *events) {
  *events = 0;
  if (watch->pending) return GS_OK;
  int error = gs__op_begin_detached(&watch->op);
  if (error != GS_OK) return error;
  int32_t answer = ask_host(watch);
  watch->pending = answer == GS__PENDING;
  if (watch->pending) return GS_OK;
  gs__op_drop(&watch->op);
  if (watch->source.kind == GS_SOURCE_FD)
    return fd_answered(watch, answer, events);
  if (answer < 0) return answer;
  watch->since = answer;
  *events = GS_POLL_READABLE | ((answer & 1) != 0 ? GS_POLL_CLOSED : 0);
  return GS_OK;
}

/* Looks at a watch that has left the ready list: what there is to report, or
 * nothing, in *events. GS_ENOMEM; what the host answers for a bad source. */
static int look(struct watch *watch, uint32_t *events) {
  if (watch->peek.orphan) {
    *events = watch->wanted & WANTS;
    return GS_OK;
  }
  if (watch->source.kind != GS_SOURCE_CHAN) return look_at_host(watch, events);
  look_at_chan(watch, events);
  return GS_OK;
}

/* After a report, or when there was no memory to look. */
static void settle(struct watch *watch) {
  if (watch->peek.orphan) {
    drop(watch);
  } else if ((watch->wanted & GS_POLL_ONESHOT) != 0) {
    watch->wanted = 0;
  } else if (!is_edge(watch) || watch->source.kind != GS_SOURCE_CHAN) {
    watch->peek.listed = true;
    gs__list_append(&watch->peek.poll->ready, &watch->peek.node);
  }
}

/* Not inlined into what Asyncify instruments.
 * How many events there are, at most `max`; GS_EAGAIN, GS_ENOMEM. */
static __attribute__((noinline)) int collect(gs_poller *poller,
                                             struct gs_poll_event *events,
                                             size_t max) {
  struct gs__list *ready = &poller->poll.ready;
  struct gs__list work;
  gs__list_init(&work);
  gs__list_splice(&work, ready);
  int error = GS_EAGAIN;
  size_t count = 0;
  if (max > INT32_MAX) max = INT32_MAX;
  while (count < max && !gs__list_empty(&work)) {
    struct watch *watch = (struct watch *)work.next;
    gs__list_remove(&watch->peek.node);
    watch->peek.listed = false;
    uint32_t found = 0;
    int failed =
        watch->wanted == 0 && !watch->peek.orphan ? GS_OK : look(watch, &found);
    if (failed != GS_OK) {
      error = failed;
      settle(watch);
    } else if (found != 0) {
      events[count++] = (struct gs_poll_event){watch->data, found};
      settle(watch);
    } else if (watch->peek.orphan) {
      drop(watch);
    }
  }
  /* Those that were not looked at come first the next time. */
  gs__list_splice(&work, ready);
  gs__list_splice(ready, &work);
  if (count == 0) return error;
  if (!gs__list_empty(ready) && !gs__queue_empty(&poller->poll.waiters)) {
    gs__wake(&gs__queue_take(&poller->poll.waiters)->clause.clause, GS_OK);
  }
  return (int)count;
}

/* ---- waiting ---- */

/* Not public: 0 when there is something to look at, or how the wait ended. */
int gs__poller_park(gs_poller *poller, int64_t deadline_ns);

GS__LEAF(gs__poller_park)
int gs__poller_park(gs_poller *poller, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  struct gs__waiter waiter;
  int error = gs__queue_add(&poller->poll.waiters, &waiter, NULL, deadline_ns);
  if (error != GS_OK) return error;
  return (int)gs__park("poller", poller);
}

/* Instrumented: it calls a leaf, as often as others were quicker. */
int gs_poller_wait_until(gs_poller *poller, struct gs_poll_event *events,
                         size_t max, int64_t deadline_ns) {
  if (poller == NULL || events == NULL || max == 0) return GS_EINVAL;
  poller->users++;
  int result = collect(poller, events, max);
  while (result == GS_EAGAIN) {
    result = gs__poller_park(poller, deadline_ns);
    if (poller->released) result = GS_ECANCELED;
    if (result == GS_OK) result = collect(poller, events, max);
  }
  poller->users--;
  if (poller->released && poller->users == 0) free(poller);
  return result;
}

int gs_poller_wait(gs_poller *poller, struct gs_poll_event *events,
                   size_t max) {
  return gs_poller_wait_until(poller, events, max, GS_FOREVER);
}

int gs_poller_try_wait(gs_poller *poller, struct gs_poll_event *events,
                       size_t max) {
  if (poller == NULL || events == NULL || max == 0) return GS_EINVAL;
  return collect(poller, events, max);
}

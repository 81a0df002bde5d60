/* poll() and select(): waiting for descriptors. Descriptors that are files are
 * always ready. */
#ifdef __EMSCRIPTEN__
#define _GNU_SOURCE
#include <gossamer/time.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#include "../base/stress.h"
#include "result.h"

#define READING (POLLIN | POLLRDNORM)
#define WRITING (POLLOUT | POLLWRNORM)
#define HUNG_UP 1 /* of eventrwflags */
#define NS_PER_SECOND 1000000000
#define NS_PER_MICROSECOND 1000

/* A `subscription`; the header names its members differently by release. */
struct wanted {
  uint64_t userdata;
  uint8_t type;
  union {
    struct {
      uint32_t id;
      uint64_t timeout_ns;
      uint64_t precision_ns;
      uint16_t flags;
    } clock;
    uint32_t fd;
  } of;
};
_Static_assert(sizeof(struct wanted) == sizeof(__wasi_subscription_t),
               "as the host has it");

/* An `event`. */
struct event {
  uint64_t userdata;
  uint16_t error;
  uint8_t type;
  uint64_t bytes;
  uint16_t flags;
};
_Static_assert(sizeof(struct event) == sizeof(__wasi_event_t),
               "as the host has it");

/* What poll_oneoff is given and answers. */
struct call {
  struct wanted *wanted;
  struct event *events;
  __wasi_size_t count;
};

static void want(struct call *call, nfds_t index, const struct pollfd *one,
                 __wasi_eventtype_t type) {
  struct wanted *wanted = &call->wanted[call->count++];
  *wanted = (struct wanted){.userdata = index, .type = type};
  wanted->of.fd = (uint32_t)one->fd;
}

static void want_time(struct call *call, int64_t timeout_ns) {
  struct wanted *wanted = &call->wanted[call->count++];
  *wanted = (struct wanted){.type = __WASI_EVENTTYPE_CLOCK};
  wanted->of.clock.id = __WASI_CLOCKID_MONOTONIC;
  wanted->of.clock.timeout_ns = (uint64_t)timeout_ns;
}

static void note(struct pollfd *one, const struct event *event) {
  int found = 0;
  if (event->error == EBADF) {
    found = POLLNVAL;
  } else if (event->error != 0) {
    found = POLLERR;
  } else if (event->type == __WASI_EVENTTYPE_FD_READ) {
    found = one->events & READING;
  } else {
    found = one->events & WRITING;
  }
  bool hung_up = (event->flags & HUNG_UP) != 0;
  if (hung_up) found |= POLLHUP;
  one->revents = (short)(one->revents | found);
}

/* Nobody is asked: only time passes. */
static int sleep_only(int64_t timeout_ns) {
  int error = timeout_ns < 0 ? gs_sleep(GS_FOREVER) : gs_sleep(timeout_ns);
  return gs__libc_result(-error); /* GS_E* are negative errno numbers */
}

/* How many have something to tell; < 0 is without end. */
static int wait_for(struct pollfd *fds, nfds_t count, int64_t timeout_ns) {
  nfds_t asked = 0;
  for (nfds_t i = 0; i < count; i++) {
    fds[i].revents = 0;
    if (fds[i].fd >= 0) asked++;
  }
  if (asked == 0) return sleep_only(timeout_ns);
  struct call call = {0};
  size_t room = 2 * (size_t)asked + 1;
  call.wanted = gs__malloc(room * (sizeof *call.wanted + sizeof *call.events));
  if (call.wanted == NULL) return gs__libc_result(ENOMEM);
  call.events = (struct event *)(void *)(call.wanted + room);
  for (nfds_t i = 0; i < count; i++) {
    if (fds[i].fd < 0) continue;
    bool writes = (fds[i].events & WRITING) != 0;
    bool reads = (fds[i].events & READING) != 0 || !writes;
    if (reads) want(&call, i, &fds[i], __WASI_EVENTTYPE_FD_READ);
    if (writes) want(&call, i, &fds[i], __WASI_EVENTTYPE_FD_WRITE);
  }
  if (timeout_ns >= 0) want_time(&call, timeout_ns);
  __wasi_size_t events = 0;
  int error = __wasi_poll_oneoff((const void *)call.wanted, (void *)call.events,
                                 call.count, &events);
  int ready = 0;
  for (__wasi_size_t i = 0; error == 0 && i < events; i++) {
    const struct event *event = &call.events[i];
    if (event->type == __WASI_EVENTTYPE_CLOCK) continue;
    struct pollfd *one = &fds[event->userdata];
    if (one->revents == 0) ready++;
    note(one, event);
    if (one->revents == 0) ready--; /* asked for nothing it could tell */
  }
  free(call.wanted);
  return error == 0 ? ready : gs__libc_result(error);
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms) {
  return wait_for(fds, count,
                  timeout_ms < 0 ? -1 : timeout_ms * GS_MILLISECOND);
}

/* An errno. NULL: no end. */
static int read_timeout(const struct timespec *timeout, int64_t *ns) {
  *ns = -1;
  if (timeout == NULL) return 0;
  if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 ||
      timeout->tv_nsec >= NS_PER_SECOND) {
    return EINVAL;
  }
  int64_t seconds = timeout->tv_sec;
  if (seconds > INT64_MAX / NS_PER_SECOND - 1) return 0;
  *ns = seconds * NS_PER_SECOND + timeout->tv_nsec;
  return 0;
}

/* There are no signals that a mask could hold back. */
int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
          const sigset_t *mask) {
  (void)mask;
  int64_t timeout_ns;
  int error = read_timeout(timeout, &timeout_ns);
  if (error != 0) return gs__libc_result(error);
  return wait_for(fds, count, timeout_ns);
}

/* ---- select ---- */

static bool has(const fd_set *set, int fd) {
  return set != NULL && FD_ISSET(fd, set);
}

/* Leaves in the set what is ready; how many those are. */
static int keep(fd_set *set, const struct pollfd *fds, nfds_t count,
                int events) {
  if (set == NULL) return 0;
  int kept = 0;
  for (nfds_t i = 0; i < count; i++) {
    if (!FD_ISSET(fds[i].fd, set)) continue;
    if ((fds[i].revents & events) != 0) {
      kept++;
    } else {
      FD_CLR(fds[i].fd, set);
    }
  }
  return kept;
}

int pselect(int limit, fd_set *restrict reading, fd_set *restrict writing,
            fd_set *restrict special, const struct timespec *restrict timeout,
            const sigset_t *restrict mask) {
  (void)mask;
  int64_t timeout_ns;
  int error = read_timeout(timeout, &timeout_ns);
  if (limit < 0 || limit > FD_SETSIZE) error = EINVAL;
  if (error != 0) return gs__libc_result(error);
  struct pollfd *fds = gs__malloc(((size_t)limit + 1) * sizeof *fds);
  if (fds == NULL) return gs__libc_result(ENOMEM);
  nfds_t count = 0;
  for (int fd = 0; fd < limit; fd++) {
    int events =
        (has(reading, fd) ? POLLIN : 0) | (has(writing, fd) ? POLLOUT : 0);
    if (events != 0) fds[count++] = (struct pollfd){fd, (short)events, 0};
  }
  int result = wait_for(fds, count, timeout_ns);
  for (nfds_t i = 0; result >= 0 && i < count; i++) {
    if ((fds[i].revents & POLLNVAL) != 0) result = gs__libc_result(EBADF);
  }
  if (result >= 0) {
    if (special != NULL) FD_ZERO(special); /* nothing is ever special here */
    result = keep(reading, fds, count, POLLIN | POLLHUP | POLLERR) +
             keep(writing, fds, count, POLLOUT | POLLERR);
  }
  free(fds);
  return result;
}

int select(int limit, fd_set *restrict reading, fd_set *restrict writing,
           fd_set *restrict special, struct timeval *restrict timeout) {
  if (timeout == NULL) {
    return pselect(limit, reading, writing, special, NULL, NULL);
  }
  if (timeout->tv_usec < 0) return gs__libc_result(EINVAL);
  const long million = 1000000;
  struct timespec converted = {
      .tv_sec = timeout->tv_sec + timeout->tv_usec / million,
      .tv_nsec = timeout->tv_usec % million * NS_PER_MICROSECOND};
  return pselect(limit, reading, writing, special, &converted, NULL);
}
#endif

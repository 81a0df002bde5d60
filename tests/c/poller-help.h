/* What the tests of pollers share. */
#ifndef GS_TESTS_POLLER_HELP_H
#define GS_TESTS_POLLER_HELP_H

#include <gossamer/gossamer.h>

#include "../../src/sync/chan.h"
#include "alloc_fake.h"
#include "harness.h"
#include "host_fake.h"

#define READ GS_POLL_READABLE
#define WRITE GS_POLL_WRITABLE
#define CLOSED GS_POLL_CLOSED
#define EDGE GS_POLL_EDGE
#define ONESHOT GS_POLL_ONESHOT
#define STDIN gs_source_fd(0)

static inline gs_poller *new_poller(void) {
  gs_poller *poller;
  CHECK_EQ(gs_poller_new(&poller), GS_OK);
  return poller;
}

static inline gs_chan *new_chan(size_t capacity) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), capacity), GS_OK);
  return chan;
}

static inline void add(gs_poller *poller, gs_chan *chan, uint32_t events,
                       uint64_t data) {
  CHECK_EQ(gs_poller_add(poller, gs_source_chan(chan), events, data), GS_OK);
}

static inline void put(gs_chan *chan) {
  int value = 1;
  CHECK_EQ(gs_chan_try_send(chan, &value), GS_OK);
  gs__chan_check(chan);
}

static inline void take(gs_chan *chan) {
  CHECK_EQ(gs_chan_try_recv(chan, NULL), 1);
  gs__chan_check(chan);
}

/* Exactly one event is there, and this one. */
static inline void expect(gs_poller *poller, uint64_t data, uint32_t events) {
  struct gs_poll_event found[4];
  CHECK_EQ(gs_poller_try_wait(poller, found, 4), 1);
  CHECK_EQ(found[0].data, data);
  CHECK_EQ(found[0].events, events);
}

static inline void expect_none(gs_poller *poller) {
  struct gs_poll_event found;
  CHECK_EQ(gs_poller_try_wait(poller, &found, 1), GS_EAGAIN);
}

#endif

/* Standard input that comes while the program runs: reading and polling it
 * wait, and nobody else is kept from anything. */
#include <stdlib.h>

#include "check.h"

static const uint64_t MS = 1000000;
static const uint64_t HOUR = UINT64_C(3600) * 1000000000;

static char buf[64];
static uint32_t size;
static struct w_event events[4];
static uint32_t stored;

static struct w_subscription input(void) {
  struct w_subscription one;
  memset(&one, 0, sizeof one);
  one.userdata = 1;
  one.tag = W_EVENT_READ;
  one.u.fd = 0;
  return one;
}

static struct w_subscription in(uint64_t ns) {
  struct w_subscription one;
  memset(&one, 0, sizeof one);
  one.userdata = 2;
  one.tag = W_EVENT_CLOCK;
  one.u.clock.id = W_CLOCK_MONOTONIC;
  one.u.clock.timeout = ns;
  return one;
}

static int32_t poll(struct w_subscription one, struct w_subscription two) {
  struct w_subscription both[] = {one, two};
  stored = 99;
  return w_poll_oneoff(both, events, 2, &stored);
}

CASE(fd_read_waits_for_input) {
  ask("type abc");
  NEED(read_some(0, buf, sizeof buf, &size));
  NEED_TRUE(size == 3);
  WANT_BYTES(buf, "abc", 3);
}

CASE(fd_read_leaves_what_did_not_fit_for_the_next) {
  ask("type hello");
  NEED(read_some(0, buf, 2, &size));
  NEED_TRUE(size == 2);
  WANT_BYTES(buf, "he", 2);
  NEED(read_some(0, buf, sizeof buf, &size));
  NEED_TRUE(size == 3);
  WANT_BYTES(buf, "llo", 3);
}

CASE(fd_read_of_a_stream_fills_what_is_there) {
  char one[2];
  char two[2];
  struct w_iovec iovs[] = {{one, 2}, {two, 2}};
  ask("type wxyz");
  uint32_t total = 0;
  NEED(w_fd_read(0, iovs, 2, &total));
  WANT_TRUE(total > 0 && total <= 4);
  while (total < 4) {
    NEED(read_some(0, buf, 4 - total, &size));
    NEED_TRUE(size > 0);
    total += size;
  }
}

CASE(poll_oneoff_tells_of_the_time_while_nothing_comes) {
  NEED(poll(input(), in(5 * MS)));
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].userdata, 2);
}

CASE(poll_oneoff_waits_for_input) {
  ask("type xyz");
  NEED(poll(input(), in(HOUR)));
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].userdata, 1);
  WANT_NUMBER(events[0].type, W_EVENT_READ);
  WANT_NUMBER(events[0].error, 0);
  WANT_NUMBER(events[0].flags & W_EVENT_HANGUP, 0);
  NEED(read_some(0, buf, sizeof buf, &size));
  WANT_NUMBER(size, 3);
}

CASE(poll_oneoff_tells_how_much_input_there_is) {
  ask("type four");
  NEED(poll(input(), in(HOUR)));
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].nbytes, 4);
  NEED(read_some(0, buf, sizeof buf, &size));
}

CASE(poll_oneoff_twice_tells_of_the_same_input_twice) {
  ask("type q");
  NEED(poll(input(), in(HOUR)));
  WANT_NUMBER(events[0].userdata, 1);
  NEED(poll(input(), in(HOUR)));
  WANT_NUMBER(events[0].userdata, 1);
  NEED(read_some(0, buf, sizeof buf, &size));
  NEED(poll(input(), in(2 * MS)));
  WANT_NUMBER(events[0].userdata, 2);
}

CASE(fd_read_of_a_nonblocking_stream_does_not_wait) {
  NEED(w_fd_fdstat_set_flags(0, W_NONBLOCK));
  WANT(read_some(0, buf, sizeof buf, &size), W_EAGAIN);
  ask("type now");
  NEED(poll(input(), in(HOUR)));
  NEED(read_some(0, buf, sizeof buf, &size));
  WANT_NUMBER(size, 3);
  WANT(read_some(0, buf, sizeof buf, &size), W_EAGAIN);
  NEED(w_fd_fdstat_set_flags(0, 0));
}

/* While the program sleeps, the other side counts its own timers. */
CASE(poll_oneoff_keeps_nobody_else_from_anything) {
  ask("count");
  NEED(poll(in(30 * MS), in(HOUR)));
  ask("counted");
  NEED(read_some(0, buf, sizeof buf - 1, &size));
  buf[size] = '\0';
  WANT_TRUE(strtol(buf, NULL, 10) >= 2);
}

CASE(fd_read_comes_to_the_end) {
  ask("close");
  WANT_OK(read_some(0, buf, sizeof buf, &size));
  WANT_NUMBER(size, 0);
  NEED(poll(input(), in(HOUR)));
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].userdata, 1);
  WANT_NUMBER(events[0].error, 0);
  WANT_OK(read_some(0, buf, sizeof buf, &size));
  WANT_NUMBER(size, 0);
}

/* poll_oneoff. An hour stands for a time that must not be waited for. */
#include "check.h"

static const uint64_t MS = 1000000;
static const uint64_t HOUR = UINT64_C(3600) * 1000000000;

static struct w_event events[8];
static uint32_t stored;

static struct w_subscription timer(uint64_t userdata, uint32_t clock,
                                   uint64_t timeout, uint16_t flags) {
  struct w_subscription one;
  memset(&one, 0, sizeof one);
  one.userdata = userdata;
  one.tag = W_EVENT_CLOCK;
  one.u.clock.id = clock;
  one.u.clock.timeout = timeout;
  one.u.clock.flags = flags;
  return one;
}

static struct w_subscription ready(uint64_t userdata, uint8_t type,
                                   uint32_t fd) {
  struct w_subscription one;
  memset(&one, 0, sizeof one);
  one.userdata = userdata;
  one.tag = type;
  one.u.fd = fd;
  return one;
}

static int32_t poll(const struct w_subscription *in, uint32_t count) {
  memset(events, 0xee, sizeof events);
  stored = 99;
  return w_poll_oneoff(in, events, count, &stored);
}

static const struct w_event *event_of(uint64_t userdata) {
  for (uint32_t i = 0; i < stored && i < 8; i++) {
    if (events[i].userdata == userdata) return &events[i];
  }
  return NULL;
}

static uint64_t now(uint32_t clock) {
  uint64_t ns = 0;
  WANT_OK(w_clock_time_get(clock, 0, &ns));
  return ns;
}

static uint32_t file(uint64_t rights) {
  uint32_t fd = UINT32_MAX;
  WANT_OK(put_file(dir, "f", "abcdef"));
  WANT_OK(open_with(dir, "f", 0, rights, &fd));
  return fd;
}

static const uint64_t BOTH =
    W_R_FD_READ | W_R_FD_WRITE | W_R_FD_SEEK | W_R_POLL_FD_READWRITE;

CASE(poll_oneoff_of_nothing_is_refused) {
  struct w_subscription one = timer(1, W_CLOCK_MONOTONIC, 0, 0);
  WANT(w_poll_oneoff(&one, events, 0, &stored), W_EINVAL);
}

/* ---- clocks ---- */

CASE(poll_oneoff_waits_for_a_relative_time) {
  struct w_subscription one =
      timer(0x123456789abcdef0, W_CLOCK_MONOTONIC, 5 * MS, 0);
  uint64_t before = now(W_CLOCK_MONOTONIC);
  NEED(poll(&one, 1));
  WANT_TRUE(now(W_CLOCK_MONOTONIC) >= before + 5 * MS);
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].userdata, 0x123456789abcdef0);
  WANT_NUMBER(events[0].error, 0);
  WANT_NUMBER(events[0].type, W_EVENT_CLOCK);
  WANT_NUMBER(events[1].userdata, 0xeeeeeeeeeeeeeeee);
}

CASE(poll_oneoff_of_no_time_comes_back) {
  struct w_subscription one = timer(1, W_CLOCK_MONOTONIC, 0, 0);
  NEED(poll(&one, 1));
  WANT_NUMBER(stored, 1);
}

CASE(poll_oneoff_waits_for_an_absolute_time) {
  uint64_t at = now(W_CLOCK_MONOTONIC) + 5 * MS;
  struct w_subscription one = timer(1, W_CLOCK_MONOTONIC, at, W_ABSTIME);
  NEED(poll(&one, 1));
  WANT_NUMBER(stored, 1);
  WANT_TRUE(now(W_CLOCK_MONOTONIC) >= at);
}

CASE(poll_oneoff_waits_for_an_absolute_time_of_day) {
  uint64_t at = now(W_CLOCK_REALTIME) + 5 * MS;
  struct w_subscription one = timer(1, W_CLOCK_REALTIME, at, W_ABSTIME);
  NEED(poll(&one, 1));
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].error, 0);
  WANT_NUMBER(events[0].type, W_EVENT_CLOCK);
}

CASE(poll_oneoff_waits_for_a_relative_time_of_day) {
  struct w_subscription one = timer(1, W_CLOCK_REALTIME, 5 * MS, 0);
  uint64_t before = now(W_CLOCK_MONOTONIC);
  NEED(poll(&one, 1));
  WANT_NUMBER(stored, 1);
  WANT_TRUE(now(W_CLOCK_MONOTONIC) >= before + 5 * MS);
}

CASE(poll_oneoff_of_a_time_that_is_past) {
  struct w_subscription two[] = {
      timer(1, W_CLOCK_MONOTONIC, 1, W_ABSTIME),
      timer(2, W_CLOCK_REALTIME, MS, W_ABSTIME),
  };
  NEED(poll(two, 2));
  WANT_NUMBER(stored, 2);
  WANT_TRUE(event_of(1) != NULL && event_of(2) != NULL);
}

CASE(poll_oneoff_tells_of_the_earlier_time_alone) {
  struct w_subscription three[] = {
      timer(1, W_CLOCK_MONOTONIC, HOUR, 0),
      timer(2, W_CLOCK_MONOTONIC, 2 * MS, 0),
      timer(3, W_CLOCK_REALTIME, HOUR, 0),
  };
  NEED(poll(three, 3));
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].userdata, 2);
}

CASE(poll_oneoff_mixes_relative_and_absolute_times) {
  struct w_subscription three[] = {
      timer(1, W_CLOCK_MONOTONIC, HOUR, 0),
      timer(2, W_CLOCK_MONOTONIC, now(W_CLOCK_MONOTONIC) + HOUR, W_ABSTIME),
      timer(3, W_CLOCK_REALTIME, now(W_CLOCK_REALTIME) + 3 * MS, W_ABSTIME),
  };
  NEED(poll(three, 3));
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].userdata, 3);
}

CASE(poll_oneoff_takes_any_precision) {
  struct w_subscription one = timer(1, W_CLOCK_MONOTONIC, MS, 0);
  one.u.clock.precision = MS;
  NEED(poll(&one, 1));
  WANT_NUMBER(stored, 1);
}

CASE(poll_oneoff_of_the_longest_time_can_still_end) {
  uint32_t fd = file(BOTH);
  struct w_subscription two[] = {
      timer(1, W_CLOCK_MONOTONIC, UINT64_MAX, 0),
      ready(2, W_EVENT_READ, fd),
  };
  NEED(poll(two, 2));
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].userdata, 2);
}

/* As an event, or of the whole call. */
CASE(poll_oneoff_refuses_an_unknown_clock) {
  struct w_subscription two[] = {
      timer(1, 77, MS, 0),
      timer(2, W_CLOCK_MONOTONIC, HOUR, 0),
  };
  int32_t err = poll(two, 2);
  WANT(err, W_ESUCCESS, W_EINVAL);
  if (err != W_ESUCCESS) return;
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].userdata, 1);
  WANT_NUMBER(events[0].error, W_EINVAL);
}

CASE(poll_oneoff_refuses_an_unknown_kind_of_event) {
  struct w_subscription two[] = {
      ready(1, 9, 1),
      timer(2, W_CLOCK_MONOTONIC, HOUR, 0),
  };
  int32_t err = poll(two, 2);
  WANT(err, W_ESUCCESS, W_EINVAL);
  if (err != W_ESUCCESS) return;
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].error, W_EINVAL);
}

/* ---- descriptors ---- */

CASE(poll_oneoff_finds_a_file_ready_at_once) {
  uint32_t fd = file(BOTH);
  struct w_subscription three[] = {
      ready(1, W_EVENT_READ, fd),
      ready(2, W_EVENT_WRITE, fd),
      timer(3, W_CLOCK_MONOTONIC, HOUR, 0),
  };
  NEED(poll(three, 3));
  NEED_TRUE(stored == 2);
  const struct w_event *in = event_of(1);
  const struct w_event *out = event_of(2);
  NEED_TRUE(in != NULL && out != NULL);
  WANT_NUMBER(in->type, W_EVENT_READ);
  WANT_NUMBER(in->error, 0);
  WANT_NUMBER(out->type, W_EVENT_WRITE);
  WANT_NUMBER(out->error, 0);
}

CASE(poll_oneoff_tells_how_much_a_file_has_left) {
  uint32_t fd = file(BOTH);
  uint64_t at = 0;
  NEED(w_fd_seek(fd, 2, W_SEEK_SET, &at));
  struct w_subscription one = ready(1, W_EVENT_READ, fd);
  NEED(poll(&one, 1));
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].nbytes, 4);
}

CASE(poll_oneoff_finds_a_file_ready_at_its_end_too) {
  uint32_t fd = file(BOTH);
  uint64_t at = 0;
  NEED(w_fd_seek(fd, 0, W_SEEK_END, &at));
  struct w_subscription two[] = {
      ready(1, W_EVENT_READ, fd),
      timer(2, W_CLOCK_MONOTONIC, HOUR, 0),
  };
  NEED(poll(two, 2));
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].userdata, 1);
}

CASE(poll_oneoff_tells_of_every_subscription_on_its_own) {
  uint32_t fd = file(BOTH);
  struct w_subscription three[] = {
      ready(7, W_EVENT_READ, fd),
      ready(7, W_EVENT_READ, fd),
      ready(8, W_EVENT_READ, fd),
  };
  NEED(poll(three, 3));
  WANT_NUMBER(stored, 3);
}

CASE(poll_oneoff_tells_of_a_bad_descriptor) {
  uint32_t fd = file(BOTH);
  NEED(w_fd_close(fd));
  struct w_subscription two[] = {
      ready(1, W_EVENT_READ, fd),
      timer(2, W_CLOCK_MONOTONIC, HOUR, 0),
  };
  NEED(poll(two, 2));
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].userdata, 1);
  WANT_NUMBER(events[0].error, W_EBADF);
  WANT_NUMBER(events[0].type, W_EVENT_READ);
}

CASE(poll_oneoff_tells_of_bad_and_ready_descriptors_together) {
  uint32_t fd = file(BOTH);
  struct w_subscription three[] = {
      ready(1, W_EVENT_READ, 40),
      ready(2, W_EVENT_READ, fd),
      ready(3, W_EVENT_WRITE, UINT32_MAX),
  };
  NEED(poll(three, 3));
  NEED_TRUE(stored == 3);
  WANT_NUMBER(event_of(1)->error, W_EBADF);
  WANT_NUMBER(event_of(2)->error, 0);
  WANT_NUMBER(event_of(3)->error, W_EBADF);
}

CASE(poll_oneoff_needs_the_right_to_poll) {
  uint32_t fd = file(W_R_FD_READ | W_R_FD_WRITE);
  struct w_subscription two[] = {
      ready(1, W_EVENT_READ, fd),
      timer(2, W_CLOCK_MONOTONIC, HOUR, 0),
  };
  NEED(poll(two, 2));
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].error, W_ENOTCAPABLE);
}

CASE(poll_oneoff_needs_the_right_to_read_or_write) {
  uint32_t in = file(W_R_FD_READ | W_R_POLL_FD_READWRITE);
  uint32_t out = file(W_R_FD_WRITE | W_R_POLL_FD_READWRITE);
  struct w_subscription four[] = {
      ready(1, W_EVENT_WRITE, in),
      ready(2, W_EVENT_READ, out),
      ready(3, W_EVENT_READ, in),
      ready(4, W_EVENT_WRITE, out),
  };
  NEED(poll(four, 4));
  NEED_TRUE(stored == 4);
  WANT_NUMBER(event_of(1)->error, W_ENOTCAPABLE);
  WANT_NUMBER(event_of(2)->error, W_ENOTCAPABLE);
  WANT_NUMBER(event_of(3)->error, 0);
  WANT_NUMBER(event_of(4)->error, 0);
}

CASE(poll_oneoff_finds_standard_output_and_error_writable) {
  struct w_subscription three[] = {
      ready(1, W_EVENT_WRITE, 1),
      ready(2, W_EVENT_WRITE, 2),
      timer(3, W_CLOCK_MONOTONIC, HOUR, 0),
  };
  NEED(poll(three, 3));
  NEED_TRUE(stored >= 1);
  for (uint32_t i = 0; i < stored; i++) {
    WANT_TRUE(events[i].userdata != 3);
    WANT_NUMBER(events[i].error, 0);
    WANT_NUMBER(events[i].type, W_EVENT_WRITE);
  }
}

/* It is at its end, and so there is something to be told. */
CASE(poll_oneoff_finds_a_closed_standard_input_readable) {
  struct w_subscription two[] = {
      ready(1, W_EVENT_READ, 0),
      timer(2, W_CLOCK_MONOTONIC, HOUR, 0),
  };
  NEED(poll(two, 2));
  NEED_TRUE(stored == 1);
  WANT_NUMBER(events[0].userdata, 1);
  WANT_NUMBER(events[0].error, 0);
  char byte;
  uint32_t size = 9;
  WANT_OK(read_some(0, &byte, 1, &size));
  WANT_NUMBER(size, 0);
}

CASE(poll_oneoff_in_place_of_its_subscriptions) {
  uint32_t fd = file(BOTH);
  static union {
    struct w_subscription in[2];
    struct w_event out[3];
  } both;
  both.in[0] = ready(5, W_EVENT_READ, fd);
  both.in[1] = ready(6, W_EVENT_WRITE, fd);
  stored = 0;
  NEED(w_poll_oneoff(both.in, both.out, 2, &stored));
  NEED_TRUE(stored == 2);
  WANT_NUMBER(both.out[0].userdata, 5);
  WANT_NUMBER(both.out[1].userdata, 6);
}

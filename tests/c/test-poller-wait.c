/* Pollers: waiting, and sources that are not mere channels. Row A6: an
 * epoll-like loop over descriptors and host events, with deadlines. */
#include "../../src/host/op.h"
#include "../../src/runtime.h"
#include "poller-help.h"

/* ---- waiting ---- */

struct wait {
  gs_poller *poller;
  struct gs_poll_event found[4];
  size_t max;
  int64_t deadline_ns;
  int result;
  bool done;
};

static void wait_for_events(void *arg) {
  struct wait *w = arg;
  w->result =
      w->deadline_ns == 0
          ? gs_poller_wait(w->poller, w->found, w->max)
          : gs_poller_wait_until(w->poller, w->found, w->max, w->deadline_ns);
  w->done = true;
}

static void start(struct wait *w, gs_poller *poller, size_t max) {
  *w = (struct wait){.poller = poller, .max = max};
  CHECK(gs_go(wait_for_events, w) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!w->done);
}

static void expect_woken(struct wait *w, uint64_t data, uint32_t events) {
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(w->done);
  CHECK_EQ(w->result, 1);
  CHECK_EQ(w->found[0].data, data);
  CHECK_EQ(w->found[0].events, events);
}

TEST(a_wait_ends_when_a_source_becomes_ready) {
  gs_poller *poller = new_poller();
  gs_chan *a = new_chan(1);
  gs_chan *b = new_chan(1);
  add(poller, a, READ, 1);
  add(poller, b, READ, 2);
  struct wait w;
  start(&w, poller, 4);
  put(b);
  expect_woken(&w, 2, READ);
  take(b);
  start(&w, poller, 4);
  CHECK_EQ(gs_chan_close(a), GS_OK);
  expect_woken(&w, 1, READ | CLOSED);
  gs_poller_release(poller);
  gs_chan_release(a);
  gs_chan_release(b);
}

TEST(a_wait_goes_on_when_others_were_quicker) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  add(poller, chan, READ, 1);
  struct wait w;
  start(&w, poller, 4);
  put(chan);
  take(chan);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!w.done);
  put(chan);
  expect_woken(&w, 1, READ);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(a_wait_times_out_at_its_deadline) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  add(poller, chan, READ, 1);
  struct gs_poll_event found;
  CHECK_EQ(gs_poller_wait_until(poller, &found, 1, GS_SECOND), GS_ETIMEDOUT);
  CHECK_EQ(gs_now(), GS_SECOND);
  put(chan);
  CHECK_EQ(gs_poller_wait_until(poller, &found, 1, 0), 1);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(a_wait_ends_with_its_context) {
  gs_poller *poller = new_poller();
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new_timeout(&ctx, NULL, 50), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  struct gs_poll_event found;
  CHECK_EQ(gs_poller_wait(poller, &found, 1), GS_ETIMEDOUT);
  CHECK_EQ(gs_poller_wait(poller, &found, 1), GS_ETIMEDOUT);
  gs_ctx_leave(outer);
  gs_ctx_release(ctx);
  gs_poller_release(poller);
}

TEST(a_source_is_added_changed_and_removed_while_somebody_waits) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  put(chan);
  struct wait w;
  start(&w, poller, 4);
  add(poller, chan, WRITE, 1);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!w.done);
  CHECK_EQ(gs_poller_remove(poller, gs_source_chan(chan)), GS_OK);
  take(chan);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!w.done);
  add(poller, chan, READ, 2);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!w.done);
  CHECK_EQ(gs_poller_modify(poller, gs_source_chan(chan), WRITE, 3), GS_OK);
  expect_woken(&w, 3, WRITE);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(a_source_that_is_freed_ends_the_wait) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  add(poller, chan, READ, 1);
  struct wait w;
  start(&w, poller, 4);
  gs_chan_release(chan);
  expect_woken(&w, 1, READ | CLOSED);
  gs_poller_release(poller);
}

TEST(releasing_the_poller_ends_all_waits) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  add(poller, chan, READ, 1);
  struct wait woken;
  struct wait waits;
  start(&woken, poller, 4);
  start(&waits, poller, 4);
  put(chan); /* the first is about to run when the poller goes */
  gs_poller_release(poller);
  harness_wait_for_others();
  CHECK_EQ(woken.result, GS_ECANCELED);
  CHECK_EQ(waits.result, GS_ECANCELED);
  gs_chan_release(chan);
}

TEST(several_waiters_share_what_is_ready) {
  gs_poller *poller = new_poller();
  gs_chan *a = new_chan(1);
  gs_chan *b = new_chan(1);
  add(poller, a, READ | EDGE, 1);
  add(poller, b, READ | EDGE, 2);
  struct wait first;
  struct wait second;
  start(&first, poller, 1);
  start(&second, poller, 1);
  put(a);
  put(b);
  harness_wait_for_others();
  CHECK_EQ(first.found[0].data, 1);
  CHECK_EQ(second.found[0].data, 2);
  gs_poller_release(poller);
  gs_chan_release(a);
  gs_chan_release(b);
}

TEST(a_level_source_that_stays_ready_wakes_the_next_waiter) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(2);
  add(poller, chan, READ, 1);
  struct wait first;
  struct wait second;
  start(&first, poller, 1);
  start(&second, poller, 1);
  put(chan);
  expect_woken(&first, 1, READ);
  expect_woken(&second, 1, READ);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

HOST_TEST(outside_a_goroutine_a_poller_only_looks) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  add(poller, chan, READ, 1);
  struct gs_poll_event found;
  expect_none(poller);
  CHECK_EQ(gs_poller_wait(poller, &found, 1), GS_EPERM);
  put(chan);
  CHECK_EQ(gs_poller_wait(poller, &found, 1), 1);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

DEATH_TEST(a_poller_of_channels_nobody_sends_on_is_a_deadlock,
           "all goroutines are asleep - deadlock", "waits for poller") {
  gs_poller *poller = new_poller();
  add(poller, new_chan(1), READ, 1);
  struct gs_poll_event found;
  gs_poller_wait(poller, &found, 1);
}

/* ---- timers, frames, signals, contexts: by their channels ---- */

TEST(a6_timers_and_channels_in_one_poller) {
  gs_poller *poller = new_poller();
  gs_chan *chan = new_chan(1);
  gs_timer *timer;
  CHECK_EQ(gs_timer_new(&timer, 10, 10), GS_OK);
  add(poller, chan, READ, 1);
  CHECK_EQ(gs_poller_add(poller, gs_source_timer(timer), READ, 2), GS_OK);
  struct gs_poll_event found[4];
  for (int i = 1; i <= 3; i++) {
    CHECK_EQ(gs_poller_wait(poller, found, 4), 1);
    CHECK_EQ(found[0].data, 2);
    CHECK_EQ(gs_now(), 10 * i);
    CHECK_EQ(gs_chan_recv(gs_timer_chan(timer), NULL), 1);
  }
  put(chan);
  expect(poller, 1, READ);
  CHECK_EQ(gs_timer_stop(timer), 1);
  take(chan);
  expect_none(poller);
  gs_timer_release(timer);
  expect(poller, 2, READ | CLOSED);
  gs_poller_release(poller);
  gs_chan_release(chan);
}

TEST(frames_and_contexts_are_sources) {
  gs_poller *poller = new_poller();
  gs_chan *frames;
  gs_chan *done;
  gs_ctx *ctx;
  CHECK_EQ(gs_frame_chan(&frames), GS_OK);
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK_EQ(gs_ctx_chan(&done, ctx), GS_OK);
  add(poller, frames, READ | EDGE, 1);
  add(poller, done, 0, 2);
  expect_none(poller);
  for (int i = 1; i <= 3; i++) { /* each frame is new, though unread */
    host_fake_frame(i);
    expect(poller, 1, READ);
    expect_none(poller);
  }
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  expect(poller, 2, CLOSED);
  gs_ctx_release(ctx);
  gs_chan_release(frames);
  host_fake_frame(9); /* the feed is the last holder: it ends */
  gs_poller_release(poller);
}

/* ---- standard input and HTTP ---- */

/* The host has something: `answer` as of http_poll. */
static void host_has(int32_t answer) {
  host_fake.readable = answer;
  if (host_fake.pending > 0) {
    host_fake_complete(host_fake.ops[0].token, answer);
  }
}

TEST(a6_input_is_readable_without_being_consumed) {
  gs_poller *poller = new_poller();
  CHECK_EQ(gs_poller_add(poller, STDIN, READ, 5), GS_OK);
  CHECK_EQ(host_fake.polls, 0); /* nobody waits yet */
  struct wait w;
  start(&w, poller, 4);
  CHECK_EQ(host_fake.pending, 1);
  CHECK_EQ(host_fake.ops[0].kind, HOST_FAKE_POLL);
  host_has(1 * 2);
  expect_woken(&w, 5, READ);
  expect(poller, 5, READ);
  host_fake.readable = 0; /* it was read */
  start(&w, poller, 4);
  host_has(2 * 2 + 1);
  expect_woken(&w, 5, READ | CLOSED);
  expect(poller, 5, READ | CLOSED);
  gs_poller_release(poller);
}

TEST(input_by_edge_is_reported_once_for_what_is_new) {
  gs_poller *poller = new_poller();
  CHECK_EQ(gs_poller_add(poller, STDIN, READ | EDGE, 5), GS_OK);
  host_has(1 * 2);
  expect(poller, 5, READ);
  expect_none(poller);
  CHECK_EQ(host_fake.pending, 1);
  host_has(2 * 2);
  expect(poller, 5, READ);
  expect_none(poller);
  CHECK_EQ(gs_poller_modify(poller, STDIN, READ | EDGE, 6), GS_OK);
  expect(poller, 6, READ);
  expect_none(poller);
  host_has(3 * 2 + 1);
  expect(poller, 6, READ | CLOSED);
  expect_none(poller);
  CHECK_EQ(gs_poller_remove(poller, STDIN), GS_OK);
  CHECK_EQ(host_fake.pending, 0);
  gs_poller_release(poller);
}

TEST(input_once) {
  gs_poller *poller = new_poller();
  CHECK_EQ(gs_poller_add(poller, STDIN, READ | ONESHOT, 5), GS_OK);
  expect_none(poller);
  host_has(1 * 2);
  expect(poller, 5, READ);
  uint32_t polls = host_fake.polls;
  expect_none(poller);
  CHECK_EQ(host_fake.polls, polls);
  CHECK_EQ(gs_poller_modify(poller, STDIN, READ | ONESHOT, 5), GS_OK);
  expect(poller, 5, READ);
  gs_poller_release(poller);
}

TEST(waiting_for_input_asks_the_host_once) {
  gs_poller *poller = new_poller();
  CHECK_EQ(gs_poller_add(poller, STDIN, READ, 5), GS_OK);
  gs_chan *chan = new_chan(1);
  add(poller, chan, READ, 1);
  for (int i = 0; i < 5; i++) {
    put(chan);
    expect(poller, 1, READ);
    take(chan);
  }
  CHECK_EQ(host_fake.polls, 1);
  gs_poller_release(poller);
  CHECK_EQ(host_fake.pending, 0);
  CHECK_EQ(gs__sched.outstanding, 0);
  gs_chan_release(chan);
}

static void get(void *arg) {
  CHECK_EQ(gs_http_get((gs_http **)arg, "http://fake/"), GS_OK);
}

static gs_http *open_http(void) {
  gs_http *http = NULL;
  CHECK(gs_go(get, &http) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  host_fake_complete(host_fake.ops[0].token, 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(http != NULL);
  return http;
}

TEST(a6_a_body_is_a_source) {
  gs_http *http = open_http();
  gs_poller *poller = new_poller();
  CHECK_EQ(gs_poller_add(poller, gs_source_http(http), READ, 8), GS_OK);
  struct wait w;
  start(&w, poller, 4);
  CHECK_EQ(host_fake.ops[0].http, 1);
  host_has(1 * 2);
  expect_woken(&w, 8, READ);
  CHECK_EQ(gs_poller_remove(poller, gs_source_http(http)), GS_OK);
  expect_none(poller);
  gs_poller_release(poller);
  gs_http_close(http);
}

TEST(a_body_that_is_closed_is_reported_once_as_closed) {
  gs_http *http = open_http();
  gs_poller *poller = new_poller();
  gs_poller *other = new_poller();
  CHECK_EQ(gs_poller_add(poller, gs_source_http(http), READ, 8), GS_OK);
  CHECK_EQ(gs_poller_add(other, gs_source_http(http), READ, 9), GS_OK);
  expect_none(other);
  struct wait w;
  start(&w, poller, 4);
  CHECK_EQ(host_fake.pending, 2);
  gs_http_close(http); /* the fake host wants the polls canceled first */
  CHECK_EQ(host_fake.pending, 0);
  expect_woken(&w, 8, READ | CLOSED);
  expect_none(poller);
  expect(other, 9, READ | CLOSED);
  gs_poller_release(poller);
  gs_poller_release(other);
}

HOST_TEST(waiting_for_input_is_no_deadlock) {
  gs_poller *poller = new_poller();
  CHECK_EQ(gs_poller_add(poller, STDIN, READ, 5), GS_OK);
  static struct wait w;
  w = (struct wait){.poller = poller, .max = 1};
  CHECK(gs_go(wait_for_events, &w) > 0);
  CHECK_EQ(gs__runtime_pump(), GS__IDLE_WAIT);
  host_has(1 * 2);
  CHECK_EQ(gs__runtime_pump(), GS__IDLE_EMPTY);
  CHECK_EQ(w.result, 1);
  gs_poller_release(poller);
}

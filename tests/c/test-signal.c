/* Signals on channels. Row C3: signals without an operating system, page life
 * cycle and user signals as channels. */
#include "../../src/host/signal.h"

#include <gossamer/gossamer.h>

#include "../../src/runtime.h"
#include "../../src/sched/sched.h"
#include "alloc_fake.h"
#include "harness.h"
#include "host_fake.h"

#define PAGE (GS_SIGNAL_HIDDEN | GS_SIGNAL_VISIBLE)

/* What the host does when a signal it was told to watch comes. */
static void host_sends(uint32_t signal, int32_t value) {
  CHECK((host_fake.signals & signal) != 0);
  gs_signal_event(signal, value);
}

static gs_chan *subscribe(uint32_t signals, size_t capacity) {
  gs_chan *chan;
  CHECK_EQ(gs_signal_chan(&chan, signals, capacity), GS_OK);
  return chan;
}

/* Closes and releases; the subscription ends with it. */
static void unsubscribe(gs_chan *chan) {
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  gs_chan_release(chan);
  gs__signals_sweep();
}

static void expect(gs_chan *chan, uint32_t signal, int32_t value) {
  struct gs_signal_event event = {0};
  CHECK_EQ(gs_chan_try_recv(chan, &event), 1);
  CHECK_EQ(event.signal, signal);
  CHECK_EQ(event.value, value);
}

static void expect_none(gs_chan *chan) {
  struct gs_signal_event event;
  CHECK_EQ(gs_chan_try_recv(chan, &event), GS_EAGAIN);
}

TEST(c3_a_channel_gets_the_signals_it_asked_for_in_order) {
  gs_chan *chan = subscribe(PAGE | GS_SIGNAL_PAGEHIDE, 4);
  CHECK_EQ(gs_chan_elem_bytes(chan), sizeof(struct gs_signal_event));
  CHECK_EQ(gs_chan_cap(chan), 4);
  CHECK_EQ(host_fake.signals, PAGE | GS_SIGNAL_PAGEHIDE);
  expect_none(chan);
  host_sends(GS_SIGNAL_HIDDEN, 0);
  host_sends(GS_SIGNAL_VISIBLE, 0);
  host_sends(GS_SIGNAL_PAGEHIDE, 1);
  expect(chan, GS_SIGNAL_HIDDEN, 0);
  expect(chan, GS_SIGNAL_VISIBLE, 0);
  expect(chan, GS_SIGNAL_PAGEHIDE, 1);
  expect_none(chan);
  unsubscribe(chan);
}

TEST(what_was_not_asked_for_does_not_come) {
  gs_chan *chan = subscribe(GS_SIGNAL_INT, 4);
  gs_signal_event(GS_SIGNAL_TERM, 0); /* on its way while others ended */
  expect_none(chan);
  unsubscribe(chan);
}

TEST(what_does_not_fit_is_dropped_and_nobody_waits_for_room) {
  gs_chan *chan = subscribe(GS_SIGNAL_USER(3), 2);
  for (int32_t i = 1; i <= 5; i++) {
    CHECK_EQ(gs_signal_raise(GS_SIGNAL_USER(3), i), i <= 2 ? 1 : 0);
  }
  expect(chan, GS_SIGNAL_USER(3), 1);
  expect(chan, GS_SIGNAL_USER(3), 2);
  expect_none(chan);
  unsubscribe(chan);
}

TEST(several_channels_get_the_same_signal) {
  gs_chan *a = subscribe(GS_SIGNAL_INT | GS_SIGNAL_TERM, 1);
  gs_chan *b = subscribe(GS_SIGNAL_INT, 1);
  gs_chan *c = subscribe(GS_SIGNAL_ONLINE, 1);
  CHECK_EQ(host_fake.signals,
           GS_SIGNAL_INT | GS_SIGNAL_TERM | GS_SIGNAL_ONLINE);
  host_sends(GS_SIGNAL_INT, 0);
  expect(a, GS_SIGNAL_INT, 0);
  expect(b, GS_SIGNAL_INT, 0);
  expect_none(c);
  CHECK_EQ(gs_signal_raise(GS_SIGNAL_INT, 7), 2);
  expect(a, GS_SIGNAL_INT, 7);
  expect(b, GS_SIGNAL_INT, 7);
  unsubscribe(a);
  CHECK_EQ(host_fake.signals, GS_SIGNAL_INT | GS_SIGNAL_ONLINE);
  unsubscribe(b);
  CHECK_EQ(host_fake.signals, GS_SIGNAL_ONLINE);
  unsubscribe(c);
  CHECK_EQ(host_fake.signals, 0);
}

TEST(the_host_is_told_only_what_changes) {
  gs_chan *a = subscribe(PAGE, 1);
  gs_chan *b = subscribe(GS_SIGNAL_HIDDEN, 1);
  CHECK_EQ(host_fake.signal_watches, 1);
  unsubscribe(b);
  CHECK_EQ(host_fake.signal_watches, 1);
  unsubscribe(a);
  CHECK_EQ(host_fake.signal_watches, 2);
}

static void count_events(void *arg) {
  struct gs_signal_event event;
  int32_t last = 0;
  while (gs_chan_recv(arg, &event) == 1) {
    CHECK_EQ(event.value, last + 1);
    last = event.value;
  }
  CHECK_EQ(last, 20);
}

TEST(a_goroutine_that_waits_gets_every_signal_and_the_end) {
  gs_chan *chan = subscribe(GS_SIGNAL_USER(0), 1);
  gs_go(count_events, chan);
  for (int32_t i = 1; i <= 20; i++) {
    CHECK_EQ(gs_yield(), GS_OK);
    host_sends(GS_SIGNAL_USER(0), i);
  }
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  harness_wait_for_others();
  gs_chan_release(chan);
  gs__signals_sweep();
}

TEST(a_signal_races_in_a_select) {
  gs_chan *chan = subscribe(GS_SIGNAL_TERM, 1);
  struct gs_signal_event event = {0};
  struct gs_case cases[] = {GS_RECV(chan, &event)};
  CHECK_EQ(gs_select_until(cases, 1, gs_now() + 5), GS_ETIMEDOUT);
  host_sends(GS_SIGNAL_TERM, 0);
  CHECK_EQ(gs_select(cases, 1), 0);
  CHECK_EQ(event.signal, GS_SIGNAL_TERM);
  unsubscribe(chan);
}

/* ---- the end of a subscription ---- */

TEST(a_closed_channel_gets_nothing_more) {
  gs_chan *chan = subscribe(GS_SIGNAL_INT, 2);
  host_sends(GS_SIGNAL_INT, 1);
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  gs_signal_event(GS_SIGNAL_INT, 2);
  CHECK_EQ(host_fake.signals, 0);
  expect(chan, GS_SIGNAL_INT, 1);
  struct gs_signal_event event;
  CHECK_EQ(gs_chan_try_recv(chan, &event), 0);
  gs_chan_release(chan);
}

HOST_TEST(a_closed_channel_ends_its_subscription_when_goroutines_pause) {
  gs_chan *chan = subscribe(GS_SIGNAL_INT, 1);
  CHECK_EQ(gs__sched.outstanding, 1);
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  gs__runtime_pump();
  CHECK_EQ(host_fake.signals, 0);
  CHECK_EQ(gs__sched.outstanding, 0);
  gs_chan_release(chan);
}

HOST_TEST(a_channel_that_nobody_else_holds_ends_its_subscription) {
  gs_chan_release(subscribe(GS_SIGNAL_INT, 1));
  gs__runtime_pump();
  CHECK_EQ(host_fake.signals, 0);
  CHECK_EQ(gs__sched.outstanding, 0);
}

static void wait_for_signal(void *arg) {
  struct gs_signal_event event;
  CHECK_EQ(gs_chan_recv(arg, &event), 1);
}

HOST_TEST(waiting_for_a_signal_is_no_deadlock) {
  gs_chan *chan = subscribe(GS_SIGNAL_USER(15), 1);
  CHECK(gs_go(wait_for_signal, chan) > 0);
  CHECK_EQ(gs__runtime_pump(), GS__IDLE_WAIT);
  host_sends(GS_SIGNAL_USER(15), 0);
  CHECK_EQ(gs__runtime_pump(), GS__IDLE_EMPTY);
  unsubscribe(chan);
}

static void wait_for_ever(void *arg) { gs_chan_recv(NULL, arg); }

HOST_TEST(the_end_of_the_last_subscription_uncovers_a_deadlock) {
  gs_chan *chan = subscribe(GS_SIGNAL_INT, 1);
  CHECK(gs_go(wait_for_ever, NULL) > 0);
  CHECK_EQ(gs__runtime_pump(), GS__IDLE_WAIT);
  gs_chan_release(chan);
  CHECK_EQ(gs__runtime_pump(), GS__IDLE_DEADLOCK);
  harness_abandon();
}

HOST_TEST(the_end_of_the_runtime_ends_subscriptions) {
  gs_chan *chan = subscribe(GS_SIGNAL_INT, 1);
  CHECK(gs_go(wait_for_signal, chan) > 0);
  CHECK_EQ(gs__runtime_pump(), GS__IDLE_WAIT);
  gs_chan_release(chan);
  harness_abandon();
  gs__runtime_term();
  CHECK_EQ(host_fake.signals, 0);
}

/* ---- misuse and faults ---- */

TEST(what_is_no_signal_is_refused) {
  gs_chan *chan = (gs_chan *)&chan;
  CHECK_EQ(gs_signal_chan(NULL, GS_SIGNAL_INT, 1), GS_EINVAL);
  CHECK_EQ(gs_signal_chan(&chan, 0, 1), GS_EINVAL);
  CHECK_EQ(gs_signal_chan(&chan, GS_SIGNAL_INT, 0), GS_EINVAL);
  CHECK_EQ(gs_signal_chan(&chan, GS_SIGNAL_INT | GS_SIGNAL_TERM << 1, 1),
           GS_EINVAL);
  CHECK_EQ(gs_signal_chan(&chan, GS_SIGNAL_USER(0) >> 1, 1), GS_EINVAL);
  CHECK_EQ(chan, (gs_chan *)&chan);
  CHECK_EQ(gs_signal_raise(0, 0), GS_EINVAL);
  CHECK_EQ(gs_signal_raise(PAGE, 0), GS_EINVAL);
  CHECK_EQ(gs_signal_raise(GS_SIGNAL_TERM << 1, 0), GS_EINVAL);
  CHECK_EQ(gs_signal_raise(GS_SIGNAL_USER(0), 0), 0); /* nobody wants it */
  CHECK_EQ(host_fake.signal_watches, 0);
}

TEST(every_signal_can_be_asked_for_at_once) {
  uint32_t all = GS_SIGNAL_USER(GS_SIGNAL_USERS - 1);
  all |= GS_SIGNAL_HIDDEN | GS_SIGNAL_TERM | GS_SIGNAL_USER(0);
  gs_chan *chan = subscribe(all, 1);
  CHECK_EQ(gs_signal_raise(GS_SIGNAL_USER(GS_SIGNAL_USERS - 1), -5), 1);
  expect(chan, GS_SIGNAL_USER(15), -5);
  unsubscribe(chan);
}

TEST(a_channel_of_signals_without_memory_leaves_nothing) {
  gs_chan *chan = (gs_chan *)&chan;
  for (uint32_t good = 0; good < 2; good++) {
    alloc_fake_fail_after(good);
    CHECK_EQ(gs_signal_chan(&chan, GS_SIGNAL_INT, 1), GS_ENOMEM);
    CHECK_EQ(chan, (gs_chan *)&chan);
    CHECK_EQ(host_fake.signals, 0);
    CHECK_EQ(gs__sched.outstanding, 0);
  }
}

HOST_TEST(outside_a_goroutine_signals_are_raised_and_asked_for) {
  gs_chan *chan = subscribe(GS_SIGNAL_USER(1), 1);
  CHECK_EQ(gs_signal_raise(GS_SIGNAL_USER(1), 9), 1);
  expect(chan, GS_SIGNAL_USER(1), 9);
  unsubscribe(chan);
}

TEST(the_state_is_the_hosts) {
  host_fake.signal_state = GS_SIGNAL_HIDDEN | GS_SIGNAL_ONLINE;
  CHECK_EQ(gs_signal_state(), GS_SIGNAL_HIDDEN | GS_SIGNAL_ONLINE);
}

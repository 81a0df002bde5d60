/* Channels by Go's rules: a table of every operation in every state a channel
 * can be in, then what a table cannot say. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <string.h>

#include "../../src/sync/chan.h"
#include "alloc_fake.h"
#include "harness.h"

/* ---- the table ---- */

enum { WAITS = GS_EAGAIN }; /* what the try form answers then */
#define SENT 7              /* by the operation under test */
#define OFFERED 9           /* by the waiting sender */

struct state {
  const char *name;
  size_t capacity;
  int buffered; /* elements 1, 2, ... */
  /* Go's rules: */
  int send;
  int recv;
  int received; /* the element, when recv is 1 */
  int close;
  bool is_null;
  bool closed;
  bool receiver_waits;
  bool sender_waits; /* with OFFERED */
};

static const struct state states[] = {
    {.name = "nil",
     .is_null = true,
     .send = WAITS,
     .recv = WAITS,
     .close = GS_EINVAL},
    {.name = "unbuffered", .send = WAITS, .recv = WAITS},
    {.name = "unbuffered, closed",
     .closed = true,
     .send = GS_EPIPE,
     .recv = 0,
     .close = GS_EPIPE},
    {.name = "unbuffered, a receiver waits",
     .receiver_waits = true,
     .send = GS_OK,
     .recv = WAITS},
    {.name = "unbuffered, a sender waits",
     .sender_waits = true,
     .send = WAITS,
     .recv = 1,
     .received = OFFERED},
    {.name = "empty", .capacity = 2, .send = GS_OK, .recv = WAITS},
    {.name = "empty, a receiver waits",
     .capacity = 2,
     .receiver_waits = true,
     .send = GS_OK,
     .recv = WAITS},
    {.name = "partly full",
     .capacity = 3,
     .buffered = 2,
     .send = GS_OK,
     .recv = 1,
     .received = 1},
    {.name = "full",
     .capacity = 2,
     .buffered = 2,
     .send = WAITS,
     .recv = 1,
     .received = 1},
    {.name = "full, a sender waits",
     .capacity = 2,
     .buffered = 2,
     .sender_waits = true,
     .send = WAITS,
     .recv = 1,
     .received = 1},
    {.name = "closed, empty",
     .capacity = 2,
     .closed = true,
     .send = GS_EPIPE,
     .recv = 0,
     .close = GS_EPIPE},
    {.name = "closed, with elements",
     .capacity = 2,
     .buffered = 2,
     .closed = true,
     .send = GS_EPIPE,
     .recv = 1,
     .received = 1,
     .close = GS_EPIPE},
};
#define STATES (sizeof states / sizeof *states)

/* What a helper goroutine did. */
struct outcome {
  gs_chan *chan;
  int element;
  int result;
  bool done;
};

static void receive(void *arg) {
  struct outcome *o = arg;
  o->element = -1;
  o->result = gs_chan_recv(o->chan, &o->element);
  o->done = true;
}

static void send(void *arg) {
  struct outcome *o = arg;
  o->result = gs_chan_send(o->chan, &o->element);
  o->done = true;
}

static struct outcome helper; /* the waiting receiver or sender */

static gs_chan *arrange(const struct state *s) {
  gs_chan *chan = NULL;
  if (s->is_null) return NULL;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), s->capacity), GS_OK);
  for (int i = 1; i <= s->buffered; i++) {
    CHECK_EQ(gs_chan_try_send(chan, &i), GS_OK);
  }
  if (s->closed) CHECK_EQ(gs_chan_close(chan), GS_OK);
  helper = (struct outcome){.chan = chan, .element = OFFERED};
  if (s->receiver_waits) CHECK(gs_go(receive, &helper) > 0);
  if (s->sender_waits) CHECK(gs_go(send, &helper) > 0);
  if (s->receiver_waits || s->sender_waits) {
    CHECK_EQ(gs_yield(), GS_OK);
    CHECK(!helper.done);
  }
  gs__chan_check(chan);
  return chan;
}

static void clear_up(gs_chan *chan) {
  if (chan != NULL) gs__chan_check(chan);
  gs_chan_release(chan);
  harness_wait_for_others();
}

static const struct state *current_state;

static void explain_state(void) {
  printf("# the channel was: %s\n", current_state->name);
}

#define EACH_STATE(s)                                       \
  harness_explain = explain_state;                          \
  for (const struct state *s = states; s < states + STATES; \
       current_state = ++s)                                 \
    if (current_state = s, true)

TEST(table_len_and_cap) {
  EACH_STATE(s) {
    gs_chan *chan = arrange(s);
    CHECK_EQ(gs_chan_len(chan), s->buffered);
    CHECK_EQ(gs_chan_cap(chan), s->capacity);
    CHECK_EQ(gs_chan_elem_bytes(chan), s->is_null ? 0 : sizeof(int));
    clear_up(chan);
  }
}

TEST(table_try_send) {
  EACH_STATE(s) {
    gs_chan *chan = arrange(s);
    int elem = SENT;
    CHECK_EQ(gs_chan_try_send(chan, &elem), s->send);
    bool handed_over = s->send == GS_OK && s->receiver_waits;
    bool buffered = s->send == GS_OK && !s->receiver_waits;
    CHECK_EQ(gs_chan_len(chan), s->buffered + (buffered ? 1 : 0));
    if (handed_over) {
      CHECK_EQ(gs_yield(), GS_OK);
      CHECK(helper.done);
      CHECK_EQ(helper.result, 1);
      CHECK_EQ(helper.element, SENT);
    }
    clear_up(chan);
  }
}

TEST(table_try_recv) {
  EACH_STATE(s) {
    gs_chan *chan = arrange(s);
    int elem = -1;
    CHECK_EQ(gs_chan_try_recv(chan, &elem), s->recv);
    CHECK_EQ(elem, s->recv == 1 ? s->received : s->recv == 0 ? 0 : -1);
    bool refilled = s->sender_waits && s->buffered > 0;
    bool taken = s->recv == 1 && s->buffered > 0 && !refilled;
    CHECK_EQ(gs_chan_len(chan), s->buffered - (taken ? 1 : 0));
    if (s->recv == 1 && s->sender_waits) {
      CHECK_EQ(gs_yield(), GS_OK);
      CHECK(helper.done);
      CHECK_EQ(helper.result, GS_OK);
    }
    clear_up(chan);
  }
}

TEST(table_close) {
  EACH_STATE(s) {
    gs_chan *chan = arrange(s);
    CHECK_EQ(gs_chan_close(chan), s->close);
    CHECK_EQ(gs_chan_len(chan), s->buffered);
    if (s->close == GS_OK) {
      CHECK_EQ(gs_chan_close(chan), GS_EPIPE);
      CHECK_EQ(gs_yield(), GS_OK);
      if (s->receiver_waits) {
        CHECK(helper.done);
        CHECK_EQ(helper.result, 0);
        CHECK_EQ(helper.element, 0);
      }
      if (s->sender_waits) {
        CHECK(helper.done);
        CHECK_EQ(helper.result, GS_EPIPE);
      }
    }
    clear_up(chan);
  }
}

/* The waiting forms answer what the try form does, and wait where it cannot. */
static void check_waiting_form(const struct state *s, bool sends,
                               int64_t delay_ns) {
  gs_chan *chan = arrange(s);
  int elem = sends ? SENT : -1;
  int64_t start_ns = gs_now();
  int64_t deadline_ns = start_ns + delay_ns;
  int wanted = sends ? s->send : s->recv;
  int result = sends ? gs_chan_send_until(chan, &elem, deadline_ns)
                     : gs_chan_recv_until(chan, &elem, deadline_ns);
  if (wanted == WAITS) {
    CHECK_EQ(result, GS_ETIMEDOUT);
    CHECK_EQ(gs_now(), delay_ns > 0 ? deadline_ns : start_ns);
    CHECK_EQ(elem, sends ? SENT : -1);
    CHECK_EQ(gs_chan_len(chan), s->buffered);
  } else {
    CHECK_EQ(result, wanted);
    CHECK_EQ(gs_now(), start_ns);
    if (!sends) CHECK_EQ(elem, wanted == 1 ? s->received : 0);
  }
  clear_up(chan);
}

TEST(table_send_until) {
  EACH_STATE(s) {
    check_waiting_form(s, true, GS_SECOND);
    check_waiting_form(s, true, 0);
    check_waiting_form(s, true, -GS_SECOND);
  }
}

TEST(table_recv_until) {
  EACH_STATE(s) {
    check_waiting_form(s, false, GS_SECOND);
    check_waiting_form(s, false, 0);
    check_waiting_form(s, false, -GS_SECOND);
  }
}

TEST(table_send_and_recv_without_a_deadline) {
  EACH_STATE(s) {
    for (int sends = 0; sends <= 1; sends++) {
      /* Waiting on nil lasts for ever: a deadlock, in test-pump.c. */
      if (s->is_null) continue;
      gs_chan *chan = arrange(s);
      struct outcome mine = {.chan = chan, .element = SENT};
      CHECK(gs_go(sends ? send : receive, &mine) > 0);
      CHECK_EQ(gs_yield(), GS_OK);
      int wanted = sends ? s->send : s->recv;
      CHECK_EQ(mine.done, wanted != WAITS);
      if (wanted != WAITS) CHECK_EQ(mine.result, wanted);
      if (wanted == 1 && !sends) CHECK_EQ(mine.element, s->received);
      clear_up(chan);
      CHECK(mine.done);
    }
  }
}

/* ---- outside a goroutine ---- */

HOST_TEST(outside_a_goroutine_only_what_need_not_wait_works) {
  gs_chan *chan;
  int elem = 5;
  CHECK_EQ(gs_chan_new(&chan, sizeof elem, 1), GS_OK);
  CHECK_EQ(gs_chan_recv(chan, &elem), GS_EPERM);
  CHECK_EQ(gs_chan_recv_until(chan, &elem, 1), GS_EPERM);
  CHECK_EQ(elem, 5);
  CHECK_EQ(gs_chan_send(chan, &elem), GS_OK);
  CHECK_EQ(gs_chan_send(chan, &elem), GS_EPERM);
  CHECK_EQ(gs_chan_send_until(chan, &elem, 1), GS_EPERM);
  CHECK_EQ(gs_chan_send(NULL, &elem), GS_EPERM);
  CHECK_EQ(gs_chan_recv(NULL, &elem), GS_EPERM);
  CHECK_EQ(gs_chan_recv(chan, &elem), 1);
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  CHECK_EQ(gs_chan_recv(chan, &elem), 0);
  gs__chan_check(chan);
  gs_chan_release(chan);
}

static void receive_seven(void *arg) {
  int elem = 0;
  CHECK_EQ(gs_chan_recv(arg, &elem), 1);
  CHECK_EQ(elem, SENT);
}

HOST_TEST(the_host_can_send_to_a_goroutine_that_waits) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), 0), GS_OK);
  CHECK(gs_go(receive_seven, chan) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_DEADLOCK);
  int elem = SENT;
  CHECK_EQ(gs_chan_try_send(chan, &elem), GS_OK);
  harness_run_all();
  gs_chan_release(chan);
}

/* ---- making ---- */

TEST(new_wants_a_place_for_the_channel) {
  CHECK_EQ(gs_chan_new(NULL, 4, 0), GS_EINVAL);
}

TEST(new_refuses_elements_of_no_size) {
  gs_chan *chan = (gs_chan *)&chan;
  CHECK_EQ(gs_chan_new(&chan, 0, 0), GS_EINVAL);
  CHECK_EQ(gs_chan_new(&chan, 0, 10), GS_EINVAL);
  CHECK_EQ(chan, (gs_chan *)&chan);
}

TEST(new_refuses_a_capacity_that_cannot_be_had) {
  static const size_t sizes[][2] = {
      {1, SIZE_MAX},         {SIZE_MAX, 1},
      {SIZE_MAX, SIZE_MAX},  {8, SIZE_MAX / 8},
      {8, SIZE_MAX / 8 + 1}, {4, (size_t)PTRDIFF_MAX / 4 + 1},
      {2, SIZE_MAX / 2 + 1}, {(size_t)PTRDIFF_MAX, 1}};
  gs_chan *chan = (gs_chan *)&chan;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    CHECK_EQ(gs_chan_new(&chan, sizes[i][0], sizes[i][1]), GS_ENOMEM);
    CHECK_EQ(chan, (gs_chan *)&chan);
  }
}

TEST(new_reports_that_there_is_no_memory) {
  gs_chan *chan = (gs_chan *)&chan;
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_chan_new(&chan, 8, 8), GS_ENOMEM);
  CHECK_EQ(chan, (gs_chan *)&chan);
}

/* ---- elements ---- */

static void send_bytes(void *arg) {
  gs_chan *chan = arg;
  unsigned char elem[4096];
  for (size_t i = 0; i < sizeof elem; i++) elem[i] = (unsigned char)(i * 7);
  CHECK_EQ(gs_chan_send(chan, elem), GS_OK);
  memset(elem, 0xee, sizeof elem); /* it was copied */
}

static void check_element(size_t bytes, size_t capacity, bool sender_first) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, bytes, capacity), GS_OK);
  CHECK(gs_go(send_bytes, chan) > 0);
  if (sender_first) CHECK_EQ(gs_yield(), GS_OK);
  unsigned char elem[4096 + 8];
  memset(elem, 0xaa, sizeof elem);
  CHECK_EQ(gs_chan_recv(chan, elem), 1);
  harness_wait_for_others();
  for (size_t i = 0; i < sizeof elem; i++) {
    CHECK_EQ(elem[i], i < bytes ? (unsigned char)(i * 7) : 0xaa);
  }
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  CHECK_EQ(gs_chan_recv(chan, elem), 0);
  for (size_t i = 0; i < sizeof elem; i++) {
    CHECK_EQ(elem[i], i < bytes ? 0 : 0xaa);
  }
  gs_chan_release(chan);
}

TEST(elements_of_any_size_pass_whole_and_touch_nothing_else) {
  static const size_t sizes[] = {1, 2, 3, 4, 5, 8, 12, 16, 100, 4096};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (size_t capacity = 0; capacity <= 3; capacity += 3) {
      check_element(sizes[i], capacity, false);
      check_element(sizes[i], capacity, true);
    }
  }
}

TEST(the_buffer_is_a_ring_in_order) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, 12, 5), GS_OK);
  int next = 0;
  int expected = 0;
  for (int round = 0; round < 40; round++) {
    for (int n = 0; n <= round % 5; n++) {
      int elem[3] = {next, -next, next * 2};
      if (gs_chan_try_send(chan, elem) == GS_OK) next++;
    }
    for (int n = 0; n <= (round + 2) % 4; n++) {
      int elem[3];
      if (gs_chan_try_recv(chan, elem) != 1) break;
      CHECK_EQ(elem[0], expected);
      CHECK_EQ(elem[1], -expected);
      CHECK_EQ(elem[2], expected * 2);
      expected++;
    }
    CHECK_EQ(gs_chan_len(chan), next - expected);
    gs__chan_check(chan);
  }
  gs_chan_release(chan);
}

TEST(a_receiver_may_drop_the_element) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), 2), GS_OK);
  for (int i = 0; i < 2; i++) CHECK_EQ(gs_chan_send(chan, &i), GS_OK);
  CHECK_EQ(gs_chan_recv(chan, NULL), 1);
  int elem = -1;
  CHECK_EQ(gs_chan_recv(chan, &elem), 1);
  CHECK_EQ(elem, 1);
  struct outcome sender = {.chan = chan, .element = 5};
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  CHECK_EQ(gs_chan_recv(chan, NULL), 0);
  gs_chan_release(chan);

  CHECK_EQ(gs_chan_new(&chan, sizeof(int), 0), GS_OK);
  sender.chan = chan;
  gs_go(send, &sender);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_chan_recv(chan, NULL), 1);
  gs_go(send, &sender);
  CHECK_EQ(gs_chan_recv(chan, NULL), 1);
  harness_wait_for_others();
  gs_chan_release(chan);
}

/* ---- order among waiters ---- */

#define WAITERS 6

TEST(waiting_receivers_are_served_in_the_order_they_came) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), 0), GS_OK);
  struct outcome o[WAITERS];
  for (int i = 0; i < WAITERS; i++) {
    o[i] = (struct outcome){.chan = chan};
    gs_go(receive, &o[i]);
  }
  CHECK_EQ(gs_yield(), GS_OK);
  for (int i = 0; i < WAITERS - 1; i++) {
    CHECK_EQ(gs_chan_send(chan, &i), GS_OK);
  }
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  harness_wait_for_others();
  for (int i = 0; i < WAITERS - 1; i++) {
    CHECK_EQ(o[i].result, 1);
    CHECK_EQ(o[i].element, i);
  }
  CHECK_EQ(o[WAITERS - 1].result, 0);
  CHECK_EQ(o[WAITERS - 1].element, 0);
  gs_chan_release(chan);
}

static void check_sender_order(size_t capacity) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), capacity), GS_OK);
  struct outcome o[WAITERS];
  for (int i = 0; i < WAITERS; i++) {
    o[i] = (struct outcome){.chan = chan, .element = i};
    gs_go(send, &o[i]);
  }
  CHECK_EQ(gs_yield(), GS_OK);
  for (int i = 0; i < WAITERS; i++) {
    int elem;
    CHECK_EQ(gs_chan_recv(chan, &elem), 1);
    CHECK_EQ(elem, i);
    gs__chan_check(chan);
  }
  harness_wait_for_others();
  gs_chan_release(chan);
}

TEST(waiting_senders_are_served_in_the_order_they_came) {
  check_sender_order(0);
  check_sender_order(1);
  check_sender_order(3);
}

TEST(a_waiter_that_timed_out_is_passed_over) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), 0), GS_OK);
  int elem = -1;
  CHECK_EQ(gs_chan_recv_until(chan, &elem, gs_now() + 5), GS_ETIMEDOUT);
  CHECK_EQ(gs_chan_send_until(chan, &elem, gs_now() + 5), GS_ETIMEDOUT);
  struct outcome o = {.chan = chan};
  gs_go(receive, &o);
  CHECK_EQ(gs_yield(), GS_OK);
  elem = 3;
  CHECK_EQ(gs_chan_try_send(chan, &elem), GS_OK);
  harness_wait_for_others();
  CHECK_EQ(o.element, 3);
  gs__chan_check(chan);
  gs_chan_release(chan);
}

TEST(closing_wakes_all_waiting_senders_and_keeps_what_is_buffered) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), 1), GS_OK);
  struct outcome o[WAITERS];
  for (int i = 0; i < WAITERS; i++) {
    o[i] = (struct outcome){.chan = chan, .element = i};
    gs_go(send, &o[i]);
  }
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  harness_wait_for_others();
  CHECK_EQ(o[0].result, GS_OK);
  for (int i = 1; i < WAITERS; i++) CHECK_EQ(o[i].result, GS_EPIPE);
  int elem = -1;
  CHECK_EQ(gs_chan_recv(chan, &elem), 1);
  CHECK_EQ(elem, 0);
  CHECK_EQ(gs_chan_recv(chan, &elem), 0);
  gs_chan_release(chan);
}

/* A waiter's element is where the sender put it, not what came later. */
TEST(what_was_received_stays_until_the_receiver_runs) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), 0), GS_OK);
  struct outcome o = {.chan = chan};
  gs_go(receive, &o);
  CHECK_EQ(gs_yield(), GS_OK);
  int elem = 11;
  CHECK_EQ(gs_chan_send(chan, &elem), GS_OK);
  CHECK(!o.done);
  elem = 12;
  CHECK_EQ(gs_chan_try_send(chan, &elem), GS_EAGAIN);
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  harness_wait_for_others();
  CHECK_EQ(o.result, 1);
  CHECK_EQ(o.element, 11);
  gs_chan_release(chan);
}

/* ---- references ---- */

TEST(null_is_allowed_where_the_contract_says_so) {
  gs_chan_release(NULL);
  CHECK_EQ(gs_chan_retain(NULL), (gs_chan *)NULL);
  CHECK_EQ(gs_chan_close(NULL), GS_EINVAL);
  CHECK_EQ(gs_chan_len(NULL), 0);
  CHECK_EQ(gs_chan_cap(NULL), 0);
  CHECK_EQ(gs_chan_elem_bytes(NULL), 0);
}

TEST(the_last_release_closes_and_frees) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), 0), GS_OK);
  CHECK_EQ(gs_chan_retain(chan), chan);
  struct outcome o = {.chan = chan};
  gs_go(receive, &o);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_chan_release(chan);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!o.done);
  size_t live = alloc_fake_live();
  gs_chan_release(chan);
  CHECK_EQ(alloc_fake_live(), live - 1);
  harness_wait_for_others();
  CHECK_EQ(o.result, 0);
}

/* ---- no memory for a deadline ---- */

TEST(a_wait_with_a_deadline_reports_no_memory_and_leaves_no_trace) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), 0), GS_OK);
  int elem = 4;
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_chan_recv_until(chan, &elem, gs_now() + 5), GS_ENOMEM);
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_chan_send_until(chan, &elem, gs_now() + 5), GS_ENOMEM);
  CHECK_EQ(gs_chan_try_send(chan, &elem), GS_EAGAIN);
  CHECK_EQ(gs_chan_try_recv(chan, &elem), GS_EAGAIN);
  gs__chan_check(chan);
  gs_chan_release(chan);
}

/* ---- throughput of elements, conserved ---- */

struct line {
  gs_chan *in;
  gs_chan *out;
};

static void pass_on(void *arg) {
  struct line *line = arg;
  int elem;
  while (gs_chan_recv(line->in, &elem) > 0) {
    elem++;
    CHECK_EQ(gs_chan_send(line->out, &elem), GS_OK);
  }
  CHECK_EQ(gs_chan_close(line->out), GS_OK);
}

static void feed(void *arg) {
  for (int i = 0; i < 500; i++) CHECK_EQ(gs_chan_send(arg, &i), GS_OK);
  CHECK_EQ(gs_chan_close(arg), GS_OK);
}

TEST(a_chain_passes_everything_in_order_and_ends_by_closing) {
  enum { STAGES = 10 };
  gs_chan *chans[STAGES + 1];
  struct line lines[STAGES];
  for (size_t i = 0; i <= STAGES; i++) {
    CHECK_EQ(gs_chan_new(&chans[i], sizeof(int), i % 3), GS_OK);
  }
  for (int i = 0; i < STAGES; i++) {
    lines[i] = (struct line){chans[i], chans[i + 1]};
    gs_go(pass_on, &lines[i]);
  }
  gs_go(feed, chans[0]);
  int elem;
  int expected = STAGES;
  while (gs_chan_recv(chans[STAGES], &elem) > 0) CHECK_EQ(elem, expected++);
  CHECK_EQ(expected, 500 + STAGES);
  harness_wait_for_others();
  for (int i = 0; i <= STAGES; i++) gs_chan_release(chans[i]);
}

/* ---- the limits of the fast paths ---- */

static void give_up(void *arg) {
  int elem = 0;
  CHECK_EQ(gs_chan_recv_until(arg, &elem, gs_deadline(5)), GS_ETIMEDOUT);
  for (elem = 0; elem < 2; elem++) CHECK_EQ(gs_chan_send(arg, &elem), GS_OK);
  CHECK_EQ(gs_chan_send_until(arg, &elem, gs_deadline(5)), GS_ETIMEDOUT);
}

TEST(the_fast_paths_open_again_after_a_waiter_gave_up) {
  gs_chan *chan;
  int elem = 1;
  CHECK_EQ(gs_chan_new(&chan, sizeof elem, 2), GS_OK);
  gs_go(give_up, chan);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(chan->ring.send_limit, 0); /* a receiver waits */
  harness_wait_for_others();
  CHECK_EQ(chan->ring.send_limit, 2);
  CHECK_EQ(chan->ring.recv_floor, SIZE_MAX); /* a sender has waited */
  CHECK_EQ(gs_chan_recv(chan, &elem), 1);
  CHECK_EQ(chan->ring.recv_floor, 0);
  CHECK_EQ(gs_chan_recv(chan, &elem), 1);
  gs_chan_release(chan);
}

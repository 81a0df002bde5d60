/* Channels by the Go specification, a test for each rule: channel types, the
 * receive operator, send statements, close, length and capacity, make. Where
 * this library's contract is another, the name says so. */
#include <string.h>

#include "../../src/sched/sched.h"
#include "every-schedule.h"

GS_CHAN_TYPE(ints, int);

struct point {
  double x;
  char name[5];
};
GS_CHAN_TYPE(points, struct point);

static ints c;
static int turns; /* of bystanders, who run whenever somebody waits */
static int elem;

static ints make_ints(size_t capacity) {
  ints made = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&made, capacity), GS_OK);
  return made;
}

static void stand_by(void *arg) {
  (void)arg;
  for (int i = 0; i < 2; i++) {
    turns++;
    CHECK_EQ(gs_yield(), GS_OK);
  }
}

/* What the goroutine does never ends, though all others have. */
static void never_ends(gs_func *fn) {
  go(fn, NULL);
  go(stand_by, NULL);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_DEADLOCK);
  CHECK_EQ(gs_count(), 1);
  harness_abandon();
}

/* ---- Spec, Channel types ---- */

static void send_point(void *arg) {
  struct point p = {1.5, "abcd"};
  CHECK_EQ(gs_send(*(points *)arg, p), GS_OK);
}

TEST(a_channel_passes_values_of_its_element_type_between_goroutines) {
  points channel = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&channel, 0), GS_OK);
  CHECK_EQ(gs_chan_elem_bytes(channel.chan), sizeof(struct point));
  go(send_point, &channel);
  struct point p = {0};
  CHECK_EQ(gs_recv(channel, &p), 1);
  CHECK_EQ(p.x, 1.5);
  CHECK_STR_EQ(p.name, "abcd");
  gs_release(channel);
}

TEST(a_channel_that_was_not_made_is_the_null_channel) {
  static ints channel;
  ints other = GS_CHAN_NULL;
  CHECK_EQ(channel.chan, (void *)NULL);
  CHECK_EQ(other.chan, (void *)NULL);
}

TEST(the_capacity_counts_elements) {
  c = make_ints(100);
  CHECK_EQ(gs_chan_cap(c.chan), 100);
  for (int i = 0; i < 100; i++) CHECK_EQ(gs_try_send(c, i), GS_OK);
  CHECK_EQ(gs_try_send(c, 100), GS_EAGAIN);
  gs_release(c);
}

static bool sender_came;
static bool receiver_came;

static void come_and_send(void *arg) {
  (void)arg;
  sender_came = true;
  CHECK_EQ(gs_send(c, 7), GS_OK);
  CHECK(receiver_came);
}
static void come_and_receive(void *arg) {
  (void)arg;
  receiver_came = true;
  CHECK_EQ(gs_recv(c, &elem), 1);
  CHECK(sender_came);
}
static void meet(void *arg) {
  (void)arg;
  sender_came = receiver_came = false;
  c = make_ints(0);
  go(come_and_send, NULL);
  go(come_and_receive, NULL);
  go(stand_by, NULL);
  harness_run_all();
  gs_release(c);
}
HOST_TEST(an_unbuffered_exchange_wants_both_sides_to_be_ready) {
  under_every_schedule(meet, NULL);
}

static void fill_and_empty(void *arg) {
  (void)arg;
  int before = turns;
  for (int i = 0; i < 3; i++) CHECK_EQ(gs_send(c, i), GS_OK);
  for (int i = 0; i < 3; i++) CHECK_EQ(gs_recv(c, &elem), 1);
  CHECK_EQ(turns, before);
}
static void use_buffer(void *arg) {
  (void)arg;
  c = make_ints(3);
  go(stand_by, NULL);
  go(fill_and_empty, NULL);
  go(stand_by, NULL);
  harness_run_all();
  gs_release(c);
}
HOST_TEST(a_buffered_send_waits_for_no_one_while_there_is_room) {
  under_every_schedule(use_buffer, NULL);
}
TEST(a_buffered_receive_waits_for_no_one_while_something_is_buffered) {
  c = make_ints(2);
  CHECK_EQ(gs_try_send(c, 1), GS_OK);
  CHECK_EQ(gs_try_send(c, 2), GS_OK);
  CHECK_EQ(gs_try_recv(c, &elem), 1);
  CHECK_EQ(gs_try_recv(c, &elem), 1);
  CHECK_EQ(elem, 2);
  CHECK_EQ(gs_try_recv(c, &elem), GS_EAGAIN);
  gs_release(c);
}

TEST(the_null_channel_is_never_ready) {
  ints none = GS_CHAN_NULL;
  CHECK_EQ(gs_try_send(none, 1), GS_EAGAIN);
  CHECK_EQ(gs_try_recv(none, &elem), GS_EAGAIN);
  CHECK_EQ(gs_send_until(none, 1, gs_deadline(GS_SECOND)), GS_ETIMEDOUT);
  CHECK_EQ(gs_recv_until(none, &elem, gs_deadline(GS_SECOND)), GS_ETIMEDOUT);
}

TEST(a_receive_tells_whether_the_value_was_sent_before_closing) {
  c = make_ints(1);
  CHECK_EQ(gs_send(c, 0), GS_OK); /* a zero that was sent */
  CHECK_EQ(gs_close(c), GS_OK);
  CHECK_EQ(gs_recv(c, &elem), 1);
  CHECK_EQ(gs_recv(c, &elem), 0);
  gs_release(c);
}

static unsigned got; /* elements, by their bit */

static void send_one(void *arg) {
  const int *value = arg;
  CHECK_EQ(gs_send(c, *value), GS_OK);
  CHECK(gs_chan_len(c.chan) <= gs_chan_cap(c.chan));
}
static void receive_one(void *arg) {
  (void)arg;
  int value;
  CHECK_EQ(gs_recv(c, &value), 1);
  CHECK_EQ(got & (1U << value), 0);
  got |= 1U << value;
}
static void share(void *arg) {
  static int values[] = {0, 1, 2};
  got = 0;
  c = make_ints(*(const size_t *)arg);
  for (int i = 0; i < 3; i++) go(send_one, &values[i]);
  for (int i = 0; i < 3; i++) go(receive_one, NULL);
  harness_run_all();
  CHECK_EQ(got, 7);
  gs_release(c);
}
HOST_TEST(any_number_of_goroutines_may_use_one_channel) {
  for (size_t capacity = 0; capacity <= 2; capacity++) {
    under_every_schedule(share, &capacity);
  }
}

static void send_three(void *arg) {
  (void)arg;
  for (int i = 1; i <= 3; i++) CHECK_EQ(gs_send(c, i), GS_OK);
}
static void receive_three(void *arg) {
  (void)arg;
  for (int i = 1; i <= 3; i++) {
    CHECK_EQ(gs_recv(c, &elem), 1);
    CHECK_EQ(elem, i);
  }
}
static void pass_three(void *arg) {
  c = make_ints(*(const size_t *)arg);
  go(send_three, NULL);
  go(receive_three, NULL);
  go(stand_by, NULL);
  harness_run_all();
  gs_release(c);
}
HOST_TEST(values_arrive_in_the_order_they_were_sent) {
  for (size_t capacity = 0; capacity <= 3; capacity++) {
    under_every_schedule(pass_three, &capacity);
  }
}

/* ---- Spec, Receive operator ---- */

static void receive_seven(void *arg) {
  (void)arg;
  CHECK_EQ(gs_recv(c, &elem), 1);
  CHECK_EQ(elem, 7);
  CHECK(sender_came);
}
static void send_late(void *arg) {
  (void)arg;
  CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
  sender_came = true;
  CHECK_EQ(gs_send(c, 7), GS_OK);
}
static void wait_for_value(void *arg) {
  sender_came = false;
  c = make_ints(*(const size_t *)arg);
  go(receive_seven, NULL);
  go(send_late, NULL);
  harness_run_all();
  gs_release(c);
}
HOST_TEST(a_receive_waits_until_there_is_a_value_and_yields_it) {
  for (size_t capacity = 0; capacity <= 1; capacity++) {
    under_every_schedule(wait_for_value, &capacity);
  }
}

static void receive_from_null(void *arg) {
  (void)arg;
  gs_chan_recv(NULL, NULL);
}
HOST_TEST(a_receive_from_the_null_channel_never_ends) {
  never_ends(receive_from_null);
}

TEST(a_closed_channel_yields_what_was_sent_and_then_zeros_at_once) {
  c = make_ints(2);
  CHECK_EQ(gs_send(c, 5), GS_OK);
  CHECK_EQ(gs_send(c, 6), GS_OK);
  CHECK_EQ(gs_close(c), GS_OK);
  CHECK_EQ(gs_recv(c, &elem), 1);
  CHECK_EQ(elem, 5);
  CHECK_EQ(gs_recv(c, &elem), 1);
  CHECK_EQ(elem, 6);
  for (int i = 0; i < 3; i++) {
    elem = 1;
    CHECK_EQ(gs_try_recv(c, &elem), 0);
    CHECK_EQ(elem, 0);
  }
  gs_release(c);
}

/* ---- Spec, Send statements ---- */

static int to_send;

static void send_variable(void *arg) {
  (void)arg;
  CHECK_EQ(gs_send(c, to_send), GS_OK);
}
TEST(the_value_to_send_is_evaluated_before_the_wait) {
  c = make_ints(0);
  to_send = 1;
  go(send_variable, NULL);
  CHECK_EQ(gs_yield(), GS_OK);
  to_send = 2;
  CHECK_EQ(gs_recv(c, &elem), 1);
  CHECK_EQ(elem, 1);
  gs_release(c);
}

static void send_by_address(void *arg) {
  (void)arg;
  CHECK_EQ(gs_chan_send(c.chan, &to_send), GS_OK);
}
TEST(unlike_go_an_untyped_send_reads_its_element_when_it_is_taken) {
  c = make_ints(0);
  to_send = 1;
  go(send_by_address, NULL);
  CHECK_EQ(gs_yield(), GS_OK);
  to_send = 2;
  CHECK_EQ(gs_recv(c, &elem), 1);
  CHECK_EQ(elem, 2);
  gs_release(c);
}

static void send_two(void *arg) {
  (void)arg;
  CHECK_EQ(gs_send(c, 1), GS_OK);
  CHECK_EQ(gs_send(c, 2), GS_OK);
  CHECK(receiver_came);
}
static void receive_late(void *arg) {
  (void)arg;
  CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
  receiver_came = true;
  CHECK_EQ(gs_recv(c, &elem), 1);
  CHECK_EQ(gs_recv(c, &elem), 1);
}
static void wait_for_room(void *arg) {
  receiver_came = false;
  c = make_ints(*(const size_t *)arg);
  go(send_two, NULL);
  go(receive_late, NULL);
  harness_run_all();
  gs_release(c);
}
HOST_TEST(a_send_waits_until_a_receiver_or_room_takes_the_value) {
  for (size_t capacity = 0; capacity <= 1; capacity++) {
    under_every_schedule(wait_for_room, &capacity);
  }
}

static void receive_any(void *arg) {
  (void)arg;
  CHECK_EQ(gs_recv(c, &elem), 1);
}
TEST(a_send_goes_on_at_once_when_a_receiver_waits) {
  c = make_ints(0);
  go(receive_any, NULL);
  CHECK_EQ(gs_try_send(c, 3), GS_EAGAIN); /* it has not come yet */
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_try_send(c, 3), GS_OK);
  CHECK_EQ(elem, 3);
  harness_wait_for_others();
  gs_release(c);
}

TEST(unlike_go_a_send_on_a_closed_channel_is_epipe_and_no_panic) {
  for (size_t capacity = 0; capacity <= 2; capacity++) {
    c = make_ints(capacity);
    CHECK_EQ(gs_close(c), GS_OK);
    CHECK_EQ(gs_send(c, 1), GS_EPIPE);
    CHECK_EQ(gs_try_send(c, 1), GS_EPIPE);
    CHECK_EQ(gs_send_until(c, 1, gs_now()), GS_EPIPE);
    gs_release(c);
  }
}

static void send_to_null(void *arg) {
  (void)arg;
  gs_chan_send(NULL, &elem);
}
HOST_TEST(a_send_to_the_null_channel_never_ends) { never_ends(send_to_null); }

/* ---- Spec, Close ---- */

static int ended;

static void receive_end(void *arg) {
  (void)arg;
  int value = 9;
  CHECK_EQ(gs_recv(c, &value), 0);
  CHECK_EQ(value, 0);
  ended++;
}
static void close_it(void *arg) {
  (void)arg;
  CHECK_EQ(gs_close(c), GS_OK);
}
static void close_on_receivers(void *arg) {
  ended = 0;
  c = make_ints(*(const size_t *)arg);
  go(receive_end, NULL);
  go(receive_end, NULL);
  go(close_it, NULL);
  harness_run_all();
  CHECK_EQ(ended, 2);
  gs_release(c);
}
HOST_TEST(closing_ends_every_receive_that_waits_or_comes_later) {
  for (size_t capacity = 0; capacity <= 1; capacity++) {
    under_every_schedule(close_on_receivers, &capacity);
  }
}

static void send_in_vain(void *arg) {
  (void)arg;
  CHECK_EQ(gs_send(c, 1), GS_EPIPE);
  ended++;
}
static void close_on_senders(void *arg) {
  (void)arg;
  ended = 0;
  c = make_ints(0);
  go(send_in_vain, NULL);
  go(send_in_vain, NULL);
  go(close_it, NULL);
  harness_run_all();
  CHECK_EQ(ended, 2);
  gs_release(c);
}
HOST_TEST(unlike_go_closing_ends_waiting_sends_with_epipe_and_no_panic) {
  under_every_schedule(close_on_senders, NULL);
}

TEST(unlike_go_closing_twice_is_epipe_and_no_panic) {
  c = make_ints(0);
  CHECK_EQ(gs_close(c), GS_OK);
  CHECK_EQ(gs_close(c), GS_EPIPE);
  gs_release(c);
}

TEST(unlike_go_closing_the_null_channel_is_einval_and_no_panic) {
  CHECK_EQ(gs_chan_close(NULL), GS_EINVAL);
}

/* ---- Spec, Length and capacity ---- */

TEST(length_is_what_is_buffered_and_no_waiting_sender) {
  c = make_ints(1);
  CHECK_EQ(gs_chan_len(c.chan), 0);
  CHECK_EQ(gs_send(c, 1), GS_OK);
  CHECK_EQ(gs_chan_len(c.chan), 1);
  to_send = 2;
  go(send_variable, NULL);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_chan_len(c.chan), 1);
  CHECK_EQ(gs_recv(c, &elem), 1);
  CHECK_EQ(gs_chan_len(c.chan), 1); /* the sender's now */
  CHECK_EQ(gs_recv(c, &elem), 1);
  CHECK_EQ(gs_chan_len(c.chan), 0);
  harness_wait_for_others();
  gs_release(c);
}

TEST(the_null_channel_has_neither_length_nor_capacity) {
  CHECK_EQ(gs_chan_len(NULL), 0);
  CHECK_EQ(gs_chan_cap(NULL), 0);
}

/* ---- Spec, Making slices, maps and channels ---- */

TEST(unlike_go_a_capacity_that_cannot_be_had_is_enomem_and_no_panic) {
  ints channel = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&channel, SIZE_MAX), GS_ENOMEM);
  CHECK_EQ(channel.chan, (void *)NULL);
}

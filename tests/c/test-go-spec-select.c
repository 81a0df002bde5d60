/* Select statements by the Go specification, a test for each rule. */
#include <string.h>

#include "../../src/sched/sched.h"
#include "every-schedule.h"

GS_CHAN_TYPE(ints, int);

static ints a;
static ints b;

static void make_both(size_t capacity) {
  CHECK_EQ(gs_make(&a, capacity), GS_OK);
  CHECK_EQ(gs_make(&b, capacity), GS_OK);
}

static void release_both(void) {
  gs_release(a);
  gs_release(b);
}

static void pause_once(void *arg) {
  (void)arg;
  CHECK_EQ(gs_yield(), GS_OK);
}

/* ---- Spec, Select statements ---- */

static int sent;
static int received;
static int done; /* bits: which of the partner's operations went through */

static void select_send_or_receive(void *arg) {
  (void)arg;
  int in = -1;
  int out = 5;
  struct gs_case cases[] = {gs_send_case(a, &out), gs_recv_case(b, &in)};
  int index = gs_select(cases, 2);
  if (index == 0) {
    CHECK_EQ(cases[0].result, GS_OK);
    CHECK_EQ(in, -1); /* not this one's */
    sent++;
  } else {
    CHECK_EQ(index, 1);
    CHECK_EQ(cases[1].result, 1);
    CHECK_EQ(in, 6);
    received++;
  }
}
static void partner_receives(void *arg) {
  (void)arg;
  int in = 0;
  int result = gs_recv_until(a, &in, gs_deadline(10));
  if (result == 1) done |= 1;
  CHECK(result == 1 ? in == 5 : result == GS_ETIMEDOUT);
}
static void partner_sends(void *arg) {
  (void)arg;
  if (gs_send_until(b, 6, gs_deadline(10)) == GS_OK) done |= 2;
}
static int chosen; /* bits: seen under any schedule */
static void choose_one(void *arg) {
  (void)arg;
  sent = received = done = 0;
  make_both(0);
  go(partner_receives, NULL);
  go(partner_sends, NULL);
  go(select_send_or_receive, NULL);
  harness_run_all();
  CHECK_EQ(sent + received, 1);
  CHECK_EQ(done, sent ? 1 : 2);
  chosen |= done;
  release_both();
}
HOST_TEST(one_of_the_possible_operations_goes_on_and_no_other) {
  chosen = 0;
  under_every_schedule(choose_one, NULL);
  CHECK_EQ(chosen, 3);
}

static int evaluations;

static gs_chan *evaluated(gs_chan *chan) {
  evaluations++;
  return chan;
}
TEST(the_channels_and_values_are_evaluated_once_whatever_is_chosen) {
  make_both(1);
  int out = 1;
  evaluations = 0;
  struct gs_case cases[] = {GS_SEND(evaluated(a.chan), &out),
                            GS_RECV(evaluated(b.chan), NULL)};
  CHECK_EQ(gs_select(cases, 2), 0);
  CHECK_EQ(evaluations, 2);
  int left;
  CHECK_EQ(gs_recv(a, &left), 1);
  CHECK_EQ(left, 1);
  release_both();
}

#define DRAWS 3000
TEST(a_choice_among_several_is_uniform) {
  make_both(0);
  CHECK_EQ(gs_close(a), GS_OK);
  CHECK_EQ(gs_close(b), GS_OK);
  int counts[3] = {0};
  for (int i = 0; i < DRAWS; i++) {
    struct gs_case cases[] = {GS_RECV(a.chan, NULL), GS_RECV(b.chan, NULL),
                              GS_RECV(a.chan, NULL)};
    counts[gs_select(cases, 3)]++;
  }
  /* 9.21 is exceeded once in a hundred seeds; this one is fixed. */
  double sum = 0;
  for (int i = 0; i < 3; i++) {
    double off = counts[i] - DRAWS / 3.0;
    sum += off * off / (DRAWS / 3.0);
  }
  CHECK(sum < 9.21);
  release_both();
}

static int picks; /* bits: cases seen chosen */
static void pick(void *arg) {
  (void)arg;
  struct gs_case cases[] = {GS_RECV(a.chan, NULL), GS_RECV(b.chan, NULL),
                            GS_RECV(a.chan, NULL)};
  picks |= 1 << gs_select(cases, 3);
}
static void pick_from_closed(void *arg) {
  make_both(0);
  CHECK_EQ(gs_close(a), GS_OK);
  CHECK_EQ(gs_close(b), GS_OK);
  go(pick, arg);
  harness_run_all();
  release_both();
}
HOST_TEST(every_ready_case_can_be_chosen) {
  picks = 0;
  under_every_schedule(pick_from_closed, NULL);
  CHECK_EQ(picks, 7);
}

TEST(with_none_ready_the_default_is_taken) {
  make_both(0);
  int elem = 1;
  struct gs_case cases[] = {gs_send_case(a, &elem), gs_recv_case(b, &elem)};
  CHECK_EQ(gs_try_select(cases, 2), GS_EAGAIN);
  CHECK_EQ(gs_try_select(NULL, 0), GS_EAGAIN);
  CHECK_EQ(elem, 1);
  release_both();
}

TEST(with_one_ready_the_default_is_not_taken) {
  make_both(1);
  CHECK_EQ(gs_send(b, 2), GS_OK);
  int elem = 0;
  struct gs_case cases[] = {gs_recv_case(a, &elem), gs_recv_case(b, &elem)};
  CHECK_EQ(gs_try_select(cases, 2), 1);
  CHECK_EQ(elem, 2);
  release_both();
}

static bool partner_came;
static bool comes_to_b;

static void select_either(void *arg) {
  (void)arg;
  int in_a = -1;
  int in_b = -1;
  struct gs_case cases[] = {gs_recv_case(a, &in_a), gs_recv_case(b, &in_b)};
  int index = gs_select(cases, 2);
  CHECK(partner_came);
  CHECK_EQ(cases[index].result, 1);
  CHECK_EQ(in_a, index == 0 ? 4 : -1);
  CHECK_EQ(in_b, index == 1 ? 4 : -1);
}
static void send_to(void *arg) {
  CHECK_EQ(gs_sleep(1), GS_OK);
  partner_came = true;
  CHECK_EQ(gs_send(*(ints *)arg, 4), GS_OK);
}
static void wait_for_either(void *arg) {
  partner_came = false;
  make_both(*(const size_t *)arg);
  go(select_either, NULL);
  go(send_to, comes_to_b ? &b : &a);
  go(pause_once, NULL);
  harness_run_all();
  CHECK_EQ(gs_chan_len(a.chan) + gs_chan_len(b.chan), 0);
  release_both();
}
HOST_TEST(without_a_default_it_waits_until_one_can_go_on) {
  for (size_t capacity = 0; capacity <= 1; capacity++) {
    comes_to_b = false;
    under_every_schedule(wait_for_either, &capacity);
    comes_to_b = true;
    under_every_schedule(wait_for_either, &capacity);
  }
}

static void receive_closed(void *arg) {
  (void)arg;
  int in = -1;
  struct gs_case cases[] = {gs_recv_case(a, &in), gs_recv_case(b, &in)};
  CHECK_EQ(gs_select(cases, 2), 0);
  CHECK_EQ(cases[0].result, 0);
  CHECK_EQ(in, 0);
}
static void close_a(void *arg) {
  (void)arg;
  CHECK_EQ(gs_close(a), GS_OK);
}
static void close_under_select(void *arg) {
  (void)arg;
  make_both(0);
  go(receive_closed, NULL);
  go(close_a, NULL);
  go(pause_once, NULL);
  harness_run_all();
  release_both();
}
HOST_TEST(a_closed_channel_is_ready_to_receive_its_zero_value) {
  under_every_schedule(close_under_select, NULL);
}

TEST(unlike_go_choosing_to_send_on_a_closed_channel_is_epipe_and_no_panic) {
  for (size_t capacity = 0; capacity <= 1; capacity++) {
    make_both(capacity);
    CHECK_EQ(gs_close(a), GS_OK);
    int elem = 1;
    struct gs_case cases[] = {gs_send_case(a, &elem), gs_recv_case(b, &elem)};
    CHECK_EQ(gs_try_select(cases, 2), 0);
    CHECK_EQ(gs_select(cases, 2), 0);
    CHECK_EQ(cases[0].result, GS_EPIPE);
    release_both();
  }
}

static void never_ends(gs_func *fn) {
  go(fn, NULL);
  go(pause_once, NULL);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_DEADLOCK);
  CHECK_EQ(gs_count(), 1);
  harness_abandon();
}

static void select_nulls(void *arg) {
  (void)arg;
  int elem = 0;
  struct gs_case cases[] = {GS_SEND(NULL, &elem), GS_RECV(NULL, &elem)};
  gs_select(cases, 2);
}
HOST_TEST(with_null_channels_alone_it_never_ends) { never_ends(select_nulls); }

static void select_nothing(void *arg) {
  (void)arg;
  gs_select(NULL, 0);
}
HOST_TEST(without_cases_it_never_ends) { never_ends(select_nothing); }

static void switch_off(void *arg) {
  (void)arg;
  /* The idiom: a case is switched off by a NULL channel. */
  int elem = 0;
  struct gs_case cases[] = {gs_recv_case(a, &elem), gs_recv_case(b, &elem)};
  int open = 2;
  int sum = 0;
  while (open > 0) {
    int index = gs_select(cases, 2);
    if (cases[index].result == 0) {
      cases[index].chan = NULL;
      open--;
    } else {
      sum += elem;
    }
  }
  CHECK_EQ(sum, 3);
}
static void send_and_close(void *arg) {
  ints chan = *(ints *)arg;
  CHECK_EQ(gs_send(chan, chan.chan == a.chan ? 1 : 2), GS_OK);
  CHECK_EQ(gs_close(chan), GS_OK);
}
static void merge(void *arg) {
  (void)arg;
  make_both(0);
  go(switch_off, NULL);
  go(send_and_close, &a);
  go(send_and_close, &b);
  harness_run_all();
  release_both();
}
HOST_TEST(a_null_channel_switches_its_case_off) {
  under_every_schedule(merge, NULL);
}

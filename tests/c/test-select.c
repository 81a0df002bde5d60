/* Select by Go's rules: which case, how it is chosen, what happens to the
 * others. */
#include <gossamer/gossamer.h>
#include <stdlib.h>

#include "../../src/sync/chan.h"
#include "alloc_fake.h"
#include "harness.h"

static gs_chan *new_chan(size_t capacity) {
  gs_chan *chan = NULL;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), capacity), GS_OK);
  return chan;
}

static gs_chan *full_chan(int elem) {
  gs_chan *chan = new_chan(1);
  CHECK_EQ(gs_chan_try_send(chan, &elem), GS_OK);
  return chan;
}

static void check_unhooked(const gs_chan *chan) {
  gs__chan_check(chan);
  CHECK(gs__list_empty(&chan->receivers));
  CHECK(gs__list_empty(&chan->senders));
}

/* A goroutine that does one operation, and what came of it. */
struct job {
  gs_chan *chan;
  int elem;
  int result;
  bool done;
};

static void send(void *arg) {
  struct job *job = arg;
  job->result = gs_chan_send(job->chan, &job->elem);
  job->done = true;
}

static void receive(void *arg) {
  struct job *job = arg;
  job->result = gs_chan_recv(job->chan, &job->elem);
  job->done = true;
}

static void close_it(void *arg) { CHECK_EQ(gs_chan_close(arg), GS_OK); }

/* ---- one case is ready ---- */

TEST(the_ready_case_is_done_whatever_its_place) {
  for (int place = 0; place < 3; place++) {
    gs_chan *chans[3] = {new_chan(0), new_chan(0), new_chan(0)};
    gs_chan_release(chans[place]);
    chans[place] = full_chan(5);
    int elems[3] = {-1, -1, -1};
    struct gs_case cases[] = {GS_RECV(chans[0], &elems[0]),
                              GS_RECV(chans[1], &elems[1]),
                              GS_RECV(chans[2], &elems[2])};
    CHECK_EQ(gs_select(cases, 3), place);
    CHECK_EQ(cases[place].result, 1);
    for (int i = 0; i < 3; i++) {
      CHECK_EQ(elems[i], i == place ? 5 : -1);
      check_unhooked(chans[i]);
      gs_chan_release(chans[i]);
    }
  }
}

TEST(a_send_case_into_a_buffer) {
  gs_chan *full = full_chan(1);
  gs_chan *empty = new_chan(2);
  int elem = 7;
  struct gs_case cases[] = {GS_SEND(full, &elem), GS_SEND(empty, &elem)};
  CHECK_EQ(gs_select(cases, 2), 1);
  CHECK_EQ(cases[1].result, GS_OK);
  CHECK_EQ(gs_chan_len(empty), 1);
  CHECK_EQ(gs_chan_len(full), 1);
  gs_chan_release(full);
  gs_chan_release(empty);
}

TEST(a_closed_channel_is_ready_for_both_operations) {
  gs_chan *closed = new_chan(0);
  CHECK_EQ(gs_chan_close(closed), GS_OK);
  int elem = 7;
  struct gs_case sends[] = {GS_SEND(closed, &elem)};
  CHECK_EQ(gs_select(sends, 1), 0);
  CHECK_EQ(sends[0].result, GS_EPIPE);
  struct gs_case receives[] = {GS_RECV(closed, &elem)};
  CHECK_EQ(gs_select(receives, 1), 0);
  CHECK_EQ(receives[0].result, 0);
  CHECK_EQ(elem, 0);
  gs_chan_release(closed);
}

TEST(a_waiting_partner_makes_a_case_ready) {
  gs_chan *chan = new_chan(0);
  struct job job = {.chan = chan, .elem = 3};
  gs_go(send, &job);
  CHECK_EQ(gs_yield(), GS_OK);
  int elem = 0;
  struct gs_case receives[] = {GS_RECV(chan, &elem)};
  CHECK_EQ(gs_try_select(receives, 1), 0);
  CHECK_EQ(elem, 3);
  job = (struct job){.chan = chan};
  gs_go(receive, &job);
  CHECK_EQ(gs_yield(), GS_OK);
  elem = 4;
  struct gs_case sends[] = {GS_SEND(chan, &elem)};
  CHECK_EQ(gs_try_select(sends, 1), 0);
  CHECK_EQ(sends[0].result, GS_OK);
  harness_wait_for_others();
  CHECK_EQ(job.elem, 4);
  gs_chan_release(chan);
}

/* ---- none is ready ---- */

TEST(try_select_without_a_ready_case_changes_nothing) {
  gs_chan *empty = new_chan(1);
  gs_chan *full = full_chan(2);
  int elem = 9;
  struct gs_case cases[] = {GS_RECV(empty, &elem), GS_SEND(full, &elem),
                            GS_RECV(NULL, &elem), GS_SEND(NULL, &elem)};
  CHECK_EQ(gs_try_select(cases, 4), GS_EAGAIN);
  CHECK_EQ(gs_try_select(NULL, 0), GS_EAGAIN);
  CHECK_EQ(elem, 9);
  CHECK_EQ(gs_chan_len(full), 1);
  check_unhooked(empty);
  check_unhooked(full);
  gs_chan_release(empty);
  gs_chan_release(full);
}

TEST(a_waiting_select_is_woken_by_a_sender) {
  gs_chan *a = new_chan(0);
  gs_chan *b = new_chan(3);
  struct job job = {.chan = b, .elem = 8};
  gs_go(send, &job);
  int elem_a = -1;
  int elem_b = -1;
  struct gs_case cases[] = {GS_RECV(a, &elem_a), GS_RECV(b, &elem_b)};
  CHECK_EQ(gs_select(cases, 2), 1);
  CHECK_EQ(cases[1].result, 1);
  CHECK_EQ(elem_a, -1);
  CHECK_EQ(elem_b, 8);
  check_unhooked(a);
  check_unhooked(b);
  harness_wait_for_others();
  gs_chan_release(a);
  gs_chan_release(b);
}

TEST(a_waiting_select_is_woken_by_a_receiver) {
  gs_chan *a = full_chan(1);
  gs_chan *b = new_chan(0);
  struct job job = {.chan = a};
  gs_go(receive, &job);
  int elem = 8;
  struct gs_case cases[] = {GS_SEND(b, &elem), GS_SEND(a, &elem)};
  CHECK_EQ(gs_select(cases, 2), 1);
  CHECK_EQ(cases[1].result, GS_OK);
  harness_wait_for_others();
  CHECK_EQ(job.elem, 1);
  CHECK_EQ(gs_chan_try_recv(a, &elem), 1);
  CHECK_EQ(elem, 8);
  check_unhooked(a);
  check_unhooked(b);
  gs_chan_release(a);
  gs_chan_release(b);
}

TEST(a_waiting_select_is_woken_by_closing) {
  for (int sends = 0; sends <= 1; sends++) {
    gs_chan *a = new_chan(0);
    gs_chan *b = new_chan(0);
    gs_go(close_it, b);
    int elem = 8;
    struct gs_case cases[] = {GS_RECV(a, &elem), GS_RECV(b, &elem)};
    if (sends) cases[1] = GS_SEND(b, &elem);
    CHECK_EQ(gs_select(cases, 2), 1);
    CHECK_EQ(cases[1].result, sends ? GS_EPIPE : 0);
    CHECK_EQ(elem, sends ? 8 : 0);
    check_unhooked(a);
    check_unhooked(b);
    gs_chan_release(a);
    gs_chan_release(b);
  }
}

TEST(select_until_times_out_at_the_deadline_and_unhooks) {
  gs_chan *a = new_chan(0);
  gs_chan *b = full_chan(1);
  int elem = 5;
  int64_t deadline_ns = gs_now() + 3 * GS_SECOND;
  struct gs_case cases[] = {GS_RECV(a, &elem), GS_SEND(b, &elem),
                            GS_RECV(NULL, &elem)};
  CHECK_EQ(gs_select_until(cases, 3, deadline_ns), GS_ETIMEDOUT);
  CHECK_EQ(gs_now(), deadline_ns);
  CHECK_EQ(elem, 5);
  check_unhooked(a);
  check_unhooked(b);
  gs_chan_release(a);
  gs_chan_release(b);
}

TEST(select_until_with_a_past_deadline_still_does_what_is_ready) {
  gs_chan *chan = full_chan(6);
  int elem = 0;
  struct gs_case cases[] = {GS_RECV(chan, &elem)};
  CHECK_EQ(gs_select_until(cases, 1, INT64_MIN), 0);
  CHECK_EQ(elem, 6);
  CHECK_EQ(gs_select_until(cases, 1, INT64_MIN), GS_ETIMEDOUT);
  CHECK_EQ(gs_select_until(cases, 1, 0), GS_ETIMEDOUT);
  gs_chan_release(chan);
}

TEST(a_wake_before_the_deadline_takes_the_deadline_away) {
  gs_chan *chan = new_chan(0);
  struct job job = {.chan = chan, .elem = 1};
  gs_go(send, &job);
  int elem;
  struct gs_case cases[] = {GS_RECV(chan, &elem)};
  CHECK_EQ(gs_select_until(cases, 1, gs_now() + GS_SECOND), 0);
  CHECK_EQ(gs__sched.timers.count, 0);
  harness_wait_for_others();
  gs_chan_release(chan);
}

TEST(select_until_with_no_cases_is_a_sleep) {
  CHECK_EQ(gs_select_until(NULL, 0, gs_now() + GS_SECOND), GS_ETIMEDOUT);
  CHECK_EQ(gs_now(), GS_SECOND);
}

TEST(cases_of_null_channels_and_empty_cases_are_never_ready) {
  int elem = 3;
  struct gs_case cases[] = {{0}, GS_RECV(NULL, &elem), GS_SEND(NULL, &elem)};
  CHECK_EQ(gs_try_select(cases, 3), GS_EAGAIN);
  CHECK_EQ(gs_select_until(cases, 3, gs_now() + 10), GS_ETIMEDOUT);
  CHECK_EQ(elem, 3);
}

/* ---- bad use ---- */

TEST(bad_cases_are_refused) {
  gs_chan *chan = full_chan(1);
  int elem = 5;
  struct gs_case cases[] = {GS_RECV(chan, &elem), GS_RECV(chan, &elem)};
  cases[1].op = (enum gs_case_op)3;
  CHECK_EQ(gs_select(cases, 2), GS_EINVAL);
  CHECK_EQ(gs_try_select(cases, 2), GS_EINVAL);
  CHECK_EQ(gs_select_until(cases, 2, 0), GS_EINVAL);
  cases[1].op = (enum gs_case_op) - 1;
  CHECK_EQ(gs_select(cases, 2), GS_EINVAL);
  CHECK_EQ(gs_select(NULL, 1), GS_EINVAL);
  CHECK_EQ(gs_try_select(NULL, 1), GS_EINVAL);
  CHECK_EQ(gs_select(cases, (size_t)INT32_MAX + 1), GS_EINVAL);
  CHECK_EQ(gs_select(cases, SIZE_MAX), GS_EINVAL);
  CHECK_EQ(elem, 5);
  CHECK_EQ(gs_chan_len(chan), 1);
  gs_chan_release(chan);
}

HOST_TEST(outside_a_goroutine_select_does_only_what_is_ready) {
  gs_chan *chan = full_chan(6);
  int elem = 0;
  struct gs_case cases[] = {GS_RECV(chan, &elem)};
  CHECK_EQ(gs_select(cases, 1), 0);
  CHECK_EQ(elem, 6);
  CHECK_EQ(gs_select(cases, 1), GS_EPERM);
  CHECK_EQ(gs_select_until(cases, 1, 1), GS_EPERM);
  CHECK_EQ(gs_select(NULL, 0), GS_EPERM);
  CHECK_EQ(gs_try_select(cases, 1), GS_EAGAIN);
  check_unhooked(chan);
  gs_chan_release(chan);
}

TEST(select_until_reports_no_memory_and_leaves_no_trace) {
  gs_chan *chan = new_chan(0);
  int elem;
  struct gs_case cases[] = {GS_RECV(chan, &elem)};
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_select_until(cases, 1, gs_now() + 5), GS_ENOMEM);
  check_unhooked(chan);
  gs_chan_release(chan);
}

/* ---- the same channel more than once ---- */

TEST(the_same_channel_twice_receives_once) {
  gs_chan *chan = new_chan(0);
  struct job job = {.chan = chan, .elem = 4};
  gs_go(send, &job);
  int elems[3] = {0, 0, 0};
  struct gs_case cases[] = {GS_RECV(chan, &elems[0]), GS_RECV(chan, &elems[1]),
                            GS_RECV(chan, &elems[2])};
  int index = gs_select(cases, 3);
  CHECK(index >= 0 && index < 3);
  CHECK_EQ(elems[0] + elems[1] + elems[2], 4);
  CHECK_EQ(elems[index], 4);
  check_unhooked(chan);
  harness_wait_for_others();
  CHECK_EQ(job.result, GS_OK);
  gs_chan_release(chan);
}

static void close_first(void *arg) {
  gs_chan **chans = arg;
  CHECK_EQ(gs_chan_close(chans[0]), GS_OK);
  CHECK_EQ(gs_chan_close(chans[1]), GS_OK);
}

TEST(closing_a_channel_that_a_select_names_twice) {
  gs_chan *chans[2] = {new_chan(0), new_chan(0)};
  gs_go(close_first, chans);
  int elem;
  struct gs_case cases[] = {GS_RECV(chans[0], &elem), GS_RECV(chans[1], &elem),
                            GS_SEND(chans[0], &elem), GS_RECV(chans[0], NULL)};
  CHECK_EQ(gs_select(cases, 4), 0);
  CHECK_EQ(cases[0].result, 0);
  for (int i = 0; i < 2; i++) {
    check_unhooked(chans[i]);
    gs_chan_release(chans[i]);
  }
}

TEST(a_select_does_not_meet_itself) {
  gs_chan *chan = new_chan(0);
  int sent = 5;
  int received = -1;
  struct gs_case cases[] = {GS_SEND(chan, &sent), GS_RECV(chan, &received)};
  CHECK_EQ(gs_try_select(cases, 2), GS_EAGAIN);
  CHECK_EQ(gs_select_until(cases, 2, gs_now() + 10), GS_ETIMEDOUT);
  CHECK_EQ(received, -1);
  check_unhooked(chan);
  gs_chan_release(chan);
}

struct both {
  gs_chan *chan;
  int sent;
  int received;
  int index;
};

static void send_or_receive(void *arg) {
  struct both *both = arg;
  struct gs_case cases[] = {GS_SEND(both->chan, &both->sent),
                            GS_RECV(both->chan, &both->received)};
  both->index = gs_select(cases, 2);
}

TEST(two_selects_that_do_both_meet_each_other) {
  gs_chan *chan = new_chan(0);
  struct both a = {.chan = chan, .sent = 1, .received = -1, .index = -1};
  struct both b = {.chan = chan, .sent = 2, .received = -1, .index = -1};
  gs_go(send_or_receive, &a);
  gs_go(send_or_receive, &b);
  harness_wait_for_others();
  CHECK_EQ(a.index + b.index, 1);
  CHECK_EQ(a.index == 0 ? b.received : a.received, a.index == 0 ? 1 : 2);
  CHECK_EQ(a.index == 0 ? a.received : b.received, -1);
  check_unhooked(chan);
  gs_chan_release(chan);
}

/* ---- fairness ---- */

#define DRAWS 20000

/* Pearson's statistic against equal shares. */
static double chi_square(const int *counts, int cells, int draws) {
  double expected = (double)draws / cells;
  double sum = 0;
  for (int i = 0; i < cells; i++) {
    double off = counts[i] - expected;
    sum += off * off / expected;
  }
  return sum;
}

TEST(each_of_the_ready_cases_is_as_likely) {
  enum { CELLS = 5 };
  /* One case is not ready and one is empty: the others share. */
  gs_chan *empty = new_chan(1);
  gs_chan *ready[CELLS];
  struct gs_case cases[CELLS + 2] = {{0}, GS_RECV(empty, NULL)};
  for (int i = 0; i < CELLS; i++) {
    ready[i] = full_chan(i);
    cases[i + 2] = GS_RECV(ready[i], NULL);
  }
  int counts[CELLS] = {0};
  for (int i = 0; i < DRAWS; i++) {
    int index = i % 2 == 0 ? gs_select(cases, CELLS + 2)
                           : gs_try_select(cases, CELLS + 2);
    CHECK(index >= 2);
    counts[index - 2]++;
    CHECK_EQ(gs_chan_try_send(ready[index - 2], &i), GS_OK);
  }
  /* Four degrees of freedom: 18.5 is exceeded once in a thousand seeds. */
  CHECK(chi_square(counts, CELLS, DRAWS) < 18.5);
  for (int i = 0; i < CELLS; i++) gs_chan_release(ready[i]);
  gs_chan_release(empty);
}

TEST(two_of_many_are_as_likely) {
  enum { CASES = 64 };
  gs_chan *ready = new_chan(0);
  CHECK_EQ(gs_chan_close(ready), GS_OK);
  gs_chan *other = new_chan(0);
  struct gs_case cases[CASES];
  for (int i = 0; i < CASES; i++) cases[i] = GS_RECV(other, NULL);
  cases[0] = GS_RECV(ready, NULL);
  cases[CASES - 1] = GS_RECV(ready, NULL);
  int counts[2] = {0, 0};
  for (int i = 0; i < DRAWS; i++) counts[gs_select(cases, CASES) != 0]++;
  CHECK(chi_square(counts, 2, DRAWS) < 10.9);
  gs_chan_release(ready);
  gs_chan_release(other);
}

/* ---- many cases ---- */

#define MANY 1000

TEST(a_select_over_a_thousand_channels_wakes_for_any_of_them) {
  static gs_chan *chans[MANY];
  static struct gs_case cases[MANY];
  static int elems[MANY];
  for (int i = 0; i < MANY; i++) {
    chans[i] = new_chan(0);
    cases[i] = GS_RECV(chans[i], &elems[i]);
  }
  static const int places[] = {0, MANY - 1, MANY / 2, 1, 77};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    int place = places[i];
    struct job job = {.chan = chans[place], .elem = 100 + place};
    gs_go(send, &job);
    CHECK_EQ(gs_select(cases, MANY), place);
    CHECK_EQ(elems[place], 100 + place);
    harness_wait_for_others();
    CHECK_EQ(gs_select_until(cases, MANY, gs_now() + 5), GS_ETIMEDOUT);
    for (int c = 0; c < MANY; c++) check_unhooked(chans[c]);
  }
  for (int i = 0; i < MANY; i++) gs_chan_release(chans[i]);
}

static void select_many(void *arg) {
  struct job *job = arg;
  struct gs_case *cases = malloc(MANY * sizeof *cases);
  CHECK(cases != NULL);
  for (int i = 0; i < MANY; i++) cases[i] = GS_RECV(job->chan, &job->elem);
  job->result = gs_select(cases, MANY);
  free(cases);
}

TEST(many_selects_on_one_channel_are_served_in_order) {
  enum { SELECTS = 20 };
  gs_chan *chan = new_chan(0);
  struct job jobs[SELECTS];
  for (int i = 0; i < SELECTS; i++) {
    jobs[i] = (struct job){.chan = chan, .elem = -1};
    gs_go(select_many, &jobs[i]);
  }
  CHECK_EQ(gs_yield(), GS_OK);
  for (int i = 0; i < SELECTS; i++) CHECK_EQ(gs_chan_send(chan, &i), GS_OK);
  harness_wait_for_others();
  for (int i = 0; i < SELECTS; i++) CHECK_EQ(jobs[i].elem, i);
  check_unhooked(chan);
  gs_chan_release(chan);
}

/* ---- a select among plain waiters ---- */

TEST(a_select_and_plain_receivers_share_one_queue) {
  gs_chan *chan = new_chan(0);
  gs_chan *other = new_chan(0);
  struct job before = {.chan = chan};
  struct job after = {.chan = chan};
  gs_go(receive, &before);
  CHECK_EQ(gs_yield(), GS_OK);
  struct both selector = {.chan = chan, .sent = 50, .index = -1};
  gs_go(send_or_receive, &selector); /* it can send to `before` at once */
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(selector.index, 0);
  CHECK_EQ(before.elem, 50);
  struct both waiting = {.chan = chan, .sent = 60, .index = -1};
  gs_go(send_or_receive, &waiting);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_go(receive, &after);
  harness_wait_for_others();
  CHECK_EQ(waiting.index, 0);
  CHECK_EQ(after.elem, 60);
  check_unhooked(chan);
  gs_chan_release(chan);
  gs_chan_release(other);
}

/* ---- the draw ---- */

/* Every third of `count` cases is ready. */
static void draw_each(size_t count) {
  enum { CASES = 200 };
  static struct gs_case cases[CASES];
  gs_chan *empty;
  gs_chan *full;
  int elem = 1;
  CHECK_EQ(gs_chan_new(&empty, sizeof elem, 1), GS_OK);
  CHECK_EQ(gs_chan_new(&full, sizeof elem, 1), GS_OK);
  uint32_t ready = 0;
  for (size_t i = 0; i < count; i++) {
    bool is_ready = i % 3 == 1;
    ready += is_ready;
    cases[i] = is_ready ? GS_RECV(full, &elem) : GS_RECV(empty, &elem);
  }
  for (uint32_t n = 0; n < ready; n++) {
    uint32_t taken = n;
    uint32_t among = 0;
    struct gs__script script = {&taken, &among, 1, 0, 1};
    CHECK_EQ(gs_chan_send(full, &elem), GS_OK);
    gs__sched.script = &script;
    int index = gs_try_select(cases, count);
    gs__sched.script = NULL;
    CHECK_EQ(index, 1 + 3 * (int)n);
    CHECK_EQ(among, ready > 1 ? ready : 0);
    CHECK_EQ(cases[index].result, 1);
  }
  gs_chan_release(empty);
  gs_chan_release(full);
}

TEST(select_takes_the_case_that_was_drawn_of_any_number) {
  static const size_t counts[] = {2, 4, 8, 9, 63, 64, 65, 128, 129, 200};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    draw_each(counts[i]);
  }
}

/* Pipelines: what passes, in which order, how they end from either side and
 * from the middle, slow consumers, misuse, no memory, and every schedule. */
#include <gossamer/gossamer.h>
#include <string.h>

#include "alloc_fake.h"
#include "explore.h"
#include "harness.h"

#define CAP 300000

static gs_chan *chan(size_t capacity) {
  gs_chan *made = NULL;
  CHECK_EQ(gs_chan_new(&made, sizeof(int), capacity), GS_OK);
  return made;
}

/* Sends first, first + 1, ... until `count` are sent or nobody wants more. */
struct producer {
  gs_chan *to;
  int first;
  int count;
  int sent;
  int error; /* how it ended */
  bool closes;
};

static void produce(void *arg) {
  struct producer *p = arg;
  for (p->sent = 0; p->sent < p->count && p->error == GS_OK; p->sent++) {
    int value = p->first + p->sent;
    p->error = gs_chan_send(p->to, &value);
  }
  if (p->closes) gs_chan_close(p->to);
}

struct consumer {
  gs_chan *from;
  int limit;  /* closes after so many; 0: never */
  bool drops; /* the reference instead of closing */
  int64_t pause_ns;
  int got;
  int sum;
  int last;
  bool ordered;
};

static void consume(void *arg) {
  struct consumer *c = arg;
  c->ordered = true;
  int value = 0;
  while (gs_chan_recv(c->from, &value) > 0) {
    c->ordered = c->ordered && value > c->last;
    c->last = value;
    c->sum += value;
    c->got++;
    if (c->got == c->limit) break;
    if (c->pause_ns > 0) CHECK_EQ(gs_sleep(c->pause_ns), GS_OK);
  }
  if (!c->drops) gs_chan_close(c->from);
  gs_chan_release(c->from);
}

static void start(gs_func *fn, void *arg) { CHECK(gs_go(fn, arg) > 0); }

/* ---- merge ---- */

TEST(merge_passes_everything_and_ends_with_its_inputs) {
  struct producer p[3];
  gs_chan *ins[3];
  for (int i = 0; i < 3; i++) {
    ins[i] = chan((size_t)i);
    p[i] = (struct producer){
        .to = ins[i], .first = i * 100, .count = 50, .closes = true};
  }
  gs_chan *out = NULL;
  CHECK_EQ(gs_chan_merge(&out, ins, 3, 2), GS_OK);
  CHECK_EQ(gs_chan_cap(out), 2);
  for (int i = 0; i < 3; i++) start(produce, &p[i]);
  int last[3] = {-1, 99, 199};
  int got = 0;
  int value = 0;
  while (gs_chan_recv(out, &value) > 0) {
    CHECK(value > last[value / 100]); /* in the order of their input */
    last[value / 100] = value;
    got++;
  }
  CHECK_EQ(got, 150);
  harness_wait_for_others();
  for (int i = 0; i < 3; i++) gs_chan_release(ins[i]);
  gs_chan_release(out);
}

static void check_consumer_ends_producers(bool drops) {
  struct producer p[2];
  gs_chan *ins[2];
  for (int i = 0; i < 2; i++) {
    ins[i] = chan(0);
    p[i] = (struct producer){.to = ins[i], .first = 1, .count = 1000};
  }
  gs_chan *out = NULL;
  CHECK_EQ(gs_chan_merge(&out, ins, 2, 0), GS_OK);
  for (int i = 0; i < 2; i++) start(produce, &p[i]);
  struct consumer c = {.from = out, .limit = 5, .drops = drops};
  start(consume, &c);
  harness_wait_for_others();
  for (int i = 0; i < 2; i++) {
    CHECK_EQ(p[i].error, GS_EPIPE);
    gs_chan_release(ins[i]);
  }
}

TEST(merge_whose_consumer_closes_ends_its_producers) {
  check_consumer_ends_producers(false);
}

TEST(merge_whose_consumer_drops_it_ends_its_producers) {
  check_consumer_ends_producers(true);
}

TEST(merge_that_waits_for_inputs_learns_at_once_that_it_is_not_wanted) {
  gs_chan *ins[2] = {chan(0), chan(0)};
  gs_chan *out = NULL;
  CHECK_EQ(gs_chan_merge(&out, ins, 2, 0), GS_OK);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_chan_release(out);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_count(), 1);
  int value = 1;
  CHECK_EQ(gs_chan_send(ins[0], &value), GS_EPIPE);
  gs_chan_release(ins[0]);
  gs_chan_release(ins[1]);
  /* And before it ran at all. */
  gs_chan *in = chan(0);
  CHECK_EQ(gs_chan_merge(&out, &in, 1, 0), GS_OK);
  gs_chan_release(out);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_count(), 1);
  gs_chan_release(in);
}

/* ---- tee ---- */

TEST(tee_gives_everything_to_everybody) {
  gs_chan *in = chan(0);
  gs_chan *outs[3];
  CHECK_EQ(gs_chan_tee(outs, 3, in, 1), GS_OK);
  struct producer p = {.to = in, .first = 1, .count = 10, .closes = true};
  struct consumer c[3];
  for (int i = 0; i < 3; i++) {
    c[i] = (struct consumer){.from = outs[i], .pause_ns = i * 7};
    start(consume, &c[i]);
  }
  start(produce, &p);
  harness_wait_for_others();
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(c[i].sum, 55);
    CHECK(c[i].ordered);
  }
  gs_chan_release(in);
}

TEST(tee_is_as_slow_as_the_slowest_but_for_the_buffers) {
  gs_chan *in = chan(0);
  gs_chan *outs[2];
  CHECK_EQ(gs_chan_tee(outs, 2, in, 3), GS_OK);
  struct producer p = {.to = in, .first = 1, .count = 100};
  struct consumer fast = {.from = outs[0]};
  start(consume, &fast);
  start(produce, &p);
  CHECK_EQ(gs_sleep(10), GS_OK);
  CHECK_EQ(fast.got, 4);    /* 3 are in the other's buffer */
  CHECK_EQ(p.sent, 4);      /* and one on its way */
  gs_chan_release(outs[1]); /* it is not wanted: nothing holds back now */
  CHECK_EQ(gs_sleep(10), GS_OK);
  CHECK_EQ(fast.got, 100);
  gs_chan_close(in);
  harness_wait_for_others();
  CHECK_EQ(fast.sum, 5050);
  gs_chan_release(in);
}

TEST(tee_goes_on_for_those_who_want_more_and_ends_with_the_last) {
  gs_chan *in = chan(0);
  gs_chan *outs[3];
  CHECK_EQ(gs_chan_tee(outs, 3, in, 0), GS_OK);
  struct producer p = {.to = in, .first = 1, .count = 1000};
  struct consumer c[3];
  for (int i = 0; i < 3; i++) {
    c[i] = (struct consumer){
        .from = outs[i], .limit = 3 * (i + 1), .drops = i == 1};
    start(consume, &c[i]);
  }
  start(produce, &p);
  harness_wait_for_others();
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(c[i].got, 3 * (i + 1));
    CHECK(c[i].ordered);
    CHECK_EQ(c[i].last, c[i].got); /* none is left out or doubled */
  }
  CHECK_EQ(p.error, GS_EPIPE);
  gs_chan_release(in);
}

/* ---- distribute ---- */

TEST(distribute_gives_each_element_to_one) {
  gs_chan *in = chan(0);
  gs_chan *outs[3];
  CHECK_EQ(gs_chan_distribute(outs, 3, in, 0), GS_OK);
  struct producer p = {.to = in, .first = 1, .count = 100, .closes = true};
  struct consumer c[3];
  for (int i = 0; i < 3; i++) {
    c[i] = (struct consumer){.from = outs[i], .pause_ns = 1 + 100 * i};
    start(consume, &c[i]);
  }
  start(produce, &p);
  harness_wait_for_others();
  CHECK_EQ(c[0].sum + c[1].sum + c[2].sum, 5050);
  CHECK(c[0].ordered && c[1].ordered && c[2].ordered);
  CHECK(c[0].got > c[1].got && c[1].got >= c[2].got); /* the slow get fewer */
  CHECK(c[2].got >= 1);
  gs_chan_release(in);
}

TEST(distribute_passes_by_those_who_want_no_more) {
  gs_chan *in = chan(0);
  gs_chan *outs[2];
  CHECK_EQ(gs_chan_distribute(outs, 2, in, 0), GS_OK);
  struct producer p = {.to = in, .first = 1, .count = 50};
  start(produce, &p);
  CHECK_EQ(gs_sleep(10), GS_OK); /* it waits for either */
  gs_chan_release(outs[0]);
  struct consumer c = {.from = outs[1], .limit = 20};
  start(consume, &c);
  harness_wait_for_others();
  CHECK_EQ(c.last, 20); /* the one on its way was not lost */
  CHECK_EQ(p.error, GS_EPIPE);
  gs_chan_release(in);
}

/* ---- together ---- */

static void check_chain(int limit) {
  gs_chan *in = chan(0);
  gs_chan *teed[2];
  gs_chan *spread[3];
  gs_chan *merged = NULL;
  CHECK_EQ(gs_chan_tee(teed, 2, in, 1), GS_OK);
  CHECK_EQ(gs_chan_distribute(spread, 2, teed[0], 0), GS_OK);
  spread[2] = teed[1];
  CHECK_EQ(gs_chan_merge(&merged, spread, 3, 0), GS_OK);
  for (int i = 0; i < 3; i++) gs_chan_release(spread[i]);
  gs_chan_release(teed[0]);
  struct producer p = {.to = in, .first = 1, .count = 100, .closes = true};
  struct consumer c = {.from = merged, .limit = limit, .drops = true};
  start(produce, &p);
  start(consume, &c);
  harness_wait_for_others();
  if (limit == 0) CHECK_EQ(c.sum, 2 * 5050);
  CHECK_EQ(p.error, limit == 0 ? GS_OK : GS_EPIPE);
  gs_chan_release(in);
}

TEST(a_chain_of_stages_passes_everything) { check_chain(0); }

TEST(a_chain_of_stages_ends_backwards_when_its_end_is_dropped) {
  for (int limit = 1; limit <= 12; limit++) check_chain(limit);
}

TEST(a_context_ends_stages_on_both_sides) {
  gs_ctx *ctx = NULL;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  gs_chan *ins[3] = {chan(0), chan(0), chan(0)};
  gs_chan *outs[5];
  gs_ctx *outer = gs_ctx_enter(ctx);
  CHECK_EQ(gs_chan_merge(&outs[0], &ins[0], 1, 0), GS_OK);
  CHECK_EQ(gs_chan_tee(&outs[1], 2, ins[1], 0), GS_OK);
  CHECK_EQ(gs_chan_distribute(&outs[3], 2, ins[2], 0), GS_OK);
  gs_ctx_leave(outer);
  struct producer p[3];
  for (int i = 0; i < 3; i++) {
    p[i] = (struct producer){.to = ins[i], .first = 1, .count = 5};
    if (i > 0) start(produce, &p[i]); /* the merge waits for its input */
  }
  CHECK_EQ(gs_sleep(10), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  harness_wait_for_others();
  for (int i = 0; i < 5; i++) {
    int value = 1;
    CHECK_EQ(gs_chan_recv(outs[i], &value), 0);
    gs_chan_release(outs[i]);
  }
  for (int i = 0; i < 3; i++) {
    if (i > 0) CHECK_EQ(p[i].error, GS_EPIPE);
    CHECK_EQ(gs_chan_close(ins[i]), GS_EPIPE);
    gs_chan_release(ins[i]);
  }
  gs_ctx_release(ctx);
}

TEST(pipeline_misuse_is_an_error) {
  gs_chan *ints = chan(0);
  gs_chan *bytes = NULL;
  CHECK_EQ(gs_chan_new(&bytes, 1, 0), GS_OK);
  gs_chan *mixed[3] = {ints, bytes, NULL};
  gs_chan *outs[2] = {NULL, NULL};
  CHECK_EQ(gs_chan_merge(outs, mixed, 2, 0), GS_EINVAL);
  CHECK_EQ(gs_chan_merge(outs, mixed, 0, 0), GS_EINVAL);
  CHECK_EQ(gs_chan_merge(outs, mixed + 2, 1, 0), GS_EINVAL);
  CHECK_EQ(gs_chan_merge(outs, NULL, 1, 0), GS_EINVAL);
  CHECK_EQ(gs_chan_merge(NULL, mixed, 1, 0), GS_EINVAL);
  CHECK_EQ(gs_chan_tee(outs, 2, NULL, 0), GS_EINVAL);
  CHECK_EQ(gs_chan_tee(outs, 0, ints, 0), GS_EINVAL);
  CHECK_EQ(gs_chan_distribute(NULL, 2, ints, 0), GS_EINVAL);
  CHECK_EQ(gs_chan_tee(outs, SIZE_MAX / 16, ints, 0), GS_ENOMEM);
  CHECK_EQ(gs_chan_merge(outs, mixed, 1, SIZE_MAX), GS_ENOMEM);
  CHECK(outs[0] == NULL && outs[1] == NULL);
  CHECK_EQ(gs_count(), 1);
  gs_chan_release(ints);
  gs_chan_release(bytes);
}

TEST(a_pipeline_without_memory) {
  gs_chan *in = chan(0);
  for (uint32_t good = 0; good < 4; good++) {
    gs_chan *outs[2] = {NULL, NULL};
    alloc_fake_fail_after(good);
    int result = gs_chan_tee(outs, 2, in, 0);
    if (alloc_fake_never_fail()) {
      CHECK_EQ(result, GS_OK);
      gs_chan_release(outs[0]);
      gs_chan_release(outs[1]);
      harness_wait_for_others();
    } else {
      CHECK_EQ(result, GS_ENOMEM);
      CHECK(outs[0] == NULL && outs[1] == NULL);
    }
  }
  gs_chan_release(in);
}

GS_CHAN_TYPE(int_chan, int);

TEST(typed_pipelines) {
  int_chan in = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&in, 3), GS_OK);
  for (int i = 1; i <= 3; i++) CHECK_EQ(gs_send(in, i), GS_OK);
  CHECK_EQ(gs_close(in), GS_OK);
  int_chan teed[2];
  CHECK_EQ(gs_tee(teed, 2, in, 1), GS_OK);
  int_chan spread[2];
  CHECK_EQ(gs_distribute(spread, 2, teed[0], 1), GS_OK);
  int_chan all[3] = {spread[0], spread[1], teed[1]};
  int_chan merged = GS_CHAN_NULL;
  CHECK_EQ(gs_merge(&merged, all, 3, 1), GS_OK);
  int sum = 0;
  int value = 0;
  while (gs_recv(merged, &value) > 0) sum += value;
  CHECK_EQ(sum, 12);
  gs_release(in);
  gs_release(teed[0]);
  for (int i = 0; i < 3; i++) gs_release(all[i]);
  gs_release(merged);
}

/* ---- every schedule ---- */

static void tee_with_one_who_leaves(void *arg) {
  gs_chan *in = chan(0);
  gs_chan *outs[2];
  CHECK_EQ(gs_chan_tee(outs, 2, in, 0), GS_OK);
  struct producer p = {.to = in, .first = 1, .count = 2, .closes = true};
  struct consumer stays = {.from = outs[*(const int *)arg]};
  struct consumer leaves = {
      .from = outs[1 - *(const int *)arg], .limit = 1, .drops = true};
  start(produce, &p);
  start(consume, &stays);
  start(consume, &leaves);
  harness_run_all();
  CHECK_EQ(p.error, GS_OK);
  CHECK_EQ(stays.sum, 3);
  CHECK(stays.ordered);
  CHECK_EQ(leaves.sum, 1);
  gs_chan_release(in);
}

static void distribute_to_one_who_leaves(void *arg) {
  (void)arg;
  gs_chan *in = chan(0);
  gs_chan *outs[2];
  CHECK_EQ(gs_chan_distribute(outs, 2, in, 0), GS_OK);
  struct producer p = {.to = in, .first = 1, .count = 3, .closes = true};
  struct consumer stays = {.from = outs[0]};
  struct consumer leaves = {.from = outs[1], .limit = 1};
  start(produce, &p);
  start(consume, &stays);
  start(consume, &leaves);
  harness_run_all();
  CHECK_EQ(p.error, GS_OK);
  CHECK_EQ(stays.sum + leaves.sum, 6);
  gs_chan_release(in);
}

static void merge_that_is_dropped(void *arg) {
  gs_chan *ins[2] = {chan(0), chan(0)};
  gs_chan *out = NULL;
  CHECK_EQ(gs_chan_merge(&out, ins, 2, 0), GS_OK);
  struct producer p[2];
  for (int i = 0; i < 2; i++) {
    p[i] = (struct producer){
        .to = ins[i], .first = 1 + i, .count = 2, .closes = i == 0};
    start(produce, &p[i]);
  }
  struct consumer c = {.from = out, .limit = *(const int *)arg, .drops = true};
  start(consume, &c);
  harness_run_all();
  CHECK_EQ(c.got, c.limit);
  gs_chan_release(ins[0]);
  gs_chan_release(ins[1]);
}

HOST_TEST(pipelines_hold_under_every_schedule) {
  struct explored explored = {0, 0};
  for (int i = 0; i < 2; i++) {
    explore(&explored, CAP, tee_with_one_who_leaves, &i);
  }
  explore(&explored, CAP, distribute_to_one_who_leaves, NULL);
  int limit = 1;
  explore(&explored, CAP, merge_that_is_dropped, &limit);
  printf("# %llu schedules, %u scenarios capped\n",
         (unsigned long long)explored.schedules, (unsigned)explored.capped);
}

/* Contexts: what they say of themselves, their tree, the current one, regions
 * that are shielded, conditions, and every schedule of a cancel. */
#include <gossamer/gossamer.h>

#include "../../src/runtime.h"
#include "../../src/sched/sched.h"
#include "alloc_fake.h"
#include "explore.h"
#include "harness.h"

static int64_t result;
static unsigned ended;

static void receive_shielded(void *arg) {
  gs_ctx_shield();
  gs_ctx_shield();
  gs_ctx_unshield();
  result = gs_chan_recv(arg, NULL);
  gs_ctx_unshield();
  ended++;
}

TEST(a_shielded_wait_does_not_end) {
  gs_ctx *ctx;
  gs_chan *empty;
  CHECK_EQ(gs_chan_new(&empty, sizeof(int), 0), GS_OK);
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  ended = 0;
  CHECK(gs_go(receive_shielded, empty) > 0);
  gs_ctx_leave(outer);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(ended, 0);
  int n = 4;
  CHECK_EQ(gs_chan_send(empty, &n), GS_OK);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(ended, 1);
  CHECK_EQ(result, 1);
  gs_ctx_release(ctx);
  gs_chan_release(empty);
}

static void shield_and_unshield(void *arg) {
  (void)arg;
  gs_ctx_shield();
  CHECK_EQ(gs_sleep(1), GS_OK);
  gs_ctx_unshield();
  CHECK_EQ(gs_sleep(1), GS_ECANCELED);
  gs_ctx_unshield(); /* one too many does nothing */
  CHECK_EQ(gs_sleep(1), GS_ECANCELED);
}

TEST(after_the_shield_waits_end_again) {
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  gs_ctx *outer = gs_ctx_enter(ctx);
  CHECK(gs_go(shield_and_unshield, NULL) > 0);
  gs_ctx_leave(outer);
  gs_ctx_release(ctx);
  harness_wait_for_others();
}

/* ---- what goes on at once does ---- */

static unsigned turns;
static void count_turn(void *arg) {
  (void)arg;
  turns++;
}

TEST(in_a_done_context_what_need_not_wait_goes_on) {
  gs_ctx *ctx;
  gs_chan *chan;
  int n = 7;
  turns = 0;
  CHECK_EQ(gs_chan_new(&chan, sizeof n, 1), GS_OK);
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  gs_ctx *outer = gs_ctx_enter(ctx);
  CHECK_EQ(gs_chan_send(chan, &n), GS_OK);
  CHECK_EQ(gs_chan_recv(chan, &n), 1);
  gs_mutex mutex = GS_SYNC_INIT;
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
  /* A yield does its work and tells. */
  CHECK(gs_go(count_turn, NULL) > 0);
  CHECK_EQ(gs_yield(), GS_ECANCELED);
  CHECK_EQ(turns, 1);
  gs_ctx_leave(outer);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_ctx_release(ctx);
  gs_chan_release(chan);
}

/* ---- conditions ---- */

static gs_cond cond;
static gs_mutex mutex;

static void wait_for_cond(void *arg) {
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  *(int *)arg = gs_cond_wait(&cond, &mutex);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}

static int start_cond_waiter(gs_ctx *ctx, int *waited) {
  *waited = 1;
  gs_ctx *outer = gs_ctx_enter(ctx);
  CHECK(gs_go(wait_for_cond, waited) > 0);
  gs_ctx_leave(outer);
  return gs_yield();
}

TEST(a_canceled_cond_wait_ends_with_the_mutex) {
  gs_ctx *ctx;
  int waited;
  cond = (gs_cond)GS_SYNC_INIT;
  mutex = (gs_mutex)GS_SYNC_INIT;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK_EQ(start_cond_waiter(ctx, &waited), GS_OK);
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(waited, 1); /* it waits for the mutex now */
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(waited, GS_ECANCELED);
  CHECK_EQ(gs_cond_signal(&cond), 0);
  gs_ctx_release(ctx);
}

TEST(a_signaled_cond_waiter_is_not_canceled_on_its_way_to_the_mutex) {
  gs_ctx *ctx;
  int waited;
  cond = (gs_cond)GS_SYNC_INIT;
  mutex = (gs_mutex)GS_SYNC_INIT;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK_EQ(start_cond_waiter(ctx, &waited), GS_OK);
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_EQ(gs_cond_signal(&cond), 1);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(waited, GS_OK);
  gs_ctx_release(ctx);
}

TEST(in_a_done_context_a_cond_wait_gives_way_and_has_the_mutex_again) {
  gs_ctx *ctx;
  int waited;
  cond = (gs_cond)GS_SYNC_INIT;
  mutex = (gs_mutex)GS_SYNC_INIT;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  CHECK_EQ(start_cond_waiter(ctx, &waited), GS_OK);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(waited, GS_ECANCELED);
  CHECK_EQ(gs_mutex_try_lock(&mutex), GS_OK);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
  gs_ctx_release(ctx);
}

/* ---- the tree ---- */

TEST(contexts_below_are_done_too_and_those_above_are_not) {
  gs_ctx *top;
  gs_ctx *middle;
  gs_ctx *leaf;
  gs_ctx *sibling;
  gs_ctx *detached;
  CHECK_EQ(gs_ctx_new(&top, NULL), GS_OK);
  CHECK_EQ(gs_ctx_new(&middle, top), GS_OK);
  CHECK_EQ(gs_ctx_new(&leaf, middle), GS_OK);
  CHECK_EQ(gs_ctx_new(&sibling, top), GS_OK);
  CHECK_EQ(gs_ctx_new_detached(&detached, middle), GS_OK);
  gs_ctx_release(leaf);
  CHECK_EQ(gs_ctx_new(&leaf, middle), GS_OK);
  CHECK_EQ(gs_ctx_cancel(middle, GS_EPIPE), 1);
  CHECK_EQ(gs_ctx_cancel(middle, GS_EIO), 0);
  CHECK_EQ(gs_ctx_error(leaf), GS_ECANCELED);
  CHECK_EQ(gs_ctx_cause(leaf), GS_EPIPE);
  CHECK_EQ(gs_ctx_error(top), 0);
  CHECK_EQ(gs_ctx_cause(top), 0);
  CHECK_EQ(gs_ctx_error(sibling), 0);
  CHECK_EQ(gs_ctx_error(detached), 0);
  gs_ctx *late;
  CHECK_EQ(gs_ctx_new(&late, leaf), GS_OK);
  CHECK_EQ(gs_ctx_error(late), GS_ECANCELED);
  CHECK_EQ(gs_ctx_cause(late), GS_EPIPE);
  CHECK_EQ(gs_ctx_cancel(top, 0), 1);
  CHECK_EQ(gs_ctx_cause(sibling), GS_ECANCELED);
  CHECK_EQ(gs_ctx_cause(leaf), GS_EPIPE);
  CHECK_EQ(gs_ctx_error(detached), 0);
  gs_ctx_release(top); /* kept by those below */
  gs_ctx_release(middle);
  gs_ctx_release(late);
  gs_ctx_release(leaf);
  gs_ctx_release(detached);
  gs_ctx_release(sibling);
}

TEST(a_deep_tree_ends_and_is_freed_without_recursion) {
  gs_ctx *top;
  CHECK_EQ(gs_ctx_new(&top, NULL), GS_OK);
  gs_ctx *last = gs_ctx_retain(top);
  for (int i = 0; i < 100000; i++) {
    gs_ctx *next;
    CHECK_EQ(gs_ctx_new(&next, last), GS_OK);
    gs_ctx_release(last);
    last = next;
  }
  CHECK_EQ(gs_ctx_cancel(top, 0), 1);
  gs_ctx_release(top);
  CHECK_EQ(gs_ctx_error(last), GS_ECANCELED);
  gs_ctx_release(last);
}

TEST(deadlines_are_the_earliest_of_those_above) {
  gs_ctx *late;
  gs_ctx *early;
  gs_ctx *below;
  gs_ctx *detached;
  CHECK_EQ(gs_ctx_deadline(NULL), GS_FOREVER);
  CHECK_EQ(gs_ctx_new_until(&early, NULL, gs_deadline(10)), GS_OK);
  CHECK_EQ(gs_ctx_new_until(&late, early, gs_deadline(20)), GS_OK);
  CHECK_EQ(gs_ctx_new_until(&below, late, gs_deadline(15)), GS_OK);
  CHECK_EQ(gs_ctx_new_detached(&detached, early), GS_OK);
  CHECK_EQ(gs_ctx_deadline(below), gs_now() + 10);
  CHECK_EQ(gs_ctx_deadline(late), gs_now() + 10);
  CHECK_EQ(gs_ctx_deadline(detached), GS_FOREVER);
  CHECK_EQ(gs_sleep(10), GS_OK);
  CHECK_EQ(gs_ctx_error(below), GS_ETIMEDOUT);
  CHECK_EQ(gs_ctx_cause(below), GS_ETIMEDOUT);
  CHECK_EQ(gs_ctx_error(detached), 0);
  CHECK_EQ(gs_ctx_cancel(below, 0), 0);
  gs_ctx_release(late);
  gs_ctx_release(early);
  gs_ctx_release(below);
  gs_ctx_release(detached);
}

TEST(a_deadline_in_the_past_is_done_from_the_start) {
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new_timeout(&ctx, NULL, -5), GS_OK);
  CHECK_EQ(gs_ctx_error(ctx), GS_ETIMEDOUT);
  gs_ctx_release(ctx);
}

TEST(a_canceled_context_does_not_time_out_later) {
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new_timeout(&ctx, NULL, 10), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, GS_EIO), 1);
  CHECK_EQ(gs_sleep(20), GS_OK);
  CHECK_EQ(gs_ctx_error(ctx), GS_ECANCELED);
  CHECK_EQ(gs_ctx_cause(ctx), GS_EIO);
  gs_ctx_release(ctx);
}

TEST(values_are_found_upwards) {
  static const char color, size;
  int red = 1;
  int blue = 2;
  gs_ctx *a;
  gs_ctx *b;
  gs_ctx *c;
  CHECK_EQ(gs_ctx_new_value(&a, NULL, NULL, &red), GS_EINVAL);
  CHECK_EQ(gs_ctx_new_value(&a, NULL, &color, &red), GS_OK);
  CHECK_EQ(gs_ctx_new_value(&b, a, &size, &blue), GS_OK);
  CHECK_EQ(gs_ctx_new_detached(&c, b), GS_OK);
  CHECK_EQ(gs_ctx_value(c, &color), &red);
  CHECK_EQ(gs_ctx_value(c, &size), &blue);
  CHECK_EQ(gs_ctx_value(a, &size), NULL);
  CHECK_EQ(gs_ctx_value(NULL, &size), NULL);
  CHECK_EQ(gs_ctx_value(c, NULL), NULL);
  gs_ctx_release(a);
  gs_ctx_release(b);
  gs_ctx_release(c);
}

/* ---- the current context ---- */

static gs_ctx *seen;
static void look(void *arg) {
  (void)arg;
  seen = gs_ctx_current();
}

TEST(a_goroutine_inherits_the_context_it_was_started_in) {
  gs_ctx *outer_ctx;
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_current(), NULL);
  CHECK_EQ(gs_ctx_new(&outer_ctx, NULL), GS_OK);
  CHECK_EQ(gs_ctx_new(&ctx, outer_ctx), GS_OK);
  gs_ctx *outermost = gs_ctx_enter(outer_ctx);
  CHECK_EQ(outermost, NULL);
  gs_ctx *outer = gs_ctx_enter(ctx);
  gs_ctx *held = ctx;
  gs_ctx_release(ctx); /* the goroutine has a reference too */
  CHECK_EQ(gs_ctx_current(), held);
  CHECK(gs_go(look, NULL) > 0);
  gs_ctx_leave(outer);
  CHECK_EQ(gs_ctx_current(), outer_ctx);
  gs_ctx_leave(outermost);
  CHECK_EQ(gs_ctx_current(), NULL);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(seen, held);
  gs_ctx_release(outer_ctx);
}

static gs_timer *timer;
TEST(what_a_timer_starts_is_in_the_background) {
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  seen = ctx;
  CHECK_EQ(gs_timer_func(&timer, 5, 0, look, NULL), GS_OK);
  CHECK_EQ(gs_sleep(10), GS_OK);
  CHECK_EQ(seen, NULL);
  gs_ctx_leave(outer);
  gs_timer_release(timer);
  gs_ctx_release(ctx);
}

/* ---- waiting for a context ---- */

static void wait_for_ctx(void *arg) {
  result = gs_ctx_wait(arg);
  ended++;
}

TEST(a_context_can_be_waited_for_and_selected) {
  gs_ctx *ctx;
  gs_chan *done;
  ended = 0;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK_EQ(gs_ctx_chan(&done, ctx), GS_OK);
  CHECK_EQ(gs_chan_try_recv(done, NULL), GS_EAGAIN);
  CHECK_EQ(gs_ctx_wait_until(ctx, gs_deadline(5)), GS_ETIMEDOUT);
  CHECK_EQ(gs_ctx_wait_until(NULL, gs_deadline(5)), GS_ETIMEDOUT);
  CHECK(gs_go(wait_for_ctx, ctx) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(ended, 1);
  CHECK_EQ(result, GS_OK);
  CHECK_EQ(gs_ctx_wait(ctx), GS_OK);
  struct gs_case cases[] = {GS_RECV(done, NULL)};
  CHECK_EQ(gs_select(cases, 1), 0);
  CHECK_EQ(cases[0].result, 0);
  gs_ctx_release(ctx);

  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  CHECK_EQ(gs_ctx_chan(&done, ctx), GS_OK); /* asked for late */
  CHECK_EQ(gs_chan_try_recv(done, NULL), 0);
  gs_ctx_release(ctx);
  CHECK_EQ(gs_ctx_chan(&done, NULL), GS_OK);
  CHECK_EQ(done, NULL);
}

static void wait_for_own_ctx(void *arg) {
  (void)arg;
  result = gs_ctx_wait(gs_ctx_current());
}

TEST(waiting_for_ones_own_context_succeeds) {
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  CHECK(gs_go(wait_for_own_ctx, NULL) > 0);
  gs_ctx_leave(outer);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(result, GS_OK);
  gs_ctx_release(ctx);
}

/* ---- misuse and no memory ---- */

TEST(contexts_refuse_what_is_wrong) {
  CHECK_EQ(gs_ctx_new(NULL, NULL), GS_EINVAL);
  CHECK_EQ(gs_ctx_chan(NULL, NULL), GS_EINVAL);
  CHECK_EQ(gs_ctx_cancel(NULL, 0), GS_EINVAL);
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, 1), GS_EINVAL);
  CHECK_EQ(gs_ctx_error(ctx), 0);
  gs_ctx_release(ctx);
  gs_ctx_release(NULL);
  CHECK_EQ(gs_ctx_retain(NULL), NULL);
  CHECK_EQ(gs_ctx_error(NULL), 0);
}

TEST(without_memory_a_context_is_not_made) {
  gs_ctx *ctx = NULL;
  int error = GS_ENOMEM;
  for (uint32_t good = 0; error != GS_OK; good++) {
    alloc_fake_fail_after(good);
    error = gs_ctx_new_until(&ctx, NULL, gs_deadline(GS_SECOND));
    alloc_fake_never_fail();
    if (error != GS_OK) {
      CHECK_EQ(error, GS_ENOMEM);
      CHECK_EQ(ctx, NULL);
    }
  }
  gs_chan *done = NULL;
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_ctx_chan(&done, ctx), GS_ENOMEM);
  alloc_fake_never_fail();
  CHECK_EQ(done, NULL);
  gs_ctx_release(ctx);
}

HOST_TEST(outside_a_goroutine_there_is_no_current_context) {
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK_EQ(gs_ctx_enter(ctx), NULL);
  CHECK_EQ(gs_ctx_current(), NULL);
  gs_ctx_leave(NULL);
  gs_ctx_shield();
  gs_ctx_unshield();
  CHECK_EQ(gs_ctx_wait(ctx), GS_EPERM);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  CHECK_EQ(gs_ctx_wait(ctx), GS_OK);
  gs_ctx_release(ctx);
}

/* ---- every schedule ---- */

static struct {
  gs_ctx *ctx;
  gs_chan *chan;
  gs_mutex mutex;
  int sent, received;
} race;

static void race_send(void *arg) {
  int n = (int)(intptr_t)arg;
  if (gs_chan_send(race.chan, &n) == GS_OK) race.sent++;
}
static void race_recv(void *arg) {
  (void)arg;
  int n = 0;
  int got = gs_chan_recv(race.chan, &n);
  CHECK(got == 1 || got == GS_ECANCELED);
  if (got == 1) race.received++;
}
static void race_cancel(void *arg) {
  (void)arg;
  CHECK_EQ(gs_ctx_cancel(race.ctx, 0), 1);
}
static void race_lock(void *arg) {
  (void)arg;
  if (gs_mutex_lock(&race.mutex) != GS_OK) return;
  gs_yield();
  CHECK_EQ(gs_mutex_unlock(&race.mutex), GS_OK);
}

static void cancel_races_hand_over(void *arg) {
  (void)arg;
  race.sent = race.received = 0;
  CHECK_EQ(gs_chan_new(&race.chan, sizeof(int), 0), GS_OK);
  CHECK_EQ(gs_ctx_new(&race.ctx, NULL), GS_OK);
  gs_ctx *outer = gs_ctx_enter(race.ctx);
  CHECK(gs_go(race_send, (void *)1) > 0);
  CHECK(gs_go(race_recv, NULL) > 0);
  CHECK(gs_go(race_lock, NULL) > 0);
  CHECK(gs_go(race_lock, NULL) > 0);
  gs_ctx_leave(outer);
  CHECK(gs_go(race_cancel, NULL) > 0);
  harness_wait_for_others();
  CHECK_EQ(race.sent, race.received);
  CHECK_EQ(gs_mutex_try_lock(&race.mutex), GS_OK);
  CHECK_EQ(gs_mutex_unlock(&race.mutex), GS_OK);
  gs_chan_release(race.chan);
  gs_ctx_release(race.ctx);
}

TEST(under_every_schedule_a_cancel_loses_and_doubles_nothing) {
  struct explored total = {0};
  harness_explain = explore_print_choices;
  explore(&total, 200000, cancel_races_hand_over, NULL);
  harness_explain = NULL;
  CHECK_EQ(total.capped, 0);
  printf("# %llu schedules\n", (unsigned long long)total.schedules);
  CHECK(total.schedules > 100);
}

/* ---- programs that are dropped ---- */

static void wait_for_channel_of(void *arg) {
  gs_chan *done;
  CHECK_EQ(gs_ctx_chan(&done, arg), GS_OK);
  gs_chan_recv(done, NULL);
  CHECK(false);
}

static void wait_for_ever(void *arg) {
  (void)arg;
  gs_chan_recv(NULL, NULL);
  CHECK(false);
}

static void start_in(void *fn) {
  gs_ctx *outer = gs_ctx_enter(race.ctx);
  gs_go(*(gs_func **)fn, NULL);
  gs_ctx_leave(outer);
}

/* The second one's end closes what the first waits for. */
HOST_TEST(goroutines_that_are_dropped_end_their_contexts_in_any_order) {
  for (int first = 0; first < 2; first++) {
    gs_ctx *ctx;
    CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
    race.ctx = ctx;
    if (first == 0) CHECK(gs_go(wait_for_channel_of, ctx) > 0);
    gs_func *waits = wait_for_ever;
    CHECK(gs_go(start_in, &waits) > 0);
    if (first == 1) CHECK(gs_go(wait_for_channel_of, ctx) > 0);
    CHECK_EQ(gs__sched_pump(), GS__IDLE_DEADLOCK);
    gs_ctx_release(ctx);
    gs__runtime_term();
    gs__runtime_init(HARNESS_SEED);
  }
}

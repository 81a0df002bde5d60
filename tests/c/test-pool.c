/* Object pools: order, hand-over, limits, failing and parking make functions,
 * broken objects, trimming, closing, misuse, and every schedule of the races.
 */
#include <gossamer/gossamer.h>
#include <string.h>

#include "../../src/sched/timer.h"
#include "alloc_fake.h"
#include "explore.h"
#include "harness.h"
#include "notes.h"

#define OBJECTS 8
#define CAP 200000

/* What make and destroy do, and did. */
static struct {
  bool exists[OBJECTS];
  bool used[OBJECTS];
  int made;
  int destroyed;
  int alive;
  int alive_max;
  int fail;    /* so many next makes fail */
  int error;   /* with that; 0: GS_EIO */
  bool parks;  /* in make and destroy */
  gs_chan *go; /* make waits for an element, or NULL */
} shop;

static int objects[OBJECTS];

static int make(void **out, void *arg) {
  CHECK(arg == &shop);
  if (shop.parks) gs_yield();
  if (shop.go != NULL) CHECK_EQ(gs_chan_recv(shop.go, NULL), 1);
  if (shop.fail > 0) {
    shop.fail--;
    return shop.error == 0 ? GS_EIO : shop.error;
  }
  int at = 0;
  while (shop.exists[at]) at++;
  CHECK(at < OBJECTS);
  shop.exists[at] = true;
  shop.made++;
  if (++shop.alive > shop.alive_max) shop.alive_max = shop.alive;
  *out = &objects[at];
  return GS_OK;
}

static void destroy(void *object, void *arg) {
  CHECK(arg == &shop);
  if (shop.parks) gs_yield();
  ptrdiff_t at = (int *)object - objects;
  CHECK(shop.exists[at] && !shop.used[at]);
  shop.exists[at] = false;
  shop.destroyed++;
  shop.alive--;
}

static gs_pool *open_shop(size_t limit) {
  memset(&shop, 0, sizeof shop);
  log_text[0] = '\0';
  gs_pool *pool = NULL;
  struct gs_pool_options options = {
      .limit = limit, .make = make, .destroy = destroy, .arg = &shop};
  CHECK_EQ(gs_pool_new(&pool, &options), GS_OK);
  return pool;
}

static void *get(gs_pool *pool) {
  void *object = NULL;
  CHECK_EQ(gs_pool_get(&object, pool), GS_OK);
  CHECK(object != NULL);
  return object;
}

static gs_pool *pool;

TEST(pool_makes_on_demand_and_lends_what_was_used_last) {
  pool = open_shop(0);
  CHECK_EQ(shop.made, 0);
  void *a = get(pool);
  void *b = get(pool);
  void *c = get(pool);
  CHECK(a != b && b != c && a != c);
  CHECK_EQ(gs_pool_lent(pool), 3);
  CHECK_EQ(gs_pool_put(pool, a), GS_OK);
  CHECK_EQ(gs_pool_put(pool, c), GS_OK);
  CHECK_EQ(gs_pool_put(pool, b), GS_OK);
  CHECK_EQ(gs_pool_idle(pool), 3);
  CHECK_EQ(get(pool), b);
  CHECK_EQ(get(pool), c);
  CHECK_EQ(shop.made, 3);
  gs_pool_put(pool, b);
  gs_pool_put(pool, c);
  gs_pool_release(pool);
  CHECK_EQ(shop.destroyed, 3);
}

static void get_note_put(void *arg) {
  void *object = get(pool);
  note(*(const char *)arg);
  CHECK_EQ(gs_yield(), GS_OK);
  note(*(const char *)arg);
  CHECK_EQ(gs_pool_put(pool, object), GS_OK);
}

TEST(pool_serves_waiters_in_order_and_hands_over_directly) {
  pool = open_shop(1);
  void *object = get(pool);
  CHECK(gs_go(get_note_put, "a") > 0);
  CHECK(gs_go(get_note_put, "b") > 0);
  CHECK(gs_go(get_note_put, "c") > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_pool_waiting(pool), 3);
  CHECK_EQ(gs_pool_put(pool, object), GS_OK);
  CHECK_EQ(gs_pool_idle(pool), 0); /* handed over: not there to be snatched */
  CHECK_EQ(gs_pool_lent(pool), 1);
  void *none = &pool;
  CHECK_EQ(gs_pool_try_get(&none, pool), GS_EAGAIN);
  CHECK_EQ(none, (void *)&pool);
  CHECK_EQ(get(pool), object);
  CHECK_STR_EQ(log_text, "aabbcc");
  CHECK_EQ(shop.made, 1);
  gs_pool_put(pool, object);
  gs_pool_release(pool);
}

TEST(pool_waiter_gives_up_at_its_deadline_and_is_passed_over) {
  pool = open_shop(1);
  void *object = get(pool);
  CHECK(gs_go(get_note_put, "b") > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  void *none = &pool;
  CHECK_EQ(gs_pool_get_until(&none, pool, gs_deadline(10)), GS_ETIMEDOUT);
  CHECK_EQ(none, (void *)&pool);
  CHECK_EQ(gs_pool_waiting(pool), 1);
  gs_pool_put(pool, object);
  CHECK_EQ(gs_pool_get_until(&none, pool, GS_FOREVER), GS_OK);
  CHECK_STR_EQ(log_text, "bb");
  CHECK_EQ(none, object);
  gs_pool_put(pool, object);
  gs_pool_release(pool);
}

static void get_fails(void *arg) {
  void *object = &shop;
  CHECK_EQ(gs_pool_get(&object, pool), *(const int *)arg);
  CHECK_EQ(object, (void *)&shop);
  note('f');
}

TEST(pool_waiters_context_ends_their_wait) {
  pool = open_shop(1);
  void *object = get(pool);
  gs_ctx *ctx = NULL;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  int expected = GS_ECANCELED;
  gs_ctx *outer = gs_ctx_enter(ctx);
  CHECK(gs_go(get_fails, &expected) > 0);
  gs_ctx_leave(outer);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_pool_waiting(pool), 1);
  gs_ctx_cancel(ctx, 0);
  CHECK_EQ(gs_pool_waiting(pool), 0);
  gs_pool_put(pool, object);
  CHECK_EQ(gs_pool_idle(pool), 1);
  harness_wait_for_others();
  gs_ctx_release(ctx);
  gs_pool_release(pool);
}

TEST(a_make_that_fails_tells_its_caller_and_lets_the_next_one_try) {
  pool = open_shop(1);
  CHECK_EQ(gs_chan_new(&shop.go, 1, 0), GS_OK);
  shop.fail = 2;
  int expected = GS_EIO;
  CHECK(gs_go(get_fails, &expected) > 0); /* makes */
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(gs_go(get_fails, &expected) > 0); /* wait for it */
  CHECK(gs_go(get_note_put, "c") > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_pool_waiting(pool), 2);
  for (int i = 0; i < 3; i++) CHECK_EQ(gs_chan_send(shop.go, "x"), GS_OK);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "ffcc");
  CHECK_EQ(shop.made, 1);
  CHECK_EQ(gs_pool_idle(pool), 1);
  gs_chan_release(shop.go);
  gs_pool_release(pool);
}

TEST(what_make_answers_is_passed_on_whatever_it_is) {
  pool = open_shop(1);
  shop.fail = 2;
  shop.error = GS_EAGAIN; /* also what a pool answers for itself */
  void *object = NULL;
  CHECK_EQ(gs_pool_get(&object, pool), GS_EAGAIN);
  CHECK_EQ(gs_pool_try_get(&object, pool), GS_EAGAIN);
  CHECK_EQ(gs_pool_get(&object, pool), GS_OK);
  gs_pool_put(pool, object);
  gs_pool_release(pool);
}

static int make_nothing(void **out, void *arg) {
  (void)out, (void)arg;
  return GS_OK;
}

TEST(an_object_that_is_null_is_no_memory_and_takes_no_slot) {
  struct gs_pool_options options = {.limit = 1, .make = make_nothing};
  CHECK_EQ(gs_pool_new(&pool, &options), GS_OK);
  void *object = NULL;
  CHECK_EQ(gs_pool_get(&object, pool), GS_ENOMEM);
  CHECK_EQ(gs_pool_get(&object, pool), GS_ENOMEM);
  gs_pool_release(pool);
}

TEST(a_broken_object_makes_room_for_another) {
  pool = open_shop(1);
  void *object = get(pool);
  CHECK(gs_go(get_note_put, "a") > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_pool_discard(pool, object), GS_OK);
  CHECK_EQ(shop.destroyed, 1);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "aa");
  CHECK_EQ(shop.made, 2);
  object = get(pool);
  CHECK_EQ(gs_pool_discard(pool, object), GS_OK);
  CHECK_EQ(gs_pool_idle(pool), 0);
  CHECK_EQ(gs_pool_discard(pool, object), GS_EINVAL);
  gs_pool_release(pool);
}

TEST(trimming_destroys_what_was_used_longest_ago) {
  pool = open_shop(0);
  void *all[4];
  for (int i = 0; i < 4; i++) all[i] = get(pool);
  for (int i = 0; i < 4; i++) {
    CHECK_EQ(gs_pool_put(pool, all[i]), GS_OK);
    CHECK_EQ(gs_sleep(10), GS_OK);
  }
  CHECK_EQ(gs_pool_trim(pool, 0, 1000), 0);
  CHECK_EQ(gs_pool_trim(pool, 0, 30), 2); /* put back 40 and 30 ago */
  CHECK(!shop.exists[0] && !shop.exists[1]);
  CHECK_EQ(gs_pool_trim(pool, 1, 0), 1);
  CHECK(!shop.exists[2] && shop.exists[3]);
  CHECK_EQ(get(pool), all[3]);
  CHECK_EQ(gs_pool_trim(pool, 0, 0), 0); /* what is lent stays */
  CHECK_EQ(gs_pool_trim(NULL, 0, 0), 0);
  gs_pool_put(pool, all[3]);
  gs_pool_release(pool);
}

TEST(closing_wakes_waiters_and_destroys_what_is_idle_or_put_back) {
  pool = open_shop(2);
  void *a = get(pool);
  void *b = get(pool);
  int expected = GS_EPIPE;
  CHECK(gs_go(get_fails, &expected) > 0);
  CHECK(gs_go(get_fails, &expected) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_pool_close(pool), GS_OK);
  CHECK_EQ(gs_pool_close(pool), GS_EPIPE);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "ff");
  CHECK_EQ(gs_pool_put(pool, a), GS_OK);
  CHECK_EQ(shop.destroyed, 1);
  void *none = NULL;
  CHECK_EQ(gs_pool_get(&none, pool), GS_EPIPE);
  CHECK_EQ(gs_pool_try_get(&none, pool), GS_EPIPE);
  gs_pool_release(pool);
  CHECK_EQ(gs_pool_put(pool, b), GS_OK); /* the last one frees it */
  CHECK_EQ(shop.alive, 0);
}

TEST(an_object_made_while_the_pool_closes_is_destroyed) {
  pool = open_shop(1);
  CHECK_EQ(gs_chan_new(&shop.go, 1, 0), GS_OK);
  int expected = GS_EPIPE;
  CHECK(gs_go(get_fails, &expected) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_pool_release(pool);
  CHECK_EQ(gs_chan_send(shop.go, "x"), GS_OK);
  harness_wait_for_others();
  CHECK_EQ(shop.made, 1);
  CHECK_EQ(shop.destroyed, 1);
  gs_chan_release(shop.go);
}

TEST(a_slot_that_was_given_in_vain_makes_nothing) {
  pool = open_shop(1);
  void *object = get(pool);
  int expected = GS_EPIPE;
  CHECK(gs_go(get_fails, &expected) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_pool_discard(pool, object), GS_OK); /* the slot is its now */
  CHECK_EQ(gs_pool_close(pool), GS_OK);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "f");
  CHECK_EQ(shop.made, 1);
  gs_pool_release(pool);
}

static void close_it(void *arg) {
  (void)arg;
  gs_pool_close(pool);
}

TEST(a_pool_released_while_another_closes_it_lives_until_that_is_done) {
  pool = open_shop(2);
  void *a = get(pool);
  void *b = get(pool);
  gs_pool_put(pool, a);
  gs_pool_put(pool, b);
  shop.parks = true;
  CHECK(gs_go(close_it, NULL) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(shop.destroyed, 0);
  gs_pool_release(pool);
  harness_wait_for_others();
  CHECK_EQ(shop.destroyed, 2);
}

TEST(pool_misuse_is_an_error) {
  struct gs_pool_options options = {.limit = 1};
  gs_pool *none = NULL;
  CHECK_EQ(gs_pool_new(&none, NULL), GS_EINVAL);
  CHECK_EQ(gs_pool_new(&none, &options), GS_EINVAL);
  options.make = make_nothing;
  CHECK_EQ(gs_pool_new(NULL, &options), GS_EINVAL);
  void *object = NULL;
  CHECK_EQ(gs_pool_get(&object, NULL), GS_EINVAL);
  CHECK_EQ(gs_pool_put(NULL, &options), GS_EINVAL);
  CHECK_EQ(gs_pool_discard(NULL, &options), GS_EINVAL);
  CHECK_EQ(gs_pool_close(NULL), GS_EINVAL);
  gs_pool_release(NULL);
  CHECK_EQ(gs_pool_idle(NULL) + gs_pool_lent(NULL) + gs_pool_waiting(NULL), 0);
  pool = open_shop(1);
  CHECK_EQ(gs_pool_get(NULL, pool), GS_EINVAL);
  CHECK_EQ(gs_pool_put(pool, &options), GS_EINVAL); /* none is lent */
  object = get(pool);
  CHECK_EQ(gs_pool_put(pool, NULL), GS_EINVAL);
  CHECK_EQ(gs_pool_put(pool, object), GS_OK);
  CHECK_EQ(gs_pool_put(pool, object), GS_EINVAL);
  gs_pool_release(pool);
}

HOST_TEST(a_pool_outside_a_goroutine_lends_but_does_not_wait) {
  pool = open_shop(1);
  void *object = get(pool);
  void *none = NULL;
  CHECK_EQ(gs_pool_get(&none, pool), GS_EPERM);
  CHECK_EQ(gs_pool_waiting(pool), 0);
  CHECK_EQ(gs_pool_put(pool, object), GS_OK);
  gs_pool_release(pool);
}

TEST(a_pool_without_memory) {
  struct gs_pool_options options = {.make = make, .arg = &shop};
  gs_pool *none = NULL;
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_pool_new(&none, &options), GS_ENOMEM);
  pool = open_shop(1);
  void *object = NULL;
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_pool_get(&object, pool), GS_ENOMEM);
  object = get(pool); /* the slot was not lost */
  CHECK_EQ(gs_pool_put(pool, object), GS_OK);
  gs_pool_release(pool);
}

/* ---- every schedule ---- */

static struct {
  int errors;
  int timeouts;
  int closed;
  int served;
} seen;

static void use(void *arg) {
  int64_t deadline_ns = *(const int64_t *)arg;
  void *object = NULL;
  int result = gs_pool_get_until(&object, pool, deadline_ns);
  if (result != GS_OK) {
    seen.errors += result == GS_EIO;
    seen.timeouts += result == GS_ETIMEDOUT;
    seen.closed += result == GS_EPIPE;
    return;
  }
  ptrdiff_t at = (int *)object - objects;
  CHECK(shop.exists[at] && !shop.used[at]);
  shop.used[at] = true;
  gs_yield();
  shop.used[at] = false;
  seen.served++;
  CHECK_EQ(gs_pool_put(pool, object), GS_OK);
}

static void begin(size_t limit) {
  pool = open_shop(limit);
  memset(&seen, 0, sizeof seen);
}

static void end(size_t limit) {
  harness_run_all();
  CHECK(shop.alive_max <= (int)limit);
  CHECK_EQ(gs_pool_lent(pool), 0);
  CHECK_EQ(gs_pool_waiting(pool), 0);
  CHECK_EQ(gs_pool_idle(pool), shop.alive);
  CHECK_EQ(seen.errors + seen.timeouts + seen.closed + seen.served, 3);
  shop.parks = false;
  gs_pool_release(pool);
  CHECK_EQ(shop.alive, 0);
}

static const int64_t forever = GS_FOREVER;
static const int64_t soon = 10;

/* The first make fails, while the others wait for it or come later. */
static void make_fails_once(void *arg) {
  begin(1);
  shop.parks = true;
  shop.fail = *(const int *)arg;
  for (int i = 0; i < 3; i++) CHECK(gs_go(use, (void *)&forever) > 0);
  end(1);
  CHECK_EQ(seen.errors, *(const int *)arg);
}

static void pass_time(void *arg) {
  (void)arg;
  if (gs__sched.now_ns < soon) gs__sched.now_ns = soon;
  gs__timers_fire();
}

/* Two who give up, and one that puts back, while the deadline passes. */
static void put_races_a_deadline(void *arg) {
  (void)arg;
  begin(1);
  CHECK(gs_go(use, (void *)&forever) > 0);
  CHECK(gs_go(use, (void *)&soon) > 0);
  CHECK(gs_go(use, (void *)&soon) > 0);
  CHECK(gs_go(pass_time, NULL) > 0);
  end(1);
  CHECK(seen.served >= 1);
}

static void closing_races_everything(void *arg) {
  begin(1);
  shop.parks = *(const bool *)arg;
  CHECK(gs_go(use, (void *)&forever) > 0);
  CHECK(gs_go(use, (void *)&forever) > 0);
  CHECK(gs_go(use, (void *)&soon) > 0);
  CHECK(gs_go(close_it, NULL) > 0);
  end(1);
}

static void discard_one(void *arg) {
  (void)arg;
  void *object = NULL;
  CHECK_EQ(gs_pool_get(&object, pool), GS_OK);
  gs_yield();
  CHECK_EQ(gs_pool_discard(pool, object), GS_OK);
}

static void discarding_races_the_others(void *arg) {
  (void)arg;
  begin(1);
  shop.parks = true;
  CHECK(gs_go(use, (void *)&forever) > 0);
  CHECK(gs_go(discard_one, NULL) > 0);
  CHECK(gs_go(use, (void *)&forever) > 0);
  seen.served++; /* the one that discards */
  end(1);
}

HOST_TEST(pools_hold_under_every_schedule) {
  struct explored explored = {0, 0};
  for (int failures = 0; failures <= 3; failures++) {
    explore(&explored, CAP, make_fails_once, &failures);
  }
  explore(&explored, CAP, put_races_a_deadline, NULL);
  explore(&explored, CAP, discarding_races_the_others, NULL);
  bool parks = false;
  explore(&explored, CAP, closing_races_everything, &parks);
  parks = true;
  explore(&explored, CAP, closing_races_everything, &parks);
  printf("# %llu schedules\n", (unsigned long long)explored.schedules);
  CHECK_EQ(explored.capped, 0);
  CHECK(explored.schedules > 1000);
}

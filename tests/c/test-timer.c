/* The clock, sleeping and timers, in virtual time: nothing here waits. Row A4:
 * whoever sleeps parks, and the others go on. */
#include <errno.h>
#include <gossamer/gossamer.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../src/base/random.h"
#include "../../src/sched/timer.h"
#include "../../src/sync/chan.h"
#include "alloc_fake.h"
#include "harness.h"
#include "host_fake.h"

/* ---- the clock ---- */

TEST(time_passes_only_when_everything_waits) {
  CHECK_EQ(gs_now(), 0);
  for (int i = 0; i < 100; i++) CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_now(), 0);
  CHECK_EQ(gs_sleep(5), GS_OK);
  CHECK_EQ(gs_now(), 5);
}

TEST(deadlines_saturate) {
  CHECK_EQ(gs_sleep(1000), GS_OK);
  CHECK_EQ(gs_deadline(0), 1000);
  CHECK_EQ(gs_deadline(234), 1234);
  CHECK_EQ(gs_deadline(-1), 999);
  CHECK_EQ(gs_deadline(GS_FOREVER), GS_FOREVER);
  CHECK_EQ(gs_deadline(GS_FOREVER - 999), GS_FOREVER);
  CHECK_EQ(gs_deadline(GS_FOREVER - 1000), GS_FOREVER);
  CHECK_EQ(gs_deadline(GS_FOREVER - 1001), GS_FOREVER - 1);
  CHECK_EQ(gs_deadline(INT64_MIN), INT64_MIN + 1000);
}

HOST_TEST(the_clock_is_the_hosts_and_never_goes_back) {
  gs__sched.virtual_clock = false;
  host_fake.now_ms = 1.5;
  CHECK_EQ(gs_now(), 1500000);
  host_fake.now_ms = 0.5;
  CHECK_EQ(gs_now(), 1500000);
  CHECK_EQ(gs_deadline(1), 1500001);
  host_fake.now_ms = 2;
  CHECK_EQ(gs_now(), 2000000);
}

/* ---- sleeping ---- */

static int woken[64];
static int woken_count;

struct sleeper {
  int number;
  int64_t ns;
};

static void sleep_for(void *arg) {
  const struct sleeper *s = arg;
  CHECK_EQ(gs_sleep(s->ns), GS_OK);
  woken[woken_count++] = s->number;
}

static void sleep_until(void *arg) {
  const struct sleeper *s = arg;
  int64_t before_ns = gs_now();
  CHECK_EQ(gs_sleep_until(s->ns), GS_OK);
  CHECK_EQ(gs_now(), s->ns > before_ns ? s->ns : before_ns);
  woken[woken_count++] = s->number;
}

TEST(sleepers_wake_by_deadline) {
  static const struct sleeper sleepers[] = {
      {0, 500}, {1, 100}, {2, 300}, {3, 101}, {4, 99}};
  static const int order[] = {4, 1, 3, 2, 0};
  for (int i = 0; i < 5; i++) gs_go(sleep_for, (void *)&sleepers[i]);
  CHECK_EQ(gs_sleep(1000), GS_OK);
  CHECK_EQ(woken_count, 5);
  for (int i = 0; i < 5; i++) CHECK_EQ(woken[i], order[i]);
  CHECK_EQ(gs_now(), 1000);
}

TEST(equal_deadlines_wake_in_the_order_they_were_set) {
  static struct sleeper sleepers[20];
  for (int i = 0; i < 20; i++) {
    sleepers[i] = (struct sleeper){i, 700};
    gs_go(i % 2 == 0 ? sleep_until : sleep_for, &sleepers[i]);
  }
  CHECK_EQ(gs_sleep(1000), GS_OK);
  CHECK_EQ(woken_count, 20);
  for (int i = 0; i < 20; i++) CHECK_EQ(woken[i], i);
}

TEST(a_sleep_of_nothing_only_yields) {
  static const struct sleeper sleepers[] = {{0, 0}, {1, -5}, {2, INT64_MIN}};
  CHECK_EQ(gs_sleep(10), GS_OK);
  for (int i = 0; i < 3; i++) gs_go(sleep_for, (void *)&sleepers[i]);
  CHECK_EQ(gs_sleep(0), GS_OK);
  CHECK_EQ(woken_count, 0); /* they have yielded too */
  CHECK_EQ(gs_sleep(-1), GS_OK);
  CHECK_EQ(woken_count, 3);
  CHECK_EQ(gs_now(), 10);
}

TEST(a_deadline_in_the_past_wakes_at_once_and_time_stays) {
  static const struct sleeper sleepers[] = {
      {0, 5}, {1, 0}, {2, -5}, {3, INT64_MIN}};
  CHECK_EQ(gs_sleep(10), GS_OK);
  for (int i = 0; i < 4; i++) gs_go(sleep_until, (void *)&sleepers[i]);
  harness_wait_for_others();
  CHECK_EQ(woken_count, 4);
}

TEST(a_far_deadline_is_reached) {
  int64_t century_ns = INT64_C(100) * 366 * 86400 * GS_SECOND;
  CHECK_EQ(gs_sleep(century_ns), GS_OK);
  CHECK_EQ(gs_now(), century_ns);
  CHECK_EQ(gs_sleep_until(GS_FOREVER - 1), GS_OK);
  CHECK_EQ(gs_now(), GS_FOREVER - 1);
}

HOST_TEST(outside_a_goroutine_nobody_sleeps) {
  CHECK_EQ(gs_sleep(1), GS_EPERM);
  CHECK_EQ(gs_sleep(0), GS_EPERM);
  CHECK_EQ(gs_sleep_until(1), GS_EPERM);
  CHECK_EQ(gs_sleep(GS_FOREVER), GS_EPERM);
}

TEST(a_sleep_reports_that_there_is_no_memory) {
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_sleep(1), GS_ENOMEM);
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_sleep_until(1), GS_ENOMEM);
  CHECK_EQ(gs_sleep(1), GS_OK);
}

#ifdef __wasm__
TEST(libc_sleeps_park_and_the_others_go_on) {
  static const struct sleeper other = {1, GS_MILLISECOND};
  gs_go(sleep_for, (void *)&other);
  CHECK_EQ(usleep(2000), 0);
  CHECK_EQ(woken_count, 1);
  CHECK_EQ(gs_now(), 2 * GS_MILLISECOND);
  CHECK_EQ(sleep(3), 0);
  CHECK_EQ(gs_now(), 3002 * GS_MILLISECOND);
  struct timespec wanted = {.tv_sec = 1, .tv_nsec = 5};
  struct timespec left = {.tv_sec = 7, .tv_nsec = 7};
  CHECK_EQ(nanosleep(&wanted, &left), 0);
  CHECK_EQ(gs_now(), 4002 * GS_MILLISECOND + 5);
  CHECK_EQ(left.tv_sec, 0);
  CHECK_EQ(left.tv_nsec, 0);
}

/* As std::this_thread::sleep_for() does. */
TEST(nanosleep_takes_the_same_time_twice) {
  struct timespec both = {.tv_sec = 1, .tv_nsec = 5};
  CHECK_EQ(nanosleep(&both, &both), 0);
  CHECK_EQ(gs_now(), GS_SECOND + 5);
}

TEST(nanosleep_refuses_what_is_no_time) {
  static const struct timespec wrong[] = {{-1, 0}, {0, -1}, {0, 1000000000}};
  for (int i = 0; i < 3; i++) {
    errno = 0;
    CHECK_EQ(nanosleep(&wrong[i], NULL), -1);
    CHECK_EQ(errno, EINVAL);
  }
}

HOST_TEST(libc_sleeps_fail_outside_a_goroutine) {
  errno = 0;
  CHECK_EQ(usleep(1), -1);
  CHECK_EQ(errno, EPERM);
  CHECK_EQ(sleep(2), 2);
}
#endif

/* ---- timers ---- */

static gs_timer *new_timer(int64_t delay_ns, int64_t period_ns) {
  gs_timer *timer = NULL;
  CHECK_EQ(gs_timer_new(&timer, delay_ns, period_ns), GS_OK);
  return timer;
}

static int64_t next_tick(const gs_timer *timer) {
  int64_t time_ns = -1;
  CHECK_EQ(gs_chan_recv(gs_timer_chan(timer), &time_ns), 1);
  return time_ns;
}

static int pending_ticks(const gs_timer *timer) {
  return (int)gs_chan_len(gs_timer_chan(timer));
}

TEST(a_one_shot_timer_sends_its_time_once) {
  gs_timer *timer = new_timer(500, 0);
  CHECK_EQ(next_tick(timer), 500);
  CHECK_EQ(gs_now(), 500);
  CHECK_EQ(gs_sleep(10000), GS_OK);
  CHECK_EQ(pending_ticks(timer), 0);
  CHECK_EQ(gs__sched.timers.count, 0);
  gs_timer_release(timer);
}

TEST(a_timer_without_delay_fires_when_others_run) {
  static const int64_t delays[] = {0, -1, INT64_MIN};
  CHECK_EQ(gs_sleep(50), GS_OK);
  for (int i = 0; i < 3; i++) {
    gs_timer *timer = new_timer(delays[i], 0);
    CHECK_EQ(pending_ticks(timer), 0);
    CHECK_EQ(next_tick(timer), 50);
    gs_timer_release(timer);
  }
}

TEST(a_periodic_timer_fires_again_and_again) {
  gs_timer *timer = new_timer(100, 30);
  for (int64_t time_ns = 100; time_ns < 1000; time_ns += 30) {
    CHECK_EQ(next_tick(timer), time_ns);
    CHECK_EQ(gs_now(), time_ns);
  }
  gs_timer_release(timer);
}

TEST(ticks_that_nobody_takes_are_dropped) {
  gs_timer *timer = new_timer(100, 100);
  CHECK_EQ(gs_sleep(450), GS_OK);
  CHECK_EQ(pending_ticks(timer), 1);
  CHECK_EQ(next_tick(timer), 100);
  CHECK_EQ(next_tick(timer), 500);
  gs_timer_release(timer);
}

TEST(a_late_firing_keeps_the_phase_and_makes_up_for_nothing) {
  gs_timer *timer = new_timer(10, 10);
  CHECK_EQ(next_tick(timer), 10);
  gs__sched.now_ns = 47; /* the program did not run for a while */
  CHECK_EQ(next_tick(timer), 47);
  CHECK_EQ(next_tick(timer), 50);
  gs__sched.now_ns = 60;
  CHECK_EQ(next_tick(timer), 60);
  CHECK_EQ(next_tick(timer), 70);
  gs_timer_release(timer);
}

TEST(an_immense_period_does_not_overflow) {
  CHECK_EQ(gs_sleep(1000), GS_OK);
  gs_timer *timer = new_timer(5, GS_FOREVER);
  CHECK_EQ(next_tick(timer), 1005);
  CHECK_EQ(gs_timer_reset(timer, INT64_MIN, GS_FOREVER), 1);
  CHECK_EQ(next_tick(timer), 1005);
  CHECK_EQ(gs_timer_reset(timer, INT64_MIN, 1), 1);
  CHECK_EQ(next_tick(timer), 1005);
  CHECK_EQ(next_tick(timer), 1006);
  gs_timer_release(timer);
}

TEST(a_timer_set_for_ever_does_not_fire) {
  gs_timer *timer = new_timer(GS_FOREVER, 0);
  CHECK_EQ(gs_sleep_until(GS_FOREVER - 1), GS_OK);
  CHECK_EQ(pending_ticks(timer), 0);
  CHECK_EQ(gs_timer_stop(timer), 1);
  gs_timer_release(timer);
}

TEST(bad_timers_are_refused) {
  gs_timer *timer = (gs_timer *)&timer;
  CHECK_EQ(gs_timer_new(&timer, 1, -1), GS_EINVAL);
  CHECK_EQ(gs_timer_new(&timer, 1, INT64_MIN), GS_EINVAL);
  CHECK_EQ(gs_timer_func(&timer, 1, -1, sleep_for, NULL), GS_EINVAL);
  CHECK_EQ(gs_timer_func(&timer, 1, 0, NULL, NULL), GS_EINVAL);
  CHECK_EQ(timer, (gs_timer *)&timer);
  CHECK_EQ(gs_timer_new(NULL, 1, 0), GS_EINVAL);
  CHECK_EQ(gs_timer_func(NULL, 1, 0, sleep_for, NULL), GS_EINVAL);
  CHECK_EQ(gs_timer_chan(NULL), (gs_chan *)NULL);
  CHECK_EQ(gs_timer_stop(NULL), GS_EINVAL);
  CHECK_EQ(gs_timer_reset(NULL, 1, 0), GS_EINVAL);
  gs_timer_release(NULL);
}

TEST(timers_report_that_there_is_no_memory_and_leave_nothing) {
  gs_timer *timer = (gs_timer *)&timer;
  uint32_t good = 0;
  for (;; good++) { /* each allocation in turn */
    alloc_fake_fail_after(good);
    int error = gs_timer_new(&timer, 1, 0);
    if (error == GS_OK) break;
    CHECK_EQ(error, GS_ENOMEM);
    CHECK_EQ(timer, (gs_timer *)&timer);
  }
  alloc_fake_never_fail();
  CHECK_EQ(good, 3); /* channel, timer, heap */
  gs_timer_release(timer);
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_timer_func(&timer, 1, 0, sleep_for, NULL), GS_ENOMEM);
}

/* ---- stop, reset, release: in every state ---- */

enum timer_state { PENDING, FIRED_UNREAD, FIRED_READ, STOPPED, TIMER_STATES };

static gs_timer *timer_in(enum timer_state state) {
  gs_timer *timer = new_timer(100, 0);
  if (state == FIRED_UNREAD || state == FIRED_READ) {
    CHECK_EQ(gs_sleep(150), GS_OK);
    CHECK_EQ(pending_ticks(timer), 1);
  }
  if (state == FIRED_READ) next_tick(timer);
  if (state == STOPPED) CHECK_EQ(gs_timer_stop(timer), 1);
  return timer;
}

TEST(stop_in_every_state) {
  for (int state = 0; state < TIMER_STATES; state++) {
    gs_timer *timer = timer_in((enum timer_state)state);
    CHECK_EQ(gs_timer_stop(timer), state == PENDING ? 1 : 0);
    CHECK_EQ(pending_ticks(timer), 0); /* no stale time is received later */
    CHECK_EQ(gs_timer_stop(timer), 0);
    CHECK_EQ(gs_sleep(1000), GS_OK);
    CHECK_EQ(pending_ticks(timer), 0);
    gs_timer_release(timer);
  }
}

TEST(reset_in_every_state) {
  for (int state = 0; state < TIMER_STATES; state++) {
    gs_timer *timer = timer_in((enum timer_state)state);
    int64_t start_ns = gs_now();
    CHECK_EQ(gs_timer_reset(timer, 40, 7), state == PENDING ? 1 : 0);
    CHECK_EQ(pending_ticks(timer), 0);
    CHECK_EQ(next_tick(timer), start_ns + 40);
    CHECK_EQ(next_tick(timer), start_ns + 47);
    CHECK_EQ(gs_timer_reset(timer, 1, 0), 1);
    CHECK_EQ(next_tick(timer), start_ns + 48);
    CHECK_EQ(gs_sleep(100), GS_OK);
    CHECK_EQ(pending_ticks(timer), 0);
    gs_timer_release(timer);
  }
}

TEST(release_in_every_state_closes_the_channel) {
  for (int state = 0; state < TIMER_STATES; state++) {
    gs_timer *timer = timer_in((enum timer_state)state);
    gs_chan *chan = gs_chan_retain(gs_timer_chan(timer));
    gs_timer_release(timer);
    CHECK_EQ(gs__sched.timers.count, 0);
    int64_t time_ns = -1;
    if (state == FIRED_UNREAD) CHECK_EQ(gs_chan_recv(chan, &time_ns), 1);
    CHECK_EQ(gs_chan_recv(chan, &time_ns), 0);
    CHECK_EQ(time_ns, 0);
    gs_chan_release(chan);
  }
}

TEST(a_refused_reset_leaves_the_timer_as_it_is) {
  gs_timer *timer = new_timer(100, 0);
  CHECK_EQ(gs_timer_reset(timer, 5, -1), GS_EINVAL);
  CHECK_EQ(next_tick(timer), 100);
  gs_timer_release(timer);
}

static void wait_for_tick(void *arg) {
  int64_t time_ns = -1;
  woken[woken_count++] = gs_chan_recv(arg, &time_ns);
}

TEST(a_goroutine_that_waits_for_a_released_timer_sees_it_closed) {
  gs_timer *timer = new_timer(100, 0);
  gs_go(wait_for_tick, gs_timer_chan(timer));
  CHECK_EQ(gs_yield(), GS_OK);
  gs_timer_release(timer);
  harness_wait_for_others();
  CHECK_EQ(woken_count, 1);
  CHECK_EQ(woken[0], 0);
}

TEST(a_timer_whose_channel_was_closed_fires_into_nothing) {
  gs_timer *timer = new_timer(10, 10);
  CHECK_EQ(gs_chan_close(gs_timer_chan(timer)), GS_OK);
  CHECK_EQ(gs_sleep(100), GS_OK);
  CHECK_EQ(pending_ticks(timer), 0);
  gs_timer_release(timer);
}

TEST(a_reset_without_memory_leaves_the_timer_stopped) {
  static struct gs__alarm alarms[64];
  gs_timer *timer = new_timer(1, 0);
  CHECK_EQ(next_tick(timer), 1);
  struct gs__heap *heap = &gs__sched.timers;
  uint32_t count = 0;
  while (heap->count < heap->capacity) {
    CHECK(gs__alarm_set(&alarms[count++], GS_FOREVER - 1));
  }
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_timer_reset(timer, 1, 0), GS_ENOMEM);
  while (count > 0) CHECK(gs__alarm_clear(&alarms[--count]));
  CHECK_EQ(gs_timer_stop(timer), 0);
  gs_timer_release(timer);
}

/* ---- timers that start goroutines ---- */

static int64_t ran_at[32];
static int ran_count;

static void run(void *arg) {
  (void)arg;
  ran_at[ran_count++] = gs_now();
}

TEST(a_func_timer_starts_a_goroutine_each_time) {
  gs_timer *timer;
  CHECK_EQ(gs_timer_func(&timer, 20, 10, run, NULL), GS_OK);
  CHECK_EQ(gs_timer_chan(timer), (gs_chan *)NULL);
  CHECK_EQ(gs_sleep(45), GS_OK);
  CHECK_EQ(ran_count, 3);
  for (int i = 0; i < 3; i++) CHECK_EQ(ran_at[i], 20 + 10 * i);
  CHECK_EQ(gs_timer_stop(timer), 1);
  CHECK_EQ(gs_sleep(100), GS_OK);
  CHECK_EQ(ran_count, 3);
  CHECK_EQ(gs_timer_reset(timer, 5, 0), 0);
  CHECK_EQ(gs_sleep(100), GS_OK);
  CHECK_EQ(ran_count, 4);
  gs_timer_release(timer);
}

static void release_own_timer(void *arg) {
  run(arg);
  gs_timer **timer = arg;
  CHECK_EQ(gs_sleep(25), GS_OK);
  if (*timer != NULL) gs_timer_release(*timer);
  *timer = NULL;
}

TEST(a_func_timers_goroutine_may_park_and_release_the_timer) {
  gs_timer *timer;
  CHECK_EQ(gs_timer_func(&timer, 10, 10, release_own_timer, &timer), GS_OK);
  CHECK_EQ(gs_sleep(1000), GS_OK);
  CHECK_EQ(ran_count, 3);
}

TEST(a_firing_without_memory_says_so_and_the_timer_goes_on) {
  gs_timer *timer;
  CHECK_EQ(gs_timer_func(&timer, 10, 10, run, NULL), GS_OK);
  CHECK_EQ(gs_sleep(5), GS_OK);
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_sleep(20), GS_OK);
  CHECK_EQ(ran_count, 1);
  CHECK_EQ(ran_at[0], 20);
  CHECK(strstr(host_fake.report, "no memory to start a timer's goroutine"));
  gs_timer_release(timer);
}

TEST(timers_and_sleepers_share_one_order) {
  static const struct sleeper sleeper = {1, 100};
  gs_timer *before = new_timer(100, 0);
  gs_go(sleep_for, (void *)&sleeper);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_timer *after = new_timer(100, 0);
  gs_chan *chans[] = {gs_timer_chan(after), gs_timer_chan(before)};
  struct gs_case cases[] = {GS_RECV(chans[0], NULL), GS_RECV(chans[1], NULL)};
  CHECK_EQ(gs_select(cases, 2), 1);
  harness_wait_for_others();
  gs_timer_release(before);
  gs_timer_release(after);
}

/* ---- ten thousand ---- */

#define ALARMS 10000

struct numbered {
  struct gs__alarm alarm; /* must be first */
  int64_t deadline_ns;
  uint64_t seq;
  int number;
  bool set;
};

static struct numbered alarms[ALARMS];
static int model[ALARMS]; /* numbers, sorted */
static int fired;
static int model_count;

static void check_fired(struct gs__alarm *alarm, int64_t deadline_ns) {
  struct numbered *n = (struct numbered *)alarm;
  CHECK(fired < model_count);
  CHECK_EQ(n->number, model[fired]);
  CHECK_EQ(deadline_ns, n->deadline_ns);
  CHECK_EQ(gs_now(), deadline_ns);
  fired++;
}

static int by_deadline(const void *a, const void *b) {
  const struct numbered *x = &alarms[*(const int *)a];
  const struct numbered *y = &alarms[*(const int *)b];
  if (x->deadline_ns != y->deadline_ns) {
    return x->deadline_ns < y->deadline_ns ? -1 : 1;
  }
  return x->seq < y->seq ? -1 : 1;
}

TEST(ten_thousand_random_timers_fire_in_the_order_of_a_sorted_list) {
  struct gs__random random;
  gs__random_seed(&random, HARNESS_SEED);
  uint64_t seq = 0;
  for (int i = 0; i < ALARMS; i++) {
    alarms[i] = (struct numbered){
        .alarm = {.item = {GS__HEAP_OUT}, .fire = check_fired}, .number = i};
  }
  for (int step = 0; step < 4 * ALARMS; step++) {
    struct numbered *n = &alarms[gs__random_below(&random, ALARMS)];
    CHECK_EQ(gs__alarm_clear(&n->alarm), n->set);
    n->set = gs__random_below(&random, 4) != 0;
    if (!n->set) continue;
    n->deadline_ns = gs__random_below(&random, ALARMS) + INT64_C(1);
    n->seq = seq++;
    CHECK(gs__alarm_set(&n->alarm, n->deadline_ns));
  }
  for (int i = 0; i < ALARMS; i++) {
    if (alarms[i].set) model[model_count++] = i;
  }
  qsort(model, (size_t)model_count, sizeof *model, by_deadline);
  CHECK_EQ(gs__sched.timers.count, model_count);
  gs__heap_check(&gs__sched.timers);
  CHECK_EQ(gs_sleep(ALARMS + 1), GS_OK);
  CHECK_EQ(fired, model_count);
}

/* ---- timers in one line ---- */

TEST(after_fires_once_and_its_channel_stays_open) {
  gs_chan *after = NULL;
  CHECK_EQ(gs_after(&after, 50), GS_OK);
  int64_t fired_ns = 0;
  CHECK_EQ(gs_chan_recv(after, &fired_ns), 1);
  CHECK_EQ(fired_ns, 50);
  CHECK_EQ(gs_chan_recv_until(after, &fired_ns, 1000), GS_ETIMEDOUT);
  gs_chan_release(after);
  CHECK_EQ(gs_after(&after, -5), GS_OK);
  CHECK_EQ(gs_chan_recv(after, &fired_ns), 1);
  CHECK_EQ(fired_ns, 1000);
  gs_chan_release(after);
}

TEST(tick_fires_again_and_again) {
  gs_chan *tick = NULL;
  CHECK_EQ(gs_tick(&tick, 10), GS_OK);
  int64_t fired_ns = 0;
  for (int i = 1; i <= 3; i++) {
    CHECK_EQ(gs_chan_recv(tick, &fired_ns), 1);
    CHECK_EQ(fired_ns, 10 * i);
  }
  CHECK_EQ(gs_sleep_until(100), GS_OK);
  CHECK_EQ(gs_chan_recv(tick, &fired_ns), 1);
  CHECK_EQ(fired_ns, 40); /* the others were dropped */
  gs_chan_release(tick);
}

TEST(a_channel_that_is_dropped_or_closed_takes_its_timer_along) {
  gs_chan *after = NULL;
  gs_chan *tick = NULL;
  CHECK_EQ(gs_after(&after, GS_SECOND), GS_OK);
  CHECK_EQ(gs_tick(&tick, GS_SECOND), GS_OK);
  CHECK_EQ(gs__sched.timers.count, 2);
  gs_chan_retain(after);
  gs_chan_release(after);
  CHECK_EQ(gs__sched.timers.count, 2);
  gs_chan_release(after);
  CHECK_EQ(gs__sched.timers.count, 1);
  CHECK_EQ(gs_chan_close(tick), GS_OK);
  CHECK_EQ(gs__sched.timers.count, 0);
  int64_t fired_ns = 0;
  CHECK_EQ(gs_chan_recv(tick, &fired_ns), 0);
  gs_chan_release(tick);
}

TEST(timers_in_one_line_misused_and_without_memory) {
  gs_chan *none = NULL;
  CHECK_EQ(gs_after(NULL, 1), GS_EINVAL);
  CHECK_EQ(gs_tick(NULL, 1), GS_EINVAL);
  CHECK_EQ(gs_tick(&none, 0), GS_EINVAL);
  CHECK_EQ(gs_tick(&none, -1), GS_EINVAL);
  for (uint32_t good = 0; good < 2; good++) {
    alloc_fake_fail_after(good);
    CHECK_EQ(gs_after(&none, 1), GS_ENOMEM);
  }
  CHECK(none == NULL);
}

static void send_on(void *arg) {
  int64_t own_ns = 1;
  CHECK_EQ(gs_chan_send(arg, &own_ns), GS_OK);
}

TEST(stopping_lets_in_whoever_waits_to_send_on_the_timers_channel) {
  gs_timer *timer;
  CHECK_EQ(gs_timer_new(&timer, 5, 0), GS_OK);
  CHECK_EQ(gs_sleep(10), GS_OK);
  gs_go(send_on, gs_timer_chan(timer));
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_timer_stop(timer), 0);
  harness_wait_for_others();
  CHECK_EQ(gs_chan_len(gs_timer_chan(timer)), 0);
  gs_timer_release(timer);
}

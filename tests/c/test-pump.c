/* The pump: what it answers, its time budget, and how a program that cannot go
 * on ends. Row A2: idle means going back to the host until it calls again. */
#include <gossamer/gossamer.h>
#include <string.h>

#include "../../src/debug.h"
#include "../../src/host/frame.h"
#include "../../src/host/op.h"
#include "../../src/runtime.h"
#include "harness.h"
#include "host_fake.h"

static int runs;

static void run_once(void *arg) {
  (void)arg;
  runs++;
}

/* ---- what it answers ---- */

HOST_TEST(with_nothing_to_do_it_is_empty) {
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
}

HOST_TEST(it_runs_until_nothing_is_ready) {
  for (int i = 0; i < 10; i++) CHECK(gs_go(run_once, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
  CHECK_EQ(runs, 10);
}

static void sleep_10_ms(void *arg) {
  CHECK_EQ(gs_sleep(10 * GS_MILLISECOND), GS_OK);
  run_once(arg);
}

HOST_TEST(with_a_timer_it_asks_to_be_called_at_its_time) {
  gs__sched.virtual_clock = false;
  host_fake.now_ms = 100;
  CHECK(gs_go(sleep_10_ms, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_TIMER);
  CHECK_EQ(gs__timers_next(), 110 * GS_MILLISECOND);
  host_fake.now_ms = 109.999;
  CHECK_EQ(gs__sched_pump(), GS__IDLE_TIMER);
  CHECK_EQ(runs, 0);
  host_fake.now_ms = 110;
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
  CHECK_EQ(runs, 1);
}

static void sleep_until_before_all_time(void *arg) {
  CHECK_EQ(gs_sleep_until(INT64_MIN), GS_OK);
  run_once(arg);
}

HOST_TEST(a_deadline_before_all_time_is_due_at_once) {
  gs__sched.virtual_clock = false;
  host_fake.now_ms = 100;
  CHECK(gs_go(sleep_until_before_all_time, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_TIMER);
  CHECK_EQ(gs__timers_next(), 0); /* so that subtracting does not overflow */
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
  CHECK_EQ(runs, 1);
}

static void wait_for_frame(void *arg) {
  CHECK_EQ(gs_frame(NULL), GS_OK);
  run_once(arg);
}

HOST_TEST(with_a_frame_to_come_it_waits_for_the_host) {
  CHECK(gs_go(wait_for_frame, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_WAIT);
  host_fake_frame(1);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
  CHECK_EQ(runs, 1);
}

static void get(void *arg) {
  gs_http *http;
  CHECK_EQ(gs_http_get(&http, "http://fake/"), GS_EIO);
  run_once(arg);
}

HOST_TEST(with_an_operation_pending_it_waits_for_the_host) {
  CHECK(gs_go(get, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_WAIT);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_WAIT);
  host_fake_complete(host_fake.ops[0].token, GS_EIO);
  CHECK_EQ(runs, 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
  CHECK_EQ(runs, 1);
}

static void serve(void *arg) {
  (void)arg;
  gs_serve();
}

static void wait_on_nothing(void *arg) {
  (void)arg;
  gs_select(NULL, 0);
}

HOST_TEST(a_program_that_serves_is_no_deadlock) {
  CHECK(gs_go(serve, NULL) > 0);
  CHECK(gs_go(wait_on_nothing, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_WAIT);
  CHECK(gs_go(run_once, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_WAIT);
  CHECK_EQ(runs, 1);
  CHECK_EQ(gs_count(), 2);
  harness_abandon();
}

HOST_TEST(when_nothing_can_wake_anybody_it_is_a_deadlock) {
  CHECK(gs_go(wait_on_nothing, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_DEADLOCK);
  harness_abandon();
}

static gs_timer *sleepless;

static void wait_for_ever_with_timer(void *arg) {
  (void)arg;
  CHECK_EQ(gs_timer_new(&sleepless, GS_FOREVER, 0), GS_OK);
  gs_chan_recv(gs_timer_chan(sleepless), NULL);
}

HOST_TEST(a_timer_that_never_fires_hides_no_deadlock) {
  CHECK(gs_go(wait_for_ever_with_timer, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_DEADLOCK);
  gs__sched.virtual_clock = false;
  CHECK_EQ(gs__sched_pump(), GS__IDLE_DEADLOCK);
  gs_timer_release(sleepless);
  harness_run_all();
}

/* ---- re-entry ---- */

static void pump_inside(void *arg) {
  (void)arg;
  CHECK(gs_go(run_once, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_BUSY);
  CHECK_EQ(runs, 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(runs, 1);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_BUSY);
}

HOST_TEST(it_refuses_to_run_inside_itself) {
  CHECK(gs_go(pump_inside, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
}

static void pump_in_alarm(struct gs__alarm *alarm, int64_t deadline_ns) {
  (void)alarm, (void)deadline_ns;
  CHECK_EQ(gs__sched_pump(), GS__IDLE_BUSY);
  CHECK_EQ(gs_self(), 0);
  CHECK_EQ(gs_yield(), GS_EPERM);
  runs++;
}

HOST_TEST(alarms_run_outside_goroutines_and_cannot_pump_either) {
  static struct gs__alarm alarm = {.fire = pump_in_alarm};
  CHECK(gs__alarm_set(&alarm, 5));
  CHECK(gs_go(sleep_10_ms, NULL) > 0);
  harness_run_all();
  CHECK_EQ(runs, 2);
}

/* ---- budget ---- */

static bool stop_yielding;
static long yields;

static void yield_on(void *arg) {
  (void)arg;
  while (!stop_yielding) {
    yields++;
    CHECK_EQ(gs_yield(), GS_OK);
  }
}

/* A clock that goes on by a step each time it is read. */
static void use_clock(double step_ms, double budget_ms) {
  gs__sched.virtual_clock = false;
  host_fake.step_ms = step_ms;
  gs__sched.budget_ns = (int64_t)(budget_ms * 1e6);
}

HOST_TEST(a_busy_program_gives_the_host_its_turn_and_goes_on) {
  use_clock(0.2, 8);
  for (int i = 0; i < 3; i++) CHECK(gs_go(yield_on, NULL) > 0);
  for (int turn = 0; turn < 5; turn++) {
    long before = yields;
    double start_ms = host_fake.now_ms;
    CHECK_EQ(gs__sched_pump(), GS__IDLE_AGAIN);
    CHECK(yields > before);
    CHECK(host_fake.now_ms - start_ms >= 8);
    CHECK(host_fake.now_ms - start_ms < 10);
  }
  stop_yielding = true;
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
}

static void work_and_look_at_the_clock(void *arg) {
  (void)arg;
  while (!stop_yielding) {
    yields++;
    host_fake.now_ms += 1;
    gs_now();
    CHECK_EQ(gs_yield(), GS_OK);
  }
}

HOST_TEST(goroutines_that_read_the_clock_do_not_hide_how_long_they_take) {
  use_clock(0, 8);
  CHECK(gs_go(work_and_look_at_the_clock, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_AGAIN);
  CHECK(yields < 11);
  stop_yielding = true;
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
}

HOST_TEST(a_budget_of_nothing_still_gets_on) {
  use_clock(0.01, 0);
  CHECK(gs_go(yield_on, NULL) > 0);
  for (int turn = 0; turn < 100; turn++) {
    long before = yields;
    CHECK_EQ(gs__sched_pump(), GS__IDLE_AGAIN);
    CHECK(yields > before);
  }
  stop_yielding = true;
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
}

HOST_TEST(a_short_pump_does_not_read_the_clock) {
  use_clock(1, 8);
  CHECK(gs_go(run_once, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
  CHECK_EQ(host_fake.now_ms, 0.0);
}

HOST_TEST(timers_fire_while_others_keep_busy) {
  use_clock(0.2, 1000);
  CHECK(gs_go(sleep_10_ms, NULL) > 0);
  CHECK(gs_go(yield_on, NULL) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_AGAIN);
  CHECK_EQ(runs, 1);
  stop_yielding = true;
  CHECK_EQ(gs__sched_pump(), GS__IDLE_EMPTY);
}

static char turns[32];
static size_t turn_count;

static void take_turns(void *arg) {
  while (turn_count < 9) {
    turns[turn_count++] = *(const char *)arg;
    CHECK_EQ(gs_yield(), GS_OK);
  }
}

HOST_TEST(the_order_stays_over_pumps) {
  use_clock(5, 0);
  CHECK(gs_go(take_turns, "a") > 0);
  CHECK(gs_go(take_turns, "b") > 0);
  CHECK(gs_go(take_turns, "c") > 0);
  while (gs__sched_pump() == GS__IDLE_AGAIN) continue;
  CHECK_STR_EQ(turns, "abcabcabc");
}

/* ---- the exports ---- */

#ifdef __wasm__
double gs_pump(void);
double gs_frame_event(double timestamp_ms);
void gs_budget(double budget_ms);
const char *gs_fault(void);

static void pump_export_inside(void *arg) {
  (void)arg;
  CHECK_EQ(gs_pump(), -2.0);
  CHECK_STR_EQ(gs_fault(), "goroutine 1");
}

HOST_TEST(the_export_says_when_to_call_again) {
  gs__sched.virtual_clock = false;
  CHECK(gs_go(pump_export_inside, NULL) > 0);
  CHECK(gs_go(sleep_10_ms, NULL) > 0);
  CHECK_EQ(gs_pump(), 10.0);
  host_fake.now_ms = 9.9999999;
  CHECK_EQ(gs_pump(), 1e-3); /* never 0 */
  host_fake.now_ms = 10;
  CHECK_EQ(gs_pump(), -1.0);
  CHECK_EQ(runs, 1);
  CHECK_STR_EQ(gs_fault(), "");
  CHECK(gs_go(wait_for_frame, NULL) > 0);
  CHECK_EQ(gs_pump(), -1.0);
  host_fake.frame_requested = false;
  CHECK_EQ(gs_frame_event(16), -1.0);
  CHECK_EQ(runs, 2);
  host_fake.step_ms = 0.2;
  gs_budget(1);
  CHECK(gs_go(yield_on, NULL) > 0);
  CHECK_EQ(gs_pump(), 0.0);
  gs_budget(1e300);
  CHECK_EQ(gs__sched.budget_ns, INT64_C(1) << 62);
  stop_yielding = true;
  CHECK_EQ(gs_pump(), -1.0);
}
#endif

/* ---- deadlock ---- */

static void send_on(void *arg) {
  int elem = 1;
  gs_chan_send(arg, &elem);
}

static void receive_from(void *arg) { gs_chan_recv(arg, NULL); }

static void select_on(void *arg) {
  struct gs_case cases[] = {GS_RECV(arg, NULL), GS_RECV(NULL, NULL)};
  gs_select(cases, 2);
}

static void sleep_for_ever(void *arg) {
  (void)arg;
  gs_sleep(GS_FOREVER);
}

static void go_named(const char *name, gs_func *fn, void *arg) {
  struct gs_go_options options = {.name = name};
  CHECK(gs_go_with(&options, fn, arg) > 0);
}

DEATH_TEST(a_deadlock_is_reported_with_a_line_for_each_goroutine,
           "fatal: all goroutines are asleep - deadlock\n",
           "goroutine 1 (test): waits for receive from NULL channel since 0",
           "goroutine 2 (sender): waits for channel send since 1500 ms; on 0x",
           "goroutine 3 (receiver): waits for channel receive since 1500 ms;",
           "goroutine 4: waits for select since 1500 ms;",
           "goroutine 5 (none): waits for select with no cases since 1500 ms;",
           "goroutine 6 (nil): waits for send on NULL channel since 1500 ms;",
           "goroutine 7 (sleeper): waits for sleep since 1500 ms;") {
  gs_chan *chans[3];
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(gs_chan_new(&chans[i], sizeof(int), 0), GS_OK);
  }
  go_named("sender", send_on, chans[0]);
  go_named("receiver", receive_from, chans[1]);
  CHECK(gs_go(select_on, chans[2]) > 0);
  go_named("none", wait_on_nothing, NULL);
  go_named("nil", send_on, NULL);
  go_named("sleeper", sleep_for_ever, NULL);
  CHECK_EQ(gs_sleep(1500 * GS_MILLISECOND), GS_OK);
  gs_chan_recv(NULL, NULL);
}

DEATH_TEST(main_that_exits_leaves_a_deadlock_when_the_others_end,
           "fatal: all goroutines are asleep - deadlock") {
  gs__sched.running_main = true;
  CHECK(gs_go(run_once, NULL) > 0);
  gs_exit();
}

TEST(a_deadlock_is_none_while_a_timer_is_set) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, 1, 0), GS_OK);
  CHECK_EQ(gs_chan_recv_until(chan, NULL, gs_now() + GS_SECOND), GS_ETIMEDOUT);
  gs_chan_release(chan);
}

DEATH_TEST(outside_events_that_are_over_leave_a_deadlock,
           "fatal: all goroutines are asleep - deadlock",
           "goroutine 1 (test): waits for channel receive") {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, 1, 0), GS_OK);
  CHECK(gs_go(wait_for_frame, NULL) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  host_fake_frame(1);
  gs_chan_recv(chan, NULL);
}

/* ---- invariant walkers ---- */

HOST_DEATH_TEST(the_walker_sees_a_task_count_that_is_wrong,
                "fatal: 2 tasks are alive, 1 are listed") {
  CHECK(gs_go(run_once, NULL) > 0);
  gs__sched.alive++;
  gs__sched_check();
}

HOST_DEATH_TEST(the_walker_sees_a_run_queue_that_is_wrong,
                "fatal: the run queue and the tasks disagree") {
  CHECK(gs_go(run_once, NULL) > 0);
  gs__sched.head = NULL;
  gs__sched_check();
}

/* The Go memory model, a test for each rule, under every schedule: what was
 * written before one event is seen after another. One thread runs all
 * goroutines, so what is proved is the order of events. */
#include "../../src/sched/sched.h"
#include "every-schedule.h"

GS_CHAN_TYPE(ints, int);

static ints c;
static ints limit;
static int data;  /* written by one goroutine, read by another */
static int seen;  /* bits: values of data that were seen */
static int count; /* inside some region */
static int most;  /* of count */

static ints make_ints(size_t capacity) {
  ints made = GS_CHAN_NULL;
  CHECK_EQ(gs_make(&made, capacity), GS_OK);
  return made;
}

static void pause_once(void *arg) {
  (void)arg;
  CHECK_EQ(gs_yield(), GS_OK);
}

/* ---- Goroutine creation ---- */

static void read_one(void *arg) {
  (void)arg;
  CHECK_EQ(data, 1);
  data = 2;
}
static void write_and_start(void *arg) {
  (void)arg;
  data = 0;
  CHECK_EQ(gs_yield(), GS_OK);
  data = 1;
  go(read_one, NULL);
}
static void creation(void *arg) {
  (void)arg;
  go(write_and_start, NULL);
  go(pause_once, NULL);
  go(pause_once, NULL);
  harness_run_all();
  CHECK_EQ(data, 2);
}
HOST_TEST(what_was_written_before_go_is_seen_by_the_goroutine) {
  under_every_schedule(creation, NULL);
}

/* ---- Goroutine destruction ---- */

static void write_one(void *arg) {
  (void)arg;
  data = 1;
}
static void start_and_look(void *arg) {
  (void)arg;
  go(write_one, NULL);
  CHECK_EQ(gs_yield(), GS_OK);
  seen |= 1 << data;
}
static void destruction(void *arg) {
  (void)arg;
  data = 0;
  go(start_and_look, NULL);
  harness_run_all();
}
HOST_TEST(that_a_goroutine_ended_is_promised_to_nobody_who_does_not_ask) {
  seen = 0;
  under_every_schedule(destruction, NULL);
  CHECK_EQ(seen, 3);
}

/* ---- Channel communication ---- */

static void write_and_send(void *arg) {
  (void)arg;
  data = 1;
  CHECK_EQ(gs_send(c, 0), GS_OK);
}
static void receive_and_read(void *arg) {
  (void)arg;
  CHECK_EQ(gs_recv(c, &(int){0}), 1);
  CHECK_EQ(data, 1);
}
static void send_before_receive(void *arg) {
  data = 0;
  c = make_ints(*(const size_t *)arg);
  go(receive_and_read, NULL);
  go(write_and_send, NULL);
  go(pause_once, NULL);
  harness_run_all();
  gs_release(c);
}
HOST_TEST(a_send_comes_before_its_receive_is_complete) {
  for (size_t capacity = 0; capacity <= 2; capacity++) {
    under_every_schedule(send_before_receive, &capacity);
  }
}

static void write_and_close(void *arg) {
  (void)arg;
  data = 1;
  CHECK_EQ(gs_close(c), GS_OK);
}
static void receive_end_and_read(void *arg) {
  (void)arg;
  CHECK_EQ(gs_recv(c, &(int){0}), 0);
  CHECK_EQ(data, 1);
}
static void close_before_zero(void *arg) {
  data = 0;
  c = make_ints(*(const size_t *)arg);
  go(receive_end_and_read, NULL);
  go(receive_end_and_read, NULL);
  go(write_and_close, NULL);
  harness_run_all();
  gs_release(c);
}
HOST_TEST(closing_comes_before_a_receive_that_ends_by_it) {
  for (size_t capacity = 0; capacity <= 1; capacity++) {
    under_every_schedule(close_before_zero, &capacity);
  }
}

static void write_and_receive(void *arg) {
  (void)arg;
  data = 1;
  CHECK_EQ(gs_recv(c, &(int){0}), 1);
}
static void send_and_read(void *arg) {
  (void)arg;
  CHECK_EQ(gs_send(c, 0), GS_OK);
  seen |= 1 << data;
}
static void receive_before_send(void *arg) {
  data = 0;
  c = make_ints(*(const size_t *)arg);
  go(write_and_receive, NULL);
  go(send_and_read, NULL);
  go(pause_once, NULL);
  harness_run_all();
  gs_release(c);
}
HOST_TEST(a_receive_comes_before_an_unbuffered_send_is_complete) {
  size_t capacity = 0;
  seen = 0;
  under_every_schedule(receive_before_send, &capacity);
  CHECK_EQ(seen, 2);
}
HOST_TEST(with_a_buffer_the_send_may_be_complete_before_the_receive) {
  size_t capacity = 1;
  seen = 0;
  under_every_schedule(receive_before_send, &capacity);
  CHECK_EQ(seen, 3);
}

static int received; /* receives that began */

static void send_five(void *arg) {
  int capacity = *(const int *)arg;
  for (int k = 1; k <= 5; k++) {
    CHECK_EQ(gs_send(c, k), GS_OK);
    CHECK(received >= k - capacity);
  }
}
static void receive_five(void *arg) {
  (void)arg;
  for (int k = 1; k <= 5; k++) {
    received++;
    CHECK_EQ(gs_recv(c, &(int){0}), 1);
    if (k == 2) CHECK_EQ(gs_yield(), GS_OK);
  }
}
static void kth_receive(void *arg) {
  received = 0;
  c = make_ints((size_t) * (const int *)arg);
  go(send_five, arg);
  go(receive_five, NULL);
  go(pause_once, NULL);
  harness_run_all();
  gs_release(c);
}
HOST_TEST(receive_k_comes_before_send_k_plus_capacity_is_complete) {
  for (int capacity = 0; capacity <= 3; capacity++) {
    under_every_schedule(kth_receive, &capacity);
  }
}

static void work_within_limit(void *arg) {
  (void)arg;
  CHECK_EQ(gs_send(limit, 1), GS_OK);
  if (++count > most) most = count;
  CHECK_EQ(gs_yield(), GS_OK);
  count--;
  CHECK_EQ(gs_recv(limit, &(int){0}), 1);
}
static void limited(void *arg) {
  (void)arg;
  count = 0;
  limit = make_ints(2);
  for (int i = 0; i < 3; i++) go(work_within_limit, NULL);
  harness_run_all();
  CHECK(most <= 2);
  gs_release(limit);
}
HOST_TEST(a_buffer_limits_how_many_work_at_once) {
  most = 0;
  under_every_schedule(limited, NULL);
  CHECK_EQ(most, 2);
}

/* ---- Locks ---- */

static gs_mutex mutex;
static gs_rwmutex rw;

static void write_under_lock(void *arg) {
  (void)arg;
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  int before = data;
  CHECK_EQ(before % 2, 0);
  data = before + 1; /* odd inside */
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(data, before + 1);
  data = before + 2;
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}
static void locks(void *arg) {
  (void)arg;
  data = 0;
  mutex = (gs_mutex)GS_SYNC_INIT;
  for (int i = 0; i < 3; i++) go(write_under_lock, NULL);
  harness_run_all();
  CHECK_EQ(data, 6);
}
HOST_TEST(each_unlock_comes_before_the_next_lock_returns) {
  under_every_schedule(locks, NULL);
}

static void misuse(void *arg) {
  (void)arg;
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_EPERM);
  int result = gs_mutex_try_lock(&mutex);
  if (result == GS_EAGAIN) return;
  CHECK_EQ(gs_mutex_lock(&mutex), GS_EDEADLK);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}
static void misused_locks(void *arg) {
  (void)arg;
  data = 0;
  mutex = (gs_mutex)GS_SYNC_INIT;
  go(write_under_lock, NULL);
  go(misuse, NULL);
  go(misuse, NULL);
  harness_run_all();
}
HOST_TEST(unlike_go_a_mutex_has_a_holder_who_alone_unlocks_it) {
  under_every_schedule(misused_locks, NULL);
}

static void try_under_lock(void *arg) {
  int result = gs_mutex_try_lock(&mutex);
  if (result == GS_EAGAIN) {
    seen |= 1;
    return;
  }
  CHECK_EQ(result, GS_OK);
  CHECK_EQ(data % 2, 0);
  seen |= 2;
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
  (void)arg;
}
static void try_locks(void *arg) {
  (void)arg;
  data = 0;
  mutex = (gs_mutex)GS_SYNC_INIT;
  go(write_under_lock, NULL);
  go(try_under_lock, NULL);
  go(try_under_lock, NULL);
  harness_run_all();
}
HOST_TEST(a_try_that_succeeds_is_a_lock_and_one_that_fails_is_nothing) {
  seen = 0;
  under_every_schedule(try_locks, NULL);
  CHECK_EQ(seen, 3);
}

static void read_under_lock(void *arg) {
  (void)arg;
  CHECK_EQ(gs_rwmutex_read_lock(&rw), GS_OK);
  if (++count > most) most = count;
  CHECK_EQ(data % 2, 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(data % 2, 0);
  count--;
  CHECK_EQ(gs_rwmutex_read_unlock(&rw), GS_OK);
}
static void write_alone(void *arg) {
  (void)arg;
  CHECK_EQ(gs_rwmutex_write_lock(&rw), GS_OK);
  CHECK_EQ(count, 0);
  data++;
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(count, 0);
  data++;
  CHECK_EQ(gs_rwmutex_write_unlock(&rw), GS_OK);
}
static void read_and_write_locks(void *arg) {
  (void)arg;
  data = count = 0;
  rw = (gs_rwmutex)GS_SYNC_INIT;
  go(read_under_lock, NULL);
  go(read_under_lock, NULL);
  go(write_alone, NULL);
  harness_run_all();
  CHECK_EQ(data, 2);
}
HOST_TEST(readers_come_after_the_last_writer_and_before_the_next) {
  most = 0;
  under_every_schedule(read_and_write_locks, NULL);
  CHECK_EQ(most, 2);
}

/* ---- Once ---- */

static gs_once once;

static void set_up(void *arg) {
  (void)arg;
  data++;
  CHECK_EQ(gs_yield(), GS_OK);
  seen++;
}
static void use(void *arg) {
  (void)arg;
  CHECK_EQ(gs_once_do(&once, set_up, NULL), GS_OK);
  CHECK_EQ(data, 1);
  CHECK_EQ(seen, 1);
}
static void once_is_complete(void *arg) {
  (void)arg;
  data = seen = 0;
  once = (gs_once)GS_SYNC_INIT;
  for (int i = 0; i < 3; i++) go(use, NULL);
  harness_run_all();
}
HOST_TEST(the_one_run_is_complete_before_any_call_of_once_returns) {
  under_every_schedule(once_is_complete, NULL);
}

/* ---- Wait groups and condition variables ---- */

static gs_waitgroup group;
static gs_cond cond;

static void write_and_finish(void *arg) {
  (void)arg;
  CHECK_EQ(gs_yield(), GS_OK);
  data++;
  CHECK_EQ(gs_waitgroup_done(&group), GS_OK);
}
static void wait_for_group(void *arg) {
  (void)arg;
  CHECK_EQ(gs_waitgroup_wait(&group), GS_OK);
  CHECK_EQ(data, 2);
}
static void group_is_done(void *arg) {
  (void)arg;
  data = 0;
  group = (gs_waitgroup)GS_SYNC_INIT;
  CHECK_EQ(gs_waitgroup_add(&group, 2), GS_OK);
  go(wait_for_group, NULL);
  go(wait_for_group, NULL);
  go(write_and_finish, NULL);
  go(write_and_finish, NULL);
  harness_run_all();
}
HOST_TEST(what_was_done_comes_before_the_wait_for_it_returns) {
  under_every_schedule(group_is_done, NULL);
}

static void wait_for_data(void *arg) {
  (void)arg;
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  while (data == 0) CHECK_EQ(gs_cond_wait(&cond, &mutex), GS_OK);
  CHECK_EQ(data, 1);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}
static void write_and_signal(void *arg) {
  (void)arg;
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_EQ(gs_yield(), GS_OK);
  data = 1;
  gs_cond_broadcast(&cond);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}
static void condition(void *arg) {
  (void)arg;
  data = 0;
  mutex = (gs_mutex)GS_SYNC_INIT;
  cond = (gs_cond)GS_SYNC_INIT;
  go(wait_for_data, NULL);
  go(wait_for_data, NULL);
  go(write_and_signal, NULL);
  harness_run_all();
}
HOST_TEST(a_signal_comes_before_the_wait_it_ends_returns) {
  under_every_schedule(condition, NULL);
}

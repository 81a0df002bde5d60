/* Mutexes, reader/writer mutexes, condition variables, semaphores, once, wait
 * groups and barriers: order, hand-over, deadlines, misuse, and every schedule
 * of small scenarios. */
#include <gossamer/gossamer.h>
#include <string.h>

#include "explore.h"
#include "harness.h"
#include "notes.h"

static void start(gs_func *fn, void *arg) { CHECK(gs_go(fn, arg) > 0); }

/* ---- mutex ---- */

static gs_mutex mutex;

static void lock_and_note(void *arg) {
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  note(*(const char *)arg);
  CHECK_EQ(gs_yield(), GS_OK);
  note(*(const char *)arg);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}

TEST(mutex_serves_waiters_in_order_and_one_at_a_time) {
  mutex = (gs_mutex)GS_SYNC_INIT;
  clear_log();
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  start(lock_and_note, "a");
  start(lock_and_note, "b");
  start(lock_and_note, "c");
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_STR_EQ(log_text, "");
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
  /* Handed over already: whoever comes now is last. */
  CHECK_EQ(gs_mutex_try_lock(&mutex), GS_EAGAIN);
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_STR_EQ(log_text, "aabbcc");
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}

static void lock_in_vain(void *arg) {
  int64_t ns = *(const int64_t *)arg;
  CHECK_EQ(gs_mutex_lock_until(&mutex, gs_deadline(ns)), GS_ETIMEDOUT);
  note('t');
}

TEST(mutex_waiter_gives_up_at_its_deadline_and_is_passed_over) {
  mutex = (gs_mutex)GS_SYNC_INIT;
  clear_log();
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  int64_t ns = 10;
  start(lock_in_vain, &ns);
  start(lock_and_note, "b");
  CHECK_EQ(gs_sleep(20), GS_OK);
  CHECK_STR_EQ(log_text, "t");
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "tbb");
}

static void unlock_of_another(void *arg) {
  (void)arg;
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_EPERM);
  CHECK_EQ(gs_mutex_try_lock(&mutex), GS_EAGAIN);
  CHECK_EQ(gs_mutex_lock_until(&mutex, gs_now()), GS_ETIMEDOUT);
}

TEST(mutex_misuse_is_an_error) {
  mutex = (gs_mutex)GS_SYNC_INIT;
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_EPERM);
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_EQ(gs_mutex_lock(&mutex), GS_EDEADLK);
  CHECK_EQ(gs_mutex_try_lock(&mutex), GS_EDEADLK);
  start(unlock_of_another, NULL);
  harness_wait_for_others();
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_EPERM);
}

HOST_TEST(locks_outside_a_goroutine_are_eperm) {
  gs_mutex m = GS_SYNC_INIT;
  CHECK_EQ(gs_mutex_lock(&m), GS_EPERM);
  CHECK_EQ(gs_mutex_try_lock(&m), GS_EPERM);
  CHECK_EQ(gs_mutex_unlock(&m), GS_EPERM);
  gs_rwmutex rw = GS_SYNC_INIT;
  CHECK_EQ(gs_rwmutex_read_lock(&rw), GS_EPERM);
  CHECK_EQ(gs_rwmutex_write_lock(&rw), GS_EPERM);
  CHECK_EQ(gs_rwmutex_write_unlock(&rw), GS_EPERM);
  gs_cond cond = GS_SYNC_INIT;
  CHECK_EQ(gs_cond_wait(&cond, &m), GS_EPERM);
  CHECK_EQ(gs_cond_signal(&cond), 0);
  gs_sem sem = GS_SYNC_INIT;
  CHECK_EQ(gs_sem_acquire(&sem, 1), GS_EPERM);
  gs_waitgroup group = GS_SYNC_INIT;
  CHECK_EQ(gs_waitgroup_add(&group, 1), GS_OK);
  CHECK_EQ(gs_waitgroup_wait(&group), GS_EPERM);
  gs_barrier barrier = GS_BARRIER_INIT(2);
  CHECK_EQ(gs_barrier_wait(&barrier), GS_EPERM);
  gs_once once = GS_SYNC_INIT;
  CHECK_EQ(gs_once_do(&once, lock_in_vain, NULL), GS_EPERM);
}

/* ---- reader/writer mutex ---- */

static gs_rwmutex rw;

static void read_and_note(void *arg) {
  CHECK_EQ(gs_rwmutex_read_lock(&rw), GS_OK);
  note(*(const char *)arg);
  CHECK_EQ(gs_sleep(10), GS_OK);
  note(*(const char *)arg);
  CHECK_EQ(gs_rwmutex_read_unlock(&rw), GS_OK);
}

static void write_and_note(void *arg) {
  CHECK_EQ(gs_rwmutex_write_lock(&rw), GS_OK);
  note(*(const char *)arg);
  CHECK_EQ(gs_sleep(10), GS_OK);
  note(*(const char *)arg);
  CHECK_EQ(gs_rwmutex_write_unlock(&rw), GS_OK);
}

TEST(rwmutex_lets_readers_in_together_and_starves_no_writer) {
  rw = (gs_rwmutex)GS_SYNC_INIT;
  clear_log();
  start(read_and_note, "a");
  start(read_and_note, "b");
  start(write_and_note, "W");
  start(read_and_note, "c");
  start(read_and_note, "d");
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "ababWWcdcd");
}

static void write_in_vain(void *arg) {
  (void)arg;
  CHECK_EQ(gs_rwmutex_write_lock_until(&rw, gs_deadline(5)), GS_ETIMEDOUT);
  note('t');
}

TEST(rwmutex_writer_that_gives_up_lets_the_readers_behind_it_in) {
  rw = (gs_rwmutex)GS_SYNC_INIT;
  clear_log();
  start(read_and_note, "a");
  start(write_in_vain, NULL);
  start(read_and_note, "b");
  harness_wait_for_others();
  /* b comes in when the writer leaves, before a is done. */
  CHECK_STR_EQ(log_text, "abtab");
}

TEST(rwmutex_misuse_is_an_error) {
  rw = (gs_rwmutex)GS_SYNC_INIT;
  CHECK_EQ(gs_rwmutex_read_unlock(&rw), GS_EPERM);
  CHECK_EQ(gs_rwmutex_write_unlock(&rw), GS_EPERM);
  CHECK_EQ(gs_rwmutex_write_lock(&rw), GS_OK);
  CHECK_EQ(gs_rwmutex_write_lock(&rw), GS_EDEADLK);
  CHECK_EQ(gs_rwmutex_read_lock(&rw), GS_EDEADLK);
  CHECK_EQ(gs_rwmutex_read_unlock(&rw), GS_EPERM);
  CHECK_EQ(gs_rwmutex_write_unlock(&rw), GS_OK);
  CHECK_EQ(gs_rwmutex_try_read_lock(&rw), GS_OK);
  CHECK_EQ(gs_rwmutex_try_read_lock(&rw), GS_OK);
  CHECK_EQ(gs_rwmutex_try_write_lock(&rw), GS_EAGAIN);
  CHECK_EQ(gs_rwmutex_read_lock_until(&rw, gs_now()), GS_OK);
  for (int i = 0; i < 3; i++) CHECK_EQ(gs_rwmutex_read_unlock(&rw), GS_OK);
  CHECK_EQ(gs_rwmutex_try_write_lock(&rw), GS_OK);
  CHECK_EQ(gs_rwmutex_write_unlock(&rw), GS_OK);
}

/* ---- condition variable ---- */

static gs_cond cond;

static void wait_and_note(void *arg) {
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_EQ(gs_cond_wait(&cond, &mutex), GS_OK);
  note(*(const char *)arg);
  CHECK_EQ(gs_yield(), GS_OK);
  note(*(const char *)arg);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}

TEST(cond_wakes_in_order_each_with_the_mutex) {
  mutex = (gs_mutex)GS_SYNC_INIT;
  cond = (gs_cond)GS_SYNC_INIT;
  clear_log();
  CHECK_EQ(gs_cond_signal(&cond), 0);
  CHECK_EQ(gs_cond_broadcast(&cond), 0);
  start(wait_and_note, "a");
  start(wait_and_note, "b");
  start(wait_and_note, "c");
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_EQ(gs_cond_signal(&cond), 1);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_STR_EQ(log_text, ""); /* signaled, but the mutex is ours */
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
  CHECK_EQ(gs_sleep(1), GS_OK);
  CHECK_STR_EQ(log_text, "aa");
  CHECK_EQ(gs_cond_broadcast(&cond), 2);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "aabbcc");
}

static void wait_in_vain(void *arg) {
  (void)arg;
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_EQ(gs_cond_wait_until(&cond, &mutex, gs_deadline(10)), GS_ETIMEDOUT);
  note('t');
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK); /* it holds it */
}

TEST(cond_holds_the_mutex_again_after_a_timeout) {
  mutex = (gs_mutex)GS_SYNC_INIT;
  cond = (gs_cond)GS_SYNC_INIT;
  clear_log();
  start(wait_in_vain, NULL);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_EQ(gs_sleep(20), GS_OK);
  CHECK_STR_EQ(log_text, ""); /* timed out, but the mutex is ours */
  CHECK_EQ(gs_cond_signal(&cond), 0);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "t");
  start(wait_in_vain, NULL); /* and with the mutex free at the deadline */
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "tt");
}

static void wait_with_deadline(void *arg) {
  (void)arg;
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_EQ(gs_cond_wait_until(&cond, &mutex, gs_deadline(10)), GS_OK);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}

TEST(cond_that_is_signaled_forgets_its_deadline) {
  mutex = (gs_mutex)GS_SYNC_INIT;
  cond = (gs_cond)GS_SYNC_INIT;
  start(wait_with_deadline, NULL);
  CHECK_EQ(gs_sleep(5), GS_OK);
  CHECK_EQ(gs_cond_signal(&cond), 1);
  harness_wait_for_others();
  /* No timer may be left: the harness looks. */
}

TEST(cond_wait_without_the_mutex_is_eperm) {
  mutex = (gs_mutex)GS_SYNC_INIT;
  cond = (gs_cond)GS_SYNC_INIT;
  CHECK_EQ(gs_cond_wait(&cond, &mutex), GS_EPERM);
  CHECK_EQ(gs_cond_wait_until(&cond, &mutex, gs_now()), GS_EPERM);
}

/* ---- semaphore ---- */

static gs_sem sem;

struct request {
  int64_t count;
  int64_t deadline_ns;
  int result;
  char letter;
};

static void acquire(void *arg) {
  struct request *r = arg;
  CHECK_EQ(gs_sem_acquire_until(&sem, r->count, r->deadline_ns), r->result);
  note(r->letter);
}

TEST(sem_serves_a_large_request_before_later_small_ones) {
  sem = (gs_sem)GS_SEM_INIT(2);
  clear_log();
  struct request large = {3, GS_FOREVER, GS_OK, 'L'};
  struct request small = {1, GS_FOREVER, GS_OK, 's'};
  start(acquire, &large);
  start(acquire, &small);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_STR_EQ(log_text, "");
  CHECK_EQ(gs_sem_try_acquire(&sem, 1), GS_EAGAIN);
  CHECK_EQ(gs_sem_release(&sem, 1), GS_OK);
  CHECK_EQ(gs_sleep(1), GS_OK);
  CHECK_STR_EQ(log_text, "L");
  CHECK_EQ(gs_sem_release(&sem, 2), GS_OK);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "Ls");
  CHECK_EQ(gs_sem_available(&sem), 1);
}

TEST(sem_request_that_gives_up_lets_smaller_ones_behind_it_in) {
  sem = (gs_sem)GS_SEM_INIT(2);
  clear_log();
  struct request large = {3, gs_deadline(10), GS_ETIMEDOUT, 'L'};
  struct request small = {2, GS_FOREVER, GS_OK, 's'};
  start(acquire, &large);
  start(acquire, &small);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "sL");
  CHECK_EQ(gs_sem_available(&sem), 0);
}

TEST(sem_counts_are_checked) {
  sem = (gs_sem)GS_SYNC_INIT;
  CHECK_EQ(gs_sem_acquire(&sem, -1), GS_EINVAL);
  CHECK_EQ(gs_sem_try_acquire(&sem, -1), GS_EINVAL);
  CHECK_EQ(gs_sem_release(&sem, -1), GS_EINVAL);
  CHECK_EQ(gs_sem_acquire(&sem, 0), GS_OK);
  CHECK_EQ(gs_sem_release(&sem, INT64_MAX), GS_OK);
  CHECK_EQ(gs_sem_release(&sem, 1), GS_EOVERFLOW);
  CHECK_EQ(gs_sem_acquire(&sem, INT64_MAX), GS_OK);
  CHECK_EQ(gs_sem_available(&sem), 0);
}

/* ---- once ---- */

static gs_once once;

static void slow_set_up(void *arg) {
  note('(');
  CHECK_EQ(gs_sleep(10), GS_OK);
  note(')');
  ++*(int *)arg;
}

static void do_once(void *arg) {
  CHECK_EQ(gs_once_do(&once, slow_set_up, arg), GS_OK);
  note('d');
}

static void do_once_in_vain(void *arg) {
  CHECK_EQ(gs_once_try_do(&once, slow_set_up, arg), GS_EAGAIN);
  CHECK_EQ(gs_once_do_until(&once, slow_set_up, arg, gs_deadline(1)),
           GS_ETIMEDOUT);
  note('t');
}

static void do_recursively(void *arg) {
  CHECK_EQ(gs_once_do(&once, slow_set_up, arg), GS_EDEADLK);
}

TEST(once_runs_once_and_the_others_wait_for_it) {
  once = (gs_once)GS_SYNC_INIT;
  clear_log();
  int runs = 0;
  start(do_once, &runs);
  start(do_once, &runs);
  start(do_once_in_vain, &runs);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "(t)dd");
  CHECK_EQ(runs, 1);
  CHECK_EQ(gs_once_do(&once, slow_set_up, &runs), GS_OK);
  CHECK_EQ(gs_once_try_do(&once, NULL, NULL), GS_OK);
  CHECK_EQ(runs, 1);
  gs_once other = GS_SYNC_INIT;
  CHECK_EQ(gs_once_do(&other, NULL, NULL), GS_EINVAL);
}

TEST(once_within_itself_is_edeadlk) {
  once = (gs_once)GS_SYNC_INIT;
  CHECK_EQ(gs_once_do(&once, do_recursively, NULL), GS_OK);
}

/* ---- wait group ---- */

static gs_waitgroup group;

static void work(void *arg) {
  CHECK_EQ(gs_sleep(*(int64_t *)arg), GS_OK);
  note('w');
  CHECK_EQ(gs_waitgroup_done(&group), GS_OK);
}

static void wait_for_work(void *arg) {
  (void)arg;
  CHECK_EQ(gs_waitgroup_wait(&group), GS_OK);
  note('d');
}

TEST(waitgroup_lets_all_waiters_go_at_zero) {
  group = (gs_waitgroup)GS_SYNC_INIT;
  clear_log();
  int64_t times[] = {30, 10, 20};
  CHECK_EQ(gs_waitgroup_wait(&group), GS_OK);
  CHECK_EQ(gs_waitgroup_add(&group, 3), GS_OK);
  for (int i = 0; i < 3; i++) start(work, &times[i]);
  start(wait_for_work, NULL);
  CHECK_EQ(gs_waitgroup_try_wait(&group), GS_EAGAIN);
  CHECK_EQ(gs_waitgroup_wait_until(&group, gs_deadline(5)), GS_ETIMEDOUT);
  CHECK_EQ(gs_waitgroup_wait(&group), GS_OK);
  CHECK_EQ(gs_now(), 30);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "wwwd");
  CHECK_EQ(gs_waitgroup_try_wait(&group), GS_OK);
}

TEST(waitgroup_count_is_checked) {
  group = (gs_waitgroup)GS_SYNC_INIT;
  CHECK_EQ(gs_waitgroup_done(&group), GS_EINVAL);
  CHECK_EQ(gs_waitgroup_add(&group, INT64_MAX), GS_OK);
  CHECK_EQ(gs_waitgroup_add(&group, 1), GS_EINVAL);
  CHECK_EQ(gs_waitgroup_add(&group, INT64_MIN), GS_EINVAL);
  CHECK_EQ(gs_waitgroup_add(&group, -INT64_MAX), GS_OK);
  CHECK_EQ(gs_waitgroup_try_wait(&group), GS_OK);
}

/* ---- barrier ---- */

static gs_barrier barrier;
static int came_last;

static void meet_twice(void *arg) {
  (void)arg;
  for (int round = 0; round < 2; round++) {
    int last = gs_barrier_wait(&barrier);
    CHECK(last == 0 || last == 1);
    came_last += last;
    note((char)('1' + round));
  }
}

TEST(barrier_lets_all_go_when_the_last_one_comes_round_after_round) {
  barrier = (gs_barrier)GS_BARRIER_INIT(3);
  clear_log();
  came_last = 0;
  for (int i = 0; i < 3; i++) start(meet_twice, NULL);
  harness_wait_for_others();
  CHECK_STR_EQ(log_text, "111222");
  CHECK_EQ(came_last, 2);
}

TEST(barrier_party_that_times_out_has_not_arrived) {
  barrier = (gs_barrier)GS_BARRIER_INIT(2);
  CHECK_EQ(gs_barrier_try_wait(&barrier), GS_EAGAIN);
  CHECK_EQ(gs_barrier_wait_until(&barrier, gs_deadline(5)), GS_ETIMEDOUT);
  CHECK_EQ(gs_barrier_try_wait(&barrier), GS_EAGAIN);
  gs_barrier none = GS_BARRIER_INIT(0);
  CHECK_EQ(gs_barrier_wait(&none), GS_EINVAL);
  gs_barrier one = GS_BARRIER_INIT(1);
  CHECK_EQ(gs_barrier_wait(&one), 1);
  CHECK_EQ(gs_barrier_try_wait(&one), 1);
}

/* ---- the dump ---- */

static void lock_for_ever(void *arg) { gs_mutex_lock(arg); }
static void read_for_ever(void *arg) { gs_rwmutex_read_lock(arg); }

DEATH_TEST(a_deadlock_names_who_holds_the_lock,
           "goroutine 1 (test): waits for receive from NULL channel",
           "goroutine 2: waits for mutex held by goroutine 1 since 0 ms",
           "goroutine 3: waits for rwmutex to read held by goroutine 1") {
  static gs_mutex held;
  static gs_rwmutex written;
  CHECK_EQ(gs_mutex_lock(&held), GS_OK);
  CHECK_EQ(gs_rwmutex_write_lock(&written), GS_OK);
  start(lock_for_ever, &held);
  start(read_for_ever, &written);
  gs_chan_recv(NULL, NULL);
}

/* ---- every schedule ---- */

#define CAP 200000

static int inside;
static int total;

static void count_up(void *arg) {
  int64_t deadline_ns = *(const int64_t *)arg;
  int result = gs_mutex_lock_until(&mutex, deadline_ns);
  if (result == GS_ETIMEDOUT) return;
  CHECK_EQ(result, GS_OK);
  CHECK_EQ(++inside, 1);
  gs_yield();
  total++;
  CHECK_EQ(--inside, 0);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}

static void three_lockers(void *arg) {
  mutex = (gs_mutex)GS_SYNC_INIT;
  inside = total = 0;
  for (int i = 0; i < 3; i++) start(count_up, arg);
  harness_run_all();
  CHECK_EQ(mutex.gs__holder, 0);
  if (*(const int64_t *)arg == GS_FOREVER) CHECK_EQ(total, 3);
}

static bool ready;

static void wait_until_ready(void *arg) {
  (void)arg;
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  while (!ready) CHECK_EQ(gs_cond_wait(&cond, &mutex), GS_OK);
  total++;
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}

static void make_ready(void *arg) {
  (void)arg;
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  ready = true;
  gs_yield();
  gs_cond_broadcast(&cond);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}

static void two_waiters(void *arg) {
  (void)arg;
  mutex = (gs_mutex)GS_SYNC_INIT;
  cond = (gs_cond)GS_SYNC_INIT;
  ready = false;
  total = 0;
  start(wait_until_ready, NULL);
  start(wait_until_ready, NULL);
  start(make_ready, NULL);
  harness_run_all();
  CHECK_EQ(total, 2);
  CHECK_EQ(mutex.gs__holder, 0);
}

static int readers_inside;
static int writers_inside;

static void explore_reader(void *arg) {
  (void)arg;
  CHECK_EQ(gs_rwmutex_read_lock(&rw), GS_OK);
  readers_inside++;
  CHECK_EQ(writers_inside, 0);
  gs_yield();
  readers_inside--;
  CHECK_EQ(gs_rwmutex_read_unlock(&rw), GS_OK);
}

static void explore_writer(void *arg) {
  int64_t deadline_ns = *(const int64_t *)arg;
  int result = gs_rwmutex_write_lock_until(&rw, deadline_ns);
  if (result == GS_ETIMEDOUT) return;
  CHECK_EQ(result, GS_OK);
  writers_inside++;
  CHECK_EQ(readers_inside, 0);
  CHECK_EQ(writers_inside, 1);
  gs_yield();
  writers_inside--;
  CHECK_EQ(gs_rwmutex_write_unlock(&rw), GS_OK);
}

static void readers_and_writers(void *arg) {
  rw = (gs_rwmutex)GS_SYNC_INIT;
  readers_inside = writers_inside = 0;
  start(explore_reader, NULL);
  start(explore_writer, arg);
  start(explore_reader, NULL);
  harness_run_all();
  CHECK_EQ(rw.gs__readers, 0);
  CHECK_EQ(rw.gs__writer, 0);
}

HOST_TEST(locks_hold_under_every_schedule) {
  int64_t forever = GS_FOREVER;
  int64_t at_once = 0;
  struct explored explored = {0, 0};
  explore(&explored, CAP, three_lockers, &forever);
  explore(&explored, CAP, three_lockers, &at_once);
  explore(&explored, CAP, two_waiters, NULL);
  explore(&explored, CAP, readers_and_writers, &forever);
  explore(&explored, CAP, readers_and_writers, &at_once);
  CHECK_EQ(explored.capped, 0);
  CHECK(explored.schedules > 100);
}

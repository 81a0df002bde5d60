/* The dump of goroutines that wait for locks and the like: who holds it, how it
 * stands, and which object it is. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <string.h>

#include "../../src/debug.h"
#include "harness.h"

/* The line of the goroutine called `name`, up to its details. */
static const char *line_of(const char *name) {
  static char line[256];
  char head[64];
  snprintf(head, sizeof head, "(%s): ", name);
  const char *text = strstr(gs_dump_text(), head);
  if (text == NULL) harness_fail(__FILE__, __LINE__, "no goroutine %s", name);
  text += strlen(head);
  size_t length = strcspn(text, ";\n");
  snprintf(line, sizeof line, "%.*s", (int)length, text);
  return line;
}

/* Whether its line names the object. */
static bool names(const char *name, const void *object) {
  char expected[64];
  snprintf(expected, sizeof expected, "; on %p;", object);
  char head[64];
  snprintf(head, sizeof head, "(%s): ", name);
  const char *text = strstr(gs_dump_text(), head);
  if (text == NULL) return false;
  const char *end = strchr(text, '\n');
  const char *found = strstr(text, expected);
  return found != NULL && (end == NULL || found < end);
}

static void start(const char *name, gs_func *fn, void *arg) {
  struct gs_go_options options = {.name = name};
  CHECK(gs_go_with(&options, fn, arg) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs_yield(), GS_OK);
}

static void read_lock(void *arg) { CHECK_EQ(gs_rwmutex_read_lock(arg), GS_OK); }

static void write_lock(void *arg) {
  CHECK_EQ(gs_rwmutex_write_lock(arg), GS_OK);
  CHECK_EQ(gs_rwmutex_write_unlock(arg), GS_OK);
}

TEST(the_dump_counts_the_readers_of_an_rwmutex) {
  gs_rwmutex rw = GS_SYNC_INIT;
  CHECK_EQ(gs_rwmutex_read_lock(&rw), GS_OK);
  start("reader", read_lock, &rw);
  start("writer", write_lock, &rw);
  CHECK_STR_EQ(line_of("writer"),
               "waits for rwmutex to write (2 readers) since 0 ms");
  CHECK(names("writer", &rw));
  CHECK_EQ(gs_rwmutex_read_unlock(&rw), GS_OK);
  CHECK_EQ(gs_rwmutex_read_unlock(&rw), GS_OK);
  CHECK_EQ(gs_rwmutex_write_lock(&rw), GS_OK);
  start("late", read_lock, &rw);
  CHECK_STR_EQ(line_of("late"),
               "waits for rwmutex to read held by goroutine 1 since 0 ms");
  CHECK_EQ(gs_rwmutex_write_unlock(&rw), GS_OK);
}

static gs_once once;
static gs_chan *gate;

static void wait_at_gate(void *arg) {
  (void)arg;
  CHECK_EQ(gs_chan_recv(gate, NULL), 0);
}

static void run_once(void *arg) {
  CHECK_EQ(gs_once_do(&once, wait_at_gate, arg), GS_OK);
}

TEST(the_dump_names_the_runner_of_a_once) {
  CHECK_EQ(gs_chan_new(&gate, 1, 0), GS_OK);
  start("first", run_once, NULL);
  start("second", run_once, NULL);
  CHECK_STR_EQ(line_of("second"),
               "waits for once run by goroutine 2 since 0 ms");
  CHECK(names("second", &once));
  CHECK_STR_EQ(line_of("first"), "waits for channel receive since 0 ms");
  CHECK(names("first", gate));
  CHECK_EQ(gs_chan_close(gate), GS_OK);
  harness_wait_for_others();
  gs_chan_release(gate);
}

static void acquire(void *arg) { CHECK_EQ(gs_sem_acquire(arg, 5), GS_OK); }
static void wait_group(void *arg) { CHECK_EQ(gs_waitgroup_wait(arg), GS_OK); }
static void wait_barrier(void *arg) { CHECK_EQ(gs_barrier_wait(arg), 0); }

TEST(the_dump_tells_how_counters_stand) {
  gs_sem sem = GS_SEM_INIT(2);
  gs_waitgroup group = GS_SYNC_INIT;
  gs_barrier barrier = GS_BARRIER_INIT(3);
  CHECK_EQ(gs_waitgroup_add(&group, 4), GS_OK);
  start("acquires", acquire, &sem);
  start("waits", wait_group, &group);
  start("arrives", wait_barrier, &barrier);
  start("arrives too", wait_barrier, &barrier);
  CHECK_STR_EQ(line_of("acquires"), "waits for semaphore (2 free) since 0 ms");
  CHECK(names("acquires", &sem));
  CHECK_STR_EQ(line_of("waits"), "waits for wait group (4 to go) since 0 ms");
  CHECK(names("waits", &group));
  CHECK_STR_EQ(line_of("arrives"), "waits for barrier (2 of 3) since 0 ms");
  CHECK(names("arrives", &barrier));
  CHECK_EQ(gs_sem_release(&sem, 3), GS_OK);
  CHECK_EQ(gs_waitgroup_add(&group, -4), GS_OK);
  CHECK_EQ(gs_barrier_wait(&barrier), 1);
  harness_wait_for_others();
}

static gs_mutex mutex;
static gs_cond cond;

static void wait_cond(void *arg) {
  (void)arg;
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_EQ(gs_cond_wait(&cond, &mutex), GS_OK);
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
}

TEST(the_dump_follows_a_condition_to_its_mutex) {
  start("waits", wait_cond, NULL);
  CHECK_STR_EQ(line_of("waits"), "waits for condition since 0 ms");
  CHECK(names("waits", &cond));
  CHECK_EQ(gs_mutex_lock(&mutex), GS_OK);
  CHECK_EQ(gs_cond_signal(&cond), 1);
  CHECK_STR_EQ(line_of("waits"),
               "waits for mutex held by goroutine 1 since 0 ms");
  CHECK(names("waits", &mutex));
  CHECK_EQ(gs_mutex_unlock(&mutex), GS_OK);
  harness_wait_for_others();
}

static int make(void **out, void *arg) {
  *out = arg;
  return GS_OK;
}

static void get(void *arg) {
  void *object = NULL;
  CHECK_EQ(gs_pool_get(&object, arg), GS_EPIPE);
}

TEST(the_dump_tells_how_a_pool_stands) {
  struct gs_pool_options options = {.limit = 1, .make = make, .arg = &mutex};
  gs_pool *pool = NULL;
  void *object = NULL;
  CHECK_EQ(gs_pool_new(&pool, &options), GS_OK);
  CHECK_EQ(gs_pool_get(&object, pool), GS_OK);
  start("first", get, pool);
  start("second", get, pool);
  CHECK_STR_EQ(line_of("first"), "waits for pool (1 lent, 2 wait) since 0 ms");
  CHECK(names("first", pool));
  gs_pool_release(pool);
  CHECK_EQ(gs_pool_put(pool, object), GS_OK);
  harness_wait_for_others();
}

static int yield_at_gate(gs_gen *gen, void *arg) {
  wait_at_gate(arg);
  return gs_gen_yield(gen, "");
}

static void ask(void *arg) { CHECK_EQ(gs_gen_next(arg, NULL), 1); }

TEST(the_dump_names_the_runner_of_a_generator) {
  CHECK_EQ(gs_chan_new(&gate, 1, 0), GS_OK);
  struct gs_go_options options = {.name = "body"};
  gs_gen *gen = NULL;
  CHECK_EQ(gs_gen_new_with(&gen, &options, 1, yield_at_gate, NULL), GS_OK);
  int line = __LINE__ - 1;
  CHECK_EQ(gs_yield(), GS_OK);
  char from[64];
  snprintf(from, sizeof from, "; from test-waits.c:%d", line);
  CHECK(strstr(gs_dump_text(), from) != NULL);
  CHECK_STR_EQ(line_of("body"), "waits for consumer of generator since 0 ms");
  CHECK(names("body", gen));
  start("asks", ask, gen);
  CHECK_STR_EQ(line_of("asks"),
               "waits for generator run by goroutine 2 since 0 ms");
  CHECK(names("asks", gen));
  CHECK_EQ(gs_chan_close(gate), GS_OK);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_gen_release(gen);
  harness_wait_for_others();
  gs_chan_release(gate);
}

static int sleep_long(void *arg) {
  (void)arg;
  return gs_sleep(GS_SECOND);
}
static void wait_for_group(void *arg) {
  CHECK_EQ(gs_group_wait(arg), GS_ECANCELED);
}
static void start_in_group(void *arg) {
  CHECK_EQ(gs_group_go(arg, sleep_long, NULL), GS_ECANCELED);
}

TEST(the_dump_tells_how_a_group_stands) {
  struct gs_group_options options = {.limit = 2, .name = "member"};
  gs_group *group = NULL;
  CHECK_EQ(gs_group_new(&group, &options), GS_OK);
  CHECK_EQ(gs_group_go(group, sleep_long, NULL), GS_OK);
  int line = __LINE__ - 1;
  CHECK_EQ(gs_group_go(group, sleep_long, NULL), GS_OK);
  start("waits", wait_for_group, group);
  start("starts", start_in_group, group);
  CHECK_STR_EQ(line_of("waits"), "waits for group (2 run) since 0 ms");
  CHECK(names("waits", group));
  CHECK_STR_EQ(line_of("starts"), "waits for slot of group (2 run) since 0 ms");
  CHECK(names("starts", group));
  char from[64];
  snprintf(from, sizeof from, "; from test-waits.c:%d", line);
  CHECK(strstr(gs_dump_text(), from) != NULL); /* where gs_group_go() stands */
  gs_group_release(group);
  harness_wait_for_others();
}

/* Whatever parks ends when its goroutine's context is done, one table of it
 * all; and nothing is left behind. */
#include <gossamer/gossamer.h>

#include "harness.h"
#include "host_fake.h"

#define URL "http://fake/"

/* What the calls below wait for; each call is made in a goroutine of its own
 * and would wait for ever. */
static struct {
  gs_chan *empty;
  gs_chan *full;
  gs_mutex mutex; /* held by the test */
  gs_rwmutex rwmutex;
  gs_cond cond;
  gs_mutex cond_mutex;
  gs_sem sem;
  gs_once once;
  gs_waitgroup group;
  gs_barrier barrier;
  gs_http *http;
  gs_ctx *other;
} on;

static int64_t call_send(void) {
  int n = 1;
  return gs_chan_send(on.full, &n);
}
static int64_t call_send_until(void) {
  int n = 1;
  return gs_chan_send_until(on.full, &n, gs_deadline(GS_SECOND));
}
static int64_t call_send_null(void) {
  int n = 1;
  return gs_chan_send(NULL, &n);
}
static int64_t call_recv(void) { return gs_chan_recv(on.empty, NULL); }
static int64_t call_recv_until(void) {
  return gs_chan_recv_until(on.empty, NULL, gs_deadline(GS_SECOND));
}
static int64_t call_select(void) {
  int n = 1;
  struct gs_case cases[] = {GS_RECV(on.empty, &n), GS_SEND(on.full, &n)};
  return gs_select(cases, 2);
}
static int64_t call_select_none(void) { return gs_select(NULL, 0); }
static int64_t call_select_until(void) {
  int n = 1;
  struct gs_case cases[] = {GS_RECV(on.empty, &n), GS_SEND(on.full, &n)};
  return gs_select_until(cases, 2, gs_deadline(GS_SECOND));
}
static int64_t call_sleep(void) { return gs_sleep(GS_SECOND); }
static int64_t call_sleep_until(void) { return gs_sleep_until(GS_FOREVER); }
static int64_t call_mutex(void) { return gs_mutex_lock(&on.mutex); }
static int64_t call_read_lock(void) {
  return gs_rwmutex_read_lock(&on.rwmutex);
}
static int64_t call_write_lock(void) {
  return gs_rwmutex_write_lock(&on.rwmutex);
}
static int64_t call_cond(void) {
  int error = gs_mutex_lock(&on.cond_mutex);
  if (error != GS_OK) return error;
  int64_t result = gs_cond_wait(&on.cond, &on.cond_mutex);
  CHECK_EQ(gs_mutex_unlock(&on.cond_mutex), GS_OK);
  return result;
}
static int64_t call_sem(void) { return gs_sem_acquire(&on.sem, 1); }
static void never_called(void *arg) {
  (void)arg;
  CHECK(false);
}
static int64_t call_once(void) {
  return gs_once_do(&on.once, never_called, NULL);
}
static int64_t call_waitgroup(void) { return gs_waitgroup_wait(&on.group); }
static int64_t call_barrier(void) { return gs_barrier_wait(&on.barrier); }
static int64_t call_frame(void) { return gs_frame(NULL); }
static int64_t call_frame_until(void) {
  return gs_frame_until(NULL, gs_deadline(GS_SECOND));
}
static int64_t call_get(void) {
  gs_http *http;
  return gs_http_get(&http, URL);
}
static int64_t call_read(void) {
  char bytes[16];
  return gs_http_read(on.http, bytes, sizeof bytes);
}
static int64_t call_ctx_wait(void) { return gs_ctx_wait(on.other); }
static int64_t call_ctx_wait_background(void) { return gs_ctx_wait(NULL); }
static int64_t call_serve(void) { return gs_serve(); }

static const struct {
  const char *name;
  int64_t (*fn)(void);
} calls[] = {{"send", call_send},
             {"send until", call_send_until},
             {"send on NULL", call_send_null},
             {"receive", call_recv},
             {"receive until", call_recv_until},
             {"select", call_select},
             {"select of none", call_select_none},
             {"select until", call_select_until},
             {"sleep", call_sleep},
             {"sleep until", call_sleep_until},
             {"mutex", call_mutex},
             {"read lock", call_read_lock},
             {"write lock", call_write_lock},
             {"cond", call_cond},
             {"sem", call_sem},
             {"once", call_once},
             {"waitgroup", call_waitgroup},
             {"barrier", call_barrier},
             {"frame", call_frame},
             {"frame until", call_frame_until},
             {"HTTP get", call_get},
             {"HTTP read", call_read},
             {"context", call_ctx_wait},
             {"background", call_ctx_wait_background},
             {"serve", call_serve}};
enum { CALLS = sizeof calls / sizeof calls[0] };

static int64_t results[CALLS];
static unsigned ended;

static void make_call(void *arg) {
  size_t index = (size_t)(uintptr_t)arg;
  results[index] = calls[index].fn();
  ended++;
}

/* Runs once until it is told to stop: others wait for it. */
static void run_until_received(void *arg) { gs_chan_recv(arg, NULL); }
static void hold_once(void *arg) {
  CHECK_EQ(gs_once_do(&on.once, run_until_received, arg), GS_OK);
}

static void open_http(void *arg) {
  (void)arg;
  CHECK_EQ(gs_http_get(&on.http, URL), GS_OK);
}

static gs_chan *stop;

static void set_up(void) {
  int n = 0;
  CHECK_EQ(gs_chan_new(&stop, sizeof n, 0), GS_OK);
  CHECK_EQ(gs_chan_new(&on.empty, sizeof n, 1), GS_OK);
  CHECK_EQ(gs_chan_new(&on.full, sizeof n, 1), GS_OK);
  CHECK_EQ(gs_chan_send(on.full, &n), GS_OK);
  CHECK_EQ(gs_mutex_lock(&on.mutex), GS_OK);
  CHECK_EQ(gs_rwmutex_write_lock(&on.rwmutex), GS_OK);
  CHECK_EQ(gs_waitgroup_add(&on.group, 1), GS_OK);
  on.barrier = (gs_barrier)GS_BARRIER_INIT(2);
  CHECK_EQ(gs_ctx_new(&on.other, NULL), GS_OK);
  CHECK(gs_go(hold_once, stop) > 0);
  CHECK(gs_go(open_http, NULL) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  host_fake_complete(host_fake.ops[0].token, 0);
  CHECK_EQ(gs_yield(), GS_OK);
  ended = 0;
}

static void tear_down(void) {
  /* Nobody is in a queue any more: all of this goes through at once. */
  CHECK_EQ(gs_mutex_unlock(&on.mutex), GS_OK);
  CHECK_EQ(gs_mutex_try_lock(&on.mutex), GS_OK);
  CHECK_EQ(gs_mutex_unlock(&on.mutex), GS_OK);
  CHECK_EQ(gs_rwmutex_write_unlock(&on.rwmutex), GS_OK);
  CHECK_EQ(gs_rwmutex_try_write_lock(&on.rwmutex), GS_OK);
  CHECK_EQ(gs_rwmutex_write_unlock(&on.rwmutex), GS_OK);
  CHECK_EQ(gs_waitgroup_done(&on.group), GS_OK);
  CHECK_EQ(gs_cond_signal(&on.cond), 0);
  CHECK_EQ(gs_sem_release(&on.sem, 1), GS_OK);
  CHECK_EQ(gs_sem_available(&on.sem), 1);
  CHECK_EQ(gs_sem_acquire(&on.sem, 1), GS_OK);
  CHECK_EQ(gs_barrier_try_wait(&on.barrier), GS_EAGAIN);
  CHECK_EQ(gs_chan_try_recv(on.empty, NULL), GS_EAGAIN);
  CHECK_EQ(gs_chan_len(on.full), 1);
  gs_chan_close(stop);
  CHECK_EQ(gs_yield(), GS_OK);
  gs_http_close(on.http);
  gs_chan_release(stop);
  gs_chan_release(on.empty);
  gs_chan_release(on.full);
  gs_ctx_release(on.other);
}

static void check_results(int64_t expected) {
  for (size_t i = 0; i < CALLS; i++) {
    if (results[i] != expected) printf("# %s\n", calls[i].name);
    CHECK_EQ(results[i], expected);
  }
}

/* Starts every call in `ctx` and lets it park. */
static void start_calls(gs_ctx *ctx) {
  gs_ctx *outer = gs_ctx_enter(ctx);
  for (size_t i = 0; i < CALLS; i++) {
    results[i] = 1;
    CHECK(gs_go(make_call, (void *)(uintptr_t)i) > 0);
  }
  gs_ctx_leave(outer);
  CHECK_EQ(gs_yield(), GS_OK);
}

TEST(D9_cancel_ends_everything_that_parks) {
  set_up();
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, gs_ctx_current()), GS_OK);
  start_calls(ctx);
  CHECK_EQ(ended, 0);
  CHECK_EQ(gs_ctx_cancel(ctx, 0), 1);
  gs_ctx_release(ctx);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(ended, CALLS);
  check_results(GS_ECANCELED);
  CHECK_EQ(host_fake.pending, 0);
  CHECK(!host_fake.frame_requested);
  tear_down();
}

TEST(D9_a_deadline_ends_everything_that_parks) {
  set_up();
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new_timeout(&ctx, NULL, GS_MILLISECOND), GS_OK);
  start_calls(ctx);
  CHECK_EQ(ended, 0);
  CHECK_EQ(gs_sleep(GS_MILLISECOND), GS_OK);
  CHECK_EQ(gs_ctx_error(ctx), GS_ETIMEDOUT);
  gs_ctx_release(ctx);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(ended, CALLS);
  check_results(GS_ETIMEDOUT);
  tear_down();
}

TEST(D9_in_a_done_context_nothing_parks) {
  set_up();
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK_EQ(gs_ctx_cancel(ctx, GS_EIO), 1);
  start_calls(
      ctx); /* one turn: none waits but the condition's, for its mutex */
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(ended, CALLS);
  check_results(GS_ECANCELED);
  CHECK_EQ(host_fake.pending, 0);
  gs_ctx_release(ctx);
  tear_down();
}

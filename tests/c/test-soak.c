/* Ten minutes of everything at once, in virtual time, from a fixed seed (or
 * GS_SEED): goroutines come and go, channels, selects, timers and deadlines
 * race, the host answers late, twice or never. At the end all is told to stop,
 * and nothing may be left. */
#include <gossamer/gossamer.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/random.h"
#include "../../src/debug.h"
#include "../../src/sync/chan.h"
#include "harness.h"
#include "soak-host.h"

#define MINUTE_NS (60 * GS_SECOND)
#define CHANS 8
#define WORKERS_MAX 250

static struct {
  uint64_t seed;
  struct gs__random random;
  gs_chan *chans[CHANS]; /* of int64_t, shared by all */
  int64_t sent;          /* sums of the elements */
  int64_t received;
  uint32_t elements;
  uint32_t started; /* goroutines */
  uint32_t timeouts;
  uint32_t ticks;
  uint32_t frames;
  uint32_t bytes;
  uint32_t canceled;
  int64_t next_element;
} soak;

uint32_t soak_below(uint32_t count) {
  return gs__random_below(&soak.random, count);
}

static bool one_in(uint32_t n) { return soak_below(n) == 0; }

static int64_t soon(void) {
  return gs_now() + (int64_t)soak_below(60) * GS_MILLISECOND;
}

static void go(gs_func *fn, void *arg) {
  static const size_t sizes[] = {0, 0, 0, 8192, 16384};
  struct gs_go_options options = {.stack_bytes = sizes[soak_below(5)]};
  CHECK(gs_go_with(&options, fn, arg) > 0);
  soak.started++;
}

/* ---- shared channels ---- */

static gs_chan *any_chan(void) { return soak.chans[soak_below(CHANS)]; }

/* Counts what came of an operation; false when its channel is closed. */
static bool count_sent(int result, int64_t element) {
  if (result == GS_OK) {
    soak.sent += element;
    soak.elements++;
  } else if (result == GS_ETIMEDOUT) {
    soak.timeouts++;
  } else {
    CHECK(result == GS_EPIPE || result == GS_EAGAIN);
  }
  return result != GS_EPIPE;
}

static bool count_received(int result, int64_t element) {
  if (result == 1) {
    CHECK(element > 0);
    soak.received += element;
  } else if (result == GS_ETIMEDOUT) {
    soak.timeouts++;
  } else {
    CHECK(result == 0 || result == GS_EAGAIN);
  }
  return result != 0;
}

static void exchange(void *arg) {
  (void)arg;
  for (uint32_t left = 1 + soak_below(12); left > 0; left--) {
    gs_chan *chan = any_chan();
    int64_t element = ++soak.next_element;
    bool open;
    if (one_in(2)) {
      int result = one_in(5) ? gs_chan_try_send(chan, &element)
                             : gs_chan_send_until(chan, &element, soon());
      open = count_sent(result, element);
    } else {
      element = 0;
      int result = one_in(5) ? gs_chan_try_recv(chan, &element)
                             : gs_chan_recv_until(chan, &element, soon());
      open = count_received(result, element);
    }
    if (!open) return;
  }
}

#define CASES_MAX 6

static void select_some(void *arg) {
  (void)arg;
  struct gs_case cases[CASES_MAX];
  int64_t elements[CASES_MAX];
  for (uint32_t left = 1 + soak_below(8); left > 0; left--) {
    uint32_t count = 1 + soak_below(CASES_MAX);
    for (uint32_t i = 0; i < count; i++) {
      gs_chan *chan = one_in(10) ? NULL : any_chan();
      elements[i] = ++soak.next_element;
      cases[i] =
          one_in(2) ? GS_SEND(chan, &elements[i]) : GS_RECV(chan, &elements[i]);
    }
    int index = one_in(4) ? gs_try_select(cases, count)
                          : gs_select_until(cases, count, soon());
    if (index == GS_EAGAIN) continue;
    if (index == GS_ETIMEDOUT) {
      soak.timeouts++;
      continue;
    }
    CHECK(index >= 0 && (uint32_t)index < count);
    int result = cases[index].result;
    bool open = cases[index].op == GS_CASE_SEND
                    ? count_sent(result, elements[index])
                    : count_received(result, elements[index]);
    if (!open) return;
  }
}

/* ---- a channel of its own ---- */

static void drain(void *arg) {
  gs_chan *chan = arg;
  int element;
  while (gs_chan_recv(chan, &element) > 0) {
    if (one_in(3)) CHECK_EQ(gs_yield(), GS_OK);
  }
  gs_chan_release(chan);
}

static void feed_own(void *arg) {
  (void)arg;
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, sizeof(int), soak_below(4)), GS_OK);
  for (uint32_t i = 1 + soak_below(3); i > 0; i--) {
    go(drain, gs_chan_retain(chan));
  }
  for (int i = 0; i < 10; i++) CHECK_EQ(gs_chan_send(chan, &i), GS_OK);
  if (one_in(2)) CHECK_EQ(gs_sleep(soon() - gs_now()), GS_OK);
  CHECK_EQ(gs_chan_close(chan), GS_OK);
  gs_chan_release(chan);
}

/* ---- timers ---- */

static void use_timer(void *arg) {
  (void)arg;
  gs_timer *timer;
  int64_t period_ns = one_in(3) ? 0 : 1 + soak_below(20000000);
  CHECK_EQ(gs_timer_new(&timer, soon() - gs_now(), period_ns), GS_OK);
  for (uint32_t left = soak_below(8); left > 0; left--) {
    int64_t time_ns;
    int result = gs_chan_recv_until(gs_timer_chan(timer), &time_ns, soon());
    CHECK(result == 1 || result == GS_ETIMEDOUT);
    if (result == 1) {
      CHECK(time_ns <= gs_now());
      soak.ticks++;
    }
    if (one_in(4)) CHECK(gs_timer_stop(timer) >= 0);
    if (one_in(4)) {
      CHECK(gs_timer_reset(timer, soon() - gs_now(), period_ns) >= 0);
    }
  }
  gs_timer_release(timer);
}

static void tick(void *arg) {
  (void)arg;
  soak.ticks++;
  if (one_in(3)) CHECK_EQ(gs_yield(), GS_OK);
}

static void use_func_timer(void *arg) {
  (void)arg;
  gs_timer *timer;
  CHECK_EQ(gs_timer_func(&timer, soak_below(1000000),
                         1000000 + soak_below(20000000), tick, NULL),
           GS_OK);
  CHECK_EQ(gs_sleep(soon() - gs_now()), GS_OK);
  gs_timer_release(timer);
}

/* ---- the host ---- */

#define BODY_BYTES 48
#define POISON 0xa5

static bool all_poison(const unsigned char *buf, size_t from) {
  for (size_t i = from; i < BODY_BYTES; i++) {
    if (buf[i] != POISON) return false;
  }
  return true;
}

/* One read into a block of its own, which is freed afterwards: a host that
 * wrote to it later would be seen by the sanitizer. */
static int64_t read_once(gs_http *http, int64_t deadline_ns) {
  unsigned char *buf = malloc(BODY_BYTES);
  CHECK(buf != NULL);
  memset(buf, POISON, BODY_BYTES);
  int64_t count = gs_http_read_until(http, buf, BODY_BYTES, deadline_ns);
  size_t written = count > 0 ? (size_t)count : 0;
  CHECK(written <= BODY_BYTES);
  for (size_t i = 0; i < written; i++) CHECK_EQ(buf[i], SOAK_HOST_BYTE);
  CHECK(all_poison(buf, written));
  soak.bytes += (uint32_t)written;
  free(buf);
  return count;
}

struct closing {
  gs_http *http;
  gs_chan *done;
};

static void close_soon(void *arg) {
  struct closing *closing = arg;
  CHECK_EQ(gs_sleep(soon() - gs_now()), GS_OK);
  gs_http_close(closing->http);
  CHECK_EQ(gs_chan_close(closing->done), GS_OK);
}

/* Reads without a deadline while somebody else closes. */
static void read_until_closed(gs_http *http) {
  struct closing closing = {.http = http};
  CHECK_EQ(gs_chan_new(&closing.done, 1, 0), GS_OK);
  go(close_soon, &closing);
  int64_t count = read_once(http, GS_FOREVER);
  if (count == GS_ECANCELED) soak.canceled++;
  CHECK_EQ(gs_chan_recv(closing.done, NULL), 0);
  gs_chan_release(closing.done);
}

static void fetch(void *arg) {
  (void)arg;
  gs_http *http;
  int error = gs_http_get_until(&http, "http://fake/", soon());
  if (error != GS_OK) {
    CHECK(error == GS_ETIMEDOUT || error == GS_EIO);
    soak.timeouts += error == GS_ETIMEDOUT;
    return;
  }
  if (one_in(3)) {
    read_until_closed(http);
    return;
  }
  for (;;) {
    int64_t count = read_once(http, soon());
    if (count > 0) continue;
    CHECK(count == 0 || count == GS_EIO || count == GS_ETIMEDOUT);
    if (count != GS_ETIMEDOUT || one_in(2)) break;
    soak.timeouts++;
  }
  gs_http_close(http);
}

/* ---- frames ---- */

static void draw(void *arg) {
  (void)arg;
  for (uint32_t left = 1 + soak_below(5); left > 0; left--) {
    double time_ms = -1;
    int error = gs_frame_until(&time_ms, soon());
    CHECK(error == GS_OK || error == GS_ETIMEDOUT);
    CHECK_EQ(time_ms >= 0, error == GS_OK);
    soak.frames += error == GS_OK;
  }
}

static void draw_from_chan(void *arg) {
  (void)arg;
  gs_chan *chan;
  double last_ms = -1;
  CHECK_EQ(gs_frame_chan(&chan), GS_OK);
  for (uint32_t left = soak_below(5); left > 0; left--) {
    double time_ms = -1;
    if (gs_chan_recv_until(chan, &time_ms, soon()) != 1) continue;
    CHECK(time_ms > last_ms);
    last_ms = time_ms;
    soak.frames++;
    if (one_in(3)) CHECK_EQ(gs_sleep(soon() - gs_now()), GS_OK);
  }
  if (one_in(2)) CHECK_EQ(gs_chan_close(chan), GS_OK);
  gs_chan_release(chan);
}

/* ---- families ---- */

static void have_children(void *arg) {
  uintptr_t depth = (uintptr_t)arg;
  char here[64];
  memset(here, (int)depth, sizeof here);
  for (uint32_t left = soak_below(3); depth > 0 && left > 0; left--) {
    go(have_children, (void *)(depth - 1));
    if (one_in(2)) CHECK_EQ(gs_yield(), GS_OK);
  }
  CHECK_EQ(here[63], (char)depth);
  if (one_in(3)) gs_exit();
}

static gs_func *const workers[] = {exchange,       exchange,      select_some,
                                   select_some,    feed_own,      use_timer,
                                   use_func_timer, fetch,         fetch,
                                   draw,           draw_from_chan};
#define WORKERS (sizeof workers / sizeof *workers)

static void start_some(void) {
  for (uint32_t left = 1 + soak_below(4); left > 0; left--) {
    if (one_in(10)) {
      go(have_children, (void *)(uintptr_t)4);
    } else {
      go(workers[soak_below(WORKERS)], NULL);
    }
  }
}

static void check_all(void) {
  gs__sched_check();
  for (int i = 0; i < CHANS; i++) gs__chan_check(soak.chans[i]);
}

static void explain(void) {
  printf("# GS_SEED=%" PRIu64 ", at %" PRId64 " ms\n", soak.seed,
         gs_now() / GS_MILLISECOND);
}

static uint64_t chosen_seed(void) {
#ifndef __wasm__
  const char *text = getenv("GS_SEED");
  if (text != NULL) return strtoull(text, NULL, 0);
#endif
  return HARNESS_SEED;
}

static void report(void) {
  printf("# %u goroutines, %u elements, %u ticks, %u frames, %u timeouts\n",
         (unsigned)soak.started, (unsigned)soak.elements, (unsigned)soak.ticks,
         (unsigned)soak.frames, (unsigned)soak.timeouts);
  printf("# %u bytes read, %u reads canceled; ", (unsigned)soak.bytes,
         (unsigned)soak.canceled);
  soak_host_report();
}

TEST(ten_minutes_of_everything_end_with_nothing_left) {
  harness_explain = explain;
  soak.seed = chosen_seed();
  gs__random_seed(&soak.random, soak.seed);
  soak_host_begin();
  for (int i = 0; i < CHANS; i++) {
    CHECK_EQ(gs_chan_new(&soak.chans[i], sizeof(int64_t), (size_t)i / 2),
             GS_OK);
  }

  while (gs_now() < 10 * MINUTE_NS) {
    if (gs_count() < WORKERS_MAX) start_some();
    CHECK_EQ(gs_sleep(soak_below(20) * GS_MILLISECOND), GS_OK);
    if (one_in(100)) check_all();
  }

  for (int i = 0; i < CHANS; i++) {
    CHECK_EQ(gs_chan_close(soak.chans[i]), GS_OK);
  }
  int64_t end_ns = gs_now() + MINUTE_NS;
  while (gs_count() > 1 || !soak_host_is_done()) {
    CHECK(gs_now() < end_ns);
    CHECK_EQ(gs_sleep(GS_MILLISECOND), GS_OK);
  }
  check_all();
  for (int i = 0; i < CHANS; i++) {
    int64_t element;
    while (gs_chan_recv(soak.chans[i], &element) > 0) {
      soak.received += element;
    }
    gs_chan_release(soak.chans[i]);
  }
  CHECK_EQ(soak.received, soak.sent);
  report();
}

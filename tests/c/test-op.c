/* Host operations: tokens, completion, canceling, and what is guaranteed about
 * buffers. Rows A2 (a completion makes its goroutine runnable) and A3 (a read
 * that must wait stops only its caller). */
#include "../../src/host/op.h"

#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/base/random.h"
#include "../../src/runtime.h"
#include "alloc_fake.h"
#include "harness.h"
#include "host_fake.h"

#define URL "http://fake/"
#define POISON 0xa5

struct getter {
  gs_http *http;
  int64_t deadline_ns;
  int result;
  bool done;
};

static void get(void *arg) {
  struct getter *g = arg;
  g->result = g->deadline_ns == 0
                  ? gs_http_get(&g->http, URL)
                  : gs_http_get_until(&g->http, URL, g->deadline_ns);
  g->done = true;
}

struct reader {
  gs_http *http;
  unsigned char buf[32];
  int64_t deadline_ns;
  int64_t result;
  bool done;
};

static void read_body(void *arg) {
  struct reader *r = arg;
  memset(r->buf, POISON, sizeof r->buf);
  r->result =
      r->deadline_ns == 0
          ? gs_http_read(r->http, r->buf, sizeof r->buf)
          : gs_http_read_until(r->http, r->buf, sizeof r->buf, r->deadline_ns);
  r->done = true;
}

static bool poisoned(const unsigned char *buf, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    if (buf[i] != POISON) return false;
  }
  return true;
}

/* A response, with one round through the host. */
static gs_http *open_http(void) {
  struct getter g = {0};
  CHECK(gs_go(get, &g) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(host_fake.pending, 1);
  host_fake_complete(host_fake.ops[0].token, 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(g.done);
  CHECK_EQ(g.result, GS_OK);
  return g.http;
}

/* Starts the reader and lets it park. */
static uint32_t start_reader(struct reader *r) {
  CHECK(gs_go(read_body, r) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(host_fake.pending, 1);
  CHECK_EQ(host_fake.ops[0].buf, r->buf);
  return host_fake.ops[0].token;
}

/* ---- completion ---- */

static void tick(void *arg) {
  for (int i = 0; i < 10; i++) {
    ++*(int *)arg;
    CHECK_EQ(gs_yield(), GS_OK);
  }
}

TEST(an_operation_parks_its_goroutine_and_the_others_go_on) {
  int ticks = 0;
  struct getter g = {0};
  gs_go(get, &g);
  gs_go(tick, &ticks);
  while (ticks < 10) CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!g.done);
  CHECK_EQ(gs__ops_pending(), 1);
  uint32_t token = host_fake.ops[0].token;
  host_fake_complete(token, 0);
  CHECK(!g.done); /* only marked: the pump runs it */
  harness_wait_for_others();
  CHECK(g.done);
  CHECK_EQ(g.result, GS_OK);
  CHECK_EQ(gs_http_status(g.http), 200);
  gs_http_close(g.http);
}

TEST(the_answer_is_in_the_buffer_when_the_reader_runs) {
  struct reader r = {.http = open_http()};
  uint32_t token = start_reader(&r);
  CHECK_EQ(host_fake.ops[0].buf_bytes, sizeof r.buf);
  memcpy(host_fake.ops[0].buf, "hello", 5);
  host_fake_complete(token, 5);
  harness_wait_for_others();
  CHECK_EQ(r.result, 5);
  CHECK(memcmp(r.buf, "hello", 5) == 0);
  CHECK(poisoned(r.buf + 5, sizeof r.buf - 5));
  gs_http_close(r.http);
}

TEST(a_read_answers_the_end_and_errors_as_they_come) {
  static const int32_t results[] = {7, 0, GS_EIO};
  for (int i = 0; i < 3; i++) {
    struct reader r = {.http = open_http()};
    host_fake_complete(start_reader(&r), results[i]);
    harness_wait_for_others();
    CHECK_EQ(r.result, results[i]);
    gs_http_close(r.http);
  }
}

TEST(what_is_there_at_once_does_not_park) {
  char buf[8];
  static const int32_t answers[] = {8, 0, GS_EIO};
  for (int i = 0; i < 3; i++) {
    host_fake.answer = GS__PENDING;
    gs_http *http = open_http();
    host_fake.answer = answers[i];
    CHECK_EQ(gs_http_read(http, buf, sizeof buf), answers[i]);
    CHECK_EQ(gs__ops_pending(), 0);
    gs_http_close(http);
  }
  gs_http *other = (gs_http *)&other;
  host_fake.answer = GS_EACCES;
  CHECK_EQ(gs_http_get(&other, URL), GS_EACCES);
  CHECK_EQ(other, (gs_http *)&other);
}

TEST(a_request_that_fails_leaves_out_untouched) {
  struct getter g = {.http = (gs_http *)&g};
  gs_go(get, &g);
  CHECK_EQ(gs_yield(), GS_OK);
  host_fake_complete(host_fake.ops[0].token, GS_EIO);
  harness_wait_for_others();
  CHECK_EQ(g.result, GS_EIO);
  CHECK_EQ(g.http, (gs_http *)&g);
}

/* ---- completions that name nothing ---- */

TEST(a_second_completion_is_dropped) {
  struct reader r = {.http = open_http()};
  uint32_t token = start_reader(&r);
  host_fake_complete(token, 3);
  gs_complete(token, 4);
  harness_wait_for_others();
  gs_complete(token, 5);
  CHECK_EQ(r.result, 3);
  CHECK_EQ(gs__ops_pending(), 0);
  gs_http_close(r.http);
}

TEST(a_completion_after_the_deadline_is_dropped) {
  struct reader r = {.http = open_http(), .deadline_ns = gs_now() + 100};
  uint32_t token = start_reader(&r);
  CHECK_EQ(gs_sleep(200), GS_OK);
  CHECK(r.done);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  gs_complete(token, 7);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  gs_http_close(r.http);
}

/* The slot is in use again, by another operation of a later generation. */
TEST(a_stale_token_does_not_complete_its_successor) {
  struct reader r = {.http = open_http()};
  uint32_t stale = start_reader(&r);
  host_fake_complete(stale, 1);
  harness_wait_for_others();
  r.done = false;
  uint32_t fresh = start_reader(&r);
  CHECK(fresh != stale);
  gs_complete(stale, 99);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!r.done);
  host_fake_complete(fresh, 2);
  harness_wait_for_others();
  CHECK_EQ(r.result, 2);
  gs_http_close(r.http);
}

/* A goroutine that was timed out and now waits for something else. */
TEST(a_late_completion_does_not_disturb_what_its_goroutine_does_next) {
  gs_http *http = open_http();
  struct reader r = {.http = http, .deadline_ns = gs_now() + 10};
  uint32_t token = start_reader(&r);
  CHECK_EQ(gs_sleep(20), GS_OK);
  r.deadline_ns = 0;
  r.done = false;
  uint32_t next = start_reader(&r);
  gs_complete(token, 5);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!r.done);
  CHECK(poisoned(r.buf, sizeof r.buf));
  host_fake_complete(next, 6);
  harness_wait_for_others();
  CHECK_EQ(r.result, 6);
  gs_http_close(http);
}

TEST(tokens_that_never_were_are_ignored) {
  static const uint32_t tokens[] = {
      0, 1, 2, UINT32_MAX, 0x7fffffff, 0x80000001, 1 << 20, (2 << 20) | 1};
  for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
    gs_complete(tokens[i], 1);
  }
  struct reader r = {.http = open_http()};
  uint32_t token = start_reader(&r);
  for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
    if (tokens[i] != token) gs_complete(tokens[i], 1);
  }
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!r.done);
  host_fake_complete(token, 1);
  harness_wait_for_others();
  gs_http_close(r.http);
}

static void complete_at_once(const struct host_fake_op *op) {
  gs_complete(op->token, 1);
}

/* The contract forbids it; still nothing may break. */
TEST(a_completion_inside_the_import_is_dropped) {
  struct reader r = {.http = open_http()};
  host_fake.on_start = complete_at_once;
  uint32_t token = start_reader(&r);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!r.done);
  host_fake_complete(token, 2);
  harness_wait_for_others();
  CHECK_EQ(r.result, 2);
  gs_http_close(r.http);
}

/* ---- canceling ---- */

TEST(a_deadline_cancels_at_the_host_and_the_response_can_be_read_on) {
  struct reader r = {.http = open_http(), .deadline_ns = gs_now() + 100};
  uint32_t token = start_reader(&r);
  CHECK_EQ(gs_sleep(200), GS_OK);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  CHECK_EQ(host_fake.canceled, 1);
  CHECK_EQ(host_fake.last_canceled, token);
  CHECK(poisoned(r.buf, sizeof r.buf));
  r.deadline_ns = 0;
  host_fake_complete(start_reader(&r), 4);
  harness_wait_for_others();
  CHECK_EQ(r.result, 4);
  gs_http_close(r.http);
}

TEST(a_request_with_a_deadline_is_aborted) {
  struct getter g = {.http = (gs_http *)&g, .deadline_ns = 50};
  gs_go(get, &g);
  CHECK_EQ(gs_sleep(100), GS_OK);
  CHECK_EQ(g.result, GS_ETIMEDOUT);
  CHECK_EQ(g.http, (gs_http *)&g);
  CHECK_EQ(host_fake.canceled, 1);
  CHECK_EQ(gs__ops_pending(), 0);
}

TEST(a_completion_before_the_deadline_takes_the_deadline_away) {
  struct reader r = {.http = open_http(), .deadline_ns = gs_now() + GS_SECOND};
  host_fake_complete(start_reader(&r), 4);
  CHECK_EQ(gs__sched.timers.count, 0);
  harness_wait_for_others();
  CHECK_EQ(r.result, 4);
  CHECK_EQ(host_fake.canceled, 0);
  gs_http_close(r.http);
}

/* Completed, but not yet run when the deadline passes: it was in time. */
TEST(a_completion_wins_over_a_deadline_that_passes_before_the_reader_runs) {
  struct reader r = {.http = open_http(), .deadline_ns = gs_now() + 10};
  uint32_t token = start_reader(&r);
  host_fake_complete(token, 4);
  gs__sched.now_ns += 100;
  harness_wait_for_others();
  CHECK_EQ(r.result, 4);
  gs_http_close(r.http);
}

TEST(closing_wakes_the_reader_and_cancels_first) {
  struct reader r = {.http = open_http()};
  uint32_t token = start_reader(&r);
  gs_http_close(r.http); /* the fake host panics at a wrong order */
  CHECK_EQ(host_fake.last_canceled, token);
  CHECK_EQ(host_fake.closed, 1);
  harness_wait_for_others();
  CHECK_EQ(r.result, GS_ECANCELED);
  CHECK(poisoned(r.buf, sizeof r.buf));
  gs_complete(token, 3);
}

TEST(closing_wakes_a_reader_with_a_deadline) {
  struct reader r = {.http = open_http(), .deadline_ns = gs_now() + GS_SECOND};
  start_reader(&r);
  gs_http_close(r.http);
  CHECK_EQ(gs__sched.timers.count, 0);
  harness_wait_for_others();
  CHECK_EQ(r.result, GS_ECANCELED);
}

TEST(closing_after_a_completion_lets_the_reader_have_it) {
  struct reader r = {.http = open_http()};
  host_fake_complete(start_reader(&r), 4);
  gs_http_close(r.http);
  CHECK_EQ(host_fake.canceled, 0);
  harness_wait_for_others();
  CHECK_EQ(r.result, 4);
}

TEST(a_second_reader_is_refused_while_the_first_waits) {
  struct reader r = {.http = open_http()};
  uint32_t token = start_reader(&r);
  char buf[4];
  CHECK_EQ(gs_http_read(r.http, buf, sizeof buf), GS_EBUSY);
  CHECK_EQ(gs_http_read_until(r.http, buf, sizeof buf, 0), GS_EBUSY);
  CHECK_EQ(gs__ops_pending(), 1);
  host_fake_complete(token, 4);
  harness_wait_for_others();
  host_fake.answer = 2;
  CHECK_EQ(gs_http_read(r.http, buf, sizeof buf), 2);
  gs_http_close(r.http);
}

/* ---- bad use ---- */

TEST(bad_arguments_of_http_are_refused) {
  gs_http *http = (gs_http *)&http;
  CHECK_EQ(gs_http_get(NULL, URL), GS_EINVAL);
  CHECK_EQ(gs_http_get(&http, NULL), GS_EINVAL);
  CHECK_EQ(gs_http_get_until(NULL, NULL, 5), GS_EINVAL);
  CHECK_EQ(http, (gs_http *)&http);
  char buf[4];
  CHECK_EQ(gs_http_status(NULL), GS_EINVAL);
  CHECK_EQ(gs_http_read(NULL, buf, 4), GS_EINVAL);
  CHECK_EQ(gs_http_header(NULL, "content-type", buf, 4), GS_EINVAL);
  CHECK_EQ(gs_http_header_at(NULL, 0, buf, 4), GS_EINVAL);
  CHECK_EQ(gs_http_url(NULL, buf, 4), GS_EINVAL);
  gs_http_close(NULL);
  http = open_http();
  CHECK_EQ(gs_http_read(http, NULL, 4), GS_EINVAL);
  CHECK_EQ(gs_http_read(http, buf, 0), GS_EINVAL);
  CHECK_EQ(gs_http_read_until(http, NULL, 0, 1), GS_EINVAL);
  CHECK_EQ(gs_http_header(http, NULL, buf, 4), GS_EINVAL);
  CHECK_EQ(gs_http_header(http, "content-type", NULL, 4), GS_EINVAL);
  CHECK_EQ(gs_http_header_at(http, 0, NULL, 4), GS_EINVAL);
  CHECK_EQ(gs_http_url(http, NULL, 4), GS_EINVAL);
  CHECK_EQ(gs_http_error(NULL, 4), GS_EINVAL);
  gs_http_close(http);
}

TEST(a_huge_read_is_asked_for_in_what_the_host_can_answer) {
  gs_http *http = open_http();
  host_fake.answer = 1;
  char buf[1];
  CHECK_EQ(gs_http_read(http, buf, SIZE_MAX), 1);
  gs_http_close(http);
}

TEST(texts_are_cut_and_always_end) {
  gs_http *http = open_http();
  char buf[64];
  CHECK_EQ(gs_http_header(http, "content-type", buf, sizeof buf), 10);
  CHECK_STR_EQ(buf, "text/plain");
  CHECK_EQ(gs_http_header(http, "content-type", buf, 5), 10);
  CHECK_STR_EQ(buf, "text");
  CHECK_EQ(gs_http_header(http, "content-type", buf, 1), 10);
  CHECK_STR_EQ(buf, "");
  CHECK_EQ(gs_http_header(http, "content-type", buf, 11), 10);
  CHECK_STR_EQ(buf, "text/plain");
  CHECK_EQ(gs_http_header(http, "content-type", NULL, 0), 10);
  memset(buf, POISON, sizeof buf);
  CHECK_EQ(gs_http_header(http, "missing", buf, sizeof buf), GS_ENOENT);
  CHECK(poisoned((unsigned char *)buf, sizeof buf));
  CHECK_EQ(gs_http_header_at(http, 0, buf, 8), 24);
  CHECK_STR_EQ(buf, "content");
  CHECK_EQ(gs_http_header_at(http, 1, buf, 8), GS_ENOENT);
  CHECK_EQ(gs_http_url(http, buf, sizeof buf), 12);
  CHECK_STR_EQ(buf, URL);
  CHECK_EQ(gs_http_error(buf, 3), 12);
  CHECK_STR_EQ(buf, "no");
  gs_http_close(http);
}

HOST_TEST(outside_a_goroutine_no_operation_starts) {
  gs_http *http = (gs_http *)&http;
  CHECK_EQ(gs_http_get(&http, URL), GS_EPERM);
  CHECK_EQ(gs_http_get_until(&http, URL, 5), GS_EPERM);
  CHECK_EQ(http, (gs_http *)&http);
  CHECK_EQ(host_fake.started, 0);
}

TEST(a_request_without_memory_leaves_nothing_wherever_it_fails) {
  gs_http *http = (gs_http *)&http;
  uint32_t good = 0;
  for (;; good++) {
    alloc_fake_fail_after(good);
    int error = gs_http_get_until(&http, URL, gs_now() + 5);
    CHECK_EQ(gs__ops_pending(), 0);
    CHECK_EQ(host_fake.pending, 0);
    if (error == GS_ETIMEDOUT) break;
    CHECK_EQ(error, GS_ENOMEM);
  }
  alloc_fake_never_fail();
  CHECK_EQ(good, 3); /* response, slots, deadline */
  CHECK_EQ(http, (gs_http *)&http);
}

/* ---- many ---- */

#define MANY 500

TEST(many_at_once_each_get_their_own_answer) {
  static struct getter getters[MANY];
  struct gs__random random;
  gs__random_seed(&random, HARNESS_SEED);
  for (int i = 0; i < MANY; i++) CHECK(gs_go(get, &getters[i]) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(gs__ops_pending(), MANY);
  uint32_t tokens[MANY];
  for (int i = 0; i < MANY; i++) tokens[i] = host_fake.ops[i].token;
  for (int left = MANY; left > 0; left--) {
    int i = (int)gs__random_below(&random, (uint32_t)left);
    host_fake_complete(tokens[i], i % 2 == 0 ? 0 : GS_EIO);
    memmove(&tokens[i], &tokens[i + 1],
            (size_t)(left - i - 1) * sizeof *tokens);
  }
  harness_wait_for_others();
  uint32_t opened = 0;
  for (int i = 0; i < MANY; i++) {
    CHECK(getters[i].done);
    if (getters[i].result == GS_OK) {
      opened++;
      gs_http_close(getters[i].http);
    } else {
      CHECK_EQ(getters[i].result, GS_EIO);
    }
  }
  CHECK(opened > 0 && opened < MANY);
  CHECK_EQ(host_fake.opened, MANY);
  CHECK_EQ(host_fake.closed, MANY); /* those that failed, too */
}

TEST(a_token_comes_back_only_after_thousands_of_operations) {
  static uint32_t tokens[4095];
  struct gs__op op;
  for (int i = 0; i < 4095; i++) {
    CHECK_EQ(gs__op_begin(&op), GS_OK);
    tokens[i] = op.token;
    CHECK(op.token != 0);
    for (int n = i - 1; n >= 0 && n > i - 50; n--) {
      CHECK(tokens[n] != op.token);
    }
    CHECK(i == 0 || tokens[0] != op.token);
    gs__op_drop(&op);
  }
}

#define SLOTS_MAX ((UINT32_C(1) << GS__OP_SLOT_BITS) - 1)

TEST(more_operations_than_slots_are_refused) {
  uint32_t *tokens = malloc(SLOTS_MAX * sizeof *tokens);
  CHECK(tokens != NULL);
  struct gs__op op;
  for (uint32_t i = 0; i < SLOTS_MAX; i++) {
    if (gs__op_begin(&op) != GS_OK) CHECK_EQ(i, SLOTS_MAX);
    tokens[i] = op.token;
  }
  CHECK_EQ(gs__op_begin(&op), GS_ENOMEM);
  CHECK_EQ(gs__ops_pending(), SLOTS_MAX);
  for (uint32_t i = 0; i < SLOTS_MAX; i++) {
    op.token = tokens[i];
    gs__op_drop(&op);
  }
  CHECK_EQ(gs__op_begin(&op), GS_OK);
  gs__op_drop(&op);
  free(tokens);
}

HOST_TEST(the_end_of_the_runtime_cancels_what_is_pending) {
  struct getter getters[3] = {{0}};
  for (int i = 0; i < 3; i++) CHECK(gs_go(get, &getters[i]) > 0);
  CHECK_EQ(gs__sched_pump(), GS__IDLE_WAIT);
  CHECK_EQ(host_fake.pending, 3);
  harness_abandon();
  gs__runtime_term();
  CHECK_EQ(host_fake.pending, 0);
  CHECK_EQ(host_fake.canceled, 3);
  CHECK_EQ(gs__ops_pending(), 0);
}

/* ---- standard input ---- */

#ifdef __wasm__
struct input {
  char line[32];
  bool done;
};

static void read_line(void *arg) {
  struct input *input = arg;
  CHECK(fgets(input->line, sizeof input->line, stdin) != NULL);
  input->done = true;
}

static void answer_input(const char *text) {
  CHECK_EQ(host_fake.pending, 1);
  CHECK_EQ(host_fake.ops[0].kind, HOST_FAKE_STDIN);
  size_t bytes = strlen(text);
  CHECK(bytes <= host_fake.ops[0].buf_bytes);
  memcpy(host_fake.ops[0].buf, text, bytes);
  *host_fake.ops[0].count = (uint32_t)bytes;
  host_fake_complete(host_fake.ops[0].token, 0);
  CHECK_EQ(gs_yield(), GS_OK);
}

/* A3: libc's own read parks, in the middle of stdio. */
TEST(a_read_of_standard_input_stops_only_its_caller) {
  struct input input = {.done = false};
  int ticks = 0;
  gs_go(read_line, &input);
  gs_go(tick, &ticks);
  while (ticks < 10) CHECK_EQ(gs_yield(), GS_OK);
  CHECK(!input.done);
  answer_input("half a");
  CHECK(!input.done);
  answer_input(" line\nmore");
  CHECK(input.done);
  CHECK_STR_EQ(input.line, "half a line\n");
}

TEST(read_answers_the_end_and_errors_of_standard_input) {
  char buf[8];
  host_fake.answer = 3;
  CHECK_EQ(read(0, buf, sizeof buf), 3);
  CHECK_EQ(read(0, buf, 0), 0);
  host_fake.answer = 0;
  CHECK_EQ(read(0, buf, sizeof buf), 0);
  host_fake.answer = GS_EIO;
  CHECK_EQ(read(0, buf, sizeof buf), -1);
}
#endif

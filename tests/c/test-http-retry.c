/* Requests that are made again: after what, how often, and how long they wait,
 * on the virtual clock. */
#include <stdlib.h>
#include <unistd.h>

#include "../../src/sched/sched.h"
#include "http-help.h"

#define MS GS_MILLISECOND

/* A request that may be made again three times. */
static struct request three_times(const char *method) {
  return (struct request){.request = {.method = method, .retry = {.times = 3}}};
}

/* The host answers with that status, or by an error. */
static void answer_status(int status) {
  if (status > 0) host_fake.head.status = (uint32_t)status;
  answer(HOST_FAKE_OPEN, status > 0 ? 0 : status);
}

static bool under_way(void) { return find_pending(HOST_FAKE_OPEN) != NULL; }

/* How long it is until the next attempt; all but that is still. */
static int64_t wait_for_next(void) {
  int64_t from_ns = gs_now();
  CHECK(!under_way());
  CHECK_EQ(host_fake.opened, host_fake.closed); /* the last one is over */
  while (!under_way()) {
    if (gs_now() > from_ns + 100 * GS_SECOND) return -1;
    CHECK_EQ(gs_sleep(MS), GS_OK);
  }
  int64_t waited_ns = gs_now() - from_ns;
  settle();
  return waited_ns;
}

static void check_between(int64_t ns, int64_t least_ns, int64_t most_ns) {
  if (ns >= least_ns && ns <= most_ns + MS) return;
  harness_fail(__FILE__, __LINE__, "%lld ms is not from %lld to %lld",
               (long long)(ns / MS), (long long)(least_ns / MS),
               (long long)(most_ns / MS));
}

TEST(a_request_is_made_again_and_each_wait_is_about_twice_the_last) {
  struct request r = three_times("GET");
  start_request(&r);
  for (int i = 0; i < 3; i++) {
    answer_status(i == 1 ? GS_EIO : 503);
    CHECK(!r.done);
    int64_t all_ns = (200 << i) * MS;
    check_between(wait_for_next(), all_ns / 2, all_ns);
  }
  answer_status(503);
  CHECK(r.done); /* four in all; the last answer counts */
  CHECK_EQ(r.result, GS_OK);
  CHECK_EQ(gs_http_status(r.http), 503);
  CHECK_EQ(host_fake.opened, 4);
  CHECK_EQ(host_fake.closed, 3);
  gs_http_close(r.http);
}

TEST(a_request_that_succeeds_the_second_time_is_a_success) {
  struct request r = three_times("PUT");
  r.request.body = gs_http_bytes("body", 4);
  start_request(&r);
  answer_status(GS_EIO);
  CHECK(wait_for_next() > 0);
  CHECK_EQ(host_fake.request.body_bytes, 4);
  answer_status(201);
  CHECK_EQ(r.result, GS_OK);
  CHECK_EQ(gs_http_status(r.http), 201);
  gs_http_close(r.http);
}

TEST(the_last_failure_is_the_requests) {
  struct request r = three_times("GET");
  r.request.retry.times = 1;
  start_request(&r);
  answer_status(503);
  CHECK(wait_for_next() > 0);
  answer_status(GS_EIO);
  CHECK_EQ(r.result, GS_EIO);
  CHECK_EQ(host_fake.opened, host_fake.closed);
}

TEST(only_what_may_pass_is_tried_again) {
  static const int again[] = {408, 425, 429, 500, 502, 503, 504, GS_EIO};
  static const int final[] = {200,        204,       301,       400,
                              404,        501,       505,       GS_EACCES,
                              GS_EBADMSG, GS_ELOOP,  GS_EINVAL, GS_ETIMEDOUT,
                              GS_EFBIG,   GS_ENOTSUP};
  for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
    struct request r = three_times("GET");
    r.request.retry.times = 1;
    start_request(&r);
    answer_status(again[i]);
    CHECK(wait_for_next() > 0);
    answer_status(200);
    CHECK_EQ(r.result, GS_OK);
    gs_http_close(r.http);
  }
  for (size_t i = 0; i < sizeof final / sizeof *final; i++) {
    struct request r = three_times("GET");
    start_request(&r);
    answer_status(final[i]);
    CHECK(r.done);
    CHECK_EQ(r.result, final[i] > 0 ? GS_OK : final[i]);
    gs_http_close(r.http);
    r.http = NULL;
  }
}

TEST(only_idempotent_methods_are_tried_again_unless_any_may) {
  static const struct {
    const char *method;
    bool again;
  } methods[] = {{NULL, true},     {"", true},       {"GET", true},
                 {"get", true},    {"HEAD", true},   {"OPTIONS", true},
                 {"PUT", true},    {"DELETE", true}, {"POST", false},
                 {"PATCH", false}, {"GETS", false}};
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    for (int any = 0; any < 2; any++) {
      struct request r = three_times(methods[i].method);
      r.request.retry.any_method = any;
      start_request(&r);
      answer_status(503);
      CHECK_EQ(!r.done, methods[i].again || any);
      if (!r.done) {
        CHECK(wait_for_next() > 0);
        answer_status(200);
      }
      gs_http_close(r.http);
    }
  }
  struct request r = three_times(NULL); /* POST, with a body */
  r.request.body = gs_http_bytes("x", 1);
  start_request(&r);
  answer_status(503);
  CHECK(r.done);
  gs_http_close(r.http);
}

TEST(the_wait_never_exceeds_its_limit) {
  struct request r = three_times("GET");
  r.request.retry = (struct gs_http_retry){
      .times = 12, .first_ns = 300 * MS, .most_ns = 1000 * MS};
  start_request(&r);
  for (int i = 0; i < 12; i++) {
    answer_status(500);
    int64_t all_ns = i == 0 ? 300 * MS : i == 1 ? 600 * MS : 1000 * MS;
    check_between(wait_for_next(), all_ns / 2, all_ns);
  }
  answer_status(200);
  gs_http_close(r.http);
}

/* ---- Retry-After ---- */

/* How long a request waits after a 503 with these headers; -1: it does not. */
static int64_t wait_after(const char *const *headers) {
  host_fake.headers = headers;
  struct request r = three_times("GET");
  start_request(&r);
  answer_status(503);
  int64_t wait_ns = -1;
  if (!r.done) {
    wait_ns = wait_for_next();
    answer_status(200);
  }
  CHECK_EQ(r.result, GS_OK);
  gs_http_close(r.http);
  return wait_ns;
}

#define AFTER(...) wait_after((const char *const[]){__VA_ARGS__, NULL})
#define NOW "date: Sun, 06 Nov 1994 08:49:37 GMT"

TEST(a_server_says_how_long_to_wait_in_seconds) {
  check_between(AFTER("retry-after: 3"), 3 * GS_SECOND, 3 * GS_SECOND);
  check_between(AFTER("retry-after: 10"), 10 * GS_SECOND, 10 * GS_SECOND);
  CHECK_EQ(AFTER("retry-after: 11"), -1); /* longer than it may be */
  CHECK_EQ(AFTER("retry-after: 99999999999999999999"), -1);
  check_between(AFTER("retry-after: 0"), 100 * MS, 200 * MS);
  check_between(AFTER("retry-after: -5"), 100 * MS, 200 * MS);
  check_between(AFTER("retry-after: 3 s"), 100 * MS, 200 * MS);
  check_between(AFTER("retry-after: "), 100 * MS, 200 * MS);
  check_between(AFTER("retry-after: soon"), 100 * MS, 200 * MS);
}

/* The three forms of RFC 9110, 5.6.7, and its own example. */
TEST(a_server_says_how_long_to_wait_by_a_date) {
  int64_t three_ns = 3 * GS_SECOND;
  check_between(AFTER("retry-after: Sun, 06 Nov 1994 08:49:40 GMT", NOW),
                three_ns, three_ns);
  check_between(AFTER("retry-after: Sunday, 06-Nov-94 08:49:40 GMT", NOW),
                three_ns, three_ns);
  check_between(AFTER("retry-after: Sun Nov  6 08:49:40 1994", NOW), three_ns,
                three_ns);
  check_between(AFTER("retry-after: Tue, 01 Mar 1994 00:00:01 GMT",
                      "date: Mon, 28 Feb 1994 23:59:58 GMT"),
                three_ns, three_ns);
  check_between(AFTER("retry-after: Thu, 29 Feb 2024 00:00:01 GMT",
                      "date: Wed, 28 Feb 2024 23:59:58 GMT"),
                three_ns, three_ns);
  check_between(AFTER("retry-after: Sat, 01 Jan 2000 00:00:01 GMT",
                      "date: Fri, 31 Dec 1999 23:59:58 GMT"),
                three_ns, three_ns);
  CHECK_EQ(AFTER("retry-after: Sun, 06 Nov 1994 08:49:48 GMT", NOW), -1);
  CHECK_EQ(AFTER("retry-after: Fri, 31 Dec 9999 23:59:59 GMT", NOW), -1);
  CHECK_EQ(AFTER("retry-after: Fri, 31 Dec 9999 23:59:59 GMT"), -1);
  static const char *const ignored[] = {
      "retry-after: Sun, 06 Nov 1994 08:49:30 GMT", /* it is over */
      "retry-after: Sun, 32 Nov 1994 08:49:40 GMT",
      "retry-after: Sun, 06 Now 1994 08:49:40 GMT",
      "retry-after: Sun, 06 Nov 1994",
      "retry-after: 06",
      "retry-after: Sun, 06 Nov 1994 08:49",
      "retry-after: Sun, 06 Nov 1994 99:49:40 GMT"};
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
    int64_t wait_ns = AFTER(ignored[i], NOW);
    /* "06" is a number of seconds. */
    if (i == 4) check_between(wait_ns, 6 * GS_SECOND, 6 * GS_SECOND);
    if (i != 4) check_between(wait_ns, 100 * MS, 200 * MS);
  }
}

/* ---- what ends the attempts ---- */

TEST(a_deadline_holds_for_all_attempts_and_no_wait_goes_beyond_it) {
  struct request r = three_times("GET");
  r.request.timeout_ns = 1000 * MS;
  r.request.retry.first_ns = 600 * MS;
  start_request(&r);
  answer_status(503);
  check_between(wait_for_next(), 300 * MS, 600 * MS);
  answer_status(503);
  CHECK(r.done); /* the next one would begin too late */
  CHECK_EQ(r.result, GS_OK);
  CHECK_EQ(gs_http_status(r.http), 503);
  gs_http_close(r.http);
  r = three_times("GET");
  r.request.timeout_ns = 1000 * MS;
  start_request(&r);
  answer_status(GS_EIO);
  CHECK(wait_for_next() > 0);
  CHECK_EQ(gs_sleep(1000 * MS), GS_OK); /* the second has no answer */
  CHECK_EQ(r.result, GS_ETIMEDOUT);
}

/* The wait ends late, when the deadline has come, too. */
TEST(a_deadline_that_passes_with_the_wait_ends_the_attempts) {
  struct request r = three_times("GET");
  r.request.timeout_ns = 1000 * MS;
  start_request(&r);
  answer_status(503);
  gs__sched.now_ns += 5 * GS_SECOND;
  CHECK_EQ(gs_sleep(1), GS_OK);
  settle();
  CHECK(r.done);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  CHECK_EQ(host_fake.opened, 1);
}

static gs_ctx *ctx;

static void run_in_ctx(void *arg) {
  gs_ctx *outer = gs_ctx_enter(ctx);
  run_request(arg);
  gs_ctx_leave(outer);
}

TEST(a_context_ends_the_wait_between_two_attempts) {
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  struct request r = three_times("GET");
  r.request.url = URL;
  CHECK(gs_go(run_in_ctx, &r) > 0);
  settle();
  answer_status(503);
  CHECK_EQ(gs_sleep(10 * MS), GS_OK);
  gs_ctx_cancel(ctx, 0);
  settle();
  CHECK(r.done);
  CHECK_EQ(r.result, GS_ECANCELED);
  CHECK_EQ(host_fake.opened, 1);
  CHECK_EQ(host_fake.closed, 1);
  CHECK_EQ(gs__sched.timers.count, 0);
  gs_ctx_release(ctx);
}

/* ---- bodies ---- */

static int64_t read_none(void *arg, void *buf, size_t buf_bytes) {
  (void)buf, (void)buf_bytes;
  ++*(int *)arg;
  return 0;
}

TEST(a_body_from_a_reader_is_sent_once) {
  int calls = 0;
  struct request r = three_times("PUT");
  r.request.body = gs_http_reader(read_none, &calls, -1);
  start_request(&r);
  answer_status(GS_EIO);
  CHECK_EQ(r.result, GS_EIO);
  CHECK_EQ(calls, 2); /* one read, and the last call */
}

#ifndef __wasm__
TEST(a_file_is_sent_again_from_where_it_stood) {
  FILE *file = tmpfile();
  CHECK(file != NULL);
  int fd = fileno(file);
  CHECK_EQ(write(fd, "0123456789", 10), 10);
  lseek(fd, 4, SEEK_SET);
  struct request r = three_times("PUT");
  r.request.body = gs_http_file(fd);
  start_request(&r);
  for (int i = 0; i < 3; i++) {
    const struct host_fake_op *op = find_pending(HOST_FAKE_SEND);
    CHECK(op != NULL);
    CHECK_EQ(op->buf_bytes, 6);
    CHECK(memcmp(op->buf, "456789", 6) == 0);
    if (i == 0) answer(HOST_FAKE_SEND, 6);
    if (i == 2) break; /* the second ends in the middle of sending */
    answer_status(i == 0 ? 503 : GS_EIO);
    CHECK(wait_for_next() > 0);
  }
  answer(HOST_FAKE_SEND, 6);
  answer_status(200);
  CHECK_EQ(r.result, GS_OK);
  gs_http_close(r.http);
  settle();
  fclose(file);
}

TEST(a_pipe_is_sent_once) {
  int ends[2];
  CHECK_EQ(pipe(ends), 0);
  close(ends[1]);
  struct request r = three_times("PUT");
  r.request.body = gs_http_file(ends[0]);
  start_request(&r);
  answer_status(503);
  CHECK(r.done);
  gs_http_close(r.http);
  close(ends[0]);
  settle();
}
#endif

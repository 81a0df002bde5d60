/* Streams that go on, by server-sent events on the fake host: when they connect
 * again, what closing ends and frees, and what a failure costs. By the virtual
 * clock. Row B1. */
#include "alloc_fake.h"
#include "feed-help.h"

static const char *const headers[] = {"content-type: text/event-stream", NULL};

struct reader {
  struct gs_http_request request;
  struct gs_sse_options options;
  gs_sse *sse;
  int64_t deadline_ns; /* 0: none */
  struct gs_sse_event event;
  int opened;
  int result;
  bool done;
};

static void open_stream(void *arg) {
  struct reader *r = arg;
  r->request.url = "/events";
  r->done = false;
  r->opened = gs_sse_open(&r->sse, &r->request, &r->options);
  r->done = true;
}

static void next_event(void *arg) {
  struct reader *r = arg;
  r->done = false;
  r->result = gs_sse_next_until(
      r->sse, &r->event, r->deadline_ns == 0 ? GS_FOREVER : r->deadline_ns);
  r->done = true;
}

static void start(gs_func *fn, struct reader *r) {
  CHECK(gs_go(fn, r) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
}

/* A stream that is open, with somebody who waits for an event. */
static void start_stream(struct reader *r) {
  host_fake.headers = headers;
  start(open_stream, r);
  answer_open(0);
  CHECK(r->done);
  CHECK_EQ(r->opened, GS_OK);
  start(next_event, r);
}

TEST(an_end_is_waited_out_and_the_last_id_is_sent) {
  struct reader r = {0};
  start_stream(&r);
  CHECK_EQ(sent_header("last-event-id"), NULL);
  CHECK_STR_EQ(sent_header("accept"), "text/event-stream");
  answer_read("id: 7\ndata: a\n\ndata: cut");
  CHECK_EQ(r.result, 1);
  CHECK_STR_EQ(r.event.data, "a");
  start(next_event, &r);
  int64_t end_ns = gs_now();
  answer_read("");
  CHECK_EQ(host_fake.pending, 0);
  CHECK_EQ(gs_sleep_until(end_ns + 3 * GS_SECOND - 1), GS_OK);
  CHECK_EQ(host_fake.pending, 0);
  CHECK_EQ(gs_sleep(2), GS_OK);
  CHECK_STR_EQ(sent_header("last-event-id"), "7");
  answer_open(0);
  answer_read("data: b\n\n");
  CHECK_EQ(r.result, 1);
  CHECK_STR_EQ(r.event.data, "b");
  CHECK_STR_EQ(r.event.id, "7");
  CHECK_STR_EQ(gs_sse_last_id(r.sse), "7");
  CHECK_EQ(gs_sse_connections(r.sse), 2);
  gs_sse_close(r.sse);
}

/* When the next attempt is made, after now. */
static int64_t until_asked(void) {
  int64_t start_ns = gs_now();
  while (host_fake.pending == 0) CHECK_EQ(gs_sleep(GS_SECOND / 4), GS_OK);
  return (gs_now() - start_ns) / (GS_SECOND / 2);
}

TEST(the_wait_doubles_with_each_failure_up_to_its_limit) {
  static const int64_t halves[] = {6, 6, 12, 24, 48, 60, 60};
  struct reader r = {0};
  start_stream(&r);
  fail_read(GS_EIO);
  for (size_t i = 0; i < sizeof halves / sizeof halves[0]; i++) {
    CHECK_EQ(until_asked(), halves[i]);
    if (i % 2 == 0) {
      answer_open(GS_EIO);
    } else {
      answer_status(503);
    }
  }
  CHECK_EQ(until_asked(), 60);
  answer_open(0);
  /* One success, and the server's wish. */
  answer_read("retry: 5000\n\n");
  fail_read(GS_EIO);
  CHECK_EQ(until_asked(), 10);
  gs_sse_close(r.sse);
  harness_wait_for_others();
  CHECK_EQ(r.result, GS_ECANCELED);
}

TEST(the_wait_grows_also_from_the_nothing_that_a_server_wished) {
  struct reader r = {0};
  start_stream(&r);
  answer_read("retry: 0\n\n");
  int64_t start_ns = gs_now();
  fail_read(GS_EIO);
  CHECK_EQ(gs_sleep(1), GS_OK);
  asked(HOST_FAKE_OPEN); /* at once, as it wished */
  for (int i = 0; i < 20; i++) {
    answer_open(GS_EIO);
    while (host_fake.pending == 0) CHECK_EQ(gs_sleep(GS_MILLISECOND), GS_OK);
  }
  CHECK(gs_now() - start_ns > 60 * GS_SECOND);
  gs_sse_close(r.sse);
  harness_wait_for_others();
}

TEST(a_server_that_says_when_is_not_asked_before) {
  static const char *const busy[] = {"retry-after: 120", NULL};
  struct reader r = {0};
  start_stream(&r);
  fail_read(GS_EIO);
  CHECK_EQ(until_asked(), 6);
  host_fake.headers = busy;
  answer_status(503);
  CHECK_EQ(until_asked(), 240);
  /* Longer than its own wait only; and said once, it holds once. */
  static const char *const soon[] = {"retry-after: 1", NULL};
  host_fake.headers = soon;
  answer_status(429);
  CHECK_EQ(until_asked(), 12);
  answer_open(GS_EIO);
  CHECK_EQ(until_asked(), 24);
  gs_sse_close(r.sse);
  harness_wait_for_others();
  CHECK_EQ(r.result, GS_ECANCELED);
}

/* Each call waits for less than a quiet server may take. */
TEST(a_quiet_server_is_left_however_short_the_calls_are) {
  struct reader r = {.request.idle_ns = 10 * GS_SECOND};
  host_fake.headers = headers;
  start(open_stream, &r);
  answer_open(0);
  CHECK_EQ(r.opened, GS_OK);
  int64_t start_ns = gs_now();
  uint32_t opened = host_fake.opened;
  while (host_fake.opened == opened) {
    int64_t passed_ns = gs_now() - start_ns;
    CHECK(passed_ns < 15 * GS_SECOND);
    int64_t deadline_ns = gs_deadline(GS_SECOND);
    CHECK_EQ(gs_sse_next_until(r.sse, &r.event, deadline_ns), GS_ETIMEDOUT);
  }
  CHECK(gs_now() - start_ns >= 13 * GS_SECOND);
  gs_sse_close(r.sse);
  harness_wait_for_others();
}

TEST(closing_ends_a_read) {
  struct reader r = {0};
  start_stream(&r);
  gs_sse_close(r.sse);
  CHECK_EQ(host_fake.canceled, 1);
  harness_wait_for_others();
  CHECK_EQ(r.result, GS_ECANCELED);
}

TEST(closing_ends_the_wait_before_an_attempt) {
  struct reader r = {0};
  start_stream(&r);
  answer_read("");
  CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
  int64_t now_ns = gs_now();
  gs_sse_close(r.sse);
  harness_wait_for_others();
  CHECK(gs_now() < now_ns + GS_MILLISECOND);
  CHECK_EQ(r.result, GS_ECANCELED);
}

TEST(closing_ends_an_attempt) {
  struct reader r = {0};
  start_stream(&r);
  answer_read("");
  CHECK_EQ(gs_sleep(4 * GS_SECOND), GS_OK);
  asked(HOST_FAKE_OPEN);
  gs_sse_close(r.sse);
  harness_wait_for_others();
  CHECK_EQ(host_fake.canceled, 1);
  CHECK_EQ(r.result, GS_ECANCELED);
}

/* Nobody reads: the goroutine that connects is the last one to leave. */
TEST(closing_frees_when_only_the_attempt_is_left) {
  struct reader r = {.options.retries = 0};
  start_stream(&r);
  answer_read("");
  CHECK_EQ(gs_sleep(4 * GS_SECOND), GS_OK);
  struct reader late = {.sse = r.sse, .deadline_ns = gs_now() + GS_SECOND};
  CHECK_EQ(gs_sse_next(r.sse, &late.event), GS_EBUSY);
  asked(HOST_FAKE_OPEN);
  host_fake_complete(host_fake.ops[0].token, 0);
  gs_sse_close(r.sse); /* before the goroutine has run */
  harness_wait_for_others();
  CHECK_EQ(r.result, GS_ECANCELED);
}

TEST(an_event_that_has_come_is_canceled_by_closing) {
  struct reader r = {0};
  start_stream(&r);
  struct host_fake_op *op = asked(HOST_FAKE_READ);
  memcpy(op->buf, "data: a\n\n", 9);
  host_fake_complete(op->token, 9);
  gs_sse_close(r.sse);
  harness_wait_for_others();
  CHECK_EQ(r.result, GS_ECANCELED);
}

TEST(a_deadline_does_not_begin_the_attempt_anew) {
  struct reader r = {0};
  start_stream(&r);
  answer_read("data: a\n\n");
  uint32_t opened = host_fake.opened;
  r.deadline_ns = gs_now() + 5 * GS_SECOND;
  start(next_event, &r);
  answer_read("");
  CHECK_EQ(gs_sleep(6 * GS_SECOND), GS_OK);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  asked(HOST_FAKE_OPEN);
  CHECK_EQ(host_fake.opened, opened + 1);
  /* Another goroutine, in a context that ends. */
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  r.deadline_ns = 0;
  start(next_event, &r);
  gs_ctx_leave(outer);
  gs_ctx_cancel(ctx, 0);
  gs_ctx_release(ctx);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(r.result, GS_ECANCELED);
  CHECK_EQ(host_fake.opened, opened + 1);
  start(next_event, &r);
  answer_open(0);
  answer_read("data: b\n\n");
  CHECK_EQ(r.result, 1);
  CHECK_EQ(host_fake.opened, opened + 1);
  gs_sse_close(r.sse);
}

TEST(a_context_that_ends_does_not_end_the_attempt) {
  struct reader r = {0};
  start_stream(&r);
  answer_read("data: a\n\n");
  uint32_t opened = host_fake.opened;
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  start(next_event, &r);
  gs_ctx_leave(outer);
  answer_read("");
  CHECK_EQ(gs_sleep(4 * GS_SECOND), GS_OK);
  asked(HOST_FAKE_OPEN);
  gs_ctx_cancel(ctx, 0);
  gs_ctx_release(ctx);
  CHECK_EQ(gs_yield(), GS_OK);
  CHECK_EQ(r.result, GS_ECANCELED);
  answer_open(0);
  CHECK_EQ(host_fake.opened, opened + 1);
  CHECK_EQ(gs_sse_connections(r.sse), 2);
  gs_sse_close(r.sse);
}

TEST(a_timeout_is_for_the_first_connection_alone) {
  struct reader r = {.request.timeout_ns = GS_SECOND};
  start_stream(&r);
  CHECK_EQ(gs_sleep(10 * GS_SECOND), GS_OK);
  answer_read("data: a\n\n");
  CHECK_EQ(r.result, 1);
  gs_sse_close(r.sse);
  struct reader late = {.request.timeout_ns = GS_SECOND};
  start(open_stream, &late);
  CHECK_EQ(gs_sleep(2 * GS_SECOND), GS_OK);
  CHECK(late.done);
  CHECK_EQ(late.opened, GS_ETIMEDOUT);
}

TEST(what_no_attempt_can_mend_ends_it_for_good) {
  static const int fatal[] = {GS_EACCES, GS_EINVAL, GS_ELOOP, GS_ENOTSUP};
  for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
    struct reader r = {0};
    start_stream(&r);
    answer_read("");
    CHECK_EQ(gs_sleep(4 * GS_SECOND), GS_OK);
    answer_open(fatal[i]);
    CHECK_EQ(gs_yield(), GS_OK);
    CHECK_EQ(r.result, fatal[i]);
    CHECK_EQ(gs_sse_next(r.sse, &r.event), fatal[i]);
    CHECK_EQ(host_fake.pending, 0);
    gs_sse_close(r.sse);
  }
}

TEST(as_many_failures_in_a_row_as_are_allowed) {
  struct reader r = {.options = {.retries = 3, .retry_ns = 1}};
  host_fake.headers = headers;
  start(open_stream, &r);
  for (int i = 0; i < 3; i++) {
    answer_open(GS_EIO);
    CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
  }
  CHECK_EQ(r.opened, GS_EIO);
  start(open_stream, &r);
  answer_open(GS_EIO);
  CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
  answer_open(0);
  CHECK_EQ(r.opened, GS_OK);
  start(next_event, &r);
  fail_read(GS_EIO);
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
    answer_open(GS_EIO);
  }
  CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
  CHECK_EQ(r.result, GS_EIO);
  gs_sse_close(r.sse);
}

TEST(requests_that_cannot_be_kept_are_refused) {
  gs_sse *sse = (gs_sse *)&sse;
  struct gs_http_request request = {.url = "/", .integrity = "sha256-a"};
  CHECK_EQ(gs_sse_open(&sse, &request, NULL), GS_EINVAL);
  request = (struct gs_http_request){.url = "/", .body = gs_http_file(0)};
  CHECK_EQ(gs_sse_open(&sse, &request, NULL), GS_EINVAL);
  request = (struct gs_http_request){.url = NULL};
  CHECK_EQ(gs_sse_open(&sse, &request, NULL), GS_EINVAL);
  request = (struct gs_http_request){.url = "/", .header_count = 1};
  CHECK_EQ(gs_sse_open(&sse, &request, NULL), GS_EINVAL);
  request = (struct gs_http_request){.url = "/", .timeout_ns = -1};
  CHECK_EQ(gs_sse_open(&sse, &request, NULL), GS_EINVAL);
  struct gs_sse_options options = {.retry_ns = -1};
  request = (struct gs_http_request){.url = "/"};
  CHECK_EQ(gs_sse_open(&sse, &request, &options), GS_EINVAL);
  CHECK_EQ(gs_sse_open(NULL, &request, NULL), GS_EINVAL);
  CHECK_EQ(gs_sse_open(&sse, NULL, NULL), GS_EINVAL);
  CHECK_EQ(gs_sse_next(NULL, NULL), GS_EINVAL);
  CHECK_EQ(sse, (gs_sse *)&sse);
  gs_sse_close(NULL);
}

TEST(without_memory_no_stream_is_opened_and_nothing_is_left) {
  int failures = 0;
  host_fake.headers = headers;
  for (uint32_t good = 0;; good++) {
    struct gs_http_field own = {"x-own", "1"};
    struct reader r = {.request = {.headers = &own,
                                   .header_count = 1,
                                   .body = gs_http_bytes("body", 4),
                                   .timeout_ns = GS_SECOND},
                       .options = {.last_id = "5"}};
    CHECK(gs_go(open_stream, &r) > 0);
    alloc_fake_fail_after(good);
    CHECK_EQ(gs_yield(), GS_OK);
    if (host_fake.pending > 0) answer_open(0);
    bool never = alloc_fake_never_fail() != 0;
    CHECK(r.done);
    if (never) {
      CHECK_EQ(r.opened, GS_OK);
      gs_sse_close(r.sse);
      break;
    }
    CHECK_EQ(r.opened, GS_ENOMEM); /* also where only the id wanted some */
    failures++;
  }
  CHECK(failures >= 4);
}

TEST(without_memory_for_an_attempt_the_next_call_makes_it) {
  struct reader r = {0};
  start_stream(&r);
  alloc_fake_fail_after(0);
  answer_read("");
  alloc_fake_never_fail();
  CHECK(r.done);
  CHECK_EQ(r.result, GS_ENOMEM);
  start(next_event, &r);
  CHECK_EQ(gs_sleep(4 * GS_SECOND), GS_OK);
  answer_open(0);
  answer_read("data: a\n\n");
  CHECK_EQ(r.result, 1);
  gs_sse_close(r.sse);
}

/* Requests of HTTP: what the host is told, and how they end: by the request's
 * deadline, by silence, by their caller's context, without memory. */
#include "../../src/sched/sched.h"
#include "alloc_fake.h"
#include "http-help.h"

/* ---- what the host is told ---- */

static uint32_t option(int shift, int bits) {
  return host_fake.request.options >> shift & ((UINT32_C(1) << bits) - 1);
}

TEST(every_option_of_a_request_reaches_the_host) {
  static const struct gs_http_field headers[] = {{"a", "1"}, {"b", "2"}};
  struct request r = {
      .request = {.url = "https://one.test/",
                  .method = "PATCH",
                  .headers = headers,
                  .header_count = 2,
                  .body = gs_http_bytes("body", 4),
                  .upload = GS_HTTP_UPLOAD_BUFFER,
                  .upload_limit_bytes = 77,
                  .redirect = GS_HTTP_REDIRECT_MANUAL,
                  .max_redirects = 3,
                  .credentials = GS_HTTP_CREDENTIALS_INCLUDE,
                  .cache = GS_HTTP_CACHE_ONLY_IF_CACHED,
                  .mode = GS_HTTP_MODE_NO_CORS,
                  .priority = GS_HTTP_PRIORITY_LOW,
                  .referrer_policy = GS_HTTP_REFERRER_UNSAFE_URL,
                  .referrer = "https://two.test/",
                  .integrity = "sha256-x",
                  .integrity_limit_bytes = 88,
                  .keepalive = true}};
  open_request(&r);
  const struct gs__http_start *told = &host_fake.request;
  CHECK_STR_EQ(told->url, "https://one.test/");
  CHECK_EQ(told->url_bytes, 17);
  CHECK_STR_EQ(told->method, "PATCH");
  CHECK_EQ(told->method_bytes, 5);
  CHECK_EQ(told->headers, headers);
  CHECK_EQ(told->header_count, 2);
  CHECK_EQ(told->body_bytes, 4);
  CHECK(memcmp(told->body, "body", 4) == 0);
  CHECK_STR_EQ(told->referrer, "https://two.test/");
  CHECK_EQ(told->referrer_bytes, 17);
  CHECK_STR_EQ(told->integrity, "sha256-x");
  CHECK_EQ(told->integrity_bytes, 8);
  CHECK_EQ(told->max_redirects, 3);
  CHECK_EQ(told->upload_limit, 77);
  CHECK_EQ(told->integrity_limit, 88);
  CHECK_EQ(option(0, 2), GS_HTTP_REDIRECT_MANUAL);
  CHECK_EQ(option(2, 2), GS_HTTP_CREDENTIALS_INCLUDE);
  CHECK_EQ(option(4, 3), GS_HTTP_CACHE_ONLY_IF_CACHED);
  CHECK_EQ(option(7, 2), GS_HTTP_MODE_NO_CORS);
  CHECK_EQ(option(9, 2), GS_HTTP_PRIORITY_LOW);
  CHECK_EQ(option(11, 4), GS_HTTP_REFERRER_UNSAFE_URL);
  CHECK_EQ(option(15, 1), 1);
  CHECK_EQ(option(16, 2), 1);
  CHECK_EQ(option(18, 2), GS_HTTP_UPLOAD_BUFFER);
  gs_http_close(r.http);
}

TEST(what_a_request_does_not_name_has_its_default) {
  struct request r = {0};
  open_request(&r);
  const struct gs__http_start *told = &host_fake.request;
  CHECK_EQ(told->options, 0);
  CHECK_EQ(told->method_bytes, 0);
  CHECK_EQ(told->referrer, (const char *)NULL);
  CHECK_EQ(told->integrity_bytes, 0);
  CHECK_EQ(told->max_redirects, 20);
  CHECK_EQ(told->upload_limit, 64 << 20);
  CHECK_EQ(told->integrity_limit, 64 << 20);
  gs_http_close(r.http);
}

/* Each of them would spill into its neighbours, or be read from nowhere. */
TEST(requests_that_mean_nothing_are_refused_before_the_host_sees_them) {
  static const struct gs_http_field no_value[] = {{"a", NULL}};
  static const struct gs_http_field no_name[] = {{NULL, "a"}};
  gs_chan *numbers;
  CHECK_EQ(gs_chan_new(&numbers, sizeof(int), 1), GS_OK);
  const struct gs_http_request bad[] = {
      {.url = NULL},
      {.url = URL, .header_count = 1},
      {.url = URL, .headers = no_value, .header_count = 1},
      {.url = URL, .headers = no_name, .header_count = 1},
      {.url = URL, .redirect = (enum gs_http_redirect)3},
      {.url = URL, .credentials = (enum gs_http_credentials)3},
      {.url = URL, .cache = (enum gs_http_cache)6},
      {.url = URL, .mode = (enum gs_http_mode)3},
      {.url = URL, .priority = (enum gs_http_priority)3},
      {.url = URL, .referrer_policy = (enum gs_http_referrer_policy)9},
      {.url = URL, .upload = (enum gs_http_upload)3},
      {.url = URL, .deadline_ns = -1},
      {.url = URL, .timeout_ns = -1},
      {.url = URL, .idle_ns = -1},
      {.url = URL, .progress_ns = -1},
      {.url = URL, .retry = {.first_ns = -1}},
      {.url = URL, .retry = {.most_ns = -1}},
      {.url = URL, .progress_chan = numbers},
      {.url = URL, .body = {.kind = (enum gs_http_body_kind)4}},
      {.url = URL, .body = {.kind = GS_HTTP_BYTES, .size_bytes = 4}},
      {.url = URL, .body = {.kind = GS_HTTP_BYTES, .size_bytes = -1}},
      {.url = URL, .body = {.kind = GS_HTTP_FILE}},
      {.url = URL, .body = {.kind = GS_HTTP_READER}},
      {.url = URL, .body = gs_http_reader(NULL, NULL, -1)},
  };
  gs_http *http = (gs_http *)&http;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    int error = gs_http_open(&http, &bad[i]);
    if (error != GS_EINVAL) harness_fail(__FILE__, __LINE__, "number %zu", i);
  }
  struct gs_http_request no_file = {.url = URL, .body = gs_http_file(-1)};
  CHECK_EQ(gs_http_open(&http, &no_file), GS_EBADF);
  CHECK_EQ(gs_http_open(NULL, &no_file), GS_EINVAL);
  CHECK_EQ(gs_http_open(&http, NULL), GS_EINVAL);
  CHECK_EQ(http, (gs_http *)&http);
  CHECK_EQ(host_fake.started, 0);
  gs_chan_release(numbers);
}

TEST(what_is_known_of_a_response_is_what_the_host_wrote) {
  host_fake.head = (struct gs__http_head){
      204, GS_HTTP_REDIRECTED | GS_HTTP_STREAMED_UP, 5e9};
  struct request r = {0};
  open_request(&r);
  CHECK_EQ(gs_http_status(r.http), 204);
  CHECK_EQ(gs_http_flags(r.http), GS_HTTP_REDIRECTED | GS_HTTP_STREAMED_UP);
  CHECK_EQ(gs_http_length(r.http), INT64_C(5000000000));
  CHECK_EQ(gs_http_body_error(r.http), 0);
  CHECK_EQ(gs_http_limit(6), 0);
  CHECK_EQ(host_fake.per_origin, 6);
  gs_http_close(r.http);
}

/* ---- words ---- */

TEST(the_words_for_a_failure_are_the_hosts_or_the_errors) {
  char words[64];
  struct request r = {.request = {.words = words, .words_bytes = sizeof words}};
  start_request(&r);
  answer(HOST_FAKE_OPEN, GS_EIO);
  CHECK_EQ(r.result, GS_EIO);
  CHECK_STR_EQ(words, "no such host");
  r.request.words_bytes = 3;
  start_request(&r);
  answer(HOST_FAKE_OPEN, GS_EIO);
  CHECK_STR_EQ(words, "no");
  r.request.words_bytes = sizeof words;
  r.request.mode = (enum gs_http_mode)3; /* the host is not asked */
  start_request(&r);
  CHECK_EQ(r.result, GS_EINVAL);
  CHECK_STR_EQ(words, gs_strerror(GS_EINVAL));
  r.request.words_bytes = 4;
  start_request(&r);
  CHECK(memcmp(words, gs_strerror(GS_EINVAL), 3) == 0);
  CHECK_EQ(words[3], '\0');
}

/* ---- the request's deadline ---- */

TEST(a_timeout_ends_the_wait_for_headers_and_closes_the_connection) {
  struct request r = {.request = {.timeout_ns = 100}};
  start_request(&r);
  CHECK_EQ(gs_sleep(99), GS_OK);
  CHECK(!r.done);
  CHECK_EQ(gs_sleep(2), GS_OK);
  CHECK(r.done);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  CHECK_EQ(host_fake.canceled, 1);
  CHECK_EQ(host_fake.closed, 1);
  CHECK_EQ(gs__sched.timers.count, 0);
}

TEST(the_earlier_of_deadline_and_timeout_counts) {
  struct request r = {.request = {.timeout_ns = 1000, .deadline_ns = 50}};
  start_request(&r);
  CHECK_EQ(gs_sleep_until(51), GS_OK);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  struct request s = {
      .request = {.timeout_ns = 100, .deadline_ns = gs_now() + 1000}};
  start_request(&s);
  CHECK_EQ(gs_sleep(101), GS_OK);
  CHECK(s.done);
  CHECK_EQ(s.result, GS_ETIMEDOUT);
}

TEST(with_a_deadline_that_is_over_nothing_is_sent) {
  CHECK_EQ(gs_sleep(10), GS_OK);
  char words[32];
  struct request r = {.request = {.deadline_ns = 5,
                                  .words = words,
                                  .words_bytes = sizeof words}};
  start_request(&r);
  CHECK(r.done);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  CHECK_STR_EQ(words, gs_strerror(GS_ETIMEDOUT));
  CHECK_EQ(host_fake.started, 0);
}

TEST(a_timeout_goes_on_through_the_body) {
  struct request r = {.request = {.timeout_ns = 100}};
  open_request(&r);
  struct read read = {.http = r.http};
  start_read(&read);
  answer_text("part");
  CHECK_EQ(read.result, 4);
  start_read(&read);
  CHECK_EQ(gs_sleep(101), GS_OK);
  CHECK(read.done);
  CHECK_EQ(read.result, GS_ETIMEDOUT);
  CHECK(poisoned(read.buf, sizeof read.buf));
  CHECK_EQ(host_fake.closed, 1); /* it is aborted, and stays so */
  char byte;
  CHECK_EQ(gs_http_read(r.http, &byte, 1), GS_ETIMEDOUT);
  CHECK_EQ(gs_http_read_until(r.http, &byte, 1, GS_FOREVER), GS_ETIMEDOUT);
  CHECK_EQ(gs_http_body_error(r.http), GS_ETIMEDOUT);
  CHECK_EQ(gs_http_status(r.http), 200);
  CHECK_EQ(gs_http_header(r.http, "content-type", NULL, 0), GS_ENOENT);
  CHECK_EQ(gs_http_header_at(r.http, 0, NULL, 0), GS_ENOENT);
  CHECK_EQ(gs_http_url(r.http, NULL, 0), GS_ENOENT);
  gs_http_close(r.http);
  CHECK_EQ(host_fake.closed, 1);
}

TEST(a_timeout_aborts_a_body_that_nobody_reads) {
  struct request r = {.request = {.timeout_ns = 100}};
  open_request(&r);
  CHECK_EQ(gs_sleep(101), GS_OK);
  CHECK_EQ(host_fake.closed, 1);
  CHECK_EQ(gs_http_body_error(r.http), GS_ETIMEDOUT);
  gs_http_close(r.http);
}

TEST(a_timeout_is_over_with_the_body) {
  struct request r = {.request = {.timeout_ns = 100}};
  open_request(&r);
  struct read read = {.http = r.http};
  start_read(&read);
  answer(HOST_FAKE_READ, 0);
  CHECK_EQ(gs__sched.timers.count, 0);
  CHECK_EQ(gs_sleep(200), GS_OK);
  CHECK_EQ(host_fake.closed, 0);
  CHECK_EQ(gs_http_body_error(r.http), 0);
  char byte;
  CHECK_EQ(gs_http_read(r.http, &byte, 1), 0);
  CHECK_EQ(gs_http_header(r.http, "content-type", NULL, 0), 10);
  gs_http_close(r.http);
}

TEST(the_deadline_of_one_read_leaves_the_response_as_it_is) {
  struct request r = {.request = {.timeout_ns = 1000}};
  open_request(&r);
  char byte = 'x';
  CHECK_EQ(gs_http_read_until(r.http, &byte, 1, gs_now() + 10), GS_ETIMEDOUT);
  CHECK_EQ(byte, 'x');
  CHECK_EQ(gs_http_body_error(r.http), 0);
  CHECK_EQ(host_fake.closed, 0);
  gs_http_close(r.http);
}

TEST(a_poller_is_told_of_a_body_that_was_aborted) {
  struct request r = {.request = {.timeout_ns = 100}};
  open_request(&r);
  gs_poller *poller;
  CHECK_EQ(gs_poller_new(&poller), GS_OK);
  CHECK_EQ(gs_poller_add(poller, gs_source_http(r.http), GS_POLL_READABLE, 7),
           GS_OK);
  struct gs_poll_event event;
  CHECK_EQ(gs_poller_wait(poller, &event, 1), 1);
  CHECK_EQ(event.data, 7);
  CHECK((event.events & GS_POLL_CLOSED) != 0);
  CHECK_EQ(gs_http_body_error(r.http), GS_ETIMEDOUT);
  /* One that comes later, too. */
  CHECK_EQ(gs_poller_add(poller, gs_source_http(r.http), GS_POLL_READABLE, 8),
           GS_OK);
  CHECK_EQ(gs_poller_wait(poller, &event, 1), 1);
  CHECK_EQ(event.data, 8);
  gs_poller_release(poller);
  gs_http_close(r.http);
}

/* ---- silence ---- */

TEST(silence_ends_the_wait_for_headers) {
  struct request r = {.request = {.idle_ns = 100}};
  start_request(&r);
  CHECK_EQ(gs_sleep(101), GS_OK);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  CHECK_EQ(host_fake.canceled, 1);
  CHECK_EQ(gs__sched.timers.count, 0);
}

TEST(silence_counts_anew_with_each_piece_of_the_body) {
  struct request r = {.request = {.idle_ns = 100}};
  start_request(&r);
  CHECK_EQ(gs_sleep(90), GS_OK);
  answer(HOST_FAKE_OPEN, 0);
  struct read read = {.http = r.http};
  for (int i = 0; i < 5; i++) {
    start_read(&read);
    CHECK_EQ(gs_sleep(90), GS_OK);
    CHECK(!read.done);
    answer_text("x");
    CHECK_EQ(read.result, 1);
  }
  start_read(&read);
  CHECK_EQ(gs_sleep(101), GS_OK);
  CHECK_EQ(read.result, GS_ETIMEDOUT);
  CHECK(poisoned(read.buf, sizeof read.buf));
  CHECK_EQ(host_fake.closed, 1);
  CHECK_EQ(gs_http_body_error(r.http), GS_ETIMEDOUT);
  gs_http_close(r.http);
}

TEST(silence_while_nobody_waits_does_not_count) {
  struct request r = {.request = {.idle_ns = 100}};
  open_request(&r);
  CHECK_EQ(gs_sleep(1000), GS_OK);
  struct read read = {.http = r.http};
  start_read(&read);
  CHECK_EQ(gs_sleep(90), GS_OK);
  CHECK(!read.done);
  answer_text("x");
  CHECK_EQ(gs_sleep(1000), GS_OK);
  CHECK_EQ(gs_http_body_error(r.http), 0);
  CHECK_EQ(host_fake.closed, 0);
  gs_http_close(r.http);
}

/* ---- the caller's context ---- */

static void cancel_soon(void *arg) {
  CHECK_EQ(gs_sleep(10), GS_OK);
  gs_ctx_cancel(arg, 0);
}

TEST(a_canceled_context_ends_the_wait_for_headers) {
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK(gs_go(cancel_soon, ctx) > 0);
  gs_ctx *outer = gs_ctx_enter(ctx);
  gs_http *http = (gs_http *)&http;
  CHECK_EQ(gs_http_get(&http, URL), GS_ECANCELED);
  CHECK_EQ(host_fake.canceled, 1);
  CHECK_EQ(host_fake.closed, 1);
  CHECK_EQ(gs_http_get(&http, URL), GS_ECANCELED); /* and in a done one */
  CHECK_EQ(host_fake.closed, 2);
  gs_ctx_leave(outer);
  CHECK_EQ(http, (gs_http *)&http);
  gs_ctx_release(ctx);
}

TEST(a_canceled_context_ends_a_read_and_the_body_can_be_read_on) {
  struct request r = {0};
  open_request(&r);
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  CHECK(gs_go(cancel_soon, ctx) > 0);
  gs_ctx *outer = gs_ctx_enter(ctx);
  unsigned char buf[8];
  memset(buf, POISON, sizeof buf);
  CHECK_EQ(gs_http_read(r.http, buf, sizeof buf), GS_ECANCELED);
  gs_ctx_leave(outer);
  gs_ctx_release(ctx);
  CHECK(poisoned(buf, sizeof buf));
  CHECK_EQ(gs_http_body_error(r.http), 0);
  struct read read = {.http = r.http};
  start_read(&read);
  answer_text("on");
  CHECK_EQ(read.result, 2);
  gs_http_close(r.http);
}

/* ---- no memory ---- */

static void no_progress(void *arg, const struct gs_http_progress *progress) {
  (void)arg, (void)progress;
}

TEST(a_request_with_everything_fails_whole_wherever_memory_ends) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, sizeof(struct gs_http_progress), 1), GS_OK);
  struct gs_http_request request = {.url = URL,
                                    .idle_ns = 20,
                                    .timeout_ns = 5,
                                    .progress = no_progress,
                                    .progress_chan = chan,
                                    .retry = {.times = 3}};
  gs_http *http = (gs_http *)&http;
  uint32_t good = 0;
  for (;; good++) {
    alloc_fake_fail_after(good);
    int error = gs_http_open(&http, &request);
    CHECK_EQ(host_fake.pending, 0);
    CHECK_EQ(gs__sched.timers.count, 0);
    CHECK_EQ(host_fake.opened, host_fake.closed);
    if (error == GS_ETIMEDOUT) break;
    CHECK_EQ(error, GS_ENOMEM);
  }
  alloc_fake_never_fail();
  CHECK_EQ(good, 4); /* response, progress, timers, operations */
  CHECK_EQ(http, (gs_http *)&http);
  gs_chan_release(chan);
}

/* NDJSON on the fake host: how it ends, what the callback may do, and memory.
 * Lines and ids are in tests/e2e/ndjson.test.js. Row B1. */
#include "alloc_fake.h"
#include "feed-help.h"

struct reader {
  struct gs_ndjson_options options;
  uint32_t line_limit_bytes;
  int64_t deadline_ns; /* 0: none */
  gs_ndjson *feed;
  char *text;
  size_t bytes;
  int opened;
  int result;
  bool done;
};

static void open_feed(void *arg) {
  struct reader *r = arg;
  struct gs_http_request request = {.url = "/log",
                                    .line_limit_bytes = r->line_limit_bytes};
  r->done = false;
  r->opened = gs_ndjson_open(&r->feed, &request, &r->options);
  r->done = true;
}

static void next_text(void *arg) {
  struct reader *r = arg;
  r->done = false;
  r->result =
      gs_ndjson_next_until(r->feed, &r->text, &r->bytes,
                           r->deadline_ns == 0 ? GS_FOREVER : r->deadline_ns);
  r->done = true;
}

static void start(gs_func *fn, struct reader *r) {
  CHECK(gs_go(fn, r) > 0);
  CHECK_EQ(gs_yield(), GS_OK);
}

static void start_feed(struct reader *r) {
  start(open_feed, r);
  answer_open(0);
  CHECK_EQ(r->opened, GS_OK);
  start(next_text, r);
}

TEST(texts_come_and_then_the_end_again_and_again) {
  struct reader r = {0};
  start_feed(&r);
  answer_read("1\n\n  \r\n22\r\n3");
  CHECK_EQ(r.result, 1);
  CHECK_STR_EQ(r.text, "1");
  start(next_text, &r);
  CHECK_STR_EQ(r.text, "22");
  CHECK_EQ(r.bytes, 2);
  start(next_text, &r);
  answer_read("");
  CHECK_STR_EQ(r.text, "3");
  for (int i = 0; i < 2; i++) {
    start(next_text, &r);
    CHECK(r.done);
    CHECK_EQ(r.result, 0);
  }
  gs_ndjson_close(r.feed);
}

/* Bytes in pieces of what there is room for, as long as they are asked for;
 * what is left of them. */
static const char *answer_pieces(const char *text) {
  while (host_fake.pending > 0 && *text != '\0') {
    struct host_fake_op *op = asked(HOST_FAKE_READ);
    size_t size = strlen(text) < op->buf_bytes ? strlen(text) : op->buf_bytes;
    memcpy(op->buf, text, size);
    host_fake_complete(op->token, (int32_t)size);
    CHECK_EQ(gs_yield(), GS_OK);
    text += size;
  }
  return text;
}

TEST(a_line_above_the_limit_is_dropped_and_the_next_is_there) {
  struct reader r = {.line_limit_bytes = 4};
  start_feed(&r);
  const char *rest = answer_pieces("1234567890\n12\n1234567");
  CHECK_EQ(r.result, GS_EMSGSIZE);
  start(next_text, &r);
  rest = answer_pieces(rest);
  CHECK_EQ(r.result, 1);
  CHECK_STR_EQ(r.text, "12");
  /* Its end has not come yet, and comes after a deadline. */
  start(next_text, &r);
  rest = answer_pieces(rest);
  CHECK_EQ(r.result, GS_EMSGSIZE);
  r.deadline_ns = gs_now() + GS_SECOND;
  start(next_text, &r);
  CHECK_STR_EQ(answer_pieces(rest), "");
  answer_read("89");
  CHECK(!r.done);
  CHECK_EQ(gs_sleep(2 * GS_SECOND), GS_OK);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  r.deadline_ns = 0;
  start(next_text, &r);
  answer_read("0");
  answer_read("\r");
  rest = answer_pieces("\n\n3456\r\n1234567");
  CHECK_EQ(r.result, 1);
  CHECK_STR_EQ(r.text, "3456");
  start(next_text, &r);
  rest = answer_pieces(rest);
  CHECK_EQ(r.result, GS_EMSGSIZE);
  start(next_text, &r);
  CHECK_STR_EQ(answer_pieces(rest), "");
  answer_read("");
  CHECK_EQ(r.result, 0);
  gs_ndjson_close(r.feed);
}

static int64_t lines_told;

static int note_lines(void *arg, struct gs_http_request *request, int64_t lines,
                      int error) {
  (void)arg, (void)request, (void)error;
  lines_told = lines;
  return 1;
}

TEST(a_connection_that_breaks_in_a_long_line_begins_anew_behind_it) {
  struct reader r = {.line_limit_bytes = 4,
                     .options = {.resume = note_lines, .retry_ns = 1}};
  start_feed(&r);
  const char *rest = answer_pieces("1\n12345");
  CHECK_EQ(r.result, 1);
  start(next_text, &r);
  CHECK_STR_EQ(answer_pieces(rest), "");
  CHECK_EQ(r.result, GS_EMSGSIZE);
  start(next_text, &r);
  fail_read(GS_ECONNRESET);
  CHECK_EQ(lines_told, 2);
  CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
  answer_open(0);
  answer_read("3\n"); /* nothing of it is of the line that was long */
  CHECK_EQ(r.result, 1);
  CHECK_STR_EQ(r.text, "3");
  gs_ndjson_close(r.feed);
}

TEST(an_error_without_a_way_on_is_the_end_again_and_again) {
  struct reader r = {0};
  start_feed(&r);
  answer_read("1\n2");
  start(next_text, &r);
  fail_read(GS_ECONNRESET);
  CHECK_EQ(r.result, GS_ECONNRESET);
  start(next_text, &r);
  CHECK_EQ(r.result, GS_ECONNRESET);
  CHECK_EQ(host_fake.pending, 0);
  gs_ndjson_close(r.feed);
}

TEST(an_id_goes_with_the_next_request_in_place_of_the_last) {
  struct reader r = {.options = {.id_member = "id", .retry_ns = 1}};
  start_feed(&r);
  fail_read(GS_EIO); /* nothing was read: it may begin anew */
  CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
  CHECK_EQ(sent_header("last-event-id"), NULL);
  answer_open(0);
  static const char *const texts[] = {"{\"id\":1}\n", "{\"id\":\"b\"}\n"};
  static const char *const ids[] = {"1", "b"};
  for (int i = 0; i < 2; i++) {
    answer_read(texts[i]);
    CHECK_EQ(r.result, 1);
    start(next_text, &r);
    fail_read(GS_ECONNRESET);
    CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
    CHECK_STR_EQ(sent_header("last-event-id"), ids[i]);
    CHECK_EQ(host_fake.request.header_count, 1);
    answer_open(0);
  }
  answer_read("");
  CHECK_EQ(r.result, 0);
  gs_ndjson_close(r.feed);
}

static int close_feed(void *arg, struct gs_http_request *request, int64_t lines,
                      int error) {
  struct reader *r = arg;
  CHECK_STR_EQ(request->url, "/log");
  CHECK_EQ(lines, 0);
  CHECK_EQ(error, GS_OK);
  gs_ndjson_close(r->feed);
  return 1;
}

TEST(a_callback_may_close_the_feed) {
  struct reader r = {0};
  r.options =
      (struct gs_ndjson_options){.resume = close_feed, .resume_arg = &r};
  start_feed(&r);
  answer_read("");
  harness_wait_for_others();
  CHECK_EQ(r.result, GS_ECANCELED);
}

static int sleep_long(void *arg, struct gs_http_request *request, int64_t lines,
                      int error) {
  (void)arg, (void)request, (void)lines, (void)error;
  CHECK_EQ(gs_sleep(GS_SECOND), GS_OK);
  return 1;
}

TEST(closing_while_the_callback_waits_frees_afterwards) {
  struct reader r = {.options.resume = sleep_long};
  start_feed(&r);
  answer_read("");
  gs_ndjson_close(r.feed);
  harness_wait_for_others();
  CHECK_EQ(r.result, GS_ECANCELED);
}

TEST(without_memory_no_feed_is_opened_and_nothing_is_left) {
  int failures = 0;
  for (uint32_t good = 0;; good++) {
    struct reader r = {.options.id_member = "id"};
    CHECK(gs_go(open_feed, &r) > 0);
    alloc_fake_fail_after(good);
    CHECK_EQ(gs_yield(), GS_OK);
    if (host_fake.pending > 0) answer_open(0);
    bool never = alloc_fake_never_fail() != 0;
    CHECK_EQ(r.opened, never ? GS_OK : GS_ENOMEM);
    if (never) {
      gs_ndjson_close(r.feed);
      break;
    }
    failures++;
  }
  CHECK(failures >= 4);
}

TEST(what_is_no_feed_is_refused) {
  gs_ndjson *feed = (gs_ndjson *)&feed;
  struct gs_http_request request = {.url = "/"};
  struct gs_ndjson_options options = {.retry_most_ns = -1};
  CHECK_EQ(gs_ndjson_open(&feed, &request, &options), GS_EINVAL);
  CHECK_EQ(gs_ndjson_open(NULL, &request, NULL), GS_EINVAL);
  CHECK_EQ(gs_ndjson_open(&feed, NULL, NULL), GS_EINVAL);
  CHECK_EQ(gs_ndjson_next(NULL, NULL, NULL), GS_EINVAL);
  CHECK_EQ(feed, (gs_ndjson *)&feed);
  gs_ndjson_close(NULL);
}

/* Bodies on their way up: readers and files, what becomes of them when the
 * request, the reader or the host fails, and who may be waited for. */
#include <stdlib.h>
#include <unistd.h>

#include "../../src/sched/sched.h"
#include "alloc_fake.h"
#include "http-help.h"

/* ---- a reader ---- */

/* Gives `pieces` pieces of 3 bytes, then `then`. */
struct source {
  int pieces;
  int64_t then;
  int given;
  int last_calls; /* with a NULL buf */
  bool waits;     /* for ever, before each piece */
  int ended_by;   /* how that wait ended */
  bool exits;
  bool shields; /* itself from its context, and forgets to end that */
};

static int64_t read_source(void *arg, void *buf, size_t buf_bytes) {
  struct source *s = arg;
  if (buf == NULL) {
    CHECK_EQ(buf_bytes, 0);
    s->last_calls++;
    return GS_EIO;
  }
  CHECK_EQ(s->last_calls, 0);
  CHECK(buf_bytes >= 3);
  if (s->exits) gs_exit();
  if (s->shields) gs_ctx_shield();
  if (s->waits) {
    s->ended_by = gs_sleep_until(GS_FOREVER);
    return s->ended_by;
  }
  if (s->given == s->pieces) return s->then;
  s->given++;
  memcpy(buf, "abc", 3);
  return 3;
}

static struct request upload_of(struct source *source, int64_t size_bytes) {
  return (struct request){
      .request = {.body = gs_http_reader(read_source, source, size_bytes)}};
}

static void take_piece(const char *text) {
  const struct host_fake_op *op = find_pending(HOST_FAKE_SEND);
  CHECK(op != NULL);
  CHECK_EQ(op->buf_bytes, strlen(text));
  CHECK(memcmp(op->buf, text, op->buf_bytes) == 0);
  answer(HOST_FAKE_SEND, (int32_t)op->buf_bytes);
}

/* Nothing is under way, and the source was told. */
static void check_over(const struct source *source) {
  settle();
  CHECK_EQ(source->last_calls, 1);
  CHECK_EQ(gs_count(), 1);
  CHECK_EQ(host_fake.pending, 0);
  CHECK_EQ(gs__sched.timers.count, 0);
}

TEST(a_reader_is_asked_piece_by_piece_and_told_when_no_more_is_read) {
  struct source source = {.pieces = 2};
  struct request r = upload_of(&source, 6);
  start_request(&r);
  CHECK_EQ(host_fake.request.options >> 16 & 3, 2);
  CHECK_EQ(host_fake.request.body_bytes, 0);
  CHECK_EQ(source.given, 1); /* the second is asked for when that is taken */
  take_piece("abc");
  CHECK_EQ(source.given, 2);
  CHECK_EQ(host_fake.ends, 0);
  take_piece("abc");
  CHECK_EQ(host_fake.ends, 1);
  CHECK_EQ(host_fake.end_error, 0);
  CHECK_EQ(source.last_calls, 1);
  CHECK(!r.done);
  answer(HOST_FAKE_OPEN, 0);
  CHECK_EQ(r.result, GS_OK);
  gs_http_close(r.http);
  check_over(&source);
}

TEST(the_response_may_come_while_the_body_still_goes_up) {
  struct source source = {.pieces = 2};
  struct request r = upload_of(&source, -1);
  open_request(&r);
  take_piece("abc");
  take_piece("abc");
  CHECK_EQ(host_fake.ends, 1);
  CHECK_EQ(gs_http_body_error(r.http), 0);
  gs_http_close(r.http);
  check_over(&source);
}

/* What a reader's answer makes of a request. */
static void check_reader(int64_t then, int pieces, int64_t size_bytes,
                         int expected) {
  struct source source = {.pieces = pieces, .then = then};
  struct request r = upload_of(&source, size_bytes);
  start_request(&r);
  while (find_pending(HOST_FAKE_SEND) != NULL) take_piece("abc");
  CHECK_EQ(host_fake.ends, 1);
  CHECK_EQ(host_fake.end_error, -expected);
  CHECK_EQ(source.last_calls, 1);
  answer(HOST_FAKE_OPEN, expected); /* as the host does */
  CHECK_EQ(r.result, expected);
  check_over(&source);
  host_fake.ends = 0;
}

TEST(a_reader_that_fails_ends_the_request_by_its_error) {
  check_reader(GS_ENOSPC, 1, -1, GS_ENOSPC);
  check_reader(GS_ENOENT, 0, -1, GS_ENOENT);
  check_reader(-5000, 1, -1, GS_EIO); /* no error there is */
  check_reader(INT64_MIN, 1, -1, GS_EIO);
  check_reader(INT64_MAX, 1, -1, GS_EIO); /* more than there was room for */
}

TEST(a_body_of_another_size_than_it_should_have_is_an_error) {
  check_reader(0, 2, 7, GS_EIO);
  check_reader(0, 2, 5, GS_EIO);
  check_reader(0, 1, 0, GS_EIO);
}

TEST(a_reader_that_fails_behind_the_headers_aborts_the_response) {
  struct source source = {.pieces = 1, .then = GS_ENOSPC};
  struct request r = upload_of(&source, -1);
  open_request(&r);
  struct read read = {.http = r.http};
  start_read(&read);
  take_piece("abc");
  CHECK(read.done);
  CHECK_EQ(read.result, GS_ENOSPC);
  CHECK(poisoned(read.buf, sizeof read.buf));
  CHECK_EQ(host_fake.closed, 1);
  CHECK_EQ(gs_http_body_error(r.http), GS_ENOSPC);
  gs_http_close(r.http);
  check_over(&source);
}

TEST(a_host_that_wants_no_more_ends_the_sending_and_nothing_else) {
  static const int answers[] = {GS_EPIPE, GS_EFBIG};
  for (int i = 0; i < 2; i++) {
    struct source source = {.pieces = 9};
    struct request r = upload_of(&source, -1);
    open_request(&r);
    answer(HOST_FAKE_SEND, answers[i]);
    CHECK_EQ(source.last_calls, 1);
    CHECK_EQ(source.given, 1);
    CHECK_EQ(host_fake.ends, 0);
    CHECK_EQ(gs_http_body_error(r.http), 0);
    gs_http_close(r.http);
    check_over(&source);
  }
}

/* ---- the end, at each stage ---- */

TEST(closing_gives_up_the_piece_that_waits) {
  for (int shields = 0; shields < 2; shields++) {
    struct source source = {.pieces = 9, .shields = shields};
    struct request r = upload_of(&source, -1);
    open_request(&r);
    CHECK(find_pending(HOST_FAKE_SEND) != NULL);
    gs_http_close(r.http); /* the fake host wants it canceled first */
    CHECK_EQ(host_fake.pending, 0);
    check_over(&source);
    CHECK_EQ(source.given, 1);
  }
}

TEST(closing_never_waits_for_the_reader_and_ends_its_wait) {
  struct source source = {.pieces = 9, .waits = true};
  struct request r = upload_of(&source, -1);
  open_request(&r);
  gs_http_close(r.http);
  CHECK_EQ(source.last_calls, 0); /* it has not run yet */
  check_over(&source);
  CHECK_EQ(source.ended_by, GS_ECANCELED);
  CHECK_EQ(host_fake.ends, 0);
}

TEST(a_timeout_ends_a_request_while_its_reader_waits) {
  struct source source = {.pieces = 9, .waits = true};
  struct request r = upload_of(&source, -1);
  r.request.timeout_ns = 100;
  start_request(&r);
  CHECK_EQ(gs_sleep(101), GS_OK);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  check_over(&source);
  CHECK_EQ(source.ended_by, GS_ECANCELED);
  CHECK_EQ(host_fake.closed, 1);
}

TEST(a_timeout_ends_a_request_while_a_piece_waits) {
  struct source source = {.pieces = 9};
  struct request r = upload_of(&source, -1);
  r.request.timeout_ns = 100;
  start_request(&r);
  take_piece("abc");
  CHECK_EQ(gs_sleep(101), GS_OK);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  CHECK_EQ(host_fake.canceled, 2); /* the piece, the headers */
  check_over(&source);
}

TEST(silence_ends_a_request_whose_pieces_are_not_taken) {
  struct source source = {.pieces = 9};
  struct request r = upload_of(&source, -1);
  r.request.idle_ns = 100;
  start_request(&r);
  for (int i = 0; i < 4; i++) {
    CHECK_EQ(gs_sleep(90), GS_OK);
    take_piece("abc"); /* each counts for the headers' wait, too */
  }
  CHECK(!r.done);
  CHECK_EQ(gs_sleep(101), GS_OK);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  check_over(&source);
}

static gs_ctx *ctx;

static void run_in_ctx(void *arg) {
  gs_ctx *outer = gs_ctx_enter(ctx);
  run_request(arg);
  gs_ctx_leave(outer);
}

/* The reader runs below its caller's context. */
TEST(canceling_the_callers_context_ends_request_and_reader) {
  for (int waits = 0; waits < 2; waits++) {
    CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
    struct source source = {.pieces = 9, .waits = waits};
    struct request r = upload_of(&source, -1);
    r.request.url = URL;
    CHECK(gs_go(run_in_ctx, &r) > 0);
    settle();
    gs_ctx_cancel(ctx, 0);
    settle();
    CHECK(r.done);
    CHECK_EQ(r.result, GS_ECANCELED);
    check_over(&source);
    if (waits) CHECK_EQ(source.ended_by, GS_ECANCELED);
    gs_ctx_release(ctx);
  }
}

TEST(canceling_behind_the_headers_aborts_a_response_that_still_sends) {
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  struct source source = {.pieces = 9};
  struct request r = upload_of(&source, -1);
  r.request.url = URL;
  CHECK(gs_go(run_in_ctx, &r) > 0);
  settle();
  answer(HOST_FAKE_OPEN, 0);
  CHECK_EQ(r.result, GS_OK);
  gs_ctx_cancel(ctx, 0);
  settle();
  CHECK_EQ(gs_http_body_error(r.http), GS_ECANCELED);
  CHECK_EQ(host_fake.closed, 1);
  gs_http_close(r.http);
  check_over(&source);
  gs_ctx_release(ctx);
}

TEST(a_reader_that_ends_its_goroutine_ends_the_request) {
  struct source source = {.exits = true};
  struct request r = upload_of(&source, -1);
  start_request(&r);
  CHECK(r.done);
  CHECK_EQ(r.result, GS_ECANCELED);
  CHECK_EQ(gs_count(), 1);
}

/* ---- the last call ---- */

TEST(a_reader_is_told_once_also_by_a_request_that_is_refused) {
  struct source source = {.pieces = 1};
  struct request r = upload_of(&source, -1);
  r.request.mode = (enum gs_http_mode)3;
  start_request(&r);
  CHECK_EQ(r.result, GS_EINVAL);
  check_over(&source);
  struct source other = {.pieces = 1};
  r = upload_of(&other, -1);
  r.request.deadline_ns = 1;
  CHECK_EQ(gs_sleep(5), GS_OK);
  start_request(&r);
  CHECK_EQ(r.result, GS_ETIMEDOUT);
  check_over(&other);
  struct source third = {.pieces = 1};
  r = upload_of(&third, -1);
  host_fake.answer = GS_EACCES;
  start_request(&r);
  CHECK_EQ(r.result, GS_EACCES);
  check_over(&third);
  CHECK_EQ(third.given, 0);
}

HOST_TEST(a_reader_is_told_outside_a_goroutine_too) {
  struct source source = {.pieces = 1};
  struct request r = upload_of(&source, -1);
  r.request.url = URL;
  CHECK_EQ(gs_http_open(&r.http, &r.request), GS_EPERM);
  harness_run_all();
  CHECK_EQ(source.last_calls, 1);
}

TEST(without_memory_an_upload_fails_and_its_reader_is_told) {
  uint32_t good = 0;
  for (;; good++) {
    struct source source = {.pieces = 1};
    struct request r = upload_of(&source, -1);
    r.request.timeout_ns = 5;
    r.request.url = URL;
    alloc_fake_fail_after(good);
    int error = gs_http_open(&r.http, &r.request);
    bool unused = alloc_fake_never_fail();
    check_over(&source);
    CHECK_EQ(host_fake.opened, host_fake.closed);
    if (unused) {
      CHECK_EQ(error, GS_ETIMEDOUT);
      break;
    }
    /* For the piece alone: the host is told, which has not answered yet. */
    if (error != GS_ENOMEM) CHECK_EQ(host_fake.end_error, -GS_ENOMEM);
    host_fake.end_error = 0;
  }
  CHECK(good >= 5);
}

/* ---- progress ---- */

static struct gs_http_progress told;
static int told_count;

static void note(void *arg, const struct gs_http_progress *progress) {
  (void)arg;
  told = *progress;
  told_count++;
}

TEST(progress_tells_what_went_up_and_at_once_when_that_is_all) {
  struct source source = {.pieces = 2};
  struct request r = upload_of(&source, 6);
  r.request.progress = note;
  r.request.progress_ns = GS_SECOND;
  start_request(&r);
  CHECK_EQ(told_count, 0);
  take_piece("abc");
  CHECK_EQ(told_count, 1);
  CHECK_EQ(told.up_bytes, 3);
  CHECK_EQ(told.up_total_bytes, 6);
  CHECK_EQ(told.down_total_bytes, -1);
  take_piece("abc");
  CHECK_EQ(told_count, 2); /* the end */
  CHECK_EQ(told.up_bytes, 6);
  answer(HOST_FAKE_OPEN, 0);
  gs_http_close(r.http);
  check_over(&source);
}

TEST(bytes_of_the_request_have_all_gone_up_with_the_headers) {
  struct request r = {
      .request = {.body = gs_http_bytes("four", 4), .progress = note}};
  open_request(&r);
  CHECK_EQ(told_count, 1);
  CHECK_EQ(told.up_bytes, 4);
  CHECK_EQ(told.up_total_bytes, 4);
  gs_http_close(r.http);
}

static gs_http *to_close;

static void close_it(void *arg, const struct gs_http_progress *progress) {
  (void)arg;
  if (progress->up_bytes == 0) return;
  gs_http_close(to_close);
  to_close = NULL;
}

TEST(the_function_of_the_progress_may_close_a_request_that_sends) {
  struct source source = {.pieces = 9};
  struct request r = upload_of(&source, -1);
  r.request.progress = close_it;
  r.request.progress_ns = 1;
  open_request(&r);
  to_close = r.http;
  CHECK_EQ(gs_sleep(10), GS_OK);
  answer(HOST_FAKE_SEND, 3);
  CHECK_EQ(to_close, (gs_http *)NULL);
  check_over(&source);
  CHECK_EQ(source.given, 1);
}

/* ---- files ---- */

#ifndef __wasm__
static int file_of(const char *text) {
  FILE *file = tmpfile();
  CHECK(file != NULL);
  int fd = dup(fileno(file));
  fclose(file);
  CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
  return fd;
}

TEST(a_file_goes_up_from_where_it_stands) {
  int fd = file_of("0123456789");
  lseek(fd, 4, SEEK_SET);
  struct request r = {.request = {.body = gs_http_file(fd),
                                  .progress = note,
                                  .progress_ns = 1}};
  start_request(&r);
  take_piece("456789");
  CHECK_EQ(told.up_total_bytes, 6);
  CHECK_EQ(told.up_bytes, 6);
  CHECK_EQ(host_fake.ends, 1);
  answer(HOST_FAKE_OPEN, 0);
  gs_http_close(r.http);
  CHECK_EQ(lseek(fd, 0, SEEK_CUR), 10); /* it is still open */
  close(fd);
  settle();
}

TEST(a_pipe_goes_up_without_a_size_and_a_closed_file_is_refused) {
  int ends[2];
  CHECK_EQ(pipe(ends), 0);
  CHECK_EQ(write(ends[1], "piped", 5), 5);
  close(ends[1]);
  struct request r = {.request = {.body = gs_http_file(ends[0]),
                                  .progress = note,
                                  .progress_ns = 1}};
  start_request(&r);
  take_piece("piped");
  CHECK_EQ(told.up_total_bytes, -1);
  answer(HOST_FAKE_OPEN, 0);
  gs_http_close(r.http);
  close(ends[0]);
  start_request(&r);
  CHECK_EQ(r.result, GS_EBADF);
  settle();
}

TEST(a_file_that_cannot_be_read_ends_the_request) {
  int ends[2];
  CHECK_EQ(pipe(ends), 0);
  struct request r = {.request = {.body = gs_http_file(ends[1])}};
  start_request(&r); /* the end that is for writing */
  CHECK_EQ(host_fake.ends, 1);
  CHECK(host_fake.end_error > 0);
  answer(HOST_FAKE_OPEN, GS_EBADF);
  CHECK_EQ(r.result, GS_EBADF);
  close(ends[0]);
  close(ends[1]);
  settle();
}
#endif

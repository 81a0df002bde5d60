/* Bodies of HTTP, whole, by line, into a file and as a channel; and the
 * progress of what comes down. */
#include <stdlib.h>
#include <unistd.h>

#include "../../src/sched/sched.h"
#include "alloc_fake.h"
#include "http-help.h"

/* ---- a host that answers by itself ---- */

/* What it sends, in pieces of at most `piece_bytes`; then `then`. */
static struct {
  const char *bytes;
  size_t size_bytes;
  size_t piece_bytes;
  size_t at;
  int32_t then;
} body;

static void serve(void *arg) {
  (void)arg;
  for (;;) {
    const struct host_fake_op *op = find_pending(HOST_FAKE_READ);
    if (op == NULL) {
      if (gs_sleep(GS_MICROSECOND) != GS_OK) return;
      continue;
    }
    size_t count = body.size_bytes - body.at;
    if (count > body.piece_bytes) count = body.piece_bytes;
    if (count > op->buf_bytes) count = op->buf_bytes;
    memcpy(op->buf, body.bytes + body.at, count);
    body.at += count;
    host_fake_complete(op->token, count == 0 ? body.then : (int32_t)count);
  }
}

static gs_ctx *server;

/* A response whose body is `bytes`. */
static gs_http *respond_bytes(const char *bytes, size_t size_bytes,
                              size_t piece_bytes, int32_t then,
                              struct gs_http_request request) {
  struct request r = {.request = request};
  open_request(&r);
  body.bytes = bytes;
  body.size_bytes = size_bytes;
  body.piece_bytes = piece_bytes;
  body.at = 0;
  body.then = then;
  CHECK_EQ(gs_ctx_new(&server, NULL), GS_OK);
  gs_ctx *outer = gs_ctx_enter(server);
  CHECK(gs_go(serve, NULL) > 0);
  gs_ctx_leave(outer);
  return r.http;
}

static gs_http *respond(const char *text, size_t piece_bytes, int32_t then) {
  return respond_bytes(text, strlen(text), piece_bytes, then,
                       (struct gs_http_request){0});
}

static void end_response(gs_http *http) {
  gs_http_close(http);
  gs_ctx_cancel(server, 0);
  gs_ctx_release(server);
  settle();
}

/* ---- whole ---- */

TEST(a_whole_body_has_a_nul_behind_it_whatever_its_pieces_and_length) {
  static char text[40001];
  for (size_t i = 0; i + 1 < sizeof text; i++) {
    text[i] = (char)('a' + i % 23);
  }
  static const size_t sizes[] = {0, 1, 5, 16383, 16384, 16385, 40000};
  static const size_t pieces[] = {1000, 16384, 40000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (size_t j = 0; j < 6; j++) {
      host_fake.head.length_bytes = j < 3 ? (double)sizes[i] : -1;
      gs_http *http = respond_bytes(text, sizes[i], pieces[j % 3], 0,
                                    (struct gs_http_request){0});
      void *all = NULL;
      size_t size = 0;
      CHECK_EQ(gs_http_read_all(http, &all, &size, 0), GS_OK);
      CHECK_EQ(size, sizes[i]);
      CHECK(memcmp(all, text, size) == 0);
      CHECK_EQ(((char *)all)[size], '\0');
      free(all);
      end_response(http);
    }
  }
}

TEST(a_whole_body_has_a_limit) {
  for (int known = 0; known < 2; known++) {
    host_fake.head.length_bytes = known ? 10 : -1;
    void *all = &all;
    size_t size = 99;
    gs_http *http = respond("0123456789", 3, 0);
    CHECK_EQ(gs_http_read_all(http, &all, &size, 9), GS_EFBIG);
    CHECK_EQ(all, (void *)&all);
    CHECK_EQ(size, 99);
    end_response(http);
    http = respond("0123456789", 3, 0);
    CHECK_EQ(gs_http_read_all(http, &all, &size, 10), GS_OK);
    CHECK_EQ(size, 10);
    free(all);
    end_response(http);
  }
}

TEST(a_body_that_is_cut_short_is_no_whole_body_and_stays_an_error) {
  void *all = &all;
  size_t size = 99;
  gs_http *http = respond("part", 4, GS_ECONNRESET);
  CHECK_EQ(gs_http_read_all(http, &all, &size, 0), GS_ECONNRESET);
  CHECK_EQ(all, (void *)&all);
  CHECK_EQ(size, 99);
  CHECK_EQ(gs_http_body_error(http), GS_ECONNRESET);
  char byte;
  CHECK_EQ(gs_http_read(http, &byte, 1), GS_ECONNRESET);
  CHECK_EQ(gs_http_read_all(http, &all, &size, 0), GS_ECONNRESET);
  end_response(http);
}

TEST(bad_arguments_of_bodies_are_refused) {
  gs_http *http = respond("x", 1, 0);
  void *all;
  size_t size;
  char *line;
  gs_chan *chan = (gs_chan *)&chan;
  CHECK_EQ(gs_http_read_all(NULL, &all, &size, 0), GS_EINVAL);
  CHECK_EQ(gs_http_read_all(http, NULL, &size, 0), GS_EINVAL);
  CHECK_EQ(gs_http_read_all(http, &all, NULL, 0), GS_EINVAL);
  CHECK_EQ(gs_http_read_line(NULL, &line, &size), GS_EINVAL);
  CHECK_EQ(gs_http_read_line(http, NULL, &size), GS_EINVAL);
  CHECK_EQ(gs_http_save(NULL, 1), GS_EINVAL);
  CHECK_EQ(gs_http_save(http, -1), GS_EBADF);
  CHECK_EQ(gs_http_chan(NULL, http, 0, 0), GS_EINVAL);
  CHECK_EQ(gs_http_chan(&chan, NULL, 0, 0), GS_EINVAL);
  CHECK_EQ(gs_http_body_error(NULL), GS_EINVAL);
  end_response(http);
}

struct whole {
  gs_http *http;
  int result;
};

static void read_whole(void *arg) {
  struct whole *w = arg;
  void *all = &all;
  size_t size;
  w->result = gs_http_read_all(w->http, &all, &size, 0);
  if (w->result == GS_OK) free(all);
}

/* The answer is there when the response is closed, and the reader runs only
 * then: it must not look at the response again. */
TEST(closing_between_two_pieces_of_a_whole_body_ends_it) {
  for (int answered = 0; answered < 2; answered++) {
    struct request r = {0};
    open_request(&r);
    struct whole w = {.http = r.http, .result = 1};
    CHECK(gs_go(read_whole, &w) > 0);
    settle();
    const struct host_fake_op *op = find_pending(HOST_FAKE_READ);
    if (answered) {
      memset(op->buf, 'x', 3);
      host_fake_complete(op->token, 3);
    }
    char byte;
    CHECK_EQ(gs_http_read(r.http, &byte, 1), GS_EBUSY);
    gs_http_close(r.http);
    settle();
    CHECK_EQ(w.result, GS_ECANCELED);
  }
}

/* ---- lines ---- */

static void check_lines(const char *text, const char *const *lines,
                        size_t piece_bytes) {
  gs_http *http = respond(text, piece_bytes, 0);
  char *line;
  size_t bytes;
  for (; *lines != NULL; lines++) {
    CHECK_EQ(gs_http_read_line(http, &line, &bytes), 1);
    CHECK_STR_EQ(line, *lines);
    CHECK_EQ(bytes, strlen(*lines));
  }
  CHECK_EQ(gs_http_read_line(http, &line, &bytes), 0);
  CHECK_EQ(gs_http_read_line(http, &line, NULL), 0);
  end_response(http);
}

TEST(lines_end_by_lf_or_crlf_wherever_the_pieces_are_cut) {
  static const char text[] = "one\r\ntwo\n\n\r\nthr\ree\r\r\nlast";
  static const char *const lines[] = {"one",       "two",  "",  "",
                                      "thr\ree\r", "last", NULL};
  for (size_t piece = 1; piece <= sizeof text; piece++) {
    check_lines(text, lines, piece);
  }
  check_lines("", (const char *const[]){NULL}, 1);
  check_lines("\n", (const char *const[]){"", NULL}, 1);
  check_lines("a\r", (const char *const[]){"a\r", NULL}, 1);
  check_lines("a\r\n", (const char *const[]){"a", NULL}, 1);
}

TEST(a_line_may_hold_nul_bytes) {
  gs_http *http =
      respond_bytes("a\0b\nc", 5, 2, 0, (struct gs_http_request){0});
  char *line;
  size_t bytes;
  CHECK_EQ(gs_http_read_line(http, &line, &bytes), 1);
  CHECK_EQ(bytes, 3);
  CHECK(memcmp(line, "a\0b", 4) == 0);
  end_response(http);
}

TEST(a_line_of_the_limit_is_read_and_one_byte_more_is_not) {
  static const char *const ends[] = {"\n", "\r\n", ""};
  for (size_t limit = 1; limit < 9000; limit += limit < 4 ? 1 : 4093) {
    for (size_t e = 0; e < 3; e++) {
      for (size_t over = 0; over < 2; over++) {
        static char text[9100];
        memset(text, 'x', limit + over);
        memcpy(text + limit + over, ends[e], strlen(ends[e]) + 1);
        struct gs_http_request request = {.line_limit_bytes = (uint32_t)limit};
        gs_http *http = respond_bytes(text, strlen(text), 7, 0, request);
        char *line = NULL;
        size_t bytes = 0;
        int result = gs_http_read_line(http, &line, &bytes);
        CHECK_EQ(result, over ? GS_EMSGSIZE : 1);
        if (over) {
          CHECK_EQ(gs_http_read_line(http, &line, &bytes), GS_EMSGSIZE);
          CHECK_EQ(gs_http_body_error(http), 0);
          char rest[64]; /* it can be read in another way */
          CHECK(gs_http_read(http, rest, sizeof rest) > 0);
          CHECK_EQ(rest[0], 'x');
        } else {
          CHECK_EQ(bytes, limit);
          CHECK_EQ(strlen(line), limit);
        }
        end_response(http);
      }
    }
  }
}

TEST(lines_and_other_reads_may_be_mixed) {
  gs_http *http = respond("head\nbody of it\ntail\nrest", 100, 0);
  char *line;
  char buf[5];
  CHECK_EQ(gs_http_read_line(http, &line, NULL), 1);
  CHECK_STR_EQ(line, "head");
  CHECK_EQ(gs_http_read(http, buf, sizeof buf), 5);
  CHECK(memcmp(buf, "body ", 5) == 0);
  CHECK_EQ(gs_http_read_line(http, &line, NULL), 1);
  CHECK_STR_EQ(line, "of it");
  void *all;
  size_t size;
  CHECK_EQ(gs_http_read_all(http, &all, &size, 0), GS_OK);
  CHECK_STR_EQ((char *)all, "tail\nrest");
  free(all);
  end_response(http);
}

struct liner {
  gs_http *http;
  int64_t deadline_ns;
  char *line;
  int result;
};

static void read_line(void *arg) {
  struct liner *l = arg;
  l->result = gs_http_read_line_until(l->http, &l->line, NULL, l->deadline_ns);
}

TEST(a_line_that_is_not_whole_in_time_is_kept) {
  struct request r = {0};
  open_request(&r);
  struct liner l = {.http = r.http, .deadline_ns = gs_now() + 10};
  CHECK(gs_go(read_line, &l) > 0);
  settle();
  answer_text("beg");
  CHECK_EQ(gs_sleep(20), GS_OK);
  CHECK_EQ(l.result, GS_ETIMEDOUT);
  l.deadline_ns = GS_FOREVER;
  CHECK(gs_go(read_line, &l) > 0);
  settle();
  answer_text("un\nmore");
  CHECK_EQ(l.result, 1);
  CHECK_STR_EQ(l.line, "begun");
  gs_http_close(r.http);
}

TEST(closing_ends_the_wait_for_a_line_and_nothing_is_written) {
  for (int answered = 0; answered < 2; answered++) {
    struct request r = {0};
    open_request(&r);
    struct liner l = {.http = r.http, .deadline_ns = GS_FOREVER};
    CHECK(gs_go(read_line, &l) > 0);
    settle();
    const struct host_fake_op *op = find_pending(HOST_FAKE_READ);
    if (answered) {
      memcpy(op->buf, "a\n", 2);
      host_fake_complete(op->token, 2);
    }
    gs_http_close(r.http);
    settle();
    CHECK_EQ(l.result, GS_ECANCELED);
    CHECK_EQ(l.line, (char *)NULL);
  }
}

/* ---- into a file ---- */

#ifndef __wasm__
TEST(a_body_is_saved_to_a_descriptor_and_counted) {
  int ends[2];
  CHECK_EQ(pipe(ends), 0);
  gs_http *http = respond("first\nthe rest of it", 4, 0);
  char *line;
  CHECK_EQ(gs_http_read_line(http, &line, NULL), 1);
  CHECK_EQ(gs_http_save(http, ends[1]), 14);
  char buf[32];
  CHECK_EQ(read(ends[0], buf, sizeof buf), 14);
  CHECK(memcmp(buf, "the rest of it", 14) == 0);
  CHECK_EQ(gs_http_save(http, ends[1]), 0);
  end_response(http);
  http = respond("part", 2, GS_ECONNRESET);
  CHECK_EQ(gs_http_save(http, ends[1]), GS_ECONNRESET);
  CHECK_EQ(read(ends[0], buf, sizeof buf), 4); /* what was written stays */
  end_response(http);
  close(ends[0]);
  close(ends[1]);
  http = respond("lost", 2, 0);
  CHECK(gs_http_save(http, ends[1]) < 0);
  CHECK_EQ(gs_http_body_error(http), 0);
  alloc_fake_fail_after(0);
  CHECK_EQ(gs_http_save(http, ends[1]), GS_ENOMEM);
  end_response(http);
}
#endif

/* ---- as a channel ---- */

TEST(a_channel_gives_the_pieces_in_order_and_is_closed_at_the_end) {
  gs_http *http = respond("0123456789", 4, 0);
  gs_chan *chan;
  CHECK_EQ(gs_http_chan(&chan, http, 3, 2), GS_OK);
  char byte;
  CHECK_EQ(gs_http_read(http, &byte, 1), GS_EBUSY);
  gs_chan *other = NULL;
  CHECK_EQ(gs_http_chan(&other, http, 3, 2), GS_EBUSY);
  char all[16] = "";
  struct gs_http_chunk chunk;
  while (gs_chan_recv(chan, &chunk) > 0) {
    CHECK(chunk.size_bytes <= 3);
    strncat(all, chunk.bytes, chunk.size_bytes);
    free(chunk.bytes);
  }
  CHECK_STR_EQ(all, "0123456789");
  settle();
  CHECK_EQ(gs_http_body_error(http), 0);
  CHECK_EQ(gs_http_read(http, &byte, 1), 0);
  gs_chan_release(chan);
  end_response(http);
}

TEST(a_channel_of_a_body_that_fails_is_closed_and_the_response_knows_why) {
  gs_http *http = respond("part", 4, GS_ECONNRESET);
  gs_chan *chan;
  CHECK_EQ(gs_http_chan(&chan, http, 0, 0), GS_OK);
  struct gs_http_chunk chunk;
  CHECK_EQ(gs_chan_recv(chan, &chunk), 1);
  CHECK_EQ(chunk.size_bytes, 4);
  free(chunk.bytes);
  CHECK_EQ(gs_chan_recv(chan, &chunk), 0);
  CHECK_EQ(gs_http_body_error(http), GS_ECONNRESET);
  gs_chan_release(chan);
  end_response(http);
}

TEST(a_channel_that_nobody_wants_any_more_ends_its_goroutine) {
  for (int closes = 0; closes < 2; closes++) {
    gs_http *http = respond("0123456789", 4, 0);
    gs_chan *chan;
    CHECK_EQ(gs_http_chan(&chan, http, 0, 0), GS_OK);
    CHECK_EQ(gs_sleep(10 * GS_MICROSECOND),
             GS_OK); /* it waits for a receiver */
    if (closes) gs_chan_close(chan);
    gs_chan_release(chan);
    settle();
    CHECK_EQ(gs_count(), 2); /* the test and the server */
    CHECK_EQ(gs_http_body_error(http), GS_ECANCELED);
    end_response(http);
  }
}

TEST(a_channel_that_is_released_gives_up_the_read_that_waits) {
  struct request r = {0};
  open_request(&r);
  gs_chan *chan;
  CHECK_EQ(gs_http_chan(&chan, r.http, 0, 1), GS_OK);
  settle();
  CHECK(find_pending(HOST_FAKE_READ) != NULL);
  gs_chan_release(chan);
  settle();
  CHECK_EQ(host_fake.pending, 0);
  CHECK_EQ(gs_count(), 1);
  CHECK_EQ(gs_http_body_error(r.http), GS_ECANCELED);
  gs_http_close(r.http);
}

TEST(closing_the_response_ends_the_goroutine_of_its_channel) {
  for (int reads = 0; reads < 2; reads++) {
    struct request r = {0};
    open_request(&r);
    gs_chan *chan;
    CHECK_EQ(gs_http_chan(&chan, r.http, 0, 0), GS_OK);
    settle();
    if (reads) answer_text("sent to nobody");
    gs_http_close(r.http);
    settle();
    CHECK_EQ(gs_count(), 1);
    struct gs_http_chunk chunk;
    CHECK_EQ(gs_chan_recv(chan, &chunk), 0);
    gs_chan_release(chan);
  }
}

TEST(a_context_ends_a_channel_and_that_is_no_good_end) {
  struct request r = {0};
  open_request(&r);
  gs_ctx *ctx;
  CHECK_EQ(gs_ctx_new(&ctx, NULL), GS_OK);
  gs_ctx *outer = gs_ctx_enter(ctx);
  gs_chan *chan;
  CHECK_EQ(gs_http_chan(&chan, r.http, 0, 0), GS_OK);
  gs_ctx_leave(outer);
  settle();
  gs_ctx_cancel(ctx, 0);
  gs_ctx_release(ctx);
  settle();
  CHECK_EQ(gs_chan_recv(chan, NULL), 0);
  CHECK_EQ(gs_http_body_error(r.http), GS_ECANCELED);
  gs_chan_release(chan);
  gs_http_close(r.http);
}

/* ---- progress ---- */

static struct {
  struct gs_http_progress last;
  int count;
  gs_http *close;
} told;

static void note(void *arg, const struct gs_http_progress *progress) {
  CHECK_EQ(arg, (void *)&told);
  told.last = *progress;
  told.count++;
  gs_http_close(told.close);
  told.close = NULL;
}

TEST(progress_is_told_at_the_start_at_most_so_often_and_at_the_end) {
  host_fake.head.length_bytes = 10;
  struct gs_http_request request = {
      .progress = note, .progress_arg = &told, .progress_ns = GS_MILLISECOND};
  gs_http *http = respond_bytes("0123456789", 10, 2, 0, request);
  CHECK_EQ(told.count, 1);
  CHECK_EQ(told.last.down_bytes, 0);
  CHECK_EQ(told.last.down_total_bytes, 10);
  CHECK_EQ(told.last.up_total_bytes, 0);
  char buf[2];
  CHECK_EQ(gs_http_read(http, buf, 2), 2);
  CHECK_EQ(told.count, 1); /* too soon */
  CHECK_EQ(gs_sleep(GS_MILLISECOND), GS_OK);
  CHECK_EQ(gs_http_read(http, buf, 2), 2);
  CHECK_EQ(told.count, 2);
  CHECK_EQ(told.last.down_bytes, 4);
  while (gs_http_read(http, buf, 2) > 0) continue;
  CHECK_EQ(told.count, 3); /* the end, at once */
  CHECK_EQ(told.last.down_bytes, 10);
  end_response(http);
}

TEST(a_full_channel_of_progress_keeps_the_newest) {
  gs_chan *chan;
  CHECK_EQ(gs_chan_new(&chan, sizeof(struct gs_http_progress), 1), GS_OK);
  struct gs_http_request request = {.progress_chan = chan, .progress_ns = 1};
  gs_http *http = respond_bytes("0123456789", 10, 5, 0, request);
  char buf[5];
  while (gs_http_read(http, buf, 5) > 0)
    CHECK_EQ(gs_sleep(10 * GS_MICROSECOND), GS_OK);
  struct gs_http_progress progress;
  CHECK_EQ(gs_chan_try_recv(chan, &progress), 1);
  CHECK_EQ(progress.down_bytes, 10);
  CHECK_EQ(gs_chan_try_recv(chan, &progress), GS_EAGAIN);
  gs_chan_release(chan); /* the response has one of its own */
  end_response(http);
}

/* Nothing of the response is looked at after the function. */
TEST(the_function_of_the_progress_may_close_the_response) {
  struct gs_http_request request = {
      .progress = note, .progress_arg = &told, .progress_ns = 1};
  gs_http *http = respond_bytes("0123456789", 10, 5, 0, request);
  CHECK_EQ(gs_sleep(10 * GS_MICROSECOND), GS_OK);
  told.close = http;
  void *all = &all;
  size_t size;
  CHECK_EQ(gs_http_read_all(http, &all, &size, 0), GS_ECANCELED);
  end_response(NULL);
}

/* ---- no memory ---- */

enum way { WHOLE, LINES, CHANNEL, WAYS };

static int read_in_a_way(gs_http *http, enum way way) {
  void *all;
  size_t size;
  char *line;
  gs_chan *chan;
  int result;
  switch (way) {
    case WHOLE:
      result = gs_http_read_all(http, &all, &size, 0);
      if (result == GS_OK) free(all);
      return result;
    case LINES:
      while ((result = gs_http_read_line(http, &line, NULL)) > 0) continue;
      return result;
    default:
      result = gs_http_chan(&chan, http, 0, 1);
      if (result != GS_OK) return result;
      struct gs_http_chunk chunk;
      while (gs_chan_recv(chan, &chunk) > 0) free(chunk.bytes);
      gs_chan_release(chan);
      return gs_http_body_error(http);
  }
}

TEST(without_memory_each_way_to_read_a_body_ends_by_that_and_leaves_nothing) {
  static char text[40000];
  memset(text, 'x', sizeof text);
  for (int way = 0; way < WAYS; way++) {
    uint32_t good = 0;
    for (;; good++) {
      gs_http *http = respond_bytes(text, sizeof text, 5000, 0,
                                    (struct gs_http_request){0});
      alloc_fake_fail_after(good);
      int result = read_in_a_way(http, (enum way)way);
      bool unused = alloc_fake_never_fail();
      end_response(http);
      CHECK_EQ(gs_count(), 1);
      if (unused) {
        CHECK_EQ(result, GS_OK);
        break;
      }
      /* A piece of a channel need not become smaller. */
      if (result != GS_OK || way != CHANNEL) CHECK_EQ(result, GS_ENOMEM);
    }
    CHECK(good >= 2);
  }
}

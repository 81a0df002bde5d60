/* A request that is given up: STAGE HOW URL. The stage is `open` (before the
 * headers), `read` (in the body), `send` (while a body goes up); the way is
 * `context`, `deadline` (of the call), `timeout` or `idle` (of the request) or
 * `close`. Prints how the wait ended and whether its buffer was written to
 * afterwards; then waits for a line, so that the host outlives the request. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POISON 0xa5
#define SOON (200 * GS_MILLISECOND)

static unsigned char buf[4096];
static const char *stage;
static const char *how;
static const char *url;
static gs_http *http;
static int64_t result;
static bool done;
static int last_calls;
static int reader_ended_by;
static int given; /* pieces, by the reader that waits */

static bool is(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* Gives without end, or one piece and waits without end. */
static int64_t give(void *arg, void *to, size_t to_bytes) {
  (void)arg;
  if (to == NULL) {
    last_calls++;
    return 0;
  }
  if (is(stage, "wait") && given++ > 0) {
    reader_ended_by = gs_sleep_until(GS_FOREVER);
    return reader_ended_by;
  }
  memset(to, 'u', to_bytes);
  return (int64_t)to_bytes;
}

static void work(void *arg) {
  (void)arg;
  struct gs_http_request request = {.url = url};
  if (is(how, "timeout")) request.timeout_ns = 2 * SOON;
  if (is(how, "idle")) request.idle_ns = 2 * SOON;
  if (is(stage, "send") || is(stage, "wait")) {
    request.body = gs_http_reader(give, NULL, -1);
  }
  if (is(stage, "open") && is(how, "deadline")) {
    result = gs_http_get_until(&http, url, gs_deadline(SOON));
  } else {
    result = gs_http_open(&http, &request);
  }
  if (result == GS_OK && is(stage, "read")) {
    /* All that comes at first, and then a read that waits. */
    do {
      memset(buf, POISON, sizeof buf);
      result = gs_http_read_until(
          http, buf, sizeof buf,
          is(how, "deadline") ? gs_deadline(2 * SOON) : GS_FOREVER);
    } while (result > 0);
  }
  done = true;
}

static bool poisoned(void) {
  for (size_t i = 0; i < sizeof buf; i++) {
    if (buf[i] != POISON) return false;
  }
  return true;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  stage = argv[1];
  how = argv[2];
  url = argv[3];
  memset(buf, POISON, sizeof buf);
  gs_ctx *ctx = NULL;
  gs_ctx_new(&ctx, NULL);
  gs_ctx *outer = gs_ctx_enter(ctx);
  gs_go(work, NULL);
  gs_ctx_leave(outer);
  gs_sleep(5 * SOON);
  bool waited = !done;
  if (is(how, "context")) gs_ctx_cancel(ctx, 0);
  if (is(how, "close")) {
    gs_http_close(http);
    http = NULL;
  }
  while (!done) gs_sleep(GS_MILLISECOND);
  printf("%s after %s\n", gs_error_name((int)result),
         waited ? "a wait" : "its time");
  fflush(stdout);
  getchar(); /* the test: what comes now must go nowhere */
  gs_sleep(10 * GS_MILLISECOND);
  printf("buffer %s\n", poisoned() ? "untouched" : "written");
  if (http != NULL) {
    printf("body %s\n", gs_error_name(gs_http_body_error(http)));
    int64_t more =
        gs_http_read_until(http, buf, 1, gs_deadline(10 * GS_SECOND));
    printf("then %s\n", more > 0 ? "more" : gs_error_name((int)more));
  }
  gs_http_close(http);
  for (int i = 0; i < 1000 && gs_count() > 1; i++) gs_sleep(GS_MILLISECOND);
  printf("last calls %d, reader %s, goroutines %zu\n", last_calls,
         gs_error_name(reader_ended_by), gs_count());
  gs_ctx_release(ctx);
  return 0;
}

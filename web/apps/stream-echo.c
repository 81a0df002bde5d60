/* A WebSocket whose server sends everything back: one goroutine sends messages
 * of many sizes, text and binary in turn, the other compares what returns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream-common.h"

#define LARGEST_BYTES 20000
#define CONNECT_NS (10 * GS_SECOND)
#define NORMAL_CLOSURE 1000

static struct {
  struct job job;
  gs_ws *ws;
  gs_waitgroup sender;
  int send_error;
  int total;
  int sent;
  int received;
  int64_t bytes;
  int wrong_at; /* -1: none */
  int close_code;
} echo;

static enum gs_ws_kind kind_of(int index) {
  return index % 2 == 0 ? GS_WS_TEXT : GS_WS_BINARY;
}

/* Message number `index`: letters; returns the size. */
static size_t compose(char *to, int index) {
  size_t size = (size_t)(1 + (int64_t)index * index * 37 % LARGEST_BYTES);
  for (size_t i = 0; i < size; i++) {
    to[i] = (char)('a' + (i + (size_t)index) % 26);
  }
  return size;
}

static void send_all(void *arg) {
  (void)arg;
  char *bytes = malloc(LARGEST_BYTES);
  int error = bytes == NULL ? GS_ENOMEM : GS_OK;
  while (error == GS_OK && echo.sent < echo.total) {
    size_t size = compose(bytes, echo.sent);
    error = gs_ws_send(echo.ws, kind_of(echo.sent), bytes, size);
    if (error == GS_OK) echo.sent++;
  }
  free(bytes);
  echo.send_error = error;
  /* Nothing more will be there to compare: the closing handshake ends the
   * receiver's wait. */
  if (error != GS_OK) gs_ws_shutdown(echo.ws, NORMAL_CLOSURE, "given up");
  gs_waitgroup_done(&echo.sender);
}

static int compare_all(void) {
  char *due = malloc(LARGEST_BYTES);
  if (due == NULL) return GS_ENOMEM;
  int got = 0;
  struct gs_ws_message message;
  while (echo.received < echo.total &&
         (got = gs_ws_receive(echo.ws, &message)) > 0) {
    size_t size = compose(due, echo.received);
    bool same = message.kind == kind_of(echo.received) &&
                message.size_bytes == size &&
                memcmp(message.bytes, due, size) == 0;
    if (!same && echo.wrong_at < 0) echo.wrong_at = echo.received;
    echo.received++;
    echo.bytes += (int64_t)message.size_bytes;
  }
  free(due);
  if (got < 0) return got;
  if (echo.received < echo.total) return GS_ECONNRESET;
  gs_ws_shutdown(echo.ws, NORMAL_CLOSURE, "thank you");
  got = gs_ws_receive(echo.ws, &message);
  return got > 0 ? GS_EPROTO : got;
}

static int exchange(void) {
  int error = gs_waitgroup_add(&echo.sender, 1);
  if (error != GS_OK) return error;
  if (gs_go(send_all, NULL) < 0) {
    gs_waitgroup_done(&echo.sender);
    return GS_ENOMEM;
  }
  error = compare_all();
  if (error != GS_OK) gs_ws_shutdown(echo.ws, NORMAL_CLOSURE, "given up");
  echo.close_code = gs_ws_close_code(echo.ws);
  gs_ctx_shield();
  gs_waitgroup_wait(&echo.sender);
  gs_ctx_unshield();
  return error;
}

GS_EXPORT(const char *, open_echo, (const char *, url), (int, count)) {
  int error = job_begin(&echo.job);
  if (error == GS_EBUSY) return job_end(&echo.job, error);
  echo.total = count;
  echo.sent = echo.received = echo.close_code = 0;
  echo.bytes = 0;
  echo.wrong_at = -1;
  if (error == GS_OK) {
    struct gs_ws_options options = {.deadline_ns = gs_deadline(CONNECT_NS)};
    error = gs_ws_open(&echo.ws, url, &options);
    if (error == GS_OK) {
      error = exchange();
      gs_ws_close(echo.ws);
      echo.ws = NULL;
    } else {
      gs_ws_error(echo.job.words, sizeof echo.job.words);
    }
  }
  return job_end(&echo.job, error);
}

GS_EXPORT_VOID(cancel_echo) { job_cancel(&echo.job); }

GS_EXPORT(const char *, measure_echo) {
  static char text[200];
  long long waiting = echo.ws == NULL ? 0 : (long long)gs_ws_buffered(echo.ws);
  snprintf(text, sizeof text,
           "{\"total\":%d,\"sent\":%d,\"received\":%d,\"bytes\":%lld,"
           "\"wrongAt\":%d,\"closeCode\":%d,\"waiting\":%lld}",
           echo.total, echo.sent, echo.received, (long long)echo.bytes,
           echo.wrong_at, echo.close_code, waiting);
  return text;
}

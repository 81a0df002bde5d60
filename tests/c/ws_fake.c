/* The WebSocket imports of the fake host: see ws_fake.h. An app on the build
 * machine has none. */
#define GS__HOST_DEFINED
#include "ws_fake.h"

#include <gossamer/error.h>
#include <string.h>

#include "../../src/base/check.h"
#include "../../src/host/host.h"
#include "host_fake.h"

struct ws_fake ws_fake;

/* Kinds of operations beside those of host_fake.h. */
enum { OPEN = 2000, SEND, RECEIVE };

/* A body that no response has. */
#define NO_HTTP UINT32_MAX

static int32_t start(uint32_t token, int kind, void *buf, size_t buf_bytes,
                     void *message) {
  struct host_fake *h = &host_fake;
  gs_assert(token != 0 && h->pending < HOST_FAKE_OPS_MAX);
  h->ops[h->pending++] = (struct host_fake_op){
      .token = token,
      .kind = (enum host_fake_kind)kind,
      .http = NO_HTTP,
      .buf = buf,
      .buf_bytes = buf_bytes,
      .count = message,
  };
  h->started++;
  if (h->on_start != NULL) h->on_start(&h->ops[h->pending - 1]);
  return GS__PENDING;
}

static struct host_fake_op *find(int kind) {
  for (uint32_t i = 0; i < host_fake.pending; i++) {
    if ((int)host_fake.ops[i].kind == kind) return &host_fake.ops[i];
  }
  return NULL;
}

static void keep(char *to, size_t room, const void *from, size_t size) {
  size_t kept = size < room ? size : room;
  if (kept > 0) memcpy(to, from, kept);
  if (kept < room) to[kept] = '\0';
}

int32_t gs__host_ws_open(uint32_t token, const char *url, size_t url_bytes,
                         const char *protocols, size_t protocols_bytes,
                         uint32_t receive_limit_bytes) {
  if (!host_fake.testing) return GS_ENOTSUP;
  if (host_fake.answer != GS__PENDING) return host_fake.answer;
  keep(ws_fake.url, sizeof ws_fake.url, url, url_bytes);
  keep(ws_fake.protocols, sizeof ws_fake.protocols, protocols, protocols_bytes);
  ws_fake.protocols_bytes = protocols_bytes;
  ws_fake.receive_limit_bytes = receive_limit_bytes;
  return start(token, OPEN, NULL, 0, NULL);
}

void ws_fake_open(int32_t result) {
  struct host_fake_op *op = find(OPEN);
  gs_assert(op != NULL);
  if (result > 0) ws_fake.opened++;
  host_fake_complete(op->token, result);
}

int32_t gs__host_ws_send(uint32_t token, uint32_t ws, uint32_t kind,
                         const void *bytes, size_t size_bytes,
                         uint32_t limit_bytes) {
  if (ws == 0) return GS_EBADF;
  ws_fake.limit_bytes = limit_bytes;
  int32_t answer = ws_fake.send_answer;
  if (answer == GS_EAGAIN && token != 0) {
    return start(token, SEND, NULL, size_bytes, NULL);
  }
  if (answer != GS_OK) return answer;
  ws_fake.sent++;
  ws_fake.kind = kind;
  ws_fake.text_bytes = size_bytes;
  keep(ws_fake.text, sizeof ws_fake.text, bytes, size_bytes);
  return GS_OK;
}

void ws_fake_sent(int32_t result) {
  struct host_fake_op *op = find(SEND);
  gs_assert(op != NULL);
  host_fake_complete(op->token, result);
}

/* The next message, or the end, or GS_EAGAIN. */
static int32_t take(void *buf, size_t buf_bytes,
                    struct gs__ws_message *message) {
  if (ws_fake.queued == 0) {
    if (ws_fake.end == 0) return GS_EAGAIN;
    if (ws_fake.end < 0) return ws_fake.end;
    *message = (struct gs__ws_message){0, 0};
    return 0;
  }
  struct ws_fake_message next = ws_fake.queue[0];
  *message = (struct gs__ws_message){next.kind, (uint32_t)next.size_bytes};
  if (next.size_bytes > buf_bytes) return 0;
  if (next.size_bytes > 0) memcpy(buf, next.bytes, next.size_bytes);
  ws_fake.queued--;
  memmove(ws_fake.queue, ws_fake.queue + 1,
          ws_fake.queued * sizeof ws_fake.queue[0]);
  return 0;
}

int32_t gs__host_ws_receive(uint32_t token, uint32_t ws, void *buf,
                            size_t buf_bytes, struct gs__ws_message *message) {
  if (ws == 0) return GS_EBADF;
  int32_t answer = take(buf, buf_bytes, message);
  if (answer != GS_EAGAIN || token == 0) return answer;
  gs_assert(find(RECEIVE) == NULL);
  return start(token, RECEIVE, buf, buf_bytes, message);
}

/* Whoever waits to receive is told. */
static void tell(void) {
  struct host_fake_op *op = find(RECEIVE);
  if (op == NULL) return;
  int32_t answer = take(op->buf, op->buf_bytes, (void *)op->count);
  host_fake_complete(op->token, answer);
}

void ws_fake_arrive(uint32_t kind, const char *bytes, size_t size_bytes) {
  gs_assert(ws_fake.queued < WS_FAKE_MESSAGES_MAX);
  ws_fake.queue[ws_fake.queued++] =
      (struct ws_fake_message){kind, bytes, size_bytes};
  tell();
}

void ws_fake_end(int32_t end) {
  ws_fake.end = end;
  tell();
}

int32_t gs__host_ws_shutdown(uint32_t ws, uint32_t code, const char *reason,
                             size_t reason_bytes) {
  if (ws == 0) return GS_EBADF;
  ws_fake.shutdowns++;
  ws_fake.code = code;
  keep(ws_fake.reason, sizeof ws_fake.reason, reason, reason_bytes);
  return GS_OK;
}

int32_t gs__host_ws_state(uint32_t ws, uint32_t what) {
  return ws == 0 ? GS_EBADF : ws_fake.state[what];
}

int32_t gs__host_ws_text(uint32_t ws, uint32_t what, char *buf,
                         size_t buf_bytes) {
  static const char *const texts[] = {"reason", "protocol", "words"};
  if (ws == 0 && what != 2) return GS_EBADF;
  size_t size = strlen(texts[what]);
  if (size < buf_bytes) buf_bytes = size;
  if (buf_bytes > 0) memcpy(buf, texts[what], buf_bytes);
  return (int32_t)size;
}

void gs__host_ws_close(uint32_t ws) {
  gs_assert(ws != 0 && find(SEND) == NULL && find(RECEIVE) == NULL);
  ws_fake.closed++;
}

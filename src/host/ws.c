/* WebSockets: see gossamer/ws.h. What can be done at once takes one import and
 * no token; who has to wait is in the socket's list meanwhile, so that closing
 * finds him. The socket is freed when the last of them has left it. */
#include <gossamer/ws.h>
#include <stdlib.h>
#include <string.h>

#include "../base/stress.h"
#include "op.h"

#define NORMAL 1000
#define BROKEN 1006
#define CODE_MIN 3000
#define CODE_MAX 4999
#define REASON_BYTES_MAX 123

#define SEND_LIMIT_BYTES (UINT32_C(1) << 20)
#define ROOM_BYTES 256 /* for messages, at first */
#define RECEIVE_LIMIT_BYTES (UINT32_C(64) << 20)

enum state { STATE_CLOSE_CODE, STATE_BUFFERED, STATE_SILENT_MS };
enum text { TEXT_REASON, TEXT_PROTOCOL, TEXT_ERROR };

/* Nothing is sent, but waited for until all is. */
#define FLUSH 0

struct gs_ws {
  uint32_t handle;               /* the host's */
  uint32_t users;                /* calls that are inside and may wait */
  uint32_t send_limit_bytes;     /* what gs_ws_send() waits for */
  bool is_closed;                /* to be freed by the last user */
  bool is_receiving;             /* by one of them */
  bool is_silent;                /* taken for dead */
  struct gs__list waiters;       /* struct waiter */
  struct gs__ws_message arrived; /* written by the host */
  char *buffer;                  /* room_bytes and one more for a NUL */
  size_t room_bytes;
  struct gs__alarm alarm; /* looks after pings and silence; item.slot is
                           * GS__HEAP_OUT while it is not set */
  int64_t ping_ns;
  int64_t silence_ns;
  int64_t pinged_ns; /* when */
  size_t ping_bytes;
  char ping_text[];
};

/* A call that waits at the host, in its frame. */
struct waiter {
  struct gs__list node;
  struct gs__op op;
  struct gs__op *waiting; /* &op, NULL when it is not waiting any more */
  gs_ws *ws;
  bool receives;
  uint32_t kind; /* what it sends, or FLUSH */
  const void *bytes;
  size_t size_bytes;
};

GS__INLINE int32_t start(const struct waiter *w, uint32_t token) {
  gs_ws *ws = w->ws;
  if (w->receives) {
    return gs__host_ws_receive(token, ws->handle, ws->buffer, ws->room_bytes,
                               &ws->arrived);
  }
  return gs__host_ws_send(token, ws->handle, w->kind, w->bytes, w->size_bytes,
                          w->kind == FLUSH ? 0 : ws->send_limit_bytes);
}

GS__INLINE int wait_until(struct waiter *w, int64_t deadline_ns) {
  int error = gs__op_begin(&w->op);
  if (error != GS_OK) return error;
  int32_t started = start(w, w->op.token);
  if (started != GS__PENDING) {
    gs__op_drop(&w->op);
    return started;
  }
  struct gs__deadline expiry;
  error = gs__op_wait(&w->op, &expiry, deadline_ns);
  if (error != GS_OK) return error;
  w->waiting = &w->op;
  w->op.watch = &w->waiting;
  return (int)gs__park(w->receives ? "WebSocket receive" : "WebSocket send",
                       w->ws);
}

/* Not public: waits at the host for what did not go at once. */
int gs__ws_wait(struct waiter *w, int64_t deadline_ns);

GS__LEAF(gs__ws_wait)
int gs__ws_wait(struct waiter *w, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return wait_until(w, deadline_ns);
}

static void release(gs_ws *ws) {
  free(ws->buffer);
  free(ws);
}

static void leave(gs_ws *ws) {
  if (--ws->users == 0 && ws->is_closed) release(ws);
}

/* The caller is a user of the socket. */
static int wait_listed(struct waiter *w, int64_t deadline_ns) {
  gs__list_append(&w->ws->waiters, &w->node);
  int result = gs__ws_wait(w, deadline_ns);
  gs__list_remove(&w->node);
  return result;
}

static void end_waits(gs_ws *ws, int error) {
  struct gs__list *node = ws->waiters.next;
  for (; node != &ws->waiters; node = node->next) {
    struct waiter *w =
        (struct waiter *)gs__container(node, struct waiter, node);
    if (w->waiting != NULL) gs__op_abort(w->waiting, error);
  }
}

/* ---- connecting ---- */

struct opening {
  const char *url;
  size_t url_bytes;
  const char *protocols; /* a NUL behind each */
  size_t protocols_bytes;
  uint32_t receive_limit_bytes;
  int64_t deadline_ns;
};

GS__INLINE int connect_until(const struct opening *o) {
  struct gs__op op;
  int error = gs__op_begin(&op);
  if (error != GS_OK) return error;
  int32_t started =
      gs__host_ws_open(op.token, o->url, o->url_bytes, o->protocols,
                       o->protocols_bytes, o->receive_limit_bytes);
  if (started != GS__PENDING) {
    gs__op_drop(&op);
    return started < 0 ? started : GS_EIO;
  }
  struct gs__deadline expiry;
  error = gs__op_wait(&op, &expiry, o->deadline_ns);
  if (error != GS_OK) return error;
  return (int)gs__park("WebSocket open", NULL);
}

/* Not public: the handle of a connection, or an error. */
int gs__ws_connect(const struct opening *o);

GS__LEAF(gs__ws_connect)
int gs__ws_connect(const struct opening *o) {
  GS__LEAF_BODY(int);
  return connect_until(o);
}

/* The names one after the other, a NUL behind each; NULL: no memory, or a name
 * that is NULL or empty. */
static char *join(const struct gs_ws_options *options, size_t *bytes,
                  int *error) {
  *bytes = 0;
  *error = GS_EINVAL;
  for (size_t i = 0; i < options->protocol_count; i++) {
    const char *name = options->protocols[i];
    if (name == NULL || name[0] == '\0') return NULL;
    *bytes += strlen(name) + 1;
  }
  *error = GS_ENOMEM;
  char *joined = gs__malloc(*bytes + 1);
  if (joined == NULL) return NULL;
  char *at = joined;
  for (size_t i = 0; i < options->protocol_count; i++) {
    size_t size = strlen(options->protocols[i]) + 1;
    memcpy(at, options->protocols[i], size);
    at += size;
  }
  *error = GS_OK;
  return joined;
}

static bool watch(gs_ws *ws);

static gs_ws *make(const struct gs_ws_options *options) {
  const char *text = options->ping_text == NULL ? "ping" : options->ping_text;
  size_t ping_bytes = strlen(text);
  gs_ws *ws = gs__calloc(1, sizeof *ws + ping_bytes);
  if (ws == NULL) return NULL;
  memcpy(ws->ping_text, text, ping_bytes);
  ws->ping_bytes = ping_bytes;
  ws->ping_ns = options->ping_ns;
  ws->silence_ns = options->silence_ns;
  ws->send_limit_bytes = options->send_limit_bytes == 0
                             ? SEND_LIMIT_BYTES
                             : options->send_limit_bytes;
  ws->alarm.item.slot = GS__HEAP_OUT;
  gs__list_init(&ws->waiters);
  return ws;
}

int gs_ws_open(gs_ws **out, const char *url,
               const struct gs_ws_options *options) {
  static const struct gs_ws_options usual;
  if (options == NULL) options = &usual;
  if (out == NULL || url == NULL) return GS_EINVAL;
  if (options->protocol_count > 0 && options->protocols == NULL) {
    return GS_EINVAL;
  }
  if (options->ping_ns < 0 || options->silence_ns < 0) return GS_EINVAL;
  struct opening o = {
      .url = url,
      .url_bytes = strlen(url),
      .receive_limit_bytes = options->receive_limit_bytes == 0
                                 ? RECEIVE_LIMIT_BYTES
                                 : options->receive_limit_bytes,
      .deadline_ns =
          options->deadline_ns == 0 ? GS_FOREVER : options->deadline_ns,
  };
  int error;
  char *joined = join(options, &o.protocols_bytes, &error);
  if (joined == NULL) return error;
  o.protocols = joined;
  gs_ws *ws = make(options);
  if (ws == NULL) {
    free(joined);
    return GS_ENOMEM;
  }
  int handle = gs__ws_connect(&o);
  free(joined);
  if (handle < 0) {
    release(ws);
    return handle;
  }
  ws->handle = (uint32_t)handle;
  if (!watch(ws)) {
    gs__host_ws_close(ws->handle);
    release(ws);
    return GS_ENOMEM;
  }
  *out = ws;
  return GS_OK;
}

/* ---- pings and silence ---- */

static void look_after(struct gs__alarm *alarm, int64_t deadline_ns);

/* Sets the alarm for what comes first; false: no memory. */
static bool watch(gs_ws *ws) {
  int64_t now_ns = gs_now();
  int64_t silent_ns =
      gs__host_ws_state(ws->handle, STATE_SILENT_MS) * GS_MILLISECOND;
  int64_t next_ns = GS_FOREVER;
  if (ws->silence_ns > 0) next_ns = gs_deadline(ws->silence_ns - silent_ns);
  if (ws->ping_ns > 0) {
    int64_t last_ns = now_ns - silent_ns;
    if (ws->pinged_ns > last_ns) last_ns = ws->pinged_ns;
    int64_t ping_ns = gs_deadline(ws->ping_ns - (now_ns - last_ns));
    if (ping_ns < next_ns) next_ns = ping_ns;
  }
  if (next_ns == GS_FOREVER) return true;
  ws->alarm.fire = look_after;
  return gs__alarm_set(&ws->alarm, next_ns);
}

static void look_after(struct gs__alarm *alarm, int64_t deadline_ns) {
  (void)deadline_ns;
  gs_ws *ws = (gs_ws *)gs__container(alarm, struct gs_ws, alarm);
  if (gs__host_ws_state(ws->handle, STATE_CLOSE_CODE) != 0) return;
  int64_t now_ns = gs_now();
  int64_t silent_ns =
      gs__host_ws_state(ws->handle, STATE_SILENT_MS) * GS_MILLISECOND;
  if (ws->silence_ns > 0 && silent_ns >= ws->silence_ns) {
    ws->is_silent = true;
    gs__host_ws_shutdown(ws->handle, NORMAL, NULL, 0);
    end_waits(ws, GS_ECONNRESET);
    return;
  }
  int64_t last_ns = now_ns - silent_ns;
  if (ws->pinged_ns > last_ns) last_ns = ws->pinged_ns;
  if (ws->ping_ns > 0 && now_ns - last_ns >= ws->ping_ns) {
    /* With much unsent it would only wait behind it. */
    gs__host_ws_send(0, ws->handle, GS_WS_TEXT, ws->ping_text, ws->ping_bytes,
                     ws->send_limit_bytes);
    ws->pinged_ns = now_ns;
  }
  watch(ws); /* there is memory: it was set a moment ago */
}

/* ---- sending ---- */

static int try_send(gs_ws *ws, const struct waiter *w) {
  if (ws->is_silent) return GS_ECONNRESET;
  return start(w, 0);
}

static int send_until(gs_ws *ws, struct waiter *w, int64_t deadline_ns) {
  int error = try_send(ws, w);
  if (error != GS_EAGAIN) return error;
  ws->users++;
  error = wait_listed(w, deadline_ns);
  leave(ws);
  return error;
}

static bool is_message(const gs_ws *ws, const struct waiter *w) {
  if (ws == NULL || (w->bytes == NULL && w->size_bytes > 0)) return false;
  return w->kind == GS_WS_TEXT || w->kind == GS_WS_BINARY;
}

int gs_ws_send_until(gs_ws *ws, enum gs_ws_kind kind, const void *bytes,
                     size_t size_bytes, int64_t deadline_ns) {
  struct waiter w = {.ws = ws,
                     .kind = (uint32_t)kind,
                     .bytes = bytes,
                     .size_bytes = size_bytes};
  if (!is_message(ws, &w)) return GS_EINVAL;
  return send_until(ws, &w, deadline_ns);
}

int gs_ws_send(gs_ws *ws, enum gs_ws_kind kind, const void *bytes,
               size_t size_bytes) {
  return gs_ws_send_until(ws, kind, bytes, size_bytes, GS_FOREVER);
}

int gs_ws_try_send(gs_ws *ws, enum gs_ws_kind kind, const void *bytes,
                   size_t size_bytes) {
  struct waiter w = {.ws = ws,
                     .kind = (uint32_t)kind,
                     .bytes = bytes,
                     .size_bytes = size_bytes};
  if (!is_message(ws, &w)) return GS_EINVAL;
  return try_send(ws, &w);
}

int gs_ws_flush_until(gs_ws *ws, int64_t deadline_ns) {
  if (ws == NULL) return GS_EINVAL;
  struct waiter w = {.ws = ws, .kind = FLUSH};
  return send_until(ws, &w, deadline_ns);
}

int gs_ws_flush(gs_ws *ws) { return gs_ws_flush_until(ws, GS_FOREVER); }

int64_t gs_ws_buffered(const gs_ws *ws) {
  if (ws == NULL) return GS_EINVAL;
  return gs__host_ws_state(ws->handle, STATE_BUFFERED);
}

/* ---- receiving ---- */

/* Room for the message that has arrived. */
static bool grow(gs_ws *ws) {
  size_t room = ws->buffer == NULL ? ROOM_BYTES : ws->room_bytes * 2;
  if (room < ws->arrived.size_bytes) room = ws->arrived.size_bytes;
  char *buffer = gs__realloc(ws->buffer, room + 1);
  if (buffer == NULL) return false;
  ws->buffer = buffer;
  ws->room_bytes = room;
  return true;
}

static int receive_until(gs_ws *ws, int64_t deadline_ns) {
  struct waiter w = {.ws = ws, .receives = true};
  if (ws->buffer == NULL && !grow(ws)) return GS_ENOMEM;
  for (;;) {
    int error = start(&w, 0);
    if (error == GS_EAGAIN) {
      error = ws->is_silent ? GS_ECONNRESET : wait_listed(&w, deadline_ns);
      if (ws->is_closed) return GS_ECANCELED;
    }
    if (error != GS_OK) return error;
    /* What was taken for dead may answer the closing handshake yet. */
    if (ws->arrived.kind == 0) return ws->is_silent ? GS_ECONNRESET : 0;
    if (ws->arrived.size_bytes <= ws->room_bytes) {
      ws->buffer[ws->arrived.size_bytes] = '\0';
      return 1;
    }
    if (!grow(ws)) return GS_ENOMEM;
  }
}

int gs_ws_receive_until(gs_ws *ws, struct gs_ws_message *message,
                        int64_t deadline_ns) {
  if (ws == NULL || message == NULL) return GS_EINVAL;
  if (ws->is_receiving) return GS_EBUSY;
  ws->is_receiving = true;
  ws->users++;
  int result = receive_until(ws, deadline_ns);
  ws->is_receiving = false;
  if (result == 1) {
    *message = (struct gs_ws_message){
        .kind = (enum gs_ws_kind)ws->arrived.kind,
        .bytes = ws->buffer,
        .size_bytes = ws->arrived.size_bytes,
    };
  }
  leave(ws);
  return result;
}

int gs_ws_receive(gs_ws *ws, struct gs_ws_message *message) {
  return gs_ws_receive_until(ws, message, GS_FOREVER);
}

/* ---- closing ---- */

int gs_ws_shutdown(gs_ws *ws, int code, const char *reason) {
  if (ws == NULL) return GS_EINVAL;
  size_t reason_bytes = reason == NULL ? 0 : strlen(reason);
  if (code == 0) code = NORMAL;
  if (code != NORMAL && (code < CODE_MIN || code > CODE_MAX)) return GS_EINVAL;
  if (reason_bytes > REASON_BYTES_MAX) return GS_EINVAL;
  return gs__host_ws_shutdown(ws->handle, (uint32_t)code, reason, reason_bytes);
}

int gs_ws_close_code(const gs_ws *ws) {
  if (ws == NULL) return GS_EINVAL;
  if (ws->is_silent) return BROKEN;
  return gs__host_ws_state(ws->handle, STATE_CLOSE_CODE);
}

static int text(uint32_t handle, enum text what, char *buf, size_t buf_bytes) {
  if (buf == NULL && buf_bytes > 0) return GS_EINVAL;
  size_t room = buf_bytes == 0 ? 0 : buf_bytes - 1;
  int length = gs__host_ws_text(handle, (uint32_t)what, buf, room);
  if (length < 0 || buf_bytes == 0) return length;
  buf[(size_t)length < room ? (size_t)length : room] = '\0';
  return length;
}

int gs_ws_close_reason(const gs_ws *ws, char *buf, size_t buf_bytes) {
  if (ws == NULL) return GS_EINVAL;
  return text(ws->handle, TEXT_REASON, buf, buf_bytes);
}

int gs_ws_protocol(const gs_ws *ws, char *buf, size_t buf_bytes) {
  if (ws == NULL) return GS_EINVAL;
  return text(ws->handle, TEXT_PROTOCOL, buf, buf_bytes);
}

int gs_ws_error(char *buf, size_t buf_bytes) {
  return text(0, TEXT_ERROR, buf, buf_bytes);
}

void gs_ws_close(gs_ws *ws) {
  if (ws == NULL || ws->is_closed) return;
  ws->is_closed = true;
  end_waits(ws, GS_ECANCELED);
  gs__alarm_clear(&ws->alarm);
  gs__host_ws_close(ws->handle);
  if (ws->users == 0) release(ws);
}

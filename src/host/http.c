/* HTTP on the host's fetch: see gossamer/http.h. */
#include <gossamer/http.h>
#include <stdlib.h>
#include <string.h>

#include "../base/stress.h"
#include "http.h"
#include "op.h"

#define MAX_REDIRECTS 20
#define LIMIT_BYTES ((uint32_t)64 << 20)

static uint32_t length_of(const char *text) {
  return text == NULL ? 0 : (uint32_t)strlen(text);
}

/* The request as the host reads it; the strings stay the caller's. */
static void describe(struct gs__http_start *start,
                     const struct gs_http_request *request) {
  uint32_t upload_limit = request->upload_limit_bytes;
  uint32_t integrity_limit = request->integrity_limit_bytes;
  uint32_t body = request->body.kind == GS_HTTP_NO_BODY ? 0
                  : request->body.kind == GS_HTTP_BYTES ? 1
                                                        : 2;
  *start = (struct gs__http_start){
      .url = request->url,
      .url_bytes = length_of(request->url),
      .method = request->method,
      .method_bytes = length_of(request->method),
      .headers = request->headers,
      .header_count = (uint32_t)request->header_count,
      .body = request->body.bytes,
      .body_bytes = body == 1 ? (uint32_t)request->body.size_bytes : 0,
      .options = (uint32_t)request->redirect << GS__HTTP_REDIRECT_SHIFT |
                 (uint32_t)request->credentials << GS__HTTP_CREDENTIALS_SHIFT |
                 (uint32_t)request->cache << GS__HTTP_CACHE_SHIFT |
                 (uint32_t)request->mode << GS__HTTP_MODE_SHIFT |
                 (uint32_t)request->priority << GS__HTTP_PRIORITY_SHIFT |
                 (uint32_t)request->referrer_policy << GS__HTTP_REFERRER_SHIFT |
                 (request->keepalive ? GS__HTTP_KEEPALIVE : 0) |
                 body << GS__HTTP_BODY_SHIFT |
                 (uint32_t)request->upload << GS__HTTP_UPLOAD_SHIFT,
      .referrer = request->referrer,
      .referrer_bytes = length_of(request->referrer),
      .integrity = request->integrity,
      .integrity_bytes = length_of(request->integrity),
      .max_redirects =
          request->max_redirects == 0 ? MAX_REDIRECTS : request->max_redirects,
      .upload_limit = upload_limit == 0 ? LIMIT_BYTES : upload_limit,
      .integrity_limit = integrity_limit == 0 ? LIMIT_BYTES : integrity_limit,
  };
}

/* Numbers that would spill into others, and pointers that lead nowhere. */
static int check(const struct gs_http_request *request) {
  const struct gs_http_body *body = &request->body;
  if (request->url == NULL) return GS_EINVAL;
  if (request->header_count > 0 && request->headers == NULL) return GS_EINVAL;
  if (request->header_count > UINT32_MAX / 8) return GS_EINVAL;
  for (size_t i = 0; i < request->header_count; i++) {
    const struct gs_http_field *field = &request->headers[i];
    if (field->name == NULL || field->value == NULL) return GS_EINVAL;
  }
  if ((uint32_t)request->redirect > GS_HTTP_REDIRECT_MANUAL ||
      (uint32_t)request->credentials > GS_HTTP_CREDENTIALS_INCLUDE ||
      (uint32_t)request->cache > GS_HTTP_CACHE_ONLY_IF_CACHED ||
      (uint32_t)request->mode > GS_HTTP_MODE_NO_CORS ||
      (uint32_t)request->priority > GS_HTTP_PRIORITY_LOW ||
      (uint32_t)request->referrer_policy > GS_HTTP_REFERRER_UNSAFE_URL ||
      (uint32_t)request->upload > GS_HTTP_UPLOAD_BUFFER) {
    return GS_EINVAL;
  }
  if (request->deadline_ns < 0 || request->timeout_ns < 0 ||
      request->idle_ns < 0 || request->progress_ns < 0 ||
      request->retry.first_ns < 0 || request->retry.most_ns < 0) {
    return GS_EINVAL;
  }
  if (request->progress_chan != NULL &&
      gs_chan_elem_bytes(request->progress_chan) !=
          sizeof(struct gs_http_progress)) {
    return GS_EINVAL;
  }
  switch (body->kind) {
    case GS_HTTP_NO_BODY:
      return GS_OK;
    case GS_HTTP_BYTES:
      if (body->size_bytes < 0 || body->size_bytes > UINT32_MAX ||
          (body->bytes == NULL && body->size_bytes > 0)) {
        return GS_EINVAL;
      }
      return GS_OK;
    case GS_HTTP_FILE:
      if (body->fd < 0) return GS_EBADF;
      return body->gs__send == NULL ? GS_EINVAL : GS_OK;
    case GS_HTTP_READER:
      if (body->read == NULL || body->size_bytes < -1) return GS_EINVAL;
      return body->gs__send == NULL ? GS_EINVAL : GS_OK;
    default:
      return GS_EINVAL;
  }
}

/* ---- time ---- */

static void expire(struct gs__alarm *alarm, int64_t deadline_ns) {
  (void)deadline_ns;
  gs__http_abort(gs__container(alarm, gs_http, expiry), GS_ETIMEDOUT);
}

/* Nothing happened since the alarm was set, or it is set for later. */
static void idle(struct gs__alarm *alarm, int64_t deadline_ns) {
  gs_http *http = gs__container(alarm, gs_http, idle);
  bool waits =
      http->waiting != NULL ||
      (http->sending != NULL && gs__http_sending_op(http->sending) != NULL);
  if (!waits) return;
  int64_t due_ns = http->active_ns + http->idle_ns;
  if (due_ns <= deadline_ns || !gs__alarm_set(alarm, due_ns)) {
    gs__http_abort(http, GS_ETIMEDOUT);
  }
}

int gs__http_waits(gs_http *http) {
  if (http->idle_ns == 0) return GS_OK;
  http->active_ns = gs_now() - http->waited_ns;
  if (gs__heap_queued(&http->idle.item)) return GS_OK;
  int64_t due_ns = gs_deadline(http->idle_ns - http->waited_ns);
  return gs__alarm_set(&http->idle, due_ns) ? GS_OK : GS_ENOMEM;
}

/* The earliest that the request itself names. */
static int64_t own_deadline(const struct gs_http_request *request) {
  int64_t due_ns =
      request->deadline_ns == 0 ? GS_FOREVER : request->deadline_ns;
  if (request->timeout_ns == 0) return due_ns;
  int64_t timeout_ns = gs_deadline(request->timeout_ns);
  return timeout_ns < due_ns ? timeout_ns : due_ns;
}

/* ---- the end ---- */

/* Forgets what is under way; whoever waits for it is told `error`. */
static void stop(gs_http *http, int error) {
  if (http->sending != NULL) {
    struct gs__http_sending *sending = http->sending;
    http->sending = NULL;
    gs__http_sending_close(sending);
  }
  if (http->peeks != NULL) gs__poller_orphan(&http->peeks);
  if (http->waiting != NULL) gs__op_abort(http->waiting, error);
  if (http->handle != 0) gs__host_http_close(http->handle);
  http->handle = 0;
  gs__alarm_clear(&http->idle);
}

void gs__http_abort(gs_http *http, int error) {
  if (http->error != 0 || http->ended) return;
  http->error = error;
  gs__alarm_clear(&http->expiry);
  stop(http, error);
}

void gs_http_close(gs_http *http) {
  if (http == NULL) return;
  if (http->use != NULL) http->use->closed = true;
  gs__alarm_clear(&http->expiry);
  stop(http, GS_ECANCELED);
  if (http->feed != NULL) gs__http_feed_close(http->feed);
  if (http->watch != NULL) gs__http_unwatch(http->watch);
  free(http->rest.bytes);
  free(http);
}

/* ---- opening ---- */

GS__INLINE int start_request(gs_http *http, struct gs__http_start *start,
                             int64_t deadline_ns) {
  struct gs__op op;
  int error = gs__op_begin(&op);
  if (error != GS_OK) return error;
  http->asked = true;
  int32_t started = gs__host_http_open(op.token, start);
  http->handle = start->handle;
  if (started != GS__PENDING) {
    gs__op_drop(&op);
    return started < 0 ? started : GS_EIO;
  }
  struct gs__deadline expiry;
  error = gs__op_wait(&op, &expiry, deadline_ns);
  if (error != GS_OK) return error;
  http->waiting = &op;
  op.watch = &http->waiting;
  return (int)gs__park("HTTP headers", http);
}

/* Not public: sends the request and waits until start->head is written. */
int gs__http_send_request(gs_http *http, struct gs__http_start *start,
                          int64_t deadline_ns);

GS__LEAF(gs__http_send_request)
int gs__http_send_request(gs_http *http, struct gs__http_start *start,
                          int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return start_request(http, start, deadline_ns);
}

/* Copies the words for a failure, of the host or of ours. */
static void say(const gs_http *http, const struct gs_http_request *request,
                int error) {
  if (request->words == NULL || request->words_bytes == 0) return;
  char *words = request->words;
  if (http != NULL && http->asked &&
      gs_http_error(words, request->words_bytes) > 0) {
    return;
  }
  const char *text = gs_strerror(error);
  size_t length = strlen(text);
  size_t room = request->words_bytes - 1;
  memcpy(words, text, length < room ? length : room);
  words[length < room ? length : room] = '\0';
}

static int attempt(gs_http *http, const struct gs_http_request *request,
                   struct gs__http_upload *upload, int64_t deadline_ns) {
  const struct gs_http_body *body = &request->body;
  struct gs__http_start start;
  describe(&start, request);
  start.head = &http->head;
  http->asked = false;
  int error = gs__http_waits(http);
  if (error != GS_OK) return error;
  if (body->kind == GS_HTTP_FILE || body->kind == GS_HTTP_READER) {
    error = body->gs__send(upload);
    if (error != GS_OK) return error;
  }
  if (http->watch != NULL) gs__http_begins(http, upload->up_bytes);
  error = gs__http_send_request(http, &start, deadline_ns);
  if (error != GS_OK) return error;
  http->open = true;
  gs__http_active(http);
  return GS_OK;
}

/* All attempts; with an error the connection is closed. */
static int try_request(gs_http *http, const struct gs_http_request *request,
                       struct gs__http_upload *upload, int64_t deadline_ns) {
  int64_t due_ns = own_deadline(request);
  if (due_ns != GS_FOREVER) {
    int error = GS_OK;
    if (due_ns <= gs_now())
      error = GS_ETIMEDOUT;
    else if (!gs__alarm_set(&http->expiry, due_ns))
      error = GS_ENOMEM;
    if (error != GS_OK) {
      say(http, request, error);
      return error;
    }
  }
  int64_t last_ns = due_ns < deadline_ns ? due_ns : deadline_ns;
  for (uint32_t tried = 0;; tried++) {
    int error = attempt(http, request, upload, deadline_ns);
    if (error != GS_OK) say(http, request, error);
    if (tried >= request->retry.times || upload->start < 0) return error;
    int64_t wait_ns = gs__http_retry_wait(http, request, error, tried);
    if (wait_ns < 0 || gs_deadline(wait_ns) >= last_ns) return error;
    stop(http, GS_ECANCELED);
    http->open = false;
    error = gs_sleep(wait_ns);
    if (error == GS_OK) error = http->error; /* the deadline came, too */
    if (error != GS_OK) {
      http->asked = false;
      say(http, request, error);
      return error;
    }
    upload->again = true;
  }
}

static gs_http *new_http(const struct gs_http_request *request) {
  gs_http *http = gs__calloc(1, sizeof *http);
  if (http == NULL) return NULL;
  http->expiry = (struct gs__alarm){.item = {GS__HEAP_OUT}, .fire = expire};
  http->idle = (struct gs__alarm){.item = {GS__HEAP_OUT}, .fire = idle};
  http->idle_ns = request->idle_ns;
  http->line_limit_bytes = request->line_limit_bytes;
  if (gs__http_watch(http, request) == GS_OK) return http;
  free(http);
  return NULL;
}

static int open_until(gs_http **out, const struct gs_http_request *request,
                      int64_t deadline_ns) {
  if (out == NULL || request == NULL) return GS_EINVAL;
  const struct gs_http_body *body = &request->body;
  struct gs__http_upload upload = {.body = body};
  if (body->kind == GS_HTTP_BYTES) upload.up_bytes = body->size_bytes;
  int error = check(request);
  if (error == GS_OK) {
    upload.http = new_http(request);
    if (upload.http == NULL) error = GS_ENOMEM;
  }
  if (error == GS_OK) {
    error = try_request(upload.http, request, &upload, deadline_ns);
  } else {
    say(NULL, request, error);
  }
  if (error != GS_OK) {
    gs_http_close(upload.http);
    bool untold = body->kind == GS_HTTP_READER && !upload.taken;
    if (untold && body->read != NULL) body->read(body->arg, NULL, 0);
    return error;
  }
  *out = upload.http;
  if (upload.http->watch != NULL) gs__http_opened(upload.http);
  return GS_OK;
}

int gs_http_open(gs_http **out, const struct gs_http_request *request) {
  return open_until(out, request, GS_FOREVER);
}

int gs_http_get_until(gs_http **out, const char *url, int64_t deadline_ns) {
  struct gs_http_request request = {.url = url};
  return open_until(out, &request, deadline_ns);
}

int gs_http_get(gs_http **out, const char *url) {
  return gs_http_get_until(out, url, GS_FOREVER);
}

/* ---- the response ---- */

int gs_http_status(const gs_http *http) {
  if (http == NULL) return GS_EINVAL;
  return (int)http->head.status;
}

uint32_t gs_http_flags(const gs_http *http) {
  return http == NULL ? 0 : http->head.flags;
}

int64_t gs_http_length(const gs_http *http) {
  return http == NULL ? -1 : (int64_t)http->head.length_bytes;
}

/* The host fills buf without a NUL and answers the whole length. */
static int terminate(int length, char *buf, size_t buf_bytes) {
  if (length < 0 || buf_bytes == 0) return length;
  size_t end = (size_t)length < buf_bytes ? (size_t)length : buf_bytes - 1;
  buf[end] = '\0';
  return length;
}

static size_t text_room(const char *buf, size_t buf_bytes) {
  return buf == NULL || buf_bytes == 0 ? 0 : buf_bytes - 1;
}

int gs_http_header(const gs_http *http, const char *name, char *buf,
                   size_t buf_bytes) {
  if (http == NULL || name == NULL) return GS_EINVAL;
  if (buf == NULL && buf_bytes > 0) return GS_EINVAL;
  if (http->handle == 0) return GS_ENOENT;
  int length = gs__host_http_header(http->handle, name, strlen(name), buf,
                                    text_room(buf, buf_bytes));
  return terminate(length, buf, buf_bytes);
}

int gs_http_header_at(const gs_http *http, uint32_t index, char *buf,
                      size_t buf_bytes) {
  if (http == NULL) return GS_EINVAL;
  if (buf == NULL && buf_bytes > 0) return GS_EINVAL;
  if (http->handle == 0) return GS_ENOENT;
  int length = gs__host_http_header_at(http->handle, index, buf,
                                       text_room(buf, buf_bytes));
  return terminate(length, buf, buf_bytes);
}

int gs_http_url(const gs_http *http, char *buf, size_t buf_bytes) {
  if (http == NULL) return GS_EINVAL;
  if (buf == NULL && buf_bytes > 0) return GS_EINVAL;
  if (http->handle == 0) return GS_ENOENT;
  int length = gs__host_http_url(http->handle, buf, text_room(buf, buf_bytes));
  return terminate(length, buf, buf_bytes);
}

int gs_fetch_policy(const char *url, const char *method) {
  if (url == NULL) return GS_EINVAL;
  size_t method_bytes = method == NULL ? 0 : strlen(method);
  return gs__host_http_allows(url, strlen(url), method, method_bytes);
}

int gs_http_limit(uint32_t per_origin) {
  return gs__host_http_limit(per_origin);
}

int gs_http_error(char *buf, size_t buf_bytes) {
  if (buf == NULL && buf_bytes > 0) return GS_EINVAL;
  int length = gs__host_http_error(buf, text_room(buf, buf_bytes));
  return terminate(length, buf, buf_bytes);
}

struct gs__peek **gs__http_peeks(gs_http *http) {
  return &http->peeks;
}

int32_t gs__http_poll(const gs_http *http, uint32_t token, int32_t since) {
  if (http->handle == 0)
    return ((since >> 1) + 1) << 1 | 1; /* it was aborted */
  return gs__host_http_poll(token, http->handle, since);
}

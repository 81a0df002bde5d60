/* HTTP on the host's fetch: see gossamer/http.h. */
#include <gossamer/http.h>
#include <stdlib.h>
#include <string.h>

#include "../base/stress.h"
#include "http.h"
#include "op.h"

struct gs_http {
  uint32_t handle;           /* the host's */
  struct gs__op *reading;    /* the read somebody waits for, or NULL */
  struct gs__peek *peeks;    /* pollers that watch it, or NULL */
  struct gs__http_head head; /* written by the host */
};

#define MAX_REDIRECTS 20
#define LIMIT_BYTES ((uint32_t)64 << 20)

/* Largest read the host is asked for at once: its answer is an int32. */
#define READ_BYTES_MAX ((size_t)1 << 30)

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

GS__INLINE int start_request(struct gs__http_start *start,
                             int64_t deadline_ns) {
  struct gs__op op;
  int error = gs__op_begin(&op);
  if (error != GS_OK) return error;
  int32_t started = gs__host_http_open(op.token, start);
  if (started != GS__PENDING) {
    gs__op_drop(&op);
    return started < 0 ? started : GS_EIO;
  }
  struct gs__deadline expiry;
  error = gs__op_wait(&op, &expiry, deadline_ns);
  if (error != GS_OK) return error;
  return (int)gs__park("HTTP headers", NULL);
}

/* Not public: sends the request and waits until start->head is written. */
int gs__http_send_request(struct gs__http_start *start, int64_t deadline_ns);

GS__LEAF(gs__http_send_request)
int gs__http_send_request(struct gs__http_start *start, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return start_request(start, deadline_ns);
}

static int open_until(gs_http **out, const struct gs_http_request *request,
                      int64_t deadline_ns) {
  if (out == NULL || request == NULL || request->url == NULL) return GS_EINVAL;
  if (request->header_count > 0 && request->headers == NULL) return GS_EINVAL;
  gs_http *http = gs__calloc(1, sizeof *http);
  if (http == NULL) return GS_ENOMEM;
  struct gs__http_start start;
  describe(&start, request);
  start.head = &http->head;
  int error = gs__http_send_request(&start, deadline_ns);
  if (error != GS_OK) {
    if (start.handle != 0) gs__host_http_close(start.handle);
    free(http);
    return error;
  }
  http->handle = start.handle;
  *out = http;
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
  int length = gs__host_http_header(http->handle, name, strlen(name), buf,
                                    text_room(buf, buf_bytes));
  return terminate(length, buf, buf_bytes);
}

int gs_http_header_at(const gs_http *http, uint32_t index, char *buf,
                      size_t buf_bytes) {
  if (http == NULL) return GS_EINVAL;
  if (buf == NULL && buf_bytes > 0) return GS_EINVAL;
  int length = gs__host_http_header_at(http->handle, index, buf,
                                       text_room(buf, buf_bytes));
  return terminate(length, buf, buf_bytes);
}

int gs_http_url(const gs_http *http, char *buf, size_t buf_bytes) {
  if (http == NULL) return GS_EINVAL;
  if (buf == NULL && buf_bytes > 0) return GS_EINVAL;
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

GS__INLINE int64_t read_until(gs_http *http, void *buf, size_t buf_bytes,
                              int64_t deadline_ns) {
  if (http == NULL || buf == NULL || buf_bytes == 0) return GS_EINVAL;
  if (http->reading != NULL) return GS_EBUSY;
  if (buf_bytes > READ_BYTES_MAX) buf_bytes = READ_BYTES_MAX;
  struct gs__op op;
  int error = gs__op_begin(&op);
  if (error != GS_OK) return error;
  int32_t count = gs__host_http_read(op.token, http->handle, buf, buf_bytes);
  if (count != GS__PENDING) {
    gs__op_drop(&op);
    return gs__done(count);
  }
  struct gs__deadline expiry;
  error = gs__op_wait(&op, &expiry, deadline_ns);
  if (error != GS_OK) return error;
  http->reading = &op;
  op.watch = &http->reading;
  return gs__park("HTTP body", http);
}

GS__LEAF(gs_http_read)
int64_t gs_http_read(gs_http *http, void *buf, size_t buf_bytes) {
  GS__LEAF_BODY(int64_t);
  return read_until(http, buf, buf_bytes, GS_FOREVER);
}

GS__LEAF(gs_http_read_until)
int64_t gs_http_read_until(gs_http *http, void *buf, size_t buf_bytes,
                           int64_t deadline_ns) {
  GS__LEAF_BODY(int64_t);
  return read_until(http, buf, buf_bytes, deadline_ns);
}

struct gs__peek **gs__http_peeks(gs_http *http) {
  return &http->peeks;
}

int32_t gs__http_poll(const gs_http *http, uint32_t token, int32_t since) {
  return gs__host_http_poll(token, http->handle, since);
}

void gs_http_close(gs_http *http) {
  if (http == NULL) return;
  if (http->peeks != NULL) gs__poller_orphan(&http->peeks);
  if (http->reading != NULL) gs__op_abort(http->reading, GS_ECANCELED);
  gs__host_http_close(http->handle);
  free(http);
}

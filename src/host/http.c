/* HTTP on the host's fetch: see gossamer/http.h. */
#include <gossamer/http.h>
#include <stdlib.h>
#include <string.h>

#include "../base/stress.h"
#include "http.h"
#include "op.h"

struct gs_http {
  uint32_t handle;        /* the host's */
  struct gs__op *reading; /* the read somebody waits for, or NULL */
  struct gs__peek *peeks; /* pollers that watch it, or NULL */
};

/* Largest read the host is asked for at once: its answer is an int32. */
#define READ_BYTES_MAX ((size_t)1 << 30)

GS__INLINE int get_until(gs_http **out, const char *url, int64_t deadline_ns) {
  if (out == NULL || url == NULL) return GS_EINVAL;
  struct gs__op op;
  int error = gs__op_begin(&op);
  if (error != GS_OK) return error;
  int32_t started = gs__host_http_get(op.token, url, strlen(url));
  if (started != GS__PENDING) {
    gs__op_drop(&op);
    return started < 0 ? started : GS_EIO;
  }
  struct gs__deadline expiry;
  error = gs__op_wait(&op, &expiry, deadline_ns);
  if (error != GS_OK) return error;
  return (int)gs__park("HTTP headers", NULL);
}

/* Not public: the handle, or an error. Its caller makes the gs_http of it once
 * the goroutine runs again. */
int gs__http_get_handle(const char *url, int64_t deadline_ns, gs_http **out);

GS__LEAF(gs__http_get_handle)
int gs__http_get_handle(const char *url, int64_t deadline_ns, gs_http **out) {
  GS__LEAF_BODY(int);
  return get_until(out, url, deadline_ns);
}

int gs_http_get_until(gs_http **out, const char *url, int64_t deadline_ns) {
  gs_http *http = gs__malloc(sizeof *http);
  if (http == NULL) return GS_ENOMEM;
  int handle = gs__http_get_handle(url, deadline_ns, out);
  if (handle < 0) {
    free(http);
    return handle;
  }
  http->handle = (uint32_t)handle;
  http->reading = NULL;
  http->peeks = NULL;
  *out = http;
  return GS_OK;
}

int gs_http_get(gs_http **out, const char *url) {
  return gs_http_get_until(out, url, GS_FOREVER);
}

int gs_http_status(const gs_http *http) {
  if (http == NULL) return GS_EINVAL;
  return gs__host_http_status(http->handle);
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

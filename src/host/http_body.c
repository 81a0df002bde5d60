/* Bodies that come down: see gossamer/http.h. A response may be closed while
 * somebody reads it: what is touched after a wait is the reader's own. */
#include <stdlib.h>
#include <string.h>

#include "../base/stress.h"
#include "http.h"

#define LIMIT_BYTES ((size_t)64 << 20)
#define FIRST_BYTES ((size_t)16 << 10)

GS__INLINE int64_t receive(gs_http *http, void *buf, size_t buf_bytes,
                           int64_t deadline_ns) {
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
  http->waiting = &op;
  op.watch = &http->waiting;
  return gs__park("HTTP body", http);
}

/* Not public: what the host has, or the wait for it. */
int64_t gs__http_receive(gs_http *http, void *buf, size_t buf_bytes,
                         int64_t deadline_ns);

GS__LEAF(gs__http_receive)
int64_t gs__http_receive(gs_http *http, void *buf, size_t buf_bytes,
                         int64_t deadline_ns) {
  GS__LEAF_BODY(int64_t);
  return receive(http, buf, buf_bytes, deadline_ns);
}

/* Whether the body can be read on after a read that ended so. */
static bool is_of_the_call(int64_t error) {
  return error == GS_ETIMEDOUT || error == GS_ECANCELED || error == GS_ENOMEM ||
         error == GS_EPERM || error == GS_EINTR;
}

int64_t gs__http_pull(gs_http *http, const struct gs__http_use *use, void *buf,
                      size_t buf_bytes, int64_t deadline_ns) {
  if (http->error != 0) return http->error;
  if (http->ended) return 0;
  int error = gs__http_waits(http);
  if (error != GS_OK) return error;
  if (buf_bytes > GS__HTTP_READ_MAX) buf_bytes = GS__HTTP_READ_MAX;
  int64_t count = gs__http_receive(http, buf, buf_bytes, deadline_ns);
  if (use->closed) return count;
  if (count < 0) {
    if (!is_of_the_call(count)) {
      if (http->error == 0) http->error = (int)count;
    } else if (http->idle_ns > 0) {
      http->waited_ns = gs_now() - http->active_ns;
    }
    return count;
  }
  gs__http_active(http);
  if (count == 0) {
    http->ended = true;
    gs__alarm_clear(&http->expiry);
  }
  if (http->watch != NULL) gs__http_came_down(http, count, count == 0);
  return count;
}

int64_t gs__http_next(gs_http *http, const struct gs__http_use *use, void *buf,
                      size_t buf_bytes, int64_t deadline_ns) {
  struct gs__http_rest *rest = &http->rest;
  size_t there = rest->end - rest->start;
  if (there == 0) return gs__http_pull(http, use, buf, buf_bytes, deadline_ns);
  size_t count = there < buf_bytes ? there : buf_bytes;
  memcpy(buf, rest->bytes + rest->start, count);
  rest->start += count;
  return (int64_t)count;
}

int gs__http_use_begin(gs_http *http, struct gs__http_use *use) {
  if (http->use != NULL) return GS_EBUSY;
  use->closed = false;
  http->use = use;
  return GS_OK;
}

void gs__http_use_end(gs_http *http, const struct gs__http_use *use) {
  if (!use->closed) http->use = NULL;
}

int64_t gs_http_read_until(gs_http *http, void *buf, size_t buf_bytes,
                           int64_t deadline_ns) {
  if (http == NULL || buf == NULL || buf_bytes == 0) return GS_EINVAL;
  struct gs__http_use use;
  int error = gs__http_use_begin(http, &use);
  if (error != GS_OK) return error;
  int64_t count = gs__http_next(http, &use, buf, buf_bytes, deadline_ns);
  gs__http_use_end(http, &use);
  return count;
}

int64_t gs_http_read(gs_http *http, void *buf, size_t buf_bytes) {
  return gs_http_read_until(http, buf, buf_bytes, GS_FOREVER);
}

/* How much room the whole body wants, a NUL and the look for its end included,
 * as far as that is known. */
static size_t first_capacity(const gs_http *http, size_t limit_bytes) {
  int64_t length = gs_http_length(http);
  if (length < 0) return limit_bytes < FIRST_BYTES ? limit_bytes : FIRST_BYTES;
  return (uint64_t)length < limit_bytes ? (size_t)length : limit_bytes;
}

/* Twice as much, at most the limit. GS_ENOMEM. */
static int grow(char **bytes, size_t *capacity, size_t limit_bytes) {
  size_t more = *capacity < FIRST_BYTES / 2 ? FIRST_BYTES : *capacity;
  size_t wanted =
      limit_bytes - *capacity < more ? limit_bytes : *capacity + more;
  char *grown = gs__realloc(*bytes, wanted + 1);
  if (grown == NULL) return GS_ENOMEM;
  *bytes = grown;
  *capacity = wanted;
  return GS_OK;
}

static int read_whole(gs_http *http, const struct gs__http_use *use,
                      char **bytes, size_t *size_bytes, size_t limit_bytes) {
  size_t capacity = first_capacity(http, limit_bytes);
  *bytes = gs__malloc(capacity + 1);
  if (*bytes == NULL) return GS_ENOMEM;
  size_t size = 0;
  for (;;) {
    /* With no room left, one byte tells whether there is more. */
    char more = 0;
    char *at = size < capacity ? *bytes + size : &more;
    size_t room = size < capacity ? capacity - size : 1;
    int64_t count = gs__http_next(http, use, at, room, GS_FOREVER);
    if (count < 0) return (int)count;
    if (count == 0) break;
    if (size == capacity) {
      if (capacity == limit_bytes) return GS_EFBIG;
      int error = grow(bytes, &capacity, limit_bytes);
      if (error != GS_OK) return error;
      (*bytes)[size] = more;
    }
    size += (size_t)count;
    if (use->closed) return GS_ECANCELED;
  }
  (*bytes)[size] = '\0';
  *size_bytes = size;
  return GS_OK;
}

int gs_http_read_all(gs_http *http, void **bytes, size_t *size_bytes,
                     size_t limit_bytes) {
  if (http == NULL || bytes == NULL || size_bytes == NULL) return GS_EINVAL;
  if (limit_bytes == 0) limit_bytes = LIMIT_BYTES;
  if (limit_bytes == SIZE_MAX) limit_bytes--;
  struct gs__http_use use;
  int error = gs__http_use_begin(http, &use);
  if (error != GS_OK) return error;
  char *all = NULL;
  error = read_whole(http, &use, &all, size_bytes, limit_bytes);
  gs__http_use_end(http, &use);
  if (error != GS_OK) {
    free(all);
    return error;
  }
  *bytes = all;
  return GS_OK;
}

int gs_http_body_error(const gs_http *http) {
  return http == NULL ? GS_EINVAL : http->error;
}

/* Bodies by line: see gossamer/http.h. What came behind a line stays in the
 * response for the next read, whichever that is. */
#include <stdlib.h>
#include <string.h>

#include "../base/stress.h"
#include "http.h"

#define LIMIT_BYTES ((size_t)1 << 20)
#define FIRST_BYTES ((size_t)4096)

/* Takes a line of `bytes`, an end of `skip` bytes behind it. */
static int take(struct gs__http_rest *rest, size_t bytes, size_t skip,
                char **line, size_t *line_bytes) {
  char *start = rest->bytes + rest->start;
  rest->start += bytes + skip;
  if (skip > 0 && bytes > 0 && start[bytes - 1] == '\r') bytes--;
  start[bytes] = '\0';
  *line = start;
  if (line_bytes != NULL) *line_bytes = bytes;
  return 1;
}

/* Room for more, and for a NUL behind it. GS_ENOMEM. */
static int make_room(struct gs__http_rest *rest, size_t limit_bytes) {
  if (rest->start > 0) {
    size_t there = rest->end - rest->start;
    memmove(rest->bytes, rest->bytes + rest->start, there);
    rest->start = 0;
    rest->end = there;
  }
  /* A line of the limit, its CR LF, a NUL. */
  size_t most = limit_bytes + 3;
  if (rest->end + 1 < rest->capacity) return GS_OK;
  size_t wanted = rest->capacity == 0 ? FIRST_BYTES : rest->capacity * 2;
  if (wanted > most && most > rest->end + 1) wanted = most;
  char *bytes = gs__realloc(rest->bytes, wanted);
  if (bytes == NULL) return GS_ENOMEM;
  rest->bytes = bytes;
  rest->capacity = wanted;
  return GS_OK;
}

static int next_line(gs_http *http, const struct gs__http_use *use, char **line,
                     size_t *line_bytes, int64_t deadline_ns) {
  struct gs__http_rest *rest = &http->rest;
  size_t limit_bytes = http->line_limit_bytes;
  if (limit_bytes == 0) limit_bytes = LIMIT_BYTES;
  size_t looked = 0; /* so many have no end of a line among them */
  for (;;) {
    size_t there = rest->end - rest->start;
    char *start = rest->bytes + rest->start;
    char *end =
        there > looked ? memchr(start + looked, '\n', there - looked) : NULL;
    if (end != NULL) {
      size_t bytes = (size_t)(end - start);
      size_t text = bytes - (bytes > 0 && end[-1] == '\r' ? 1 : 0);
      if (text > limit_bytes) return GS_EMSGSIZE;
      return take(rest, bytes, 1, line, line_bytes);
    }
    looked = there;
    bool held = there > 0 && start[there - 1] == '\r'; /* of an end, perhaps */
    if (there - (held ? 1 : 0) > limit_bytes) return GS_EMSGSIZE;
    int error = make_room(rest, limit_bytes);
    if (error != GS_OK) return error;
    int64_t count = gs__http_pull(http, use, rest->bytes + rest->end,
                                  rest->capacity - 1 - rest->end, deadline_ns);
    if (use->closed) return count < 0 ? (int)count : GS_ECANCELED;
    if (count < 0) return (int)count;
    if (count == 0) {
      if (there > limit_bytes) return GS_EMSGSIZE;
      return there == 0 ? 0 : take(rest, there, 0, line, line_bytes);
    }
    rest->end += (size_t)count;
  }
}

int gs_http_read_line_until(gs_http *http, char **line, size_t *line_bytes,
                            int64_t deadline_ns) {
  if (http == NULL || line == NULL) return GS_EINVAL;
  struct gs__http_use use;
  int error = gs__http_use_begin(http, &use);
  if (error != GS_OK) return error;
  int result = next_line(http, &use, line, line_bytes, deadline_ns);
  gs__http_use_end(http, &use);
  return result;
}

static int skip_line(gs_http *http, const struct gs__http_use *use,
                     int64_t deadline_ns) {
  struct gs__http_rest *rest = &http->rest;
  for (;;) {
    size_t there = rest->end - rest->start;
    char *start = rest->bytes + rest->start;
    char *end = there > 0 ? memchr(start, '\n', there) : NULL;
    if (end != NULL) {
      rest->start += (size_t)(end - start) + 1;
      return 1;
    }
    rest->start = rest->end = 0;
    int64_t count =
        gs__http_pull(http, use, rest->bytes, rest->capacity - 1, deadline_ns);
    if (use->closed) return count < 0 ? (int)count : GS_ECANCELED;
    if (count <= 0) return (int)count;
    rest->end = (size_t)count;
  }
}

int gs__http_skip_line_until(gs_http *http, int64_t deadline_ns) {
  struct gs__http_use use;
  int error = gs__http_use_begin(http, &use);
  if (error != GS_OK) return error;
  int result = skip_line(http, &use, deadline_ns);
  gs__http_use_end(http, &use);
  return result;
}

int gs_http_read_line(gs_http *http, char **line, size_t *line_bytes) {
  return gs_http_read_line_until(http, line, line_bytes, GS_FOREVER);
}

/* The parser of event streams: see sse_parser.h. */
#include "sse_parser.h"

#include <gossamer/error.h>

#define BOM_DONE 4
/* More milliseconds than a deadline in nanoseconds can hold. */
#define RETRY_MS_MAX (INT64_MAX / 1000000)

void gs__sse_parser_init(struct gs__sse_parser *p, size_t limit_bytes) {
  *p = (struct gs__sse_parser){.limit_bytes = limit_bytes, .retry_ms = -1};
}

void gs__sse_parser_term(struct gs__sse_parser *p) {
  gs__text_free(&p->line);
  gs__text_free(&p->data);
  gs__text_free(&p->type);
  gs__text_free(&p->next_id);
  gs__text_free(&p->last_id);
}

static void begin_event(struct gs__sse_parser *p) {
  p->data.size = 0;
  p->type.size = 0;
  p->is_dropped = false;
  p->is_told = false;
}

static void begin_line(struct gs__sse_parser *p) {
  p->line.size = 0;
  p->in_comment = false;
  p->is_long = false;
}

void gs__sse_parser_begin(struct gs__sse_parser *p) {
  begin_event(p);
  begin_line(p);
  p->bom_bytes = 0;
  p->after_cr = false;
  /* What the event that was cut said of its id does not count. There is room
   * for the last one, which was here before, or made by who set it. */
  p->next_id.size = 0;
  gs__text_append(&p->next_id, p->last_id.bytes, p->last_id.size);
}

/* The event is dropped, and the line with it. */
static int drop(struct gs__sse_parser *p, int error) {
  begin_event(p);
  p->is_dropped = true;
  return error;
}

static bool is_field(const char *name, const char *line, size_t size) {
  return strlen(name) == size && memcmp(name, line, size) == 0;
}

static void set_retry(struct gs__sse_parser *p, const char *value,
                      size_t size) {
  int64_t ms = 0;
  if (size == 0) return;
  for (size_t i = 0; i < size; i++) {
    if (value[i] < '0' || value[i] > '9') return;
    ms = ms > RETRY_MS_MAX / 10 - 1 ? RETRY_MS_MAX : ms * 10 + (value[i] - '0');
  }
  p->retry_ms = ms;
}

/* Whether the event stays within its limit with so many bytes more. */
static bool has_room(const struct gs__sse_parser *p, size_t bytes) {
  size_t used = p->data.size + p->type.size;
  return used <= p->limit_bytes && bytes <= p->limit_bytes - used;
}

static int add_data(struct gs__sse_parser *p, const char *value, size_t size) {
  if (gs__text_append(&p->data, value, size) &&
      gs__text_append(&p->data, "\n", 1)) {
    return 0;
  }
  return drop(p, GS_ENOMEM);
}

/* A line that is not empty. */
static int take_field(struct gs__sse_parser *p, const char *line, size_t size) {
  const char *colon = memchr(line, ':', size);
  if (colon == line) return 0;
  size_t name = colon == NULL ? size : (size_t)(colon - line);
  const char *value = colon == NULL ? line + size : colon + 1;
  size_t value_bytes = size - (size_t)(value - line);
  if (value_bytes > 0 && *value == ' ') {
    value++;
    value_bytes--;
  }
  if (is_field("id", line, name)) {
    if (value_bytes > 0 && memchr(value, '\0', value_bytes) != NULL) return 0;
    return gs__text_set(&p->next_id, value, value_bytes) ? 0
                                                         : drop(p, GS_ENOMEM);
  }
  if (is_field("retry", line, name)) {
    set_retry(p, value, value_bytes);
    return 0;
  }
  if (p->is_dropped) return 0;
  if (is_field("data", line, name)) return add_data(p, value, value_bytes);
  if (is_field("event", line, name)) {
    return gs__text_set(&p->type, value, value_bytes) ? 0 : drop(p, GS_ENOMEM);
  }
  return 0;
}

/* An empty line: 1 when there is an event. */
static int end_event(struct gs__sse_parser *p) {
  bool is_event = !p->is_dropped && p->data.size > 0;
  if (!gs__text_set(&p->last_id, p->next_id.bytes, p->next_id.size)) {
    begin_event(p);
    return GS_ENOMEM;
  }
  if (!is_event) {
    begin_event(p);
    return 0;
  }
  p->data.size--; /* the last \n */
  p->is_told = true;
  return 1;
}

/* A whole line, without its end. */
static int take_line(struct gs__sse_parser *p, const char *line, size_t size) {
  bool is_long = p->is_long;
  bool in_comment = p->in_comment;
  begin_line(p);
  if (is_long || in_comment) return 0;
  return size == 0 ? end_event(p) : take_field(p, line, size);
}

/* The line is too long, or there is no memory for it. */
static int refuse(struct gs__sse_parser *p, int error) {
  bool was_dropped = p->is_dropped;
  p->line.size = 0;
  p->is_long = true;
  drop(p, error);
  return was_dropped ? 0 : error;
}

/* Part of a line whose end is not there yet. */
static int keep(struct gs__sse_parser *p, const char *bytes, size_t size) {
  if (size == 0 || p->is_long || p->in_comment) return 0;
  if (p->line.size == 0 && bytes[0] == ':') {
    p->in_comment = true;
    return 0;
  }
  if (!has_room(p, p->line.size + size)) return refuse(p, GS_EMSGSIZE);
  if (gs__text_append(&p->line, bytes, size)) return 0;
  return refuse(p, GS_ENOMEM);
}

/* A mark at the very beginning is dropped; what only began like one is not. */
static int take_bom(struct gs__sse_parser *p, const char *bytes, size_t size,
                    size_t *at) {
  static const char mark[] = "\xef\xbb\xbf";
  while (*at < size && p->bom_bytes < 3) {
    if (bytes[*at] != mark[p->bom_bytes]) {
      uint32_t seen = p->bom_bytes;
      p->bom_bytes = BOM_DONE;
      return keep(p, mark, seen);
    }
    p->bom_bytes++;
    ++*at;
  }
  if (p->bom_bytes == 3) p->bom_bytes = BOM_DONE;
  return 0;
}

static size_t line_bytes(const char *bytes, size_t size) {
  size_t i = 0;
  while (i < size && bytes[i] != '\n' && bytes[i] != '\r') i++;
  return i;
}

/* The rest of a line that ends here. */
static int finish_line(struct gs__sse_parser *p, const char *bytes,
                       size_t size) {
  int error = 0;
  bool is_whole = p->line.size == 0;
  if (!is_whole) {
    error = keep(p, bytes, size);
  } else if (size > 0 && bytes[0] != ':' && !has_room(p, size)) {
    if (!p->in_comment) error = refuse(p, GS_EMSGSIZE);
  }
  if (error != 0) {
    begin_line(p);
    return error;
  }
  return is_whole ? take_line(p, bytes, size)
                  : take_line(p, p->line.bytes, p->line.size);
}

int gs__sse_parse(struct gs__sse_parser *p, const char *bytes, size_t size,
                  size_t *used) {
  size_t at = 0;
  int result = 0;
  if (p->is_told) begin_event(p);
  if (p->bom_bytes < 3) result = take_bom(p, bytes, size, &at);
  while (result == 0 && at < size) {
    if (p->after_cr) {
      p->after_cr = false;
      if (bytes[at] == '\n') {
        at++;
        continue;
      }
    }
    size_t length = line_bytes(bytes + at, size - at);
    if (at + length == size) {
      result = keep(p, bytes + at, length);
      at = size;
    } else {
      p->after_cr = bytes[at + length] == '\r';
      result = finish_line(p, bytes + at, length);
      at += length + 1;
    }
  }
  *used = at;
  return result;
}

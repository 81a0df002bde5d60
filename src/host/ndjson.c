/* NDJSON: see gossamer/ndjson.h. Lines are split in http_lines.c; feed.c
 * connects again. Of a text only the top level is looked at, and only where its
 * id is wanted. */
#include <gossamer/ndjson.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "http.h"
#include "text.h"

#define RETRY_NS GS_SECOND
#define RETRY_MOST_NS (30 * GS_SECOND)

struct gs_ndjson {
  struct gs__feed feed; /* must be first */
  gs_ndjson_resume_func *resume;
  void *resume_arg;
  struct gs__text member; /* the name of the id; none: size 0 */
  struct gs__text id;     /* of the last text that had one */
  struct gs__text word;   /* a string of a text, without its escapes */
  int64_t lines;
  bool skips; /* the rest of a line that was too long */
};

static void free_ndjson(struct gs__feed *feed) {
  gs_ndjson *n = (gs_ndjson *)(void *)feed;
  gs__text_free(&n->member);
  gs__text_free(&n->id);
  gs__text_free(&n->word);
  gs__feed_term(feed);
  free(n);
}

static int make(gs_ndjson **out, const struct gs_http_request *request,
                const struct gs_ndjson_options *options) {
  gs_ndjson *n = gs__calloc(1, sizeof *n);
  if (n == NULL) return GS_ENOMEM;
  struct gs__feed *feed = &n->feed;
  int error = gs__feed_init(feed, request, free_ndjson);
  const char *member = options->id_member == NULL ? "" : options->id_member;
  if (error == GS_OK && !gs__text_set(&n->member, member, strlen(member))) {
    error = GS_ENOMEM;
  }
  if (error != GS_OK) {
    free_ndjson(feed);
    return error;
  }
  n->resume = options->resume;
  n->resume_arg = options->resume_arg;
  feed->retries = options->retries;
  feed->retry_ns = options->retry_ns == 0 ? RETRY_NS : options->retry_ns;
  feed->retry_most_ns =
      options->retry_most_ns == 0 ? RETRY_MOST_NS : options->retry_most_ns;
  *out = n;
  return GS_OK;
}

int gs_ndjson_open(gs_ndjson **out, const struct gs_http_request *request,
                   const struct gs_ndjson_options *options) {
  static const struct gs_ndjson_options usual;
  if (options == NULL) options = &usual;
  if (out == NULL || request == NULL) return GS_EINVAL;
  if (options->retry_ns < 0 || options->retry_most_ns < 0) return GS_EINVAL;
  gs_ndjson *n;
  int error = make(&n, request, options);
  if (error != GS_OK) return error;
  error = gs__feed_open(&n->feed, request);
  if (error != GS_OK) {
    gs_ndjson_close(n);
    return error;
  }
  *out = n;
  return GS_OK;
}

/* ---- the id of a text ---- */

/* What is left of a text; every function answers false where it is no JSON, or
 * there is no memory. */
struct scan {
  const char *at;
  const char *end;
};

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(struct scan *s) {
  while (s->at < s->end && is_space(*s->at)) s->at++;
}

static bool take(struct scan *s, char wanted) {
  skip_space(s);
  if (s->at == s->end || *s->at != wanted) return false;
  s->at++;
  return true;
}

static bool hex4(struct scan *s, uint32_t *number) {
  *number = 0;
  if (s->end - s->at < 4) return false;
  for (int i = 0; i < 4; i++) {
    char c = *s->at++;
    uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                     : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                     : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                            : 16;
    if (digit == 16) return false;
    *number = *number * 16 + digit;
  }
  return true;
}

static bool put_utf8(struct gs__text *text, uint32_t code) {
  char bytes[4];
  size_t size;
  if (code < 0x80) {
    bytes[0] = (char)code;
    size = 1;
  } else if (code < 0x800) {
    bytes[0] = (char)(0xc0 | code >> 6);
    size = 2;
  } else if (code < 0x10000) {
    bytes[0] = (char)(0xe0 | code >> 12);
    size = 3;
  } else {
    bytes[0] = (char)(0xf0 | code >> 18);
    size = 4;
  }
  for (size_t i = 1; i < size; i++) {
    bytes[i] = (char)(0x80 | (code >> (6 * (size - 1 - i)) & 0x3f));
  }
  return gs__text_append(text, bytes, size);
}

static bool take_unicode(struct scan *s, struct gs__text *text) {
  uint32_t code;
  if (!hex4(s, &code)) return false;
  if (code >= 0xdc00 && code <= 0xdfff) return false;
  if (code < 0xd800 || code > 0xdbff) return put_utf8(text, code);
  uint32_t low;
  if (s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u') return false;
  s->at += 2;
  if (!hex4(s, &low) || low < 0xdc00 || low > 0xdfff) return false;
  return put_utf8(text, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
}

/* A string, whose first quote is taken. */
static bool take_string(struct scan *s, struct gs__text *text) {
  static const char names[] = "\"\\/bfnrt";
  static const char meant[] = "\"\\/\b\f\n\r\t";
  text->size = 0;
  while (s->at < s->end) {
    char c = *s->at++;
    if (c == '"') return true;
    if (c != '\\') {
      if (!gs__text_append(text, &c, 1)) return false;
      continue;
    }
    if (s->at == s->end) return false;
    c = *s->at++;
    const char *known = memchr(names, c, sizeof names - 1);
    if (known != NULL) {
      if (!gs__text_append(text, &meant[known - names], 1)) return false;
    } else if (c != 'u' || !take_unicode(s, text)) {
      return false;
    }
  }
  return false;
}

/* Any value, up to what ends it in an object. */
static bool skip_value(struct scan *s, struct gs__text *word) {
  size_t depth = 0;
  while (s->at < s->end) {
    char c = *s->at;
    if (depth == 0 && (c == ',' || c == '}')) return true;
    s->at++;
    if (c == '"' && !take_string(s, word)) return false;
    if (c == '{' || c == '[') depth++;
    if (c == '}' || c == ']') depth--;
  }
  return false;
}

static bool is_in_number(char c) {
  return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' ||
         c == 'e' || c == 'E';
}

/* The id, when it is a string or number that a header can have. */
static bool take_id(struct scan *s, struct gs__text *id) {
  if (take(s, '"')) {
    return take_string(s, id) && id->size > 0 &&
           memchr(id->bytes, '\n', id->size) == NULL &&
           memchr(id->bytes, '\r', id->size) == NULL &&
           memchr(id->bytes, '\0', id->size) == NULL;
  }
  const char *start = s->at;
  while (s->at < s->end && is_in_number(*s->at)) s->at++;
  return s->at > start && gs__text_set(id, start, (size_t)(s->at - start));
}

static void find_id(gs_ndjson *n, const char *text, size_t bytes) {
  struct scan s = {text, text + bytes};
  struct gs__text *word = &n->word;
  if (!take(&s, '{')) return;
  do {
    if (!take(&s, '"') || !take_string(&s, word) || !take(&s, ':')) return;
    bool is_id = word->size == n->member.size &&
                 memcmp(word->bytes, n->member.bytes, word->size) == 0;
    if (is_id) {
      if (take_id(&s, word)) gs__text_set(&n->id, word->bytes, word->size);
      return;
    }
    if (!skip_value(&s, word)) return;
  } while (take(&s, ','));
}

/* ---- reading ---- */

static bool is_blank(const char *text, size_t bytes) {
  struct scan s = {text, text + bytes};
  skip_space(&s);
  return s.at == s.end;
}

/* The body has ended, by 0, or broken. */
static int lose(gs_ndjson *n, int error) {
  struct gs__feed *feed = &n->feed;
  gs__feed_lost(feed);
  n->skips = false;
  if (n->resume != NULL) {
    int answer = n->resume(n->resume_arg, &feed->request, n->lines, error);
    if (feed->is_closed) return GS_ECANCELED;
    return answer > 0 ? GS__FEED_LIVES : gs__feed_end(feed, answer);
  }
  /* Without an id it would begin anew. */
  bool may_go_on = n->member.size > 0 && (n->id.size > 0 || n->lines == 0);
  if (error == 0 || !may_go_on) return gs__feed_end(feed, error);
  if (n->id.size > 0) {
    gs__feed_set_header(feed, "last-event-id", gs__text_string(&n->id));
  }
  return GS__FEED_LIVES;
}

static int next_until(gs_ndjson *n, char **text, size_t *text_bytes,
                      int64_t deadline_ns) {
  struct gs__feed *feed = &n->feed;
  for (;;) {
    int result = gs__feed_connect(feed, deadline_ns);
    if (result != GS__FEED_LIVES) return result;
    char *line;
    size_t bytes;
    if (n->skips) {
      result = gs__http_skip_line_until(feed->http, deadline_ns);
    } else {
      result = gs_http_read_line_until(feed->http, &line, &bytes, deadline_ns);
    }
    if (feed->is_closed) return GS_ECANCELED;
    if (result == 1) {
      if (n->skips) {
        n->skips = false;
        continue;
      }
      if (is_blank(line, bytes)) continue;
      if (n->member.size > 0) find_id(n, line, bytes);
      n->lines++;
      *text = line;
      *text_bytes = bytes;
      return 1;
    }
    if (result == GS_EMSGSIZE) {
      n->skips = true;
      n->lines++;
      return result;
    }
    if (result < 0 && gs__feed_is_callers(feed, result, deadline_ns)) {
      return result;
    }
    result = lose(n, result);
    if (result != GS__FEED_LIVES) return result;
  }
}

int gs_ndjson_next_until(gs_ndjson *feed, char **text, size_t *text_bytes,
                         int64_t deadline_ns) {
  if (feed == NULL || text == NULL || text_bytes == NULL) return GS_EINVAL;
  int result = gs__feed_enter(&feed->feed);
  if (result != GS_OK) return result;
  result = next_until(feed, text, text_bytes, deadline_ns);
  gs__feed_leave(&feed->feed);
  return result;
}

int gs_ndjson_next(gs_ndjson *feed, char **text, size_t *text_bytes) {
  return gs_ndjson_next_until(feed, text, text_bytes, GS_FOREVER);
}

void gs_ndjson_close(gs_ndjson *feed) {
  if (feed != NULL) gs__feed_close(&feed->feed);
}

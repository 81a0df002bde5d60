/* Server-sent events: see gossamer/sse.h. The bytes are read by pieces and
 * parsed in sse_parser.c; feed.c connects again. */
#include <gossamer/sse.h>
#include <stdlib.h>

#include "feed.h"
#include "sse_parser.h"

#define RETRY_NS (3 * GS_SECOND)
#define RETRY_MOST_NS (30 * GS_SECOND)
#define EVENT_LIMIT_BYTES ((uint32_t)1 << 20)
#define PIECE_BYTES 4096

struct gs_sse {
  struct gs__feed feed; /* must be first */
  struct gs__sse_parser parser;
  bool once;
  size_t at; /* what of the piece was parsed */
  size_t piece_bytes;
  char piece[PIECE_BYTES];
};

static void free_sse(struct gs__feed *feed) {
  gs_sse *sse = (gs_sse *)(void *)feed;
  gs__sse_parser_term(&sse->parser);
  gs__feed_term(feed);
  free(sse);
}

/* The next connection tells the last id. */
static void set_headers(gs_sse *sse) {
  const char *id = gs__text_string(&sse->parser.last_id);
  gs__feed_set_header(&sse->feed, "accept", "text/event-stream");
  gs__feed_set_header(&sse->feed, "last-event-id", id[0] == '\0' ? NULL : id);
}

static int make(gs_sse **out, const struct gs_http_request *request,
                const struct gs_sse_options *options) {
  gs_sse *sse = gs__calloc(1, sizeof *sse);
  if (sse == NULL) return GS_ENOMEM;
  struct gs__feed *feed = &sse->feed;
  uint32_t limit = options->event_limit_bytes;
  gs__sse_parser_init(&sse->parser, limit == 0 ? EVENT_LIMIT_BYTES : limit);
  feed->wants_events = true;
  int error = gs__feed_init(feed, request, free_sse);
  const char *id = options->last_id == NULL ? "" : options->last_id;
  size_t id_bytes = strlen(id);
  /* Room for the next one too: gs__sse_parser_begin() cannot fail. */
  if (error == GS_OK && !(gs__text_set(&sse->parser.last_id, id, id_bytes) &&
                          gs__text_reserve(&sse->parser.next_id, id_bytes))) {
    error = GS_ENOMEM;
  }
  if (error != GS_OK) {
    free_sse(feed);
    return error;
  }
  sse->once = options->once;
  feed->request.cache = GS_HTTP_CACHE_NO_STORE;
  feed->retries = options->retries;
  feed->retry_ns = options->retry_ns == 0 ? RETRY_NS : options->retry_ns;
  feed->retry_most_ns =
      options->retry_most_ns == 0 ? RETRY_MOST_NS : options->retry_most_ns;
  set_headers(sse);
  gs__sse_parser_begin(&sse->parser);
  *out = sse;
  return GS_OK;
}

int gs_sse_open(gs_sse **out, const struct gs_http_request *request,
                const struct gs_sse_options *options) {
  static const struct gs_sse_options usual;
  if (options == NULL) options = &usual;
  if (out == NULL || request == NULL || request->integrity != NULL) {
    return GS_EINVAL;
  }
  if (options->retry_ns < 0 || options->retry_most_ns < 0) return GS_EINVAL;
  gs_sse *sse;
  int error = make(&sse, request, options);
  if (error != GS_OK) return error;
  error = gs__feed_open(&sse->feed, request);
  if (error != GS_OK) {
    gs_sse_close(sse);
    return error;
  }
  *out = sse;
  return GS_OK;
}

/* An event, or 0 when all that came was parsed, or an error of its own. */
static int parse(gs_sse *sse, struct gs_sse_event *event) {
  struct gs__sse_parser *p = &sse->parser;
  size_t used;
  int result =
      gs__sse_parse(p, sse->piece + sse->at, sse->piece_bytes - sse->at, &used);
  sse->at += used;
  if (p->retry_ms >= 0) {
    sse->feed.retry_ns = p->retry_ms * GS_MILLISECOND;
    sse->feed.wait_ns = sse->feed.retry_ns;
    p->retry_ms = -1;
  }
  if (result != 1) return result;
  *event = (struct gs_sse_event){
      .type = p->type.size == 0 ? "message" : gs__text_string(&p->type),
      .data = gs__text_string(&p->data),
      .data_bytes = p->data.size,
      .id = gs__text_string(&p->last_id),
  };
  return 1;
}

/* The stream has ended, by 0, or broken. */
static int lose(gs_sse *sse, int error) {
  sse->at = 0;
  sse->piece_bytes = 0;
  gs__sse_parser_begin(&sse->parser);
  if (sse->once) return gs__feed_end(&sse->feed, error);
  gs__feed_lost(&sse->feed);
  set_headers(sse);
  return GS__FEED_LIVES;
}

static int next_until(gs_sse *sse, struct gs_sse_event *event,
                      int64_t deadline_ns) {
  struct gs__feed *feed = &sse->feed;
  for (;;) {
    int result = parse(sse, event);
    if (result != 0) return result;
    result = gs__feed_connect(feed, deadline_ns);
    if (result != GS__FEED_LIVES) return result;
    int64_t count = gs_http_read_until(feed->http, sse->piece,
                                       sizeof sse->piece, deadline_ns);
    if (feed->is_closed) return GS_ECANCELED;
    sse->at = 0;
    sse->piece_bytes = count > 0 ? (size_t)count : 0;
    if (count > 0) continue;
    if (count < 0 && gs__feed_is_callers(feed, (int)count, deadline_ns)) {
      return (int)count;
    }
    result = lose(sse, (int)count);
    if (result != GS__FEED_LIVES) return result;
  }
}

int gs_sse_next_until(gs_sse *sse, struct gs_sse_event *event,
                      int64_t deadline_ns) {
  if (sse == NULL || event == NULL) return GS_EINVAL;
  int result = gs__feed_enter(&sse->feed);
  if (result != GS_OK) return result;
  result = next_until(sse, event, deadline_ns);
  gs__feed_leave(&sse->feed);
  return result;
}

int gs_sse_next(gs_sse *sse, struct gs_sse_event *event) {
  return gs_sse_next_until(sse, event, GS_FOREVER);
}

const char *gs_sse_last_id(const gs_sse *sse) {
  if (sse == NULL || sse->parser.last_id.bytes == NULL) return "";
  sse->parser.last_id.bytes[sse->parser.last_id.size] = '\0';
  return sse->parser.last_id.bytes;
}

uint32_t gs_sse_connections(const gs_sse *sse) {
  return sse == NULL ? 0 : sse->feed.connections;
}

void gs_sse_close(gs_sse *sse) {
  if (sse != NULL) gs__feed_close(&sse->feed);
}

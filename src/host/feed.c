/* Bodies that go on when their connection ends: see feed.h. */
#include "feed.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/check.h"
#include "../base/stress.h"
#include "http.h"

#define EVENTS "text/event-stream"
#define STATUS_OK 200
#define STATUS_NO_CONTENT 204
#define BACK_OFF_NS GS_MILLISECOND /* what doubles when a server wished 0 */

/* ---- the copy ---- */

static size_t bytes_of(const char *text) {
  return text == NULL ? 0 : strlen(text) + 1;
}

/* The string at *at, which moves behind it. */
static const char *put(char **at, const char *text) {
  if (text == NULL) return NULL;
  size_t bytes = bytes_of(text);
  char *copy = memcpy(*at, text, bytes);
  *at += bytes;
  return copy;
}

static bool is_good(const struct gs_http_request *request) {
  if (request->url == NULL || request->body.kind > GS_HTTP_BYTES) return false;
  if (request->body.kind == GS_HTTP_BYTES && request->body.bytes == NULL &&
      request->body.size_bytes > 0) {
    return false;
  }
  if (request->header_count > 0 && request->headers == NULL) return false;
  for (size_t i = 0; i < request->header_count; i++) {
    const struct gs_http_field *field = &request->headers[i];
    if (field->name == NULL || field->value == NULL) return false;
  }
  return request->timeout_ns >= 0 && request->deadline_ns >= 0;
}

int gs__feed_init(struct gs__feed *feed, const struct gs_http_request *request,
                  void (*free_all)(struct gs__feed *feed)) {
  if (!is_good(request)) return GS_EINVAL;
  size_t body_bytes = request->body.kind == GS_HTTP_BYTES
                          ? (size_t)request->body.size_bytes
                          : 0;
  size_t bytes = bytes_of(request->url) + bytes_of(request->method) +
                 bytes_of(request->referrer) + bytes_of(request->integrity) +
                 body_bytes;
  for (size_t i = 0; i < request->header_count; i++) {
    bytes += bytes_of(request->headers[i].name);
    bytes += bytes_of(request->headers[i].value);
  }
  char *at = gs__malloc(bytes + 1);
  struct gs_http_field *fields =
      gs__malloc((request->header_count + 2) * sizeof *fields);
  if (at == NULL || fields == NULL) {
    free(at);
    free(fields);
    return GS_ENOMEM;
  }
  feed->strings = at;
  feed->fields = fields;
  feed->free = free_all;
  feed->state = GS__FEED_LIVES;
  struct gs_http_request *copy = &feed->request;
  *copy = *request;
  copy->url = put(&at, request->url);
  copy->method = put(&at, request->method);
  copy->referrer = put(&at, request->referrer);
  copy->integrity = put(&at, request->integrity);
  for (size_t i = 0; i < request->header_count; i++) {
    fields[i].name = put(&at, request->headers[i].name);
    fields[i].value = put(&at, request->headers[i].value);
  }
  if (body_bytes > 0) {
    copy->body.bytes = memcpy(at, request->body.bytes, body_bytes);
  }
  copy->headers = fields;
  copy->retry = (struct gs_http_retry){0};
  copy->deadline_ns = 0;
  copy->timeout_ns = 0;
  copy->words = NULL;
  copy->words_bytes = 0;
  return GS_OK;
}

void gs__feed_set_header(struct gs__feed *feed, const char *name,
                         const char *value) {
  size_t count = 0;
  for (size_t i = 0; i < feed->request.header_count; i++) {
    struct gs_http_field field = feed->fields[i];
    if (strcasecmp(field.name, name) != 0) feed->fields[count++] = field;
  }
  if (value != NULL) {
    feed->fields[count++] = (struct gs_http_field){name, value};
  }
  feed->request.header_count = count;
}

void gs__feed_term(struct gs__feed *feed) {
  free(feed->fields);
  free(feed->strings);
}

static void leave(struct gs__feed *feed) {
  if (--feed->users == 0 && feed->is_closed) feed->free(feed);
}

/* ---- connecting ---- */

/* What another attempt may mend. */
static bool may_pass(int status) {
  return status == 408 || status == 425 || status == 429 || status == 500 ||
         (status >= 502 && status <= 504);
}

static bool is_fatal(int error) {
  return error == GS_EINVAL || error == GS_EACCES || error == GS_ENOTSUP ||
         error == GS_ELOOP || error == GS_EBADMSG || error == GS_EPERM;
}

static bool is_event_stream(const gs_http *http, char *type,
                            size_t type_bytes) {
  type[0] = '\0';
  gs_http_header(http, "content-type", type, type_bytes);
  size_t essence = strcspn(type, "; \t");
  return essence == sizeof EVENTS - 1 &&
         strncasecmp(type, EVENTS, essence) == 0;
}

/* Whether this is the answer that was asked for. *may_mend: another attempt
 * may bring it. */
static int check(const struct gs__feed *feed, const gs_http *http, char *words,
                 size_t words_bytes, bool *may_mend) {
  int status = gs_http_status(http);
  bool is_good =
      feed->wants_events ? status == STATUS_OK : status >= 200 && status < 300;
  *may_mend = may_pass(status);
  char type[80];
  if (is_good &&
      (!feed->wants_events || is_event_stream(http, type, sizeof type))) {
    return GS_OK;
  }
  if (words != NULL && words_bytes > 0) {
    if (is_good) {
      gs__format(words, words_bytes, "%s: the type is %s, not " EVENTS,
                 feed->request.url, type[0] == '\0' ? "not told" : type);
    } else {
      gs__format(words, words_bytes, "%s: the status is %d", feed->request.url,
                 status);
    }
  }
  return GS_EPROTO;
}

/* One attempt; its failure is final unless *may_mend. */
static int attempt(struct gs__feed *feed, bool *may_mend) {
  gs_http *http;
  struct gs_http_request *request = &feed->request;
  int error = gs_http_open(&http, request);
  if (error != GS_OK) {
    *may_mend = !is_fatal(error);
    return error;
  }
  error = check(feed, http, request->words, request->words_bytes, may_mend);
  if (*may_mend) feed->told_ns = gs__http_retry_after(http);
  if (error == GS_OK && !feed->is_closed) {
    feed->http = http;
    feed->connections++;
    feed->failures = 0;
    feed->wait_ns = feed->retry_ns;
    return GS_OK;
  }
  if (error != GS_OK && feed->wants_events && feed->connections > 0 &&
      gs_http_status(http) == STATUS_NO_CONTENT) {
    feed->state = 0;
  }
  gs_http_close(http);
  return error;
}

/* One more failure: the next wait is longer. */
static void back_off(struct gs__feed *feed) {
  int64_t most_ns = feed->retry_most_ns > feed->retry_ns ? feed->retry_most_ns
                                                         : feed->retry_ns;
  feed->wait_ns = feed->wait_ns > most_ns / 2 ? most_ns : feed->wait_ns * 2;
  if (feed->wait_ns < BACK_OFF_NS) feed->wait_ns = BACK_OFF_NS;
}

/* Attempts until one succeeds: 0; or how it ends. */
static int connect_often(struct gs__feed *feed, uint32_t retries, bool ever) {
  for (;;) {
    bool may_mend = false;
    int error = attempt(feed, &may_mend);
    if (error == GS_OK || feed->is_closed) return error;
    if (feed->state != GS__FEED_LIVES) return feed->state;
    if (gs_ctx_error(gs_ctx_current()) != GS_OK || !may_mend) return error;
    feed->failures++;
    if (!ever && feed->failures >= retries) return error;
    int64_t wait_ns =
        feed->told_ns > feed->wait_ns ? feed->told_ns : feed->wait_ns;
    feed->told_ns = 0;
    if (gs_sleep(wait_ns) == GS_ENOMEM) return GS_ENOMEM;
    back_off(feed);
    if (gs_ctx_error(gs_ctx_current()) != GS_OK) return error;
  }
}

/* The deadline of the first connection. */
static int64_t first_deadline(const struct gs_http_request *request) {
  int64_t deadline_ns =
      request->deadline_ns == 0 ? GS_FOREVER : request->deadline_ns;
  int64_t timeout_ns =
      request->timeout_ns == 0 ? GS_FOREVER : gs_deadline(request->timeout_ns);
  return deadline_ns < timeout_ns ? deadline_ns : timeout_ns;
}

int gs__feed_open(struct gs__feed *feed,
                  const struct gs_http_request *request) {
  int64_t deadline_ns = first_deadline(request);
  gs_ctx *outer = NULL;
  gs_ctx *ctx = NULL;
  if (deadline_ns != GS_FOREVER) {
    int error = gs_ctx_new_until(&ctx, gs_ctx_current(), deadline_ns);
    if (error != GS_OK) return error;
    outer = gs_ctx_enter(ctx);
  }
  feed->wait_ns = feed->retry_ns;
  feed->request.words = request->words;
  feed->request.words_bytes = request->words_bytes;
  int error = connect_often(feed, feed->retries, false);
  feed->request.words = NULL;
  feed->request.words_bytes = 0;
  if (ctx != NULL) {
    if (error != GS_OK && gs_ctx_error(ctx) != GS_OK) error = gs_ctx_error(ctx);
    gs_ctx_leave(outer);
    gs_ctx_release(ctx);
  }
  return error;
}

static void reconnect(void *arg) {
  struct gs__feed *feed = arg;
  if (gs_sleep(feed->wait_ns) == GS_OK) {
    int result = connect_often(feed, feed->retries, feed->retries == 0);
    if (result != GS_OK || feed->state == 0) feed->state = result;
  }
  gs_ctx_release(feed->ctx);
  feed->ctx = NULL;
  gs_waitgroup_done(&feed->connecting);
  leave(feed);
}

/* Starts the goroutine. It is not in the caller's context: the next caller may
 * wait for the same connection. */
static int start(struct gs__feed *feed) {
  gs_ctx *ctx;
  int error = gs_ctx_new_detached(&ctx, gs_ctx_current());
  if (error != GS_OK) return error;
  gs_ctx *outer = gs_ctx_enter(ctx);
  struct gs_go_options options = {.name = "reconnect"};
  gs_id id = gs_go_with(&options, reconnect, feed);
  gs_ctx_leave(outer);
  if (id < 0) {
    gs_ctx_release(ctx);
    return (int)id;
  }
  feed->ctx = ctx;
  feed->users++;
  return gs_waitgroup_add(&feed->connecting, 1);
}

int gs__feed_connect(struct gs__feed *feed, int64_t deadline_ns) {
  while (feed->http == NULL) {
    if (feed->state != GS__FEED_LIVES) return feed->state;
    int error = feed->ctx == NULL ? start(feed) : GS_OK;
    if (error == GS_OK) {
      error = gs_waitgroup_wait_until(&feed->connecting, deadline_ns);
    }
    if (feed->is_closed) return GS_ECANCELED;
    if (error != GS_OK) return error;
  }
  return GS__FEED_LIVES;
}

/* ---- reading ---- */

int gs__feed_enter(struct gs__feed *feed) {
  if (feed->is_reading) return GS_EBUSY;
  feed->is_reading = true;
  feed->users++;
  return GS_OK;
}

void gs__feed_leave(struct gs__feed *feed) {
  feed->is_reading = false;
  leave(feed);
}

bool gs__feed_is_callers(const struct gs__feed *feed, int error,
                         int64_t deadline_ns) {
  if (feed->is_closed) return true;
  if (error == GS_EPERM || error == GS_ENOMEM) return true;
  if (error == GS_ETIMEDOUT && gs_now() >= deadline_ns) return true;
  return gs_ctx_error(gs_ctx_current()) != GS_OK;
}

void gs__feed_lost(struct gs__feed *feed) {
  gs_http_close(feed->http);
  feed->http = NULL;
}

int gs__feed_end(struct gs__feed *feed, int state) {
  gs_http_close(feed->http);
  feed->http = NULL;
  feed->state = state;
  return state;
}

void gs__feed_close(struct gs__feed *feed) {
  if (feed->is_closed) return;
  feed->is_closed = true;
  if (feed->ctx != NULL) gs_ctx_cancel(feed->ctx, GS_OK);
  gs_http_close(feed->http);
  feed->http = NULL;
  if (feed->users == 0) feed->free(feed);
}

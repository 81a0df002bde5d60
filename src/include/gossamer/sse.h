/* Server-sent events: a stream of events that goes on when connections break.
 *
 *   gs_sse *sse;
 *   struct gs_http_request request = {.url = "/events"};
 *   int error = gs_sse_open(&sse, &request, NULL);
 *   struct gs_sse_event event;
 *   while ((error = gs_sse_next(sse, &event)) > 0) puts(event.data);
 *   gs_sse_close(sse);
 *
 * Source: HTML, 9.2 "Server-sent events". Unlike a page's EventSource it may
 * send headers and any method, and is bound by contexts and deadlines. */
#ifndef GOSSAMER_SSE_H
#define GOSSAMER_SSE_H

#include <stddef.h>
#include <stdint.h>

#include "http.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gs_sse gs_sse;

struct gs_sse_options {
  const char *last_id;   /* sent as Last-Event-ID at first; NULL: none */
  int64_t retry_ns;      /* the wait before it connects again, until the server
                          * says another; 0: 3 s */
  int64_t retry_most_ns; /* it doubles after each failure in a row, up to here;
                          * 0: 30 s. A server's longer Retry-After counts
                          * instead, however long */
  uint32_t retries;      /* failures in a row before it gives up; 0: never */
  bool once;             /* never connects again */
  uint32_t event_limit_bytes; /* the longest event; 0: 1 MiB */
};

/* One event, its bytes as they came. The strings have a NUL behind them, are
 * the stream's, and live until the next call of gs_sse_next(). */
struct gs_sse_event {
  const char *type; /* "message" when the server gives none */
  const char *data; /* the lines of data, with \n between them */
  size_t data_bytes;
  const char *id; /* the last one given, of this or an earlier event; "" */
};

/* Makes a stream of the request's events and **parks** until the first
 * connection is there: status 200 and the type text/event-stream. The request
 * is copied, its strings too; a body must be bytes. Its `accept` and
 * `last-event-id` headers and `cache` are set; gs_http_retry is not used;
 * timeout_ns and deadline_ns hold until the first connection is there, idle_ns
 * for all: a server that is quiet for as long is connected to again. options
 * may be NULL.
 *
 * 0 with *out set, the caller's until gs_sse_close(). GS_EPROTO for another
 * status or type, and 204 (the request's `words` say which); GS_EINVAL, also
 * for a body that is no bytes and for `integrity`; else as gs_http_open(),
 * after `retries` failures when that is not 0. */
int gs_sse_open(gs_sse **out, const struct gs_http_request *request,
                const struct gs_sse_options *options);

/* **Parks** until the next event. 1 with *event set. When the connection ends
 * or breaks it waits and connects again, telling the server the last id. 0
 * when the server answers 204: there is no more; with `once`, when the stream
 * ends. GS_EPROTO for another status than 200 and those of gs_http_retry, and
 * for another type; GS_EMSGSIZE for an event above the limit, which is dropped:
 * the next call goes on, as it does after GS_ENOMEM, which may cost an event,
 * too; GS_ECANCELED when it is closed meanwhile or by the context; the last
 * error after `retries` failures in a row. GS_EBUSY when another goroutine
 * waits here. An event that is cut by the end of the stream is dropped, as the
 * standard says. */
int gs_sse_next(gs_sse *sse, struct gs_sse_event *event);
/* **Parks** at most until deadline_ns: then GS_ETIMEDOUT; nothing is lost. */
int gs_sse_next_until(gs_sse *sse, struct gs_sse_event *event,
                      int64_t deadline_ns);

/* The last id, to be kept for a later gs_sse_open(); "" when there is none. The
 * stream's, valid until the next gs_sse_next(). Never parks. */
const char *gs_sse_last_id(const gs_sse *sse);

/* How often it has connected. Never parks. */
uint32_t gs_sse_connections(const gs_sse *sse);

/* Ends the connection and frees the stream; the last event's strings with it.
 * NULL is allowed. Never parks. */
void gs_sse_close(gs_sse *sse);

#ifdef __cplusplus
}
#endif
#endif

/* NDJSON: a body of JSON texts, one a line, read one by one, with reconnection.
 *
 *   gs_ndjson *feed;
 *   struct gs_http_request request = {.url = "/log"};
 *   int error = gs_ndjson_open(&feed, &request, NULL);
 *   char *text;
 *   size_t bytes;
 *   while ((error = gs_ndjson_next(feed, &text, &bytes)) > 0) parse(text);
 *   gs_ndjson_close(feed);
 *
 * Lines end by LF or CRLF; blank ones are left out; what is in a line is not
 * looked at. */
#ifndef GOSSAMER_NDJSON_H
#define GOSSAMER_NDJSON_H

#include <stddef.h>
#include <stdint.h>

#include "http.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gs_ndjson gs_ndjson;

/* Called before it connects again: may change *request, its URL or headers, so
 * that the server goes on where it was, and must keep the strings alive until
 * the next call. So many `lines` came so far, blank ones not counted and those
 * that were too long counted; `error` is why: 0 for the end of the body. 1:
 * connect again; 0: that was the end; a negative error ends it with that. It
 * may park. */
typedef int gs_ndjson_resume_func(void *arg, struct gs_http_request *request,
                                  int64_t lines, int error);

struct gs_ndjson_options {
  gs_ndjson_resume_func *resume; /* NULL: the end of the body is the end */
  void *resume_arg;
  /* Instead of `resume`: the name of a member of each text, a string or number
   * at its top level, that is sent as Last-Event-ID when it connects again,
   * after an error and not after the end: that of the last text that has it.
   * While none had, it does not connect again once something was read, which
   * would come twice. NULL: none. */
  const char *id_member;
  int64_t retry_ns;      /* the wait before it connects again; 0: 1 s */
  int64_t retry_most_ns; /* it doubles after each failure in a row, up to here;
                          * 0: 30 s. A server's longer Retry-After counts
                          * instead, however long */
  uint32_t retries;      /* failures in a row before it gives up; 0: never */
};

/* **Parks** until the response is there. The request is copied as by
 * gs_sse_open(), with the same meaning of its times. 0 with *out set; GS_EPROTO
 * for a status that is not 2xx (the request's `words` say which); else as
 * gs_http_open(), after `retries` failures when that is not 0. options may be
 * NULL. */
int gs_ndjson_open(gs_ndjson **out, const struct gs_http_request *request,
                   const struct gs_ndjson_options *options);

/* **Parks** until the next line: 1 with it in *text, a string with a NUL behind
 * it, the feed's until the next call; 0 at the end. GS_ECONNRESET when the body
 * is cut short and it does not connect again: a line that was cut is dropped;
 * GS_EMSGSIZE for a line longer than the request's line_limit_bytes (1 MiB by
 * itself), which is dropped: the next call goes on; GS_EPROTO for a status that
 * is not 2xx nor one of those of gs_http_retry when it connects again;
 * GS_ECANCELED when it is closed meanwhile or by the context; GS_EBUSY when
 * another goroutine waits here; else as gs_http_read(), after `retries`
 * failures in a row. How it ended is told again and again. */
int gs_ndjson_next(gs_ndjson *feed, char **text, size_t *text_bytes);
/* **Parks** at most until deadline_ns: then GS_ETIMEDOUT; nothing is lost. */
int gs_ndjson_next_until(gs_ndjson *feed, char **text, size_t *text_bytes,
                         int64_t deadline_ns);

/* Ends the connection and frees the feed; the last line's text with it. NULL is
 * allowed. Never parks. */
void gs_ndjson_close(gs_ndjson *feed);

#ifdef __cplusplus
}
#endif
#endif

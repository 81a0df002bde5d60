/* HTTP: streaming GET on the host's fetch.
 *
 * Nothing may be fetched unless the page allows it (option `fetch`, attribute
 * `data-fetch`). No more than one chunk is pulled ahead of what was read. */
#ifndef GOSSAMER_HTTP_H
#define GOSSAMER_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "go.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A response whose headers have arrived. */
typedef struct gs_http gs_http;

/* Sends GET and **parks** until the response's headers are there; url is
 * resolved against the page's address. 0 with *out set, which the caller owns
 * and ends with gs_http_close(). Any status is a success: see
 * gs_http_status(). GS_EINVAL: not a URL; GS_EACCES: no rule allows it (the
 * program's stderr says which would); GS_EIO: refused, not reached or forbidden
 * by CORS, which browsers do not tell apart; GS_ENOMEM; GS_EPERM outside a
 * goroutine. gs_http_error() has the words. */
int gs_http_get(gs_http **out, const char *url);
/* **Parks** at most until deadline_ns: then the request is aborted and the
 * answer is GS_ETIMEDOUT. */
int gs_http_get_until(gs_http **out, const char *url, int64_t deadline_ns);

/* The status, 100 to 599. Never parks. */
int gs_http_status(const gs_http *http);

/* Copies the value of a header (name in any case; several are joined by ", ")
 * into buf as a NUL-terminated string, cut off at buf_bytes - 1. Returns the
 * value's whole length in bytes, or GS_ENOENT when there is none or the
 * browser hides it. buf may be NULL when buf_bytes is 0. Never parks. */
int gs_http_header(const gs_http *http, const char *name, char *buf,
                   size_t buf_bytes);

/* Copies header number `index` (from 0) as "name: value"; else as
 * gs_http_header(). GS_ENOENT past the last one. Never parks. */
int gs_http_header_at(const gs_http *http, uint32_t index, char *buf,
                      size_t buf_bytes);

/* The address the response came from, after redirects; otherwise as
 * gs_http_header(). Never parks. */
int gs_http_url(const gs_http *http, char *buf, size_t buf_bytes);

/* Reads up to buf_bytes of the body into buf, **parks** until at least one
 * byte is there. Returns the count, 0 at the end of the body. GS_EIO when the
 * connection breaks; GS_ECANCELED when another goroutine closes the response;
 * GS_EBUSY when another goroutine is reading it; GS_EINVAL for a NULL buf or 0
 * bytes. buf is written only before the call returns. */
int64_t gs_http_read(gs_http *http, void *buf, size_t buf_bytes);
/* **Parks** at most until deadline_ns: then GS_ETIMEDOUT; the response can be
 * read on. */
int64_t gs_http_read_until(gs_http *http, void *buf, size_t buf_bytes,
                           int64_t deadline_ns);

/* Ends the response and frees it; a body that was not read to its end is
 * aborted at the server. A goroutine that reads it gets GS_ECANCELED. NULL is
 * allowed. Never parks. */
void gs_http_close(gs_http *http);

/* Copies the words for the last failure of gs_http_get() in this program;
 * returns their length, 0 when there was none. Never parks. */
int gs_http_error(char *buf, size_t buf_bytes);

#ifdef __cplusplus
}
#endif
#endif

/* HTTP on the host's fetch: requests, and bodies that stream both ways.
 *
 *   struct gs_http_request request = {
 *     .url = "https://api.example.com/items",
 *     .method = "PUT",
 *     .headers = (struct gs_http_field[]){{"content-type", "text/plain"}},
 *     .header_count = 1,
 *     .body = gs_http_bytes(text, strlen(text)),
 *     .timeout_ns = 10 * GS_SECOND,
 *   };
 *   gs_http *http;
 *   int error = gs_http_open(&http, &request);
 *
 * Nothing may be fetched unless the page allows it: see gs_fetch_policy().
 * In every struct here zero means the default. Strings and bytes given in a
 * request are used only until gs_http_open() returns.
 *
 * How a request or a body fails, told apart as far as the host can:
 *   GS_EINVAL      not a URL, a method, header or option that fetch refuses
 *   GS_EACCES      no rule allows the address, the method, or where a redirect
 *                  leads; the words, and stderr, say how to allow it
 *   GS_EIO         the network failed, or CORS, a content security policy or
 *                  mixed content forbids it: browsers do not say which
 *   GS_ECANCELED   the caller's context was canceled, or another goroutine
 *                  closed it
 *   GS_ETIMEDOUT   the deadline, the context's or `idle_ns` ran out
 *   GS_ELOOP       more redirects than max_redirects. A browser counts only to
 *                  20, by itself, and says GS_EIO
 *   GS_EBADMSG     the body is not what `integrity` wants
 *   GS_ECONNRESET  the body was cut short: the connection broke, or there are
 *                  fewer bytes than Content-Length said
 *   GS_EFBIG       a body that cannot be streamed is larger than its limit
 *   GS_ENOTSUP     the host cannot do what is asked of it (streaming upload)
 *   GS_EPERM       outside a goroutine;  GS_ENOMEM, GS_EMFILE
 * gs_http_error() has words for people.
 *
 * What browsers enforce, and no program can change: Cookie, Host, Origin,
 * Referer, Content-Length and other names of the Fetch standard's list of
 * forbidden request headers are left out; Set-Cookie is never seen in an
 * answer; cookies are sent and kept only as `credentials` and the cookies' own
 * SameSite say, third-party cookies often not at all; of a foreign server's
 * headers only the safelisted ones and those that it exposes are there;
 * trailers never are. What is compressed arrives unpacked. In Node there are
 * no cookies, no CORS and no cache.
 *
 * Source: the Fetch standard (https://fetch.spec.whatwg.org/), RFC 9110. */
#ifndef GOSSAMER_HTTP_H
#define GOSSAMER_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chan.h"
#include "error.h"
#include "go.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A request, and its response once the headers have arrived. */
typedef struct gs_http gs_http;

/* ---- what may be fetched ---- */

/* Whether a request would be allowed: 0; GS_EACCES, and gs_http_error() says
 * how the page allows it; GS_EINVAL for what is not a URL. method NULL: "GET".
 * The rules are the page's: option `fetch` of load(), attribute data-fetch of
 * the script tag, each a list of sources as in a content security policy
 * (https://api.example.com, https://api.example.com/v1/, wss://host, https:,
 * 'self' and so on); with methods before it, a source is for these alone:
 * GET,HEAD=https://api.example.com/v1/.
 * No list: nothing is allowed. They hold for every request here, for
 * server-sent events and for WebSockets, and for where redirects lead.
 *
 * Redirects. In Node each is looked at before it is followed. Browsers follow
 * them unseen and show only where they led, so there:
 * - when all of the page's own origin and nothing else of HTTP is allowed, the
 *   browser itself stops at the border (mode "same-origin"): nothing is sent;
 * - a request with a body, of a method other than GET and HEAD, or with headers
 *   that CORS does not safelist (Authorization aside, which the browser itself
 *   drops on the way) is not redirected where rules could forbid it: GS_EACCES;
 * - any other GET or HEAD is followed, and refused when it arrives at what is
 *   not allowed: nothing of the answer is seen, but the request has been made.
 *   With 'refuse-redirects' in the list every redirect that cannot be looked at
 *   before is refused; a content security policy (connect-src) looks at each.
 * Never parks. */
int gs_fetch_policy(const char *url, const char *method);

/* ---- the request ---- */

struct gs_http_field {
  const char *name;
  const char *value;
};

/* Gives the next bytes of a body: the count, 0 at its end, or a negative error,
 * which ends the request with it. It runs in a goroutine of its own, in a
 * context below that of gs_http_open()'s caller, and may park; the context is
 * canceled when the request is over. Called a last time with a NULL buf when
 * nothing more will be read, however the request went: the place to free
 * `arg`; what it returns then does not matter. That may be after
 * gs_http_close(), which does not wait for it, and before gs_http_open()
 * returns, when it fails without having begun. */
typedef int64_t gs_http_read_func(void *arg, void *buf, size_t buf_bytes);

enum gs_http_body_kind {
  GS_HTTP_NO_BODY = 0,
  GS_HTTP_BYTES = 1,
  GS_HTTP_FILE = 2,
  GS_HTTP_READER = 3
};

/* The runtime's: sends such a body. Behind a pointer, so that programs which
 * have none do not link it. */
struct gs__http_upload;
typedef int gs__http_sender(struct gs__http_upload *upload);
int gs__http_send(struct gs__http_upload *upload);

/* Made by the functions below. */
struct gs_http_body {
  enum gs_http_body_kind kind;
  int fd;
  const void *bytes;
  int64_t size_bytes; /* -1: not known */
  gs_http_read_func *read;
  void *arg;
  gs__http_sender *gs__send; /* the runtime's */
};

/* Bytes, which are copied when gs_http_open() is called. */
static inline struct gs_http_body gs_http_bytes(const void *bytes,
                                                size_t size_bytes) {
  struct gs_http_body body = {GS_HTTP_BYTES, -1,   bytes, (int64_t)size_bytes,
                              NULL,          NULL, NULL};
  return body;
}
/* An open descriptor, read from where it stands to its end; it stays open and
 * the caller's, and must not be read by others before gs_http_close(). */
static inline struct gs_http_body gs_http_file(int fd) {
  struct gs_http_body body = {GS_HTTP_FILE, fd,   NULL,         -1,
                              NULL,         NULL, gs__http_send};
  return body;
}
/* Whatever read(arg, ...) gives. size_bytes: what it will be in all, for
 * progress, or -1; another number of bytes ends the request by GS_EIO. */
static inline struct gs_http_body gs_http_reader(gs_http_read_func *read,
                                                 void *arg,
                                                 int64_t size_bytes) {
  struct gs_http_body body = {GS_HTTP_READER, -1,  NULL,         size_bytes,
                              read,           arg, gs__http_send};
  return body;
}

/* How a file's or reader's body goes up. Node streams always (its fetch keeps
 * what was sent until the request is over, so the host's memory grows by it),
 * Chromium over HTTP/2 and HTTP/3, Firefox and Safari never; this is found out
 * at run time, by what the host does and not by its name. */
enum gs_http_upload {
  /* Streamed where that works. Where it does not, the request ends before
   * anything of the body was asked for, and then, as in a host without
   * streaming, all of the body is read first, up to upload_limit_bytes:
   * GS_EFBIG. */
  GS_HTTP_UPLOAD_AUTO = 0,
  /* Streamed, or GS_ENOTSUP where the host has no streaming. A browser that
   * has it, and a server of HTTP/1.1: GS_EIO. */
  GS_HTTP_UPLOAD_STREAM = 1,
  GS_HTTP_UPLOAD_BUFFER = 2 /* always read first */
};

enum gs_http_redirect {
  GS_HTTP_REDIRECT_FOLLOW = 0,
  /* GS_ELOOP at the first one in Node, GS_EIO in browsers. */
  GS_HTTP_REDIRECT_ERROR = 1,
  /* The redirect is the response. Browsers show nothing of it: the status is 0
   * and gs_http_flags() has GS_HTTP_OPAQUE_REDIRECT. */
  GS_HTTP_REDIRECT_MANUAL = 2
};

enum gs_http_credentials {
  GS_HTTP_CREDENTIALS_SAME_ORIGIN = 0,
  GS_HTTP_CREDENTIALS_OMIT = 1,
  GS_HTTP_CREDENTIALS_INCLUDE = 2
};

enum gs_http_cache {
  GS_HTTP_CACHE_DEFAULT = 0,
  GS_HTTP_CACHE_NO_STORE = 1,
  GS_HTTP_CACHE_RELOAD = 2,
  GS_HTTP_CACHE_NO_CACHE = 3,
  GS_HTTP_CACHE_FORCE_CACHE = 4,
  GS_HTTP_CACHE_ONLY_IF_CACHED = 5 /* only with GS_HTTP_MODE_SAME_ORIGIN */
};

enum gs_http_mode {
  GS_HTTP_MODE_CORS = 0,
  GS_HTTP_MODE_SAME_ORIGIN = 1, /* another origin: GS_EIO, nothing is sent */
  GS_HTTP_MODE_NO_CORS = 2      /* the answer is opaque: no status, no body */
};

enum gs_http_priority {
  GS_HTTP_PRIORITY_AUTO = 0,
  GS_HTTP_PRIORITY_HIGH = 1,
  GS_HTTP_PRIORITY_LOW = 2
};

/* Policies of the Referrer Policy specification; 0: the page's. */
enum gs_http_referrer_policy {
  GS_HTTP_REFERRER_DEFAULT = 0,
  GS_HTTP_REFERRER_NO_REFERRER = 1,
  GS_HTTP_REFERRER_NO_REFERRER_WHEN_DOWNGRADE = 2,
  GS_HTTP_REFERRER_ORIGIN = 3,
  GS_HTTP_REFERRER_ORIGIN_WHEN_CROSS_ORIGIN = 4,
  GS_HTTP_REFERRER_SAME_ORIGIN = 5,
  GS_HTTP_REFERRER_STRICT_ORIGIN = 6,
  GS_HTTP_REFERRER_STRICT_ORIGIN_WHEN_CROSS_ORIGIN = 7,
  GS_HTTP_REFERRER_UNSAFE_URL = 8
};

/* When a request is made again: after GS_EIO, and after the statuses 408, 425,
 * 429, 500, 502, 503 and 504, before anything of the body was read. Only for
 * methods that RFC 9110, 9.2.2, calls idempotent (GET, HEAD, OPTIONS, PUT,
 * DELETE), or all with `any_method`; and only with a body that can be sent
 * again: none, bytes, or a file that can seek. */
struct gs_http_retry {
  uint32_t times;   /* at most, besides the first; 0: none */
  int64_t first_ns; /* the wait before the first; 0: 200 ms */
  int64_t most_ns;  /* the longest wait; 0: 10 s */
  bool any_method;
};
/* The wait doubles each time; it is made by chance between half of that and
 * all. A server's Retry-After (seconds, or a date) that is longer counts
 * instead; one longer than most_ns ends the attempts with that response. The
 * deadline of the request holds for all attempts together; a wait that would
 * end behind it is not begun, and the last attempt's answer is the request's.
 * Progress begins anew with each. */

/* How far a request is. Bytes that went up have been taken by the host; how
 * much of them the server has, browsers do not say. */
struct gs_http_progress {
  int64_t up_bytes;
  int64_t up_total_bytes; /* -1: not known */
  int64_t down_bytes;     /* read by the program, unpacked */
  int64_t down_total_bytes;
};
/* Called by the goroutine that has just read or sent: it should not wait. */
typedef void gs_http_progress_func(void *arg,
                                   const struct gs_http_progress *progress);

struct gs_http_request {
  const char *url;    /* relative to the page's address */
  const char *method; /* NULL: "GET", or "POST" with a body */
  const struct gs_http_field *headers;
  size_t header_count;
  struct gs_http_body body;
  enum gs_http_upload upload;
  uint32_t upload_limit_bytes; /* for a body that is read first; 0: 64 MiB */
  uint32_t line_limit_bytes;   /* for gs_http_read_line(); 0: 1 MiB */
  enum gs_http_redirect redirect;
  uint32_t max_redirects; /* 0: 20 */
  enum gs_http_credentials credentials;
  enum gs_http_cache cache;
  enum gs_http_mode mode;
  enum gs_http_priority priority;
  enum gs_http_referrer_policy referrer_policy;
  const char *referrer; /* NULL: the page; "": none */
  /* As in HTML, "sha256-..." and more with spaces between (Subresource
   * Integrity). The whole body is read and compared before gs_http_open()
   * returns, up to integrity_limit_bytes (0: 64 MiB), then GS_EFBIG. */
  const char *integrity;
  uint32_t integrity_limit_bytes;
  bool keepalive;      /* outlives the page; the body at most 64 KiB */
  int64_t deadline_ns; /* on the clock of gs_now(), to the end of the body; 0:
                        * none. Then the request is aborted. */
  int64_t timeout_ns;  /* the same, from the call on; 0: none */
  int64_t idle_ns;     /* the longest time in which nothing goes up or comes
                        * down while somebody waits for it, in one call or
                        * several; 0: none. Then the request is aborted. */
  struct gs_http_retry retry;
  gs_http_progress_func *progress; /* NULL: none; it may close the request */
  void *progress_arg;
  /* Gets a struct gs_http_progress, the newest instead of the oldest when it
   * is full; NULL: none. The caller's; kept until gs_http_close(). */
  gs_chan *progress_chan;
  int64_t progress_ns; /* the least time between two; 0: 50 ms. The end of each
                        * body is told at once. */
  /* Where the words for a failure of gs_http_open() are copied, NUL-terminated;
   * or NULL. */
  char *words;
  size_t words_bytes;
};

/* Sends the request and **parks** until the response's headers are there, in
 * browsers not before all of the request's body is sent; in Node the upload may
 * still go on. 0 with *out set, which the caller owns and ends with
 * gs_http_close(); any status is a success. Otherwise an error of the list
 * above, and then the connection is closed and nothing of the request is used
 * any more. */
int gs_http_open(gs_http **out, const struct gs_http_request *request);

/* GET without further ado; **parks**, as gs_http_open(). */
int gs_http_get(gs_http **out, const char *url);
/* **Parks** at most until deadline_ns: then the request is aborted and the
 * answer is GS_ETIMEDOUT. The body may take longer. */
int gs_http_get_until(gs_http **out, const char *url, int64_t deadline_ns);

/* How many requests to one origin may be under way, from the sending to the end
 * of the body or gs_http_close(); gs_http_open() **parks** while there are as
 * many, and those who wait are served in the order they came. 0: as many as
 * the page says (option `fetch`, perOrigin), by itself any number; the page's
 * limit is never exceeded. Who opens a second response before the first was
 * read waits for itself. Never parks. 0. */
int gs_http_limit(uint32_t per_origin);

/* ---- the response ---- */

/* The status, 100 to 599; 0 when it is opaque. Never parks. */
int gs_http_status(const gs_http *http);

#define GS_HTTP_REDIRECTED (UINT32_C(1) << 0)
#define GS_HTTP_OPAQUE (UINT32_C(1) << 1)          /* GS_HTTP_MODE_NO_CORS */
#define GS_HTTP_OPAQUE_REDIRECT (UINT32_C(1) << 2) /* _REDIRECT_MANUAL */
#define GS_HTTP_STREAMED_UP (UINT32_C(1) << 3)     /* the request's body was */
/* What is known of the response. Never parks. */
uint32_t gs_http_flags(const gs_http *http);

/* How many bytes the body will have, unpacked; -1 when that is not known: the
 * server does not say, or what it says is of the packed body, or may be (of a
 * foreign server a page does not see whether it is). 0 for HEAD, 204 and 304.
 * Never parks. */
int64_t gs_http_length(const gs_http *http);

/* Copies the value of a header (name in any case; several are joined by ", ")
 * into buf as a NUL-terminated string, cut off at buf_bytes - 1. Returns the
 * value's whole length in bytes, or GS_ENOENT when there is none or the
 * browser hides it. buf may be NULL when buf_bytes is 0. Never parks. */
int gs_http_header(const gs_http *http, const char *name, char *buf,
                   size_t buf_bytes);

/* Copies header number `index` (from 0) as "name: value", names in lower case
 * and sorted; else as gs_http_header(). GS_ENOENT past the last one. Never
 * parks. */
int gs_http_header_at(const gs_http *http, uint32_t index, char *buf,
                      size_t buf_bytes);

/* The address the response came from, after redirects; otherwise as
 * gs_http_header(). Never parks. */
int gs_http_url(const gs_http *http, char *buf, size_t buf_bytes);

/* ---- the body ---- */

/* Reads up to buf_bytes of the body into buf, **parks** until at least one
 * byte is there. Returns the count, 0 at the end of the body. GS_ECONNRESET
 * when it is cut short, after all that came was read; GS_ECANCELED when
 * another goroutine closes the response; GS_ETIMEDOUT by the request's
 * deadline or idle_ns, and then it is aborted; GS_EBUSY when another goroutine
 * is reading it; GS_EINVAL for a NULL buf or 0 bytes. An error is told again
 * and again. buf is written only before the call returns. At most one piece of
 * the body is pulled ahead of what is read; what else the server sends fills
 * the host's buffers until it has to wait. */
int64_t gs_http_read(gs_http *http, void *buf, size_t buf_bytes);
/* **Parks** at most until deadline_ns: then GS_ETIMEDOUT; the response can be
 * read on. So it can when the caller's context ends the wait. */
int64_t gs_http_read_until(gs_http *http, void *buf, size_t buf_bytes,
                           int64_t deadline_ns);

/* Reads all that is left into memory of malloc(), **parks** meanwhile. 0 with
 * *bytes (the caller's to free(); a NUL follows the last byte) and *size_bytes
 * set; GS_EFBIG above limit_bytes (0: 64 MiB); else as gs_http_read(). */
int gs_http_read_all(gs_http *http, void **bytes, size_t *size_bytes,
                     size_t limit_bytes);

/* The next line without its end (LF or CRLF), in *line, a string with a NUL
 * behind it that is the response's and lives until the next read of it.
 * **Parks** until it is there. 1 with a line; 0 at the end; a last line without
 * an end is a line. GS_EMSGSIZE for one longer than line_limit_bytes; else as
 * gs_http_read(). May be mixed with other reads. */
int gs_http_read_line(gs_http *http, char **line, size_t *line_bytes);
int gs_http_read_line_until(gs_http *http, char **line, size_t *line_bytes,
                            int64_t deadline_ns);

/* Writes all that is left to an open descriptor, **parks** meanwhile. Returns
 * how many bytes that were; the negative of write()'s errno, GS_ENOSPC say; or
 * as gs_http_read(). What was written before an error stays. */
int64_t gs_http_save(gs_http *http, int fd);

/* An element of gs_http_chan(): memory of malloc(), the receiver's to free. */
struct gs_http_chunk {
  void *bytes;
  size_t size_bytes;
};
/* Makes a channel that a goroutine fills with what is left of the body, each a
 * struct gs_http_chunk of at most chunk_bytes (0: 64 KiB), at most `capacity`
 * of them ahead of the receiver. It is closed at the end, also by an error:
 * gs_http_body_error(). The caller owns one reference. gs_http_close(), the
 * caller's context, and closing or releasing the channel end the goroutine;
 * pieces that are in the channel then are still the receiver's to receive and
 * free. Meanwhile nobody else can read: GS_EBUSY. 0 with *out set, GS_EBUSY,
 * GS_EINVAL, GS_ENOMEM. Never parks. */
int gs_http_chan(gs_chan **out, gs_http *http, size_t chunk_bytes,
                 size_t capacity);

/* 0 while the body can be read or has ended well; else the error that ended
 * it. Never parks. */
int gs_http_body_error(const gs_http *http);

/* Ends the response and frees it; a body that was not read to its end is
 * aborted at the server, and an upload that is under way. A goroutine that
 * reads it gets GS_ECANCELED. NULL is allowed. Never parks. */
void gs_http_close(gs_http *http);

/* Copies the words for the last failure of a request in this program; returns
 * their length, 0 when there was none. Where several goroutines fail at a time
 * a request's own `words` are surer. Never parks. */
int gs_http_error(char *buf, size_t buf_bytes);

#ifdef __cplusplus
}
#endif
#endif

/* What the files of HTTP share: a request, who waits for it, its upload and its
 * progress. Parts that a program does not use are not linked: they are reached
 * by weak references, behind a pointer that only they set. */
#ifndef GS_HOST_HTTP_H
#define GS_HOST_HTTP_H

#include <gossamer/http.h>

#include "../sched/timer.h"
#include "../sync/peek.h"
#include "op.h"

/* Lies in the frame of whoever reads a body, which outlives gs_http_close(). */
struct gs__http_use {
  bool closed; /* the response is gone */
};

/* What was read ahead for lines, and not handed out. */
struct gs__http_rest {
  char *bytes;
  size_t start; /* the first that was not handed out */
  size_t end;
  size_t capacity;
};

struct gs__http_sending;
struct gs__http_feed;
struct gs__http_watch;

struct gs_http {
  uint32_t handle;           /* the host's; 0: not begun, or aborted */
  int error;                 /* what ended the request or its body, or 0 */
  bool open;                 /* the headers are there */
  bool ended;                /* the body was read to its end */
  bool asked;                /* the host: it has the words for a failure */
  struct gs__op *waiting;    /* for headers or body, or NULL */
  struct gs__http_use *use;  /* who reads the body, or NULL */
  struct gs__peek *peeks;    /* pollers that watch it, or NULL */
  struct gs__http_head head; /* written by the host */
  struct gs__http_sending *sending; /* the body on its way up, or NULL */
  struct gs__http_feed *feed;   /* the goroutine of gs_http_chan(), or NULL */
  struct gs__http_watch *watch; /* who wants to know the progress, or NULL */
  struct gs__alarm expiry;      /* the request's deadline */
  struct gs__alarm idle;        /* queued since somebody waited */
  int64_t idle_ns;              /* 0: any time */
  int64_t active_ns;            /* when something went up or came down */
  int64_t waited_ns;            /* since, by reads that ended before it did */
  uint32_t line_limit_bytes;
  struct gs__http_rest rest;
};

/* Ends a request that is under way by an error, which is told from then on. */
void gs__http_abort(gs_http *http, int error);

/* Somebody is about to wait: GS_OK, GS_ENOMEM. */
int gs__http_waits(gs_http *http);
/* Something went up or came down. */
static inline void gs__http_active(gs_http *http) {
  if (http->idle_ns == 0) return;
  http->active_ns = gs_now();
  http->waited_ns = 0;
}

/* ---- reading: http_body.c ---- */

/* Between the two nobody else reads. GS_EBUSY. */
int gs__http_use_begin(gs_http *http, struct gs__http_use *use);
void gs__http_use_end(gs_http *http, const struct gs__http_use *use);
/* The next bytes from the host, as gs_http_read_until(). Parks; then the
 * response may be gone: use->closed. */
int64_t gs__http_pull(gs_http *http, const struct gs__http_use *use, void *buf,
                      size_t buf_bytes, int64_t deadline_ns);
/* The next bytes, those that were read ahead first. */
int64_t gs__http_next(gs_http *http, const struct gs__http_use *use, void *buf,
                      size_t buf_bytes, int64_t deadline_ns);
/* No more than the host can answer at once. */
#define GS__HTTP_READ_MAX ((size_t)1 << 30)
/* Ends the goroutine of gs_http_chan(). */
void gs__http_feed_close(struct gs__http_feed *feed) __attribute__((weak));

/* ---- bodies on their way up: http_upload.c ---- */

/* What gs__http_send() is given for each attempt at a request. */
struct gs__http_upload {
  gs_http *http;
  const struct gs_http_body *body;
  bool again;       /* not the first attempt */
  bool taken;       /* set: the last call of the reader will be made */
  int64_t start;    /* set: where the file stood; -1: it cannot seek */
  int64_t up_bytes; /* set: what there is to send; -1: not known */
};
/* The request is over: the sender looks at nothing of it any more. */
void gs__http_sending_close(struct gs__http_sending *sending)
    __attribute__((weak));
/* The piece that waits to be taken, or NULL. */
struct gs__op *gs__http_sending_op(const struct gs__http_sending *sending)
    __attribute__((weak));

/* ---- progress: http_progress.c ---- */

/* Only when the request asks for it: GS_OK, GS_ENOMEM. */
int gs__http_watch(gs_http *http, const struct gs_http_request *request);
void gs__http_unwatch(struct gs__http_watch *watch);
/* These only with http->watch. An attempt begins: nothing was sent. */
void gs__http_begins(gs_http *http, int64_t up_total_bytes);
/* They call the user's function, which may close the response: the last thing
 * that is done with it. */
void gs__http_opened(gs_http *http);
void gs__http_went_up(gs_http *http, int64_t bytes, bool end);
void gs__http_came_down(gs_http *http, int64_t bytes, bool end);

/* ---- attempts: http_retry.c ---- */

/* How long to wait before the next attempt, the last one having ended by
 * `error` or with a response; -1: that is the answer. */
int64_t gs__http_retry_wait(const gs_http *http,
                            const struct gs_http_request *request, int error,
                            uint32_t tried);
/* What the response's Retry-After says of the time to wait; 0: nothing. */
int64_t gs__http_retry_after(const gs_http *http);
/* Skips the line that was too long for gs_http_read_line(), with its end: 1; 0:
 * the body ended; or as that. After an error it can be called again. */
int gs__http_skip_line_until(gs_http *http, int64_t deadline_ns);

/* ---- the poller, as far as they know of each other ---- */

/* The pollers that watch the body. */
struct gs__peek **gs__http_peeks(gs_http *http) __attribute__((weak));
/* As the import. */
int32_t gs__http_poll(const gs_http *http, uint32_t token, int32_t since)
    __attribute__((weak));

/* The source of these peeks is being freed. */
void gs__poller_orphan(struct gs__peek **peeks) __attribute__((weak));

#endif

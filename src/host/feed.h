/* A body that goes on when its connection ends: the request, copied, and the
 * connection that there is, or a goroutine that makes the next one. What is in
 * the body is for sse.c and ndjson.c, which have this as their first member. */
#ifndef GS_HOST_FEED_H
#define GS_HOST_FEED_H

#include <gossamer/ctx.h>
#include <gossamer/http.h>
#include <gossamer/sync.h>
#include <gossamer/time.h>

/* The feed goes on: no error and no end. */
#define GS__FEED_LIVES 1

struct gs__feed {
  struct gs_http_request request; /* the copy */
  struct gs_http_field *fields;   /* its headers, with room for two more */
  char *strings;                  /* what the copy points to */
  bool wants_events;              /* 200 and text/event-stream; else any 2xx */
  int state;                      /* GS__FEED_LIVES; how it ended: 0, error */
  gs_http *http;                  /* the connection, or NULL */
  uint32_t connections;           /* that there were */
  uint32_t failures;              /* in a row */
  uint32_t retries;               /* as many end it; 0: none do */
  int64_t retry_ns;
  int64_t retry_most_ns;
  int64_t wait_ns; /* before the next attempt */
  int64_t told_ns; /* the server's Retry-After, for that one; 0: none */
  gs_ctx *ctx;     /* of the goroutine that connects, or NULL */
  gs_waitgroup connecting;
  bool is_closed;
  bool is_reading; /* somebody waits for the next */
  uint32_t users;  /* who may still touch it */
  void (*free)(struct gs__feed *feed);
};

/* Copies the request. `free` frees what the feed is part of. The feed is all
 * zero. GS_EINVAL, GS_ENOMEM: then it is as it was. */
int gs__feed_init(struct gs__feed *feed, const struct gs_http_request *request,
                  void (*free)(struct gs__feed *feed));
/* Sets one of at most two headers, also in place of the caller's; value NULL:
 * none. The strings are not copied. */
void gs__feed_set_header(struct gs__feed *feed, const char *name,
                         const char *value);

/* Makes the first connection, in the caller's goroutine: **parks**. The words
 * for GS_EPROTO go to request->words. */
int gs__feed_open(struct gs__feed *feed, const struct gs_http_request *request);

/* Begins and ends a call that reads. GS_EBUSY. */
int gs__feed_enter(struct gs__feed *feed);
void gs__feed_leave(struct gs__feed *feed);

/* **Parks** until there is a connection: GS__FEED_LIVES; or how it has ended;
 * or an error of the caller's own waiting. */
int gs__feed_connect(struct gs__feed *feed, int64_t deadline_ns);
/* Whether an error of a read is the caller's, who may read on, and not the
 * connection's. */
bool gs__feed_is_callers(const struct gs__feed *feed, int error,
                         int64_t deadline_ns);
/* The connection is over; the next one is made after wait_ns, which is
 * retry_ns again since this one was there. */
void gs__feed_lost(struct gs__feed *feed);
/* Nothing more comes, for this reason. */
int gs__feed_end(struct gs__feed *feed, int state);

/* Ends the connection, or the attempt; frees it, now or when the last has left
 * it. */
void gs__feed_close(struct gs__feed *feed);
/* Frees the copies. */
void gs__feed_term(struct gs__feed *feed);

#endif

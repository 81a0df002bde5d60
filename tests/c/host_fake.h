/* A host for C programs without JavaScript: a real clock and an end for apps
 * on the build machine, and for tests a table of what is pending, which the
 * test completes when and how it likes. */
#ifndef GS_TESTS_HOST_FAKE_H
#define GS_TESTS_HOST_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../src/host/host.h"

#ifdef __cplusplus
extern "C" {
#endif

enum host_fake_kind {
  HOST_FAKE_OPEN,
  HOST_FAKE_SEND,
  HOST_FAKE_READ,
  HOST_FAKE_STDIN,
  HOST_FAKE_POLL
};

/* An operation the host has not finished. */
struct host_fake_op {
  uint32_t token;
  enum host_fake_kind kind;
  uint32_t http; /* the request */
  void *buf;     /* where the answer goes, or what is sent */
  size_t buf_bytes;
  uint32_t *count; /* and, of standard input, how much it is */
};

#define HOST_FAKE_OPS_MAX 4096

struct host_fake {
  bool testing;     /* not an app's host */
  int32_t answer;   /* of imports that start an operation */
  double now_ms;    /* the clock, in tests that do not use a virtual one */
  double step_ms;   /* how far it goes each time it is read */
  uint32_t pending; /* how many of `ops` */
  struct host_fake_op ops[HOST_FAKE_OPS_MAX]; /* oldest first */
  uint32_t started; /* counts, from the start of the test */
  uint32_t canceled;
  uint32_t canceled_unknown; /* tokens that were not pending */
  uint32_t opened;
  uint32_t closed;
  struct gs__http_start request; /* the last; its texts may be gone */
  struct gs__http_head head;     /* of responses; 200 and no length */
  const char *const *headers;    /* "name: value", ended by NULL; NULL: one */
  uint32_t ends;                 /* of bodies that were sent */
  int32_t end_error;             /* that the last of these ended by, or 0 */
  uint32_t per_origin;           /* the limit, as told */
  uint32_t frame_requests;
  uint32_t frame_cancels;
  bool frame_requested;
  uint32_t last_canceled; /* tokens */
  int32_t readable;       /* what http_poll and fd_poll tell; 0: nothing */
  uint32_t polls;         /* how often they were asked */
  uint32_t signals;       /* that are watched */
  uint32_t signal_watches;
  uint32_t signal_state;
  uint32_t calls_done;
  /* For tests that let the host act by itself; NULL: it does not. */
  void (*on_start)(const struct host_fake_op *op);
  void (*on_cancel)(uint32_t token);
  void (*on_frame_request)(void);
  void (*on_call_done)(void *call);
  char report[4096]; /* lines of the runtime's own messages, '\n' after each */
  size_t report_bytes;
};
extern struct host_fake host_fake;

/* Forgets everything; a test's host answers that operations are pending. */
void host_fake_reset(void);
/* Ends a pending operation: gs_complete(). A request that ends by 0 has got the
 * headers of a response. */
void host_fake_complete(uint32_t token, int32_t result);
/* The frame that was requested has come. */
void host_fake_frame(double timestamp_ms);
/* No operation, response or frame request is left,
 * and no signal watched. */
void host_fake_check_nothing_left(void);

/* The export of src/host/op.c. */
void gs_complete(uint32_t token, int32_t result);

#ifdef __cplusplus
}
#endif
#endif

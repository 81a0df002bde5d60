/* A server for feeds, played by the test: what is asked of the fake host is
 * answered when the test likes. */
#ifndef GS_TESTS_FEED_HELP_H
#define GS_TESTS_FEED_HELP_H

#include <gossamer/gossamer.h>
#include <string.h>

#include "../../src/host/host.h"
#include "harness.h"
#include "host_fake.h"

/* The only thing that is asked for, which must be of that kind. */
static inline struct host_fake_op *asked(enum host_fake_kind kind) {
  CHECK_EQ(host_fake.pending, 1);
  CHECK_EQ(host_fake.ops[0].kind, kind);
  return &host_fake.ops[0];
}

/* The headers have come, or will not. Whoever asked runs. */
static inline void answer_open(int32_t result) {
  host_fake_complete(asked(HOST_FAKE_OPEN)->token, result);
  CHECK_EQ(gs_yield(), GS_OK); /* who connects */
  CHECK_EQ(gs_yield(), GS_OK); /* and then who waits for that */
}

static inline void answer_status(uint32_t status) {
  host_fake.head = (struct gs__http_head){status, 0, -1};
  answer_open(0);
  host_fake.head = (struct gs__http_head){200, 0, -1};
}

/* Bytes of the body have come; "": its end. */
static inline void answer_read(const char *text) {
  struct host_fake_op *op = asked(HOST_FAKE_READ);
  memcpy(op->buf, text, strlen(text));
  host_fake_complete(op->token, (int32_t)strlen(text));
  CHECK_EQ(gs_yield(), GS_OK);
}

static inline void fail_read(int32_t error) {
  host_fake_complete(asked(HOST_FAKE_READ)->token, error);
  CHECK_EQ(gs_yield(), GS_OK);
}

/* A header of the request that was made last; NULL: it has none. */
static inline const char *sent_header(const char *name) {
  for (uint32_t i = 0; i < host_fake.request.header_count; i++) {
    const struct gs_http_field *field = &host_fake.request.headers[i];
    if (strcmp(field->name, name) == 0) return field->value;
  }
  return NULL;
}

#endif

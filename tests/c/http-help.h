/* Requests in goroutines of their own, which the test answers as the host. */
#ifndef GS_TESTS_HTTP_HELP_H
#define GS_TESTS_HTTP_HELP_H

#include <gossamer/gossamer.h>
#include <string.h>

#include "harness.h"
#include "host_fake.h"

#define URL "http://fake/"
#define POISON 0xa5

struct request {
  struct gs_http_request request;
  gs_http *http;
  int result;
  bool done;
};

static void run_request(void *arg) {
  struct request *r = arg;
  r->result = gs_http_open(&r->http, &r->request);
  r->done = true;
}

/* Lets all that can go on without time or the host do so. */
static inline void settle(void) {
  for (int i = 0; i < 8; i++) CHECK_EQ(gs_yield(), GS_OK);
}

static inline void start_request(struct request *r) {
  if (r->request.url == NULL) r->request.url = URL;
  r->done = false;
  CHECK(gs_go(run_request, r) > 0);
  settle();
}

static inline const struct host_fake_op *find_pending(
    enum host_fake_kind kind) {
  for (uint32_t i = 0; i < host_fake.pending; i++) {
    if (host_fake.ops[i].kind == kind) return &host_fake.ops[i];
  }
  return NULL;
}

/* Completes the oldest operation of that kind. */
static inline void answer(enum host_fake_kind kind, int32_t result) {
  const struct host_fake_op *op = find_pending(kind);
  CHECK(op != NULL);
  host_fake_complete(op->token, result);
  settle();
}

static inline void answer_read(const char *bytes, size_t size) {
  const struct host_fake_op *op = find_pending(HOST_FAKE_READ);
  CHECK(op != NULL);
  CHECK(size <= op->buf_bytes);
  memcpy(op->buf, bytes, size);
  answer(HOST_FAKE_READ, (int32_t)size);
}

static inline void answer_text(const char *text) {
  answer_read(text, strlen(text));
}

/* Has the headers come. */
static inline void open_request(struct request *r) {
  start_request(r);
  answer(HOST_FAKE_OPEN, 0);
  CHECK(r->done);
  CHECK_EQ(r->result, GS_OK);
}

static inline bool poisoned(const void *buf, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    if (((const unsigned char *)buf)[i] != POISON) return false;
  }
  return true;
}

/* One read in a goroutine of its own. */
struct read {
  gs_http *http;
  unsigned char buf[32];
  int64_t result;
  bool done;
};

static void run_read(void *arg) {
  struct read *r = arg;
  memset(r->buf, POISON, sizeof r->buf);
  r->result = gs_http_read(r->http, r->buf, sizeof r->buf);
  r->done = true;
}

static inline void start_read(struct read *r) {
  r->done = false;
  CHECK(gs_go(run_read, r) > 0);
  settle();
}

#endif

/* The host on the build machine: a clock, stderr and an end. It drives the
 * pump of programs built by gossamer_add_app(), whose main() was renamed, and
 * answers the imports; nothing asynchronous exists here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../src/debug.h"
#include "../../src/host/host.h"
#include "../../src/runtime.h"
#include "../../src/sched/timer.h"
#include "host_native.h"

static struct timespec origin;

static struct timespec read_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now;
}

double gs__host_now(void) {
  struct timespec now = read_clock();
  if (origin.tv_sec == 0) origin = now;
  return (double)(now.tv_sec - origin.tv_sec) * 1e3 +
         (double)(now.tv_nsec - origin.tv_nsec) / 1e6;
}

uint32_t gs__host_seed(void) { return (uint32_t)read_clock().tv_nsec; }

void gs__host_report(const char *text, size_t text_bytes) {
  fprintf(stderr, "%.*s\n", (int)text_bytes, text);
}

void gs__host_exit(int32_t code) { exit(code); }
void gs__host_wake(void) {}

struct gs__host_fake gs__host_fake;

void gs__host_op_cancel(uint32_t token) {
  gs__host_fake.canceled++;
  gs__host_fake.last_canceled = token;
}
void gs__host_frame_request(void) { gs__host_fake.frame_requests++; }
void gs__host_frame_cancel(void) { gs__host_fake.frame_cancels++; }

int32_t gs__host_canvas_present(const void *pixels, uint32_t width,
                                uint32_t height) {
  (void)pixels, (void)width, (void)height;
  return GS_ENODEV;
}
int32_t gs__host_canvas_size(uint32_t *height) {
  (void)height;
  return GS_ENODEV;
}

/* With answers_pending set, HTTP calls stay pending until the test completes
 * their tokens. */
static int32_t start(uint32_t token) {
  if (!gs__host_fake.answers_pending) return GS_ENOSYS;
  gs__host_fake.last_started = token;
  return GS__PENDING;
}
int32_t gs__host_http_get(uint32_t token, const char *url, size_t url_bytes) {
  (void)url, (void)url_bytes;
  return start(token);
}
int32_t gs__host_http_status(uint32_t http) {
  (void)http;
  return 200;
}
int32_t gs__host_http_header(uint32_t http, const char *name, size_t name_bytes,
                             char *buf, size_t buf_bytes) {
  (void)http, (void)name, (void)name_bytes, (void)buf, (void)buf_bytes;
  return GS_ENOENT;
}
int32_t gs__host_http_header_at(uint32_t http, uint32_t index, char *buf,
                                size_t buf_bytes) {
  (void)http, (void)index, (void)buf, (void)buf_bytes;
  return GS_ENOENT;
}
int32_t gs__host_http_url(uint32_t http, char *buf, size_t buf_bytes) {
  (void)http, (void)buf, (void)buf_bytes;
  return 0;
}
int32_t gs__host_http_read(uint32_t token, uint32_t http, void *buf,
                           size_t buf_bytes) {
  (void)http;
  gs__host_fake.last_buffer = buf;
  gs__host_fake.last_buffer_bytes = buf_bytes;
  return start(token);
}
void gs__host_http_close(uint32_t http) {
  (void)http;
  gs__host_fake.closed++;
}
int32_t gs__host_http_error(char *buf, size_t buf_bytes) {
  (void)buf, (void)buf_bytes;
  return 0;
}
int32_t gs__host_stdin_read(uint32_t token, void *buf, size_t buf_bytes) {
  (void)token, (void)buf, (void)buf_bytes;
  return GS_ENOSYS;
}
void gs__host_call_done(struct gs__call *call) { (void)call; }

/* The host without JavaScript: see host_fake.h. In wasm these definitions win
 * over the imports of the same names when the tests are linked. */
#define GS__HOST_DEFINED 1
#include "host_fake.h"

#include <gossamer/poller.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "../../src/base/check.h"
#include "../../src/host/frame.h"
#include "../../src/host/host.h"
#include "../../src/sched/sched.h"

struct host_fake host_fake = {.answer = GS_ENOSYS};

void host_fake_reset(void) {
  memset(&host_fake, 0, sizeof host_fake);
  host_fake.testing = true;
  host_fake.answer = GS__PENDING;
  host_fake.head = (struct gs__http_head){200, 0, -1};
}

static _Noreturn void wrong(const char *text, uint32_t number) {
  gs__fatal("fake host: %s: %u", text, (unsigned)number);
}

/* ---- program ---- */

static double real_clock_ms(void) {
  static struct timespec origin;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (origin.tv_sec == 0) origin = now;
  return (double)(now.tv_sec - origin.tv_sec) * 1e3 +
         (double)(now.tv_nsec - origin.tv_nsec) / 1e6;
}

double gs__host_now(void) {
  if (!host_fake.testing) return real_clock_ms();
  double now_ms = host_fake.now_ms;
  host_fake.now_ms += host_fake.step_ms;
  return now_ms;
}

uint32_t gs__host_seed(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)now.tv_nsec;
}

void gs__host_report(const char *text, size_t text_bytes) {
  fprintf(stderr, "%.*s\n", (int)text_bytes, text);
  struct host_fake *h = &host_fake;
  if (text_bytes + 2 > sizeof h->report - h->report_bytes) return;
  memcpy(h->report + h->report_bytes, text, text_bytes);
  h->report_bytes += text_bytes;
  h->report[h->report_bytes++] = '\n';
}

void gs__host_exit(int32_t code) {
  fflush(NULL);
  _Exit(code);
}

/* ---- operations ---- */

static struct host_fake_op *find(uint32_t token) {
  for (uint32_t i = 0; i < host_fake.pending; i++) {
    if (host_fake.ops[i].token == token) return &host_fake.ops[i];
  }
  return NULL;
}

static void forget(struct host_fake_op *op) {
  uint32_t index = (uint32_t)(op - host_fake.ops);
  host_fake.pending--;
  memmove(op, op + 1, (host_fake.pending - index) * sizeof *op);
}

static int32_t start(struct host_fake_op op) {
  struct host_fake *h = &host_fake;
  if (h->answer != GS__PENDING) return h->answer;
  if (h->pending == HOST_FAKE_OPS_MAX) wrong("too much is pending", op.token);
  if (op.token == 0 || find(op.token) != NULL) {
    wrong("a token that is in use", op.token);
  }
  h->ops[h->pending++] = op;
  h->started++;
  if (h->on_start != NULL) h->on_start(&op);
  return GS__PENDING;
}

void gs__host_op_cancel(uint32_t token) {
  struct host_fake_op *op = find(token);
  host_fake.last_canceled = token;
  if (op == NULL) {
    host_fake.canceled_unknown++;
    return;
  }
  forget(op);
  host_fake.canceled++;
  if (host_fake.on_cancel != NULL) host_fake.on_cancel(token);
}

void host_fake_complete(uint32_t token, int32_t result) {
  struct host_fake_op *op = find(token);
  if (op == NULL) wrong("completes what is not pending", token);
  if (op->kind == HOST_FAKE_OPEN && result == 0) {
    *(struct gs__http_head *)op->buf = host_fake.head;
  }
  forget(op);
  gs_complete(token, result);
}

/* ---- frames and canvas ---- */

void gs__host_frame_request(void) {
  host_fake.frame_requests++;
  host_fake.frame_requested = true;
  if (host_fake.on_frame_request != NULL) host_fake.on_frame_request();
}

void gs__host_frame_cancel(void) {
  host_fake.frame_cancels++;
  host_fake.frame_requested = false;
}

void host_fake_frame(double timestamp_ms) {
  if (!host_fake.frame_requested) wrong("nobody asked for a frame", 0);
  host_fake.frame_requested = false;
  gs__frames_deliver(timestamp_ms);
}

int32_t gs__host_canvas_present(const void *pixels, uint32_t width,
                                uint32_t height) {
  (void)pixels, (void)width, (void)height;
  return host_fake.testing ? GS_OK : GS_ENODEV;
}

int32_t gs__host_canvas_size(uint32_t *height) {
  if (!host_fake.testing) return GS_ENODEV;
  *height = 240;
  return 320;
}

/* ---- HTTP and standard input ---- */

int32_t gs__host_http_open(uint32_t token, struct gs__http_start *request) {
  struct host_fake *h = &host_fake;
  h->request = *request;
  int32_t answer = start((struct host_fake_op){.token = token,
                                               .kind = HOST_FAKE_OPEN,
                                               .http = h->opened + 1,
                                               .buf = request->head});
  if (answer == GS__PENDING) request->handle = ++h->opened;
  return answer;
}

int32_t gs__host_http_send(uint32_t token, uint32_t http, const void *buf,
                           size_t buf_bytes) {
  if (http == 0 || http > host_fake.opened) wrong("sends to nobody", http);
  if (buf == NULL) {
    host_fake.ends++;
    host_fake.end_error = (int32_t)buf_bytes;
    return 0;
  }
  return start((struct host_fake_op){.token = token,
                                     .kind = HOST_FAKE_SEND,
                                     .http = http,
                                     .buf = (void *)buf,
                                     .buf_bytes = buf_bytes});
}

int32_t gs__host_http_allows(const char *url, size_t url_bytes,
                             const char *method, size_t method_bytes) {
  (void)url, (void)url_bytes, (void)method, (void)method_bytes;
  return GS_OK;
}

int32_t gs__host_http_limit(uint32_t per_origin) {
  host_fake.per_origin = per_origin;
  return GS_OK;
}

/* Copies `text` as the host does: no NUL, the whole length is the answer. */
static int32_t put_text(const char *text, char *buf, size_t buf_bytes) {
  size_t length = strlen(text);
  size_t copied = length < buf_bytes ? length : buf_bytes;
  if (copied > 0) memcpy(buf, text, copied);
  return (int32_t)length;
}

static const char *const default_headers[] = {"content-type: text/plain", NULL};

static const char *header_at(uint32_t index) {
  const char *const *headers = host_fake.headers;
  if (headers == NULL) headers = default_headers;
  while (index-- > 0 && *headers != NULL) headers++;
  return *headers;
}

int32_t gs__host_http_header(uint32_t http, const char *name, size_t name_bytes,
                             char *buf, size_t buf_bytes) {
  (void)http;
  const char *header;
  for (uint32_t i = 0; (header = header_at(i)) != NULL; i++) {
    if (strncmp(header, name, name_bytes) == 0 && header[name_bytes] == ':') {
      return put_text(header + name_bytes + 2, buf, buf_bytes);
    }
  }
  return GS_ENOENT;
}

int32_t gs__host_http_header_at(uint32_t http, uint32_t index, char *buf,
                                size_t buf_bytes) {
  (void)http;
  const char *header = header_at(index);
  return header == NULL ? GS_ENOENT : put_text(header, buf, buf_bytes);
}

int32_t gs__host_http_url(uint32_t http, char *buf, size_t buf_bytes) {
  (void)http;
  return put_text("http://fake/", buf, buf_bytes);
}

int32_t gs__host_http_read(uint32_t token, uint32_t http, void *buf,
                           size_t buf_bytes) {
  return start((struct host_fake_op){.token = token,
                                     .kind = HOST_FAKE_READ,
                                     .http = http,
                                     .buf = buf,
                                     .buf_bytes = buf_bytes});
}

void gs__host_http_close(uint32_t http) {
  for (uint32_t i = 0; i < host_fake.pending; i++) {
    if (host_fake.ops[i].kind != HOST_FAKE_STDIN &&
        host_fake.ops[i].http == http) {
      wrong("closed before what is pending was canceled", http);
    }
  }
  host_fake.closed++;
}

int32_t gs__host_http_error(char *buf, size_t buf_bytes) {
  return put_text("no such host", buf, buf_bytes);
}

#ifdef __wasm__
/* The read that was just answered by GS__PENDING. */
static struct host_fake_op reading;

/* libc's, in place of the import: standard input. */
int32_t gs__wasi_fd_read(uint32_t fd, const struct iovec *spans, size_t count,
                         uint32_t *read);
int32_t gs__wasi_fd_read(uint32_t fd, const struct iovec *spans, size_t count,
                         uint32_t *read) {
  if (fd != 0) wrong("only standard input is read here", fd);
  size_t first = 0;
  while (first < count && spans[first].iov_len == 0) first++;
  *read = 0;
  if (first == count) return 0;
  int32_t answer = host_fake.answer;
  if (answer != GS__PENDING) {
    if (answer > 0) *read = (uint32_t)answer;
    return answer < 0 ? -answer : 0;
  }
  reading = (struct host_fake_op){.kind = HOST_FAKE_STDIN,
                                  .buf = spans[first].iov_base,
                                  .buf_bytes = spans[first].iov_len,
                                  .count = read};
  return GS__PENDING;
}

void gs__host_wasi_wait(uint32_t token) {
  reading.token = token;
  if (token != 0) start(reading);
}
#else
void gs__host_wasi_wait(uint32_t token) { (void)token; }
#endif

int32_t gs__host_cwd(char *buf, size_t buf_bytes) {
  if (buf_bytes > 0) buf[0] = '/';
  return 1;
}

static int32_t poll(uint32_t token, uint32_t http, int32_t since) {
  host_fake.polls++;
  if (host_fake.readable / 2 > since / 2) return host_fake.readable;
  return start((struct host_fake_op){
      .token = token, .kind = HOST_FAKE_POLL, .http = http});
}

int32_t gs__host_http_poll(uint32_t token, uint32_t http, int32_t since) {
  return poll(token, http, since);
}

int32_t gs__host_fd_poll(uint32_t token, int32_t fd, uint32_t events,
                         int32_t since) {
  if (fd != 0) return GS_EBADF;
  if (token == 0) return 0;
  int32_t answer = poll(token, 0, since >> 3 << 1);
  if (answer < 0) return answer;
  int32_t closed = (answer & 1) != 0 ? GS_POLL_CLOSED : 0;
  return (answer >> 1 << 3) | closed | (int32_t)(events & GS_POLL_READABLE);
}

/* ---- signals ---- */

void gs__host_signal_watch(uint32_t signals) {
  host_fake.signal_watches++;
  host_fake.signals = signals;
}

uint32_t gs__host_signal_state(void) { return host_fake.signal_state; }

/* ---- calls ---- */

void gs__host_call_done(struct gs__call *call) {
  host_fake.calls_done++;
  if (host_fake.on_call_done != NULL) host_fake.on_call_done(call);
}

void host_fake_check_nothing_left(void) {
  if (host_fake.pending > 0) wrong("still pending", host_fake.pending);
  if (host_fake.opened != host_fake.closed) {
    wrong("responses never closed", host_fake.opened - host_fake.closed);
  }
  if (host_fake.frame_requested) wrong("a frame is still requested", 0);
  if (host_fake.signals != 0) wrong("still watched", host_fake.signals);
}

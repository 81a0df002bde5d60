/* Bodies on their way up: a goroutine that asks a file or a reader for the next
 * piece and gives it to the host. It outlives the request while the reader
 * works: closing never waits for it. See gossamer/http.h. */
#include <errno.h>
#include <gossamer/ctx.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/stress.h"
#include "http.h"

#define PIECE_BYTES ((size_t)64 << 10)
/* For a file; a reader is the user's and gets what gs_go() gives. */
#define FILE_STACK_BYTES 8192

struct gs__http_sending {
  struct gs__owned owned; /* must be first */
  gs_http *http;          /* NULL: it is over, nothing more is wanted */
  struct gs__op *waiting; /* for a piece to be taken, or NULL */
  gs_ctx *ctx;
  struct gs_http_body body;
  int64_t sent_bytes;
  unsigned char bytes[PIECE_BYTES];
};

/* Not public: gives the host a piece, or by NULL the end. */
int gs__http_send_piece(struct gs__http_sending *sending, const void *bytes,
                        size_t size_bytes);

GS__LEAF(gs__http_send_piece)
int gs__http_send_piece(struct gs__http_sending *sending, const void *bytes,
                        size_t size_bytes) {
  GS__LEAF_BODY(int);
  struct gs__op op;
  int error = gs__op_begin(&op);
  if (error != GS_OK) return error;
  int32_t answer =
      gs__host_http_send(op.token, sending->http->handle, bytes, size_bytes);
  if (answer != GS__PENDING) {
    gs__op_drop(&op);
    return gs__done(answer);
  }
  struct gs__deadline expiry;
  error = gs__op_wait(&op, &expiry, GS_FOREVER);
  if (error != GS_OK) return error;
  sending->waiting = &op;
  op.watch = &sending->waiting;
  return (int)gs__park("HTTP upload", sending);
}

/* What a reader or a file may answer is anything. */
static int error_of(int64_t answer) {
  return answer < GS_ENOTCAPABLE || answer >= 0 ? GS_EIO : (int)answer;
}

/* The next piece: its size, 0 at the end, or an error. */
static int64_t read_piece(struct gs__http_sending *sending) {
  const struct gs_http_body *body = &sending->body;
  int64_t count;
  if (body->kind == GS_HTTP_FILE) {
    count = read(body->fd, sending->bytes, PIECE_BYTES);
    if (count < 0) count = -errno;
  } else {
    count = body->read(body->arg, sending->bytes, PIECE_BYTES);
  }
  if (count < 0) return error_of(count);
  if (count > (int64_t)PIECE_BYTES) return GS_EIO;
  if (body->kind == GS_HTTP_READER && body->size_bytes >= 0) {
    int64_t left = body->size_bytes - sending->sent_bytes;
    if (count > left || (count == 0 && left > 0)) return GS_EIO;
  }
  return count;
}

/* GS_OK when all of it went, or an error; then the request may be over. */
static int send_all(struct gs__http_sending *sending) {
  int64_t count;
  do {
    if (sending->http == NULL) return GS_EPIPE;
    count = read_piece(sending);
    if (sending->http == NULL) return GS_EPIPE;
    if (count < 0) return (int)count;
    int error = gs__http_waits(sending->http);
    if (error == GS_OK) {
      const void *bytes = count == 0 ? NULL : sending->bytes;
      error = gs__http_send_piece(sending, bytes, (size_t)count);
    }
    if (sending->http == NULL) return GS_EPIPE;
    if (error < 0) return error;
    sending->sent_bytes += count;
    gs_http *http = sending->http;
    gs__http_active(http);
    if (http->watch != NULL) gs__http_went_up(http, count, count == 0);
  } while (count > 0);
  return GS_OK;
}

/* The body cannot be had: the request ends by that. One whose headers have not
 * come is ended by the host, which has words for it. */
static void fail(gs_http *http, int error) {
  gs__host_http_send(0, http->handle, NULL, (size_t)-error);
  if (http->open) gs__http_abort(http, error);
}

static void run_sending(void *arg) {
  struct gs__http_sending *sending = arg;
  int error = send_all(sending);
  gs_http *http = sending->http;
  /* The host has ended the request by these itself, or wants no more of it. */
  bool known = error == GS_OK || error == GS_EPIPE || error == GS_EFBIG;
  if (http != NULL && !known) fail(http, error);
  if (sending->http != NULL) sending->http->sending = NULL;
  sending->http = NULL;
  const struct gs_http_body *body = &sending->body;
  if (body->kind == GS_HTTP_READER) body->read(body->arg, NULL, 0);
}

/* The goroutine has ended, however. */
static void end(struct gs__owned *owned, bool dropped) {
  struct gs__http_sending *sending = (struct gs__http_sending *)owned;
  gs_http *http = sending->http;
  if (http != NULL) {
    http->sending = NULL;
    sending->http = NULL;
    if (!dropped) gs__http_abort(http, GS_ECANCELED);
  }
  gs_ctx_release(sending->ctx);
  free(sending);
}

/* Where the file stands, and how much there is from there on. */
static int look_at_file(struct gs__http_upload *upload) {
  int fd = upload->body->fd;
  if (upload->again) {
    if (lseek(fd, (off_t)upload->start, SEEK_SET) < 0) return -errno;
    return GS_OK;
  }
  struct stat about;
  upload->up_bytes = -1;
  upload->start = lseek(fd, 0, SEEK_CUR);
  if (upload->start < 0) {
    if (errno == EBADF) return GS_EBADF;
    upload->start = -1;
  } else if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
    int64_t left = (int64_t)about.st_size - upload->start;
    upload->up_bytes = left < 0 ? 0 : left;
  }
  return GS_OK;
}

int gs__http_send(struct gs__http_upload *upload) {
  bool is_file = upload->body->kind == GS_HTTP_FILE;
  int error = GS_OK;
  if (is_file) {
    error = look_at_file(upload);
  } else {
    upload->start = -1;
    upload->up_bytes = upload->body->size_bytes;
  }
  if (error != GS_OK) return error;
  struct gs__http_sending *sending = gs__malloc(sizeof *sending);
  if (sending == NULL) return GS_ENOMEM;
  sending->owned.end = end;
  sending->http = upload->http;
  sending->waiting = NULL;
  sending->body = *upload->body;
  sending->sent_bytes = 0;
  error = gs_ctx_new(&sending->ctx, gs_ctx_current());
  if (error != GS_OK) goto no_ctx;
  struct gs_go_options options = {
      .name = "HTTP upload", .stack_bytes = is_file ? FILE_STACK_BYTES : 0};
  gs_id id = gs_go_with(&options, run_sending, sending);
  if (id < 0) {
    error = (int)id;
    goto no_task;
  }
  struct gs__task *task = gs__task_newest();
  gs__task_enter(task, (struct gs__scope *)sending->ctx);
  gs__own(task, &sending->owned);
  upload->http->sending = sending;
  upload->taken = true;
  return GS_OK;

no_task:
  gs_ctx_release(sending->ctx);
no_ctx:
  free(sending);
  return error;
}

void gs__http_sending_close(struct gs__http_sending *sending) {
  sending->http = NULL;
  if (sending->waiting != NULL) gs__op_abort(sending->waiting, GS_ECANCELED);
  gs_ctx_cancel(sending->ctx, GS_ECANCELED);
}

struct gs__op *gs__http_sending_op(const struct gs__http_sending *sending) {
  return sending->waiting;
}

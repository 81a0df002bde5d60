/* An upload whose bytes a goroutine makes while they go up, and hashes: the
 * server tells what it has got, and both must be the same. Where the browser
 * cannot stream an upload, the runtime collects it first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream-common.h"

#define SHA_256_BYTES 32
#define ANSWER_BYTES 512
#define IDLE_NS (30 * GS_SECOND)
#define LIMIT_BYTES ((uint32_t)256 << 20)

static struct {
  struct job job;
  gs_hasher *hasher;
  int64_t total;
  int64_t made;
  int64_t sent; /* taken by the browser */
  bool streamed;
  bool answered; /* by the server, and `same` says how that compares */
  bool same;
  char sha256[2 * SHA_256_BYTES + 1];
} upload;

/* Gives the body's next bytes; the runtime calls it in a goroutine. */
static int64_t make_bytes(void *arg, void *buf, size_t buf_bytes) {
  (void)arg;
  if (buf == NULL) return 0;
  int64_t left = upload.total - upload.made;
  size_t size = left < (int64_t)buf_bytes ? (size_t)left : buf_bytes;
  pattern_fill(buf, size, upload.made);
  int error = gs_hasher_update(upload.hasher, buf, size);
  /* What collects the body asks for piece after piece: the page's turn. */
  if (error == GS_OK) error = gs_yield();
  if (error != GS_OK) return error;
  upload.made += (int64_t)size;
  return (int64_t)size;
}

static void on_progress(void *arg, const struct gs_http_progress *progress) {
  (void)arg;
  upload.sent = progress->up_bytes;
}

/* Whether the server tells the number of bytes and the hash that we have. */
static int compare(gs_http *http) {
  char answer[ANSWER_BYTES];
  size_t length = 0;
  int64_t count;
  while ((count = gs_http_read(http, answer + length,
                               sizeof answer - 1 - length)) > 0) {
    length += (size_t)count;
    if (length == sizeof answer - 1) return GS_EMSGSIZE;
  }
  answer[length] = '\0';
  if (count < 0) return (int)count;
  unsigned char digest[GS_HASH_BYTES_MAX];
  int size = gs_hasher_finish(upload.hasher, digest);
  if (size < 0) return size;
  hex(upload.sha256, digest, (size_t)size);
  char bytes[48];
  snprintf(bytes, sizeof bytes, "\"bytes\":%lld,", (long long)upload.total);
  upload.answered = true;
  upload.same =
      strstr(answer, bytes) != NULL && strstr(answer, upload.sha256) != NULL;
  return GS_OK;
}

static int send(const char *url) {
  struct gs_http_request request = {
      .url = url,
      .method = "PUT",
      .headers = (struct gs_http_field[]){{"content-type",
                                           "application/octet-stream"}},
      .header_count = 1,
      .body = gs_http_reader(make_bytes, NULL, upload.total),
      .upload_limit_bytes = LIMIT_BYTES,
      .idle_ns = IDLE_NS,
      .progress = on_progress,
      .words = upload.job.words,
      .words_bytes = sizeof upload.job.words,
  };
  gs_http *http;
  int error = gs_http_open(&http, &request);
  if (error != GS_OK) return error;
  upload.streamed = (gs_http_flags(http) & GS_HTTP_STREAMED_UP) != 0;
  int status = gs_http_status(http);
  if (status == 200) {
    error = compare(http);
  } else {
    error = GS_EPROTO;
    snprintf(upload.job.words, sizeof upload.job.words,
             "the server answered %d", status);
  }
  gs_http_close(http);
  return error;
}

GS_EXPORT(const char *, open_upload, (const char *, url), (int, mib)) {
  int error = job_begin(&upload.job);
  if (error == GS_EBUSY) return job_end(&upload.job, error);
  upload.total = (int64_t)mib << 20;
  upload.made = upload.sent = 0;
  upload.streamed = upload.answered = upload.same = false;
  upload.sha256[0] = '\0';
  upload.hasher = NULL;
  if (error == GS_OK) error = gs_hasher_new(&upload.hasher, GS_SHA_256);
  if (error == GS_ENOSYS) {
    gs_crypto_error(upload.job.words, sizeof upload.job.words);
  }
  if (error == GS_OK) error = send(url);
  gs_hasher_free(upload.hasher);
  return job_end(&upload.job, error);
}

GS_EXPORT_VOID(cancel_upload) { job_cancel(&upload.job); }

GS_EXPORT(const char *, measure_upload) {
  static char text[256];
  snprintf(text, sizeof text,
           "{\"made\":%lld,\"sent\":%lld,\"total\":%lld,\"streamed\":%s,"
           "\"answered\":%s,\"same\":%s,\"sha256\":\"%s\"}",
           (long long)upload.made, (long long)upload.sent,
           (long long)upload.total, upload.streamed ? "true" : "false",
           upload.answered ? "true" : "false", upload.same ? "true" : "false",
           upload.sha256);
  return text;
}

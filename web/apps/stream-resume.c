/* A download that goes on where its connection broke: it asks for the rest by
 * Range, and by If-Range only of the very same content; when that is another
 * by now, the server sends all of it and the download begins anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream-common.h"

#define READ_BYTES ((size_t)256 << 10)
#define IDLE_NS (10 * GS_SECOND)
#define WAIT_NS (200 * GS_MILLISECOND)
#define FAILURES_MAX 5 /* in a row, with nothing new */

static struct {
  struct job job;
  int64_t total; /* -1: not known yet */
  int64_t at;    /* bytes that are here and right */
  int64_t wrong_at;
  int connections;
  int breaks;
  int restarts; /* the content was another one */
  char etag[128];
  unsigned char *buffer;
} resume;

/* What the response has is to come at resume.at. */
static int place(gs_http *http) {
  int status = gs_http_status(http);
  if (status == 206) {
    char range[64] = "";
    long long from = -1;
    gs_http_header(http, "content-range", range, sizeof range);
    if (sscanf(range, "bytes %lld-", &from) == 1 && from == resume.at) {
      return GS_OK;
    }
    snprintf(resume.job.words, sizeof resume.job.words,
             "the server sent another range than %lld on",
             (long long)resume.at);
    return GS_EPROTO;
  }
  if (status != 200) {
    snprintf(resume.job.words, sizeof resume.job.words,
             "the server answered %d", status);
    return GS_EPROTO;
  }
  if (resume.at > 0) resume.restarts++;
  resume.at = 0;
  if (gs_http_header(http, "etag", resume.etag, sizeof resume.etag) < 0) {
    resume.etag[0] = '\0';
  }
  return GS_OK;
}

static int read_on(gs_http *http) {
  int64_t count;
  while ((count = gs_http_read(http, resume.buffer, READ_BYTES)) > 0) {
    size_t right = pattern_wrong(resume.buffer, (size_t)count, resume.at);
    resume.at += (int64_t)right;
    if (right == (size_t)count) continue;
    resume.wrong_at = resume.at;
    snprintf(resume.job.words, sizeof resume.job.words, "byte %lld is wrong",
             (long long)resume.wrong_at);
    return GS_EBADMSG;
  }
  return (int)count;
}

/* One connection. GS_EIO, GS_ECONNRESET and GS_ETIMEDOUT: another may do. */
static int fetch_rest(const char *url) {
  char range[48];
  snprintf(range, sizeof range, "bytes=%lld-", (long long)resume.at);
  struct gs_http_field headers[] = {{"range", range},
                                    {"if-range", resume.etag}};
  struct gs_http_request request = {
      .url = url,
      .headers = headers,
      .header_count = resume.at > 0 && resume.etag[0] != '\0' ? 2 : 0,
      .idle_ns = IDLE_NS,
      .words = resume.job.words,
      .words_bytes = sizeof resume.job.words,
  };
  gs_http *http;
  resume.connections++;
  int error = gs_http_open(&http, &request);
  if (error != GS_OK) return error;
  error = place(http);
  if (error == GS_OK) {
    int64_t length = gs_http_length(http);
    resume.total = length < 0 ? -1 : resume.at + length;
    error = read_on(http);
  }
  gs_http_close(http);
  return error;
}

static int fetch_all(const char *url) {
  for (int failures = 0;;) {
    int64_t before = resume.at;
    int error = fetch_rest(url);
    bool broken =
        error == GS_EIO || error == GS_ECONNRESET || error == GS_ETIMEDOUT;
    if (!broken) return error;
    failures = resume.at > before ? 0 : failures + 1;
    if (failures == FAILURES_MAX) return error;
    resume.breaks++;
    error = gs_sleep(WAIT_NS);
    if (error != GS_OK) return error;
    resume.job.words[0] = '\0';
  }
}

GS_EXPORT(const char *, open_resume, (const char *, url)) {
  int error = job_begin(&resume.job);
  if (error == GS_EBUSY) return job_end(&resume.job, error);
  resume.total = -1;
  resume.at = 0;
  resume.wrong_at = -1;
  resume.connections = resume.breaks = resume.restarts = 0;
  resume.etag[0] = '\0';
  resume.buffer = malloc(READ_BYTES);
  if (resume.buffer == NULL) error = GS_ENOMEM;
  if (error == GS_OK) error = fetch_all(url);
  free(resume.buffer);
  return job_end(&resume.job, error);
}

GS_EXPORT_VOID(cancel_resume) { job_cancel(&resume.job); }

GS_EXPORT(const char *, measure_resume) {
  static char text[256];
  snprintf(text, sizeof text,
           "{\"at\":%lld,\"total\":%lld,\"connections\":%d,\"breaks\":%d,"
           "\"restarts\":%d,\"wrongAt\":%lld}",
           (long long)resume.at, (long long)resume.total, resume.connections,
           resume.breaks, resume.restarts, (long long)resume.wrong_at);
  return text;
}

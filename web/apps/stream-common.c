/* See stream-common.h. */
#include "stream-common.h"

#include <stdio.h>
#include <string.h>

#define PATTERN_PERIOD 251
#define PATTERN_BYTES ((size_t)128 << 10)

int job_begin(struct job *job) {
  if (job->ctx != NULL) return GS_EBUSY;
  job->words[0] = '\0';
  int error = gs_ctx_new(&job->ctx, gs_ctx_current());
  if (error != GS_OK) return error;
  job->outer = gs_ctx_enter(job->ctx);
  return GS_OK;
}

const char *job_end(struct job *job, int error) {
  if (error == GS_EBUSY) return "it is running already";
  bool cancelled = false;
  if (job->ctx != NULL) {
    cancelled = gs_ctx_error(job->ctx) == GS_ECANCELED;
    gs_ctx_leave(job->outer);
    gs_ctx_release(job->ctx);
    job->ctx = NULL;
  }
  if (error == GS_OK) return "complete";
  if (cancelled) return "cancelled";
  return job->words[0] != '\0' ? job->words : gs_strerror(error);
}

void job_cancel(struct job *job) {
  if (job->ctx != NULL) gs_ctx_cancel(job->ctx, GS_ECANCELED);
}

/* A piece of it that begins at any phase. */
static const char *pattern_at(int64_t offset) {
  static char pattern[PATTERN_BYTES + PATTERN_PERIOD];
  if (pattern[1] == 0) {
    for (size_t i = 0; i < sizeof pattern; i++) {
      pattern[i] = (char)(i % PATTERN_PERIOD);
    }
  }
  return pattern + offset % PATTERN_PERIOD;
}

static size_t piece_of(size_t left) {
  return left < PATTERN_BYTES ? left : PATTERN_BYTES;
}

void pattern_fill(void *bytes, size_t size, int64_t offset) {
  char *to = bytes;
  for (size_t at = 0; at < size;) {
    size_t piece = piece_of(size - at);
    memcpy(to + at, pattern_at(offset + (int64_t)at), piece);
    at += piece;
  }
}

size_t pattern_wrong(const void *bytes, size_t size, int64_t offset) {
  const char *got = bytes;
  for (size_t at = 0; at < size;) {
    size_t piece = piece_of(size - at);
    const char *expected = pattern_at(offset + (int64_t)at);
    if (memcmp(got + at, expected, piece) == 0) {
      at += piece;
      continue;
    }
    size_t wrong = 0;
    while (got[at + wrong] == expected[wrong]) wrong++;
    return at + wrong;
  }
  return size;
}

void hex(char *text, const unsigned char *bytes, size_t size) {
  text[0] = '\0';
  for (size_t i = 0; i < size; i++) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

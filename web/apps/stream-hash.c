/* The hash of a file of any size, while it streams: it is read by open() and
 * read() and hashed by pieces, and never is more than one of them here. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "stream-common.h"

#define PIECE_BYTES ((size_t)1 << 20)
#define SHA_256_BYTES 32

static struct {
  struct job job;
  int64_t hashed;
  char sha256[2 * SHA_256_BYTES + 1];
} hash;

static int hash_file(int fd, gs_hasher *hasher, void *piece) {
  for (;;) {
    ssize_t count = read(fd, piece, PIECE_BYTES);
    if (count < 0) return -errno;
    if (count == 0) break;
    int error = gs_hasher_update(hasher, piece, (size_t)count);
    if (error != GS_OK) return error;
    hash.hashed += count;
    error = gs_yield();
    if (error != GS_OK) return error;
  }
  unsigned char digest[GS_HASH_BYTES_MAX];
  int size = gs_hasher_finish(hasher, digest);
  if (size < 0) return size;
  hex(hash.sha256, digest, (size_t)size);
  return GS_OK;
}

static int hash_path(const char *path) {
  gs_hasher *hasher = NULL;
  int error = gs_hasher_new(&hasher, GS_SHA_256);
  if (error != GS_OK) {
    gs_crypto_error(hash.job.words, sizeof hash.job.words);
    return error;
  }
  int fd = open(path, O_RDONLY);
  void *piece = malloc(PIECE_BYTES);
  if (fd < 0) error = -errno;
  if (piece == NULL) error = GS_ENOMEM;
  if (error == GS_OK) error = hash_file(fd, hasher, piece);
  free(piece);
  if (fd >= 0) close(fd);
  gs_hasher_free(hasher);
  return error;
}

GS_EXPORT(const char *, open_hash, (const char *, path)) {
  int error = job_begin(&hash.job);
  if (error == GS_EBUSY) return job_end(&hash.job, error);
  hash.hashed = 0;
  hash.sha256[0] = '\0';
  if (error == GS_OK) error = hash_path(path);
  return job_end(&hash.job, error);
}

GS_EXPORT_VOID(cancel_hash) { job_cancel(&hash.job); }

GS_EXPORT(const char *, measure_hash) {
  static char text[160];
  snprintf(text, sizeof text, "{\"hashed\":%lld,\"sha256\":\"%s\"}",
           (long long)hash.hashed, hash.sha256);
  return text;
}

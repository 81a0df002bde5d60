/* A body into a file: see gossamer/http.h. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../base/stress.h"
#include "http.h"

#define PIECE_BYTES ((size_t)64 << 10)

/* All of it, or the negative errno. Parks. */
static int64_t write_all(int fd, const char *bytes, size_t size_bytes) {
  size_t done = 0;
  while (done < size_bytes) {
    ssize_t count = write(fd, bytes + done, size_bytes - done);
    if (count < 0) return -errno;
    if (count == 0) return GS_EIO;
    done += (size_t)count;
  }
  return (int64_t)done;
}

int64_t gs_http_save(gs_http *http, int fd) {
  if (http == NULL) return GS_EINVAL;
  if (fd < 0) return GS_EBADF;
  struct gs__http_use use;
  int error = gs__http_use_begin(http, &use);
  if (error != GS_OK) return error;
  int64_t saved = 0;
  int64_t count = GS_ENOMEM;
  char *bytes = gs__malloc(PIECE_BYTES);
  while (bytes != NULL) {
    count = use.closed
                ? GS_ECANCELED
                : gs__http_next(http, &use, bytes, PIECE_BYTES, GS_FOREVER);
    if (count <= 0) break;
    count = write_all(fd, bytes, (size_t)count);
    if (count < 0) break;
    saved += count;
  }
  free(bytes);
  gs__http_use_end(http, &use);
  return count < 0 ? count : saved;
}

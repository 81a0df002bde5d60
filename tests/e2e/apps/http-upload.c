/* One request with a body from a file or a reader: COMMAND URL BYTES [PATH].
 * Prints the answer, and what the reader and the progress saw. The byte at
 * offset i of a body is i % 251. */
#include <fcntl.h>
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
  int64_t bytes; /* in all */
  int64_t given;
  int last_calls;
  int64_t fails_with; /* instead of the end */
  bool slow;
  size_t most; /* in one piece */
} source;

static int64_t read_source(void *arg, void *buf, size_t buf_bytes) {
  (void)arg;
  if (buf == NULL) {
    source.last_calls++;
    return 0;
  }
  int64_t left = source.bytes - source.given;
  if (left == 0) return source.fails_with;
  if (source.slow) {
    int error = gs_sleep(5 * GS_MILLISECOND);
    if (error != GS_OK) return error;
  }
  size_t count = (size_t)left < buf_bytes ? (size_t)left : buf_bytes;
  if (source.most > 0 && count > source.most) count = source.most;
  unsigned char *to = buf;
  for (size_t i = 0; i < count; i++) {
    to[i] = (unsigned char)((source.given + (int64_t)i) % 251);
  }
  source.given += (int64_t)count;
  return (int64_t)count;
}

static int told;
static struct gs_http_progress last;

static void tell(void *arg, const struct gs_http_progress *progress) {
  (void)arg;
  bool begins = progress->up_bytes == 0 || progress->up_bytes == 65536;
  if (progress->up_bytes < last.up_bytes && !begins) puts("it went back");
  last = *progress;
  told++;
}

static int make_file(const char *path, int64_t bytes) {
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  static unsigned char piece[251 * 64];
  for (size_t i = 0; i < sizeof piece; i++) piece[i] = (unsigned char)(i % 251);
  for (int64_t at = 0; at < bytes; at += (int64_t)sizeof piece) {
    int64_t left = bytes - at;
    size_t count = left < (int64_t)sizeof piece ? (size_t)left : sizeof piece;
    if (write(fd, piece, count) != (ssize_t)count) return -1;
  }
  lseek(fd, 0, SEEK_SET);
  return fd;
}

static const char *answer_of(gs_http *http) {
  static char text[400];
  void *all = NULL;
  size_t size = 0;
  int error = gs_http_read_all(http, &all, &size, sizeof text - 1);
  snprintf(text, sizeof text, "%s",
           error == GS_OK ? (const char *)all : gs_error_name(error));
  free(all);
  return text;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  const char *command = argv[1];
  char words[300];
  struct gs_http_request request = {.url = argv[2],
                                    .method = "PUT",
                                    .progress = tell,
                                    .progress_ns = 1,
                                    .words = words,
                                    .words_bytes = sizeof words};
  source.bytes = strtoll(argv[3], NULL, 10);
  int fd = -1;
  bool again = strcmp(command, "again") == 0;
  if (strcmp(command, "file") == 0 || again) {
    fd = make_file(argv[4], source.bytes);
    request.body = gs_http_file(fd);
    request.retry.times = again ? 3 : 0;
    request.retry.first_ns = GS_MILLISECOND;
  } else {
    request.body = gs_http_reader(read_source, NULL, source.bytes);
  }
  if (strcmp(command, "fails") == 0) {
    source.fails_with = GS_ENOSPC;
    request.body.size_bytes = -1;
  }
  if (strcmp(command, "slow") == 0) source.slow = true, source.most = 1000;
  if (strcmp(command, "buffer") == 0) {
    request.upload = GS_HTTP_UPLOAD_BUFFER;
    request.upload_limit_bytes = 1000000;
  }
  gs_http *http = NULL;
  int error = gs_http_open(&http, &request);
  if (error != GS_OK) {
    printf("open %s: %s\n", gs_error_name(error), words);
  } else {
    printf("status %d, streamed %s\n", gs_http_status(http),
           (gs_http_flags(http) & GS_HTTP_STREAMED_UP) != 0 ? "yes" : "no");
    puts(answer_of(http));
  }
  gs_http_close(http);
  for (int i = 0; i < 100 && gs_count() > 1; i++) gs_sleep(GS_MILLISECOND);
  printf("given %lld, last calls %d, goroutines %zu\n", (long long)source.given,
         source.last_calls, gs_count());
  printf("told %s, up %lld of %lld\n", told > 0 ? "yes" : "no",
         (long long)last.up_bytes, (long long)last.up_total_bytes);
  if (fd >= 0) close(fd);
  return 0;
}

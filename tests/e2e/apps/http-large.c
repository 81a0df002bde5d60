/* A large body, down or up, through buffers of a fixed size: down URL, or up
 * URL BYTES. Prints how much that was, and whether memory has grown. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t left_bytes;

static int64_t give(void *arg, void *buf, size_t buf_bytes) {
  (void)arg;
  if (buf == NULL) return 0;
  if ((int64_t)buf_bytes > left_bytes) buf_bytes = (size_t)left_bytes;
  memset(buf, 'x', buf_bytes);
  left_bytes -= (int64_t)buf_bytes;
  return (int64_t)buf_bytes;
}

static size_t memory_pages(void) {
#ifdef __wasm__
  return __builtin_wasm_memory_size(0);
#else
  return 0;
#endif
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  static unsigned char buf[1 << 18];
  struct gs_http_request request = {.url = argv[2]};
  if (strcmp(argv[1], "up") == 0) {
    left_bytes = strtoll(argv[3], NULL, 10);
    request.body = gs_http_reader(give, NULL, left_bytes);
  }
  size_t pages = 0;
  gs_http *http = NULL;
  int error = gs_http_open(&http, &request);
  if (error != GS_OK) {
    printf("open %s\n", gs_error_name(error));
    return 1;
  }
  int64_t total = 0;
  int64_t count;
  uint64_t wrong = 0;
  while ((count = gs_http_read(http, buf, sizeof buf)) > 0) {
    if (pages == 0) pages = memory_pages();
    /* Looks at a byte of each page: the server's pattern is i % 251. */
    for (int64_t i = 0; i < count && left_bytes == 0 && argc < 4; i += 4096) {
      wrong += buf[i] != (total + i) % 251;
    }
    total += count;
  }
  printf("%lld bytes, wrong %llu, then %s; memory %s\n", (long long)total,
         (unsigned long long)wrong, gs_error_name((int)count),
         memory_pages() == pages ? "as before" : "has grown");
  gs_http_close(http);
  return 0;
}

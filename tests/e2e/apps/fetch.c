/* Fetches the addresses in its arguments one after the other and prints what
 * came, while another goroutine ticks. An argument `-N` sets a time limit of N
 * milliseconds for what follows. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>

static long ticks;

static void tick(void *arg) {
  (void)arg;
  for (;;) {
    gs_sleep(GS_MILLISECOND);
    ticks++;
  }
}

static int64_t limit_ms = 60000;

static int fetch(const char *url) {
  gs_http *http;
  int error =
      gs_http_get_until(&http, url, gs_deadline(limit_ms * GS_MILLISECOND));
  if (error != GS_OK) {
    char words[200];
    if (gs_http_error(words, sizeof words) == 0) words[0] = '\0';
    printf("error %s: %s\n", gs_error_name(error), words);
    return 1;
  }
  char type[64] = "no type";
  gs_http_header(http, "content-type", type, sizeof type);
  printf("status %d, %s\n", gs_http_status(http), type);
  char buf[1000];
  int64_t total = 0;
  int64_t count;
  unsigned sum = 0;
  while ((count = gs_http_read_until(http, buf, sizeof buf,
                                     gs_deadline(limit_ms * GS_MILLISECOND))) >
         0) {
    for (int64_t i = 0; i < count; i++) sum = sum * 31 + (unsigned char)buf[i];
    total += count;
  }
  printf("%lld bytes, sum %u, then %s\n", (long long)total, sum,
         count == 0 ? "the end" : gs_error_name((int)count));
  gs_http_close(http);
  return count == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
  gs_go(tick, NULL);
  int failed = 0;
  for (int i = 1; i < argc; i++) {
    if (argv[i][0] == '-') {
      limit_ms = strtol(argv[i] + 1, NULL, 10);
    } else {
      failed += fetch(argv[i]);
    }
  }
  gs_sleep(2 * GS_MILLISECOND);
  puts(ticks > 0 ? "ticked" : "stood still");
  return failed;
}

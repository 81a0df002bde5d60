/* Prints the lines of the NDJSON address that is the first argument; the others
 * set options, as `retry=20`. */
#include <stdio.h>

#include "feed-args.h"

static struct gs_ndjson_options options;
static gs_ndjson *feed;
static const char *address;

/* Says from which line on; an end at the third is the end. */
static int resume(void *arg, struct gs_http_request *next, int64_t lines,
                  int error) {
  static char url[200];
  static struct gs_http_field header = {"x-lines", NULL};
  static char count[20];
  (void)arg;
  printf("resume at %lld: %s\n", (long long)lines, gs_error_name(error));
  if (lines >= 9) return GS_ENOSPC;
  if (lines >= 5 && error == GS_OK) return 0;
  gs_sleep(GS_MILLISECOND);
  snprintf(url, sizeof url, "%s?from=%lld", address, (long long)lines);
  snprintf(count, sizeof count, "%lld", (long long)lines);
  header.value = count;
  next->url = url;
  next->headers = &header;
  next->header_count = 1;
  return 1;
}

static bool take_own(const char *arg) {
  const char *member = arg_value(arg, "member");
  if (member != NULL) options.id_member = member;
  bool resumes = strcmp(arg, "resume") == 0;
  if (resumes) options.resume = resume;
  return member != NULL || resumes;
}

static void close_later(void *arg) {
  (void)arg;
  gs_sleep(feed_args.close_ns);
  gs_ndjson_close(feed);
  feed = NULL;
}

int main(int argc, char **argv) {
  read_feed_args(argc, argv, take_own);
  address = feed_args.request.url;
  options.retry_ns = feed_args.retry_ns;
  options.retry_most_ns = feed_args.retry_most_ns;
  options.retries = feed_args.retries;
  int error = gs_ndjson_open(&feed, &feed_args.request, &options);
  if (error != GS_OK) {
    printf("open: %s: %s\n", gs_error_name(error), feed_args.words);
    return 0;
  }
  if (feed_args.close_ns != 0) gs_go(close_later, NULL);
  char *text;
  size_t bytes;
  do {
    error = gs_ndjson_next_until(feed, &text, &bytes, call_deadline());
    if (error == 1) printf("%s %zu\n", text, bytes);
    if (error == GS_EMSGSIZE) puts("too long");
  } while (goes_on(error));
  puts(gs_error_name(error));
  gs_ndjson_close(feed);
  return 0;
}

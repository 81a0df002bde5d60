/* Prints the lines of the NDJSON address that is the first argument; the others
 * set options, as `retry=20`. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char words[200];
static struct gs_http_request request = {.words = words,
                                         .words_bytes = sizeof words};
static struct gs_ndjson_options options;
static gs_ndjson *feed;
static const char *address;
static int64_t wait_ns; /* of each call; 0: for ever */
static int64_t close_ns;

static int64_t milliseconds(const char *text) {
  return strtol(text, NULL, 10) * GS_MILLISECOND;
}

static const char *value_of(const char *arg, const char *name) {
  size_t size = strlen(name);
  return strncmp(arg, name, size) == 0 && arg[size] == '=' ? arg + size + 1
                                                           : NULL;
}

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

static void read_option(const char *arg) {
  const char *text;
  if (strcmp(arg, "resume") == 0) {
    options.resume = resume;
  } else if ((text = value_of(arg, "retry")) != NULL) {
    options.retry_ns = milliseconds(text);
  } else if ((text = value_of(arg, "retries")) != NULL) {
    options.retries = (uint32_t)strtoul(text, NULL, 10);
  } else if ((text = value_of(arg, "member")) != NULL) {
    options.id_member = text;
  } else if ((text = value_of(arg, "line-limit")) != NULL) {
    request.line_limit_bytes = (uint32_t)strtoul(text, NULL, 10);
  } else if ((text = value_of(arg, "wait")) != NULL) {
    wait_ns = milliseconds(text);
  } else if ((text = value_of(arg, "close-in")) != NULL) {
    close_ns = milliseconds(text);
  } else {
    printf("no option: %s\n", arg);
  }
}

static void close_later(void *arg) {
  (void)arg;
  gs_sleep(close_ns);
  gs_ndjson_close(feed);
  feed = NULL;
}

int main(int argc, char **argv) {
  request.url = address = argv[1];
  for (int i = 2; i < argc; i++) read_option(argv[i]);
  int error = gs_ndjson_open(&feed, &request, &options);
  if (error != GS_OK) {
    printf("open: %s: %s\n", gs_error_name(error), words);
    return 0;
  }
  if (close_ns != 0) gs_go(close_later, NULL);
  char *text;
  size_t bytes;
  do {
    int64_t deadline_ns = wait_ns == 0 ? GS_FOREVER : gs_deadline(wait_ns);
    error = gs_ndjson_next_until(feed, &text, &bytes, deadline_ns);
    if (error == 1) printf("%s %zu\n", text, bytes);
  } while (error == 1 || (error == GS_ETIMEDOUT && wait_ns != 0));
  puts(gs_error_name(error));
  gs_ndjson_close(feed);
  return 0;
}

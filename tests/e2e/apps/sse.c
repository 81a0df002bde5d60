/* Prints the server-sent events of the address that is the first argument; the
 * others set options, as `retry=20`. */
#include <stdio.h>

#include "feed-args.h"

static struct gs_http_field headers[3];
static struct gs_sse_options options;
static gs_sse *sse;

static bool take_own(const char *arg) {
  struct gs_http_request *request = &feed_args.request;
  const char *text;
  if (strcmp(arg, "once") == 0) {
    options.once = true;
  } else if ((text = arg_value(arg, "id")) != NULL) {
    options.last_id = text;
  } else if ((text = arg_value(arg, "header")) != NULL) {
    headers[0] = (struct gs_http_field){"x-own", text};
    headers[1] = (struct gs_http_field){"Accept", "text/html"};
    request->headers = headers;
    request->header_count = 2;
  } else if ((text = arg_value(arg, "post")) != NULL) {
    request->body = gs_http_bytes(text, strlen(text));
  } else {
    return take_number(arg, "event-limit", &options.event_limit_bytes);
  }
  return true;
}

static void close_later(void *arg) {
  (void)arg;
  gs_sleep(feed_args.close_ns);
  gs_sse_close(sse);
  sse = NULL;
}

static int read_events(void) {
  struct gs_sse_event event;
  long timeouts = 0;
  int error;
  do {
    error = gs_sse_next_until(sse, &event, call_deadline());
    if (error == 1) {
      printf("%s \"%s\" #%s\n", event.type, event.data, event.id);
    } else if (error == GS_EMSGSIZE) {
      puts("too long");
    } else if (error == GS_ETIMEDOUT) {
      timeouts++;
    }
  } while (goes_on(error));
  if (feed_args.wait_ns != 0 && timeouts > 0) puts("timed out now and then");
  return error;
}

int main(int argc, char **argv) {
  read_feed_args(argc, argv, take_own);
  options.retry_ns = feed_args.retry_ns;
  options.retry_most_ns = feed_args.retry_most_ns;
  options.retries = feed_args.retries;
  int error = gs_sse_open(&sse, &feed_args.request, &options);
  /* The stream has its own. */
  memset(headers, 0, sizeof headers);
  feed_args.request = (struct gs_http_request){0};
  if (error != GS_OK) {
    printf("open: %s: %s\n", gs_error_name(error), feed_args.words);
    return 0;
  }
  if (feed_args.close_ns != 0) gs_go(close_later, NULL);
  error = read_events();
  printf("%s, %u connections, #%s\n", error == 0 ? "end" : gs_error_name(error),
         gs_sse_connections(sse), gs_sse_last_id(sse));
  gs_sse_close(sse);
  return 0;
}

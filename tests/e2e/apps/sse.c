/* Prints the server-sent events of the address that is the first argument; the
 * others set options, as `retry=20`. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gs_http_field headers[3];
static char words[200];
static struct gs_http_request request = {
    .headers = headers, .words = words, .words_bytes = sizeof words};
static struct gs_sse_options options;
static gs_sse *sse;
static int64_t wait_ns;  /* of each call; 0: for ever */
static int64_t close_ns; /* after which another goroutine closes; 0: never */
static int64_t cancel_ns;
static long most; /* events; 0: no limit */
static gs_ctx *ctx;

static int64_t milliseconds(const char *text) {
  return strtol(text, NULL, 10) * GS_MILLISECOND;
}

static const char *value_of(const char *arg, const char *name) {
  size_t size = strlen(name);
  return strncmp(arg, name, size) == 0 && arg[size] == '=' ? arg + size + 1
                                                           : NULL;
}

static void read_option(const char *arg) {
  const char *text;
  if (strcmp(arg, "once") == 0) {
    options.once = true;
  } else if ((text = value_of(arg, "retry")) != NULL) {
    options.retry_ns = milliseconds(text);
  } else if ((text = value_of(arg, "retry-most")) != NULL) {
    options.retry_most_ns = milliseconds(text);
  } else if ((text = value_of(arg, "retries")) != NULL) {
    options.retries = (uint32_t)strtoul(text, NULL, 10);
  } else if ((text = value_of(arg, "id")) != NULL) {
    options.last_id = text;
  } else if ((text = value_of(arg, "event-limit")) != NULL) {
    options.event_limit_bytes = (uint32_t)strtoul(text, NULL, 10);
  } else if ((text = value_of(arg, "idle")) != NULL) {
    request.idle_ns = milliseconds(text);
  } else if ((text = value_of(arg, "timeout")) != NULL) {
    request.timeout_ns = milliseconds(text);
  } else if ((text = value_of(arg, "header")) != NULL) {
    headers[request.header_count++] = (struct gs_http_field){"x-own", text};
    headers[request.header_count++] =
        (struct gs_http_field){"Accept", "text/html"};
  } else if ((text = value_of(arg, "post")) != NULL) {
    request.body = gs_http_bytes(text, strlen(text));
  } else if ((text = value_of(arg, "wait")) != NULL) {
    wait_ns = milliseconds(text);
  } else if ((text = value_of(arg, "close-in")) != NULL) {
    close_ns = milliseconds(text);
  } else if ((text = value_of(arg, "cancel-in")) != NULL) {
    cancel_ns = milliseconds(text);
  } else if ((text = value_of(arg, "most")) != NULL) {
    most = strtol(text, NULL, 10);
  } else {
    printf("no option: %s\n", arg);
  }
}

static void close_later(void *arg) {
  (void)arg;
  gs_sleep(close_ns);
  gs_sse_close(sse);
  sse = NULL;
}

static void cancel_later(void *arg) {
  (void)arg;
  gs_sleep(cancel_ns);
  gs_ctx_cancel(ctx, 0);
}

static int next(struct gs_sse_event *event) {
  int64_t deadline_ns = wait_ns == 0 ? GS_FOREVER : gs_deadline(wait_ns);
  return gs_sse_next_until(sse, event, deadline_ns);
}

static int read_events(void) {
  struct gs_sse_event event;
  long count = 0;
  long timeouts = 0;
  int error;
  do {
    error = next(&event);
    if (error == 1) {
      count++;
      printf("%s \"%s\" #%s\n", event.type, event.data, event.id);
    } else if (error == GS_EMSGSIZE) {
      puts("too long");
    } else if (error == GS_ETIMEDOUT && wait_ns != 0) {
      timeouts++;
    }
  } while ((error == 1 && count != most) || error == GS_EMSGSIZE ||
           (error == GS_ETIMEDOUT && wait_ns != 0));
  if (timeouts > 0) puts("timed out now and then");
  return error;
}

int main(int argc, char **argv) {
  request.url = argv[1];
  for (int i = 2; i < argc; i++) read_option(argv[i]);
  if (cancel_ns != 0) {
    gs_go(cancel_later, NULL);
    gs_ctx_new(&ctx, gs_ctx_current());
    gs_ctx_enter(ctx);
  }
  int error = gs_sse_open(&sse, &request, &options);
  /* The stream has its own. */
  memset(headers, 0, sizeof headers);
  request = (struct gs_http_request){0};
  if (error != GS_OK) {
    printf("open: %s: %s\n", gs_error_name(error), words);
    return 0;
  }
  if (close_ns != 0) gs_go(close_later, NULL);
  error = read_events();
  const char *name = error == 0 ? "end" : error == 1 ? "enough" : NULL;
  printf("%s, %u connections, #%s\n",
         name == NULL ? gs_error_name(error) : name, gs_sse_connections(sse),
         gs_sse_last_id(sse));
  gs_sse_close(sse);
  return 0;
}

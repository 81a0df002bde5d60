/* What the programs that print feeds, ndjson.c and sse.c, have alike: a request
 * with room for words, and arguments that set options, as `retry=20`. */
#ifndef FEED_ARGS_H
#define FEED_ARGS_H

#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
  char words[200];
  struct gs_http_request request;
  int64_t retry_ns;
  int64_t retry_most_ns;
  uint32_t retries;
  int64_t wait_ns;   /* of each call; 0: for ever */
  int64_t close_ns;  /* after which another goroutine closes; 0: never */
  int64_t cancel_ns; /* after which the context ends; 0: never */
  gs_ctx *ctx;
} feed_args;

/* What follows `name=`; NULL: the argument is another one. */
static inline const char *arg_value(const char *arg, const char *name) {
  size_t size = strlen(name);
  return strncmp(arg, name, size) == 0 && arg[size] == '=' ? arg + size + 1
                                                           : NULL;
}

static inline bool take_number(const char *arg, const char *name,
                               uint32_t *number) {
  const char *text = arg_value(arg, name);
  if (text != NULL) *number = (uint32_t)strtoul(text, NULL, 10);
  return text != NULL;
}

static inline bool take_ms(const char *arg, const char *name, int64_t *ns) {
  const char *text = arg_value(arg, name);
  if (text != NULL) *ns = strtol(text, NULL, 10) * GS_MILLISECOND;
  return text != NULL;
}

/* Whether the argument is one that both have. */
static inline bool take_feed_arg(const char *arg) {
  struct gs_http_request *request = &feed_args.request;
  return take_ms(arg, "retry", &feed_args.retry_ns) ||
         take_ms(arg, "retry-most", &feed_args.retry_most_ns) ||
         take_number(arg, "retries", &feed_args.retries) ||
         take_ms(arg, "wait", &feed_args.wait_ns) ||
         take_ms(arg, "close-in", &feed_args.close_ns) ||
         take_ms(arg, "cancel-in", &feed_args.cancel_ns) ||
         take_ms(arg, "idle", &request->idle_ns) ||
         take_ms(arg, "timeout", &request->timeout_ns) ||
         take_number(arg, "line-limit", &request->line_limit_bytes);
}

static inline void cancel_later(void *arg) {
  (void)arg;
  gs_sleep(feed_args.cancel_ns);
  gs_ctx_cancel(feed_args.ctx, 0);
}

/* The first argument is the address, the others are for `take`. */
static inline void read_feed_args(int argc, char **argv,
                                  bool (*take)(const char *arg)) {
  struct gs_http_request *request = &feed_args.request;
  request->url = argv[1];
  request->words = feed_args.words;
  request->words_bytes = sizeof feed_args.words;
  for (int i = 2; i < argc; i++) {
    if (!take_feed_arg(argv[i]) && !take(argv[i])) {
      printf("no option: %s\n", argv[i]);
    }
  }
  if (feed_args.cancel_ns == 0) return;
  gs_go(cancel_later, NULL);
  gs_ctx_new(&feed_args.ctx, gs_ctx_current());
  gs_ctx_enter(feed_args.ctx);
}

/* Of the next call. */
static inline int64_t call_deadline(void) {
  return feed_args.wait_ns == 0 ? GS_FOREVER : gs_deadline(feed_args.wait_ns);
}

/* Whether one calls again after that. */
static inline bool goes_on(int result) {
  return result == 1 || result == GS_EMSGSIZE ||
         (result == GS_ETIMEDOUT && feed_args.wait_ns != 0);
}

#endif

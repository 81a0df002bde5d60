/* A WebSocket led by the arguments, in their order, each with what it answers
 * on a line: `open:URL`, `text:WORDS`, `bytes:COUNT`, `receive`, `drain`,
 * `shutdown:CODE:REASON`, `close` and so on; see the table at the end. */
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gs_ws *ws;
static struct gs_ws_options options;
static const char *protocols[8];
static int64_t limit_ns; /* of each call; 0: none */

static int64_t deadline(void) {
  return limit_ns == 0 ? GS_FOREVER : gs_deadline(limit_ns);
}

static int64_t milliseconds(const char *text) {
  return strtol(text, NULL, 10) * GS_MILLISECOND;
}

static void answer(const char *what, int error) {
  printf("%s: %s\n", what, error < 0 ? gs_error_name(error) : "ok");
}

static void open_socket(const char *url) {
  options.protocols = protocols;
  if (limit_ns != 0) options.deadline_ns = deadline();
  int error = gs_ws_open(&ws, url, &options);
  if (error == GS_OK) {
    char name[40] = "";
    gs_ws_protocol(ws, name, sizeof name);
    printf("open: ok \"%s\"\n", name);
    return;
  }
  char words[300] = "";
  gs_ws_error(words, sizeof words);
  printf("open: %s: %s\n", gs_error_name(error), words);
}

static void send_text(const char *text) {
  answer("text",
         gs_ws_send_until(ws, GS_WS_TEXT, text, strlen(text), deadline()));
}

static unsigned char *pattern(size_t count) {
  unsigned char *bytes = malloc(count + 1);
  if (bytes == NULL) abort();
  for (size_t i = 0; i < count; i++) bytes[i] = (unsigned char)(i % 251);
  return bytes;
}

static void send_bytes(const char *text) {
  size_t count = strtoul(text, NULL, 10);
  unsigned char *bytes = pattern(count);
  answer("bytes", gs_ws_send_until(ws, GS_WS_BINARY, bytes, count, deadline()));
  free(bytes);
}

static void try_bytes(const char *text) {
  size_t count = strtoul(text, NULL, 10);
  unsigned char *bytes = pattern(count);
  answer("try", gs_ws_try_send(ws, GS_WS_BINARY, bytes, count));
  free(bytes);
}

/* Sends until it would have to wait. */
static void fill(const char *text) {
  size_t count = strtoul(text, NULL, 10);
  unsigned char *bytes = pattern(count);
  int error;
  do {
    error = gs_ws_try_send(ws, GS_WS_BINARY, bytes, count);
  } while (error == GS_OK);
  answer("fill", error);
  free(bytes);
}

static void bad_text(const char *text) {
  (void)text;
  answer("bad-text", gs_ws_send(ws, GS_WS_TEXT, "\xc3\x28", 2));
}

static int receive_one(bool quiet) {
  struct gs_ws_message message;
  int got = gs_ws_receive_until(ws, &message, deadline());
  if (got == 1 && !quiet) {
    const unsigned char *bytes = message.bytes;
    if (message.kind == GS_WS_TEXT) {
      printf("text \"%s\"\n", (const char *)bytes);
    } else {
      size_t wrong = 0;
      for (size_t i = 0; i < message.size_bytes; i++) {
        if (bytes[i] != i % 251) wrong++;
      }
      printf("binary %zu, %zu wrong\n", message.size_bytes, wrong);
    }
  }
  return got;
}

static void ended(int got, size_t count) {
  char reason[130] = "";
  gs_ws_close_reason(ws, reason, sizeof reason);
  printf("%s after %zu: %d \"%s\"\n", got == 0 ? "end" : gs_error_name(got),
         count, gs_ws_close_code(ws), reason);
}

static void receive(const char *text) {
  (void)text;
  int got = receive_one(false);
  if (got != 1) ended(got, 0);
}

static void drain(const char *text) {
  size_t count = 0;
  int got;
  while ((got = receive_one(text[0] == 'q')) == 1) count++;
  ended(got, count);
}

static void shut(const char *text) {
  char *reason;
  int code = (int)strtol(text, &reason, 10);
  answer("shutdown", gs_ws_shutdown(ws, code, *reason ? reason + 1 : NULL));
}

static void flush(const char *text) {
  (void)text;
  int error = gs_ws_flush_until(ws, deadline());
  printf("flush: %s, %s left\n", gs_error_name(error),
         gs_ws_buffered(ws) == 0 ? "nothing" : "something");
}

static void close_socket(const char *text) {
  (void)text;
  gs_ws_close(ws);
  ws = NULL;
}

static void close_later(void *arg) {
  gs_sleep(milliseconds(arg));
  close_socket("");
}

static void start_close(const char *text) { gs_go(close_later, (void *)text); }

static gs_ctx *ctx;

static void cancel_later(void *arg) {
  gs_sleep(milliseconds(arg));
  gs_ctx_cancel(ctx, 0);
}

/* What follows is in a context that ends so many milliseconds later. */
static void start_cancel(const char *text) {
  gs_go(cancel_later, (void *)text);
  gs_ctx_new(&ctx, gs_ctx_current());
  gs_ctx_enter(ctx);
}

static void leave_ctx(const char *text) {
  (void)text;
  gs_ctx_leave(NULL);
}

static void sleep_ms(const char *text) { gs_sleep(milliseconds(text)); }

static void set_limit(const char *text) { limit_ns = milliseconds(text); }
static void set_ping(const char *text) { options.ping_ns = milliseconds(text); }
static void set_silence(const char *text) {
  options.silence_ns = milliseconds(text);
}
static void set_send_limit(const char *text) {
  options.send_limit_bytes = (uint32_t)strtoul(text, NULL, 10);
}
static void set_receive_limit(const char *text) {
  options.receive_limit_bytes = (uint32_t)strtoul(text, NULL, 10);
}
static void add_protocol(const char *text) {
  protocols[options.protocol_count++] = text;
}

#define SENDERS 5
static gs_waitgroup senders;

/* Each sends its own letter; they all have to wait for room. */
static void send_letters(void *arg) {
  char text[2000];
  memset(text, *(const char *)arg, sizeof text);
  for (int i = 0; i < 20; i++) {
    int error = gs_ws_send(ws, GS_WS_TEXT, text, sizeof text);
    if (error != GS_OK) answer("letters", error);
  }
  gs_waitgroup_done(&senders);
}

static void crowd(const char *text) {
  (void)text;
  static char letters[] = "abcde";
  gs_waitgroup_add(&senders, SENDERS);
  for (int i = 0; i < SENDERS; i++) gs_go(send_letters, &letters[i]);
  size_t count[SENDERS] = {0};
  for (int i = 0; i < SENDERS * 20; i++) {
    struct gs_ws_message message;
    if (gs_ws_receive(ws, &message) != 1) break;
    const char *got = message.bytes;
    for (size_t k = 1; k < message.size_bytes; k++) {
      if (got[k] != got[0]) puts("torn");
    }
    count[got[0] - 'a']++;
  }
  gs_waitgroup_wait(&senders);
  for (int i = 0; i < SENDERS; i++) printf("%zu ", count[i]);
  printf("of each\n");
}

static const struct {
  const char *name;
  void (*run)(const char *text);
} commands[] = {
    {"open", open_socket},
    {"text", send_text},
    {"bytes", send_bytes},
    {"try", try_bytes},
    {"fill", fill},
    {"bad-text", bad_text},
    {"receive", receive},
    {"drain", drain},
    {"shutdown", shut},
    {"flush", flush},
    {"close", close_socket},
    {"close-in", start_close},
    {"cancel-in", start_cancel},
    {"uncancel", leave_ctx},
    {"sleep", sleep_ms},
    {"limit", set_limit},
    {"ping", set_ping},
    {"silence", set_silence},
    {"send-limit", set_send_limit},
    {"receive-limit", set_receive_limit},
    {"protocol", add_protocol},
    {"crowd", crowd},
};

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    size_t name_bytes = strcspn(argv[i], ":");
    const char *text = argv[i] + name_bytes;
    if (*text == ':') text++;
    bool known = false;
    for (size_t k = 0; k < sizeof commands / sizeof commands[0]; k++) {
      if (strlen(commands[k].name) == name_bytes &&
          strncmp(commands[k].name, argv[i], name_bytes) == 0) {
        commands[k].run(text);
        known = true;
      }
    }
    if (!known) printf("no command: %s\n", argv[i]);
  }
  gs_ws_close(ws);
  return 0;
}

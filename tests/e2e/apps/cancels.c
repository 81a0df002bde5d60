/* Calls of libc that wait, in a context that ends: each says what it got. */
#include <errno.h>
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void say(const char *call, long result) {
  printf("%s: %ld, %s\n", call, result, gs_error_name(-errno));
}

static void read_input(void *arg) {
  char bytes[16];
  errno = 0;
  say(arg, (long)read(0, bytes, sizeof bytes));
}

static void scan_input(void *arg) {
  char bytes[16];
  errno = 0;
  say(arg, fgets(bytes, sizeof bytes, stdin) == NULL ? -1 : 0);
}

static void sleep_long(void *arg) {
  struct timespec hour = {.tv_sec = 3600};
  errno = 0;
  say(arg, nanosleep(&hour, NULL));
}

static void run_in(gs_ctx *ctx, gs_func *fn, const char *call) {
  gs_ctx *outer = gs_ctx_enter(ctx);
  fn((void *)call);
  gs_ctx_leave(outer);
}

int main(void) {
  gs_ctx *ctx;
  if (gs_ctx_new_timeout(&ctx, NULL, 30 * GS_MILLISECOND) != GS_OK) return 1;
  run_in(ctx, sleep_long, "nanosleep");
  run_in(ctx, read_input, "read");
  run_in(ctx, scan_input, "fgets");
  gs_ctx_release(ctx);
  if (gs_ctx_new(&ctx, NULL) != GS_OK) return 1;
  gs_ctx_cancel(ctx, 0);
  run_in(ctx, sleep_long, "nanosleep");
  run_in(ctx, read_input, "read");
  gs_ctx_release(ctx);
  return 0;
}

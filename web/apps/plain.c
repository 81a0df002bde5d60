/* What Emscripten's libc leaves out of plain WASI modules; see plain.h. */
#include "plain.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* WASI's layout, written down here: SDKs name the fields in different ways. */
struct subscription {
  uint64_t userdata;
  uint8_t type;
  union {
    struct {
      uint32_t id;
      uint64_t timeout_ns;
      uint64_t precision_ns;
      uint16_t flags;
    } clock;
    uint32_t fd;
  } of;
};

_Static_assert(sizeof(struct subscription) == sizeof(__wasi_subscription_t),
               "WASI's layout");

static struct subscription after(uint64_t span_ns) {
  struct subscription clock = {.type = __WASI_EVENTTYPE_CLOCK};
  clock.of.clock.id = __WASI_CLOCKID_MONOTONIC;
  clock.of.clock.timeout_ns = span_ns;
  return clock;
}

static __wasi_errno_t poll(const struct subscription *waits,
                           __wasi_event_t *events, __wasi_size_t count,
                           __wasi_size_t *happened) {
  return __wasi_poll_oneoff((const __wasi_subscription_t *)waits, events, count,
                            happened);
}

uint64_t plain_now(void) {
  __wasi_timestamp_t now_ns = 0;
  if (__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 1, &now_ns) != 0) abort();
  return now_ns;
}

int nanosleep(const struct timespec *span, struct timespec *rest) {
  if (span->tv_sec < 0 || span->tv_nsec < 0 || span->tv_nsec > 999999999) {
    errno = EINVAL;
    return -1;
  }
  uint64_t span_ns =
      (uint64_t)span->tv_sec * 1000000000u + (uint64_t)span->tv_nsec;
  struct subscription clock = after(span_ns);
  __wasi_event_t event;
  __wasi_size_t happened;
  __wasi_errno_t error = poll(&clock, &event, 1, &happened);
  if (error != 0) {
    errno = error;
    if (rest != NULL) *rest = *span;
    return -1;
  }
  return 0;
}

bool plain_wait_key(uint64_t span_ns) {
  struct subscription waits[2] = {
      after(span_ns),
      {.userdata = 1, .type = __WASI_EVENTTYPE_FD_READ, .of.fd = STDIN_FILENO},
  };
  __wasi_event_t events[2];
  __wasi_size_t happened = 0;
  __wasi_errno_t error = poll(waits, events, 2, &happened);
  if (error != 0) {
    fprintf(stderr, "cannot wait: %s\n", strerror(error));
    exit(1);
  }
  for (__wasi_size_t i = 0; i < happened; i++) {
    if (events[i].userdata == 1) return true;
  }
  return false;
}

FILE *plain_open(__wasi_fd_t at, const char *path, bool write) {
  __wasi_rights_t rights = write
                               ? __WASI_RIGHTS_FD_WRITE
                               : __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK;
  __wasi_oflags_t how = write ? __WASI_OFLAGS_CREAT | __WASI_OFLAGS_TRUNC : 0;
  __wasi_fd_t fd;
  __wasi_errno_t error =
      __wasi_path_open(at, 0, path, strlen(path), how, rights, 0, 0, &fd);
  if (error != 0) {
    errno = error;
    return NULL;
  }
  FILE *file = fdopen((int)fd, write ? "w" : "r");
  if (file == NULL) close((int)fd);
  return file;
}

void plain_line_buffered(void) { setvbuf(stdout, NULL, _IOLBF, BUFSIZ); }

int plain_env(const char *name, int fallback) {
  const char *text = getenv(name);
  int number = text == NULL ? 0 : atoi(text);
  return number > 0 ? number : fallback;
}

/* What a WASI host costs a program: each function in a loop, timed by the
 * host's own clock, a line "key value unit" for each; its argument is the
 * workload. Calls the host itself: no library's buffers are measured. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

#define PIECE_BYTES 65536
#define SMALL_BYTES 4096
/* Some hosts' clocks go in milliseconds: a batch takes many of them. */
#ifndef CALLS
#define CALLS 32768
#endif
#define READ_BYTES (128u << 20)
#define RANDOM_CALLS 500
#define BATCHES 8
#define SLEEP_NS 500000000ull
#define NAP_NS 1000000ull
/* The descriptor of the only directory. */
#define FOLDER 3
#define SMALL "small"
#define LARGE "large"

static uint8_t piece[PIECE_BYTES];
static __wasi_fd_t small_file;
static uint32_t large_bytes;

static void must(__wasi_errno_t error, const char *what) {
  if (error == 0) return;
  fprintf(stderr, "%s: errno %d\n", what, error);
  exit(1);
}

static uint64_t now_ns(void) {
  __wasi_timestamp_t time = 0;
  must(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &time), "clock");
  return time;
}

static __wasi_fd_t open_file(const char *path, __wasi_oflags_t flags) {
  const __wasi_rights_t rights =
      __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_SEEK |
      __WASI_RIGHTS_FD_TELL | __WASI_RIGHTS_FD_FILESTAT_GET;
  __wasi_fd_t fd = 0;
  must(__wasi_path_open(FOLDER, 0, path, flags, rights, 0, 0, &fd), "open");
  return fd;
}

static void seek_to(__wasi_fd_t fd, uint64_t position) {
  __wasi_filesize_t at = 0;
  must(__wasi_fd_seek(fd, (__wasi_filedelta_t)position, __WASI_WHENCE_SET, &at),
       "seek");
}

static void write_all(__wasi_fd_t fd, size_t size) {
  const __wasi_ciovec_t part = {piece, size};
  __wasi_size_t done = 0;
  must(__wasi_fd_write(fd, &part, 1, &done), "write");
  if (done != size) must(__WASI_ERRNO_IO, "short write");
}

static void read_all(__wasi_fd_t fd, size_t size) {
  const __wasi_iovec_t part = {piece, size};
  __wasi_size_t done = 0;
  must(__wasi_fd_read(fd, &part, 1, &done), "read");
  if (done != size) must(__WASI_ERRNO_IO, "short read");
}

/* The best of several batches: what else the machine does is left out. */
static void report(const char *key, uint64_t (*batch)(void)) {
  uint64_t best_ps = UINT64_MAX;
  for (int i = 0; i < BATCHES; i++) {
    const uint64_t each_ps = batch();
    if (each_ps < best_ps) best_ps = each_ps;
  }
  printf("%s %.1f ns\n", key, (double)best_ps / 1000);
  fflush(stdout);
}

/* What one of so many took. */
static uint64_t each_ps(uint64_t start_ns, uint64_t count) {
  return (now_ns() - start_ns) * 1000 / count;
}

/* Over and over the same bytes, so that the file does not grow. */
static uint64_t write_small(void) {
  const uint64_t start_ns = now_ns();
  for (int i = 0; i < CALLS; i++) {
    if (i % SMALL_BYTES == 0) seek_to(small_file, 0);
    write_all(small_file, 1);
  }
  return each_ps(start_ns, CALLS);
}

static uint64_t read_small(void) {
  const uint64_t start_ns = now_ns();
  for (int i = 0; i < CALLS; i++) {
    if (i % SMALL_BYTES == 0) seek_to(small_file, 0);
    read_all(small_file, 1);
  }
  return each_ps(start_ns, CALLS);
}

static uint64_t open_and_close(void) {
  const uint64_t start_ns = now_ns();
  for (int i = 0; i < CALLS; i++) {
    must(__wasi_fd_close(open_file(SMALL, 0)), "close");
  }
  return each_ps(start_ns, CALLS);
}

static uint64_t stat_path(void) {
  const uint64_t start_ns = now_ns();
  for (int i = 0; i < CALLS; i++) {
    __wasi_filestat_t stat;
    must(__wasi_path_filestat_get(FOLDER, 0, SMALL, &stat), "stat");
  }
  return each_ps(start_ns, CALLS);
}

static uint64_t read_clock(void) {
  const uint64_t start_ns = now_ns();
  for (int i = 0; i < CALLS; i++) now_ns();
  return each_ps(start_ns, CALLS);
}

static uint64_t random_bytes(void) {
  const uint64_t start_ns = now_ns();
  for (int i = 0; i < RANDOM_CALLS; i++) {
    must(__wasi_random_get(piece, PIECE_BYTES), "random");
  }
  return each_ps(start_ns, RANDOM_CALLS);
}

/* A new file each time, which grows to its size. */
static uint64_t write_large(void) {
  const __wasi_fd_t fd = open_file(LARGE, __WASI_OFLAGS_CREAT);
  const uint64_t start_ns = now_ns();
  for (uint32_t at = 0; at < large_bytes; at += PIECE_BYTES) {
    write_all(fd, PIECE_BYTES);
  }
  const uint64_t took_ps = each_ps(start_ns, large_bytes / PIECE_BYTES);
  must(__wasi_fd_close(fd), "close");
  must(__wasi_path_unlink_file(FOLDER, LARGE), "unlink");
  return took_ps;
}

static uint64_t read_large(void) {
  const __wasi_fd_t fd = open_file(LARGE, 0);
  const uint64_t start_ns = now_ns();
  for (uint32_t at = 0; at < READ_BYTES; at += PIECE_BYTES) {
    if (at % large_bytes == 0) seek_to(fd, 0);
    read_all(fd, PIECE_BYTES);
  }
  const uint64_t took_ps = each_ps(start_ns, READ_BYTES / PIECE_BYTES);
  must(__wasi_fd_close(fd), "close");
  return took_ps;
}

static void sleep_for(uint64_t timeout_ns) {
  const __wasi_subscription_t wanted = {
      .u = {.tag = __WASI_EVENTTYPE_CLOCK,
            .u = {.clock = {.id = __WASI_CLOCKID_MONOTONIC,
                            .timeout = timeout_ns}}}};
  __wasi_event_t event;
  __wasi_size_t count = 0;
  const uint64_t start_ns = now_ns();
  must(__wasi_poll_oneoff(&wanted, &event, 1, &count), "poll");
  /* Not to sleep at all is no way to do it cheaply. */
  if (now_ns() - start_ns < timeout_ns * 9 / 10) {
    must(__WASI_ERRNO_AGAIN, "sleep");
  }
}

static void run_small(void) {
  small_file = open_file(SMALL, __WASI_OFLAGS_CREAT);
  write_all(small_file, SMALL_BYTES);
  report("write-1", write_small);
  report("read-1", read_small);
  report("open-close", open_and_close);
  report("stat", stat_path);
  report("clock", read_clock);
  report("random-64k", random_bytes);
}

static void run_large(uint32_t mebibytes) {
  large_bytes = mebibytes << 20;
  report("write-64k", write_large);
  const __wasi_fd_t fd = open_file(LARGE, __WASI_OFLAGS_CREAT);
  for (uint32_t at = 0; at < large_bytes; at += PIECE_BYTES) {
    write_all(fd, PIECE_BYTES);
  }
  must(__wasi_fd_close(fd), "close");
  report("read-64k", read_large);
}

int main(int count, char **args) {
  const char *workload = count > 1 ? args[1] : "";
  if (strcmp(workload, "wasi-small") == 0) {
    run_small();
  } else if (strcmp(workload, "wasi-16") == 0) {
    run_large(16);
  } else if (strcmp(workload, "wasi-64") == 0) {
    run_large(64);
  } else if (strcmp(workload, "sleep") == 0) {
    sleep_for(SLEEP_NS);
  } else if (strcmp(workload, "nap") == 0) {
    sleep_for(NAP_NS);
  } else {
    fprintf(stderr, "no such workload: %s\n", workload);
    return 2;
  }
  return 0;
}

/* Setting the times of files. */
#ifdef __EMSCRIPTEN__
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <utime.h>

#include "result.h"

#define NS_PER_SECOND 1000000000
#define NS_PER_MICROSECOND 1000
#define MICROSECONDS_PER_SECOND 1000000

/* What of the two times is to be set, as WASI has it. */
struct wanted {
  __wasi_timestamp_t atim;
  __wasi_timestamp_t mtim;
  __wasi_fstflags_t flags;
};

static bool want(struct timespec time, __wasi_timestamp_t *ns, int set, int now,
                 __wasi_fstflags_t *flags) {
  if (time.tv_nsec == UTIME_OMIT) return true;
  if (time.tv_nsec != UTIME_NOW &&
      (time.tv_nsec < 0 || time.tv_nsec >= NS_PER_SECOND)) {
    return false;
  }
  *flags =
      (__wasi_fstflags_t)(*flags | (time.tv_nsec == UTIME_NOW ? now : set));
  if (time.tv_nsec == UTIME_NOW) return true;
  int64_t all = (int64_t)time.tv_sec * NS_PER_SECOND + time.tv_nsec;
  *ns = (__wasi_timestamp_t)all;
  return true;
}

static bool read_times(struct wanted *wanted, const struct timespec *times) {
  const struct timespec now = {.tv_nsec = UTIME_NOW};
  *wanted = (struct wanted){0};
  return want(times == NULL ? now : times[0], &wanted->atim,
              __WASI_FSTFLAGS_ATIM, __WASI_FSTFLAGS_ATIM_NOW, &wanted->flags) &&
         want(times == NULL ? now : times[1], &wanted->mtim,
              __WASI_FSTFLAGS_MTIM, __WASI_FSTFLAGS_MTIM_NOW, &wanted->flags);
}

int futimens(int fd, const struct timespec *times) {
  struct wanted wanted;
  if (!read_times(&wanted, times)) return gs__libc_result(EINVAL);
  return gs__libc_result(__wasi_fd_filestat_set_times(
      (__wasi_fd_t)fd, wanted.atim, wanted.mtim, wanted.flags));
}

int utimensat(int dirfd, const char *name, const struct timespec *times,
              int flags) {
  bool of_fd = (flags & AT_EMPTY_PATH) != 0 && name != NULL && *name == '\0';
  if (name == NULL || of_fd) return futimens(dirfd, times);
  struct wanted wanted;
  if (!read_times(&wanted, times)) return gs__libc_result(EINVAL);
  struct gs__path path;
  int error = gs__path_begin(&path, dirfd, name);
  if (error != 0) return gs__libc_result(error);
  __wasi_lookupflags_t lookup = (flags & AT_SYMLINK_NOFOLLOW) != 0
                                    ? 0
                                    : __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW;
  error = __wasi_path_filestat_set_times(path.fd, lookup, path.name,
                                         path.name_bytes, wanted.atim,
                                         wanted.mtim, wanted.flags);
  gs__path_end(&path);
  return gs__libc_result(error);
}

/* Microseconds; an impossible number of them stays one. */
static void convert(struct timespec *to, const struct timeval *from) {
  for (int i = 0; i < 2; i++) {
    bool fits =
        from[i].tv_usec >= 0 && from[i].tv_usec < MICROSECONDS_PER_SECOND;
    to[i].tv_sec = from[i].tv_sec;
    to[i].tv_nsec = fits ? from[i].tv_usec * NS_PER_MICROSECOND : -1;
  }
}

int utimes(const char *name, const struct timeval *times) {
  struct timespec converted[2];
  if (times != NULL) convert(converted, times);
  return utimensat(AT_FDCWD, name, times == NULL ? NULL : converted, 0);
}

int futimes(int fd, const struct timeval *times) {
  struct timespec converted[2];
  if (times != NULL) convert(converted, times);
  return futimens(fd, times == NULL ? NULL : converted);
}

int utime(const char *name, const struct utimbuf *times) {
  if (times == NULL) return utimensat(AT_FDCWD, name, NULL, 0);
  struct timespec converted[2] = {{.tv_sec = times->actime},
                                  {.tv_sec = times->modtime}};
  return utimensat(AT_FDCWD, name, converted, 0);
}
#endif

/* open(), fopen() and what else opens files. */
#ifdef __EMSCRIPTEN__
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "result.h"

#define READING (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR)
#define WRITING                                         \
  (__WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_DATASYNC | \
   __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE)

static __wasi_fdflags_t fdflags_of(int flags) {
  int all = 0;
  if ((flags & O_APPEND) != 0) all |= __WASI_FDFLAGS_APPEND;
  if ((flags & O_NONBLOCK) != 0) all |= __WASI_FDFLAGS_NONBLOCK;
  if ((flags & O_DSYNC) != 0) all |= __WASI_FDFLAGS_DSYNC;
  if ((flags & O_SYNC) == O_SYNC) all |= __WASI_FDFLAGS_SYNC;
  return (__wasi_fdflags_t)all;
}

static __wasi_oflags_t oflags_of(int flags) {
  int all = 0;
  if ((flags & O_CREAT) != 0) all |= __WASI_OFLAGS_CREAT;
  if ((flags & O_DIRECTORY) != 0) all |= __WASI_OFLAGS_DIRECTORY;
  if ((flags & O_EXCL) != 0) all |= __WASI_OFLAGS_EXCL;
  if ((flags & O_TRUNC) != 0) all |= __WASI_OFLAGS_TRUNC;
  return (__wasi_oflags_t)all;
}

/* As much as the directory gives, less what the mode leaves out. Where nothing
 * may be written, to ask for it is the error. */
static int rights_of(__wasi_fd_t directory, int flags, __wasi_rights_t *base,
                     __wasi_rights_t *inheriting) {
  __wasi_fdstat_t stat;
  __wasi_errno_t error = __wasi_fd_fdstat_get(directory, &stat);
  if (error != 0) return error;
  if (stat.fs_filetype != __WASI_FILETYPE_DIRECTORY) return ENOTDIR;
  *inheriting = *base = stat.fs_rights_inheriting;
  int mode = flags & O_ACCMODE;
  bool writes = mode == O_WRONLY || mode == O_RDWR;
  if (writes && (*base & __WASI_RIGHTS_FD_WRITE) == 0) return EROFS;
  if (!writes) *base &= ~(__wasi_rights_t)WRITING;
  if (mode == O_WRONLY || (flags & O_PATH) == O_PATH) {
    *base &= ~(__wasi_rights_t)READING;
  }
  return 0;
}

/* The descriptor, or -1 with errno set. */
static int open_at(int dirfd, const char *name, int flags) {
  if ((flags & O_TMPFILE) == O_TMPFILE) return gs__libc_result(ENOTSUP);
  struct gs__path path;
  int error = gs__path_begin(&path, dirfd, name);
  if (error != 0) return gs__libc_result(error);
  __wasi_rights_t base = 0;
  __wasi_rights_t inheriting = 0;
  error = rights_of(path.fd, flags, &base, &inheriting);
  __wasi_fd_t opened = 0;
  if (error == 0) {
    __wasi_lookupflags_t lookup =
        (flags & O_NOFOLLOW) != 0 ? 0 : __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW;
    error = __wasi_path_open(path.fd, lookup, path.name, path.name_bytes,
                             oflags_of(flags), base, inheriting,
                             fdflags_of(flags), &opened);
  }
  gs__path_end(&path);
  return error == 0 ? (int)opened : gs__libc_result(error);
}

/* The mode that may follow means nothing here. */

int open(const char *name, int flags, ...) {
  return open_at(AT_FDCWD, name, flags);
}

int openat(int dirfd, const char *name, int flags, ...) {
  return open_at(dirfd, name, flags);
}

int creat(const char *name, mode_t mode) {
  (void)mode;
  return open_at(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC);
}

FILE *fopen(const char *restrict name, const char *restrict mode) {
  int flags = 0;
  switch (*mode) {
    case 'r':
      break;
    case 'w':
      flags = O_CREAT | O_TRUNC;
      break;
    case 'a':
      flags = O_CREAT | O_APPEND;
      break;
    default:
      errno = EINVAL;
      return NULL;
  }
  if (strchr(mode, '+') != NULL) {
    flags |= O_RDWR;
  } else {
    flags |= *mode == 'r' ? O_RDONLY : O_WRONLY;
  }
  if (strchr(mode, 'x') != NULL) flags |= O_EXCL;
  int fd = open_at(AT_FDCWD, name, flags);
  if (fd < 0) return NULL;
  FILE *file = fdopen(fd, mode);
  if (file == NULL) close(fd);
  return file;
}

#define TMPFILE_TRIES 8

FILE *tmpfile(void) {
  for (int tries = 0; tries < TMPFILE_TRIES; tries++) {
    static const char digits[] = "0123456789abcdef";
    unsigned char random[8];
    char name[] = P_tmpdir "/0123456789abcdef";
    int error = __wasi_random_get(random, sizeof random);
    if (error != 0) break;
    for (size_t i = 0; i < sizeof random; i++) {
      name[5 + 2 * i] = digits[random[i] >> 4];
      name[6 + 2 * i] = digits[random[i] & 15];
    }
    int fd = open_at(AT_FDCWD, name, O_RDWR | O_CREAT | O_EXCL);
    if (fd < 0 && errno == EEXIST) continue;
    if (fd < 0) return NULL;
    unlink(name);
    FILE *file = fdopen(fd, "w+");
    if (file == NULL) close(fd);
    return file;
  }
  errno = EEXIST;
  return NULL;
}
#endif

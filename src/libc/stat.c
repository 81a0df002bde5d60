/* stat() and its kin, access(). Preview1 knows no owners and permissions: files
 * are 0644 and directories 0755 to everybody. */
#ifdef __EMSCRIPTEN__
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "result.h"

#define NS_PER_SECOND 1000000000
#define BLOCK_BYTES 512 /* of st_blocks */
#define PAGE_BYTES 4096

static mode_t mode_of(__wasi_filetype_t type) {
  switch (type) {
    case __WASI_FILETYPE_DIRECTORY:
      return S_IFDIR | 0755;
    case __WASI_FILETYPE_REGULAR_FILE:
      return S_IFREG | 0644;
    case __WASI_FILETYPE_SYMBOLIC_LINK:
      return S_IFLNK | 0777;
    case __WASI_FILETYPE_CHARACTER_DEVICE:
      return S_IFCHR | 0666;
    case __WASI_FILETYPE_BLOCK_DEVICE:
      return S_IFBLK | 0666;
    case __WASI_FILETYPE_SOCKET_STREAM:
    case __WASI_FILETYPE_SOCKET_DGRAM:
      return S_IFSOCK | 0666;
    default:
      return S_IFIFO | 0666; /* a pipe has no number of its own */
  }
}

static struct timespec time_of(__wasi_timestamp_t ns) {
  return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_SECOND),
                           .tv_nsec = (long)(ns % NS_PER_SECOND)};
}

static void convert(struct stat *to, const __wasi_filestat_t *from) {
  *to = (struct stat){
      .st_dev = (dev_t)from->dev,
      .st_ino = from->ino,
      .st_mode = mode_of(from->filetype),
      .st_nlink = (nlink_t)from->nlink,
      .st_size = (off_t)from->size,
      .st_blksize = PAGE_BYTES,
      .st_blocks = (blkcnt_t)((from->size + BLOCK_BYTES - 1) / BLOCK_BYTES),
      .st_atim = time_of(from->atim),
      .st_mtim = time_of(from->mtim),
      .st_ctim = time_of(from->ctim),
  };
}

/* An errno. */
static int stat_at(int dirfd, const char *name, int flags,
                   __wasi_filestat_t *stat) {
  struct gs__path path;
  int error = gs__path_begin(&path, dirfd, name);
  if (error != 0) return error;
  __wasi_lookupflags_t lookup = (flags & AT_SYMLINK_NOFOLLOW) != 0
                                    ? 0
                                    : __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW;
  error = __wasi_path_filestat_get(path.fd, lookup, path.name, path.name_bytes,
                                   stat);
  gs__path_end(&path);
  return error;
}

int fstat(int fd, struct stat *to) {
  __wasi_filestat_t from;
  int error = __wasi_fd_filestat_get((__wasi_fd_t)fd, &from);
  if (error == 0) convert(to, &from);
  return gs__libc_result(error);
}

int fstatat(int dirfd, const char *restrict name, struct stat *restrict to,
            int flags) {
  bool of_fd = (flags & AT_EMPTY_PATH) != 0 && name != NULL && *name == '\0';
  if (of_fd) return fstat(dirfd, to);
  __wasi_filestat_t from;
  int error = stat_at(dirfd, name, flags, &from);
  if (error == 0) convert(to, &from);
  return gs__libc_result(error);
}

int stat(const char *restrict name, struct stat *restrict to) {
  return fstatat(AT_FDCWD, name, to, 0);
}

int lstat(const char *restrict name, struct stat *restrict to) {
  return fstatat(AT_FDCWD, name, to, AT_SYMLINK_NOFOLLOW);
}

/* ---- access ---- */

/* EROFS where nothing may be written. */
static int refuses_writing(int dirfd, const char *name) {
  struct gs__path path;
  int error = gs__path_begin(&path, dirfd, name);
  if (error != 0) return error;
  __wasi_fdstat_t fdstat;
  error = __wasi_fd_fdstat_get(path.fd, &fdstat);
  gs__path_end(&path);
  if (error != 0) return error;
  bool may = (fdstat.fs_rights_inheriting & __WASI_RIGHTS_FD_WRITE) != 0;
  return may ? 0 : EROFS;
}

int faccessat(int dirfd, const char *name, int mode, int flags) {
  if ((mode & ~(R_OK | W_OK | X_OK)) != 0) return gs__libc_result(EINVAL);
  __wasi_filestat_t found;
  int error = stat_at(dirfd, name, flags, &found);
  if (error != 0) return gs__libc_result(error);
  /* There are no programs to be run. */
  bool searchable = found.filetype == __WASI_FILETYPE_DIRECTORY;
  if ((mode & X_OK) != 0 && !searchable) return gs__libc_result(EACCES);
  if ((mode & W_OK) == 0) return 0;
  return gs__libc_result(refuses_writing(dirfd, name));
}

int access(const char *name, int mode) {
  return faccessat(AT_FDCWD, name, mode, 0);
}
#endif

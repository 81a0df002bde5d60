/* Making, renaming and removing what is in directories. */
#ifdef __EMSCRIPTEN__
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "result.h"

typedef __wasi_errno_t path_call(__wasi_fd_t fd, const char *name,
                                 size_t name_bytes);

/* Inlined, so that the call is direct. */
GS__INLINE int call_at(path_call *call, int dirfd, const char *name) {
  struct gs__path path;
  int error = gs__path_begin(&path, dirfd, name);
  if (error != 0) return gs__libc_result(error);
  error = call(path.fd, path.name, path.name_bytes);
  gs__path_end(&path);
  return gs__libc_result(error);
}

/* ---- directories ---- */

/* Nobody has a mode here: it is ignored, as the umask is. */
int mkdirat(int dirfd, const char *name, mode_t mode) {
  (void)mode;
  return call_at(__wasi_path_create_directory, dirfd, name);
}

int mkdir(const char *name, mode_t mode) {
  return mkdirat(AT_FDCWD, name, mode);
}

int rmdir(const char *name) {
  return call_at(__wasi_path_remove_directory, AT_FDCWD, name);
}

int unlink(const char *name) {
  return call_at(__wasi_path_unlink_file, AT_FDCWD, name);
}

int unlinkat(int dirfd, const char *name, int flags) {
  if ((flags & ~AT_REMOVEDIR) != 0) return gs__libc_result(EINVAL);
  return (flags & AT_REMOVEDIR) != 0
             ? call_at(__wasi_path_remove_directory, dirfd, name)
             : call_at(__wasi_path_unlink_file, dirfd, name);
}

int remove(const char *name) {
  if (unlink(name) == 0) return 0;
  return errno == EISDIR ? rmdir(name) : -1;
}

/* ---- two names ---- */

struct two_paths {
  struct gs__path from;
  struct gs__path to;
};

static int begin_two(struct two_paths *paths, int from_fd, const char *from,
                     int to_fd, const char *to) {
  int error = gs__path_begin(&paths->from, from_fd, from);
  if (error != 0) return error;
  error = gs__path_begin(&paths->to, to_fd, to);
  if (error != 0) gs__path_end(&paths->from);
  return error;
}

static void end_two(struct two_paths *paths) {
  gs__path_end(&paths->to);
  gs__path_end(&paths->from);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
  struct two_paths paths;
  int error = begin_two(&paths, from_fd, from, to_fd, to);
  if (error != 0) return gs__libc_result(error);
  error =
      __wasi_path_rename(paths.from.fd, paths.from.name, paths.from.name_bytes,
                         paths.to.fd, paths.to.name, paths.to.name_bytes);
  end_two(&paths);
  return gs__libc_result(error);
}

int rename(const char *from, const char *to) {
  return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to,
           int flags) {
  if ((flags & ~AT_SYMLINK_FOLLOW) != 0) return gs__libc_result(EINVAL);
  struct two_paths paths;
  int error = begin_two(&paths, from_fd, from, to_fd, to);
  if (error != 0) return gs__libc_result(error);
  __wasi_lookupflags_t lookup =
      (flags & AT_SYMLINK_FOLLOW) != 0 ? __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW : 0;
  error = __wasi_path_link(paths.from.fd, lookup, paths.from.name,
                           paths.from.name_bytes, paths.to.fd, paths.to.name,
                           paths.to.name_bytes);
  end_two(&paths);
  return gs__libc_result(error);
}

int link(const char *from, const char *to) {
  return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* ---- symbolic links ---- */

int symlinkat(const char *target, int dirfd, const char *name) {
  if (target == NULL) return gs__libc_result(EFAULT);
  struct gs__path path;
  int error = gs__path_begin(&path, dirfd, name);
  if (error != 0) return gs__libc_result(error);
  error = __wasi_path_symlink(target, strlen(target), path.fd, path.name,
                              path.name_bytes);
  gs__path_end(&path);
  return gs__libc_result(error);
}

int symlink(const char *target, const char *name) {
  return symlinkat(target, AT_FDCWD, name);
}

ssize_t readlinkat(int dirfd, const char *restrict name, char *restrict buf,
                   size_t buf_bytes) {
  struct gs__path path;
  int error = gs__path_begin(&path, dirfd, name);
  if (error != 0) return gs__libc_result(error);
  __wasi_size_t used = 0;
  error = __wasi_path_readlink(path.fd, path.name, path.name_bytes,
                               (uint8_t *)buf, buf_bytes, &used);
  gs__path_end(&path);
  return error == 0 ? (ssize_t)used : gs__libc_result(error);
}

ssize_t readlink(const char *restrict name, char *restrict buf,
                 size_t buf_bytes) {
  return readlinkat(AT_FDCWD, name, buf, buf_bytes);
}
#endif

/* The working directory, which is libc's alone: WASI has none. */
#ifdef __EMSCRIPTEN__
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "result.h"

/* A buffer of getcwd()'s own is the caller's to free(). */
char *getcwd(char *buf, size_t buf_bytes) {
  const char *cwd = gs__path_cwd();
  int error = cwd == NULL ? ENOMEM : 0;
  if (buf != NULL && buf_bytes == 0) error = EINVAL;
  if (error == 0 && buf != NULL && buf_bytes <= strlen(cwd)) error = ERANGE;
  if (error != 0) {
    errno = error;
    return NULL;
  }
  return buf == NULL ? strdup(cwd) : strcpy(buf, cwd);
}

/* Canonical already. */
static int change(const char *path) {
  struct stat status;
  /* The root is always there, with a mount or without. */
  if (strcmp(path, "/") != 0) {
    if (stat(path, &status) != 0) return -1;
    if (!S_ISDIR(status.st_mode)) return gs__libc_result(ENOTDIR);
  }
  return gs__libc_result(gs__path_set_cwd(path));
}

int chdir(const char *name) {
  char *canonical = realpath(name, NULL);
  if (canonical == NULL) return -1;
  int result = change(canonical);
  free(canonical);
  return result;
}

/* A descriptor does not tell its path, save for those of the mounts. */
int fchdir(int fd) {
  __wasi_fdstat_t status;
  int error = __wasi_fd_fdstat_get((__wasi_fd_t)fd, &status);
  if (error != 0) return gs__libc_result(error);
  if (status.fs_filetype != __WASI_FILETYPE_DIRECTORY) {
    return gs__libc_result(ENOTDIR);
  }
  const char *name = gs__path_preopen(fd);
  if (name == NULL) return gs__libc_result(ENOTSUP);
  char *path = malloc(strlen(name) + 2);
  if (path == NULL) return gs__libc_result(ENOMEM);
  path[0] = '/';
  strcpy(path + 1, name);
  error = gs__path_set_cwd(path);
  free(path);
  return gs__libc_result(error);
}
#endif

/* Paths: which directory of the host one begins at, and what is left of it.
 * The working directory. */
#ifndef GS_LIBC_PATH_H
#define GS_LIBC_PATH_H

#include <stddef.h>
#include <wasi/api.h>

/* A path as the host takes it; lives in the caller's frame. */
struct gs__path {
  __wasi_fd_t fd;   /* the directory it begins at */
  const char *name; /* relative to that; never empty */
  size_t name_bytes;
  char *block; /* where `name` lies when `room` was too small, or NULL */
  char room[120];
};

/* Finds where `name` begins, seen from the directory `dirfd` or, with AT_FDCWD,
 * from the working directory. 0, and gs__path_end() is due; an errno: ENOENT
 * when no mount has it, EBADF, ENOMEM. Never parks. */
int gs__path_begin(struct gs__path *path, int dirfd, const char *name);
void gs__path_end(struct gs__path *path);

/* The working directory: absolute, canonical. */
const char *gs__path_cwd(void);
/* Makes a canonical absolute path the working directory. ENOMEM. */
int gs__path_set_cwd(const char *path);
/* The name of a preopened directory without slashes around it, or NULL. */
const char *gs__path_preopen(int fd);

#endif

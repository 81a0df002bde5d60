/* What happens to the descriptors of mounts when they are closed, replaced or
 * moved. The cases go on from each other, so there is one. */
#include "check.h"

CASE(fd_close_and_fd_renumber_of_mounts) {
  struct w_prestat prestat;
  struct w_fdstat fdstat;
  struct w_filestat before;
  struct w_filestat after;
  char name[8];

  /* Over a mount: it is no mount any more, but the directory that came. */
  NEED(w_fd_filestat_get(dir, &before));
  NEED(w_fd_renumber(dir, side));
  NEED(w_fd_filestat_get(side, &after));
  WANT_NUMBER(after.ino, before.ino);
  WANT_NUMBER(after.dev, before.dev);
  WANT(w_fd_fdstat_get(dir, &fdstat), W_EBADF);
  WANT(w_fd_prestat_get(side, &prestat), W_EBADF);

  /* A mount that moves stays one. */
  WANT_OK(w_fd_renumber(work, side));
  WANT_OK(w_fd_prestat_get(side, &prestat));
  WANT_NUMBER(prestat.name_len, 1);
  WANT_OK(w_fd_prestat_dir_name(side, name, 1));
  WANT_BYTES(name, "/", 1);
  WANT(w_fd_prestat_get(work, &prestat), W_EBADF);

  /* Closed, it is gone, and its number is the next one. */
  uint32_t fd = 0;
  NEED(open_at(side, ".", W_DIRECTORY, &fd));
  WANT_NUMBER(fd, work);
  WANT_OK(w_fd_close(side));
  WANT(w_fd_prestat_get(side, &prestat), W_EBADF);
  WANT(w_fd_fdstat_get(side, &fdstat), W_EBADF);
  WANT_OK(w_fd_fdstat_get(fd, &fdstat));
  WANT_NUMBER(fdstat.filetype, W_TYPE_DIRECTORY);
}

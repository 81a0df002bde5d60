/* A mount that may only be read: every change is refused, as one that nobody
 * has the right to or as one that the file system does not take. The mount has
 * `f`, which holds "text", the directory `d` with `d/g`, and the link `l` to f.
 */
#include "check.h"

static char buf[16];
static uint32_t size;
static struct w_filestat stat;

#define REFUSED(call) WANT(call, W_EROFS, W_ENOTCAPABLE)

CASE(readonly_files_are_read) {
  uint32_t fd = 0;
  NEED(open_with(work, "f", 0, W_R_FD_READ, &fd));
  NEED(read_some(fd, buf, sizeof buf, &size));
  NEED_TRUE(size == 4);
  WANT_BYTES(buf, "text", 4);
  WANT_OK(exists(work, "d/g"));
  WANT_OK(w_path_filestat_get(work, W_FOLLOW, PATH("l"), &stat));
  WANT_OK(w_path_readlink(work, PATH("l"), buf, sizeof buf, &size));
  WANT_OK(open_with(work, "d", W_DIRECTORY, W_R_FD_READDIR, &fd));
  uint8_t entries[256];
  WANT_OK(w_fd_readdir(fd, entries, sizeof entries, 0, &size));
}

CASE(readonly_files_are_not_opened_to_be_changed) {
  uint32_t fd = 0;
  REFUSED(open_with(work, "f", 0, W_R_FD_READ | W_R_FD_WRITE, &fd));
  REFUSED(open_with(work, "f", 0, W_R_FD_WRITE, &fd));
  REFUSED(open_with(work, "f", W_TRUNC, W_R_FD_READ, &fd));
  REFUSED(open_with(work, "new", W_CREAT, W_R_FD_READ, &fd));
  REFUSED(open_with(work, "d/new", W_CREAT | W_EXCL, W_R_FD_READ, &fd));
  WANT(exists(work, "new"), W_ENOENT);
}

CASE(readonly_names_are_not_changed) {
  REFUSED(make_dir(work, "new"));
  REFUSED(rmdir_at(work, "d"));
  REFUSED(unlink_at(work, "f"));
  REFUSED(unlink_at(work, "l"));
  REFUSED(make_link("f", work, "new"));
  REFUSED(w_path_link(work, 0, PATH("f"), work, PATH("new")));
  REFUSED(w_path_rename(work, PATH("f"), work, PATH("new")));
  REFUSED(w_path_rename(work, PATH("f"), work, PATH("d/g")));
  WANT_OK(exists(work, "f"));
  WANT_OK(exists(work, "d/g"));
  WANT(exists(work, "new"), W_ENOENT);
}

CASE(readonly_files_keep_their_times_and_sizes) {
  uint32_t fd = 0;
  NEED(open_with(work, "f", 0, W_R_FD_READ, &fd));
  REFUSED(w_path_filestat_set_times(work, 0, PATH("f"), 1, 1, W_MTIM));
  REFUSED(w_fd_filestat_set_times(fd, 1, 1, W_MTIM));
  REFUSED(w_fd_filestat_set_size(fd, 1));
  REFUSED(w_fd_allocate(fd, 0, 100));
  REFUSED(write_text(fd, "x"));
  NEED(stat_at(work, "f", &stat));
  WANT_NUMBER(stat.size, 4);
}

/* What is there and what is not is told as ever. */
CASE(readonly_mounts_tell_what_is_missing) {
  uint32_t fd = 0;
  WANT(open_with(work, "missing", 0, W_R_FD_READ, &fd), W_ENOENT);
  WANT(open_with(work, "f/x", 0, W_R_FD_READ, &fd), W_ENOTDIR);
  WANT(exists(work, "missing"), W_ENOENT);
}

CASE(readonly_rights_say_so) {
  struct w_fdstat fdstat;
  NEED(w_fd_fdstat_get(work, &fdstat));
  WANT_TRUE((fdstat.rights_base & W_R_PATH_OPEN) != 0);
  uint32_t fd = 0;
  NEED(w_path_open(work, 0, PATH("d"), W_DIRECTORY, fdstat.rights_base,
                   fdstat.rights_inheriting, 0, &fd));
  WANT_OK(exists(fd, "g"));
  REFUSED(make_dir(fd, "new"));
}

CASE(readonly_files_are_not_moved_to_where_they_could_be_changed) {
  NEED(put_file(side, "s", "side"));
  WANT(w_path_rename(work, PATH("f"), side, PATH("f")), W_EROFS, W_ENOTCAPABLE,
       W_EXDEV);
  WANT(w_path_link(work, 0, PATH("f"), side, PATH("f")), W_EROFS, W_ENOTCAPABLE,
       W_EXDEV);
  WANT(w_path_rename(side, PATH("s"), work, PATH("s")), W_EROFS, W_ENOTCAPABLE,
       W_EXDEV);
  WANT(exists(side, "f"), W_ENOENT);
  WANT_FILE(side, "s", "side");
}

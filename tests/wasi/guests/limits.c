/* Limits of tables, paths and rights, and directories that are mount points. */
#include "check.h"

static uint32_t size;

CASE(path_open_until_no_descriptor_is_left) {
  NEED(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  int32_t err = W_ESUCCESS;
  uint32_t last = 0;
  for (uint32_t i = 0; i < (1 << 17) && err == W_ESUCCESS; i++) {
    err = open_with(dir, "f", 0, W_R_FD_READ, &fd);
    if (err == W_ESUCCESS) last = fd;
  }
  WANT(err, W_EMFILE, W_ENFILE);
  NEED(w_fd_close(last));
  WANT_OK(open_with(dir, "f", 0, W_R_FD_READ, &fd));
  WANT_NUMBER(fd, last);
  for (uint32_t i = kept + 2; i <= last; i++) (void)w_fd_close(i);
}

CASE(path_open_refuses_rights_that_do_not_exist) {
  NEED(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  WANT(open_with(dir, "f", 0, W_R_FD_READ | W_RIGHT(40), &fd), W_ENOTCAPABLE,
       W_EINVAL);
  WANT(w_path_open(dir, 0, PATH("f"), 0, W_R_FD_READ, W_RIGHT(63), 0, &fd),
       W_ENOTCAPABLE, W_EINVAL);
}

CASE(path_of_a_mebibyte) {
  static char path[1 << 20];
  memset(path, '/', sizeof path);
  memcpy(path, ".", 1);
  struct w_filestat stat;
  WANT(w_path_filestat_get(dir, 0, path, sizeof path, &stat), W_ENAMETOOLONG);
}

CASE(path_of_a_mount_point_is_what_is_mounted) {
  struct w_filestat one;
  struct w_filestat two;
  NEED(put_file(side, "here", "on the side"));
  WANT_FILE(work, "side/here", "on the side");
  NEED(w_fd_filestat_get(side, &one));
  NEED(stat_at(work, "side", &two));
  WANT_NUMBER(two.ino, one.ino);
  WANT_NUMBER(two.dev, one.dev);
  NEED(w_fd_filestat_get(work, &one));
  WANT_TRUE(one.dev != two.dev);
  NEED(unlink_at(side, "here"));
}

CASE(path_of_a_mount_point_is_not_removed_or_replaced) {
  WANT(rmdir_at(work, "side"), W_EBUSY);
  WANT(w_path_rename(work, PATH("side"), work, PATH("gone")), W_EBUSY, W_EXDEV);
  NEED(make_dir(work, "empty"));
  WANT(w_path_rename(work, PATH("empty"), work, PATH("side")), W_EBUSY,
       W_EXDEV);
  WANT_OK(exists(work, "side"));
  NEED(rmdir_at(work, "empty"));
}

CASE(path_rename_and_link_into_another_mount) {
  NEED(put_file(dir, "f", "abc"));
  WANT(w_path_rename(dir, PATH("f"), work, PATH("side/f")), W_EXDEV);
  WANT(w_path_link(dir, 0, PATH("f"), work, PATH("side/f")), W_EXDEV);
  WANT(w_path_rename(dir, PATH("f"), side, PATH("f")), W_EXDEV);
  WANT(exists(side, "f"), W_ENOENT);
  WANT_FILE(dir, "f", "abc");
}

CASE(poll_oneoff_of_very_many) {
  static struct w_subscription in[4096];
  static struct w_event out[4096];
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(open_at(dir, "f", 0, &fd));
  for (int i = 0; i < 4096; i++) {
    in[i].userdata = (uint64_t)i;
    in[i].tag = W_EVENT_READ;
    in[i].u.fd = fd;
  }
  NEED(w_poll_oneoff(in, out, 4096, &size));
  WANT_NUMBER(size, 4096);
  for (uint32_t i = 0; i < size; i++) NEED_TRUE(out[i].userdata == i);
}

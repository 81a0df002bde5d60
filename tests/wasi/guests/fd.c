/* What is known of a descriptor and done to it: fd_close, fd_renumber,
 * fd_fdstat_*, fd_allocate, fd_advise, fd_sync, fd_datasync and fd_prestat_*.
 * filestat.c has the rest. */
#include "check.h"

static uint32_t fresh(const char *text) {
  uint32_t fd = UINT32_MAX;
  WANT_OK(put_file(dir, "f", text));
  WANT_OK(open_at(dir, "f", 0, &fd));
  return fd;
}

static char buf[256];
static uint32_t size;
static struct w_filestat stat;
static struct w_fdstat fdstat;

/* ---- fd_close and the numbers of descriptors ---- */

CASE(fd_close_ends_a_descriptor) {
  uint32_t fd = fresh("abc");
  WANT_OK(w_fd_close(fd));
  WANT(w_fd_close(fd), W_EBADF);
  WANT(w_fd_fdstat_get(fd, &fdstat), W_EBADF);
  WANT(w_fd_filestat_get(fd, &stat), W_EBADF);
}

CASE(fd_close_of_what_was_never_open) {
  WANT(w_fd_close(40), W_EBADF);
  WANT(w_fd_close(UINT32_MAX), W_EBADF);
  WANT(w_fd_close(UINT32_C(1) << 31), W_EBADF);
}

CASE(fd_close_needs_no_right) {
  WANT_OK(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  NEED(open_with(dir, "f", 0, 0, &fd));
  WANT_OK(w_fd_close(fd));
}

CASE(fd_close_makes_the_lowest_number_free_for_the_next) {
  uint32_t fd[4];
  WANT_OK(put_file(dir, "f", "abc"));
  for (int i = 0; i < 4; i++) NEED(open_at(dir, "f", 0, &fd[i]));
  for (int i = 1; i < 4; i++) WANT_NUMBER(fd[i], fd[i - 1] + 1);
  WANT_OK(w_fd_close(fd[2]));
  WANT_OK(w_fd_close(fd[0]));
  uint32_t next = 0;
  NEED(open_at(dir, "f", 0, &next));
  WANT_NUMBER(next, fd[0]);
  NEED(open_at(dir, "f", 0, &next));
  WANT_NUMBER(next, fd[2]);
  NEED(open_at(dir, "f", 0, &next));
  WANT_NUMBER(next, fd[3] + 1);
}

CASE(fd_close_leaves_other_descriptors_of_the_file) {
  uint32_t fd = fresh("abc");
  uint32_t other = 0;
  NEED(open_at(dir, "f", 0, &other));
  WANT_OK(w_fd_close(fd));
  NEED(read_some(other, buf, sizeof buf, &size));
  WANT_NUMBER(size, 3);
}

CASE(fd_close_of_a_directory_leaves_what_was_opened_in_it) {
  uint32_t inner = 0;
  uint32_t fd = 0;
  NEED(make_dir(dir, "d"));
  NEED(open_at(dir, "d", W_DIRECTORY, &inner));
  NEED(put_file(inner, "f", "abc"));
  NEED(open_at(inner, "f", 0, &fd));
  WANT_OK(w_fd_close(inner));
  NEED(read_some(fd, buf, sizeof buf, &size));
  WANT_NUMBER(size, 3);
}

/* ---- fd_renumber ---- */

CASE(fd_renumber_moves_a_descriptor) {
  WANT_OK(put_file(dir, "other", "other"));
  uint32_t from = fresh("abc");
  uint32_t to = 0;
  NEED(open_at(dir, "other", 0, &to));
  NEED(read_some(from, buf, 1, &size));
  NEED(w_fd_renumber(from, to));
  WANT(w_fd_close(from), W_EBADF);
  NEED(read_some(to, buf, sizeof buf, &size));
  NEED_TRUE(size == 2);
  WANT_BYTES(buf, "bc", 2);
}

CASE(fd_renumber_takes_rights_flags_and_type_along) {
  WANT_OK(put_file(dir, "a", ""));
  uint32_t from = 0;
  uint32_t to = 0;
  NEED(w_path_open(dir, 0, PATH("a"), 0, W_R_FD_WRITE | W_R_FD_TELL, 0,
                   W_APPEND, &from));
  NEED(open_at(dir, "a", 0, &to));
  struct w_fdstat before;
  NEED(w_fd_fdstat_get(from, &before));
  NEED(w_fd_renumber(from, to));
  NEED(w_fd_fdstat_get(to, &fdstat));
  WANT_NUMBER(fdstat.filetype, before.filetype);
  WANT_NUMBER(fdstat.flags, before.flags);
  WANT_NUMBER(fdstat.rights_base, before.rights_base);
  WANT_NUMBER(fdstat.rights_inheriting, before.rights_inheriting);
}

CASE(fd_renumber_frees_the_old_number) {
  uint32_t from = fresh("abc");
  uint32_t to = 0;
  NEED(open_at(dir, "f", 0, &to));
  NEED(w_fd_renumber(from, to));
  uint32_t next = 0;
  NEED(open_at(dir, "f", 0, &next));
  WANT_NUMBER(next, from);
}

CASE(fd_renumber_to_itself_changes_nothing) {
  uint32_t fd = fresh("abc");
  WANT_OK(w_fd_renumber(fd, fd));
  NEED(read_some(fd, buf, sizeof buf, &size));
  WANT_NUMBER(size, 3);
}

CASE(fd_renumber_wants_both_to_be_open) {
  uint32_t fd = fresh("abc");
  WANT(w_fd_renumber(fd, 40), W_EBADF);
  WANT(w_fd_renumber(40, fd), W_EBADF);
  WANT(w_fd_renumber(40, 41), W_EBADF);
  WANT(w_fd_renumber(40, 40), W_EBADF);
  WANT(w_fd_renumber(fd, UINT32_MAX), W_EBADF);
  NEED(read_some(fd, buf, sizeof buf, &size));
  WANT_NUMBER(size, 3);
}

CASE(fd_renumber_onto_the_last_descriptor_of_a_file_closes_it) {
  uint32_t from = fresh("abc");
  WANT_OK(put_file(dir, "gone", "gone"));
  uint32_t to = 0;
  NEED(open_at(dir, "gone", 0, &to));
  NEED(unlink_at(dir, "gone"));
  NEED(w_fd_renumber(from, to));
  NEED(w_fd_filestat_get(to, &stat));
  WANT_NUMBER(stat.size, 3);
}

/* ---- fd_fdstat_get ---- */

CASE(fd_fdstat_get_tells_type_flags_and_rights) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_fdstat_get(fd, &fdstat));
  WANT_NUMBER(fdstat.filetype, W_TYPE_FILE);
  WANT_NUMBER(fdstat.flags, 0);
  NEED(w_fd_fdstat_get(dir, &fdstat));
  WANT_NUMBER(fdstat.filetype, W_TYPE_DIRECTORY);
  WANT_NUMBER(fdstat.flags, 0);
}

CASE(fd_fdstat_get_tells_the_rights_that_were_asked_for) {
  WANT_OK(put_file(dir, "f", ""));
  uint32_t fd = 0;
  uint64_t rights = W_R_FD_READ | W_R_FD_TELL;
  NEED(w_path_open(dir, 0, PATH("f"), 0, rights, W_R_FD_WRITE, 0, &fd));
  NEED(w_fd_fdstat_get(fd, &fdstat));
  WANT_NUMBER(fdstat.rights_base, rights);
  WANT_TRUE((fdstat.rights_inheriting & ~W_R_FD_WRITE) == 0);
}

CASE(fd_fdstat_get_tells_the_flags_of_path_open) {
  uint32_t fd = 0;
  NEED(w_path_open(dir, 0, PATH("f"), W_CREAT, W_R_FD_WRITE, 0,
                   W_APPEND | W_NONBLOCK, &fd));
  NEED(w_fd_fdstat_get(fd, &fdstat));
  WANT_NUMBER(fdstat.flags, W_APPEND | W_NONBLOCK);
}

CASE(fd_fdstat_get_tells_synchronous_flags) {
  uint32_t fd = 0;
  int32_t err =
      w_path_open(dir, 0, PATH("f"), W_CREAT, W_R_FD_WRITE, 0, W_SYNC, &fd);
  WANT(err, W_ESUCCESS, W_ENOTSUP);
  if (err != W_ESUCCESS) return;
  NEED(w_fd_fdstat_get(fd, &fdstat));
  WANT_TRUE((fdstat.flags & W_SYNC) != 0);
}

CASE(fd_fdstat_get_of_a_bad_descriptor) {
  WANT(w_fd_fdstat_get(40, &fdstat), W_EBADF);
  WANT(w_fd_fdstat_get(UINT32_MAX, &fdstat), W_EBADF);
}

CASE(fd_fdstat_get_gives_a_mount_what_libraries_count_on) {
  static const uint64_t BASE =
      W_R_PATH_CREATE_DIRECTORY | W_R_PATH_CREATE_FILE | W_R_PATH_LINK_SOURCE |
      W_R_PATH_LINK_TARGET | W_R_PATH_OPEN | W_R_FD_READDIR |
      W_R_PATH_READLINK | W_R_PATH_RENAME_SOURCE | W_R_PATH_RENAME_TARGET |
      W_R_PATH_SYMLINK | W_R_PATH_REMOVE_DIRECTORY | W_R_PATH_UNLINK_FILE |
      W_R_PATH_FILESTAT_GET | W_R_PATH_FILESTAT_SET_TIMES |
      W_R_FD_FILESTAT_GET | W_R_FD_FILESTAT_SET_TIMES;
  static const uint64_t FILES =
      W_R_FD_DATASYNC | W_R_FD_READ | W_R_FD_SEEK | W_R_FD_FDSTAT_SET_FLAGS |
      W_R_FD_SYNC | W_R_FD_TELL | W_R_FD_WRITE | W_R_FD_ADVISE |
      W_R_FD_ALLOCATE | W_R_FD_FILESTAT_SET_SIZE | W_R_POLL_FD_READWRITE;
  NEED(w_fd_fdstat_get(work, &fdstat));
  WANT_NUMBER(fdstat.filetype, W_TYPE_DIRECTORY);
  WANT_NUMBER(fdstat.rights_base & BASE, BASE);
  WANT_NUMBER(fdstat.rights_inheriting & (BASE | FILES), BASE | FILES);
  WANT_NUMBER(fdstat.rights_base & W_R_FD_FILESTAT_SET_SIZE, 0);
  WANT_NUMBER(fdstat.rights_base & W_R_FD_SEEK, 0);
}

/* ---- fd_fdstat_set_flags ---- */

CASE(fd_fdstat_set_flags_turns_append_on_and_off) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_fdstat_set_flags(fd, W_APPEND));
  NEED(w_fd_fdstat_get(fd, &fdstat));
  WANT_NUMBER(fdstat.flags, W_APPEND);
  NEED(write_text(fd, "d"));
  WANT_FILE(dir, "f", "abcd");
  NEED(w_fd_fdstat_set_flags(fd, 0));
  NEED(w_fd_fdstat_get(fd, &fdstat));
  WANT_NUMBER(fdstat.flags, 0);
  uint64_t at = 0;
  NEED(w_fd_seek(fd, 0, W_SEEK_SET, &at));
  NEED(write_text(fd, "X"));
  WANT_FILE(dir, "f", "Xbcd");
}

CASE(fd_fdstat_set_flags_replaces_all_flags) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_fdstat_set_flags(fd, W_APPEND));
  NEED(w_fd_fdstat_set_flags(fd, W_NONBLOCK));
  NEED(w_fd_fdstat_get(fd, &fdstat));
  WANT_NUMBER(fdstat.flags, W_NONBLOCK);
}

CASE(fd_fdstat_set_flags_is_of_the_descriptor_alone) {
  uint32_t fd = fresh("abc");
  uint32_t other = 0;
  NEED(open_at(dir, "f", 0, &other));
  NEED(w_fd_fdstat_set_flags(fd, W_APPEND));
  NEED(w_fd_fdstat_get(other, &fdstat));
  WANT_NUMBER(fdstat.flags, 0);
}

CASE(fd_fdstat_set_flags_refuses_unknown_flags) {
  uint32_t fd = fresh("abc");
  WANT(w_fd_fdstat_set_flags(fd, 1 << 5), W_EINVAL);
  WANT(w_fd_fdstat_set_flags(fd, 0x8000), W_EINVAL);
}

CASE(fd_fdstat_set_flags_needs_its_right) {
  WANT_OK(put_file(dir, "f", ""));
  uint32_t fd = 0;
  NEED(open_with(dir, "f", 0, W_R_FD_READ | W_R_FD_WRITE, &fd));
  WANT(w_fd_fdstat_set_flags(fd, W_APPEND), W_ENOTCAPABLE);
  WANT(w_fd_fdstat_set_flags(40, W_APPEND), W_EBADF);
}

/* ---- fd_fdstat_set_rights ---- */

CASE(fd_fdstat_set_rights_takes_rights_away) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_fdstat_get(fd, &fdstat));
  uint64_t less = fdstat.rights_base & ~(W_R_FD_READ | W_R_FD_WRITE);
  NEED(w_fd_fdstat_set_rights(fd, less, fdstat.rights_inheriting));
  NEED(w_fd_fdstat_get(fd, &fdstat));
  WANT_NUMBER(fdstat.rights_base, less);
  WANT(read_some(fd, buf, 1, &size), W_ENOTCAPABLE);
  WANT(write_text(fd, "x"), W_ENOTCAPABLE);
  uint64_t at = 0;
  WANT_OK(w_fd_tell(fd, &at));
}

CASE(fd_fdstat_set_rights_gives_none_back) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_fdstat_get(fd, &fdstat));
  struct w_fdstat before = fdstat;
  NEED(w_fd_fdstat_set_rights(fd, W_R_FD_TELL, 0));
  WANT(w_fd_fdstat_set_rights(fd, before.rights_base, 0), W_ENOTCAPABLE);
  WANT(w_fd_fdstat_set_rights(fd, W_R_FD_TELL | W_R_FD_READ, 0), W_ENOTCAPABLE);
  WANT(w_fd_fdstat_set_rights(fd, W_R_FD_TELL, W_R_FD_READ), W_ENOTCAPABLE);
  NEED(w_fd_fdstat_get(fd, &fdstat));
  WANT_NUMBER(fdstat.rights_base, W_R_FD_TELL);
  WANT_NUMBER(fdstat.rights_inheriting, 0);
}

CASE(fd_fdstat_set_rights_takes_inheriting_rights_away) {
  uint32_t sub = 0;
  uint32_t fd = 0;
  WANT_OK(make_dir(dir, "d"));
  WANT_OK(put_file(dir, "d/f", "abc"));
  NEED(open_at(dir, "d", W_DIRECTORY, &sub));
  NEED(w_fd_fdstat_get(sub, &fdstat));
  NEED(w_fd_fdstat_set_rights(sub, fdstat.rights_base, W_R_FD_READ));
  WANT(open_with(sub, "f", 0, W_R_FD_READ | W_R_FD_WRITE, &fd), W_ENOTCAPABLE);
  WANT(w_path_open(sub, 0, PATH("f"), 0, W_R_FD_READ, W_R_FD_WRITE, 0, &fd),
       W_ENOTCAPABLE);
  NEED(open_with(sub, "f", 0, W_R_FD_READ, &fd));
  WANT(write_text(fd, "x"), W_ENOTCAPABLE);
}

CASE(fd_fdstat_set_rights_to_the_same_is_allowed) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_fdstat_get(fd, &fdstat));
  WANT_OK(
      w_fd_fdstat_set_rights(fd, fdstat.rights_base, fdstat.rights_inheriting));
  WANT(w_fd_fdstat_set_rights(40, 0, 0), W_EBADF);
}

CASE(fd_fdstat_set_rights_refuses_rights_that_do_not_exist) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_fdstat_get(fd, &fdstat));
  WANT(w_fd_fdstat_set_rights(fd, fdstat.rights_base | W_RIGHT(40),
                              fdstat.rights_inheriting),
       W_ENOTCAPABLE, W_EINVAL);
}

/* ---- fd_allocate ---- */

CASE(fd_allocate_makes_a_file_longer_and_never_shorter) {
  uint32_t fd = fresh("abc");
  int32_t err = w_fd_allocate(fd, 0, 10);
  WANT(err, W_ESUCCESS, W_ENOTSUP);
  if (err != W_ESUCCESS) return;
  WANT_NUMBER(size_of(fd), 10);
  WANT_OK(w_fd_allocate(fd, 2, 3));
  WANT_NUMBER(size_of(fd), 10);
  WANT_OK(w_fd_allocate(fd, 8, 5));
  WANT_NUMBER(size_of(fd), 13);
  NEED(read_some(fd, buf, sizeof buf, &size));
  NEED_TRUE(size == 13);
  WANT_BYTES(buf, "abc\0\0\0\0\0\0\0\0\0\0", 13);
}

CASE(fd_allocate_of_nothing_is_refused) {
  uint32_t fd = fresh("abc");
  WANT(w_fd_allocate(fd, 0, 0), W_EINVAL);
  WANT(w_fd_allocate(fd, 100, 0), W_EINVAL);
  WANT_NUMBER(size_of(fd), 3);
}

CASE(fd_allocate_refuses_what_no_file_can_hold) {
  uint32_t fd = fresh("abc");
  WANT(w_fd_allocate(fd, INT64_MAX, 1), W_EFBIG, W_EINVAL);
  WANT(w_fd_allocate(fd, 1, INT64_MAX), W_EFBIG, W_EINVAL);
  WANT(w_fd_allocate(fd, UINT64_MAX, UINT64_MAX), W_EFBIG, W_EINVAL);
  WANT_NUMBER(size_of(fd), 3);
}

CASE(fd_allocate_needs_its_right) {
  WANT_OK(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  NEED(open_with(dir, "f", 0, W_R_FD_READ | W_R_FD_WRITE, &fd));
  WANT(w_fd_allocate(fd, 0, 10), W_ENOTCAPABLE);
  WANT_FILE(dir, "f", "abc");
}

CASE(fd_allocate_of_what_is_no_file) {
  WANT(w_fd_allocate(40, 0, 1), W_EBADF);
  WANT(w_fd_allocate(dir, 0, 1), W_EISDIR, W_EBADF, W_ENODEV, W_ENOTCAPABLE);
  WANT(w_fd_allocate(1, 0, 1), W_ESPIPE, W_ENODEV, W_ENOTCAPABLE);
}

/* ---- fd_advise ---- */

CASE(fd_advise_takes_every_advice_and_changes_nothing) {
  uint32_t fd = fresh("abc");
  for (uint32_t advice = 0; advice <= 5; advice++) {
    WANT_OK(w_fd_advise(fd, 0, 3, advice));
    WANT_OK(w_fd_advise(fd, 1, 0, advice));
    WANT_OK(w_fd_advise(fd, 100, 100, advice));
  }
  WANT_NUMBER(size_of(fd), 3);
  WANT_FILE(dir, "f", "abc");
}

CASE(fd_advise_refuses_unknown_advice) {
  uint32_t fd = fresh("abc");
  WANT(w_fd_advise(fd, 0, 3, 6), W_EINVAL);
  WANT(w_fd_advise(fd, 0, 3, 255), W_EINVAL);
}

CASE(fd_advise_needs_its_right) {
  WANT_OK(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  NEED(open_with(dir, "f", 0, W_R_FD_READ | W_R_FD_WRITE, &fd));
  WANT(w_fd_advise(fd, 0, 3, 0), W_ENOTCAPABLE);
}

CASE(fd_advise_on_what_is_no_file) {
  WANT(w_fd_advise(40, 0, 1, 0), W_EBADF);
  WANT(w_fd_advise(dir, 0, 1, 0), W_EISDIR, W_EBADF, W_ENOTCAPABLE);
  WANT(w_fd_advise(0, 0, 1, 0), W_ESPIPE, W_ENOTCAPABLE);
}

/* ---- fd_sync and fd_datasync ---- */

CASE(fd_sync_of_a_file_and_of_a_directory) {
  uint32_t fd = fresh("abc");
  WANT_OK(w_fd_sync(fd));
  WANT_OK(w_fd_datasync(fd));
  WANT_OK(w_fd_sync(dir));
}

CASE(fd_datasync_after_writing) {
  uint32_t fd = fresh("abc");
  NEED(write_text(fd, "X"));
  WANT_OK(w_fd_datasync(fd));
  WANT_FILE(dir, "f", "Xbc");
}

CASE(fd_sync_needs_its_right) {
  WANT_OK(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  NEED(open_with(dir, "f", 0, W_R_FD_WRITE | W_R_FD_DATASYNC, &fd));
  WANT(w_fd_sync(fd), W_ENOTCAPABLE);
  WANT_OK(w_fd_datasync(fd));
  NEED(open_with(dir, "f", 0, W_R_FD_WRITE | W_R_FD_SYNC, &fd));
  WANT(w_fd_datasync(fd), W_ENOTCAPABLE);
  WANT_OK(w_fd_sync(fd));
}

CASE(fd_sync_of_a_bad_descriptor) {
  WANT(w_fd_sync(40), W_EBADF);
  WANT(w_fd_datasync(40), W_EBADF);
  WANT(w_fd_sync(UINT32_MAX), W_EBADF);
}

CASE(fd_sync_of_a_stream) {
  WANT(w_fd_sync(1), W_EINVAL, W_ENOTSUP, W_ENOTCAPABLE);
  WANT(w_fd_datasync(1), W_EINVAL, W_ENOTSUP, W_ENOTCAPABLE);
}

/* ---- fd_prestat_get and fd_prestat_dir_name ---- */

CASE(fd_prestat_get_tells_of_the_mounts) {
  struct w_prestat stat_of = {.tag = 9, .name_len = 99};
  NEED(w_fd_prestat_get(work, &stat_of));
  WANT_NUMBER(stat_of.tag, 0);
  WANT_NUMBER(stat_of.name_len, 1);
  NEED(w_fd_prestat_get(side, &stat_of));
  WANT_NUMBER(stat_of.name_len, 5);
}

CASE(fd_prestat_dir_name_gives_the_name_without_nul) {
  memset(buf, '-', 8);
  NEED(w_fd_prestat_dir_name(side, buf, 5));
  WANT_BYTES(buf, "/side---", 8);
  memset(buf, '-', 8);
  NEED(w_fd_prestat_dir_name(work, buf, 1));
  WANT_BYTES(buf, "/-", 2);
}

CASE(fd_prestat_dir_name_in_a_larger_buffer) {
  memset(buf, '-', 10);
  NEED(w_fd_prestat_dir_name(side, buf, 10));
  WANT_BYTES(buf, "/side", 5);
}

CASE(fd_prestat_dir_name_in_a_smaller_buffer) {
  memset(buf, '-', 8);
  WANT(w_fd_prestat_dir_name(side, buf, 4), W_ENAMETOOLONG, W_EINVAL);
  WANT(w_fd_prestat_dir_name(side, buf, 0), W_ENAMETOOLONG, W_EINVAL);
  WANT_BYTES(buf, "--------", 8);
}

/* Libraries take EBADF for the end of the mounts, and anything else for a
 * reason to give up. */
CASE(fd_prestat_get_of_what_is_no_mount) {
  struct w_prestat stat_of;
  uint32_t fd = fresh("abc");
  WANT(w_fd_prestat_get(40, &stat_of), W_EBADF);
  WANT(w_fd_prestat_get(UINT32_MAX, &stat_of), W_EBADF);
  WANT(w_fd_prestat_get(fd, &stat_of), W_EBADF);
  WANT(w_fd_prestat_get(dir, &stat_of), W_EBADF);
  WANT(w_fd_prestat_get(0, &stat_of), W_EBADF);
  WANT(w_fd_prestat_dir_name(fd, buf, sizeof buf), W_EBADF);
  WANT(w_fd_prestat_dir_name(40, buf, sizeof buf), W_EBADF);
}

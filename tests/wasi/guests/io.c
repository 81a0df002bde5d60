/* fd_read, fd_write, fd_pread, fd_pwrite, fd_seek and fd_tell, on files. */
#include "check.h"

static uint32_t fresh(const char *text) {
  uint32_t fd = UINT32_MAX;
  WANT_OK(put_file(dir, "f", text));
  WANT_OK(open_at(dir, "f", 0, &fd));
  return fd;
}

static uint64_t seek(uint32_t fd, int64_t offset, uint32_t whence) {
  uint64_t at = UINT64_MAX;
  WANT_OK(w_fd_seek(fd, offset, whence, &at));
  return at;
}

static uint64_t tell(uint32_t fd) {
  uint64_t at = UINT64_MAX;
  WANT_OK(w_fd_tell(fd, &at));
  return at;
}

static char buf[256];
static uint32_t size;

/* ---- fd_write ---- */

CASE(fd_write_stores_what_fd_read_gives_back) {
  uint32_t fd = fresh("");
  NEED(write_text(fd, "abcdef"));
  WANT_NUMBER(seek(fd, 0, W_SEEK_SET), 0);
  NEED(read_some(fd, buf, sizeof buf, &size));
  NEED_TRUE(size == 6);
  WANT_BYTES(buf, "abcdef", 6);
}

/* A call may stop after any of its vectors and say so. */
CASE(fd_write_gathers_its_vectors_in_order) {
  uint32_t fd = fresh("");
  struct w_iovec iovs[] = {{"one", 3}, {"", 0}, {"two", 3}, {"three", 5}};
  uint32_t at = 0;
  while (at < 4) {
    size = 0;
    NEED(w_fd_write(fd, iovs + at, 4 - at, &size));
    NEED_TRUE(size > 0);
    while (at < 4 && size >= iovs[at].len) size -= iovs[at++].len;
    NEED_TRUE(size == 0);
  }
  WANT_FILE(dir, "f", "onetwothree");
}

CASE(fd_write_of_nothing_writes_nothing) {
  uint32_t fd = fresh("abc");
  struct w_iovec iov = {"x", 0};
  size = 9;
  WANT_OK(w_fd_write(fd, &iov, 1, &size));
  WANT_NUMBER(size, 0);
  size = 9;
  WANT_OK(w_fd_write(fd, &iov, 0, &size));
  WANT_NUMBER(size, 0);
  WANT_FILE(dir, "f", "abc");
}

CASE(fd_write_overwrites_from_the_offset_on) {
  uint32_t fd = fresh("abcdef");
  seek(fd, 2, W_SEEK_SET);
  NEED(write_text(fd, "XY"));
  WANT_NUMBER(tell(fd), 4);
  WANT_FILE(dir, "f", "abXYef");
}

CASE(fd_write_moves_the_offset) {
  uint32_t fd = fresh("");
  NEED(write_text(fd, "abc"));
  WANT_NUMBER(tell(fd), 3);
  NEED(write_text(fd, "de"));
  WANT_NUMBER(tell(fd), 5);
  WANT_NUMBER(size_of(fd), 5);
}

CASE(fd_write_past_the_end_fills_the_gap_with_zeros) {
  uint32_t fd = fresh("ab");
  seek(fd, 5, W_SEEK_SET);
  NEED(write_text(fd, "z"));
  WANT_NUMBER(size_of(fd), 6);
  struct w_iovec iov = {buf, sizeof buf};
  NEED(w_fd_pread(fd, &iov, 1, 0, &size));
  NEED_TRUE(size == 6);
  WANT_BYTES(buf, "ab\0\0\0z", 6);
}

CASE(fd_write_to_a_bad_descriptor) {
  struct w_iovec iov = {"x", 1};
  WANT(w_fd_write(40, &iov, 1, &size), W_EBADF);
  WANT(w_fd_write(UINT32_MAX, &iov, 1, &size), W_EBADF);
}

CASE(fd_write_to_a_closed_descriptor) {
  uint32_t fd = fresh("");
  WANT_OK(w_fd_close(fd));
  WANT(write_text(fd, "x"), W_EBADF);
}

CASE(fd_write_to_a_directory) {
  WANT(write_text(dir, "x"), W_EISDIR, W_EBADF, W_ENOTCAPABLE);
}

CASE(fd_write_needs_its_right) {
  WANT_OK(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  NEED(open_with(dir, "f", 0, W_R_FD_READ | W_R_FD_SEEK, &fd));
  WANT(write_text(fd, "x"), W_ENOTCAPABLE);
  WANT_FILE(dir, "f", "abc");
}

CASE(fd_write_with_its_right_alone) {
  uint32_t fd = 0;
  NEED(open_with(dir, "f", W_CREAT, W_R_FD_WRITE, &fd));
  WANT_OK(write_text(fd, "abc"));
  WANT_FILE(dir, "f", "abc");
}

CASE(fd_write_appends_whatever_the_offset) {
  WANT_OK(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  NEED(w_path_open(dir, 0, PATH("f"), 0,
                   W_R_FD_WRITE | W_R_FD_READ | W_R_FD_SEEK | W_R_FD_TELL, 0,
                   W_APPEND, &fd));
  seek(fd, 0, W_SEEK_SET);
  NEED(write_text(fd, "d"));
  WANT_NUMBER(tell(fd), 4);
  seek(fd, 1, W_SEEK_SET);
  NEED(read_some(fd, buf, 1, &size));
  WANT_BYTES(buf, "b", 1);
  NEED(write_text(fd, "e"));
  WANT_FILE(dir, "f", "abcde");
}

/* Two that append to one file overwrite nothing of each other's. */
CASE(fd_write_appends_after_what_others_wrote) {
  WANT_OK(put_file(dir, "f", ""));
  uint32_t one = 0;
  uint32_t two = 0;
  NEED(w_path_open(dir, 0, PATH("f"), 0, W_R_FD_WRITE, 0, W_APPEND, &one));
  NEED(w_path_open(dir, 0, PATH("f"), 0, W_R_FD_WRITE, 0, W_APPEND, &two));
  NEED(write_text(one, "1"));
  NEED(write_text(two, "22"));
  NEED(write_text(one, "3"));
  WANT_FILE(dir, "f", "1223");
}

CASE(fd_write_refuses_too_many_vectors_or_writes_all) {
  static struct w_iovec iovs[1025];
  for (int i = 0; i < 1025; i++) iovs[i] = (struct w_iovec){"x", 1};
  uint32_t fd = fresh("");
  size = 0;
  int32_t err = w_fd_write(fd, iovs, 1025, &size);
  WANT(err, W_ESUCCESS, W_EINVAL);
  if (err == W_ESUCCESS) WANT_NUMBER(size_of(fd), size);
}

CASE(fd_write_takes_as_many_vectors_as_posix_promises) {
  static struct w_iovec iovs[1024];
  for (int i = 0; i < 1024; i++) iovs[i] = (struct w_iovec){"x", 1};
  uint32_t fd = fresh("");
  NEED(w_fd_write(fd, iovs, 1024, &size));
  WANT_NUMBER(size_of(fd), size);
  WANT_NUMBER(size, 1024);
}

CASE(fd_write_in_every_synchronous_mode) {
  static const uint32_t MODES[] = {W_DSYNC, W_RSYNC, W_SYNC,
                                   W_DSYNC | W_RSYNC | W_SYNC};
  for (int i = 0; i < 4; i++) {
    uint32_t fd = 0;
    int32_t err = w_path_open(dir, 0, PATH("f"), W_CREAT | W_TRUNC,
                              W_R_FD_READ | W_R_FD_WRITE, 0, MODES[i], &fd);
    WANT(err, W_ESUCCESS, W_ENOTSUP);
    if (err != W_ESUCCESS) continue;
    WANT_OK(write_text(fd, "now"));
    WANT_FILE(dir, "f", "now");
    WANT_OK(w_fd_close(fd));
  }
}

/* ---- fd_read ---- */

CASE(fd_read_scatters_over_its_vectors) {
  uint32_t fd = fresh("abcdefg");
  char one[2];
  char two[8] = "-------";
  struct w_iovec iovs[] = {{one, 2}, {two, 0}, {two, 3}};
  NEED(w_fd_read(fd, iovs, 3, &size));
  NEED_TRUE(size == 5);
  WANT_BYTES(one, "ab", 2);
  WANT_BYTES(two, "cde----", 7);
}

CASE(fd_read_moves_the_offset) {
  uint32_t fd = fresh("abcdef");
  NEED(read_some(fd, buf, 2, &size));
  WANT_BYTES(buf, "ab", 2);
  WANT_NUMBER(tell(fd), 2);
  NEED(read_some(fd, buf, 2, &size));
  WANT_BYTES(buf, "cd", 2);
}

CASE(fd_read_at_the_end_answers_zero) {
  uint32_t fd = fresh("abc");
  NEED(read_some(fd, buf, sizeof buf, &size));
  WANT_NUMBER(size, 3);
  size = 9;
  WANT_OK(read_some(fd, buf, sizeof buf, &size));
  WANT_NUMBER(size, 0);
  seek(fd, 100, W_SEEK_SET);
  size = 9;
  WANT_OK(read_some(fd, buf, sizeof buf, &size));
  WANT_NUMBER(size, 0);
  WANT_NUMBER(tell(fd), 100);
}

CASE(fd_read_of_nothing) {
  uint32_t fd = fresh("abc");
  size = 9;
  WANT_OK(read_some(fd, buf, 0, &size));
  WANT_NUMBER(size, 0);
  size = 9;
  struct w_iovec iov = {buf, 1};
  WANT_OK(w_fd_read(fd, &iov, 0, &size));
  WANT_NUMBER(size, 0);
}

CASE(fd_read_from_a_bad_descriptor) {
  WANT(read_some(40, buf, 1, &size), W_EBADF);
  WANT(read_some(UINT32_MAX, buf, 1, &size), W_EBADF);
}

CASE(fd_read_from_a_directory) {
  WANT(read_some(dir, buf, 1, &size), W_EISDIR, W_EBADF, W_ENOTCAPABLE);
}

CASE(fd_read_needs_its_right) {
  WANT_OK(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  NEED(open_with(dir, "f", 0, W_R_FD_WRITE, &fd));
  buf[0] = '-';
  WANT(read_some(fd, buf, 1, &size), W_ENOTCAPABLE);
  WANT_NUMBER(buf[0], '-');
}

CASE(fd_read_sees_what_another_descriptor_wrote) {
  uint32_t fd = fresh("abc");
  uint32_t other = 0;
  NEED(open_at(dir, "f", 0, &other));
  NEED(write_text(other, "XYZ!"));
  NEED(read_some(fd, buf, sizeof buf, &size));
  NEED_TRUE(size == 4);
  WANT_BYTES(buf, "XYZ!", 4);
}

/* ---- fd_pread and fd_pwrite ---- */

CASE(fd_pread_leaves_the_offset) {
  uint32_t fd = fresh("abcdef");
  seek(fd, 1, W_SEEK_SET);
  struct w_iovec iov = {buf, 3};
  NEED(w_fd_pread(fd, &iov, 1, 3, &size));
  NEED_TRUE(size == 3);
  WANT_BYTES(buf, "def", 3);
  WANT_NUMBER(tell(fd), 1);
}

CASE(fd_pread_scatters_and_stops_at_the_end) {
  uint32_t fd = fresh("abcdef");
  char one[2];
  char two[4] = "----";
  struct w_iovec iovs[] = {{one, 2}, {two, 4}};
  NEED(w_fd_pread(fd, iovs, 2, 2, &size));
  WANT_NUMBER(size, 4);
  WANT_BYTES(one, "cd", 2);
  WANT_BYTES(two, "ef--", 4);
}

CASE(fd_pread_past_the_end_answers_zero) {
  uint32_t fd = fresh("abc");
  struct w_iovec iov = {buf, 3};
  size = 9;
  WANT_OK(w_fd_pread(fd, &iov, 1, 3, &size));
  WANT_NUMBER(size, 0);
  size = 9;
  WANT_OK(w_fd_pread(fd, &iov, 1, UINT64_C(1) << 40, &size));
  WANT_NUMBER(size, 0);
}

CASE(fd_pread_refuses_what_no_offset_can_be) {
  uint32_t fd = fresh("abc");
  struct w_iovec iov = {buf, 3};
  WANT(w_fd_pread(fd, &iov, 1, UINT64_MAX, &size), W_EINVAL, W_EOVERFLOW);
  WANT(w_fd_pread(fd, &iov, 1, UINT64_C(1) << 63, &size), W_EINVAL,
       W_EOVERFLOW);
}

CASE(fd_pread_needs_both_rights) {
  WANT_OK(put_file(dir, "f", "abc"));
  struct w_iovec iov = {buf, 1};
  uint32_t fd = 0;
  NEED(open_with(dir, "f", 0, W_R_FD_READ, &fd));
  WANT(w_fd_pread(fd, &iov, 1, 0, &size), W_ENOTCAPABLE);
  NEED(open_with(dir, "f", 0, W_R_FD_SEEK, &fd));
  WANT(w_fd_pread(fd, &iov, 1, 0, &size), W_ENOTCAPABLE);
  NEED(open_with(dir, "f", 0, W_R_FD_READ | W_R_FD_SEEK, &fd));
  WANT_OK(w_fd_pread(fd, &iov, 1, 0, &size));
}

CASE(fd_pread_from_what_has_no_offset) {
  struct w_iovec iov = {buf, 1};
  WANT(w_fd_pread(40, &iov, 1, 0, &size), W_EBADF);
  WANT(w_fd_pread(dir, &iov, 1, 0, &size), W_EISDIR, W_EBADF, W_ENOTCAPABLE);
  WANT(w_fd_pread(0, &iov, 1, 0, &size), W_ESPIPE, W_ENOTCAPABLE);
}

CASE(fd_pwrite_leaves_the_offset) {
  uint32_t fd = fresh("abcdef");
  seek(fd, 1, W_SEEK_SET);
  struct w_iovec iov = {"XYZ", 3};
  NEED(w_fd_pwrite(fd, &iov, 1, 4, &size));
  WANT_NUMBER(size, 3);
  WANT_NUMBER(tell(fd), 1);
  WANT_FILE(dir, "f", "abcdXYZ");
}

CASE(fd_pwrite_gathers_its_vectors) {
  uint32_t fd = fresh("abcdef");
  struct w_iovec iovs[] = {{"1", 1}, {"", 0}, {"23", 2}};
  NEED(w_fd_pwrite(fd, iovs, 3, 1, &size));
  WANT_NUMBER(size, 3);
  WANT_FILE(dir, "f", "a123ef");
}

CASE(fd_pwrite_past_the_end_fills_the_gap_with_zeros) {
  uint32_t fd = fresh("");
  struct w_iovec iov = {"z", 1};
  NEED(w_fd_pwrite(fd, &iov, 1, 3, &size));
  struct w_iovec all = {buf, sizeof buf};
  NEED(w_fd_pread(fd, &all, 1, 0, &size));
  NEED_TRUE(size == 4);
  WANT_BYTES(buf, "\0\0\0z", 4);
}

/* POSIX has no exception for O_APPEND; Linux does. */
CASE(fd_pwrite_goes_to_its_offset_when_appending_too) {
  WANT_OK(put_file(dir, "f", "abcd"));
  uint32_t fd = 0;
  NEED(w_path_open(dir, 0, PATH("f"), 0, W_R_FD_WRITE | W_R_FD_SEEK, 0,
                   W_APPEND, &fd));
  struct w_iovec iov = {"XY", 2};
  NEED(w_fd_pwrite(fd, &iov, 1, 1, &size));
  WANT_FILE(dir, "f", "aXYd");
}

CASE(fd_pwrite_refuses_what_no_file_can_hold) {
  uint32_t fd = fresh("abc");
  struct w_iovec iov = {"xy", 2};
  WANT(w_fd_pwrite(fd, &iov, 1, INT64_MAX, &size), W_EFBIG, W_EINVAL,
       W_EOVERFLOW);
  WANT(w_fd_pwrite(fd, &iov, 1, UINT64_MAX, &size), W_EFBIG, W_EINVAL,
       W_EOVERFLOW);
  WANT_FILE(dir, "f", "abc");
}

CASE(fd_pwrite_needs_both_rights) {
  WANT_OK(put_file(dir, "f", "abc"));
  struct w_iovec iov = {"x", 1};
  uint32_t fd = 0;
  NEED(open_with(dir, "f", 0, W_R_FD_WRITE, &fd));
  WANT(w_fd_pwrite(fd, &iov, 1, 0, &size), W_ENOTCAPABLE);
  NEED(open_with(dir, "f", 0, W_R_FD_SEEK, &fd));
  WANT(w_fd_pwrite(fd, &iov, 1, 0, &size), W_ENOTCAPABLE);
  NEED(open_with(dir, "f", 0, W_R_FD_WRITE | W_R_FD_SEEK, &fd));
  WANT_OK(w_fd_pwrite(fd, &iov, 1, 0, &size));
}

CASE(fd_pwrite_to_what_has_no_offset) {
  struct w_iovec iov = {"x", 1};
  WANT(w_fd_pwrite(40, &iov, 1, 0, &size), W_EBADF);
  WANT(w_fd_pwrite(dir, &iov, 1, 0, &size), W_EISDIR, W_EBADF, W_ENOTCAPABLE);
  WANT(w_fd_pwrite(1, &iov, 1, 0, &size), W_ESPIPE, W_ENOTCAPABLE);
}

/* ---- fd_seek and fd_tell ---- */

CASE(fd_seek_from_start_end_and_offset) {
  uint32_t fd = fresh("abcdef");
  WANT_NUMBER(seek(fd, 4, W_SEEK_SET), 4);
  WANT_NUMBER(seek(fd, -3, W_SEEK_CUR), 1);
  WANT_NUMBER(seek(fd, 2, W_SEEK_CUR), 3);
  WANT_NUMBER(seek(fd, -1, W_SEEK_END), 5);
  WANT_NUMBER(seek(fd, 0, W_SEEK_END), 6);
  WANT_NUMBER(seek(fd, 10, W_SEEK_END), 16);
  WANT_NUMBER(tell(fd), 16);
  WANT_NUMBER(size_of(fd), 6);
}

CASE(fd_seek_before_the_start_is_refused) {
  uint32_t fd = fresh("abc");
  seek(fd, 2, W_SEEK_SET);
  uint64_t at = 77;
  WANT(w_fd_seek(fd, -1, W_SEEK_SET, &at), W_EINVAL);
  WANT(w_fd_seek(fd, -3, W_SEEK_CUR, &at), W_EINVAL);
  WANT(w_fd_seek(fd, -4, W_SEEK_END, &at), W_EINVAL);
  WANT_NUMBER(at, 77);
  WANT_NUMBER(tell(fd), 2);
}

CASE(fd_seek_refuses_an_unknown_whence) {
  uint32_t fd = fresh("abc");
  uint64_t at = 0;
  WANT(w_fd_seek(fd, 0, 3, &at), W_EINVAL);
  WANT(w_fd_seek(fd, 0, 255, &at), W_EINVAL);
}

CASE(fd_seek_past_4_gib) {
  uint32_t fd = fresh("abc");
  uint64_t far = (UINT64_C(1) << 32) + 5;
  WANT_NUMBER(seek(fd, (int64_t)far, W_SEEK_SET), far);
  WANT_NUMBER(tell(fd), far);
  WANT_NUMBER(seek(fd, -6, W_SEEK_CUR), far - 6);
}

CASE(fd_seek_refuses_what_no_offset_can_be) {
  uint32_t fd = fresh("abc");
  uint64_t at = 0;
  seek(fd, 1, W_SEEK_SET);
  WANT(w_fd_seek(fd, INT64_MAX, W_SEEK_CUR, &at), W_EOVERFLOW, W_EINVAL);
  WANT(w_fd_seek(fd, INT64_MAX, W_SEEK_END, &at), W_EOVERFLOW, W_EINVAL);
  WANT(w_fd_seek(fd, INT64_MIN, W_SEEK_SET, &at), W_EINVAL);
  WANT_NUMBER(tell(fd), 1);
}

CASE(fd_seek_needs_its_right) {
  WANT_OK(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  uint64_t at = 0;
  NEED(open_with(dir, "f", 0, W_R_FD_READ | W_R_FD_TELL, &fd));
  WANT(w_fd_seek(fd, 1, W_SEEK_SET, &at), W_ENOTCAPABLE);
  WANT(w_fd_seek(fd, 0, W_SEEK_END, &at), W_ENOTCAPABLE);
  WANT(w_fd_seek(fd, 1, W_SEEK_CUR, &at), W_ENOTCAPABLE);
}

CASE(fd_seek_by_nothing_needs_the_right_to_tell_alone) {
  WANT_OK(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  uint64_t at = 7;
  NEED(open_with(dir, "f", 0, W_R_FD_READ | W_R_FD_TELL, &fd));
  WANT_OK(w_fd_seek(fd, 0, W_SEEK_CUR, &at));
  WANT_NUMBER(at, 0);
}

CASE(fd_seek_by_nothing_with_the_right_to_seek_alone) {
  WANT_OK(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  uint64_t at = 7;
  NEED(open_with(dir, "f", 0, W_R_FD_READ | W_R_FD_SEEK, &fd));
  WANT_OK(w_fd_seek(fd, 0, W_SEEK_CUR, &at));
  WANT_NUMBER(at, 0);
}

CASE(fd_seek_on_what_has_no_offset) {
  uint64_t at = 0;
  WANT(w_fd_seek(40, 0, W_SEEK_SET, &at), W_EBADF);
  WANT(w_fd_seek(dir, 0, W_SEEK_CUR, &at), W_EISDIR, W_EBADF, W_ENOTCAPABLE);
  WANT(w_fd_seek(dir, 0, W_SEEK_SET, &at), W_EISDIR, W_EBADF, W_ENOTCAPABLE);
  WANT(w_fd_seek(dir, 0, W_SEEK_END, &at), W_EISDIR, W_EBADF, W_ENOTCAPABLE);
  WANT(w_fd_seek(0, 0, W_SEEK_CUR, &at), W_ESPIPE, W_ENOTCAPABLE);
}

CASE(fd_tell_begins_at_zero) {
  uint32_t fd = fresh("abc");
  WANT_NUMBER(tell(fd), 0);
}

CASE(fd_tell_needs_its_right) {
  WANT_OK(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  uint64_t at = 7;
  NEED(open_with(dir, "f", 0, W_R_FD_READ, &fd));
  WANT(w_fd_tell(fd, &at), W_ENOTCAPABLE);
  NEED(open_with(dir, "f", 0, W_R_FD_TELL, &fd));
  WANT_OK(w_fd_tell(fd, &at));
}

/* "The right to invoke fd_seek. This flag implies fd_tell." */
CASE(fd_tell_is_implied_by_the_right_to_seek) {
  WANT_OK(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  uint64_t at = 7;
  NEED(open_with(dir, "f", 0, W_R_FD_READ | W_R_FD_SEEK, &fd));
  WANT_OK(w_fd_tell(fd, &at));
  WANT_NUMBER(at, 0);
}

CASE(fd_tell_on_what_has_no_offset) {
  uint64_t at = 0;
  WANT(w_fd_tell(40, &at), W_EBADF);
  WANT(w_fd_tell(dir, &at), W_EISDIR, W_EBADF, W_ENOTCAPABLE);
  WANT(w_fd_tell(0, &at), W_ESPIPE, W_ENOTCAPABLE);
}

CASE(fd_tell_is_of_the_descriptor_not_of_the_file) {
  uint32_t fd = fresh("abcdef");
  uint32_t other = 0;
  NEED(open_at(dir, "f", 0, &other));
  seek(fd, 4, W_SEEK_SET);
  WANT_NUMBER(tell(other), 0);
}

/* ---- large and long-lived files ---- */

CASE(fd_pwrite_past_4_gib_makes_a_sparse_file) {
  uint32_t fd = fresh("start");
  uint64_t far = UINT64_C(5) << 30;
  struct w_iovec iov = {"end", 3};
  NEED(w_fd_pwrite(fd, &iov, 1, far, &size));
  WANT_NUMBER(size_of(fd), far + 3);
  struct w_iovec some = {buf, 8};
  NEED(w_fd_pread(fd, &some, 1, far - 4, &size));
  NEED_TRUE(size == 7);
  WANT_BYTES(buf, "\0\0\0\0end", 7);
  NEED(w_fd_pread(fd, &some, 1, 0, &size));
  WANT_BYTES(buf, "start\0\0\0", 8);
  NEED(w_fd_pread(fd, &some, 1, UINT64_C(1) << 32, &size));
  WANT_BYTES(buf, "\0\0\0\0\0\0\0\0", 8);
}

CASE(fd_read_of_an_unlinked_file_goes_on) {
  uint32_t fd = fresh("abc");
  NEED(unlink_at(dir, "f"));
  WANT(exists(dir, "f"), W_ENOENT);
  NEED(read_some(fd, buf, sizeof buf, &size));
  NEED_TRUE(size == 3);
  WANT_BYTES(buf, "abc", 3);
  NEED(write_text(fd, "def"));
  WANT_NUMBER(size_of(fd), 6);
  struct w_filestat stat;
  NEED(w_fd_filestat_get(fd, &stat));
  WANT_NUMBER(stat.nlink, 0);
}

CASE(fd_write_to_an_unlinked_file_leaves_its_namesake_alone) {
  uint32_t fd = fresh("old");
  NEED(unlink_at(dir, "f"));
  WANT_OK(put_file(dir, "f", "new"));
  NEED(write_text(fd, "XXXXX"));
  WANT_FILE(dir, "f", "new");
}

CASE(fd_write_of_a_mebibyte_at_once) {
  static uint8_t block[1 << 20];
  for (size_t i = 0; i < sizeof block; i++) block[i] = (uint8_t)(i * 31 >> 5);
  uint32_t fd = fresh("");
  struct w_iovec iov = {block, sizeof block};
  uint64_t total = 0;
  while (total < sizeof block) {
    iov.buf = block + total;
    iov.len = (uint32_t)(sizeof block - total);
    NEED(w_fd_write(fd, &iov, 1, &size));
    NEED_TRUE(size > 0);
    total += size;
  }
  WANT_NUMBER(size_of(fd), sizeof block);
  static uint8_t back[1 << 20];
  struct w_iovec in = {back, sizeof back};
  NEED(w_fd_pread(fd, &in, 1, 0, &size));
  NEED_TRUE(size == sizeof back);
  WANT_TRUE(memcmp(block, back, sizeof back) == 0);
}

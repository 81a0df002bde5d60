/* What is known of an opened file: fd_filestat_get, fd_filestat_set_size and
 * fd_filestat_set_times. */
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

/* ---- fd_filestat_get ---- */

CASE(fd_filestat_get_tells_of_a_file) {
  uint32_t fd = fresh("abcdef");
  NEED(w_fd_filestat_get(fd, &stat));
  WANT_NUMBER(stat.filetype, W_TYPE_FILE);
  WANT_NUMBER(stat.size, 6);
  WANT_NUMBER(stat.nlink, 1);
  WANT_TRUE(stat.ino != 0);
  WANT_TRUE(stat.mtim > 0 && stat.ctim > 0 && stat.atim > 0);
  struct w_filestat by_path;
  NEED(stat_at(dir, "f", &by_path));
  WANT_NUMBER(by_path.ino, stat.ino);
  WANT_NUMBER(by_path.dev, stat.dev);
  WANT_NUMBER(by_path.mtim, stat.mtim);
}

CASE(fd_filestat_get_tells_of_a_directory) {
  NEED(w_fd_filestat_get(dir, &stat));
  WANT_NUMBER(stat.filetype, W_TYPE_DIRECTORY);
  WANT_TRUE(stat.ino != 0);
}

CASE(fd_filestat_get_tells_files_apart) {
  struct w_filestat other;
  uint32_t fd = fresh("a");
  WANT_OK(put_file(dir, "g", "b"));
  NEED(w_fd_filestat_get(fd, &stat));
  NEED(stat_at(dir, "g", &other));
  WANT_NUMBER(stat.dev, other.dev);
  WANT_TRUE(stat.ino != other.ino);
}

CASE(fd_filestat_get_needs_its_right) {
  WANT_OK(put_file(dir, "f", ""));
  uint32_t fd = 0;
  NEED(open_with(dir, "f", 0, W_R_FD_READ, &fd));
  WANT(w_fd_filestat_get(fd, &stat), W_ENOTCAPABLE);
  WANT(w_fd_filestat_get(40, &stat), W_EBADF);
}

CASE(fd_filestat_get_of_a_stream) {
  NEED(w_fd_filestat_get(1, &stat));
  WANT_TRUE(stat.filetype != W_TYPE_FILE || stat.size > 0);
  WANT_TRUE(stat.filetype != W_TYPE_DIRECTORY);
}

/* ---- fd_filestat_set_size ---- */

CASE(fd_filestat_set_size_cuts_off) {
  uint32_t fd = fresh("abcdef");
  NEED(w_fd_filestat_set_size(fd, 2));
  WANT_NUMBER(size_of(fd), 2);
  WANT_FILE(dir, "f", "ab");
}

CASE(fd_filestat_set_size_adds_zeros) {
  uint32_t fd = fresh("ab");
  NEED(w_fd_filestat_set_size(fd, 5));
  NEED(read_some(fd, buf, sizeof buf, &size));
  NEED_TRUE(size == 5);
  WANT_BYTES(buf, "ab\0\0\0", 5);
}

CASE(fd_filestat_set_size_forgets_what_it_cut_off) {
  uint32_t fd = fresh("abcdef");
  NEED(w_fd_filestat_set_size(fd, 2));
  NEED(w_fd_filestat_set_size(fd, 6));
  NEED(read_some(fd, buf, sizeof buf, &size));
  NEED_TRUE(size == 6);
  WANT_BYTES(buf, "ab\0\0\0\0", 6);
}

CASE(fd_filestat_set_size_leaves_the_offset) {
  uint32_t fd = fresh("abcdef");
  uint64_t at = 0;
  NEED(w_fd_seek(fd, 5, W_SEEK_SET, &at));
  NEED(w_fd_filestat_set_size(fd, 1));
  NEED(w_fd_tell(fd, &at));
  WANT_NUMBER(at, 5);
  NEED(write_text(fd, "z"));
  WANT_NUMBER(size_of(fd), 6);
}

CASE(fd_filestat_set_size_past_4_gib) {
  uint32_t fd = fresh("ab");
  uint64_t far = (UINT64_C(1) << 32) + 3;
  NEED(w_fd_filestat_set_size(fd, far));
  WANT_NUMBER(size_of(fd), far);
  NEED(w_fd_filestat_set_size(fd, 1));
  WANT_FILE(dir, "f", "a");
}

CASE(fd_filestat_set_size_refuses_what_no_file_can_hold) {
  uint32_t fd = fresh("ab");
  WANT(w_fd_filestat_set_size(fd, UINT64_MAX), W_EFBIG, W_EINVAL);
  WANT(w_fd_filestat_set_size(fd, UINT64_C(1) << 63), W_EFBIG, W_EINVAL);
  WANT_NUMBER(size_of(fd), 2);
}

CASE(fd_filestat_set_size_needs_its_right) {
  WANT_OK(put_file(dir, "f", "abc"));
  uint32_t fd = 0;
  NEED(open_with(dir, "f", 0, W_R_FD_READ | W_R_FD_WRITE, &fd));
  WANT(w_fd_filestat_set_size(fd, 0), W_ENOTCAPABLE);
  WANT_FILE(dir, "f", "abc");
}

CASE(fd_filestat_set_size_of_what_has_none) {
  WANT(w_fd_filestat_set_size(40, 0), W_EBADF);
  WANT(w_fd_filestat_set_size(dir, 0), W_EISDIR, W_EINVAL, W_EBADF,
       W_ENOTCAPABLE);
  WANT(w_fd_filestat_set_size(1, 0), W_EINVAL, W_ENOTCAPABLE);
}

/* ---- fd_filestat_set_times ---- */

static const uint64_t SECOND = 1000000000;
static const uint64_t OLD = UINT64_C(1000000000) * 1000000000;

static uint64_t today(void) {
  uint64_t ns = 0;
  WANT_OK(w_clock_time_get(W_CLOCK_REALTIME, 0, &ns));
  return ns;
}

CASE(fd_filestat_set_times_sets_both) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_filestat_set_times(fd, OLD, OLD + 3 * SECOND, W_ATIM | W_MTIM));
  NEED(w_fd_filestat_get(fd, &stat));
  WANT_NUMBER(stat.atim, OLD);
  WANT_NUMBER(stat.mtim, OLD + 3 * SECOND);
  WANT_NUMBER(stat.size, 3);
}

CASE(fd_filestat_set_times_keeps_microseconds) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_filestat_set_times(fd, 0, OLD + 123456000, W_MTIM));
  NEED(w_fd_filestat_get(fd, &stat));
  WANT_NUMBER(stat.mtim, OLD + 123456000);
}

CASE(fd_filestat_set_times_keeps_nanoseconds) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_filestat_set_times(fd, 0, OLD + 123456789, W_MTIM));
  NEED(w_fd_filestat_get(fd, &stat));
  WANT_NUMBER(stat.mtim, OLD + 123456789);
}

CASE(fd_filestat_set_times_leaves_what_is_not_named) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_filestat_set_times(fd, OLD, OLD, W_ATIM | W_MTIM));
  NEED(w_fd_filestat_set_times(fd, OLD + 5 * SECOND, OLD + 7 * SECOND, W_ATIM));
  NEED(w_fd_filestat_get(fd, &stat));
  WANT_NUMBER(stat.atim, OLD + 5 * SECOND);
  WANT_NUMBER(stat.mtim, OLD);
  NEED(w_fd_filestat_set_times(fd, OLD + 8 * SECOND, OLD + 9 * SECOND, W_MTIM));
  NEED(w_fd_filestat_get(fd, &stat));
  WANT_NUMBER(stat.atim, OLD + 5 * SECOND);
  WANT_NUMBER(stat.mtim, OLD + 9 * SECOND);
  NEED(w_fd_filestat_set_times(fd, 1, 1, 0));
  NEED(w_fd_filestat_get(fd, &stat));
  WANT_NUMBER(stat.atim, OLD + 5 * SECOND);
  WANT_NUMBER(stat.mtim, OLD + 9 * SECOND);
}

/* File systems may count in ticks of a few milliseconds. */
static void about_now(uint64_t time, uint64_t before) {
  WANT_TRUE(time + SECOND >= before);
  WANT_TRUE(time <= today() + SECOND);
}

CASE(fd_filestat_set_times_to_now) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_filestat_set_times(fd, OLD, OLD, W_ATIM | W_MTIM));
  uint64_t before = today();
  NEED(w_fd_filestat_set_times(fd, 0, 0, W_MTIM_NOW));
  NEED(w_fd_filestat_get(fd, &stat));
  WANT_NUMBER(stat.atim, OLD);
  about_now(stat.mtim, before);
  NEED(w_fd_filestat_set_times(fd, 0, OLD, W_ATIM_NOW | W_MTIM));
  NEED(w_fd_filestat_get(fd, &stat));
  about_now(stat.atim, before);
  WANT_NUMBER(stat.mtim, OLD);
}

CASE(fd_filestat_set_times_refuses_a_time_and_now) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_filestat_set_times(fd, OLD, OLD, W_ATIM | W_MTIM));
  WANT(w_fd_filestat_set_times(fd, 1, 1, W_ATIM | W_ATIM_NOW), W_EINVAL);
  WANT(w_fd_filestat_set_times(fd, 1, 1, W_MTIM | W_MTIM_NOW), W_EINVAL);
  WANT(w_fd_filestat_set_times(fd, 1, 1, W_ATIM | W_MTIM | W_MTIM_NOW),
       W_EINVAL);
  NEED(w_fd_filestat_get(fd, &stat));
  WANT_NUMBER(stat.atim, OLD);
  WANT_NUMBER(stat.mtim, OLD);
}

CASE(fd_filestat_set_times_refuses_unknown_flags) {
  uint32_t fd = fresh("abc");
  WANT(w_fd_filestat_set_times(fd, 1, 1, 1 << 4), W_EINVAL);
}

CASE(fd_filestat_set_times_of_a_directory) {
  NEED(w_fd_filestat_set_times(dir, OLD, OLD, W_ATIM | W_MTIM));
  NEED(w_fd_filestat_get(dir, &stat));
  WANT_NUMBER(stat.mtim, OLD);
}

CASE(fd_filestat_set_times_needs_its_right) {
  WANT_OK(put_file(dir, "f", ""));
  uint32_t fd = 0;
  NEED(open_with(dir, "f", 0, W_R_FD_READ | W_R_FD_WRITE, &fd));
  WANT(w_fd_filestat_set_times(fd, 1, 1, W_MTIM), W_ENOTCAPABLE);
  WANT(w_fd_filestat_set_times(40, 1, 1, W_MTIM), W_EBADF);
}

CASE(fd_write_and_set_size_make_the_file_newer) {
  uint32_t fd = fresh("abc");
  NEED(w_fd_filestat_set_times(fd, OLD, OLD, W_ATIM | W_MTIM));
  uint64_t before = today();
  NEED(write_text(fd, "x"));
  NEED(w_fd_filestat_get(fd, &stat));
  about_now(stat.mtim, before);
  NEED(w_fd_filestat_set_times(fd, OLD, OLD, W_ATIM | W_MTIM));
  NEED(w_fd_filestat_set_size(fd, 1));
  NEED(w_fd_filestat_get(fd, &stat));
  about_now(stat.mtim, before);
  about_now(stat.ctim, before);
}

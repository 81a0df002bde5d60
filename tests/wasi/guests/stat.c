/* path_filestat_get and path_filestat_set_times. */
#include "check.h"

static struct w_filestat stat;

static const uint64_t SECOND = 1000000000;
static const uint64_t OLD = UINT64_C(1000000000) * 1000000000;

static int32_t get(const char *path, uint32_t lookup) {
  return w_path_filestat_get(dir, lookup, PATH(path), &stat);
}

static int32_t set(const char *path, uint32_t lookup, uint64_t atim,
                   uint64_t mtim, uint32_t flags) {
  return w_path_filestat_set_times(dir, lookup, PATH(path), atim, mtim, flags);
}

static uint32_t with_rights(uint64_t rights) {
  uint32_t fd = UINT32_MAX;
  WANT_OK(w_path_open(dir, 0, PATH("."), W_DIRECTORY, rights, 0, 0, &fd));
  return fd;
}

static uint64_t today(void) {
  uint64_t ns = 0;
  WANT_OK(w_clock_time_get(W_CLOCK_REALTIME, 0, &ns));
  return ns;
}

static bool is_now(uint64_t time, uint64_t before) {
  return time + SECOND >= before && time <= today() + SECOND;
}

/* ---- path_filestat_get ---- */

CASE(path_filestat_get_tells_of_files_directories_and_links) {
  NEED(put_file(dir, "f", "abc"));
  NEED(make_dir(dir, "d"));
  NEED(make_link("target", dir, "l"));
  NEED(get("f", 0));
  WANT_NUMBER(stat.filetype, W_TYPE_FILE);
  WANT_NUMBER(stat.size, 3);
  WANT_NUMBER(stat.nlink, 1);
  NEED(get("d", 0));
  WANT_NUMBER(stat.filetype, W_TYPE_DIRECTORY);
  NEED(get("l", 0));
  WANT_NUMBER(stat.filetype, W_TYPE_SYMLINK);
  WANT_NUMBER(stat.size, 6);
}

CASE(path_filestat_get_follows_when_asked) {
  NEED(put_file(dir, "f", "abc"));
  NEED(make_dir(dir, "d"));
  NEED(make_link("f", dir, "lf"));
  NEED(make_link("d", dir, "ld"));
  NEED(make_link("nowhere", dir, "ln"));
  NEED(get("lf", W_FOLLOW));
  WANT_NUMBER(stat.filetype, W_TYPE_FILE);
  NEED(get("ld", W_FOLLOW));
  WANT_NUMBER(stat.filetype, W_TYPE_DIRECTORY);
  WANT(get("ln", W_FOLLOW), W_ENOENT);
  WANT_OK(get("ln", 0));
  NEED(get("f", W_FOLLOW));
  WANT_NUMBER(stat.filetype, W_TYPE_FILE);
}

CASE(path_filestat_get_of_the_directory_itself) {
  struct w_filestat own;
  NEED(w_fd_filestat_get(dir, &own));
  NEED(get(".", 0));
  WANT_NUMBER(stat.ino, own.ino);
  NEED(make_dir(dir, "d"));
  NEED(get("d/..", 0));
  WANT_NUMBER(stat.ino, own.ino);
  NEED(get("./d/.././", 0));
  WANT_NUMBER(stat.ino, own.ino);
}

CASE(path_filestat_get_with_a_slash_at_its_end) {
  NEED(put_file(dir, "f", "abc"));
  NEED(make_dir(dir, "d"));
  NEED(make_link("d", dir, "l"));
  WANT_OK(get("d/", 0));
  WANT(get("f/", 0), W_ENOTDIR);
  NEED(get("l/", 0));
  WANT_NUMBER(stat.filetype, W_TYPE_DIRECTORY);
}

CASE(path_filestat_get_of_what_is_missing) {
  NEED(put_file(dir, "f", "abc"));
  WANT(get("missing", 0), W_ENOENT);
  WANT(get("missing/x", 0), W_ENOENT);
  WANT(get("f/x", 0), W_ENOTDIR);
  WANT(get("", 0), W_ENOENT, W_EINVAL);
}

CASE(path_filestat_get_in_a_loop) {
  NEED(make_link("l", dir, "l"));
  WANT(get("l", W_FOLLOW), W_ELOOP);
  WANT(get("l/x", 0), W_ELOOP);
  WANT_OK(get("l", 0));
}

CASE(path_filestat_get_needs_its_right) {
  NEED(put_file(dir, "f", "abc"));
  uint32_t fd = with_rights(W_R_PATH_OPEN | W_R_FD_FILESTAT_GET);
  WANT(stat_at(fd, "f", &stat), W_ENOTCAPABLE);
  WANT_OK(stat_at(with_rights(W_R_PATH_FILESTAT_GET), "f", &stat));
  WANT(stat_at(40, "f", &stat), W_EBADF);
}

CASE(path_filestat_get_at_what_is_no_directory) {
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(open_at(dir, "f", 0, &fd));
  WANT(stat_at(fd, "x", &stat), W_ENOTDIR, W_ENOTCAPABLE);
  WANT(stat_at(0, "x", &stat), W_ENOTDIR, W_ENOTCAPABLE, W_EBADF);
}

/* ---- path_filestat_set_times ---- */

CASE(path_filestat_set_times_sets_one_or_both) {
  NEED(put_file(dir, "f", "abc"));
  NEED(set("f", 0, OLD, OLD + SECOND, W_ATIM | W_MTIM));
  NEED(get("f", 0));
  WANT_NUMBER(stat.atim, OLD);
  WANT_NUMBER(stat.mtim, OLD + SECOND);
  NEED(set("f", 0, 0, OLD + 2 * SECOND, W_MTIM));
  NEED(get("f", 0));
  WANT_NUMBER(stat.atim, OLD);
  WANT_NUMBER(stat.mtim, OLD + 2 * SECOND);
}

CASE(path_filestat_set_times_keeps_nanoseconds) {
  NEED(put_file(dir, "f", "abc"));
  NEED(set("f", 0, OLD + 987654321, OLD + 123456789, W_ATIM | W_MTIM));
  NEED(get("f", 0));
  WANT_NUMBER(stat.atim, OLD + 987654321);
  WANT_NUMBER(stat.mtim, OLD + 123456789);
}

CASE(path_filestat_set_times_to_now) {
  NEED(put_file(dir, "f", "abc"));
  NEED(set("f", 0, OLD, OLD, W_ATIM | W_MTIM));
  uint64_t before = today();
  NEED(set("f", 0, 0, 0, W_ATIM_NOW | W_MTIM_NOW));
  NEED(get("f", 0));
  WANT_TRUE(is_now(stat.atim, before));
  WANT_TRUE(is_now(stat.mtim, before));
}

CASE(path_filestat_set_times_refuses_a_time_and_now) {
  NEED(put_file(dir, "f", "abc"));
  NEED(set("f", 0, OLD, OLD, W_ATIM | W_MTIM));
  WANT(set("f", 0, 1, 1, W_MTIM | W_MTIM_NOW), W_EINVAL);
  WANT(set("f", 0, 1, 1, W_ATIM | W_ATIM_NOW), W_EINVAL);
  NEED(get("f", 0));
  WANT_NUMBER(stat.atim, OLD);
  WANT_NUMBER(stat.mtim, OLD);
}

CASE(path_filestat_set_times_refuses_unknown_flags) {
  NEED(put_file(dir, "f", "abc"));
  WANT(set("f", 0, 1, 1, 1 << 4), W_EINVAL);
}

CASE(path_filestat_set_times_of_a_link_or_what_it_names) {
  NEED(put_file(dir, "f", "abc"));
  NEED(make_link("f", dir, "l"));
  NEED(set("f", 0, OLD, OLD, W_ATIM | W_MTIM));
  NEED(set("l", 0, 0, OLD + SECOND, W_MTIM));
  NEED(get("f", 0));
  WANT_NUMBER(stat.mtim, OLD);
  NEED(get("l", 0));
  WANT_NUMBER(stat.mtim, OLD + SECOND);
  NEED(set("l", W_FOLLOW, 0, OLD + 2 * SECOND, W_MTIM));
  NEED(get("f", 0));
  WANT_NUMBER(stat.mtim, OLD + 2 * SECOND);
  NEED(get("l", 0));
  WANT_NUMBER(stat.mtim, OLD + SECOND);
  NEED(get("l", W_FOLLOW));
  WANT_NUMBER(stat.mtim, OLD + 2 * SECOND);
}

CASE(path_filestat_set_times_of_a_directory) {
  NEED(make_dir(dir, "d"));
  NEED(set("d", 0, OLD, OLD, W_ATIM | W_MTIM));
  NEED(get("d", 0));
  WANT_NUMBER(stat.mtim, OLD);
}

CASE(path_filestat_set_times_of_what_is_missing) {
  NEED(put_file(dir, "f", "abc"));
  WANT(set("missing", 0, 1, 1, W_MTIM), W_ENOENT);
  WANT(set("f/x", 0, 1, 1, W_MTIM), W_ENOTDIR);
  WANT(set("f/", 0, 1, 1, W_MTIM), W_ENOTDIR);
  WANT(set("", 0, 1, 1, W_MTIM), W_ENOENT, W_EINVAL);
  WANT(w_path_filestat_set_times(40, 0, PATH("f"), 1, 1, W_MTIM), W_EBADF);
}

CASE(path_filestat_set_times_needs_its_right) {
  NEED(put_file(dir, "f", "abc"));
  NEED(set("f", 0, OLD, OLD, W_ATIM | W_MTIM));
  uint32_t fd = with_rights(W_R_PATH_OPEN | W_R_PATH_FILESTAT_GET);
  WANT(w_path_filestat_set_times(fd, 0, PATH("f"), 0, 1, W_MTIM),
       W_ENOTCAPABLE);
  NEED(get("f", 0));
  WANT_NUMBER(stat.mtim, OLD);
  fd = with_rights(W_R_PATH_FILESTAT_SET_TIMES);
  WANT_OK(w_path_filestat_set_times(fd, 0, PATH("f"), 0, OLD, W_MTIM));
}

/* ---- what changes the times of a directory ---- */

static bool made_newer(const char *path, uint64_t before) {
  if (get(path, 0) != 0) return false;
  bool newer = is_now(stat.mtim, before) && is_now(stat.ctim, before);
  return set(path, 0, OLD, OLD, W_ATIM | W_MTIM) == 0 && newer;
}

CASE(path_filestat_get_sees_a_directory_change) {
  NEED(make_dir(dir, "d"));
  NEED(set("d", 0, OLD, OLD, W_ATIM | W_MTIM));
  uint64_t before = today();
  NEED(put_file(dir, "d/f", "abc"));
  WANT_TRUE(made_newer("d", before));
  NEED(w_path_link(dir, 0, PATH("d/f"), dir, PATH("d/g")));
  WANT_TRUE(made_newer("d", before));
  NEED(unlink_at(dir, "d/g"));
  WANT_TRUE(made_newer("d", before));
  NEED(w_path_rename(dir, PATH("d/f"), dir, PATH("d/h")));
  WANT_TRUE(made_newer("d", before));
  NEED(make_link("x", dir, "d/l"));
  WANT_TRUE(made_newer("d", before));
  NEED(make_dir(dir, "d/e"));
  WANT_TRUE(made_newer("d", before));
  NEED(rmdir_at(dir, "d/e"));
  WANT_TRUE(made_newer("d", before));
}

CASE(path_filestat_get_sees_no_change_by_writing_a_file) {
  NEED(make_dir(dir, "d"));
  NEED(put_file(dir, "d/f", "abc"));
  NEED(set("d", 0, OLD, OLD, W_ATIM | W_MTIM));
  NEED(put_file(dir, "d/f", "def"));
  NEED(get("d", 0));
  WANT_NUMBER(stat.mtim, OLD);
}

/* path_create_directory, path_remove_directory, path_unlink_file and
 * path_rename. */
#include "check.h"

static char buf[64];
static uint32_t size;
static struct w_filestat stat;

static int32_t move(const char *from, const char *to) {
  return w_path_rename(dir, PATH(from), dir, PATH(to));
}

/* A directory with fewer rights, at the same place as `dir`. */
static uint32_t with_rights(uint64_t rights) {
  uint32_t fd = UINT32_MAX;
  WANT_OK(w_path_open(dir, 0, PATH("."), W_DIRECTORY, rights, 0, 0, &fd));
  return fd;
}

/* ---- path_create_directory ---- */

CASE(path_create_directory_makes_an_empty_one) {
  NEED(make_dir(dir, "d"));
  NEED(stat_at(dir, "d", &stat));
  WANT_NUMBER(stat.filetype, W_TYPE_DIRECTORY);
  NEED(put_file(dir, "d/f", "abc"));
  WANT_FILE(dir, "d/f", "abc");
}

CASE(path_create_directory_with_a_slash_at_its_end) {
  WANT_OK(make_dir(dir, "d/"));
  WANT_OK(make_dir(dir, "e//"));
  WANT_OK(exists(dir, "d"));
  WANT_OK(exists(dir, "e"));
}

CASE(path_create_directory_refuses_what_exists) {
  NEED(make_dir(dir, "d"));
  NEED(put_file(dir, "f", ""));
  NEED(make_link("nowhere", dir, "l"));
  WANT(make_dir(dir, "d"), W_EEXIST);
  WANT(make_dir(dir, "d/"), W_EEXIST);
  WANT(make_dir(dir, "f"), W_EEXIST);
  WANT(make_dir(dir, "l"), W_EEXIST);
  WANT(make_dir(dir, "."), W_EEXIST);
  WANT(exists(dir, "nowhere"), W_ENOENT);
}

CASE(path_create_directory_wants_its_parent) {
  WANT(make_dir(dir, "a/b"), W_ENOENT);
  NEED(put_file(dir, "f", ""));
  WANT(make_dir(dir, "f/d"), W_ENOTDIR);
  WANT(make_dir(dir, ""), W_ENOENT, W_EINVAL);
}

CASE(path_create_directory_needs_its_right) {
  uint32_t fd = with_rights(W_R_PATH_OPEN | W_R_PATH_CREATE_FILE);
  WANT(make_dir(fd, "d"), W_ENOTCAPABLE);
  WANT(exists(dir, "d"), W_ENOENT);
  fd = with_rights(W_R_PATH_CREATE_DIRECTORY);
  WANT_OK(make_dir(fd, "d"));
}

CASE(path_create_directory_at_what_is_no_directory) {
  uint32_t fd = 0;
  NEED(put_file(dir, "f", ""));
  NEED(open_at(dir, "f", 0, &fd));
  WANT(make_dir(fd, "d"), W_ENOTDIR, W_ENOTCAPABLE);
  WANT(make_dir(40, "d"), W_EBADF);
}

/* ---- path_remove_directory ---- */

CASE(path_remove_directory_removes_an_empty_one) {
  NEED(make_dir(dir, "d"));
  WANT_OK(rmdir_at(dir, "d"));
  WANT(exists(dir, "d"), W_ENOENT);
  NEED(make_dir(dir, "d"));
  WANT_OK(rmdir_at(dir, "d/"));
  WANT(exists(dir, "d"), W_ENOENT);
}

CASE(path_remove_directory_keeps_one_that_is_not_empty) {
  NEED(make_dir(dir, "d"));
  NEED(put_file(dir, "d/f", ""));
  WANT(rmdir_at(dir, "d"), W_ENOTEMPTY);
  WANT_OK(exists(dir, "d/f"));
  NEED(unlink_at(dir, "d/f"));
  NEED(make_dir(dir, "d/e"));
  WANT(rmdir_at(dir, "d"), W_ENOTEMPTY);
}

CASE(path_remove_directory_of_what_is_none) {
  NEED(put_file(dir, "f", ""));
  NEED(make_dir(dir, "d"));
  NEED(make_link("d", dir, "l"));
  WANT(rmdir_at(dir, "f"), W_ENOTDIR);
  WANT(rmdir_at(dir, "f/"), W_ENOTDIR);
  WANT(rmdir_at(dir, "l"), W_ENOTDIR);
  WANT(rmdir_at(dir, "missing"), W_ENOENT);
  WANT(rmdir_at(dir, "missing/d"), W_ENOENT);
  WANT(rmdir_at(dir, ""), W_ENOENT, W_EINVAL);
  WANT_OK(exists(dir, "d"));
}

CASE(path_remove_directory_of_itself_is_refused) {
  WANT(rmdir_at(dir, "."), W_EINVAL);
  NEED(make_dir(dir, "d"));
  WANT(rmdir_at(dir, "d/."), W_EINVAL);
  WANT(rmdir_at(dir, "d/.."), W_ENOTEMPTY, W_EINVAL);
  WANT_OK(exists(dir, "d"));
}

CASE(path_remove_directory_needs_its_right) {
  NEED(make_dir(dir, "d"));
  WANT(rmdir_at(with_rights(W_R_PATH_UNLINK_FILE), "d"), W_ENOTCAPABLE);
  WANT_OK(exists(dir, "d"));
  WANT_OK(rmdir_at(with_rights(W_R_PATH_REMOVE_DIRECTORY), "d"));
  WANT(rmdir_at(40, "d"), W_EBADF);
}

/* ---- path_unlink_file ---- */

CASE(path_unlink_file_removes_files_and_links) {
  NEED(put_file(dir, "f", "abc"));
  NEED(make_link("f", dir, "l"));
  WANT_OK(unlink_at(dir, "l"));
  WANT_FILE(dir, "f", "abc");
  WANT_OK(unlink_at(dir, "f"));
  WANT(exists(dir, "f"), W_ENOENT);
  WANT(unlink_at(dir, "f"), W_ENOENT);
}

CASE(path_unlink_file_of_a_link_to_a_directory) {
  NEED(make_dir(dir, "d"));
  NEED(make_link("d", dir, "l"));
  WANT_OK(unlink_at(dir, "l"));
  WANT_OK(exists(dir, "d"));
}

CASE(path_unlink_file_of_a_directory) {
  NEED(make_dir(dir, "d"));
  WANT(unlink_at(dir, "d"), W_EISDIR, W_EPERM);
  WANT(unlink_at(dir, "d/"), W_EISDIR, W_EPERM);
  WANT(unlink_at(dir, "."), W_EISDIR, W_EPERM, W_EINVAL);
  WANT_OK(exists(dir, "d"));
}

CASE(path_unlink_file_with_a_slash_at_its_end) {
  NEED(put_file(dir, "f", ""));
  WANT(unlink_at(dir, "f/"), W_ENOTDIR);
  WANT(unlink_at(dir, "missing/"), W_ENOENT, W_ENOTDIR);
  WANT_OK(exists(dir, "f"));
}

CASE(path_unlink_file_of_what_is_missing) {
  NEED(put_file(dir, "f", ""));
  WANT(unlink_at(dir, "missing"), W_ENOENT);
  WANT(unlink_at(dir, "missing/f"), W_ENOENT);
  WANT(unlink_at(dir, "f/g"), W_ENOTDIR);
  WANT(unlink_at(dir, ""), W_ENOENT, W_EINVAL);
  WANT(unlink_at(40, "f"), W_EBADF);
}

CASE(path_unlink_file_needs_its_right) {
  NEED(put_file(dir, "f", ""));
  WANT(unlink_at(with_rights(W_R_PATH_REMOVE_DIRECTORY), "f"), W_ENOTCAPABLE);
  WANT_OK(exists(dir, "f"));
  WANT_OK(unlink_at(with_rights(W_R_PATH_UNLINK_FILE), "f"));
}

/* ---- path_rename ---- */

CASE(path_rename_gives_a_file_another_name) {
  NEED(put_file(dir, "a", "abc"));
  WANT_OK(move("a", "b"));
  WANT(exists(dir, "a"), W_ENOENT);
  WANT_FILE(dir, "b", "abc");
}

CASE(path_rename_into_another_directory) {
  uint32_t sub = 0;
  NEED(put_file(dir, "a", "abc"));
  NEED(make_dir(dir, "d"));
  NEED(open_at(dir, "d", W_DIRECTORY, &sub));
  WANT_OK(w_path_rename(dir, PATH("a"), sub, PATH("b")));
  WANT_FILE(dir, "d/b", "abc");
  WANT_OK(move("d/b", "c"));
  WANT_FILE(dir, "c", "abc");
}

CASE(path_rename_over_a_file_replaces_it) {
  uint32_t fd = 0;
  NEED(put_file(dir, "a", "new"));
  NEED(put_file(dir, "b", "old"));
  NEED(open_at(dir, "b", 0, &fd));
  WANT_OK(move("a", "b"));
  WANT(exists(dir, "a"), W_ENOENT);
  WANT_FILE(dir, "b", "new");
  NEED(read_some(fd, buf, sizeof buf, &size));
  NEED_TRUE(size == 3);
  WANT_BYTES(buf, "old", 3);
}

CASE(path_rename_keeps_open_descriptors) {
  uint32_t fd = 0;
  NEED(put_file(dir, "a", "abc"));
  NEED(open_at(dir, "a", 0, &fd));
  WANT_OK(move("a", "b"));
  NEED(write_text(fd, "X"));
  WANT_FILE(dir, "b", "Xbc");
}

CASE(path_rename_to_itself_and_to_another_name_of_it) {
  NEED(put_file(dir, "a", "abc"));
  WANT_OK(move("a", "a"));
  WANT_FILE(dir, "a", "abc");
  NEED(w_path_link(dir, 0, PATH("a"), dir, PATH("b")));
  WANT_OK(move("a", "b"));
  WANT_OK(exists(dir, "a"));
  WANT_OK(exists(dir, "b"));
}

CASE(path_rename_of_a_directory) {
  NEED(make_dir(dir, "d"));
  NEED(put_file(dir, "d/f", "abc"));
  WANT_OK(move("d", "e"));
  WANT(exists(dir, "d"), W_ENOENT);
  WANT_FILE(dir, "e/f", "abc");
}

CASE(path_rename_of_a_directory_over_an_empty_one) {
  NEED(make_dir(dir, "d"));
  NEED(put_file(dir, "d/f", "abc"));
  NEED(make_dir(dir, "e"));
  WANT_OK(move("d", "e"));
  WANT(exists(dir, "d"), W_ENOENT);
  WANT_FILE(dir, "e/f", "abc");
}

CASE(path_rename_of_a_directory_over_one_that_is_not_empty) {
  NEED(make_dir(dir, "d"));
  NEED(make_dir(dir, "e"));
  NEED(put_file(dir, "e/f", "abc"));
  WANT(move("d", "e"), W_ENOTEMPTY, W_EEXIST);
  WANT_OK(exists(dir, "d"));
  WANT_FILE(dir, "e/f", "abc");
}

CASE(path_rename_between_a_file_and_a_directory) {
  NEED(make_dir(dir, "d"));
  NEED(put_file(dir, "f", "abc"));
  WANT(move("f", "d"), W_EISDIR);
  WANT(move("d", "f"), W_ENOTDIR);
  WANT_FILE(dir, "f", "abc");
  WANT_OK(exists(dir, "d"));
}

CASE(path_rename_of_a_directory_into_itself) {
  NEED(make_dir(dir, "d"));
  NEED(make_dir(dir, "d/e"));
  WANT(move("d", "d/x"), W_EINVAL);
  WANT(move("d", "d/e/x"), W_EINVAL);
  WANT_OK(exists(dir, "d/e"));
}

CASE(path_rename_over_its_own_parent) {
  NEED(make_dir(dir, "d"));
  NEED(make_dir(dir, "d/e"));
  WANT(move("d/e", "d"), W_ENOTEMPTY, W_EEXIST, W_EINVAL);
  WANT_OK(exists(dir, "d/e"));
}

CASE(path_rename_of_dots) {
  NEED(make_dir(dir, "d"));
  WANT(move("d/.", "e"), W_EINVAL, W_EBUSY);
  WANT(move("d/..", "e"), W_EINVAL, W_EBUSY, W_ENOTEMPTY);
  WANT(move(".", "e"), W_EINVAL, W_EBUSY);
  WANT_OK(exists(dir, "d"));
}

CASE(path_rename_of_what_is_missing) {
  NEED(put_file(dir, "f", "abc"));
  WANT(move("missing", "x"), W_ENOENT);
  WANT(move("missing/a", "x"), W_ENOENT);
  WANT(move("f", "missing/x"), W_ENOENT);
  WANT(move("f", "f/x"), W_ENOTDIR);
  WANT(move("f/x", "y"), W_ENOTDIR);
  WANT(move("", "x"), W_ENOENT, W_EINVAL);
  WANT(move("f", ""), W_ENOENT, W_EINVAL);
  WANT_FILE(dir, "f", "abc");
}

CASE(path_rename_of_directories_with_slashes_at_the_end) {
  NEED(make_dir(dir, "a"));
  WANT_OK(move("a/", "b"));
  WANT_OK(move("b", "a/"));
  WANT_OK(move("a/", "b/"));
  WANT_OK(exists(dir, "b"));
  WANT(exists(dir, "a"), W_ENOENT);
}

CASE(path_rename_of_files_with_slashes_at_the_end) {
  NEED(put_file(dir, "f", "abc"));
  WANT(move("f/", "g"), W_ENOTDIR);
  WANT(move("f", "g/"), W_ENOTDIR, W_ENOENT);
  WANT(move("f/", "g/"), W_ENOTDIR);
  WANT_FILE(dir, "f", "abc");
  WANT(exists(dir, "g"), W_ENOENT);
}

CASE(path_rename_moves_a_link_and_not_what_it_names) {
  NEED(put_file(dir, "f", "abc"));
  NEED(make_link("f", dir, "l"));
  WANT_OK(move("l", "m"));
  NEED(stat_at(dir, "m", &stat));
  WANT_NUMBER(stat.filetype, W_TYPE_SYMLINK);
  NEED(put_file(dir, "g", "ghi"));
  WANT_OK(move("g", "m"));
  WANT_FILE(dir, "m", "ghi");
  WANT_FILE(dir, "f", "abc");
}

CASE(path_rename_needs_a_right_on_either_side) {
  NEED(put_file(dir, "f", "abc"));
  uint32_t from = with_rights(W_R_PATH_RENAME_SOURCE);
  uint32_t to = with_rights(W_R_PATH_RENAME_TARGET);
  WANT(w_path_rename(to, PATH("f"), to, PATH("g")), W_ENOTCAPABLE);
  WANT(w_path_rename(from, PATH("f"), from, PATH("g")), W_ENOTCAPABLE);
  WANT_FILE(dir, "f", "abc");
  WANT_OK(w_path_rename(from, PATH("f"), to, PATH("g")));
}

CASE(path_rename_with_bad_descriptors) {
  NEED(put_file(dir, "f", "abc"));
  WANT(w_path_rename(40, PATH("f"), dir, PATH("g")), W_EBADF);
  WANT(w_path_rename(dir, PATH("f"), 40, PATH("g")), W_EBADF);
  uint32_t fd = 0;
  NEED(open_at(dir, "f", 0, &fd));
  WANT(w_path_rename(fd, PATH("f"), dir, PATH("g")), W_ENOTDIR, W_ENOTCAPABLE);
  WANT(w_path_rename(dir, PATH("f"), fd, PATH("g")), W_ENOTDIR, W_ENOTCAPABLE);
  WANT_FILE(dir, "f", "abc");
}

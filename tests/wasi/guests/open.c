/* path_open: what it makes, opens and refuses. */
#include <stdio.h>

#include "check.h"

static char buf[256];
static uint32_t size;

static const uint64_t READ = W_R_FD_READ;
static const uint64_t WRITE = W_R_FD_WRITE;
/* What a directory must pass on for files to be read and written. */
static const uint64_t BOTH = W_R_FD_READ | W_R_FD_WRITE | W_R_FD_SEEK;

static int32_t open_flags(const char *path, uint32_t lookup, uint32_t oflags) {
  uint32_t fd = UINT32_MAX;
  return w_path_open(dir, lookup, PATH(path), oflags, READ, 0, 0, &fd);
}

CASE(path_open_opens_what_is_there) {
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(open_with(dir, "f", 0, READ, &fd));
  WANT_TRUE(fd > side);
  NEED(read_some(fd, buf, sizeof buf, &size));
  WANT_NUMBER(size, 3);
}

CASE(path_open_of_what_is_missing) {
  uint32_t fd = 77;
  WANT(open_with(dir, "f", 0, READ, &fd), W_ENOENT);
  WANT(open_with(dir, "f", W_TRUNC, READ, &fd), W_ENOENT);
  WANT(open_with(dir, "f", W_DIRECTORY, READ, &fd), W_ENOENT);
  WANT(open_with(dir, "missing/f", W_CREAT, READ, &fd), W_ENOENT);
  WANT_NUMBER(fd, 77);
  WANT(exists(dir, "f"), W_ENOENT);
}

CASE(path_open_of_the_empty_path) {
  WANT(open_flags("", 0, 0), W_ENOENT, W_EINVAL);
  WANT(open_flags("", 0, W_CREAT), W_ENOENT, W_EINVAL);
  WANT(open_flags("", 0, W_DIRECTORY), W_ENOENT, W_EINVAL);
}

CASE(path_open_under_a_file) {
  NEED(put_file(dir, "f", "abc"));
  WANT(open_flags("f/g", 0, 0), W_ENOTDIR);
  WANT(open_flags("f/g", 0, W_CREAT), W_ENOTDIR);
  WANT(open_flags("f/..", 0, 0), W_ENOTDIR);
  WANT(open_flags("f/.", 0, 0), W_ENOTDIR);
}

/* ---- O_CREAT, O_EXCL, O_TRUNC, O_DIRECTORY ---- */

CASE(path_open_creates_an_empty_file) {
  uint32_t fd = 0;
  NEED(open_with(dir, "f", W_CREAT, READ | WRITE, &fd));
  WANT_OK(exists(dir, "f"));
  WANT_OK(read_some(fd, buf, sizeof buf, &size));
  WANT_NUMBER(size, 0);
}

CASE(path_open_creat_keeps_what_is_there) {
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(open_with(dir, "f", W_CREAT, READ | WRITE, &fd));
  WANT_FILE(dir, "f", "abc");
}

CASE(path_open_excl_refuses_what_is_there) {
  NEED(put_file(dir, "f", "abc"));
  NEED(make_dir(dir, "d"));
  NEED(make_link("nowhere", dir, "l"));
  WANT(open_flags("f", 0, W_CREAT | W_EXCL), W_EEXIST);
  WANT(open_flags("d", 0, W_CREAT | W_EXCL), W_EEXIST);
  WANT(open_flags("l", 0, W_CREAT | W_EXCL), W_EEXIST);
  WANT(open_flags("l", W_FOLLOW, W_CREAT | W_EXCL), W_EEXIST);
  WANT(open_flags("f", 0, W_CREAT | W_EXCL | W_TRUNC), W_EEXIST);
  WANT(exists(dir, "nowhere"), W_ENOENT);
  WANT_FILE(dir, "f", "abc");
}

CASE(path_open_excl_makes_what_is_not_there) {
  uint32_t fd = 0;
  NEED(open_with(dir, "f", W_CREAT | W_EXCL, WRITE, &fd));
  WANT_OK(exists(dir, "f"));
}

CASE(path_open_trunc_empties_a_file) {
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(open_with(dir, "f", W_TRUNC, READ | WRITE, &fd));
  WANT_FILE(dir, "f", "");
}

CASE(path_open_trunc_without_rights_on_the_file) {
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(open_with(dir, "f", W_TRUNC, 0, &fd));
  WANT_FILE(dir, "f", "");
}

CASE(path_open_trunc_is_seen_by_other_descriptors) {
  uint32_t one = 0;
  uint32_t two = 0;
  NEED(put_file(dir, "f", "abcdef"));
  NEED(open_with(dir, "f", 0, READ | W_R_FD_FILESTAT_GET, &one));
  NEED(read_some(one, buf, 2, &size));
  NEED(open_with(dir, "f", W_TRUNC, WRITE, &two));
  WANT_NUMBER(size_of(one), 0);
  WANT_OK(read_some(one, buf, sizeof buf, &size));
  WANT_NUMBER(size, 0);
}

CASE(path_open_directory_opens_directories_alone) {
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(make_dir(dir, "d"));
  WANT(open_with(dir, "f", W_DIRECTORY, READ, &fd), W_ENOTDIR);
  WANT_OK(open_with(dir, "d", W_DIRECTORY, 0, &fd));
  WANT_OK(open_with(dir, "d", W_DIRECTORY, READ, &fd));
  WANT_OK(open_with(dir, "d", 0, 0, &fd));
  WANT_OK(open_with(dir, ".", W_DIRECTORY, 0, &fd));
  struct w_fdstat stat;
  WANT_OK(w_fd_fdstat_get(fd, &stat));
  WANT_NUMBER(stat.filetype, W_TYPE_DIRECTORY);
}

CASE(path_open_of_a_directory_for_writing) {
  uint32_t fd = 0;
  NEED(make_dir(dir, "d"));
  WANT(open_with(dir, "d", 0, READ | WRITE, &fd), W_EISDIR);
  WANT(open_with(dir, "d", W_DIRECTORY, READ | WRITE, &fd), W_EISDIR);
  WANT(open_with(dir, "d", 0, WRITE, &fd), W_EISDIR);
}

CASE(path_open_creat_or_trunc_of_a_directory) {
  uint32_t fd = 0;
  NEED(make_dir(dir, "d"));
  WANT(open_with(dir, "d", W_CREAT, 0, &fd), W_EISDIR);
  WANT(open_with(dir, "d", W_TRUNC, 0, &fd), W_EISDIR);
}

/* POSIX leaves open what O_CREAT with O_DIRECTORY does; a file that was made
 * and then is no directory helps nobody. */
CASE(path_open_creat_and_directory) {
  uint32_t fd = 0;
  int32_t err = open_with(dir, "x", W_CREAT | W_DIRECTORY, 0, &fd);
  WANT(err, W_EINVAL, W_ENOTDIR, W_ENOENT);
}

CASE(path_open_refuses_unknown_flags) {
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  WANT(w_path_open(dir, 0, PATH("f"), 1 << 4, READ, 0, 0, &fd), W_EINVAL);
  WANT(w_path_open(dir, 0, PATH("f"), 0, READ, 0, 1 << 5, &fd), W_EINVAL);
}

/* ---- links ---- */

CASE(path_open_follows_a_link_when_asked) {
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(make_link("f", dir, "l"));
  NEED(w_path_open(dir, W_FOLLOW, PATH("l"), 0, READ, 0, 0, &fd));
  NEED(read_some(fd, buf, sizeof buf, &size));
  WANT_NUMBER(size, 3);
  NEED(make_dir(dir, "d"));
  NEED(make_link("d", dir, "dl"));
  WANT_OK(open_flags("dl", W_FOLLOW, W_DIRECTORY));
  WANT(open_flags("l", W_FOLLOW, W_DIRECTORY), W_ENOTDIR);
}

CASE(path_open_of_a_link_itself_is_refused) {
  NEED(put_file(dir, "f", "abc"));
  NEED(make_dir(dir, "d"));
  NEED(make_link("f", dir, "l"));
  NEED(make_link("d", dir, "dl"));
  NEED(make_link("nowhere", dir, "none"));
  WANT(open_flags("l", 0, 0), W_ELOOP);
  WANT(open_flags("l", 0, W_DIRECTORY), W_ELOOP, W_ENOTDIR);
  WANT(open_flags("dl", 0, 0), W_ELOOP);
  WANT(open_flags("dl", 0, W_DIRECTORY), W_ELOOP, W_ENOTDIR);
  WANT(open_flags("none", 0, 0), W_ELOOP);
  WANT(open_flags("none", 0, W_DIRECTORY), W_ELOOP, W_ENOTDIR);
  WANT(open_flags("l", 0, W_TRUNC), W_ELOOP);
  WANT_FILE(dir, "f", "abc");
}

CASE(path_open_follows_a_link_to_nothing) {
  WANT_OK(make_link("made", dir, "l"));
  WANT(open_flags("l", W_FOLLOW, 0), W_ENOENT);
  WANT(exists(dir, "made"), W_ENOENT);
}

CASE(path_open_creates_through_a_link) {
  NEED(make_link("made", dir, "l"));
  WANT_OK(open_flags("l", W_FOLLOW, W_CREAT));
  WANT_OK(exists(dir, "made"));
}

CASE(path_open_follows_links_in_the_middle_always) {
  NEED(make_dir(dir, "d"));
  NEED(put_file(dir, "d/f", "abc"));
  NEED(make_link("d", dir, "l"));
  WANT_FILE(dir, "l/f", "abc");
  WANT_OK(open_flags("l/.", 0, 0));
  WANT_OK(open_flags("l/../d/f", 0, 0));
}

CASE(path_open_in_a_loop_of_links) {
  NEED(make_link("self", dir, "self"));
  NEED(make_link("b", dir, "a"));
  NEED(make_link("a", dir, "b"));
  WANT(open_flags("self", W_FOLLOW, 0), W_ELOOP);
  WANT(open_flags("self", 0, 0), W_ELOOP);
  WANT(open_flags("a", W_FOLLOW, 0), W_ELOOP);
  WANT(open_flags("a/x", 0, 0), W_ELOOP);
  WANT(open_flags("self/x", 0, W_CREAT), W_ELOOP);
}

CASE(path_open_through_a_chain_of_links) {
  NEED(put_file(dir, "l0", "end"));
  for (int i = 1; i <= 8; i++) {
    char name[8];
    char target[8];
    snprintf(name, sizeof name, "l%d", i);
    snprintf(target, sizeof target, "l%d", i - 1);
    NEED(make_link(target, dir, name));
  }
  uint32_t fd = 0;
  NEED(w_path_open(dir, W_FOLLOW, PATH("l8"), 0, READ, 0, 0, &fd));
  NEED(read_some(fd, buf, sizeof buf, &size));
  WANT_NUMBER(size, 3);
}

CASE(path_open_resolves_a_link_from_where_it_lies) {
  NEED(make_dir(dir, "a"));
  NEED(make_dir(dir, "a/b"));
  NEED(put_file(dir, "a/f", "right"));
  NEED(put_file(dir, "f", "wrong"));
  NEED(make_link("../f", dir, "a/b/l"));
  uint32_t fd = 0;
  NEED(w_path_open(dir, W_FOLLOW, PATH("a/b/l"), 0, READ, 0, 0, &fd));
  NEED(read_some(fd, buf, sizeof buf, &size));
  NEED_TRUE(size == 5);
  WANT_BYTES(buf, "right", 5);
}

/* ---- where the path begins ---- */

CASE(path_open_begins_at_its_directory) {
  uint32_t sub = 0;
  NEED(make_dir(dir, "d"));
  NEED(open_at(dir, "d", W_DIRECTORY, &sub));
  NEED(put_file(sub, "f", "inner"));
  WANT_FILE(dir, "d/f", "inner");
  WANT(exists(dir, "f"), W_ENOENT);
}

CASE(path_open_in_a_directory_that_was_renamed) {
  uint32_t sub = 0;
  NEED(make_dir(dir, "d"));
  NEED(open_at(dir, "d", W_DIRECTORY, &sub));
  NEED(w_path_rename(dir, PATH("d"), dir, PATH("e")));
  NEED(put_file(sub, "f", "inner"));
  WANT_FILE(dir, "e/f", "inner");
}

CASE(path_open_in_a_directory_that_was_removed) {
  uint32_t sub = 0;
  uint32_t fd = 0;
  NEED(make_dir(dir, "d"));
  NEED(open_at(dir, "d", W_DIRECTORY, &sub));
  NEED(rmdir_at(dir, "d"));
  WANT(open_with(sub, "f", 0, READ, &fd), W_ENOENT);
  WANT(open_with(sub, "f", W_CREAT, READ, &fd), W_ENOENT);
  WANT(make_dir(sub, "d"), W_ENOENT);
}

CASE(path_open_at_what_is_no_directory) {
  uint32_t file = 0;
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(open_at(dir, "f", 0, &file));
  WANT(open_with(file, "g", 0, READ, &fd), W_ENOTDIR, W_ENOTCAPABLE);
  WANT(open_with(file, "g", W_CREAT, READ, &fd), W_ENOTDIR, W_ENOTCAPABLE);
  WANT(open_with(0, "g", 0, READ, &fd), W_ENOTDIR, W_ENOTCAPABLE, W_EBADF);
  WANT(open_with(40, "g", 0, READ, &fd), W_EBADF);
  WANT(open_with(UINT32_MAX, "g", 0, READ, &fd), W_EBADF);
}

CASE(path_open_of_itself_with_the_same_rights) {
  uint32_t fd = 0;
  struct w_fdstat from;
  struct w_fdstat to;
  NEED(w_fd_fdstat_get(work, &from));
  NEED(w_path_open(work, 0, PATH("."), 0, from.rights_base,
                   from.rights_inheriting, 0, &fd));
  NEED(w_fd_fdstat_get(fd, &to));
  WANT_NUMBER(to.rights_base, from.rights_base);
  WANT_NUMBER(to.rights_inheriting, from.rights_inheriting);
}

CASE(path_open_nonblocking) {
  uint32_t fd = 0;
  WANT_OK(w_path_open(dir, 0, PATH("."), 0, 0, 0, W_NONBLOCK, &fd));
  NEED(put_file(dir, "f", "abc"));
  NEED(w_path_open(dir, 0, PATH("f"), 0, READ, 0, W_NONBLOCK, &fd));
  WANT_OK(read_some(fd, buf, sizeof buf, &size));
  WANT_NUMBER(size, 3);
}

/* ---- rights ---- */

CASE(path_open_gives_the_rights_that_were_asked_for) {
  NEED(put_file(dir, "f", "abc"));
  struct w_fdstat stat;
  uint32_t fd = 0;
  NEED(open_with(dir, "f", 0, READ, &fd));
  NEED(w_fd_fdstat_get(fd, &stat));
  WANT_NUMBER(stat.rights_base, READ);
  WANT(write_text(fd, "x"), W_ENOTCAPABLE);
  NEED(open_with(dir, "f", 0, WRITE, &fd));
  NEED(w_fd_fdstat_get(fd, &stat));
  WANT_NUMBER(stat.rights_base, WRITE);
  WANT(read_some(fd, buf, 1, &size), W_ENOTCAPABLE);
  WANT_OK(write_text(fd, "x"));
  NEED(open_with(dir, "f", 0, 0, &fd));
  NEED(w_fd_fdstat_get(fd, &stat));
  WANT_NUMBER(stat.rights_base, 0);
}

CASE(path_open_gives_a_directory_no_right_to_seek) {
  uint32_t fd = 0;
  struct w_fdstat stat;
  NEED(make_dir(dir, "d"));
  NEED(open_with(dir, "d", W_DIRECTORY, W_R_FD_SEEK, &fd));
  NEED(w_fd_fdstat_get(fd, &stat));
  WANT_NUMBER(stat.rights_base & W_R_FD_SEEK, 0);
  uint64_t at = 0;
  WANT(w_fd_seek(fd, 0, W_SEEK_CUR, &at), W_EISDIR, W_EBADF, W_ENOTCAPABLE);
}

CASE(path_open_keeps_to_the_inheriting_rights) {
  uint32_t sub = 0;
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(w_path_open(dir, 0, PATH("."), W_DIRECTORY, W_R_PATH_OPEN, READ, 0,
                   &sub));
  WANT_OK(open_with(sub, "f", 0, READ, &fd));
  WANT(open_with(sub, "f", 0, WRITE, &fd), W_ENOTCAPABLE);
  WANT(open_with(sub, "f", 0, READ | W_R_FD_SEEK, &fd), W_ENOTCAPABLE);
  WANT(w_path_open(sub, 0, PATH("f"), 0, READ, WRITE, 0, &fd), W_ENOTCAPABLE);
  WANT(w_path_open(sub, 0, PATH("."), W_DIRECTORY, W_R_PATH_OPEN, 0, 0, &fd),
       W_ENOTCAPABLE);
}

CASE(path_open_needs_its_right) {
  uint32_t sub = 0;
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(w_path_open(dir, 0, PATH("."), W_DIRECTORY, W_R_FD_READDIR, READ, 0,
                   &sub));
  WANT(open_with(sub, "f", 0, READ, &fd), W_ENOTCAPABLE);
}

CASE(path_open_creat_needs_the_right_to_create) {
  uint32_t sub = 0;
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(w_path_open(dir, 0, PATH("."), W_DIRECTORY, W_R_PATH_OPEN, BOTH, 0,
                   &sub));
  WANT(open_with(sub, "g", W_CREAT, WRITE, &fd), W_ENOTCAPABLE);
  WANT(exists(dir, "g"), W_ENOENT);
  NEED(w_path_open(dir, 0, PATH("."), W_DIRECTORY,
                   W_R_PATH_OPEN | W_R_PATH_CREATE_FILE, BOTH, 0, &sub));
  WANT_OK(open_with(sub, "g", W_CREAT, WRITE, &fd));
}

CASE(path_open_trunc_needs_the_right_to_set_sizes) {
  uint32_t sub = 0;
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(w_path_open(dir, 0, PATH("."), W_DIRECTORY, W_R_PATH_OPEN, BOTH, 0,
                   &sub));
  WANT(open_with(sub, "f", W_TRUNC, WRITE, &fd), W_ENOTCAPABLE, W_EPERM);
  WANT_FILE(dir, "f", "abc");
  NEED(w_path_open(dir, 0, PATH("."), W_DIRECTORY,
                   W_R_PATH_OPEN | W_R_PATH_FILESTAT_SET_SIZE, BOTH, 0, &sub));
  WANT_OK(open_with(sub, "f", W_TRUNC, WRITE, &fd));
  WANT_FILE(dir, "f", "");
}

CASE(path_open_synchronous_needs_the_rights_to_sync) {
  uint32_t sub = 0;
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(w_path_open(dir, 0, PATH("."), W_DIRECTORY, W_R_PATH_OPEN, BOTH, 0,
                   &sub));
  WANT(w_path_open(sub, 0, PATH("f"), 0, WRITE, 0, W_DSYNC, &fd),
       W_ENOTCAPABLE);
  WANT(w_path_open(sub, 0, PATH("f"), 0, WRITE, 0, W_SYNC, &fd), W_ENOTCAPABLE);
  WANT(w_path_open(sub, 0, PATH("f"), 0, WRITE, 0, W_RSYNC, &fd),
       W_ENOTCAPABLE);
}

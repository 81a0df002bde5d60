/* path_link, path_symlink and path_readlink. */
#include "check.h"

static char buf[256];
static uint32_t size;
static struct w_filestat stat;

static int32_t link(const char *from, const char *to) {
  return w_path_link(dir, 0, PATH(from), dir, PATH(to));
}

static int32_t readlink(const char *path, uint32_t len) {
  return w_path_readlink(dir, PATH(path), buf, len, &size);
}

static uint32_t with_rights(uint64_t rights) {
  uint32_t fd = UINT32_MAX;
  WANT_OK(w_path_open(dir, 0, PATH("."), W_DIRECTORY, rights, 0, 0, &fd));
  return fd;
}

static uint64_t links_of(const char *path) {
  return stat_at(dir, path, &stat) == 0 ? stat.nlink : 0;
}

/* ---- path_link ---- */

CASE(path_link_gives_a_file_a_second_name) {
  struct w_filestat other;
  NEED(put_file(dir, "f", "abc"));
  NEED(link("f", "g"));
  NEED(stat_at(dir, "f", &stat));
  NEED(stat_at(dir, "g", &other));
  WANT_NUMBER(stat.ino, other.ino);
  WANT_NUMBER(stat.dev, other.dev);
  WANT_NUMBER(stat.nlink, 2);
  WANT_NUMBER(other.nlink, 2);
  WANT_NUMBER(other.mtim, stat.mtim);
  NEED(put_file(dir, "g", "XYZ"));
  WANT_FILE(dir, "f", "XYZ");
}

CASE(path_link_counts_names) {
  NEED(put_file(dir, "f", "abc"));
  NEED(link("f", "g"));
  NEED(link("g", "h"));
  WANT_NUMBER(links_of("f"), 3);
  NEED(unlink_at(dir, "f"));
  WANT_NUMBER(links_of("g"), 2);
  WANT_FILE(dir, "h", "abc");
  NEED(unlink_at(dir, "g"));
  WANT_NUMBER(links_of("h"), 1);
}

CASE(path_link_into_another_directory) {
  uint32_t sub = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(make_dir(dir, "d"));
  NEED(open_at(dir, "d", W_DIRECTORY, &sub));
  WANT_OK(w_path_link(dir, 0, PATH("f"), sub, PATH("g")));
  WANT_FILE(dir, "d/g", "abc");
}

CASE(path_link_refuses_what_exists) {
  NEED(put_file(dir, "f", "abc"));
  NEED(put_file(dir, "g", "def"));
  NEED(make_dir(dir, "d"));
  NEED(make_link("nowhere", dir, "l"));
  WANT(link("f", "g"), W_EEXIST);
  WANT(link("f", "f"), W_EEXIST);
  WANT(link("f", "d"), W_EEXIST);
  WANT(link("f", "l"), W_EEXIST);
  WANT_FILE(dir, "g", "def");
  WANT(exists(dir, "nowhere"), W_ENOENT);
}

CASE(path_link_of_a_directory_is_refused) {
  NEED(make_dir(dir, "d"));
  WANT(link("d", "e"), W_EPERM, W_EACCES, W_EISDIR);
  WANT(exists(dir, "e"), W_ENOENT);
}

CASE(path_link_of_what_is_missing) {
  NEED(put_file(dir, "f", "abc"));
  WANT(link("missing", "g"), W_ENOENT);
  WANT(link("f", "missing/g"), W_ENOENT);
  WANT(link("f/x", "g"), W_ENOTDIR);
  WANT(link("f", "f/x"), W_ENOTDIR);
  WANT(link("", "g"), W_ENOENT, W_EINVAL);
  WANT(link("f", ""), W_ENOENT, W_EINVAL);
}

CASE(path_link_with_a_slash_at_the_end) {
  NEED(put_file(dir, "f", "abc"));
  WANT(link("f", "g/"), W_ENOENT);
  WANT(link("f/", "g"), W_ENOTDIR);
  WANT(exists(dir, "g"), W_ENOENT);
}

CASE(path_link_of_a_symbolic_link_is_of_the_link_itself) {
  NEED(put_file(dir, "f", "abc"));
  NEED(make_link("f", dir, "l"));
  NEED(link("l", "m"));
  NEED(stat_at(dir, "m", &stat));
  WANT_NUMBER(stat.filetype, W_TYPE_SYMLINK);
  WANT_NUMBER(links_of("f"), 1);
  NEED(make_link("nowhere", dir, "n"));
  WANT_OK(link("n", "o"));
  NEED(make_link("p", dir, "p"));
  WANT_OK(link("p", "q"));
}

/* Hosts that can not follow here say EINVAL. */
CASE(path_link_following_a_symbolic_link) {
  NEED(put_file(dir, "f", "abc"));
  NEED(make_link("f", dir, "l"));
  NEED(make_link("nowhere", dir, "n"));
  int32_t err = w_path_link(dir, W_FOLLOW, PATH("l"), dir, PATH("m"));
  WANT(err, W_ESUCCESS, W_EINVAL);
  if (err == W_ESUCCESS) WANT_FILE(dir, "m", "abc");
  WANT(w_path_link(dir, W_FOLLOW, PATH("n"), dir, PATH("o")), W_ENOENT,
       W_EINVAL);
  WANT(exists(dir, "o"), W_ENOENT);
}

CASE(path_link_needs_a_right_on_either_side) {
  NEED(put_file(dir, "f", "abc"));
  uint32_t from = with_rights(W_R_PATH_LINK_SOURCE);
  uint32_t to = with_rights(W_R_PATH_LINK_TARGET);
  WANT(w_path_link(to, 0, PATH("f"), to, PATH("g")), W_ENOTCAPABLE);
  WANT(w_path_link(from, 0, PATH("f"), from, PATH("g")), W_ENOTCAPABLE);
  WANT(exists(dir, "g"), W_ENOENT);
  WANT_OK(w_path_link(from, 0, PATH("f"), to, PATH("g")));
}

CASE(path_link_with_bad_descriptors) {
  NEED(put_file(dir, "f", "abc"));
  WANT(w_path_link(40, 0, PATH("f"), dir, PATH("g")), W_EBADF);
  WANT(w_path_link(dir, 0, PATH("f"), 40, PATH("g")), W_EBADF);
  uint32_t fd = 0;
  NEED(open_at(dir, "f", 0, &fd));
  WANT(w_path_link(fd, 0, PATH("f"), dir, PATH("g")), W_ENOTDIR, W_ENOTCAPABLE);
  WANT(w_path_link(dir, 0, PATH("f"), fd, PATH("g")), W_ENOTDIR, W_ENOTCAPABLE);
}

/* ---- path_symlink ---- */

CASE(path_symlink_makes_a_link) {
  NEED(make_link("some/where", dir, "l"));
  NEED(stat_at(dir, "l", &stat));
  WANT_NUMBER(stat.filetype, W_TYPE_SYMLINK);
  WANT_NUMBER(stat.size, 10);
  WANT_NUMBER(stat.nlink, 1);
  NEED(readlink("l", sizeof buf));
  NEED_TRUE(size == 10);
  WANT_BYTES(buf, "some/where", 10);
}

CASE(path_symlink_refuses_what_exists) {
  NEED(put_file(dir, "f", "abc"));
  NEED(make_dir(dir, "d"));
  NEED(make_link("x", dir, "l"));
  WANT(make_link("y", dir, "f"), W_EEXIST);
  WANT(make_link("y", dir, "d"), W_EEXIST);
  WANT(make_link("y", dir, "l"), W_EEXIST);
  WANT(make_link("y", dir, "d/"), W_EEXIST);
  WANT(make_link("y", dir, "."), W_EEXIST);
}

CASE(path_symlink_with_a_slash_at_its_end) {
  NEED(put_file(dir, "f", "abc"));
  WANT(make_link("x", dir, "l/"), W_ENOENT);
  WANT(make_link("x", dir, "f/"), W_ENOTDIR, W_EEXIST);
  WANT(exists(dir, "l"), W_ENOENT);
}

CASE(path_symlink_wants_its_parent) {
  NEED(put_file(dir, "f", "abc"));
  WANT(make_link("x", dir, "missing/l"), W_ENOENT);
  WANT(make_link("x", dir, "f/l"), W_ENOTDIR);
  WANT(make_link("x", dir, ""), W_ENOENT, W_EINVAL);
  WANT(make_link("", dir, "l"), W_ENOENT, W_EINVAL);
}

CASE(path_symlink_to_an_absolute_path_is_refused) {
  WANT(make_link("/", dir, "l"), W_ENOTCAPABLE, W_EPERM);
  WANT(make_link("/etc/passwd", dir, "l"), W_ENOTCAPABLE, W_EPERM);
  WANT(exists(dir, "l"), W_ENOENT);
}

CASE(path_symlink_needs_its_right) {
  uint32_t fd = with_rights(W_R_PATH_LINK_TARGET | W_R_PATH_CREATE_FILE);
  WANT(make_link("x", fd, "l"), W_ENOTCAPABLE);
  WANT(exists(dir, "l"), W_ENOENT);
  WANT_OK(make_link("x", with_rights(W_R_PATH_SYMLINK), "l"));
  WANT(make_link("x", 40, "m"), W_EBADF);
}

/* ---- path_readlink ---- */

CASE(path_readlink_gives_the_target_without_nul) {
  memset(buf, '-', sizeof buf);
  NEED(make_link("target", dir, "l"));
  NEED(readlink("l", 10));
  WANT_NUMBER(size, 6);
  WANT_BYTES(buf, "target----", 10);
}

CASE(path_readlink_cuts_off_what_does_not_fit) {
  memset(buf, '-', sizeof buf);
  NEED(make_link("target", dir, "l"));
  NEED(readlink("l", 4));
  WANT_NUMBER(size, 4);
  WANT_BYTES(buf, "targ--", 6);
}

CASE(path_readlink_into_no_buffer) {
  NEED(make_link("target", dir, "l"));
  size = 9;
  int32_t err = readlink("l", 0);
  WANT(err, W_ESUCCESS, W_EINVAL);
  if (err == W_ESUCCESS) WANT_NUMBER(size, 0);
}

CASE(path_readlink_of_what_is_no_link) {
  NEED(put_file(dir, "f", "abc"));
  NEED(make_dir(dir, "d"));
  WANT(readlink("f", 10), W_EINVAL);
  WANT(readlink("d", 10), W_EINVAL);
  WANT(readlink(".", 10), W_EINVAL);
  WANT(readlink("missing", 10), W_ENOENT);
  WANT(readlink("f/l", 10), W_ENOTDIR);
  WANT(readlink("", 10), W_ENOENT, W_EINVAL);
}

CASE(path_readlink_follows_links_before_the_last) {
  NEED(make_dir(dir, "d"));
  NEED(make_link("target", dir, "d/l"));
  NEED(make_link("d", dir, "m"));
  NEED(readlink("m/l", 10));
  WANT_NUMBER(size, 6);
  NEED(readlink("m", 10));
  WANT_NUMBER(size, 1);
}

CASE(path_readlink_with_a_slash_at_its_end) {
  NEED(make_dir(dir, "d"));
  NEED(make_link("d", dir, "l"));
  NEED(make_link("nowhere", dir, "n"));
  WANT(readlink("l/", 10), W_EINVAL);
  WANT(readlink("n/", 10), W_ENOENT);
}

CASE(path_readlink_needs_its_right) {
  NEED(make_link("target", dir, "l"));
  uint32_t fd = with_rights(W_R_PATH_OPEN | W_R_PATH_FILESTAT_GET);
  WANT(w_path_readlink(fd, PATH("l"), buf, 10, &size), W_ENOTCAPABLE);
  fd = with_rights(W_R_PATH_READLINK);
  WANT_OK(w_path_readlink(fd, PATH("l"), buf, 10, &size));
  WANT(w_path_readlink(40, PATH("l"), buf, 10, &size), W_EBADF);
}

/* How paths are resolved, the same for every function: dots, slashes, long
 * names, bytes that are no name. */
#include <stdlib.h>

#include "check.h"

static struct w_filestat stat;

static int32_t find(const char *path) { return exists(dir, path); }

static int32_t find_bytes(const char *path, uint32_t len) {
  return w_path_filestat_get(dir, 0, path, len, &stat);
}

CASE(path_with_dots_and_slashes_in_it) {
  uint32_t fd = 0;
  NEED(make_dir(dir, "d"));
  NEED(make_dir(dir, "d/e"));
  NEED(put_file(dir, "d/e/f", "abc"));
  WANT_OK(find("d/.//e/../../d/e/../e///./f"));
  WANT_OK(find("./d/e/f"));
  WANT_OK(find("d//e///f"));
  WANT_OK(find("d/e/./."));
  WANT_OK(open_with(dir, "d/e/", 0, 0, &fd));
  WANT_OK(open_with(dir, "d/e///", 0, 0, &fd));
  WANT_OK(open_with(dir, "d/e/..", 0, 0, &fd));
}

CASE(path_that_goes_up_and_comes_back_to_its_directory) {
  NEED(make_dir(dir, "d"));
  NEED(make_dir(dir, "d/e"));
  uint32_t sub = 0;
  NEED(open_at(dir, "d", W_DIRECTORY, &sub));
  WANT(exists(sub, "e/../../d"), W_ENOTCAPABLE, W_EPERM);
  WANT(exists(sub, "../d"), W_ENOTCAPABLE, W_EPERM);
}

CASE(path_of_a_file_with_slashes_at_the_end) {
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  WANT(open_with(dir, "f/", 0, 0, &fd), W_ENOTDIR);
  WANT(open_with(dir, "f///", 0, 0, &fd), W_ENOTDIR);
  WANT(open_with(dir, "f/", W_CREAT, 0, &fd), W_ENOTDIR, W_EISDIR);
  WANT(open_with(dir, "new/", W_CREAT, W_R_FD_WRITE, &fd), W_EISDIR, W_ENOENT,
       W_ENOTDIR, W_EINVAL);
  WANT(find("new"), W_ENOENT);
}

CASE(path_whose_missing_parts_are_gone_up_from) {
  WANT(find("missing/.."), W_ENOENT);
  WANT(find("missing/../."), W_ENOENT);
  NEED(put_file(dir, "f", "abc"));
  WANT(find("f/../f"), W_ENOTDIR);
}

CASE(path_goes_up_from_where_a_link_leads) {
  NEED(make_dir(dir, "a"));
  NEED(make_dir(dir, "a/b"));
  NEED(put_file(dir, "a/f", "beside b"));
  NEED(put_file(dir, "f", "beside the link"));
  NEED(make_link("a/b", dir, "l"));
  WANT_FILE(dir, "l/../f", "beside b");
}

CASE(path_with_a_nul_in_it) {
  uint32_t fd = 0;
  NEED(put_file(dir, "f", "abc"));
  WANT(find_bytes("f\0", 2), W_EINVAL, W_EILSEQ, W_ENOENT);
  WANT(find_bytes("f\0g", 3), W_EINVAL, W_EILSEQ, W_ENOENT);
  WANT(find_bytes("\0", 1), W_EINVAL, W_EILSEQ, W_ENOENT);
  WANT(w_path_open(dir, 0, "g\0h", 3, W_CREAT, W_R_FD_WRITE, 0, 0, &fd),
       W_EINVAL, W_EILSEQ);
  WANT(find("g"), W_ENOENT);
  WANT(w_path_create_directory(dir, "d\0e", 3), W_EINVAL, W_EILSEQ);
  WANT(find("d"), W_ENOENT);
  WANT(w_path_unlink_file(dir, "f\0x", 3), W_EINVAL, W_EILSEQ, W_ENOENT);
  WANT_OK(find("f"));
  WANT(w_path_rename(dir, "f", 1, dir, "g\0h", 3), W_EINVAL, W_EILSEQ);
  WANT_OK(find("f"));
  WANT(w_path_symlink("a\0b", 3, dir, "l", 1), W_EINVAL, W_EILSEQ);
  WANT(find("l"), W_ENOENT);
}

/* Paths are strings, which WASI has in UTF-8. */
CASE(path_that_is_not_utf8) {
  WANT(find("\xff"), W_EILSEQ, W_EINVAL, W_ENOENT);
  WANT(find("a\xc3"), W_EILSEQ, W_EINVAL, W_ENOENT);
  WANT(find("\xed\xa0\x80"), W_EILSEQ, W_EINVAL, W_ENOENT);
  WANT(make_dir(dir, "\xc0\xaf"), W_EILSEQ, W_EINVAL);
}

/* What is not UTF-8 must not become the name of something else. */
CASE(path_that_is_not_utf8_finds_nothing) {
  NEED(put_file(dir, "\xef\xbf\xbd", "the replacement character"));
  WANT(find("\xff"), W_EILSEQ, W_EINVAL, W_ENOENT);
  WANT(find("\xc3"), W_EILSEQ, W_EINVAL, W_ENOENT);
}

CASE(path_in_utf8_keeps_its_bytes) {
  NEED(put_file(dir, "e\u0301", "two characters"));
  WANT(find("\u00e9"), W_ENOENT);
  NEED(put_file(dir, "\u00e9", "one character"));
  WANT_FILE(dir, "e\u0301", "two characters");
  WANT_FILE(dir, "\u00e9", "one character");
  NEED(put_file(dir,
                "\xef\xbb\xbf"
                "bom",
                "with a mark before it"));
  WANT(find("bom"), W_ENOENT);
  WANT_FILE(dir,
            "\xef\xbb\xbf"
            "bom",
            "with a mark before it");
}

CASE(path_names_differ_by_case) {
  NEED(put_file(dir, "Name", "one"));
  WANT(find("name"), W_ENOENT);
}

CASE(path_names_of_strange_characters) {
  static const char *const NAMES[] = {" ",      "a b", "...", "-",  "\\",
                                      "a\\b",   "a:b", "CON", "?*", "\n",
                                      "%2e%2e", "~",   "a.",  ".a", "\x7f"};
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
    NEED(put_file(dir, NAMES[i], NAMES[i]));
  }
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
    WANT_FILE(dir, NAMES[i], NAMES[i]);
    NEED(unlink_at(dir, NAMES[i]));
  }
}

CASE(path_name_of_255_bytes) {
  char name[256];
  memset(name, 'n', 255);
  name[255] = '\0';
  NEED(put_file(dir, name, "long"));
  WANT_FILE(dir, name, "long");
}

CASE(path_name_that_is_too_long) {
  static char name[5000];
  uint32_t fd = 0;
  memset(name, 'n', sizeof name - 1);
  WANT(open_with(dir, name, W_CREAT, W_R_FD_WRITE, &fd), W_ENAMETOOLONG);
  WANT(find(name), W_ENAMETOOLONG);
  name[256] = '\0';
  WANT(open_with(dir, name, W_CREAT, W_R_FD_WRITE, &fd), W_ENAMETOOLONG);
  WANT(make_dir(dir, name), W_ENAMETOOLONG);
  WANT(make_link("x", dir, name), W_ENAMETOOLONG);
  NEED(put_file(dir, "f", ""));
  WANT(w_path_rename(dir, PATH("f"), dir, PATH(name)), W_ENAMETOOLONG);
  WANT(w_path_link(dir, 0, PATH("f"), dir, PATH(name)), W_ENAMETOOLONG);
}

CASE(path_of_more_than_4096_bytes) {
  static char path[6001];
  for (int i = 0; i < 3000; i++) memcpy(path + 2 * i, "./", 2);
  int32_t err = find(path);
  WANT(err, W_ENAMETOOLONG, W_ESUCCESS);
}

CASE(path_of_a_hundred_directories) {
  static char path[512];
  for (int i = 0; i < 100; i++) {
    if (i > 0) strcat(path, "/");
    strcat(path, "d");
    NEED(make_dir(dir, path));
  }
  strcat(path, "/f");
  NEED(put_file(dir, path, "deep"));
  WANT_FILE(dir, path, "deep");
}

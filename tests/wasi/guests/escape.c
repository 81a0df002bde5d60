/* Tries to get out of its mounts by every function that takes a path and every
 * way there is. A case begins with empty mounts, /work and /side; around them
 * lie `secret` and `vault/secret`, which it may neither read nor learn of: what
 * is there is refused as what is not. */
#include <stdio.h>
#include <string.h>

#include "check.h"

static char buf[512];
static uint32_t size;
static struct w_filestat stat;

/* Paths that lead above the directory they begin at; `d` and `d/e` are there.
 */
static const char *const ABOVE[] = {
    "..",
    "../",
    "..//",
    "../.",
    "./..",
    ".//..",
    "../secret",
    "../vault",
    "../vault/secret",
    "../missing",
    "../missing/deeper",
    "../../secret",
    "../../../../../../../../../../etc/passwd",
    "d/../..",
    "d/../../secret",
    "d/../../vault/",
    "d/e/../../../secret",
    "d/./e/.././/../../secret",
    "d/../../d/f",
    "../work/d/f",
    "/",
    "//",
    "/secret",
    "/d/f",
    "//work/d/f",
    "/etc/passwd",
    "/..",
    "/./",
};
enum { ABOVE_COUNT = sizeof ABOVE / sizeof *ABOVE };

/* Links whose targets lead out, each from the directory it is made in. */
static const char *const TARGETS[] = {
    "..",         "../secret",   "../vault",       "../vault/secret",
    "../missing", "./../secret", "d/../../secret", "d/e/../../../vault",
    "/",          "/secret",     "/etc/passwd",
};
enum { TARGET_COUNT = sizeof TARGETS / sizeof *TARGETS };

#define REFUSED(call) WANT(call, W_ENOTCAPABLE, W_EPERM)

static bool make_tree(uint32_t at) {
  return WANT_OK(make_dir(at, "d")) && WANT_OK(make_dir(at, "d/e")) &&
         WANT_OK(put_file(at, "d/f", "inside")) &&
         WANT_OK(put_file(at, "f", "inside"));
}

/* Every function that takes a path, at its every path, which leads out. */
static void all_refused(uint32_t at, const char *path) {
  uint32_t fd = 0;
  int before = check_failures();
  for (uint32_t lookup = W_NOFOLLOW; lookup <= W_FOLLOW; lookup++) {
    REFUSED(w_path_open(at, lookup, PATH(path), 0, W_R_FD_READ, 0, 0, &fd));
    REFUSED(
        w_path_open(at, lookup, PATH(path), W_CREAT, W_R_FD_WRITE, 0, 0, &fd));
    REFUSED(w_path_open(at, lookup, PATH(path), W_CREAT | W_EXCL, W_R_FD_WRITE,
                        0, 0, &fd));
    REFUSED(
        w_path_open(at, lookup, PATH(path), W_TRUNC, W_R_FD_WRITE, 0, 0, &fd));
    REFUSED(w_path_open(at, lookup, PATH(path), W_DIRECTORY, 0, 0, 0, &fd));
    REFUSED(w_path_filestat_get(at, lookup, PATH(path), &stat));
    REFUSED(w_path_filestat_set_times(at, lookup, PATH(path), 0, 1, W_MTIM));
  }
  REFUSED(w_path_create_directory(at, PATH(path)));
  REFUSED(w_path_remove_directory(at, PATH(path)));
  REFUSED(w_path_unlink_file(at, PATH(path)));
  REFUSED(w_path_readlink(at, PATH(path), buf, sizeof buf, &size));
  REFUSED(w_path_symlink(PATH("d"), at, PATH(path)));
  REFUSED(w_path_link(at, 0, PATH(path), at, PATH("got")));
  REFUSED(w_path_link(at, 0, PATH("f"), at, PATH(path)));
  REFUSED(w_path_rename(at, PATH(path), at, PATH("got")));
  /* No file can have a name with a slash at its end, wherever that is. */
  int32_t err = w_path_rename(at, PATH("f"), at, PATH(path));
  if (path[strlen(path) - 1] != '/' || err != W_ENOTDIR) REFUSED(err);
  WANT(exists(at, "got"), W_ENOENT);
  WANT_FILE(at, "f", "inside");
  if (check_failures() > before) check_note(path);
}

CASE(escape_above_the_mount) {
  NEED_TRUE(make_tree(work));
  for (int i = 0; i < ABOVE_COUNT; i++) all_refused(work, ABOVE[i]);
}

CASE(escape_above_a_directory_that_was_opened) {
  NEED_TRUE(make_tree(dir));
  NEED(put_file(work, "secret", "beside the directory"));
  for (int i = 0; i < ABOVE_COUNT; i++) all_refused(dir, ABOVE[i]);
  NEED(unlink_at(work, "secret"));
}

CASE(escape_above_another_mount) {
  NEED_TRUE(make_tree(side));
  for (int i = 0; i < ABOVE_COUNT; i++) all_refused(side, ABOVE[i]);
}

/* A link that leads out may be refused when it is made or when it is used. */
CASE(escape_by_a_link_at_the_end) {
  uint32_t fd = 0;
  NEED_TRUE(make_tree(work));
  for (int i = 0; i < TARGET_COUNT; i++) {
    int32_t err = make_link(TARGETS[i], work, "l");
    WANT(err, W_ESUCCESS, W_ENOTCAPABLE, W_EPERM);
    if (err != W_ESUCCESS) continue;
    int before = check_failures();
    REFUSED(w_path_open(work, W_FOLLOW, PATH("l"), 0, W_R_FD_READ, 0, 0, &fd));
    REFUSED(w_path_open(work, W_FOLLOW, PATH("l"), W_CREAT, W_R_FD_WRITE, 0, 0,
                        &fd));
    REFUSED(w_path_open(work, W_FOLLOW, PATH("l"), W_TRUNC, W_R_FD_WRITE, 0, 0,
                        &fd));
    REFUSED(w_path_open(work, W_FOLLOW, PATH("l"), W_DIRECTORY, 0, 0, 0, &fd));
    REFUSED(w_path_filestat_get(work, W_FOLLOW, PATH("l"), &stat));
    REFUSED(w_path_filestat_set_times(work, W_FOLLOW, PATH("l"), 0, 1, W_MTIM));
    WANT(w_path_link(work, W_FOLLOW, PATH("l"), work, PATH("got")),
         W_ENOTCAPABLE, W_EPERM, W_EINVAL);
    REFUSED(w_path_filestat_get(work, 0, PATH("l/"), &stat));
    REFUSED(w_path_open(work, 0, PATH("l/"), 0, W_R_FD_READ, 0, 0, &fd));
    WANT(w_path_create_directory(work, PATH("l")), W_EEXIST);
    WANT(exists(work, "got"), W_ENOENT);
    WANT_OK(w_path_filestat_get(work, 0, PATH("l"), &stat));
    WANT_NUMBER(stat.filetype, W_TYPE_SYMLINK);
    NEED(unlink_at(work, "l"));
    if (check_failures() > before) check_note(TARGETS[i]);
  }
}

CASE(escape_by_a_link_in_the_middle) {
  NEED_TRUE(make_tree(work));
  static const char *const OUTSIDE[] = {
      "..", "../vault", "d/e/../../..", "d/../../vault", "/", "/vault"};
  for (int i = 0; i < 6; i++) {
    int32_t err = make_link(OUTSIDE[i], work, "l");
    WANT(err, W_ESUCCESS, W_ENOTCAPABLE, W_EPERM);
    if (err != W_ESUCCESS) continue;
    all_refused(work, "l/secret");
    all_refused(work, "l/missing");
    all_refused(work, "l/.");
    all_refused(work, "l/vault/secret");
    all_refused(work, "d/../l/secret");
    NEED(unlink_at(work, "l"));
  }
}

CASE(escape_by_a_chain_of_links) {
  NEED_TRUE(make_tree(work));
  int32_t err = make_link("../secret", work, "d/l3");
  if (err == W_ESUCCESS) {
    /* From d it is inside, as d/l3 names secret beside d. */
    WANT(w_path_filestat_get(work, W_FOLLOW, PATH("d/l3"), &stat), W_ENOENT);
  }
  WANT(make_link("../../secret", work, "d/l2"), W_ESUCCESS, W_ENOTCAPABLE,
       W_EPERM);
  NEED(make_link("d/l2", work, "l1"));
  NEED(make_link("l1", work, "l0"));
  if (exists(work, "d/l2") != W_ESUCCESS) return;
  REFUSED(w_path_filestat_get(work, W_FOLLOW, PATH("l0"), &stat));
  REFUSED(w_path_filestat_get(work, W_FOLLOW, PATH("l1"), &stat));
  REFUSED(w_path_filestat_get(work, 0, PATH("l0/"), &stat));
}

/* ".." goes up from where a link leads, and not from where it lies. */
CASE(escape_up_from_where_a_link_leads) {
  NEED_TRUE(make_tree(work));
  NEED(make_link("d/e", work, "l"));
  WANT_OK(exists(work, "l/../f"));
  all_refused(work, "l/../../..");
  all_refused(work, "l/../../../secret");
  NEED(make_link("..", work, "d/up"));
  WANT_OK(exists(work, "d/up/f"));
  all_refused(work, "d/up/../secret");
  all_refused(work, "d/up/d/up/d/up/../vault");
}

/* A link that stays inside leads out when it, or a directory above it, is put
 * elsewhere. */
CASE(escape_by_moving_a_link) {
  NEED_TRUE(make_tree(work));
  NEED(make_link("../../f", work, "d/e/l"));
  WANT_OK(w_path_filestat_get(work, W_FOLLOW, PATH("d/e/l"), &stat));
  NEED(w_path_rename(work, PATH("d/e"), work, PATH("e")));
  REFUSED(w_path_filestat_get(work, W_FOLLOW, PATH("e/l"), &stat));
  NEED(w_path_rename(work, PATH("e/l"), work, PATH("l")));
  REFUSED(w_path_filestat_get(work, W_FOLLOW, PATH("l"), &stat));
  NEED(w_path_rename(work, PATH("l"), work, PATH("d/l")));
  int32_t err = w_path_link(work, 0, PATH("d/l"), work, PATH("again"));
  WANT(err, W_ESUCCESS, W_EPERM, W_ENOTSUP);
  REFUSED(w_path_filestat_get(work, W_FOLLOW, PATH("d/l"), &stat));
}

CASE(escape_from_a_directory_by_a_link_that_others_may_follow) {
  uint32_t sub = 0;
  NEED_TRUE(make_tree(work));
  NEED(open_at(work, "d", W_DIRECTORY, &sub));
  NEED(make_link("../f", work, "d/l"));
  WANT_OK(w_path_filestat_get(work, W_FOLLOW, PATH("d/l"), &stat));
  REFUSED(w_path_filestat_get(sub, W_FOLLOW, PATH("l"), &stat));
  all_refused(sub, "l/x/../../f");
}

CASE(escape_from_a_directory_that_moves) {
  uint32_t sub = 0;
  NEED_TRUE(make_tree(work));
  NEED(open_at(work, "d/e", W_DIRECTORY, &sub));
  NEED(put_file(sub, "f", "inside"));
  NEED(make_dir(sub, "d"));
  NEED(w_path_rename(work, PATH("d/e"), work, PATH("moved")));
  for (int i = 0; i < 6; i++) all_refused(sub, ABOVE[i]);
  all_refused(sub, "../f");
  all_refused(sub, "d/../../f");
}

CASE(escape_by_a_directory_entry) {
  static struct {
    struct w_dirent head;
    char name[2];
  } entry;
  struct w_filestat root;
  NEED(w_fd_filestat_get(work, &root));
  uint64_t cookie = 0;
  for (int i = 0; i < 2; i++) {
    NEED(w_fd_readdir(work, &entry, sizeof entry, cookie, &size));
    if (size < sizeof entry || entry.name[0] != '.') return;
    cookie = entry.head.next;
    if (entry.head.namlen != 2) continue;
    /* What is above it is not told, not even by number. */
    WANT_TRUE(entry.head.ino == root.ino || entry.head.ino == 0);
  }
}

CASE(escape_between_mounts) {
  NEED_TRUE(make_tree(work));
  NEED(put_file(side, "there", "there"));
  WANT(w_path_rename(work, PATH("f"), side, PATH("f")), W_EXDEV);
  WANT(w_path_rename(work, PATH("d"), side, PATH("d")), W_EXDEV);
  WANT(w_path_rename(side, PATH("there"), work, PATH("there")), W_EXDEV);
  WANT(w_path_rename(work, PATH("f"), side, PATH("there")), W_EXDEV);
  WANT(w_path_link(work, 0, PATH("f"), side, PATH("f")), W_EXDEV);
  WANT(w_path_link(side, 0, PATH("there"), work, PATH("f2")), W_EXDEV);
  WANT(exists(side, "f"), W_ENOENT);
  WANT(exists(side, "d"), W_ENOENT);
  WANT(exists(work, "there"), W_ENOENT);
  WANT_FILE(work, "d/f", "inside");
  WANT_FILE(side, "there", "there");
}

/* The mounts lie beside each other, but not for one who is in one. */
CASE(escape_into_another_mount) {
  NEED_TRUE(make_tree(work));
  NEED(put_file(side, "secret", "of the other mount"));
  all_refused(work, "../side/secret");
  all_refused(work, "/side/secret");
  int32_t err = make_link("../side/secret", work, "l");
  if (err != W_ESUCCESS) return;
  REFUSED(w_path_filestat_get(work, W_FOLLOW, PATH("l"), &stat));
}

CASE(escape_behind_a_nul) {
  static const struct {
    const char *path;
    uint32_t len;
  } PATHS[] = {
      {"..\0", 3},        {"\0/../secret", 11}, {"d\0/../../secret", 15},
      {"d\0..", 4},       {"../\0secret", 10},  {"d/..\0/..", 8},
      {"..\0/secret", 10}};
  uint32_t fd = 0;
  NEED_TRUE(make_tree(work));
  for (int i = 0; i < 7; i++) {
    const char *path = PATHS[i].path;
    uint32_t len = PATHS[i].len;
    WANT(w_path_open(work, 0, path, len, 0, W_R_FD_READ, 0, 0, &fd), W_EINVAL,
         W_EILSEQ, W_ENOENT, W_ENOTCAPABLE, W_EPERM);
    WANT(w_path_open(work, 0, path, len, W_CREAT, W_R_FD_WRITE, 0, 0, &fd),
         W_EINVAL, W_EILSEQ, W_ENOTCAPABLE, W_EPERM);
    WANT(w_path_create_directory(work, path, len), W_EINVAL, W_EILSEQ,
         W_ENOTCAPABLE, W_EPERM);
  }
}

CASE(escape_by_what_is_not_utf8) {
  static const char *const PATHS[] = {
      /* An overlong "/", "." and "..", surrogates, a cut-off character. */
      "..\xc0\xafsecret",
      "\xc0\xae\xc0\xae/secret",
      "\xe0\x80\xae./secret",
      "\xff/../../secret",
      "d/\xed\xa0\x80/../../../secret",
      "\xc3"};
  uint32_t fd = 0;
  NEED_TRUE(make_tree(work));
  for (int i = 0; i < 6; i++) {
    WANT(open_with(work, PATHS[i], 0, W_R_FD_READ, &fd), W_EINVAL, W_EILSEQ,
         W_ENOENT, W_ENOTCAPABLE, W_EPERM);
    WANT(exists(work, PATHS[i]), W_EINVAL, W_EILSEQ, W_ENOENT, W_ENOTCAPABLE,
         W_EPERM);
  }
}

/* These are names like any other. */
CASE(escape_by_what_other_systems_take_for_a_way_up) {
  static const char *const NAMES[] = {"..\\secret", "...", "....", "%2e%2e",
                                      "~",          "C:",  ".. ",  " .."};
  uint32_t fd = 0;
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
    WANT(open_with(work, NAMES[i], 0, W_R_FD_READ, &fd), W_ENOENT);
    NEED(put_file(work, NAMES[i], NAMES[i]));
    WANT_FILE(work, NAMES[i], NAMES[i]);
    NEED(unlink_at(work, NAMES[i]));
  }
}

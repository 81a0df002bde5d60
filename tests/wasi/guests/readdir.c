/* fd_readdir: whole directories, small buffers, cookies, and directories that
 * change meanwhile. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

enum { MANY = 300, NAME_SIZE = 32 };

struct entry {
  uint64_t next;
  uint64_t ino;
  uint8_t type;
  char name[NAME_SIZE];
};

static uint8_t buf[4096];
static struct entry list[MANY + 8];

/* Takes the whole entries out of what fd_readdir stored; how many. */
static int parse(const uint8_t *bytes, uint32_t size, struct entry *into,
                 int limit) {
  int count = 0;
  uint32_t at = 0;
  while (at + sizeof(struct w_dirent) <= size && count < limit) {
    struct w_dirent head;
    memcpy(&head, bytes + at, sizeof head);
    at += sizeof head;
    if (head.namlen > size - at) break;
    struct entry *one = &into[count++];
    *one = (struct entry){head.next, head.ino, head.type, ""};
    uint32_t fit = head.namlen < NAME_SIZE ? head.namlen : NAME_SIZE - 1;
    memcpy(one->name, bytes + at, fit);
    at += head.namlen;
  }
  return count;
}

static bool is_dot(const struct entry *one) {
  return strcmp(one->name, ".") == 0 || strcmp(one->name, "..") == 0;
}

/* All entries from a cookie on, with a buffer of `len` bytes a call. */
static int read_with_dots(uint32_t fd, uint64_t cookie, uint32_t len) {
  int count = 0;
  for (int calls = 0; calls < 4 * MANY; calls++) {
    uint32_t size = 0;
    if (!WANT_OK(w_fd_readdir(fd, buf, len, cookie, &size))) return count;
    if (!WANT_TRUE(size <= len)) return count;
    int more = parse(buf, size, list + count, MANY + 8 - count);
    count += more;
    if (size < len) return count;
    if (!WANT_TRUE(more > 0)) return count;
    cookie = list[count - 1].next;
  }
  WANT_TRUE(!"it comes to an end");
  return count;
}

/* The same, without "." and "..": one case alone is about these. */
static int read_all(uint32_t fd, uint64_t cookie, uint32_t len) {
  int all = read_with_dots(fd, cookie, len);
  int count = 0;
  for (int i = 0; i < all; i++) {
    if (!is_dot(&list[i])) list[count++] = list[i];
  }
  return count;
}

static const struct entry *find(int count, const char *name) {
  for (int i = 0; i < count; i++) {
    if (strcmp(list[i].name, name) == 0) return &list[i];
  }
  return NULL;
}

static int occurrences(int count, const char *name) {
  int found = 0;
  for (int i = 0; i < count; i++) found += strcmp(list[i].name, name) == 0;
  return found;
}

static bool fill(int count) {
  for (int i = 0; i < count; i++) {
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "entry-%03d", i);
    if (!WANT_OK(put_file(dir, name, ""))) return false;
  }
  return true;
}

CASE(fd_readdir_of_an_empty_directory_has_dot_and_dot_dot) {
  int count = read_with_dots(dir, 0, sizeof buf);
  NEED_TRUE(count == 2);
  const struct entry *dot = find(count, ".");
  const struct entry *up = find(count, "..");
  NEED_TRUE(dot != NULL && up != NULL);
  WANT_NUMBER(dot->type, W_TYPE_DIRECTORY);
  WANT_NUMBER(up->type, W_TYPE_DIRECTORY);
  struct w_filestat stat;
  NEED(w_fd_filestat_get(dir, &stat));
  WANT_NUMBER(dot->ino, stat.ino);
}

CASE(fd_readdir_tells_names_and_types) {
  NEED(put_file(dir, "file", "abc"));
  NEED(make_dir(dir, "sub"));
  NEED(make_link("file", dir, "link"));
  int count = read_all(dir, 0, sizeof buf);
  WANT_NUMBER(count, 3);
  static const char *const NAMES[] = {"file", "sub", "link"};
  static const uint8_t TYPES[] = {W_TYPE_FILE, W_TYPE_DIRECTORY,
                                  W_TYPE_SYMLINK};
  for (int i = 0; i < 3; i++) {
    const struct entry *one = find(count, NAMES[i]);
    NEED_TRUE(one != NULL);
    WANT_NUMBER(one->type, TYPES[i]);
  }
}

CASE(fd_readdir_tells_the_numbers_that_stat_tells) {
  struct w_filestat stat;
  NEED(put_file(dir, "file", "abc"));
  NEED(make_dir(dir, "sub"));
  int count = read_all(dir, 0, sizeof buf);
  for (int i = 0; i < count; i++) {
    NEED(stat_at(dir, list[i].name, &stat));
    WANT_NUMBER(list[i].ino, stat.ino);
  }
}

CASE(fd_readdir_gives_names_of_any_script) {
  NEED(put_file(dir, "gr\u00f6\u00dfe \u2192", ""));
  int count = read_all(dir, 0, sizeof buf);
  WANT_NUMBER(occurrences(count, "gr\u00f6\u00dfe \u2192"), 1);
}

CASE(fd_readdir_goes_on_from_any_cookie) {
  NEED_TRUE(fill(5));
  int count = read_all(dir, 0, sizeof buf);
  NEED_TRUE(count == 5);
  static struct entry all[5];
  memcpy(all, list, sizeof all);
  for (int i = 0; i < 5; i++) {
    int rest = read_all(dir, all[i].next, sizeof buf);
    WANT_NUMBER(rest, 4 - i);
    if (rest > 0 && i < 4)
      WANT_TRUE(strcmp(list[0].name, all[i + 1].name) == 0);
  }
}

CASE(fd_readdir_goes_back_to_an_earlier_cookie) {
  NEED_TRUE(fill(4));
  int count = read_all(dir, 0, sizeof buf);
  NEED_TRUE(count == 4);
  static struct entry all[4];
  memcpy(all, list, sizeof all);
  read_all(dir, all[2].next, sizeof buf);
  int rest = read_all(dir, all[0].next, sizeof buf);
  WANT_NUMBER(rest, 3);
  if (rest > 0) WANT_TRUE(strcmp(list[0].name, all[1].name) == 0);
}

CASE(fd_readdir_of_many_entries_misses_and_repeats_none) {
  NEED_TRUE(fill(MANY));
  static const uint32_t SIZES[] = {64, 256, 1000, sizeof buf};
  for (int i = 0; i < 4; i++) {
    int count = read_all(dir, 0, SIZES[i]);
    WANT_NUMBER(count, MANY);
    for (int j = 0; j < MANY; j++) {
      char name[NAME_SIZE];
      snprintf(name, sizeof name, "entry-%03d", j);
      NEED_TRUE(occurrences(count, name) == 1);
    }
  }
}

CASE(fd_readdir_fills_the_buffer_and_cuts_the_last_entry_off) {
  NEED_TRUE(fill(10));
  for (uint32_t len = 1; len < 200; len += 7) {
    uint32_t size = 0;
    memset(buf, 0xee, sizeof buf);
    NEED(w_fd_readdir(dir, buf, len, 0, &size));
    WANT_NUMBER(size, len);
    WANT_NUMBER(buf[len], 0xee);
  }
}

/* A caller with too small a buffer learns from the head how much it takes. */
CASE(fd_readdir_tells_the_length_of_a_name_that_does_not_fit) {
  NEED(put_file(dir, "a-name-of-some-length", ""));
  uint64_t cookie = 0;
  for (int i = 0; i < 4; i++) {
    uint32_t size = 0;
    struct w_dirent head;
    NEED(w_fd_readdir(dir, buf, sizeof head, cookie, &size));
    if (size < sizeof head) {
      WANT_NUMBER(size, 0);
      WANT_TRUE(i > 0);
      return;
    }
    memcpy(&head, buf, sizeof head);
    WANT_TRUE(head.namlen == 1 || head.namlen == 2 || head.namlen == 21);
    cookie = head.next;
  }
  WANT_TRUE(!"it comes to an end");
}

CASE(fd_readdir_into_no_buffer) {
  uint32_t size = 9;
  int32_t err = w_fd_readdir(dir, buf, 0, 0, &size);
  WANT(err, W_ESUCCESS, W_EINVAL);
  if (err == W_ESUCCESS) WANT_NUMBER(size, 0);
}

CASE(fd_readdir_from_the_start_sees_what_is_new) {
  NEED_TRUE(fill(2));
  WANT_NUMBER(read_all(dir, 0, sizeof buf), 2);
  NEED(put_file(dir, "new", ""));
  int count = read_all(dir, 0, sizeof buf);
  WANT_NUMBER(count, 3);
  WANT_NUMBER(occurrences(count, "new"), 1);
  NEED(unlink_at(dir, "entry-000"));
  count = read_all(dir, 0, sizeof buf);
  WANT_NUMBER(count, 2);
  WANT_NUMBER(occurrences(count, "entry-000"), 0);
}

/* What was there all the time is seen exactly once, whatever else changes. */
CASE(fd_readdir_while_entries_are_removed) {
  NEED_TRUE(fill(60));
  static int seen[60];
  memset(seen, 0, sizeof seen);
  uint64_t cookie = 0;
  for (int calls = 0; calls < 100; calls++) {
    uint32_t size = 0;
    NEED(w_fd_readdir(dir, buf, 256, cookie, &size));
    int count = parse(buf, size, list, MANY);
    for (int i = 0; i < count; i++) {
      cookie = list[i].next;
      if (is_dot(&list[i])) continue;
      seen[atoi(list[i].name + strlen("entry-"))]++;
      NEED(unlink_at(dir, list[i].name));
    }
    if (size < 256) break;
    NEED_TRUE(count > 0);
  }
  for (int i = 0; i < 60; i++) NEED_TRUE(seen[i] == 1);
  WANT_NUMBER(read_all(dir, 0, sizeof buf), 0);
}

CASE(fd_readdir_while_entries_are_added) {
  NEED_TRUE(fill(40));
  static int seen[40];
  memset(seen, 0, sizeof seen);
  uint64_t cookie = 0;
  for (int calls = 0; calls < 100; calls++) {
    uint32_t size = 0;
    NEED(w_fd_readdir(dir, buf, 256, cookie, &size));
    int count = parse(buf, size, list, MANY);
    for (int i = 0; i < count; i++) {
      cookie = list[i].next;
      if (strncmp(list[i].name, "entry-", 6) != 0) continue;
      seen[atoi(list[i].name + strlen("entry-"))]++;
    }
    if (size < 256) break;
    NEED_TRUE(count > 0);
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "added-%d", calls);
    NEED(put_file(dir, name, ""));
  }
  for (int i = 0; i < 40; i++) NEED_TRUE(seen[i] == 1);
}

CASE(fd_readdir_of_two_descriptors_is_apart) {
  NEED_TRUE(fill(6));
  uint32_t other = 0;
  NEED(open_at(dir, ".", W_DIRECTORY, &other));
  uint32_t size = 0;
  NEED(w_fd_readdir(dir, buf, 70, 0, &size));
  NEED_TRUE(parse(buf, size, list, MANY) > 0);
  WANT_NUMBER(read_all(other, 0, sizeof buf), 6);
  WANT_NUMBER(read_all(dir, 0, 64), 6);
}

CASE(fd_readdir_of_a_removed_directory_is_empty) {
  uint32_t sub = 0;
  NEED(make_dir(dir, "sub"));
  NEED(open_at(dir, "sub", W_DIRECTORY, &sub));
  NEED(rmdir_at(dir, "sub"));
  uint32_t size = 0;
  int32_t err = w_fd_readdir(sub, buf, sizeof buf, 0, &size);
  WANT(err, W_ESUCCESS, W_ENOENT);
  if (err != W_ESUCCESS) return;
  WANT_TRUE(parse(buf, size, list, MANY) <= 2);
}

CASE(fd_readdir_needs_its_right) {
  uint32_t fd = 0;
  uint32_t size = 0;
  NEED(w_path_open(dir, 0, PATH("."), W_DIRECTORY, W_R_PATH_OPEN, 0, 0, &fd));
  WANT(w_fd_readdir(fd, buf, sizeof buf, 0, &size), W_ENOTCAPABLE);
  NEED(w_path_open(dir, 0, PATH("."), W_DIRECTORY, W_R_FD_READDIR, 0, 0, &fd));
  WANT_OK(w_fd_readdir(fd, buf, sizeof buf, 0, &size));
}

CASE(fd_readdir_of_what_is_no_directory) {
  uint32_t fd = 0;
  uint32_t size = 0;
  NEED(put_file(dir, "f", "abc"));
  NEED(open_at(dir, "f", 0, &fd));
  WANT(w_fd_readdir(fd, buf, sizeof buf, 0, &size), W_ENOTDIR, W_EBADF,
       W_ENOTCAPABLE);
  WANT(w_fd_readdir(0, buf, sizeof buf, 0, &size), W_ENOTDIR, W_EBADF,
       W_ENOTCAPABLE);
  WANT(w_fd_readdir(40, buf, sizeof buf, 0, &size), W_EBADF);
}

/* What C programs do through wasi-libc: files, directories, times and the
 * environment, by the names that C and POSIX have for them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* A path in the directory of the case that runs. */
static const char *at(const char *name) {
  static char path[4][300];
  static int next;
  next = (next + 1) % 4;
  snprintf(path[next], sizeof path[next], "/%s/%s", check_name(), name);
  return path[next];
}

static bool put(const char *name, const char *text) {
  FILE *file = fopen(at(name), "w");
  if (file == NULL) return false;
  bool good = fputs(text, file) >= 0;
  return fclose(file) == 0 && good;
}

#define WANT_ERROR(call, error) \
  do {                          \
    errno = 0;                  \
    WANT_TRUE((call) == -1);    \
    WANT_NUMBER(errno, error);  \
  } while (0)

CASE(libc_fopen_writes_and_reads) {
  NEED_TRUE(put("f", "line one\nline two\n"));
  FILE *file = fopen(at("f"), "r");
  NEED_TRUE(file != NULL);
  char line[32];
  WANT_TRUE(fgets(line, sizeof line, file) != NULL);
  WANT_BYTES(line, "line one\n", 10);
  WANT_NUMBER(ftell(file), 9);
  WANT_TRUE(fseek(file, -4, SEEK_END) == 0);
  WANT_TRUE(fgets(line, sizeof line, file) != NULL);
  WANT_BYTES(line, "two\n", 5);
  WANT_TRUE(fgets(line, sizeof line, file) == NULL);
  WANT_TRUE(feof(file) != 0);
  WANT_TRUE(fclose(file) == 0);
}

CASE(libc_fopen_in_every_mode) {
  NEED_TRUE(put("f", "abc"));
  FILE *file = fopen(at("f"), "a+");
  NEED_TRUE(file != NULL);
  WANT_TRUE(fputs("def", file) >= 0 && fflush(file) == 0);
  rewind(file);
  char text[16] = "";
  WANT_NUMBER(fread(text, 1, sizeof text, file), 6);
  WANT_BYTES(text, "abcdef", 6);
  WANT_TRUE(fclose(file) == 0);
  file = fopen(at("f"), "r+");
  NEED_TRUE(file != NULL);
  WANT_TRUE(fputs("X", file) >= 0 && fclose(file) == 0);
  WANT_FILE(dir, "f", "Xbcdef");
  WANT_TRUE(fopen(at("f"), "wx") == NULL);
  WANT_NUMBER(errno, EEXIST);
  WANT_TRUE(fopen(at("missing"), "r") == NULL);
  WANT_NUMBER(errno, ENOENT);
}

CASE(libc_open_outside_of_all_mounts) {
  WANT_TRUE(open("/../outside", O_RDONLY) == -1);
  WANT_TRUE(errno == ENOENT || errno == ENOTCAPABLE || errno == EPERM);
}

CASE(libc_lseek_pread_and_pwrite) {
  int fd = open(at("f"), O_RDWR | O_CREAT | O_EXCL, 0600);
  NEED_TRUE(fd >= 0);
  WANT_NUMBER(write(fd, "0123456789", 10), 10);
  WANT_NUMBER(lseek(fd, 2, SEEK_SET), 2);
  WANT_NUMBER(lseek(fd, 3, SEEK_CUR), 5);
  WANT_NUMBER(lseek(fd, -1, SEEK_END), 9);
  WANT_ERROR(lseek(fd, -11, SEEK_END), EINVAL);
  char text[8] = "";
  WANT_NUMBER(pread(fd, text, 3, 4), 3);
  WANT_BYTES(text, "456", 3);
  WANT_NUMBER(pwrite(fd, "ab", 2, 1), 2);
  WANT_NUMBER(lseek(fd, 0, SEEK_CUR), 9);
  WANT_TRUE(close(fd) == 0);
  WANT_FILE(dir, "f", "0ab3456789");
  WANT_ERROR(close(fd), EBADF);
}

CASE(libc_pwrite_to_a_file_that_appends) {
  NEED_TRUE(put("f", "abcd"));
  int fd = open(at("f"), O_RDWR | O_APPEND);
  NEED_TRUE(fd >= 0);
  WANT_NUMBER(pwrite(fd, "XY", 2, 1), 2);
  WANT_NUMBER(lseek(fd, 0, SEEK_END), 4);
  WANT_TRUE(close(fd) == 0);
}

CASE(libc_readv_and_writev) {
  int fd = open(at("f"), O_RDWR | O_CREAT, 0600);
  NEED_TRUE(fd >= 0);
  struct iovec out[] = {{"one", 3}, {"two", 3}};
  WANT_NUMBER(writev(fd, out, 2), 6);
  WANT_NUMBER(lseek(fd, 0, SEEK_SET), 0);
  char one[4] = "";
  char two[4] = "";
  struct iovec in[] = {{one, 2}, {two, 3}};
  WANT_NUMBER(readv(fd, in, 2), 5);
  WANT_BYTES(one, "on", 3);
  WANT_BYTES(two, "etw", 4);
  WANT_TRUE(close(fd) == 0);
}

CASE(libc_stat_tells_files_apart) {
  struct stat one;
  struct stat two;
  NEED_TRUE(put("a", "abc"));
  NEED_TRUE(put("b", ""));
  WANT_TRUE(stat(at("a"), &one) == 0 && stat(at("b"), &two) == 0);
  WANT_TRUE(S_ISREG(one.st_mode));
  WANT_NUMBER(one.st_size, 3);
  WANT_NUMBER(one.st_nlink, 1);
  WANT_NUMBER(one.st_dev, two.st_dev);
  WANT_TRUE(one.st_ino != two.st_ino);
  WANT_TRUE(stat(at("."), &one) == 0 && S_ISDIR(one.st_mode));
  WANT_ERROR(stat(at("missing"), &one), ENOENT);
  WANT_ERROR(stat(at("a/x"), &one), ENOTDIR);
}

CASE(libc_links_and_names) {
  struct stat stat;
  NEED_TRUE(put("a", "abc"));
  WANT_TRUE(link(at("a"), at("b")) == 0);
  WANT_TRUE(symlink("a", at("l")) == 0);
  WANT_TRUE(lstat(at("l"), &stat) == 0 && S_ISLNK(stat.st_mode));
  char text[8] = "";
  WANT_NUMBER(readlink(at("l"), text, sizeof text), 1);
  WANT_BYTES(text, "a", 2);
  WANT_TRUE(rename(at("b"), at("c")) == 0);
  WANT_TRUE(unlink(at("a")) == 0);
  WANT_FILE(dir, "c", "abc");
  WANT_ERROR(unlink(at("a")), ENOENT);
  WANT_ERROR(open(at("l"), O_RDONLY), ENOENT);
  WANT_ERROR(open(at("l"), O_RDONLY | O_NOFOLLOW), ELOOP);
  WANT_TRUE(remove(at("c")) == 0);
}

CASE(libc_directories) {
  WANT_TRUE(mkdir(at("d"), 0700) == 0);
  WANT_ERROR(mkdir(at("d"), 0700), EEXIST);
  NEED_TRUE(put("d/one", "") && put("d/two", ""));
  DIR *list = opendir(at("d"));
  NEED_TRUE(list != NULL);
  int seen = 0;
  for (struct dirent *one = readdir(list); one != NULL; one = readdir(list)) {
    if (strcmp(one->d_name, "one") == 0) seen |= 1;
    if (strcmp(one->d_name, "two") == 0) seen |= 2;
  }
  WANT_NUMBER(seen, 3);
  rewinddir(list);
  WANT_TRUE(readdir(list) != NULL);
  WANT_TRUE(closedir(list) == 0);
  WANT_ERROR(rmdir(at("d")), ENOTEMPTY);
  WANT_TRUE(unlink(at("d/one")) == 0 && unlink(at("d/two")) == 0);
  WANT_TRUE(rmdir(at("d")) == 0);
  WANT_TRUE(opendir(at("d")) == NULL);
  WANT_NUMBER(errno, ENOENT);
}

CASE(libc_openat_and_fdopendir) {
  WANT_TRUE(mkdir(at("d"), 0700) == 0);
  NEED_TRUE(put("d/f", "abc"));
  int sub = open(at("d"), O_RDONLY | O_DIRECTORY);
  NEED_TRUE(sub >= 0);
  int fd = openat(sub, "f", O_RDONLY);
  WANT_TRUE(fd >= 0);
  struct stat stat;
  WANT_TRUE(fstatat(sub, "f", &stat, 0) == 0);
  WANT_NUMBER(stat.st_size, 3);
  DIR *list = fdopendir(sub);
  NEED_TRUE(list != NULL);
  int count = 0;
  while (readdir(list) != NULL) count++;
  WANT_TRUE(count >= 1 && count <= 3);
  WANT_TRUE(closedir(list) == 0);
  WANT_ERROR(open(at("d/f"), O_RDONLY | O_DIRECTORY), ENOTDIR);
}

CASE(libc_ftruncate_and_fsync) {
  NEED_TRUE(put("f", "abcdef"));
  int fd = open(at("f"), O_RDWR);
  NEED_TRUE(fd >= 0);
  WANT_TRUE(ftruncate(fd, 3) == 0);
  WANT_TRUE(fsync(fd) == 0 && fdatasync(fd) == 0);
  WANT_FILE(dir, "f", "abc");
  WANT_TRUE(posix_fallocate(fd, 0, 8) == 0);
  WANT_NUMBER(lseek(fd, 0, SEEK_END), 8);
  WANT_TRUE(posix_fadvise(fd, 0, 8, POSIX_FADV_SEQUENTIAL) == 0);
  WANT_TRUE(close(fd) == 0);
}

CASE(libc_times_of_files) {
  struct stat stat_of;
  NEED_TRUE(put("f", ""));
  struct timespec times[] = {{1000000000, 0}, {1000000005, 0}};
  WANT_TRUE(utimensat(AT_FDCWD, at("f"), times, 0) == 0);
  WANT_TRUE(stat(at("f"), &stat_of) == 0);
  WANT_NUMBER(stat_of.st_atim.tv_sec, 1000000000);
  WANT_NUMBER(stat_of.st_mtim.tv_sec, 1000000005);
}

CASE(libc_clocks_and_sleep) {
  struct timespec before;
  struct timespec after;
  WANT_TRUE(time(NULL) > 1600000000);
  WANT_TRUE(clock_getres(CLOCK_MONOTONIC, &before) == 0);
  WANT_TRUE(clock_getres(CLOCK_REALTIME, &before) == 0);
  WANT_TRUE(clock_gettime(CLOCK_MONOTONIC, &before) == 0);
  const struct timespec nap = {0, 5000000};
  WANT_TRUE(nanosleep(&nap, NULL) == 0);
  WANT_TRUE(usleep(1000) == 0);
  WANT_TRUE(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
  int64_t ns = (after.tv_sec - before.tv_sec) * INT64_C(1000000000) +
               (after.tv_nsec - before.tv_nsec);
  WANT_TRUE(ns >= 6000000);
}

CASE(libc_poll_of_a_file_and_of_nothing) {
  NEED_TRUE(put("f", "abc"));
  int fd = open(at("f"), O_RDONLY);
  NEED_TRUE(fd >= 0);
  struct pollfd one = {.fd = fd, .events = POLLIN};
  WANT_NUMBER(poll(&one, 1, 1000000), 1);
  WANT_NUMBER(one.revents, POLLIN);
  WANT_TRUE(close(fd) == 0);
}

CASE(libc_isatty_of_files_and_pipes) {
  NEED_TRUE(put("f", "abc"));
  int fd = open(at("f"), O_RDONLY);
  NEED_TRUE(fd >= 0);
  WANT_NUMBER(isatty(fd), 0);
  for (int i = 0; i < 3; i++) WANT_NUMBER(isatty(i), 0);
  WANT_TRUE(close(fd) == 0);
}

CASE(libc_getentropy_and_getenv) {
  char one[16];
  char two[16];
  WANT_TRUE(getentropy(one, sizeof one) == 0);
  WANT_TRUE(getentropy(two, sizeof two) == 0);
  WANT_TRUE(memcmp(one, two, sizeof one) != 0);
  const char *value = getenv("NAME");
  NEED_TRUE(value != NULL);
  WANT_BYTES(value, "a value", 8);
  WANT_TRUE(getenv("OTHER") == NULL);
}

CASE(libc_fcntl_turns_flags_on_and_off) {
  int fd = open(at("f"), O_RDWR | O_CREAT, 0600);
  NEED_TRUE(fd >= 0);
  WANT_TRUE(fcntl(fd, F_SETFL, O_APPEND) == 0);
  WANT_NUMBER(fcntl(fd, F_GETFL) & O_APPEND, O_APPEND);
  WANT_TRUE(fcntl(fd, F_SETFL, 0) == 0);
  WANT_NUMBER(fcntl(fd, F_GETFL) & O_APPEND, 0);
  WANT_TRUE(close(fd) == 0);
}

/* What a program does with files: each test of tests/e2e/libc-files.test.js is
 * a function here, chosen by the first argument. A failed CHECK is printed. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gossamer/gossamer.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* What leads out of where it may: WASI's own. */
#ifndef ENOTCAPABLE
#define ENOTCAPABLE 76
#endif

static int failures;

#define CHECK(x)                                               \
  do {                                                         \
    errno = 0;                                                 \
    if (!(x)) {                                                \
      printf("line %d: %s (errno %d)\n", __LINE__, #x, errno); \
      failures++;                                              \
    }                                                          \
  } while (0)

/* A call that fails with an errno. */
#define FAILS(call, expected)                                    \
  do {                                                           \
    errno = 0;                                                   \
    if ((call) != -1 || errno != (expected)) {                   \
      printf("line %d: %s: errno %d\n", __LINE__, #call, errno); \
      failures++;                                                \
    }                                                            \
  } while (0)

static void stdio(void) {
  char text[64] = "";
  FILE *file = fopen("/data/note.txt", "w");
  CHECK(file != NULL);
  if (file == NULL) return;
  CHECK(fprintf(file, "%s %d\n", "one", 2) == 6);
  CHECK(fwrite("three\n", 1, 6, file) == 6);
  CHECK(fclose(file) == 0);
  CHECK((file = fopen("/data/note.txt", "a+")) != NULL);
  CHECK(fputs("four\n", file) >= 0);
  CHECK(fseek(file, 0, SEEK_SET) == 0);
  CHECK(fgets(text, sizeof text, file) != NULL);
  CHECK(strcmp(text, "one 2\n") == 0);
  CHECK(ftell(file) == 6);
  CHECK(fread(text, 1, sizeof text, file) == 11);
  CHECK(memcmp(text, "three\nfour\n", 11) == 0);
  CHECK(feof(file) != 0);
  CHECK(fclose(file) == 0);
  CHECK(fopen("/data/none", "r") == NULL && errno == ENOENT);
  CHECK(fopen("/none/file", "r") == NULL && errno == ENOENT);
  CHECK(fopen("/data", "w") == NULL && errno == EISDIR);
  CHECK(fopen("/data/given.txt/", "r") == NULL && errno == ENOTDIR);
  CHECK((file = fopen("/data/given.txt", "r")) != NULL);
  CHECK(fscanf(file, "%63s", text) == 1);
  CHECK(strcmp(text, "given") == 0);
  CHECK(fputc('x', file) == EOF);
  fclose(file);
}

static void descriptors(void) {
  char text[64] = "";
  int fd = open("/data/file", O_RDWR | O_CREAT | O_EXCL, 0666);
  CHECK(fd >= 3);
  CHECK(write(fd, "hello world", 11) == 11);
  CHECK(lseek(fd, 6, SEEK_SET) == 6);
  CHECK(read(fd, text, sizeof text) == 5);
  CHECK(memcmp(text, "world", 5) == 0);
  CHECK(read(fd, text, sizeof text) == 0);
  CHECK(pread(fd, text, 5, 0) == 5 && memcmp(text, "hello", 5) == 0);
  CHECK(pwrite(fd, "HELLO", 5, 0) == 5);
  CHECK(lseek(fd, 0, SEEK_CUR) == 11);
  struct stat status;
  CHECK(fstat(fd, &status) == 0);
  CHECK(S_ISREG(status.st_mode) && status.st_size == 11);
  CHECK(ftruncate(fd, 5) == 0 && fstat(fd, &status) == 0);
  CHECK(status.st_size == 5);
  CHECK(posix_fallocate(fd, 0, 100) == 0);
  CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL) == 0);
  CHECK(posix_fadvise(fd, 0, 0, 99) == EINVAL);
  CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
  CHECK(truncate("/data/file", 3) == 0);
  CHECK(fstat(fd, &status) == 0 && status.st_size == 3);
  CHECK(isatty(fd) == 0 && errno == ENOTTY);
  CHECK(close(fd) == 0);
  FAILS(close(fd), EBADF);
  FAILS(read(fd, text, 1), EBADF);
  FAILS(open("/data/file", O_RDWR | O_CREAT | O_EXCL, 0666), EEXIST);
  FAILS(open("/data/file", O_RDONLY | O_DIRECTORY), ENOTDIR);
  FAILS(open("", O_RDONLY), ENOENT);
  FAILS(open("/read-only/new", O_WRONLY | O_CREAT, 0666), EROFS);
  FAILS(open("/data/a-name-that-is-longer-than-any-name-may-be-"
             "a-name-that-is-longer-than-any-name-may-be-"
             "a-name-that-is-longer-than-any-name-may-be-"
             "a-name-that-is-longer-than-any-name-may-be-"
             "a-name-that-is-longer-than-any-name-may-be-"
             "a-name-that-is-longer-than-any-name-may-be",
             O_RDONLY),
        ENAMETOOLONG);
}

static void touch(const char *name) {
  int fd = open(name, O_WRONLY | O_CREAT, 0666);
  CHECK(fd >= 0);
  close(fd);
}

/* How many entries but "." and ".." a directory has. */
static int count(DIR *dir) {
  int found = 0;
  struct dirent *entry;
  while ((entry = readdir(dir)) != NULL) found += entry->d_name[0] != '.';
  return found;
}

static void directories(void) {
  char name[64];
  CHECK(mkdir("/data/dir", 0777) == 0);
  FAILS(mkdir("/data/dir", 0777), EEXIST);
  FAILS(mkdir("/data/no/dir", 0777), ENOENT);
  FAILS(mkdir("/new", 0777), EROFS);
  for (int i = 0; i < 200; i++) {
    snprintf(name, sizeof name, "/data/dir/file-%03d", i);
    touch(name);
  }
  DIR *dir = opendir("/data/dir");
  CHECK(dir != NULL);
  if (dir == NULL) return;
  struct dirent *entry = readdir(dir);
  while (entry != NULL && entry->d_name[0] == '.') entry = readdir(dir);
  CHECK(entry != NULL && entry->d_type == DT_REG && entry->d_ino != 0);
  long second = telldir(dir);
  entry = readdir(dir);
  CHECK(entry != NULL);
  strcpy(name, entry->d_name);
  CHECK(count(dir) == 198);
  CHECK(readdir(dir) == NULL && errno == 0);
  seekdir(dir, second);
  entry = readdir(dir);
  CHECK(entry != NULL && strcmp(entry->d_name, name) == 0);
  rewinddir(dir);
  CHECK(count(dir) == 200);
  int fd = openat(dirfd(dir), "file-007", O_RDONLY);
  CHECK(fd >= 0);
  close(fd);
  CHECK(closedir(dir) == 0);
  struct dirent **names = NULL;
  CHECK(scandir("/data/dir", &names, NULL, alphasort) >= 200);
  CHECK((dir = opendir("/")) != NULL && count(dir) == 2);
  closedir(dir);
  errno = 0;
  CHECK(opendir("/data/given.txt") == NULL && errno == ENOTDIR);
  FAILS(rmdir("/data/dir"), ENOTEMPTY);
}

static void names(void) {
  struct stat status;
  char text[64] = "";
  touch("/data/a");
  CHECK(rename("/data/a", "/data/b") == 0);
  FAILS(stat("/data/a", &status), ENOENT);
  CHECK(link("/data/b", "/data/c") == 0);
  CHECK(stat("/data/b", &status) == 0 && status.st_nlink == 2);
  FAILS(link("/data/b", "/data/c"), EEXIST);
  CHECK(symlink("c", "/data/link") == 0);
  CHECK(lstat("/data/link", &status) == 0 && S_ISLNK(status.st_mode));
  CHECK(stat("/data/link", &status) == 0 && S_ISREG(status.st_mode));
  CHECK(readlink("/data/link", text, sizeof text) == 1 && text[0] == 'c');
  FAILS(readlink("/data/b", text, sizeof text), EINVAL);
  char *real = realpath("/data/../data/./link", NULL);
  CHECK(real != NULL && strcmp(real, "/data/c") == 0);
  free(real);
  CHECK(symlink("loop", "/data/loop") == 0);
  FAILS(open("/data/loop", O_RDONLY), ELOOP);
  FAILS(rename("/data/b", "/read-only/b"), EROFS);
  CHECK(access("/data/b", R_OK | W_OK) == 0);
  FAILS(access("/data/b", X_OK), EACCES);
  FAILS(access("/data/none", F_OK), ENOENT);
  CHECK(unlink("/data/c") == 0);
  FAILS(unlink("/data/c"), ENOENT);
  FAILS(unlink("/read-only/fixed.txt"), EROFS);
  CHECK(mkdir("/data/dir", 0777) == 0);
  FAILS(unlink("/data/dir"), EISDIR);
  CHECK(remove("/data/dir") == 0);
  FAILS(rmdir("/data/b"), ENOTDIR);
  char made[] = "/data/made-XXXXXX";
  int fd = mkstemp(made);
  CHECK(fd >= 0 && write(fd, "x", 1) == 1);
  close(fd);
}

static void paths(void) {
  char text[64] = "";
  CHECK(getcwd(text, sizeof text) == text && strcmp(text, "/data") == 0);
  touch("here");
  CHECK(access("/data/here", F_OK) == 0);
  CHECK(access("../data/./here", F_OK) == 0);
  CHECK(access("../read-only/fixed.txt", F_OK) == 0);
  CHECK(access("/../data/here", F_OK) == 0);
  CHECK(mkdir("sub", 0777) == 0 && chdir("sub") == 0);
  CHECK(strcmp(getcwd(text, sizeof text), "/data/sub") == 0);
  CHECK(access("../here", F_OK) == 0);
  CHECK(access("../../read-only/fixed.txt", F_OK) == 0);
  FAILS(symlink("/data/sub", "/data/absolute"), ENOTCAPABLE);
  CHECK(symlink("sub", "/data/short") == 0 && chdir("/data/short") == 0);
  CHECK(strcmp(getcwd(text, sizeof text), "/data/sub") == 0);
  /* A link's ".." is that of where it leads. */
  CHECK(mkdir("/data/sub/deep", 0777) == 0);
  CHECK(symlink("sub/deep", "/data/deep") == 0);
  touch("/data/sub/beside");
  CHECK(access("/data/deep/../beside", F_OK) == 0);
  CHECK(access("/data/sub/../../read-only/fixed.txt", F_OK) == 0);
  FAILS(chdir("/data/here"), ENOTDIR);
  FAILS(chdir("none"), ENOENT);
  CHECK(getcwd(text, 3) == NULL && errno == ERANGE);
  CHECK(chdir("/") == 0 && strcmp(getcwd(text, sizeof text), "/") == 0);
  CHECK(access("data/here", F_OK) == 0);
}

static void times(void) {
  touch("/data/file");
  struct timespec wanted[2] = {{.tv_sec = 100, .tv_nsec = 5},
                               {.tv_sec = 200, .tv_nsec = 7}};
  struct stat status;
  CHECK(utimensat(AT_FDCWD, "/data/file", wanted, 0) == 0);
  CHECK(stat("/data/file", &status) == 0);
  CHECK(status.st_atim.tv_sec == 100 && status.st_atim.tv_nsec == 5);
  CHECK(status.st_mtim.tv_sec == 200 && status.st_mtim.tv_nsec == 7);
  wanted[0].tv_nsec = UTIME_OMIT;
  wanted[1].tv_nsec = UTIME_NOW;
  int fd = open("/data/file", O_RDWR);
  CHECK(futimens(fd, wanted) == 0 && fstat(fd, &status) == 0);
  CHECK(status.st_atim.tv_sec == 100 && status.st_mtim.tv_sec > 1000000);
  wanted[1].tv_nsec = 2000000000;
  FAILS(futimens(fd, wanted), EINVAL);
  close(fd);
  struct timeval coarse[2] = {{300, 1}, {400, 2}};
  CHECK(utimes("/data/file", coarse) == 0 && stat("/data/file", &status) == 0);
  CHECK(status.st_mtim.tv_sec == 400 && status.st_mtim.tv_nsec == 2000);
}

/* A5: time that is up, what is ready and what there is not. */
static void polls(void) {
  struct pollfd fds[3] = {{0, POLLIN, 0}, {1, POLLOUT, 0}, {-1, POLLIN, 0}};
  CHECK(poll(fds, 3, 0) == 1);
  CHECK(fds[0].revents == 0 && fds[1].revents == POLLOUT);
  CHECK(poll(fds, 1, 5) == 0);
  CHECK(poll(NULL, 0, 1) == 0);
  fds[0].fd = 77;
  CHECK(poll(fds, 1, -1) == 1 && fds[0].revents == POLLNVAL);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(0, &set);
  struct timeval soon = {0, 1000};
  CHECK(select(1, &set, NULL, NULL, &soon) == 0 && !FD_ISSET(0, &set));
  FD_SET(1, &set);
  CHECK(select(2, NULL, &set, NULL, NULL) == 1 && FD_ISSET(1, &set));
  FD_SET(77, &set);
  FAILS(select(78, NULL, &set, NULL, NULL), EBADF);
  struct timespec until;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
  until.tv_nsec = (until.tv_nsec + 1000000) % 1000000000;
  CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
  CHECK(clock_nanosleep(99, 0, &until, NULL) == EINVAL);
  unsigned char random[16] = {0};
  CHECK(getentropy(random, sizeof random) == 0);
  FAILS(getentropy(random, 257), EIO);
  puts("type");
  fds[0] = (struct pollfd){0, POLLIN, 0};
  CHECK(poll(fds, 1, -1) == 1 && (fds[0].revents & POLLIN) != 0);
  char text[8] = "";
  CHECK(read(0, text, sizeof text) == 3 && strcmp(text, "abc") == 0);
  CHECK(poll(fds, 1, -1) == 1 && (fds[0].revents & POLLIN) != 0);
  CHECK(read(0, text, sizeof text) == 0);
}

/* What Emscripten has itself, in object files that define some of ours too. */
static void neighbours(void) {
  struct utsname system;
  struct timespec step;
  CHECK(uname(&system) == 0 && system.sysname[0] != '\0');
  CHECK(getpid() > 0);
  CHECK(umask(022) != 022);
  CHECK(clock_getres(CLOCK_MONOTONIC, &step) == 0);
  CHECK(link("/data/given.txt", "/data/other.txt") == 0);
  CHECK(pselect(0, NULL, NULL, NULL, &step, NULL) == 0);
  CHECK(sysconf(_SC_PAGESIZE) > 0);
  FILE *file = NULL;
  CHECK(tmpfile() == NULL && errno == ENOENT); /* there is no /tmp */
  CHECK((file = fopen("/data/w", "wx")) != NULL && fclose(file) == 0);
  CHECK(fopen("/data/w", "wx") == NULL && errno == EEXIST);
  CHECK(fopen("/data/w", "q") == NULL && errno == EINVAL);
}

static void nothing(void) {
  char text[8];
  struct stat status;
  FAILS(open("/data/file", O_RDONLY), ENOENT);
  FAILS(open("file", O_RDWR | O_CREAT, 0666), ENOENT);
  FAILS(mkdir("/tmp", 0777), ENOENT);
  FAILS(stat("/", &status), ENOENT);
  FAILS(openat(3, "file", O_RDONLY), EBADF);
  CHECK(strcmp(getcwd(text, sizeof text), "/") == 0 && chdir("/") == 0);
  FAILS(chdir("/data"), ENOENT);
}

static void flags(void) {
  char text[16] = "";
  int fd = open("/data/file", O_WRONLY | O_CREAT | O_APPEND, 0666);
  CHECK((fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND)) == (O_WRONLY | O_APPEND));
  CHECK(write(fd, "end", 3) == 3 && lseek(fd, 0, SEEK_SET) == 0);
  CHECK(write(fd, "ing", 3) == 3);
  CHECK(fcntl(fd, F_SETFL, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
  CHECK((fcntl(fd, F_GETFL) & O_APPEND) == 0);
  CHECK(write(fd, "E", 1) == 1);
  FAILS(read(fd, text, 1), EBADF);
  FAILS(ioctl(fd, TIOCGWINSZ, text), ENOTTY);
  FAILS(dup(fd), ENOTSUP);
  int reading = open("/data/file", O_RDONLY);
  FAILS(write(reading, "x", 1), EBADF);
  close(reading);
  CHECK(dup2(fd, fd) == fd);
  FAILS(dup2(99, 99), EBADF);
  CHECK(close(fd) == 0);
  FAILS(fcntl(fd, F_GETFL), EBADF);
  FAILS(chmod("/data/file", 0600), ENOTSUP);
  /* A5: a descriptor that is not to wait does not. */
  CHECK(fcntl(0, F_SETFL, O_NONBLOCK) == 0);
  FAILS(read(0, text, 1), EAGAIN);
  CHECK((freopen("/data/out", "w", stdout)) == stdout);
  fprintf(stderr, "%s done\n", "flags");
}

/* "/data" has room for 1 MiB, or says nothing of it. */
static void space(void) {
  static char bytes[65536];
  struct statvfs before, after, other;
  struct statfs linux_form;
  CHECK(statvfs("/data/given.txt", &before) == 0);
  CHECK(before.f_bsize == 4096 && before.f_frsize == 4096);
  CHECK(before.f_blocks == 256 && before.f_bfree < 256);
  CHECK(before.f_bavail == before.f_bfree && before.f_namemax == 255);
  CHECK(before.f_files - before.f_ffree == 2 && before.f_flag == ST_NOSUID);
  int fd = open("/data/new", O_WRONLY | O_CREAT, 0666);
  memset(bytes, 1, sizeof bytes);
  CHECK(write(fd, bytes, sizeof bytes) == sizeof bytes);
  CHECK(fstatvfs(fd, &after) == 0);
  CHECK(before.f_bfree - after.f_bfree - 16 <= 1);
  CHECK(after.f_files - after.f_ffree == 3);
  CHECK(fstatfs(fd, &linux_form) == 0 && linux_form.f_bsize == 4096);
  CHECK(linux_form.f_blocks == 256 && linux_form.f_bfree == after.f_bfree);
  CHECK(linux_form.f_namelen == 255 && linux_form.f_flags == ST_NOSUID);
  CHECK(statfs("/data", &linux_form) == 0);
  CHECK(linux_form.f_bavail == after.f_bavail);
  CHECK(close(fd) == 0);
  /* 4 GiB, and another volume. */
  CHECK(statvfs("/read-only", &other) == 0 && other.f_blocks == 1 << 20);
  CHECK(other.f_flag == (ST_NOSUID | ST_RDONLY));
  CHECK(other.f_fsid != before.f_fsid);
  CHECK(statvfs("/", &other) == 0 && other.f_blocks == 0);
  FAILS(statvfs("/data/none", &other), ENOENT);
  FAILS(statvfs("/data/new/x", &other), ENOTDIR);
  FAILS(statvfs("", &other), ENOENT);
  FAILS(fstatvfs(99, &other), EBADF);
  FAILS(fstatvfs(fd, &other), EBADF);
  FAILS(fstatvfs(1, &other), ENOTSUP);
  FAILS(statvfs("/dumb", &other), ENOTSUP);
  FAILS(statfs("/dumb", &linux_form), ENOTSUP);
  /* Without a limit blocks are as large as they must be to be counted. */
  CHECK(statvfs("/endless", &other) == 0 && other.f_frsize == 2 << 20);
  CHECK(other.f_blocks >= UINT32_MAX - 1 && other.f_bsize == 4096);
}

static const struct {
  const char *name;
  void (*run)(void);
} tests[] = {
    {"neighbours", neighbours}, {"nothing", nothing},
    {"flags", flags},           {"directories", directories},
    {"names", names},           {"paths", paths},
    {"times", times},           {"polls", polls},
    {"stdio", stdio},           {"descriptors", descriptors},
    {"space", space},
};

int main(int argc, char **argv) {
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
    if (argc < 2 || strcmp(tests[i].name, argv[1]) != 0) continue;
    tests[i].run();
    printf("%s done\n", argv[1]);
    return failures;
  }
  return 100;
}

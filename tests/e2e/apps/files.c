/* What a program does with files: each test of tests/e2e/libc-files.test.js is
 * a function here, chosen by the first argument. A failed CHECK is printed. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gossamer/gossamer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static const struct {
  const char *name;
  void (*run)(void);
} tests[] = {
    {"stdio", stdio},
    {"descriptors", descriptors},
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

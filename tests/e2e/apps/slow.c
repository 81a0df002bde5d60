/* Files that answer slowly: what waits is one goroutine, and what was given up
 * is never written to. Each test is chosen by the first argument. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <gossamer/gossamer.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int ticks;
static bool over;
static int failures;

#define CHECK(x)                                               \
  do {                                                         \
    if (!(x)) {                                                \
      printf("line %d: %s (errno %d)\n", __LINE__, #x, errno); \
      failures++;                                              \
    }                                                          \
  } while (0)

static void tick(void *arg) {
  (void)arg;
  while (!over) {
    ticks++;
    gs_yield();
  }
}

/* A3: everything that is done to a file stops its own goroutine only. */
static void others_run(void) {
  gs_go(tick, NULL);
  int before = ticks;
#define STOPS_ONLY_ME(x) \
  before = ticks;        \
  CHECK(x);              \
  CHECK(ticks > before + 1)
  int fd = -1;
  struct stat status;
  char text[16] = "";
  STOPS_ONLY_ME((fd = open("/slow/new", O_RDWR | O_CREAT, 0666)) >= 0);
  STOPS_ONLY_ME(write(fd, "hello", 5) == 5);
  STOPS_ONLY_ME(pread(fd, text, 5, 0) == 5);
  CHECK(memcmp(text, "hello", 5) == 0);
  STOPS_ONLY_ME(ftruncate(fd, 3) == 0);
  STOPS_ONLY_ME(fstat(fd, &status) == 0 && status.st_size == 3);
  STOPS_ONLY_ME(fsync(fd) == 0);
  STOPS_ONLY_ME(close(fd) == 0);
  STOPS_ONLY_ME(mkdir("/slow/dir", 0777) == 0);
  STOPS_ONLY_ME(rename("/slow/new", "/slow/dir/old") == 0);
  STOPS_ONLY_ME(stat("/slow/dir/old", &status) == 0);
  STOPS_ONLY_ME(unlink("/slow/dir/old") == 0);
  FILE *file = NULL;
  STOPS_ONLY_ME((file = fopen("/slow/given.txt", "r")) != NULL);
  STOPS_ONLY_ME(fgets(text, sizeof text, file) != NULL);
  CHECK(strcmp(text, "given\n") == 0);
  STOPS_ONLY_ME(fclose(file) == 0);
  errno = 0;
  STOPS_ONLY_ME(open("/slow/none", O_RDONLY) == -1 && errno == ENOENT);
  over = true;
}

/* D9: a read in a context that ends is given up, its buffer left alone. */
static void given_up(void) {
  static char poisoned[] = "xxxxxxxx";
  static char clean[] = "xxxxxxxx";
  /* Static too: what the host would still read after the call. */
  static struct iovec span = {poisoned, 5};
  int fd = open("/slow/given.txt", O_RDONLY);
  CHECK(fd >= 0);
  gs_ctx *ctx = NULL;
  CHECK(gs_ctx_new_timeout(&ctx, NULL, 20 * GS_MILLISECOND) == GS_OK);
  puts("hold");
  gs_ctx *outer = gs_ctx_enter(ctx);
  errno = 0;
  CHECK(readv(fd, &span, 1) == -1 && errno == ETIMEDOUT);
  CHECK(open("/slow/given.txt", O_RDONLY) == -1 && errno == ETIMEDOUT);
  gs_ctx_leave(outer);
  puts("release");
  gs_sleep(20 * GS_MILLISECOND);
  CHECK(strcmp(poisoned, clean) == 0);
  CHECK(read(fd, poisoned, 5) == 5 && memcmp(poisoned, "given", 5) == 0);
  CHECK(close(fd) == 0);
  gs_ctx_release(ctx);
}

/* Two goroutines' errno across waits: each has the answer to its own call. */
static void fail_with(void *arg) {
  const char *name = arg;
  int expected = strcmp(name, "/slow/none") == 0 ? ENOENT : ENOTDIR;
  for (int i = 0; i < 10; i++) {
    errno = 0;
    CHECK(open(name, O_RDONLY) == -1);
    CHECK(errno == expected);
  }
  over = true;
}

static void own_errno(void) {
  gs_go(fail_with, "/slow/none");
  fail_with("/slow/given.txt/x");
  gs_sleep(50 * GS_MILLISECOND);
}

/* Outside goroutines nobody can wait: the call is given up. */
static int early_fd;
static int early_errno;

__attribute__((constructor)) static void open_early(void) {
  early_fd = open("/slow/given.txt", O_RDONLY);
  early_errno = errno;
}

static void outside(void) {
  CHECK(early_fd == -1 && early_errno == EPERM);
  CHECK(errno == 0);
  gs_sleep(10 * GS_MILLISECOND);
  /* Nothing was opened after all: 3 is the root, and 4 is free. */
  CHECK(open("/slow/given.txt", O_RDONLY) == 4);
}

/* ---- a FILE of several goroutines ---- */

#define RECORDS 40
#define RECORD_BYTES 100

static FILE *shared;
static int readers;
static int seen[2][RECORDS];

static void write_records(void *arg) {
  char record[RECORD_BYTES + 1];
  for (int i = 0; i < RECORDS; i++) {
    int head = snprintf(record, sizeof record, "%s%03d", (const char *)arg, i);
    memset(record + head, '.', (size_t)(RECORD_BYTES - head));
    record[RECORD_BYTES - 1] = '\n';
    CHECK(fwrite(record, 1, RECORD_BYTES, shared) == RECORD_BYTES);
    if (i % 7 == 0) CHECK(fflush(shared) == 0);
  }
  readers--;
}

static void read_records(void *arg) {
  char record[RECORD_BYTES];
  (void)arg;
  while (fread(record, RECORD_BYTES, 1, shared) == 1) {
    int number = atoi(record + 1);
    CHECK(record[0] == 'a' || record[0] == 'b');
    CHECK(number >= 0 && number < RECORDS);
    CHECK(record[RECORD_BYTES - 1] == '\n' && record[50] == '.');
    if (failures > 0) break;
    seen[record[0] - 'a'][number]++;
    CHECK(ftell(shared) >= RECORD_BYTES);
  }
  readers--;
}

static void wait_for_readers(void) {
  while (readers > 0) gs_sleep(GS_MILLISECOND);
}

/* Nothing is lost or torn, whoever parks in the middle of it. */
static void shared_file(void) {
  CHECK((shared = fopen("/slow/records", "w")) != NULL);
  readers = 2;
  gs_go(write_records, "a");
  gs_go(write_records, "b");
  wait_for_readers();
  CHECK(fclose(shared) == 0);
  CHECK((shared = fopen("/slow/records", "r")) != NULL);
  readers = 2;
  gs_go(read_records, NULL);
  gs_go(read_records, NULL);
  wait_for_readers();
  for (int i = 0; i < RECORDS; i++) CHECK(seen[0][i] == 1 && seen[1][i] == 1);
  CHECK(feof(shared) != 0);
  CHECK(fclose(shared) == 0);
}

static void read_line(void *arg) {
  char *line = arg;
  CHECK(fgets(line, 16, shared) != NULL);
  readers--;
}

/* What cannot take turns is refused, and nothing is freed under a reader. */
static void busy_file(void) {
  char line[16] = "";
  struct gs_go_options options = {.name = "reader"};
  CHECK((shared = fopen("/slow/given.txt", "r+")) != NULL);
  puts("hold");
  readers = 1;
  gs_go_with(&options, read_line, line);
  gs_yield();
  errno = 0;
  CHECK(fclose(shared) == EOF && errno == EBUSY);
  CHECK(fputs("x", shared) >= 0);
  CHECK(fflush(shared) == 0);
  CHECK(ferror(shared) != 0);
  puts("release");
  wait_for_readers();
  CHECK(strcmp(line, "given\n") == 0);
  CHECK(fclose(shared) == 0);
}

static const struct {
  const char *name;
  void (*run)(void);
} tests[] = {
    {"others-run", others_run},   {"own-errno", own_errno},
    {"given-up", given_up},       {"outside", outside},
    {"shared-file", shared_file}, {"busy-file", busy_file},
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

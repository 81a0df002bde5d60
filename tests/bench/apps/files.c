/* browser, suite files: what a program does with files. Each export is one
 * workload and answers the milliseconds that it took, or the median of those
 * that one of several operations took. Contents are noise, which nothing below
 * can compress, and what is read is compared. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

#define PIECE_BYTES 65536
#define PAGE_BYTES 4096
#define MIB 1048576
#define SAMPLES_MAX 1024
#define PATH_BYTES 64
#define FILES_A_DIRECTORY 100

static unsigned char piece[PIECE_BYTES];
static unsigned char got[PIECE_BYTES];
static double samples[SAMPLES_MAX];
static uint32_t seed = 2463534242u;

void bench_fail(const char *file, int line, const char *condition) {
  fprintf(stderr, "%s:%d: wrong: %s\n", file, line, condition);
  perror("errno");
  exit(1);
}

/* xorshift32 */
static uint32_t noise(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}

static double now_ms(void) { return (double)gs_now() / GS_MILLISECOND; }

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a;
  double y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(int count) {
  qsort(samples, (size_t)count, sizeof *samples, by_value);
  return samples[count / 2];
}

/* The bytes of piece `index` of a file: the same noise, numbered. */
static void number_piece(uint32_t index) {
  memcpy(piece, &index, sizeof index);
}

static void write_all(int fd, const void *bytes, size_t size) {
  const char *at = bytes;
  while (size > 0) {
    ssize_t count = write(fd, at, size);
    EXPECT(count > 0);
    at += count;
    size -= (size_t)count;
  }
}

/* Fills the buffers; to be called first. */
GS_EXPORT_VOID(prepare) {
  for (size_t i = 0; i < PIECE_BYTES; i += sizeof(uint32_t)) {
    uint32_t word = noise();
    memcpy(piece + i, &word, sizeof word);
  }
}

GS_EXPORT(double, write_file, (const char *, path), (int, mib)) {
  double begin_ms = now_ms();
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0666);
  EXPECT(fd >= 0);
  for (int i = 0; i < mib * (MIB / PIECE_BYTES); i++) {
    number_piece((uint32_t)i);
    write_all(fd, piece, PIECE_BYTES);
  }
  EXPECT(fsync(fd) == 0);
  EXPECT(close(fd) == 0);
  return now_ms() - begin_ms;
}

GS_EXPORT(double, read_file, (const char *, path), (int, mib)) {
  double begin_ms = now_ms();
  int fd = open(path, O_RDONLY);
  EXPECT(fd >= 0);
  int64_t size = 0;
  for (;;) {
    ssize_t count = read(fd, got, PIECE_BYTES);
    EXPECT(count >= 0);
    if (count == 0) break;
    if (size % PIECE_BYTES == 0) {
      uint32_t index;
      memcpy(&index, got, sizeof index);
      EXPECT(index == (uint32_t)(size / PIECE_BYTES));
    }
    size += count;
  }
  EXPECT(close(fd) == 0);
  double ms = now_ms() - begin_ms;
  EXPECT(size == (int64_t)mib * MIB);
  return ms;
}

/* Files of `size` bytes in directories of a hundred, and one fsync(), which
 * makes all that was written before last too. */
GS_EXPORT(double, write_files, (const char *, top), (int, count), (int, size)) {
  char path[PATH_BYTES];
  double begin_ms = now_ms();
  for (int i = 0; i < count; i++) {
    int directory = i / FILES_A_DIRECTORY;
    if (i % FILES_A_DIRECTORY == 0) {
      snprintf(path, sizeof path, "%s/%d", top, directory);
      EXPECT(mkdir(path, 0777) == 0);
    }
    snprintf(path, sizeof path, "%s/%d/file-%d", top, directory, i);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0666);
    EXPECT(fd >= 0);
    write_all(fd, piece, (size_t)size);
    if (i == count - 1) EXPECT(fsync(fd) == 0);
    EXPECT(close(fd) == 0);
  }
  return now_ms() - begin_ms;
}

GS_EXPORT(double, create_and_sync, (const char *, top), (int, count)) {
  char path[PATH_BYTES];
  for (int i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/made-%d", top, i);
    double begin_ms = now_ms();
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0666);
    EXPECT(fd >= 0);
    write_all(fd, piece, 1024);
    EXPECT(fsync(fd) == 0);
    EXPECT(close(fd) == 0);
    samples[i] = now_ms() - begin_ms;
  }
  return median(count);
}

static void write_page(int fd, int pages) {
  off_t offset = (off_t)(noise() % (uint32_t)pages) * PAGE_BYTES;
  EXPECT(pwrite(fd, piece, PAGE_BYTES, offset) == PAGE_BYTES);
}

/* Pages written here and there over a file, then one fsync(). */
GS_EXPORT(double, write_pages, (const char *, path), (int, mib), (int, count)) {
  int fd = open(path, O_WRONLY);
  EXPECT(fd >= 0);
  double begin_ms = now_ms();
  for (int i = 0; i < count; i++) write_page(fd, mib * (MIB / PAGE_BYTES));
  EXPECT(fsync(fd) == 0);
  double ms = now_ms() - begin_ms;
  EXPECT(close(fd) == 0);
  return ms;
}

/* The same with an fsync() after each. */
GS_EXPORT(double, sync_pages, (const char *, path), (int, mib), (int, count)) {
  int fd = open(path, O_WRONLY);
  EXPECT(fd >= 0);
  for (int i = 0; i < count; i++) {
    double begin_ms = now_ms();
    write_page(fd, mib * (MIB / PAGE_BYTES));
    EXPECT(fsync(fd) == 0);
    samples[i] = now_ms() - begin_ms;
  }
  EXPECT(close(fd) == 0);
  return median(count);
}

/* Files of one page, each opened, read and closed, in no order: the mean of
 * all, or of every `step`th, for some may come along with others. */
GS_EXPORT(double, read_files, (const char *, top), (int, count), (int, step)) {
  char path[PATH_BYTES];
  double sum_ms = 0;
  int files = count / step;
  for (int i = 0; i < files; i++) {
    int number = (i * 7 + 3) % files * step;
    snprintf(path, sizeof path, "%s/%d/file-%d", top,
             number / FILES_A_DIRECTORY, number);
    double begin_ms = now_ms();
    int fd = open(path, O_RDONLY);
    EXPECT(fd >= 0);
    EXPECT(read(fd, got, PIECE_BYTES) == PAGE_BYTES);
    EXPECT(close(fd) == 0);
    sum_ms += now_ms() - begin_ms;
    EXPECT(memcmp(got, piece, PAGE_BYTES) == 0);
  }
  return sum_ms / files;
}

/* One page of each MiB of a file, in no order. */
GS_EXPORT(double, read_pages, (const char *, path), (int, mib)) {
  int fd = open(path, O_RDONLY);
  EXPECT(fd >= 0);
  for (int i = 0; i < mib; i++) {
    uint32_t page = noise() % (MIB / PAGE_BYTES);
    off_t offset = (off_t)((i * 13 + 5) % mib) * MIB + page * PAGE_BYTES;
    double begin_ms = now_ms();
    EXPECT(pread(fd, got, PAGE_BYTES, offset) == PAGE_BYTES);
    samples[i] = now_ms() - begin_ms;
    const unsigned char *expected = piece + offset % PIECE_BYTES;
    size_t number = offset % PIECE_BYTES == 0 ? sizeof(uint32_t) : 0;
    EXPECT(memcmp(got + number, expected + number, PAGE_BYTES - number) == 0);
  }
  EXPECT(close(fd) == 0);
  return median(mib);
}

/* Counts the lines, words and bytes of all files that it was given, folders
 * within folders too, and writes a table of them to report.txt. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "plain.h"

#define REPORT "report.txt"
#define LIST_BYTES 4096
#define MAX_DEPTH 32
#define PATH_BYTES 1024

struct counts {
  long long lines;
  long long words;
  long long bytes;
};

static FILE *report;
static struct counts total;
static int file_count;
static int failures;

static void fail(const char *path, const char *why) {
  fprintf(stderr, "\033[31m%s: %s\033[0m\n", path, why);
  failures++;
}

static void tell(const struct counts *counts, const char *path) {
  printf("\033[36m%8lld %8lld %10lld\033[0m  %s\n", counts->lines,
         counts->words, counts->bytes, path);
  fprintf(report, "%8lld %8lld %10lld  %s\n", counts->lines, counts->words,
          counts->bytes, path);
}

static void count(const char *path) {
  FILE *file = plain_open(PLAIN_ROOT, path, false);
  if (file == NULL) {
    fail(path, strerror(errno));
    return;
  }
  struct counts counts = {0};
  bool in_word = false;
  for (int c = getc(file); c != EOF; c = getc(file)) {
    bool space = isspace(c) != 0;
    counts.bytes++;
    if (c == '\n') counts.lines++;
    if (in_word && space) counts.words++;
    in_word = !space;
  }
  if (in_word) counts.words++;
  if (ferror(file)) fail(path, strerror(errno));
  fclose(file);
  tell(&counts, path);
  total.lines += counts.lines;
  total.words += counts.words;
  total.bytes += counts.bytes;
  file_count++;
}

static void visit(const char *folder, int depth);

/* `folder` is empty for the topmost, and ends in a slash otherwise. */
static void visit_entry(const char *folder, const __wasi_dirent_t *entry,
                        const char *name, int depth) {
  int length = (int)entry->d_namlen;
  char path[PATH_BYTES];
  bool dots = strncmp(name, "..", (size_t)length) == 0 && length <= 2;
  bool is_folder = entry->d_type == __WASI_FILETYPE_DIRECTORY;
  if (dots) return;
  int size = snprintf(path, sizeof path, "%s%.*s%s", folder, length, name,
                      is_folder ? "/" : "");
  if (size >= PATH_BYTES || depth > MAX_DEPTH) {
    fail(path, "too deep");
  } else if (is_folder) {
    visit(path, depth + 1);
  } else if (entry->d_type == __WASI_FILETYPE_REGULAR_FILE &&
             strcmp(path, REPORT) != 0) {
    count(path);
  }
}

static __wasi_errno_t open_folder(const char *path, __wasi_fd_t *fd) {
  __wasi_rights_t list = __WASI_RIGHTS_FD_READDIR;
  if (*path == '\0') path = ".";
  return __wasi_path_open(PLAIN_ROOT, 0, path, strlen(path),
                          __WASI_OFLAGS_DIRECTORY, list, 0, 0, fd);
}

static void visit(const char *folder, int depth) {
  __wasi_fd_t fd;
  __wasi_errno_t error = open_folder(folder, &fd);
  uint8_t *list = malloc(LIST_BYTES);
  if (error != 0 || list == NULL) {
    fail(folder, strerror(error != 0 ? error : ENOMEM));
    if (error == 0) close((int)fd);
    free(list);
    return;
  }
  __wasi_dircookie_t next = 0;
  __wasi_size_t size;
  do {
    error = __wasi_fd_readdir(fd, list, LIST_BYTES, next, &size);
    if (error != 0) {
      fail(folder, strerror(error));
      break;
    }
    /* The last entry may be cut off: it comes whole with the next list. */
    __wasi_dirent_t entry;
    for (__wasi_size_t at = 0; at + sizeof entry <= size;) {
      memcpy(&entry, list + at, sizeof entry);
      const char *name = (const char *)list + at + sizeof entry;
      at += sizeof entry + entry.d_namlen;
      if (at > size) break;
      next = entry.d_next;
      visit_entry(folder, &entry, name, depth);
    }
  } while (size == LIST_BYTES);
  close((int)fd);
  free(list);
}

int main(void) {
  plain_line_buffered();
  report = plain_open(PLAIN_ROOT, REPORT, true);
  if (report == NULL) {
    fail(REPORT, strerror(errno));
    return 1;
  }
  const char *heading = "   lines    words      bytes  file\n";
  printf("\033[1m%s\033[0m", heading);
  fputs(heading, report);
  visit("", 0);
  tell(&total, "all");
  if (fclose(report) != 0) fail(REPORT, strerror(errno));
  printf("%d file%s counted; the table is in %s.\n", file_count,
         file_count == 1 ? "" : "s", REPORT);
  return failures > 0;
}

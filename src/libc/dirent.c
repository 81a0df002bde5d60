/* Reading directories. A position is what fd_readdir calls a cookie; it stays
 * good while names come and go. */
#ifdef __EMSCRIPTEN__
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/stress.h"
#include "result.h"

#define BUFFER_BYTES 2048 /* more than the longest entry */

/* libc's DIR. */
struct __dirstream {
  int fd;
  __wasi_dircookie_t next; /* of the entry that readdir() gives next */
  __wasi_size_t at;        /* where that is in the buffer */
  __wasi_size_t used;      /* of the buffer */
  bool last;               /* nothing follows what the buffer has */
  struct dirent entry;
  uint8_t buffer[BUFFER_BYTES];
};

DIR *fdopendir(int fd) {
  __wasi_fdstat_t status;
  int error = __wasi_fd_fdstat_get((__wasi_fd_t)fd, &status);
  if (error == 0 && status.fs_filetype != __WASI_FILETYPE_DIRECTORY) {
    error = ENOTDIR;
  }
  DIR *dir = error == 0 ? gs__malloc(sizeof *dir) : NULL;
  if (dir == NULL) {
    errno = error == 0 ? ENOMEM : error;
    return NULL;
  }
  dir->fd = fd;
  dir->next = __WASI_DIRCOOKIE_START;
  dir->at = dir->used = 0;
  dir->last = false;
  return dir;
}

DIR *opendir(const char *name) {
  int fd = open(name, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return NULL;
  DIR *dir = fdopendir(fd);
  if (dir == NULL) {
    int error = errno;
    close(fd);
    errno = error;
  }
  return dir;
}

int closedir(DIR *dir) {
  int fd = dir->fd;
  free(dir);
  return close(fd);
}

int dirfd(DIR *dir) { return dir->fd; }

/* The host cuts off the last entry when it has no room. An errno. */
static int fill(DIR *dir) {
  dir->at = 0;
  dir->used = 0;
  __wasi_size_t used = 0;
  int error = __wasi_fd_readdir((__wasi_fd_t)dir->fd, dir->buffer, BUFFER_BYTES,
                                dir->next, &used);
  if (error != 0) return error;
  dir->used = used;
  dir->last = used < BUFFER_BYTES;
  return 0;
}

static unsigned char type_of(__wasi_filetype_t type) {
  switch (type) {
    case __WASI_FILETYPE_DIRECTORY:
      return DT_DIR;
    case __WASI_FILETYPE_REGULAR_FILE:
      return DT_REG;
    case __WASI_FILETYPE_SYMBOLIC_LINK:
      return DT_LNK;
    case __WASI_FILETYPE_CHARACTER_DEVICE:
      return DT_CHR;
    case __WASI_FILETYPE_BLOCK_DEVICE:
      return DT_BLK;
    case __WASI_FILETYPE_SOCKET_STREAM:
    case __WASI_FILETYPE_SOCKET_DGRAM:
      return DT_SOCK;
    default:
      return DT_UNKNOWN;
  }
}

/* Takes the next entry out of the buffer; false when it is not there whole. */
static bool take(DIR *dir) {
  __wasi_dirent_t head;
  if (dir->used - dir->at < sizeof head) return false;
  memcpy(&head, dir->buffer + dir->at, sizeof head);
  if (dir->used - dir->at - sizeof head < head.d_namlen) return false;
  size_t bytes = head.d_namlen;
  if (bytes >= sizeof dir->entry.d_name) bytes = sizeof dir->entry.d_name - 1;
  struct dirent *entry = &dir->entry;
  entry->d_ino = head.d_ino;
  entry->d_off = (off_t)head.d_next;
  entry->d_reclen = sizeof *entry;
  entry->d_type = type_of(head.d_type);
  memcpy(entry->d_name, dir->buffer + dir->at + sizeof head, bytes);
  entry->d_name[bytes] = '\0';
  dir->at += sizeof head + head.d_namlen;
  dir->next = head.d_next;
  return true;
}

struct dirent *readdir(DIR *dir) {
  while (!take(dir)) {
    if (dir->last) return NULL;
    int error = fill(dir);
    if (error != 0) {
      errno = error;
      return NULL;
    }
  }
  return &dir->entry;
}

int readdir_r(DIR *restrict dir, struct dirent *restrict entry,
              struct dirent **restrict result) {
  int before = errno;
  errno = 0;
  struct dirent *found = readdir(dir);
  int error = errno;
  errno = before;
  *result = NULL;
  if (error != 0) return error;
  if (found == NULL) return 0;
  *entry = *found;
  *result = entry;
  return 0;
}

long telldir(DIR *dir) { return (long)dir->next; }

void seekdir(DIR *dir, long where) {
  dir->next = (__wasi_dircookie_t)(unsigned long)where;
  dir->at = dir->used = 0;
  dir->last = false;
}

void rewinddir(DIR *dir) { seekdir(dir, 0); }
#endif

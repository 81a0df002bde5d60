/* Which preopened directory a path begins at: the one with the longest name
 * that is a part of it.
 *
 * "." and ".." are worked out here as far as no symbolic link can lie before
 * them: in the working directory, which is canonical, and down to the mounts.
 * The first component inside a mount may be a link, so it and what follows go
 * to the host as they are. */
#ifdef __EMSCRIPTEN__
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../base/stress.h"
#include "../host/host.h"

#define FIRST_PREOPEN 3

struct preopen {
  __wasi_fd_t fd;
  size_t name_bytes;
  char *name; /* without slashes at its ends; "" is the root */
};

static struct {
  struct preopen *preopens;
  size_t count;
  bool known; /* preopens is complete */
  char *cwd;  /* absolute, without a slash at its end but for "/" */
} paths;

/* ---- what the host gives ---- */

static int add_preopen(__wasi_fd_t fd, size_t name_bytes) {
  struct preopen *list =
      gs__realloc(paths.preopens, (paths.count + 1) * sizeof *list);
  if (list == NULL) return ENOMEM;
  paths.preopens = list;
  char *name = gs__malloc(name_bytes + 1);
  if (name == NULL) return ENOMEM;
  __wasi_errno_t error =
      __wasi_fd_prestat_dir_name(fd, (uint8_t *)name, name_bytes);
  if (error != 0) {
    free(name);
    return error;
  }
  size_t skip = 0;
  while (skip < name_bytes && name[skip] == '/') skip++;
  while (name_bytes > skip && name[name_bytes - 1] == '/') name_bytes--;
  memmove(name, name + skip, name_bytes - skip);
  name[name_bytes - skip] = '\0';
  list[paths.count++] = (struct preopen){fd, name_bytes - skip, name};
  return 0;
}

static int read_preopens(void) {
  for (__wasi_fd_t fd = FIRST_PREOPEN + (__wasi_fd_t)paths.count;; fd++) {
    __wasi_prestat_t prestat;
    if (__wasi_fd_prestat_get(fd, &prestat) != 0) break;
    int error = add_preopen(fd, prestat.u.dir.pr_name_len);
    if (error != 0) return error;
  }
  paths.known = true;
  return 0;
}

static int read_cwd(void) {
  int32_t bytes = gs__host_cwd(NULL, 0);
  char *text = gs__malloc((size_t)bytes + 1);
  if (text == NULL) return ENOMEM;
  gs__host_cwd(text, (size_t)bytes);
  text[bytes] = '\0';
  paths.cwd = text;
  return 0;
}

static int prepare(void) {
  int error = paths.known ? 0 : read_preopens();
  return error == 0 && paths.cwd == NULL ? read_cwd() : error;
}

const char *gs__path_cwd(void) { return prepare() == 0 ? paths.cwd : NULL; }

int gs__path_set_cwd(const char *path) {
  char *text = gs__malloc(strlen(path) + 1);
  if (text == NULL) return ENOMEM;
  strcpy(text, path);
  free(paths.cwd);
  paths.cwd = text;
  return 0;
}

const char *gs__path_preopen(int fd) {
  if (prepare() != 0) return NULL;
  for (size_t i = 0; i < paths.count; i++) {
    if (paths.preopens[i].fd == (__wasi_fd_t)fd) return paths.preopens[i].name;
  }
  return NULL;
}

/* ---- finding ---- */

/* Whether a whole number of components of `text` is `head`. */
static bool begins_with(const char *text, const char *head, size_t head_bytes) {
  if (head_bytes == 0) return true;
  return strncmp(text, head, head_bytes) == 0 &&
         (text[head_bytes] == '/' || text[head_bytes] == '\0');
}

/* Whether a directory is a mount or leads to one: no symbolic link. */
static bool is_above_mounts(const char *text, size_t bytes) {
  for (size_t i = 0; i < paths.count; i++) {
    if (begins_with(paths.preopens[i].name, text, bytes)) return true;
  }
  return false;
}

/* Appends to `text`, whose first `bytes` are canonical, what `name` adds. */
static void join(char *text, size_t bytes, const char *name) {
  while (*name != '\0') {
    while (*name == '/') name++;
    size_t length = strcspn(name, "/");
    bool dots = length > 0 && length <= 2 && strncmp(name, "..", length) == 0;
    if (length == 0) break;
    if (dots && length == 2) {
      while (bytes > 0 && text[bytes - 1] != '/') bytes--;
      if (bytes > 0) bytes--;
    }
    if (!dots) {
      if (bytes > 0) text[bytes++] = '/';
      memcpy(text + bytes, name, length);
      bytes += length;
      text[bytes] = '\0';
      if (!is_above_mounts(text, bytes)) {
        strcpy(text + bytes, name + length);
        return;
      }
    }
    name += length;
  }
  text[bytes] = '\0';
}

static int find(struct gs__path *path, const char *text) {
  const struct preopen *best = NULL;
  for (size_t i = 0; i < paths.count; i++) {
    const struct preopen *one = &paths.preopens[i];
    if (!begins_with(text, one->name, one->name_bytes)) continue;
    if (best == NULL || one->name_bytes > best->name_bytes) best = one;
  }
  if (best == NULL) return ENOENT;
  const char *rest = text + best->name_bytes;
  while (*rest == '/') rest++;
  path->fd = best->fd;
  path->name = *rest == '\0' ? "." : rest;
  path->name_bytes = strlen(path->name);
  return 0;
}

int gs__path_begin(struct gs__path *path, int dirfd, const char *name) {
  path->block = NULL;
  if (name == NULL) return EFAULT;
  if (*name == '\0') return ENOENT;
  if (*name != '/' && dirfd != AT_FDCWD) {
    path->fd = (__wasi_fd_t)dirfd;
    path->name = name;
    path->name_bytes = strlen(name);
    return dirfd < 0 ? EBADF : 0;
  }
  int error = prepare();
  if (error != 0) return error;
  const char *base = *name == '/' ? "" : paths.cwd + 1;
  size_t base_bytes = strlen(base);
  size_t room_bytes = base_bytes + strlen(name) + 2;
  char *text = path->room;
  if (room_bytes > sizeof path->room) {
    text = path->block = gs__malloc(room_bytes);
    if (text == NULL) return ENOMEM;
  }
  memcpy(text, base, base_bytes);
  text[base_bytes] = '\0';
  join(text, base_bytes, name);
  error = find(path, text);
  if (error != 0) gs__path_end(path);
  return error;
}

void gs__path_end(struct gs__path *path) { free(path->block); }
#endif

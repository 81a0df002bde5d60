/* The file manager's program: every operation on the volume in /files is a
 * function that the page calls, a goroutine with plain libc calls. Files come
 * in and go out by the page's own volume in /port, where each name is one
 * stream of bytes. Jobs run side by side; the page can cancel each. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gossamer/gossamer.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES "/files"
#define PORTS "/port"
/* Where files are until they are whole; what a killed tab left there goes. */
#define INCOMING_NAME ".incoming"
#define INCOMING FILES "/" INCOMING_NAME
#define PIECE_BYTES ((size_t)256 << 10)
#define STORED_AT_ONCE 4
#define ENTRIES_A_YIELD 64

/* What the page can watch and cancel. */
struct job {
  int id; /* the page's */
  gs_ctx *ctx;
  gs_ctx *outer;
  double done;      /* bytes copied, or entries removed */
  const char *path; /* what failed first, in the caller's arena */
  gs_arena *arena;  /* the caller's */
  struct job *next;
};

static struct job *jobs;
static int incoming; /* files that are being stored */

/* ---- jobs ---- */

static int job_begin(struct job *job, int id) {
  *job = (struct job){.id = id, .arena = gs_arena_own()};
  if (job->arena == NULL) return GS_ENOMEM;
  int error = gs_ctx_new(&job->ctx, gs_ctx_current());
  if (error != GS_OK) return error;
  job->outer = gs_ctx_enter(job->ctx);
  job->next = jobs;
  jobs = job;
  return GS_OK;
}

/* What the page is told: nothing, or the error's number and the path. */
static const char *job_end(struct job *job, int error) {
  if (job->ctx != NULL) {
    gs_ctx_leave(job->outer);
    gs_ctx_release(job->ctx);
    struct job **at = &jobs;
    while (*at != NULL && *at != job) at = &(*at)->next;
    if (*at == job) *at = job->next;
  }
  if (error == GS_OK) return "";
  const char *path = job->path != NULL ? job->path : "";
  const char *text = gs_arena_format(gs_arena_own(), "%d %s", -error, path);
  return text != NULL ? text : "48 "; /* ENOMEM */
}

static int failed_at(struct job *job, int error, const char *path) {
  if (error < 0 && error != GS_ECANCELED && job->path == NULL) {
    job->path = gs_arena_strdup(job->arena, path);
  }
  return error;
}

/* ---- storing ---- */

/* Makes all that was done so far durable: names as well as bytes. */
static int sync_names(void) {
  int directory = open(FILES, O_RDONLY | O_DIRECTORY);
  if (directory < 0) return -errno;
  int error = fsync(directory) < 0 ? -errno : GS_OK;
  close(directory);
  return error;
}

static int copy(struct job *job, int from, int to) {
  char *piece = malloc(PIECE_BYTES);
  int error = piece == NULL ? GS_ENOMEM : GS_OK;
  while (error == GS_OK) {
    ssize_t size = read(from, piece, PIECE_BYTES);
    if (size <= 0) {
      error = size < 0 ? -errno : GS_OK;
      break;
    }
    for (ssize_t at = 0; at < size && error == GS_OK;) {
      ssize_t written = write(to, piece + at, (size_t)(size - at));
      if (written < 0) error = -errno;
      at += written;
    }
    job->done += (double)size;
    if (error == GS_OK) error = gs_yield(); /* a cancelled job ends here */
  }
  free(piece);
  return error;
}

static int make_folder_at(const char *path) {
  return mkdir(path, 0777) < 0 && errno != EEXIST ? -errno : GS_OK;
}

static int make_parents(gs_arena *arena, const char *path) {
  char *part = gs_arena_strdup(arena, path);
  if (part == NULL) return GS_ENOMEM;
  for (char *at = part + strlen(FILES) + 1; *at != '\0'; at++) {
    if (*at != '/') continue;
    *at = '\0';
    int error = make_folder_at(part);
    if (error != GS_OK) return error;
    *at = '/';
  }
  return GS_OK;
}

/* A file has its name only when all of it is there and durable. */
static int store(struct job *job, int port, const char *path) {
  gs_arena *arena = gs_arena_own();
  char *source = gs_arena_format(arena, PORTS "/%d", port);
  char *part = gs_arena_format(arena, INCOMING "/%d-%d", job->id, port);
  if (source == NULL || part == NULL) return GS_ENOMEM;
  int error = make_parents(arena, path);
  if (error != GS_OK) return error;
  int from = open(source, O_RDONLY);
  if (from < 0) return -errno;
  int to = -1;
  if (incoming++ == 0) error = make_folder_at(INCOMING);
  if (error == GS_OK) to = open(part, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (error == GS_OK) error = to < 0 ? -errno : copy(job, from, to);
  if (error == GS_OK && fsync(to) < 0) error = -errno;
  close(from);
  if (to >= 0) close(to);
  if (error == GS_OK && rename(part, path) < 0) error = -errno;
  gs_ctx_shield(); /* a cancelled job clears up all the same */
  if (error != GS_OK) unlink(part);
  if (--incoming == 0) rmdir(INCOMING);
  gs_ctx_unshield();
  return error == GS_OK ? sync_names() : error;
}

/* One file of several, stored side by side. */
struct upload {
  struct job *job;
  int port;
  const char *path;
};

static int store_one(void *arg) {
  struct upload *upload = arg;
  int error = store(upload->job, upload->port, upload->path);
  return failed_at(upload->job, error, upload->path);
}

/* Stores the ports from `first` on under the paths, each with a NUL behind it,
 * and makes the folders that are missing. The first failure ends the job. */
GS_EXPORT(const char *, store_all, (int, id), (int, first),
          (const void *, paths), (int, size)) {
  struct job job;
  gs_group *group = NULL;
  int error = job_begin(&job, id);
  if (error == GS_OK) {
    struct gs_group_options options = {.limit = STORED_AT_ONCE};
    error = gs_group_new(&group, &options);
  }
  const char *path = paths;
  const char *end = path + size;
  for (int port = first; path < end && error == GS_OK; port++) {
    struct upload *upload = GS_ARENA_NEW(job.arena, struct upload);
    if (upload == NULL) {
      error = GS_ENOMEM;
      break;
    }
    *upload = (struct upload){&job, port, path};
    error = gs_group_go(group, store_one, upload);
    path += strlen(path) + 1;
  }
  int first_error = group != NULL ? gs_group_wait(group) : error;
  gs_group_release(group);
  return job_end(&job, first_error != GS_OK ? first_error : error);
}

/* Copies a file to a port. */
GS_EXPORT(const char *, fetch_file, (int, id), (const char *, path),
          (int, port)) {
  struct job job;
  int error = job_begin(&job, id);
  char *target =
      error == GS_OK ? gs_arena_format(job.arena, PORTS "/%d", port) : NULL;
  if (error == GS_OK && target == NULL) error = GS_ENOMEM;
  int from = -1;
  int to = -1;
  if (error == GS_OK && (to = open(target, O_WRONLY)) < 0) error = -errno;
  if (error == GS_OK && (from = open(path, O_RDONLY)) < 0) error = -errno;
  if (error == GS_OK) error = copy(&job, from, to);
  failed_at(&job, error, path);
  if (from >= 0) close(from);
  if (to >= 0) close(to);
  return job_end(&job, error);
}

/* ---- removing ---- */

/* A directory on the way down, and how long its path is. */
struct level {
  DIR *dir;
  size_t length;
};

/* The way from the top to where it is now. */
struct descent {
  struct level *levels;
  size_t count;
  size_t room;
  char *path;
  size_t path_room;
};

static int descend(struct descent *self) {
  if (self->count == self->room) {
    size_t room = self->room * 2 + 8;
    struct level *levels = realloc(self->levels, room * sizeof *levels);
    if (levels == NULL) return GS_ENOMEM;
    self->levels = levels;
    self->room = room;
  }
  DIR *dir = opendir(self->path);
  if (dir == NULL) return -errno;
  self->levels[self->count++] = (struct level){dir, strlen(self->path)};
  return GS_OK;
}

static int append(struct descent *self, size_t length, const char *name) {
  size_t size = length + strlen(name) + 2;
  if (size > self->path_room) {
    char *path = realloc(self->path, size * 2);
    if (path == NULL) return GS_ENOMEM;
    self->path = path;
    self->path_room = size * 2;
  }
  snprintf(self->path + length, size - length, "/%s", name);
  return GS_OK;
}

/* Takes away the next entry, or goes down into it, or up when none is left. */
static int remove_next(struct descent *self) {
  struct level *level = &self->levels[self->count - 1];
  errno = 0;
  struct dirent *entry = readdir(level->dir);
  if (entry == NULL) {
    if (errno != 0) return -errno;
    closedir(level->dir);
    self->path[level->length] = '\0';
    self->count--;
    return rmdir(self->path) < 0 ? -errno : GS_OK;
  }
  const char *name = entry->d_name;
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return GS_OK;
  int error = append(self, level->length, name);
  if (error != GS_OK) return error;
  if (entry->d_type == DT_DIR) return descend(self);
  return unlink(self->path) < 0 ? -errno : GS_OK;
}

static int remove_all(struct job *job, const char *path) {
  struct stat status;
  if (lstat(path, &status) < 0) return failed_at(job, -errno, path);
  if (!S_ISDIR(status.st_mode)) {
    job->done++;
    return unlink(path) < 0 ? failed_at(job, -errno, path) : GS_OK;
  }
  struct descent self = {.path = strdup(path), .path_room = strlen(path) + 1};
  int error = self.path == NULL ? GS_ENOMEM : descend(&self);
  for (int steps = 1; error == GS_OK && self.count > 0; steps++) {
    error = remove_next(&self);
    job->done++;
    if (error == GS_OK && steps % ENTRIES_A_YIELD == 0) error = gs_yield();
  }
  failed_at(job, error, self.path != NULL ? self.path : path);
  while (self.count > 0) closedir(self.levels[--self.count].dir);
  free(self.levels);
  free(self.path);
  return error;
}

/* A file, or a folder with all that is in it. */
GS_EXPORT(const char *, remove_path, (int, id), (const char *, path)) {
  struct job job;
  int error = job_begin(&job, id);
  if (error == GS_OK) error = remove_all(&job, path);
  int synced = sync_names();
  return job_end(&job, error != GS_OK ? error : synced);
}

/* ---- what is done at once: 0 or a negative error ---- */

GS_EXPORT(int, make_folder, (const char *, path)) {
  return mkdir(path, 0777) < 0 ? -errno : sync_names();
}

GS_EXPORT(int, make_file, (const char *, path)) {
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (file < 0) return -errno;
  close(file);
  return sync_names();
}

/* Never over something that is there already. */
GS_EXPORT(int, move_path, (const char *, from), (const char *, to)) {
  struct stat status;
  if (lstat(to, &status) == 0) return GS_EEXIST;
  int error = make_parents(gs_arena_own(), to);
  if (error != GS_OK) return error;
  return rename(from, to) < 0 ? -errno : sync_names();
}

/* How far a job is; -1 when there is none of that number. */
GS_EXPORT(double, progress, (int, id)) {
  for (struct job *job = jobs; job != NULL; job = job->next) {
    if (job->id == id) return job->done;
  }
  return -1;
}

GS_EXPORT_VOID(cancel, (int, id)) {
  for (struct job *job = jobs; job != NULL; job = job->next) {
    if (job->id == id) gs_ctx_cancel(job->ctx, 0);
  }
}

/* ---- looking: text for the page ---- */

/* A text that grows; a failed one stays NULL. */
struct text {
  char *bytes;
  size_t size;
  size_t room;
  bool failed;
};

static void put(struct text *text, const char *bytes, size_t size) {
  if (text->failed) return;
  if (text->size + size > text->room) {
    size_t room = (text->size + size) * 2;
    char *grown = realloc(text->bytes, room);
    if (grown == NULL) {
      text->failed = true;
      return;
    }
    text->bytes = grown;
    text->room = room;
  }
  memcpy(text->bytes + text->size, bytes, size);
  text->size += size;
}

static void put_json(struct text *text, const char *string) {
  put(text, "\"", 1);
  for (const char *at = string; *at != '\0'; at++) {
    unsigned char c = (unsigned char)*at;
    char escaped[8];
    int size = 1;
    escaped[0] = *at;
    if (c < 0x20 || c == '"' || c == '\\') {
      size = snprintf(escaped, sizeof escaped, "\\u%04x", c);
    }
    put(text, escaped, (size_t)size);
  }
  put(text, "\"", 1);
}

/* The text as the goroutine's own; NULL: no memory. */
static const char *finish(struct text *text) {
  put(text, "", 1);
  gs_arena *arena = gs_arena_own();
  const char *copied = text->failed || arena == NULL
                           ? NULL
                           : gs_arena_memdup(arena, text->bytes, text->size);
  free(text->bytes);
  return copied;
}

static void put_entry(struct text *text, const char *name,
                      const struct stat *status) {
  const char *type = S_ISDIR(status->st_mode)   ? "folder"
                     : S_ISLNK(status->st_mode) ? "link"
                                                : "file";
  char numbers[96];
  int size = snprintf(
      numbers, sizeof numbers, ",\"type\":\"%s\",\"bytes\":%lld,\"ms\":%lld}",
      type, (long long)status->st_size, (long long)status->st_mtime * 1000);
  put(text,
      text->size > 1 ? ",{\"name\":" : "{\"name\":", text->size > 1 ? 9 : 8);
  put_json(text, name);
  put(text, numbers, (size_t)size);
}

/* A folder's entries as JSON, or the error's number as text. */
GS_EXPORT(const char *, list_folder, (const char *, path)) {
  DIR *dir = opendir(path);
  int error = dir == NULL ? -errno : GS_OK;
  struct text text = {0};
  put(&text, "[", 1);
  for (int steps = 1; error == GS_OK; steps++) {
    errno = 0;
    struct dirent *entry = readdir(dir);
    if (entry == NULL) {
      error = -errno;
      break;
    }
    struct stat status;
    const char *name = entry->d_name;
    bool hidden =
        strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        (strcmp(path, FILES) == 0 && strcmp(name, INCOMING_NAME) == 0);
    if (hidden) continue;
    /* What has gone since is not there. */
    int flags = AT_SYMLINK_NOFOLLOW;
    if (fstatat(dirfd(dir), name, &status, flags) == 0) {
      put_entry(&text, name, &status);
    }
    if (steps % ENTRIES_A_YIELD == 0) error = gs_yield();
  }
  put(&text, "]", 1);
  if (dir != NULL) closedir(dir);
  const char *listed = finish(&text);
  if (listed == NULL) error = GS_ENOMEM;
  return error == GS_OK ? listed
                        : gs_arena_format(gs_arena_own(), "%d", -error);
}

/* For each of the paths, a NUL behind each: 1 when something is there. */
GS_EXPORT(const char *, which_exist, (const void *, paths), (int, size)) {
  struct text text = {0};
  const char *path = paths;
  for (const char *end = path + size; path < end; path += strlen(path) + 1) {
    struct stat status;
    put(&text, lstat(path, &status) == 0 ? "1" : "0", 1);
  }
  return finish(&text);
}

int main(void) {
  struct job job = {.arena = gs_arena_own()};
  remove_all(&job, INCOMING);
  return gs_serve();
}

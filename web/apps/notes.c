/* The notes' program: the page hands over what is typed, and one goroutine
 * stores it a moment later, as stdio has done it for ages: write a new file,
 * rename it over the old one, fsync. edit() returns when that has answered. */
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

#define NOTES "/notes"
#define TITLE_BYTES 120
#define PATH_BYTES 64
/* Typing is stored at most so long after a key; sooner when the page goes. */
#define GATHER_NS (300 * GS_MILLISECOND)

/* A note that was edited. */
struct note {
  int id;
  char *text; /* what was typed last; NULL: the note is gone */
  size_t size;
  int64_t edits;  /* how often it was edited */
  int64_t stored; /* the edit up to which it was tried to be stored */
  int error;      /* how that went */
  struct note *next;
};

static struct note *notes;
static gs_chan *edited;  /* somebody has typed */
static gs_chan *leaving; /* the page is hidden or left */
static gs_mutex disk;    /* one at a time changes files */
static gs_mutex state;   /* for `tried` */
static gs_cond tried;    /* a note was stored, or was not */

static void path_of(char path[PATH_BYTES], int id, const char *end) {
  snprintf(path, PATH_BYTES, NOTES "/%d.txt%s", id, end);
}

static struct note *find_note(int id) {
  for (struct note *note = notes; note != NULL; note = note->next) {
    if (note->id == id) return note;
  }
  return NULL;
}

static int sync_names(void) {
  int directory = open(NOTES, O_RDONLY | O_DIRECTORY);
  if (directory < 0) return -errno;
  int error = fsync(directory) < 0 ? -errno : GS_OK;
  close(directory);
  return error;
}

/* ---- storing ---- */

/* The note is either as it was or as it is now, whenever the tab is killed:
 * what this volume commits is always all that was done up to some point. So
 * the name may come before the fsync, and is there when a page that is left
 * has no time to wait for it. */
static int store(const char *path, const char *next, const char *text,
                 size_t size) {
  FILE *file = fopen(next, "w");
  if (file == NULL) return -errno;
  bool good = fwrite(text, 1, size, file) == size && fflush(file) == 0 &&
              rename(next, path) == 0 && fsync(fileno(file)) == 0;
  int error = good ? GS_OK : -errno;
  if (fclose(file) != 0 && error == GS_OK) error = -errno;
  return error;
}

/* All that was typed and not stored yet, or not with success. */
static void store_edited(void) {
  for (struct note *note = notes; note != NULL; note = note->next) {
    if (note->stored == note->edits && note->error == GS_OK) continue;
    int64_t edits = note->edits;
    char path[PATH_BYTES], next[PATH_BYTES];
    path_of(path, note->id, "");
    path_of(next, note->id, "~");
    /* It may be edited again meanwhile, and have another text. */
    char *text = note->text != NULL ? malloc(note->size + 1) : NULL;
    size_t size = note->size;
    int error = GS_OK;
    if (text != NULL) {
      memcpy(text, note->text, size);
      error = store(path, next, text, size);
    } else if (note->text != NULL) {
      error = GS_ENOMEM;
    }
    free(text);
    note->stored = edits;
    note->error = error;
    gs_cond_broadcast(&tried);
  }
}

static void keep_storing(void *arg) {
  (void)arg;
  while (gs_chan_recv(edited, NULL) > 0) {
    struct gs_signal_event event;
    gs_chan_recv_until(leaving, &event, gs_deadline(GATHER_NS));
    gs_mutex_lock(&disk);
    store_edited();
    gs_mutex_unlock(&disk);
  }
}

/* ---- what the page calls ---- */

/* Takes over what was typed. Returns when it is stored: 0, or why it is not;
 * what was typed stays, and is tried again with the next edit. */
GS_EXPORT(int, edit, (int, id), (const void *, text), (int, size)) {
  struct note *note = find_note(id);
  if (note == NULL) {
    note = calloc(1, sizeof *note);
    if (note == NULL) return GS_ENOMEM;
    note->id = id;
    note->next = notes;
    notes = note;
  }
  char *copied = malloc((size_t)size + 1);
  if (copied == NULL) return GS_ENOMEM;
  memcpy(copied, text, (size_t)size);
  free(note->text);
  note->text = copied;
  note->size = (size_t)size;
  int64_t mine = ++note->edits;
  char any = 0;
  gs_chan_try_send(edited, &any);
  gs_mutex_lock(&state);
  while (note->stored < mine) gs_cond_wait(&tried, &state);
  gs_mutex_unlock(&state);
  return note->error;
}

/* An empty note; its number, or a negative error. */
GS_EXPORT(int, make_note) {
  for (int id = 1;; id++) {
    char path[PATH_BYTES];
    path_of(path, id, "");
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file < 0 && errno == EEXIST) continue;
    if (file < 0) return -errno;
    int error = fsync(file) < 0 ? -errno : GS_OK;
    close(file);
    return error == GS_OK ? id : error;
  }
}

GS_EXPORT(int, remove_note, (int, id)) {
  char path[PATH_BYTES];
  path_of(path, id, "");
  gs_mutex_lock(&disk);
  struct note *note = find_note(id);
  if (note != NULL) {
    free(note->text);
    note->text = NULL; /* so that it is not stored again */
  }
  int error = unlink(path) < 0 ? -errno : sync_names();
  gs_mutex_unlock(&disk);
  return error;
}

/* A note's text; NULL: it cannot be read. */
GS_EXPORT(const char *, read_note, (int, id)) {
  char path[PATH_BYTES];
  path_of(path, id, "");
  struct stat status;
  FILE *file = fopen(path, "r");
  if (file == NULL) return NULL;
  char *text = NULL;
  if (fstat(fileno(file), &status) == 0) {
    size_t size = (size_t)status.st_size;
    text = gs_arena_alloc(gs_arena_own(), size + 1);
    if (text != NULL) text[fread(text, 1, size, file)] = '\0';
  }
  fclose(file);
  return text;
}

/* A list of notes as text, a line for each. */
struct list {
  char *lines;
  size_t size;
  bool failed;
};

/* Adds a note: its number, time and first line. */
static void put_note(struct list *list, int id) {
  char path[PATH_BYTES];
  path_of(path, id, "");
  struct stat status;
  FILE *file = fopen(path, "r");
  if (file == NULL) return;
  char title[TITLE_BYTES] = "";
  if (fgets(title, sizeof title, file) != NULL) {
    title[strcspn(title, "\n")] = '\0';
  }
  long long ms = 0;
  if (fstat(fileno(file), &status) == 0) {
    ms = (long long)status.st_mtim.tv_sec * 1000 +
         status.st_mtim.tv_nsec / 1000000;
  }
  fclose(file);
  char line[TITLE_BYTES + 48];
  int length = snprintf(line, sizeof line, "%d %lld %s\n", id, ms, title);
  char *lines = realloc(list->lines, list->size + (size_t)length + 1);
  if (lines == NULL) {
    list->failed = true;
    return;
  }
  memcpy(lines + list->size, line, (size_t)length + 1);
  list->lines = lines;
  list->size += (size_t)length;
}

/* A line for each note: number, time in milliseconds, first line. NULL: they
 * cannot be read. */
GS_EXPORT(const char *, list_notes) {
  DIR *dir = opendir(NOTES);
  if (dir == NULL) return NULL;
  struct list list = {0};
  struct dirent *entry;
  while (!list.failed && (entry = readdir(dir)) != NULL) {
    char *end;
    long id = strtol(entry->d_name, &end, 10);
    if (id > 0 && strcmp(end, ".txt") == 0) put_note(&list, (int)id);
  }
  closedir(dir);
  const char *lines = list.lines != NULL ? list.lines : "";
  const char *copied =
      list.failed ? NULL : gs_arena_strdup(gs_arena_own(), lines);
  free(list.lines);
  return copied;
}

int main(void) {
  uint32_t signals = GS_SIGNAL_HIDDEN | GS_SIGNAL_FREEZE | GS_SIGNAL_PAGEHIDE;
  if (gs_chan_new(&edited, 1, 1) < 0) return 1;
  if (gs_signal_chan(&leaving, signals, 1) < 0) return 1;
  if (gs_go(keep_storing, NULL) < 0) return 1;
  return gs_serve();
}

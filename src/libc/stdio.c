/* What a FILE calls to reach its descriptor, by turns: see turn.h. Linked with
 * --wrap, so that libc's own functions do the work; of a FILE only its first
 * members are known, which musl has not moved in ten years. In a program in
 * which nothing parks, these are libc's functions and nothing else. */
#ifdef __EMSCRIPTEN__
#pragma weak gs__turn_begin
#pragma weak gs__turn_end
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "turn.h"

/* The beginning of musl's struct _IO_FILE. */
struct file {
  unsigned flags;
  unsigned char *read_at;
  unsigned char *read_end; /* NULL: nothing is being read */
  int (*close)(FILE *file);
  unsigned char *write_end; /* of the buffer; NULL: nothing is being written */
  unsigned char *write_at;
  unsigned char *unused;
  unsigned char *write_begin;
};

#define FLAG_PERMANENT 1 /* fclose() frees nothing */
#define FLAG_ERROR 32
/* Ours: it is permanent only because it could not be closed just then. */
#define FLAG_KEPT (1u << 30)

size_t __real___stdio_read(FILE *file, unsigned char *buf, size_t bytes);
size_t __real___stdio_write(FILE *file, const unsigned char *buf, size_t bytes);
off_t __real___stdio_seek(FILE *file, off_t offset, int whence);
int __real___stdio_close(FILE *file);

size_t __wrap___stdio_read(FILE *file, unsigned char *buf, size_t bytes);
size_t __wrap___stdio_write(FILE *file, const unsigned char *buf, size_t bytes);
off_t __wrap___stdio_seek(FILE *file, off_t offset, int whence);
int __wrap___stdio_close(FILE *file);

static struct file *inside(FILE *file) { return (struct file *)(void *)file; }

static int begin(struct gs__turn *turn, FILE *file, enum gs__turn_kind kind) {
  int error = gs__turn_begin(turn, file, kind);
  if (error == GS_OK) return 0;
  errno = -error; /* GS_E* are negative errno numbers */
  return -1;
}

static void end(struct gs__turn *turn, FILE *file) {
  struct file *f = inside(file);
  if ((f->flags & FLAG_KEPT) != 0) {
    f->flags &= ~(FLAG_KEPT | (unsigned)FLAG_PERMANENT);
  }
  gs__turn_end(turn);
}

/* What those before have left in the buffer. */
static size_t take(struct file *f, unsigned char *buf, size_t bytes) {
  size_t there = (size_t)(f->read_end - f->read_at);
  if (bytes > there) bytes = there;
  memcpy(buf, f->read_at, bytes);
  f->read_at += bytes;
  return bytes;
}

size_t __wrap___stdio_read(FILE *file, unsigned char *buf, size_t bytes) {
  if (gs__turn_begin == NULL) return __real___stdio_read(file, buf, bytes);
  struct file *f = inside(file);
  struct gs__turn turn;
  if (begin(&turn, file, GS__TURN_READS) != 0) {
    f->flags |= FLAG_ERROR;
    return 0;
  }
  size_t got = turn.waited && f->read_at != f->read_end
                   ? take(f, buf, bytes)
                   : __real___stdio_read(file, buf, bytes);
  end(&turn, file);
  return got;
}

size_t __wrap___stdio_write(FILE *file, const unsigned char *buf,
                            size_t bytes) {
  if (gs__turn_begin == NULL) return __real___stdio_write(file, buf, bytes);
  struct file *f = inside(file);
  struct gs__turn turn;
  if (begin(&turn, file, GS__TURN_WRITES) != 0) {
    f->flags |= FLAG_ERROR;
    return 0;
  }
  /* Whoever writes meanwhile finds no room and comes here too. */
  f->write_end = f->write_at;
  size_t done = __real___stdio_write(file, buf, bytes);
  end(&turn, file);
  return done;
}

off_t __wrap___stdio_seek(FILE *file, off_t offset, int whence) {
  if (gs__turn_begin == NULL) return __real___stdio_seek(file, offset, whence);
  struct file *f = inside(file);
  struct gs__turn turn;
  if (begin(&turn, file, GS__TURN_SEEKS) != 0) return -1;
  if (turn.waited && f->read_end != NULL) {
    /* The caller's offset knows nothing of what was read ahead since. */
    if (whence == SEEK_CUR) offset -= f->read_end - f->read_at;
    f->read_at = f->read_end = NULL;
  }
  off_t position = __real___stdio_seek(file, offset, whence);
  end(&turn, file);
  return position;
}

int __wrap___stdio_close(FILE *file) {
  if (gs__turn_begin == NULL) return __real___stdio_close(file);
  struct file *f = inside(file);
  struct gs__turn turn;
  if (begin(&turn, file, GS__TURN_CLOSES) != 0) {
    /* fclose() would free it now. */
    bool permanent = (f->flags & FLAG_PERMANENT) != 0;
    if (!permanent) f->flags |= FLAG_PERMANENT | FLAG_KEPT;
    return -1;
  }
  int error = __real___stdio_close(file);
  gs__turn_end(&turn);
  return error;
}
#endif

/* statvfs() and its kin. Preview1 has no such call: the host is asked, which
 * knows how much a volume has taken and has left. ENOTSUP where it does not. */
#ifdef __EMSCRIPTEN__
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "result.h"

#define PAGE_BYTES 4096
#define NAME_BYTES 255 /* the longest name that a volume takes */

static int end(int32_t answer) {
  if (answer == GS__PENDING) return gs__wasi_wait("statvfs");
  return (int)answer;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static int convert(int error, const struct gs__space *from,
                   struct statvfs *to) {
  if (error != 0) return gs__libc_result(error);
  uint64_t most = (fsblkcnt_t)-1;
  uint64_t block_bytes = PAGE_BYTES;
  while (from->total_bytes / block_bytes > most) block_bytes *= 2;
  uint64_t free_blocks = from->free_bytes / block_bytes;
  /* As many files as there are blocks: each takes one at least. */
  uint64_t files = least(from->nodes + free_blocks, (fsfilcnt_t)-1);
  uint64_t free_files = least(free_blocks, files);
  *to = (struct statvfs){
      .f_bsize = PAGE_BYTES,
      .f_frsize = (unsigned long)block_bytes,
      .f_blocks = (fsblkcnt_t)(from->total_bytes / block_bytes),
      .f_bfree = (fsblkcnt_t)free_blocks,
      .f_bavail = (fsblkcnt_t)free_blocks,
      .f_files = (fsfilcnt_t)files,
      .f_ffree = (fsfilcnt_t)free_files,
      .f_favail = (fsfilcnt_t)free_files,
      .f_fsid = (unsigned long)from->device,
      .f_flag = ST_NOSUID | (from->flags != 0 ? ST_RDONLY : 0),
      .f_namemax = NAME_BYTES,
  };
  return 0;
}

int statvfs(const char *restrict name, struct statvfs *restrict to) {
  struct gs__path path;
  struct gs__space space;
  int error = gs__path_begin(&path, AT_FDCWD, name);
  if (error != 0) return gs__libc_result(error);
  error =
      end(gs__host_volume_space(path.fd, path.name, path.name_bytes, &space));
  gs__path_end(&path);
  return convert(error, &space, to);
}

int fstatvfs(int fd, struct statvfs *to) {
  struct gs__space space;
  int error = end(gs__host_volume_space((uint32_t)fd, NULL, 0, &space));
  return convert(error, &space, to);
}

/* ---- Linux's ---- */

static int as_linux(int result, const struct statvfs *from, struct statfs *to) {
  if (result != 0) return result;
  *to = (struct statfs){
      .f_bsize = from->f_frsize, /* what Linux counts blocks in */
      .f_frsize = from->f_frsize,
      .f_blocks = from->f_blocks,
      .f_bfree = from->f_bfree,
      .f_bavail = from->f_bavail,
      .f_files = from->f_files,
      .f_ffree = from->f_ffree,
      .f_fsid = {{(int)from->f_fsid, 0}},
      .f_namelen = from->f_namemax,
      .f_flags = from->f_flag,
  };
  return 0;
}

int statfs(const char *name, struct statfs *to) {
  struct statvfs from;
  return as_linux(statvfs(name, &from), &from, to);
}

int fstatfs(int fd, struct statfs *to) {
  struct statvfs from;
  return as_linux(fstatvfs(fd, &from), &from, to);
}
#endif

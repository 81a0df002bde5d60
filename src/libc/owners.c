/* What WASI has nothing for: permissions, owners, special files. The calls say
 * so, instead of being missing when a program is linked. */
#ifdef __EMSCRIPTEN__
#define _GNU_SOURCE
#include <sys/stat.h>
#include <unistd.h>

#include "result.h"

static int unsupported(void) { return gs__libc_result(ENOTSUP); }

int chmod(const char *name, mode_t mode) {
  (void)name;
  (void)mode;
  return unsupported();
}

int fchmod(int fd, mode_t mode) {
  (void)fd;
  (void)mode;
  return unsupported();
}

int fchmodat(int dirfd, const char *name, mode_t mode, int flags) {
  (void)dirfd;
  (void)name;
  (void)mode;
  (void)flags;
  return unsupported();
}

int chown(const char *name, uid_t owner, gid_t group) {
  (void)name;
  (void)owner;
  (void)group;
  return unsupported();
}

int lchown(const char *name, uid_t owner, gid_t group) {
  return chown(name, owner, group);
}

int fchown(int fd, uid_t owner, gid_t group) {
  (void)fd;
  (void)owner;
  (void)group;
  return unsupported();
}

int fchownat(int dirfd, const char *name, uid_t owner, gid_t group, int flags) {
  (void)dirfd;
  (void)flags;
  return chown(name, owner, group);
}

int mknod(const char *name, mode_t mode, dev_t device) {
  (void)name;
  (void)mode;
  (void)device;
  return unsupported();
}

int mkfifo(const char *name, mode_t mode) { return mknod(name, mode, 0); }
#endif

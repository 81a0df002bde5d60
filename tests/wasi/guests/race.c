/* Two programs share a tree: "mover" puts a directory elsewhere, and a link in
 * the place of a directory, while "walker" follows paths through them from a
 * directory, out of which no path may lead. A file beside that directory holds
 * "secret"; the walker ends with 1 when it was let at it. */
#include <stdlib.h>
#include <string.h>

#include "wasi.h"

enum { ROUNDS = 400, MOUNT = 3 };

#define PATH(text) (text), (uint32_t)strlen(text)

static uint32_t inner;

static void say(const char *text) {
  uint32_t size = 0;
  struct w_iovec iov = {text, (uint32_t)strlen(text)};
  (void)w_fd_write(1, &iov, 1, &size);
}

/* Whatever is not there just now: the other one may have moved it. */
static void ignore(int32_t err) { (void)err; }

static int move(void) {
  for (int i = 0; i < ROUNDS; i++) {
    ignore(w_path_rename(MOUNT, PATH("in/deep/x"), MOUNT, PATH("x")));
    ignore(w_sched_yield());
    ignore(w_path_rename(MOUNT, PATH("x"), MOUNT, PATH("in/deep/x")));
    ignore(w_path_rename(MOUNT, PATH("in/t"), MOUNT, PATH("in/kept")));
    ignore(w_path_symlink(PATH("../beside"), MOUNT, PATH("in/t")));
    ignore(w_sched_yield());
    ignore(w_path_unlink_file(MOUNT, PATH("in/t")));
    ignore(w_path_rename(MOUNT, PATH("in/kept"), MOUNT, PATH("in/t")));
  }
  say("moved");
  return 0;
}

/* Whether a path was opened that leads to the secret. */
static int leaks(const char *path, uint32_t lookup) {
  uint32_t fd = 0;
  if (w_path_open(inner, lookup, PATH(path), 0, W_R_FD_READ, 0, 0, &fd) != 0) {
    return 0;
  }
  char text[16] = "";
  uint32_t size = 0;
  struct w_iovec iov = {text, sizeof text - 1};
  ignore(w_fd_read(fd, &iov, 1, &size));
  ignore(w_fd_close(fd));
  return strncmp(text, "secret", 6) == 0;
}

static int makes(const char *path) {
  uint32_t fd = 0;
  if (w_path_open(inner, W_FOLLOW, PATH(path), W_CREAT, W_R_FD_WRITE, 0, 0,
                  &fd) == 0) {
    ignore(w_fd_close(fd));
  }
  ignore(w_path_create_directory(inner, PATH("t/made")));
  return w_path_unlink_file(MOUNT, PATH("beside/made")) == 0 ||
         w_path_remove_directory(MOUNT, PATH("beside/made")) == 0;
}

static int walk(void) {
  int found = 0;
  int reached = 0;
  for (int i = 0; i < ROUNDS; i++) {
    found += leaks("deep/x/../../secret", W_NOFOLLOW);
    found += leaks("deep/x/y/../../../secret", W_FOLLOW);
    found += leaks("deep/x/../beside/secret", W_FOLLOW);
    found += leaks("t/secret", W_NOFOLLOW);
    found += leaks("t/secret", W_FOLLOW);
    found += leaks("t/../secret", W_FOLLOW);
    found += makes("t/made");
    uint32_t fd = 0;
    if (w_path_open(inner, 0, PATH("t/f"), 0, W_R_FD_READ, 0, 0, &fd) == 0) {
      reached++;
      ignore(w_fd_close(fd));
    }
  }
  if (reached == 0) say("never got anywhere");
  say(found == 0 ? "walked" : "LEAKED");
  return found == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
  struct w_fdstat from;
  if (argc < 2 || w_fd_fdstat_get(MOUNT, &from) != 0) return 2;
  if (w_path_open(MOUNT, 0, PATH("in"), W_DIRECTORY, from.rights_base,
                  from.rights_inheriting, 0, &inner) != 0) {
    return 3;
  }
  return strcmp(argv[1], "mover") == 0 ? move() : walk();
}

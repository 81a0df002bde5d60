/* Ends in the way that its first argument says, with the number that is the
 * second: programs.js says what must come of it. */
#include <stdlib.h>
#include <string.h>

#include "wasi.h"

static void say(const char *text) {
  uint32_t size = 0;
  struct w_iovec iov = {text, (uint32_t)strlen(text)};
  (void)w_fd_write(1, &iov, 1, &size);
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "";
  int number = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
  say("begun");
  if (strcmp(how, "exit") == 0) w_proc_exit((uint32_t)number);
  if (strcmp(how, "libc") == 0) exit(number);
  if (strcmp(how, "trap") == 0) __builtin_trap();
  if (strcmp(how, "raise") == 0) {
    int32_t err = w_proc_raise((uint32_t)number);
    if (err == W_EINVAL) say(" EINVAL");
    if (err == W_ENOSYS) say(" ENOSYS");
  }
  say(" ended");
  return number;
}

/* The standard streams as descriptors. The report goes to standard output,
 * which is why that one is left where it is. */
#include "check.h"

static struct w_fdstat fdstat;
static uint32_t size;

CASE(fd_fdstat_get_of_the_standard_streams) {
  static const uint64_t NEEDED[] = {W_R_FD_READ, W_R_FD_WRITE, W_R_FD_WRITE};
  for (uint32_t fd = 0; fd < 3; fd++) {
    NEED(w_fd_fdstat_get(fd, &fdstat));
    WANT_TRUE(fdstat.filetype != W_TYPE_DIRECTORY);
    WANT_TRUE(fdstat.filetype != W_TYPE_FILE);
    WANT_NUMBER(fdstat.rights_base & NEEDED[fd], NEEDED[fd]);
    WANT_NUMBER(fdstat.flags & W_APPEND, 0);
  }
}

/* Libraries take a character device that cannot be sought in for a terminal. */
CASE(fd_fdstat_get_tells_that_a_pipe_is_no_terminal) {
  for (uint32_t fd = 0; fd < 3; fd++) {
    NEED(w_fd_fdstat_get(fd, &fdstat));
    WANT_TRUE(fdstat.filetype != W_TYPE_CHARACTER_DEVICE);
  }
}

CASE(fd_read_of_standard_input_goes_to_its_end) {
  char buf[64];
  uint32_t total = 0;
  do {
    NEED(read_some(0, buf + total, 5, &size));
    total += size;
    NEED_TRUE(total < sizeof buf - 5);
  } while (size > 0);
  WANT_NUMBER(total, 12);
  WANT_BYTES(buf, "some\nwords\n.", 12);
  WANT_OK(read_some(0, buf, 5, &size));
  WANT_NUMBER(size, 0);
}

CASE(fd_write_to_standard_error) {
  WANT_OK(write_text(2, ""));
  struct w_iovec iov[] = {{"", 0}, {"", 0}};
  size = 9;
  WANT_OK(w_fd_write(2, iov, 2, &size));
  WANT_NUMBER(size, 0);
}

CASE(fd_read_from_output_and_fd_write_to_input) {
  char byte;
  WANT(read_some(1, &byte, 1, &size), W_EBADF, W_ENOTCAPABLE);
  WANT(write_text(0, "x"), W_EBADF, W_ENOTCAPABLE);
}

CASE(fd_renumber_of_the_standard_streams) {
  for (uint32_t fd = 0; fd < 3; fd += 2) {
    uint32_t to = 0;
    NEED(open_at(dir, "f", W_CREAT, &to));
    struct w_fdstat before;
    NEED(w_fd_fdstat_get(fd, &before));
    NEED(w_fd_renumber(fd, to));
    NEED(w_fd_fdstat_get(to, &fdstat));
    WANT_NUMBER(fdstat.filetype, before.filetype);
    WANT_NUMBER(fdstat.rights_base, before.rights_base);
    WANT(w_fd_fdstat_get(fd, &fdstat), W_EBADF);
  }
}

/* Number 0 went to the second file of the case before, and so to what was
 * standard error; 2 is free, and the first that is opened has it: `dir`. */
CASE(path_open_takes_the_number_of_a_moved_stream) {
  WANT_NUMBER(dir, 2);
  uint32_t fd = 77;
  WANT_OK(w_fd_close(0));
  NEED(open_at(dir, "g", W_CREAT, &fd));
  WANT_NUMBER(fd, 0);
  NEED(write_text(fd, "a file"));
  WANT_FILE(dir, "g", "a file");
}

/* Runs the cases of a guest and reports them on standard output, a line each:
 * "ok NAME", "skip NAME: why" or "not ok NAME", after a line "# FILE:LINE ..."
 * for every failed check. Arguments "case:NAME" choose
 * cases, and "skip:NAME" leaves one out; without any, all run. */
#include "check.h"

#include <stdio.h>

static struct check_case *cases;
static struct check_case **end = &cases;
static const char *skipped;
static int failures;
static const char *running = "";

uint32_t dir;
uint32_t work = 3;
uint32_t side = 4;
uint32_t kept = 4;
struct w_fdstat dir_rights;

enum { STDOUT = 1, FD_LIMIT = 64 };

void check_add(struct check_case *one) {
  *end = one;
  end = &one->next;
}

static void say(const char *text) {
  uint32_t size = (uint32_t)strlen(text);
  while (size > 0) {
    uint32_t written = 0;
    struct w_iovec iov = {text, size};
    if (w_fd_write(STDOUT, &iov, 1, &written) != 0 || written == 0) return;
    text += written;
    size -= written;
  }
}

static const char *const NAMES[] = {"SUCCESS",
                                    "2BIG",
                                    "ACCES",
                                    "ADDRINUSE",
                                    "ADDRNOTAVAIL",
                                    "AFNOSUPPORT",
                                    "AGAIN",
                                    "ALREADY",
                                    "BADF",
                                    "BADMSG",
                                    "BUSY",
                                    "CANCELED",
                                    "CHILD",
                                    "CONNABORTED",
                                    "CONNREFUSED",
                                    "CONNRESET",
                                    "DEADLK",
                                    "DESTADDRREQ",
                                    "DOM",
                                    "DQUOT",
                                    "EXIST",
                                    "FAULT",
                                    "FBIG",
                                    "HOSTUNREACH",
                                    "IDRM",
                                    "ILSEQ",
                                    "INPROGRESS",
                                    "INTR",
                                    "INVAL",
                                    "IO",
                                    "ISCONN",
                                    "ISDIR",
                                    "LOOP",
                                    "MFILE",
                                    "MLINK",
                                    "MSGSIZE",
                                    "MULTIHOP",
                                    "NAMETOOLONG",
                                    "NETDOWN",
                                    "NETRESET",
                                    "NETUNREACH",
                                    "NFILE",
                                    "NOBUFS",
                                    "NODEV",
                                    "NOENT",
                                    "NOEXEC",
                                    "NOLCK",
                                    "NOLINK",
                                    "NOMEM",
                                    "NOMSG",
                                    "NOPROTOOPT",
                                    "NOSPC",
                                    "NOSYS",
                                    "NOTCONN",
                                    "NOTDIR",
                                    "NOTEMPTY",
                                    "NOTRECOVERABLE",
                                    "NOTSOCK",
                                    "NOTSUP",
                                    "NOTTY",
                                    "NXIO",
                                    "OVERFLOW",
                                    "OWNERDEAD",
                                    "PERM",
                                    "PIPE",
                                    "PROTO",
                                    "PROTONOSUPPORT",
                                    "PROTOTYPE",
                                    "RANGE",
                                    "ROFS",
                                    "SPIPE",
                                    "SRCH",
                                    "STALE",
                                    "TIMEDOUT",
                                    "TXTBSY",
                                    "XDEV",
                                    "NOTCAPABLE"};
_Static_assert(sizeof NAMES / sizeof *NAMES == W_ERRNO_COUNT, "a name each");

static const char *errno_name(int32_t number) {
  if (number < 0 || number >= W_ERRNO_COUNT) return "no errno at all";
  return NAMES[number];
}

bool check_errno(int line, const char *text, int32_t got, int count,
                 const int32_t *wanted) {
  for (int i = 0; i < count; i++) {
    if (got == wanted[i]) return true;
  }
  char names[200] = "";
  for (int i = 0; i < count; i++) {
    if (i > 0) strncat(names, " or E", sizeof names - strlen(names) - 1);
    strncat(names, errno_name(wanted[i]), sizeof names - strlen(names) - 1);
  }
  char message[600];
  snprintf(message, sizeof message, "# line %d: %s answers E%s (%d), not E%s\n",
           line, text, errno_name(got), (int)got, names);
  say(message);
  failures++;
  return false;
}

bool check_number(int line, const char *text, uint64_t got, uint64_t wanted) {
  if (got == wanted) return true;
  char message[400];
  snprintf(message, sizeof message, "# line %d: %s is %llu, not %llu\n", line,
           text, (unsigned long long)got, (unsigned long long)wanted);
  say(message);
  failures++;
  return false;
}

bool check_bytes(int line, const char *text, const void *got,
                 const void *wanted, size_t size) {
  if (memcmp(got, wanted, size) == 0) return true;
  size_t at = 0;
  while (((const char *)got)[at] == ((const char *)wanted)[at]) at++;
  char message[400];
  snprintf(message, sizeof message,
           "# line %d: %s differs at byte %u of %u: 0x%02x, not 0x%02x\n", line,
           text, (unsigned)at, (unsigned)size, ((const uint8_t *)got)[at],
           ((const uint8_t *)wanted)[at]);
  say(message);
  failures++;
  return false;
}

bool check_true(int line, const char *text, bool got) {
  if (got) return true;
  char message[400];
  snprintf(message, sizeof message, "# line %d: not so: %s\n", line, text);
  say(message);
  failures++;
  return false;
}

int check_failures(void) { return failures; }

const char *check_name(void) { return running; }

void check_note(const char *text) {
  say("# with ");
  say(text);
  say("\n");
}

void ask(const char *what) {
  say("? ");
  say(what);
  say("\n");
}

void check_skip(const char *why) { skipped = why; }

int32_t open_with(uint32_t at, const char *path, uint32_t oflags,
                  uint64_t rights, uint32_t *opened) {
  return w_path_open(at, W_NOFOLLOW, PATH(path), oflags, rights, 0, 0, opened);
}

/* The rights that make no sense on a directory are left out: asking for them
 * is refused by hosts whose directories can be opened for reading alone. */
static const uint64_t FILE_RIGHTS =
    W_R_FD_DATASYNC | W_R_FD_READ | W_R_FD_SEEK | W_R_FD_FDSTAT_SET_FLAGS |
    W_R_FD_SYNC | W_R_FD_TELL | W_R_FD_WRITE | W_R_FD_ADVISE | W_R_FD_ALLOCATE |
    W_R_FD_FILESTAT_GET | W_R_FD_FILESTAT_SET_SIZE | W_R_FD_FILESTAT_SET_TIMES |
    W_R_POLL_FD_READWRITE;

int32_t open_at(uint32_t at, const char *path, uint32_t oflags,
                uint32_t *opened) {
  struct w_fdstat from;
  int32_t err = w_fd_fdstat_get(at, &from);
  if (err != 0) return err;
  if ((oflags & W_DIRECTORY) != 0) {
    return w_path_open(at, W_NOFOLLOW, PATH(path), oflags, from.rights_base,
                       from.rights_inheriting, 0, opened);
  }
  return w_path_open(at, W_NOFOLLOW, PATH(path), oflags,
                     FILE_RIGHTS & from.rights_inheriting, 0, 0, opened);
}

int32_t write_text(uint32_t fd, const char *text) {
  uint32_t written = 0;
  struct w_iovec iov = {text, (uint32_t)strlen(text)};
  int32_t err = w_fd_write(fd, &iov, 1, &written);
  if (err == 0 && written != iov.len) return W_EIO;
  return err;
}

int32_t read_some(uint32_t fd, void *buf, uint32_t len, uint32_t *size) {
  struct w_iovec iov = {buf, len};
  return w_fd_read(fd, &iov, 1, size);
}

int32_t put_file(uint32_t at, const char *path, const char *text) {
  uint32_t fd = 0;
  int32_t err = open_at(at, path, W_CREAT | W_TRUNC, &fd);
  if (err != 0) return err;
  if (text[0] != '\0') err = write_text(fd, text);
  int32_t closed = w_fd_close(fd);
  return err != 0 ? err : closed;
}

bool check_file(int line, uint32_t at, const char *path, const char *text) {
  uint32_t fd = 0;
  const int32_t ok[] = {W_ESUCCESS};
  if (!check_errno(line, path, open_at(at, path, 0, &fd), 1, ok)) return false;
  char buf[512];
  uint32_t size = 0;
  int32_t err = read_some(fd, buf, sizeof buf, &size);
  (void)w_fd_close(fd);
  return check_errno(line, path, err, 1, ok) &&
         check_number(line, path, size, strlen(text)) &&
         check_bytes(line, path, buf, text, size);
}

uint64_t size_of(uint32_t fd) {
  struct w_filestat stat;
  return w_fd_filestat_get(fd, &stat) == 0 ? stat.size : UINT64_MAX;
}

int32_t make_dir(uint32_t at, const char *path) {
  return w_path_create_directory(at, PATH(path));
}

int32_t make_link(const char *target, uint32_t at, const char *path) {
  return w_path_symlink(PATH(target), at, PATH(path));
}

int32_t stat_at(uint32_t at, const char *path, struct w_filestat *stat) {
  return w_path_filestat_get(at, W_NOFOLLOW, PATH(path), stat);
}

int32_t unlink_at(uint32_t at, const char *path) {
  return w_path_unlink_file(at, PATH(path));
}

int32_t rmdir_at(uint32_t at, const char *path) {
  return w_path_remove_directory(at, PATH(path));
}

int32_t exists(uint32_t at, const char *path) {
  struct w_filestat stat;
  return stat_at(at, path, &stat);
}

/* The case's own directory, or the mount itself where there is none. */
static void enter(const char *name) {
  dir = UINT32_MAX;
  struct w_fdstat root;
  if (w_fd_fdstat_get(work, &root) != 0) return;
  if (make_dir(work, name) != 0) return;
  (void)w_path_open(work, W_NOFOLLOW, PATH(name), W_DIRECTORY, root.rights_base,
                    root.rights_inheriting, 0, &dir);
  (void)w_fd_fdstat_get(dir, &dir_rights);
}

static void run(const struct check_case *one) {
  char message[300];
  running = one->name;
  skipped = NULL;
  failures = 0;
  snprintf(message, sizeof message, "# in %s\n", one->name);
  say(message);
  enter(one->name);
  one->run();
  for (uint32_t fd = kept + 1; fd < FD_LIMIT; fd++) (void)w_fd_close(fd);
  snprintf(message, sizeof message, "%s %s%s%s\n",
           failures > 0 ? "not ok" : (skipped != NULL ? "skip" : "ok"),
           one->name, skipped != NULL ? ": " : "",
           skipped != NULL ? skipped : "");
  say(message);
}

static char *args[16];
static char arg_text[1024];
static uint32_t arg_count;

/* Asked for here and not by libc: a guest may be about arguments itself. */
static void read_args(void) {
  uint32_t size = 0;
  if (w_args_sizes_get(&arg_count, &size) != 0) arg_count = 0;
  if (arg_count > sizeof args / sizeof *args || size > sizeof arg_text) {
    arg_count = 0;
  }
  if (arg_count > 0 && w_args_get(args, arg_text) != 0) arg_count = 0;
}

static bool is(const char *arg, const char *prefix, const char *name) {
  size_t size = strlen(prefix);
  return strncmp(arg, prefix, size) == 0 && strcmp(arg + size, name) == 0;
}

/* Whether a case was chosen, or none was and it is not to be left out. */
static bool wanted(const char *name) {
  bool others = false;
  for (uint32_t i = 1; i < arg_count; i++) {
    if (is(args[i], "case:", name)) return true;
    if (is(args[i], "skip:", name)) return false;
    others |= strncmp(args[i], "case:", strlen("case:")) == 0;
  }
  return !others;
}

int main(void) {
  read_args();
  for (const struct check_case *one = cases; one != NULL; one = one->next) {
    if (wanted(one->name)) run(one);
  }
  say("# done\n");
  return 0;
}

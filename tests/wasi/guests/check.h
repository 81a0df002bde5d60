/* Checks for the guests of the conformance suite. A case is a function; it
 * runs in an empty directory of its own (`dir`), and what it left open is
 * closed after it. A failed check says what was called, what was answered and
 * what was wanted; the case goes on, so that one run tells all. */
#ifndef GUEST_CHECK_H
#define GUEST_CHECK_H

#include <stdbool.h>
#include <string.h>

#include "wasi.h"

struct check_case {
  const char *name;
  void (*run)(void);
  struct check_case *next;
};

void check_add(struct check_case *one);

/* A case; its name is `<WASI function>_<what it must do>`. */
#define CASE(id)                                              \
  static void id(void);                                       \
  __attribute__((constructor)) static void check_##id(void) { \
    static struct check_case one = {#id, id, NULL};           \
    check_add(&one);                                          \
  }                                                           \
  static void id(void)

bool check_errno(int line, const char *text, int32_t got, int count,
                 const int32_t *wanted);
bool check_number(int line, const char *text, uint64_t got, uint64_t wanted);
bool check_bytes(int line, const char *text, const void *got,
                 const void *wanted, size_t size);
bool check_true(int line, const char *text, bool got);

/* How many checks of the case have failed, and what more there is to say. */
int check_failures(void);
void check_note(const char *text);
/* The name of the case that runs, and of its directory in `work`. */
const char *check_name(void);

/* The call answers one of the errnos. */
#define WANT(call, ...)                                           \
  check_errno(__LINE__, #call, (call),                            \
              sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t), \
              (int32_t[]){__VA_ARGS__})
#define WANT_OK(call) WANT(call, W_ESUCCESS)
#define WANT_NUMBER(got, wanted) \
  check_number(__LINE__, #got, (uint64_t)(got), (uint64_t)(wanted))
#define WANT_BYTES(got, wanted, size) \
  check_bytes(__LINE__, #got, (got), (wanted), (size))
#define WANT_TRUE(got) check_true(__LINE__, #got, (got))

/* The case cannot go on without it. */
#define NEED(call) \
  if (!WANT_OK(call)) return
#define NEED_TRUE(got) \
  if (!WANT_TRUE(got)) return

/* The host cannot do it, and says so as the specification allows: the case is
 * reported as skipped. */
void check_skip(const char *why);

/* The directory of the running case, with all rights its mount has, and the
 * mounts: `work` is where `dir` is, `side` another one. */
extern uint32_t dir;
extern uint32_t work;
extern uint32_t side;
extern struct w_fdstat dir_rights;

/* The last descriptor that is not closed after each case. */
extern uint32_t kept;

/* Asks the other side of a program that talks to one: helpers/wasi-peer.js
 * says what there is. It is done later, when the program waits. */
void ask(const char *what);

#define PATH(text) (text), (uint32_t)strlen(text)

/* Opens below `at` with the rights that the mount gives to files. */
int32_t open_at(uint32_t at, const char *path, uint32_t oflags,
                uint32_t *opened);
/* As open_at, with these rights and none to inherit. */
int32_t open_with(uint32_t at, const char *path, uint32_t oflags,
                  uint64_t rights, uint32_t *opened);
/* Makes a file that holds `text`, or checks that it does. */
int32_t put_file(uint32_t at, const char *path, const char *text);
bool check_file(int line, uint32_t at, const char *path, const char *text);
#define WANT_FILE(at, path, text) check_file(__LINE__, (at), (path), (text))

int32_t write_text(uint32_t fd, const char *text);
int32_t read_some(uint32_t fd, void *buf, uint32_t len, uint32_t *size);
/* How long it is; UINT64_MAX if it cannot be told. */
uint64_t size_of(uint32_t fd);
int32_t make_dir(uint32_t at, const char *path);
int32_t make_link(const char *target, uint32_t at, const char *path);
int32_t stat_at(uint32_t at, const char *path, struct w_filestat *stat);
int32_t unlink_at(uint32_t at, const char *path);
int32_t rmdir_at(uint32_t at, const char *path);
/* How `path` is found: an errno, without following a link at its end. */
int32_t exists(uint32_t at, const char *path);

#endif

/* What the gallery's plain WASI programs share. Emscripten's libc for such
 * modules opens no files and sleeps by spinning, so both are done here by
 * WASI's own calls; nanosleep(), and with it sleep() and usleep(), by
 * redefinition. */
#ifndef PLAIN_H
#define PLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <wasi/api.h>

/* The directory that the host hands to the program: WASI's first preopen. */
#define PLAIN_ROOT 3

/* Opens a file below the directory `at`, to be read or to be written anew;
 * NULL with errno set when that cannot be done. The caller closes it. */
FILE *plain_open(__wasi_fd_t at, const char *path, bool write);

/* Has standard output written at the end of each line, which libc does only
 * where it knows that it is a terminal: here it never does. */
void plain_line_buffered(void);

/* A number from the environment, or `fallback` when it is not there. */
int plain_env(const char *name, int fallback);

/* Waits for a key, at most so long. Answers whether standard input can be read
 * without waiting; ends the program where that cannot be waited for. */
bool plain_wait_key(uint64_t span_ns);

/* The monotonic clock. */
uint64_t plain_now(void);

#endif

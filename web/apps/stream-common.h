/* What the jobs of the stream demo share: a context that ends all that a job
 * waits for when it is canceled, the words for how it ended, and the bytes
 * that the demo server sends and expects. */
#ifndef STREAM_COMMON_H
#define STREAM_COMMON_H

#include <gossamer/gossamer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job {
  gs_ctx *ctx;     /* NULL: it does not run */
  gs_ctx *outer;   /* the one that it was called in */
  char words[256]; /* why it failed, where an error's name does not say */
};

/* GS_EBUSY when it runs already; else it runs, whatever this answers, until
 * job_end(). */
int job_begin(struct job *job);
/* Takes the error that the job ended by; says "complete", "cancelled", or what
 * went wrong, in memory of the job. */
const char *job_end(struct job *job, int error);
void job_cancel(struct job *job);

/* The bytes 0, 1 ... 250, 0, 1 ... at any offset. */
void pattern_fill(void *bytes, size_t size, int64_t offset);
/* Where the first one is that is not of them; `size` when none. */
size_t pattern_wrong(const void *bytes, size_t size, int64_t offset);

/* Lower case, with a NUL: 2 * size + 1 bytes. */
void hex(char *text, const unsigned char *bytes, size_t size);

#endif

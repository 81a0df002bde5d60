/* Every import from JavaScript, and nothing else: the C side of the border.
 *
 * The module is called "gossamer"; js/host/ answers the same names. Imports
 * return a count, 0, or a negative GS_E*; they never wait. One that starts an
 * operation takes a token (see op.h) and answers GS__PENDING when the result
 * will come through the export gs_complete(token, result). */
#ifndef GS_HOST_HOST_H
#define GS_HOST_HOST_H

#include <stddef.h>
#include <stdint.h>

/* "Not finished: park until gs_complete()". Outside the range of errors. */
#define GS__PENDING INT32_MIN

/* GS__HOST_DEFINED: whoever includes this is the host, in C. */
#if defined(__wasm__) && !defined(GS__HOST_DEFINED)
#define GS__IMPORT(name) \
  __attribute__((import_module("gossamer"), import_name(name))) extern
#else
#define GS__IMPORT(name) extern /* tests/c/host_fake.c has these */
#endif

/* ---- program ---- */

/* The monotonic clock in milliseconds, from the program's start. */
GS__IMPORT("now") double gs__host_now(void);
/* A number from 0 to 2^32-1 that seeds the runtime's random choices. */
GS__IMPORT("seed") uint32_t gs__host_seed(void);
/* One message of the runtime itself, for stderr; a line end is added. */
GS__IMPORT("report")
void gs__host_report(const char *text, size_t text_bytes);
/* Ends the program; does not return. */
GS__IMPORT("exit") void gs__host_exit(int32_t code);

/* ---- operations ---- */

/* Gives up a pending operation. Afterwards the host neither completes it nor
 * touches its buffers. A token that is not pending is ignored. */
GS__IMPORT("op_cancel") void gs__host_op_cancel(uint32_t token);

/* ---- frames and canvas ---- */

/* Asks for one call of gs_frame_event(timestamp_ms). Calls before it came
 * count as one. */
GS__IMPORT("frame_request") void gs__host_frame_request(void);
/* Nobody waits for a frame any more; the request, if any, may be dropped. */
GS__IMPORT("frame_cancel") void gs__host_frame_cancel(void);
GS__IMPORT("canvas_present")
int32_t gs__host_canvas_present(const void *pixels, uint32_t width,
                                uint32_t height);
/* The width, or GS_ENODEV; the height in *height. */
GS__IMPORT("canvas_size") int32_t gs__host_canvas_size(uint32_t *height);

/* ---- HTTP ---- */

/* Starts a GET; GS__PENDING or an error. The result is a response handle. */
GS__IMPORT("http_get")
int32_t gs__host_http_get(uint32_t token, const char *url, size_t url_bytes);
GS__IMPORT("http_status") int32_t gs__host_http_status(uint32_t http);
/* Text results: the whole length; at most buf_bytes of it are copied, without
 * a NUL. Names are given with their length. */
GS__IMPORT("http_header")
int32_t gs__host_http_header(uint32_t http, const char *name, size_t name_bytes,
                             char *buf, size_t buf_bytes);
GS__IMPORT("http_header_at")
int32_t gs__host_http_header_at(uint32_t http, uint32_t index, char *buf,
                                size_t buf_bytes);
GS__IMPORT("http_url")
int32_t gs__host_http_url(uint32_t http, char *buf, size_t buf_bytes);
/* Bytes copied at once (0: end), or GS__PENDING: the result is the count. */
GS__IMPORT("http_read")
int32_t gs__host_http_read(uint32_t token, uint32_t http, void *buf,
                           size_t buf_bytes);
/* Completes the token when a read would not wait and something has come since
 * the answer `since` (0: ever). The answer, here or by completion: how often
 * something has come, times 2, plus 1 at the end or after a failure; always
 * more than 0. Reads nothing. */
GS__IMPORT("http_poll")
int32_t gs__host_http_poll(uint32_t token, uint32_t http, int32_t since);
/* Aborts and forgets; a pending read of it is forgotten too, its token must
 * be cancelled first. */
GS__IMPORT("http_close") void gs__host_http_close(uint32_t http);
/* The words for the last failed http_get; as the text results above. */
GS__IMPORT("http_error")
int32_t gs__host_http_error(char *buf, size_t buf_bytes);

/* ---- descriptors ---- */

/* Completes the token when something of `events` (GS_POLL_READABLE, _WRITABLE)
 * is there that was not told yet. The answer, here or by completion: bits 0 to
 * 2 are events, GS_POLL_CLOSED included, and above them is how often something
 * has come to be read. `since`: these events and that count are known, 0:
 * nothing is. GS_EBADF. Token 0: only whether there is such a descriptor, 0 or
 * GS_EBADF. Reads nothing. */
GS__IMPORT("fd_poll")
int32_t gs__host_fd_poll(uint32_t token, int32_t fd, uint32_t events,
                         int32_t since);

/* ---- libc ---- */

/* The working directory at the start, absolute: its length; at most buf_bytes
 * of it are copied, without a NUL. */
GS__IMPORT("cwd") int32_t gs__host_cwd(char *buf, size_t buf_bytes);

/* The WASI function that was called last, by this goroutine and just now,
 * answered GS__PENDING: its errno completes the token. Token 0: the call
 * is given up instead. */
GS__IMPORT("wasi_wait") void gs__host_wasi_wait(uint32_t token);

/* What a volume has room for. */
struct gs__space {
  uint64_t total_bytes;
  uint64_t free_bytes;
  uint64_t nodes;  /* files, directories and links that there are */
  uint64_t device; /* tells volumes apart, as in a filestat */
  uint64_t flags;  /* 1: nothing may be written */
};

/* The room of the volume that a path leads to, or of the descriptor when
 * path_bytes is 0, into *space. Answers as a WASI function: an errno, or
 * GS__PENDING. ENOTSUP: the volume does not know. */
GS__IMPORT("volume_space")
int32_t gs__host_volume_space(uint32_t fd, const char *path, size_t path_bytes,
                              struct gs__space *space);

/* ---- signals ---- */

/* From now on the host reports these signals (GS_SIGNAL_* in
 * gossamer/signal.h) by gs_signal_event(signal, value), and no others. */
GS__IMPORT("signal_watch") void gs__host_signal_watch(uint32_t signals);
/* As gs_signal_state(). */
GS__IMPORT("signal_state") uint32_t gs__host_signal_state(void);

/* ---- calls from JavaScript (struct gs__call in gossamer/export.h) ---- */

/* The body of a call returned; call->result is read before this returns. */
struct gs__call;
GS__IMPORT("call_done") void gs__host_call_done(struct gs__call *call);

#endif

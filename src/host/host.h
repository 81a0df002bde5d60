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

struct gs_http_field;

/* What the host writes when the headers are there. */
struct gs__http_head {
  uint32_t status;
  uint32_t flags;      /* GS_HTTP_REDIRECTED and so on */
  double length_bytes; /* of the body, unpacked; -1: not known */
};

/* struct gs__http_start: bits of `options`. */
#define GS__HTTP_REDIRECT_SHIFT 0    /* 2 bits: enum gs_http_redirect */
#define GS__HTTP_CREDENTIALS_SHIFT 2 /* 2 */
#define GS__HTTP_CACHE_SHIFT 4       /* 3 */
#define GS__HTTP_MODE_SHIFT 7        /* 2 */
#define GS__HTTP_PRIORITY_SHIFT 9    /* 2 */
#define GS__HTTP_REFERRER_SHIFT 11   /* 4: enum gs_http_referrer_policy */
#define GS__HTTP_KEEPALIVE (UINT32_C(1) << 15)
#define GS__HTTP_BODY_SHIFT 16   /* 2: none, bytes here, by http_send */
#define GS__HTTP_UPLOAD_SHIFT 18 /* 2: enum gs_http_upload */

/* A request; the host reads it before http_open returns, but for `head`. */
struct gs__http_start {
  const char *url;
  uint32_t url_bytes;
  const char *method; /* bytes 0: GET, or POST with a body */
  uint32_t method_bytes;
  const struct gs_http_field *headers; /* of NUL-terminated strings */
  uint32_t header_count;
  const void *body;
  uint32_t body_bytes;
  uint32_t options;
  const char *referrer; /* NULL: the page */
  uint32_t referrer_bytes;
  const char *integrity; /* bytes 0: none */
  uint32_t integrity_bytes;
  uint32_t max_redirects;   /* the default is filled in by C, here and below */
  uint32_t upload_limit;    /* bytes */
  uint32_t integrity_limit; /* bytes */
  struct gs__http_head *head; /* written just before the token completes */
  uint32_t handle; /* written before http_open returns; 0: there is none */
};

/* Starts a request: GS__PENDING with a handle, then 0 with *head written or an
 * error; or an error at once. The handle is C's to close in any case. Once the
 * token was canceled nothing is written and the request is aborted. */
GS__IMPORT("http_open")
int32_t gs__host_http_open(uint32_t token, struct gs__http_start *start);
/* Hot in uploads. The next bytes of a body, copied before it returns or
 * completes: buf_bytes when they were taken, GS__PENDING until there is room.
 * A NULL buf: the body ends here, and buf_bytes is 0 or the positive error
 * number that it ends by (the request fails with it). GS_EPIPE: the request is
 * over and wants no more; GS_EFBIG. One at a time. */
GS__IMPORT("http_send")
int32_t gs__host_http_send(uint32_t token, uint32_t http, const void *buf,
                           size_t buf_bytes);
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
/* Hot. Bytes copied at once (0: end), or GS__PENDING: the result is the count.
 * GS_ECONNRESET: cut short. */
GS__IMPORT("http_read")
int32_t gs__host_http_read(uint32_t token, uint32_t http, void *buf,
                           size_t buf_bytes);
/* Completes the token when a read would not wait and something has come since
 * the answer `since` (0: ever). The answer, here or by completion: how often
 * something has come, times 2, plus 1 at the end or after a failure; always
 * more than 0. Reads nothing. */
GS__IMPORT("http_poll")
int32_t gs__host_http_poll(uint32_t token, uint32_t http, int32_t since);
/* Aborts what is under way, download and upload, and forgets; pending reads and
 * sends of it are forgotten too, their tokens must be cancelled first. */
GS__IMPORT("http_close") void gs__host_http_close(uint32_t http);
/* The words for the last failure; as the text results above. */
GS__IMPORT("http_error")
int32_t gs__host_http_error(char *buf, size_t buf_bytes);
/* As gs_fetch_policy(). */
GS__IMPORT("http_allows")
int32_t gs__host_http_allows(const char *url, size_t url_bytes,
                             const char *method, size_t method_bytes);
/* As gs_http_limit(). */
GS__IMPORT("http_limit") int32_t gs__host_http_limit(uint32_t per_origin);

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

/* ---- WebSocket: the part "websocket" ---- */

/* What a message is; filled in by the host. */
struct gs__ws_message {
  uint32_t kind;       /* enum gs_ws_kind; 0: none, the connection is closed */
  uint32_t size_bytes; /* whole; more than the room: nothing was copied, and
                        * the message is still there for the next call */
};

/* Connects: GS__PENDING, then a handle or an error. protocols: strings with a
 * NUL behind each. */
GS__IMPORT("ws_open")
int32_t gs__host_ws_open(uint32_t token, const char *url, size_t url_bytes,
                         const char *protocols, size_t protocols_bytes,
                         uint32_t receive_limit_bytes);
/* Hot. Sends, once no more than limit_bytes wait to be sent: 0 or GS__PENDING;
 * the bytes are copied when it returns 0 or completes. kind 0: sends nothing,
 * waits until nothing is buffered. Token 0: GS_EAGAIN instead of waiting. */
GS__IMPORT("ws_send")
int32_t gs__host_ws_send(uint32_t token, uint32_t ws, uint32_t kind,
                         const void *bytes, size_t size_bytes,
                         uint32_t limit_bytes);
/* Hot. The next message into buf: 0 with *message written, here or by
 * completion (GS__PENDING). GS_ECONNRESET, GS_ENOBUFS. Token 0: GS_EAGAIN
 * instead of waiting. */
GS__IMPORT("ws_receive")
int32_t gs__host_ws_receive(uint32_t token, uint32_t ws, void *buf,
                            size_t buf_bytes, struct gs__ws_message *message);
/* Starts the closing handshake: 0, GS_EINVAL. */
GS__IMPORT("ws_shutdown")
int32_t gs__host_ws_shutdown(uint32_t ws, uint32_t code, const char *reason,
                             size_t reason_bytes);
/* `what` 0: the close code; 1: buffered bytes; 2: for how many milliseconds
 * nothing was received; at most 2^31-1. */
GS__IMPORT("ws_state")
int32_t gs__host_ws_state(uint32_t ws, uint32_t what);
/* `what` 0: the close reason; 1: the protocol; 2: the words for the last
 * failure (of any: ws is 0). As the text results of HTTP. */
GS__IMPORT("ws_text")
int32_t gs__host_ws_text(uint32_t ws, uint32_t what, char *buf,
                         size_t buf_bytes);
/* Closes and forgets; tokens must be cancelled first. */
GS__IMPORT("ws_close") void gs__host_ws_close(uint32_t ws);

/* ---- WebCrypto: the part "crypto" ---- */

/* Hot. 0; GS_EFAULT; GS_EIO. */
GS__IMPORT("crypto_random")
int32_t gs__host_crypto_random(void *buf, size_t buf_bytes);
/* Hot. Hashes in one go: GS__PENDING, then the size, or an error. */
GS__IMPORT("crypto_digest")
int32_t gs__host_crypto_digest(uint32_t token, uint32_t hash, const void *data,
                               size_t bytes, void *out);

enum gs__crypto_code {
  GS__CRYPTO_GENERATE = 1,
  GS__CRYPTO_IMPORT = 2,  /* data */
  GS__CRYPTO_EXPORT = 3,  /* key; out */
  GS__CRYPTO_WRAP = 4,    /* key, by other; out */
  GS__CRYPTO_UNWRAP = 5,  /* data, by other */
  GS__CRYPTO_SIGN = 6,    /* key, data; out */
  GS__CRYPTO_VERIFY = 7,  /* key, data; the signature is `extra` */
  GS__CRYPTO_ENCRYPT = 8, /* key, data; out */
  GS__CRYPTO_DECRYPT = 9, /* key, data; out */
  GS__CRYPTO_DERIVE = 10, /* key, other: the public key; out */
  GS__CRYPTO_DERIVE_KEY = 11,
  GS__CRYPTO_STORE = 12, /* key; data: the name */
  GS__CRYPTO_LOAD = 13,  /* data: the name */
  GS__CRYPTO_DELETE = 14 /* data: the name */
};

/* One operation on keys. All but the last two are read before crypto_run
 * returns; those and out are written just before the token completes. */
struct gs__crypto_op {
  uint32_t code;
  uint32_t key;   /* handle */
  uint32_t other; /* handle: wrapping key, or the other side's public key */
  uint32_t format;
  const void *data;
  uint32_t data_bytes;
  void *out;
  uint32_t out_bytes;
  const void *iv; /* or salt */
  uint32_t iv_bytes;
  const void *extra; /* or label, info, signature */
  uint32_t extra_bytes;
  uint32_t number;    /* tag bytes, counter bits, salt bytes, iterations */
  uint32_t hash;      /* of the operation */
  uint32_t spec_kind; /* struct gs_key_spec, of the key that is made */
  uint32_t spec_hash;
  uint32_t spec_curve;
  uint32_t spec_bits;
  uint32_t spec_uses;
  uint32_t spec_extractable;
  uint32_t result;        /* handle of a key that was made; with GS_EMSGSIZE the
                           * size that is needed */
  uint32_t result_public; /* of a pair */
};
/* GS__PENDING, then what the function of gossamer/crypto.h answers, or an
 * error; or an error at once. */
GS__IMPORT("crypto_run")
int32_t gs__host_crypto_run(uint32_t token, struct gs__crypto_op *op);
/* Six numbers, struct gs_key_spec as spec_kind and so on. 0, GS_EBADF. */
GS__IMPORT("crypto_key_info")
int32_t gs__host_crypto_key_info(uint32_t key, uint32_t *info);
GS__IMPORT("crypto_key_release")
int32_t gs__host_crypto_key_release(uint32_t key);
/* As the text results of HTTP. */
GS__IMPORT("crypto_error")
int32_t gs__host_crypto_error(char *buf, size_t buf_bytes);

/* GS__PENDING, then a handle, or an error. */
GS__IMPORT("hash_new")
int32_t gs__host_hash_new(uint32_t token, uint32_t hash);
/* Hot. 0; GS_EINVAL when it is finished; GS_EBADF; GS_EFAULT. */
GS__IMPORT("hash_update")
int32_t gs__host_hash_update(uint32_t hasher, const void *data, size_t bytes);
/* The hash to out: its size. A NULL out: begins anew, 0. */
GS__IMPORT("hash_finish")
int32_t gs__host_hash_finish(uint32_t hasher, void *out);
GS__IMPORT("hash_free") void gs__host_hash_free(uint32_t hasher);

#endif

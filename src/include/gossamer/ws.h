/* WebSockets: messages both ways, with calls that wait.
 *
 * A program that uses them needs the part "websocket" beside the core: the
 * script gossamer-websocket.js, or load(..., { parts: [websocket()] }) with
 * websocket from "gossamer/websocket". Without it the program does not load,
 * and the error says so.
 *
 * The address must be allowed as for HTTP (gs_fetch_policy()): 'self' is the
 * page's host by ws: or wss: too. Source: the WebSockets standard, RFC 6455. */
#ifndef GOSSAMER_WS_H
#define GOSSAMER_WS_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "go.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gs_ws gs_ws;

enum gs_ws_kind { GS_WS_TEXT = 1, GS_WS_BINARY = 2 };

struct gs_ws_options {
  const char *const *protocols; /* subprotocols, the best first */
  size_t protocol_count;
  int64_t
      deadline_ns; /* of the connecting, on the clock of gs_now(); 0: none */
  /* gs_ws_send() waits while more than this is not sent yet; 0: 1 MiB. No host
   * tells when it has sent: it is asked again when a message comes, and after
   * at most 16 ms, in a hidden page as seldom as its timers run. */
  uint32_t send_limit_bytes;
  /* What may be received and not read yet, each message being worth 256 bytes
   * at least. A browser cannot hold a server back: beyond this the connection
   * is closed, with code 4009 and GS_ENOBUFS for who reads. 0: 64 MiB. */
  uint32_t receive_limit_bytes;
  /* Browsers send no pings. With ping_ns this message is sent, as text, when
   * nothing was received for so long, and again each time as long after it; the
   * answer is a message as others are. And when nothing is received for
   * silence_ns, the connection is taken for dead: GS_ECONNRESET for all who
   * wait at it or do so later. 0: neither. */
  const char *ping_text; /* UTF-8; NULL: "ping" */
  int64_t ping_ns;
  int64_t silence_ns;
};

/* A message; the bytes have a NUL behind them, are the socket's, and live until
 * the next gs_ws_receive() or gs_ws_close(). */
struct gs_ws_message {
  enum gs_ws_kind kind;
  const void *bytes;
  size_t size_bytes;
};

/* Connects and **parks** until the connection is open. url: ws:, wss:, http:,
 * https: or relative to the page's address. 0 with *out set, the caller's until
 * gs_ws_close(). GS_EINVAL: not such a URL, a bad protocol; GS_EACCES: no rule
 * allows it; GS_EIO: it could not be had, for reasons that browsers keep to
 * themselves; GS_ENOTSUP: the host has no WebSocket (Node 20); GS_ETIMEDOUT,
 * GS_ECANCELED: the connection is given up; GS_ENOMEM, GS_EMFILE, GS_EPERM
 * outside a goroutine. gs_ws_error() has words. options may be NULL. */
int gs_ws_open(gs_ws **out, const char *url,
               const struct gs_ws_options *options);

/* Sends one message; the bytes are copied. **Parks** while more than the send
 * limit waits to be sent (the host's bufferedAmount). 0; GS_EPIPE after
 * gs_ws_shutdown() or when the other side has closed; GS_ECONNRESET when the
 * connection broke; GS_EILSEQ for text that is not UTF-8; GS_EINVAL; and where
 * it would wait, GS_ECANCELED, GS_ETIMEDOUT by the context, GS_ECANCELED when
 * another goroutine closes, GS_ENOMEM, GS_EPERM outside a goroutine: nothing of
 * it was sent then. Messages of several goroutines are sent whole, in the order
 * of the calls. */
int gs_ws_send(gs_ws *ws, enum gs_ws_kind kind, const void *bytes,
               size_t size_bytes);
/* Never parks: GS_EAGAIN where gs_ws_send() would wait. */
int gs_ws_try_send(gs_ws *ws, enum gs_ws_kind kind, const void *bytes,
                   size_t size_bytes);
/* **Parks** at most until deadline_ns: then GS_ETIMEDOUT, and nothing of the
 * message is sent. */
int gs_ws_send_until(gs_ws *ws, enum gs_ws_kind kind, const void *bytes,
                     size_t size_bytes, int64_t deadline_ns);
/* **Parks** until all is handed to the network (bufferedAmount is 0), also
 * after gs_ws_shutdown(). 0; GS_ECONNRESET, GS_EPIPE when it never will be;
 * else as gs_ws_send(). What another goroutine still waits to send is not
 * counted. */
int gs_ws_flush(gs_ws *ws);
int gs_ws_flush_until(gs_ws *ws, int64_t deadline_ns);

/* **Parks** until the next message. 1 with *message set; 0 when the connection
 * was closed with a closing handshake and all messages were read;
 * GS_ECONNRESET when it broke (code 1006), GS_ENOBUFS as above, after all
 * messages that came; GS_EBUSY when another goroutine receives; GS_ECANCELED,
 * GS_ETIMEDOUT by the context, GS_ECANCELED when another goroutine closes;
 * GS_ENOMEM: the message stays for the next call. */
int gs_ws_receive(gs_ws *ws, struct gs_ws_message *message);
/* **Parks** at most until deadline_ns: then GS_ETIMEDOUT; nothing is lost. */
int gs_ws_receive_until(gs_ws *ws, struct gs_ws_message *message,
                        int64_t deadline_ns);

/* Starts the closing handshake: what was sent goes out first. Messages that
 * have come can still be received; what the other side sends from now on until
 * it answers is dropped, as the standard says. Who waits to send gets GS_EPIPE.
 * code: 1000 or 3000 to 4999, 0 for 1000; reason: at most 123 bytes of UTF-8,
 * or NULL. 0; GS_EINVAL; nothing happens when it is closing already. Never
 * parks. */
int gs_ws_shutdown(gs_ws *ws, int code, const char *reason);

/* The other side's code: 1005 when it gave none, 1006 when the connection
 * broke or was silent, 4009 when more came than was read, 0 while it is open.
 * Never parks. */
int gs_ws_close_code(const gs_ws *ws);
/* The other side's reason, the protocol that it chose, the words for the last
 * failed gs_ws_open() of this program; each as gs_http_header() copies, length
 * 0 when there is none. Never park. */
int gs_ws_close_reason(const gs_ws *ws, char *buf, size_t buf_bytes);
int gs_ws_protocol(const gs_ws *ws, char *buf, size_t buf_bytes);
int gs_ws_error(char *buf, size_t buf_bytes);
/* Bytes that were sent and are not handed to the network yet. Never parks. */
int64_t gs_ws_buffered(const gs_ws *ws);

/* Closes with 1000 unless it is closed or closing, and frees the socket; what
 * was sent still goes out. Those who wait at it get GS_ECANCELED. NULL is
 * allowed. Never parks. */
void gs_ws_close(gs_ws *ws);

#ifdef __cplusplus
}
#endif
#endif

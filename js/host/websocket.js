/* WebSockets for C: the imports over js/ws/socket.js. A message that came waits
 * in a queue until it is received; a send waits while too much is unsent. */
import { ERRNO } from "../errors.js";
import { Handles } from "../handles.js";
import { u32 } from "../memory.js";

/**
 * @param {import("./index.js").Host} host
 * @param {import("../http/policy.js").Policy} policy
 * @param {import("../websocket.js").WebSocketOptions} options
 * @returns {import("../parts.js").Service}
 */
export function createWebSockets(host, policy, options) {
  void [host, policy, options];
  /** @type {Handles<object>} */
  const sockets = new Handles();
  const unknown = (/** @type {number} */ handle) =>
    sockets.get(u32(handle)) === undefined ? -ERRNO.EBADF : -ERRNO.ENOTSUP;
  return {
    imports: {
      ws_open: () => -ERRNO.ENOTSUP,
      /** @param {number} _token @param {number} ws */
      ws_send: (_token, ws) => unknown(ws),
      /** @param {number} _token @param {number} ws */
      ws_receive: (_token, ws) => unknown(ws),
      /** @param {number} ws */
      ws_shutdown: (ws) => unknown(ws),
      /** @param {number} ws */
      ws_state: (ws) => unknown(ws),
      /** @param {number} ws */
      ws_text: (ws) => unknown(ws),
      ws_close: () => {},
    },
    close() {},
  };
}

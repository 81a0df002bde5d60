/* The part "websocket": `import { websocket } from "gossamer/websocket"` for
 * load(..., { parts: [websocket()] }). js/websocket-script.js is the same for
 * script tags. */
import { createWebSockets } from "./host/websocket.js";

/**
 * @typedef {object} WebSocketOptions
 * @property {typeof globalThis.WebSocket} [WebSocket] the class; by itself the
 *   page's, or Node's from version 22 on
 */

/**
 * @param {WebSocketOptions} [options]
 * @returns {import("./parts.js").Part}
 */
export function websocket(options = {}) {
  return {
    name: "websocket",
    create: (host, { policy }) => createWebSockets(host, policy, options),
  };
}

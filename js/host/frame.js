/* Animation frames: asked for here, delivered by Events. */

/** @param {import("./events.js").Events} events */
export function frameImports(events) {
  return {
    frame_request: () => events.requestFrame(),
    frame_cancel: () => events.cancelFrame(),
  };
}

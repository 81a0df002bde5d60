/* Runs a guest under our own host, by one of its callers, with two volumes in
 * memory; in Node and, unchanged, in a page. */
import { Peer } from "./wasi-peer.js";

/**
 * @typedef {import("./conformance.js").Program} Program
 * @typedef {import("./conformance.js").Outcome} Outcome
 *
 * @typedef {object} Host what a page or Node loads of ours
 * @property {typeof import("../../js/wasi/index.js").WASI} WASI
 * @property {(mount: string) => import("../../js/fs/namespace.js").MountOption}
 *   createVolume called for each mount point
 */

/**
 * A writer of bytes that keeps them as text.
 * @param {(text: string) => void} [heard] called with each piece
 */
function collector(heard) {
  const decoder = new TextDecoder();
  let text = "";
  return {
    /** @param {Uint8Array} bytes */
    write(bytes) {
      const piece = decoder.decode(bytes, { stream: true });
      text += piece;
      heard?.(piece);
    },
    text: () => text + decoder.decode(),
  };
}

/**
 * @param {Host} host
 * @param {Program} program
 * @param {Uint8Array<ArrayBuffer>} bytes the guest's module
 * @param {import("../../js/wasi/index.js").CallerName} caller
 * @returns {Promise<Outcome>}
 */
export async function runGuest(host, program, bytes, caller) {
  const [name = "", ...args] = program.args ?? [`${program.guest}.wasm`];
  const peer = program.talks === true ? new Peer() : null;
  const stdout = collector((text) => peer?.heard(text));
  const stderr = collector();
  const wasi = new host.WASI({
    name,
    args,
    env: program.env ?? {},
    mounts: Object.fromEntries(
      (program.mounts ?? ["/", "/side"]).map((mount) => [
        mount,
        host.createVolume(mount),
      ]),
    ),
    stdin: peer?.stdin ?? program.stdin ?? "",
    // A Gossamer program takes none.
    ...(caller === "park" ? {} : { sockets: peer?.sockets ?? [] }),
    stdout,
    stderr,
  });
  /** @type {number | null} */
  let exitCode = null;
  /** @type {string | undefined} */
  let error;
  try {
    // A caller that may stop its thread is never asked for in a page.
    const blocking = caller === "sync";
    exitCode = await wasi.start(bytes, { caller, blocking });
  } catch (failure) {
    error = String(failure);
  }
  return { exitCode, stdout: stdout.text(), stderr: stderr.text(), error };
}

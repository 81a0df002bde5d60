/* A request's body that comes piece by piece: as a stream where the host sends
 * one, else collected up to a limit. Whether it does is found out by asking, not
 * by its name; a stream asks for nothing before something is to be sent, so
 * that a request which never began can be made again with what is collected. */
import { GossamerError } from "../errors.js";
import { isPage } from "./redirect.js";

/**
 * Whether fetch takes a stream for a body. Firefox and Safari would send the
 * text "[object ReadableStream]", which shows as a Content-Type.
 */
export function canStream() {
  if (typeof ReadableStream === "undefined") return false;
  let asked = false;
  try {
    const init = {
      method: "POST",
      body: new ReadableStream(),
      get duplex() {
        asked = true;
        return "half";
      },
    };
    const request = new Request("https://any.test/", init);
    return asked && !request.headers.has("Content-Type");
  } catch {
    return false;
  }
}

/**
 * Whether a browser has told that it speaks HTTP/1.1 with an origin, over which
 * it streams no body.
 * @param {string} origin
 */
export function speaksHttp1(origin) {
  if (!isPage()) return false;
  const timings = ["navigation", "resource"].flatMap((type) =>
    performance.getEntriesByType(type),
  );
  const last = /** @type {PerformanceResourceTiming | undefined} */ (
    timings
      .filter(({ name }) => name.startsWith(`${origin}/`))
      .findLast(
        (timing) => "nextHopProtocol" in timing && timing.nextHopProtocol,
      )
  );
  return last?.nextHopProtocol === "http/1.1";
}

/** One body, from who has it to fetch. */
export class UploadBody {
  #limitBytes;
  /** @type {Uint8Array<ArrayBuffer>[]} what is collected */
  #pieces = [];
  #bytes = 0;
  /** @type {ReadableStreamDefaultController<Uint8Array> | null} */
  #controller = null;
  /** What ends the stream's wait for a piece. */
  /** @type {(() => void) | null} */
  #pulled = null;
  #collecting = false;
  #ended = false;
  /** @type {GossamerError | null} */
  #error = null;
  /** @type {(all: Blob) => void} */
  #resolve = () => {};
  /** @type {(error: GossamerError) => void} */
  #reject = () => {};
  /** Whether the host has asked for anything. */
  begun = false;
  /** Told when a piece can be pushed, or none is wanted any more. */
  onReady = () => {};

  /** @param {number} limitBytes of what is collected */
  constructor(limitBytes) {
    this.#limitBytes = limitBytes;
  }

  /** Whether a stream of it is with the host, and not at its end. */
  get streams() {
    return this.#controller !== null && !this.#ended;
  }

  /** Whether the next piece is wanted now. */
  get ready() {
    return this.#collecting || this.#pulled !== null;
  }

  /** What the request fails by: the body could not be had, or is too large. */
  /** @type {GossamerError | null} */
  cause = null;

  /** Why no piece is wanted any more: EPIPE, EFBIG; null: one is, or will be. */
  get error() {
    return this.#error;
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} bytes the body's own from now on; only
   *   when `ready`
   */
  push(bytes) {
    // Over HTTP/1.1 a piece of no bytes is the end.
    if (bytes.length === 0) return;
    this.#bytes += bytes.length;
    if (!this.#collecting) {
      this.#controller?.enqueue(bytes);
      this.#want();
    } else if (this.#bytes > this.#limitBytes) {
      this.fail(
        new GossamerError(
          "EFBIG",
          `the body is larger than ${this.#limitBytes} bytes, and cannot be ` +
            "streamed",
        ),
      );
    } else {
      this.#pieces.push(bytes);
    }
  }

  /** The body is whole. */
  end() {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#collecting) this.#finish();
    else if (this.#controller !== null) this.#controller.close();
    this.#want();
  }

  /**
   * The body cannot be had.
   * @param {GossamerError} error
   * @returns {boolean} as stop()
   */
  fail(error) {
    if (this.#ended || this.#error !== null) return false;
    this.cause = error;
    return this.#stop(error);
  }

  /**
   * No more of it is wanted.
   * @returns {boolean} whether fetch waits for a piece, and so fails at once
   */
  stop() {
    return this.#stop(new GossamerError("EPIPE", "the request is over"));
  }

  /** @param {GossamerError} error */
  #stop(error) {
    if (this.#error !== null) return false;
    const fails = this.#pulled !== null;
    this.#error = error;
    this.#pieces = [];
    this.#reject(error);
    this.#controller?.error(error);
    this.#want();
    this.onReady();
    return fails;
  }

  /** For fetch, with `duplex: "half"`. */
  stream() {
    return new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller;
          if (this.#error !== null) controller.error(this.#error);
          else if (this.#ended) controller.close();
        },
        pull: () => {
          this.begun = true;
          if (this.#ended || this.#error !== null) return undefined;
          return new Promise((resolve) => {
            this.#pulled = () => resolve(undefined);
            this.onReady();
          });
        },
        cancel: () => void this.stop(),
      },
      { highWaterMark: 0 },
    );
  }

  /**
   * All of it; a stream that was not begun is given up.
   * @returns {Promise<Blob>}
   * @throws {GossamerError} EFBIG, or what fail() was told
   */
  collect() {
    this.#controller = null;
    this.#collecting = true;
    const all = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (this.#error !== null) this.#reject(this.#error);
    else if (this.#ended) this.#finish();
    else this.onReady();
    return all;
  }

  #finish() {
    this.#resolve(new Blob(this.#pieces));
    this.#pieces = [];
  }

  /** Ends the stream's wait. */
  #want() {
    const pulled = this.#pulled;
    this.#pulled = null;
    pulled?.();
  }
}

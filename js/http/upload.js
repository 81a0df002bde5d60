/* A request's body that comes piece by piece: as a stream where the host sends
 * one, else collected up to a limit. Whether it does is found out by asking, not
 * by its name; a stream asks for nothing before something is to be sent, so
 * that a request which never began can be made again with what is collected. */
import { GossamerError } from "../errors.js";

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
  /** @type {(bytes: Uint8Array<ArrayBuffer>) => void} */
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

  /** Whether the next piece is wanted now. */
  get ready() {
    return this.#collecting || this.#pulled !== null;
  }

  /** Why no piece is wanted any more: EPIPE, EFBIG; null: one is, or will be. */
  get error() {
    return this.#error;
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} bytes the body's own from now on; only
   *   when `ready`
   */
  push(bytes) {
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

  /** The body cannot be had, or the request is over. @param {GossamerError} error */
  fail(error) {
    if (this.#error !== null) return;
    this.#error = error;
    this.#pieces = [];
    this.#reject(error);
    if (!this.#ended) this.#controller?.error(error);
    this.#want();
    this.onReady();
  }

  /** For fetch, with `duplex: "half"`. */
  stream() {
    return new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.begun = true;
          if (this.#ended || this.#error !== null) return undefined;
          return new Promise((resolve) => {
            this.#pulled = () => resolve(undefined);
            this.onReady();
          });
        },
        cancel: () =>
          this.fail(new GossamerError("EPIPE", "no more is wanted")),
      },
      { highWaterMark: 0 },
    );
  }

  /**
   * All of it; a stream that was not begun is given up.
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
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
    const all = new Uint8Array(this.#bytes);
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.#resolve(all);
  }

  /** Ends the stream's wait. */
  #want() {
    const pulled = this.#pulled;
    this.#pulled = null;
    pulled?.();
  }
}

/* A file of an http volume while it is open. Read from the beginning on, it is
 * streamed: a chunk is pulled when the program has read the last. A seek asks
 * for a part, and reading on from there for ever larger ones. All parts are of
 * one version of the file, or the read fails. */
import { ERRNO, messageOf } from "../errors.js";
import { BLOCK_BYTES, Gatherer } from "./http-cache.js";
import { drop, lengthOf, partOf } from "./http-source.js";

/**
 * @typedef {import("./http-cache.js").BlockCache} BlockCache
 * @typedef {import("./http-cache.js").FileBlocks} FileBlocks
 * @typedef {import("./http-source.js").Answer} Answer
 * @typedef {import("./http-source.js").Source} Source
 * @typedef {import("./http-tree.js").HttpNode} HttpNode
 */

/** Up to so far ahead it is quicker to read on than to ask anew. */
const SKIP_BYTES = 2 * BLOCK_BYTES;
/** From here on all that follows is asked for, and streamed. */
const MAX_PART_BYTES = 16 * BLOCK_BYTES;

const NONE = new Uint8Array(0);

/** What comes of one answer, from a position on. */
class Body {
  /** Of the first byte that was not taken yet. */
  position;
  /** Where the answer ends. */
  end;
  chunk = NONE;
  ended = false;
  #reader;

  /**
   * @param {Response} response
   * @param {number} position
   * @param {number} end
   */
  constructor(response, position, end) {
    this.#reader = response.body?.getReader() ?? null;
    this.position = position;
    this.end = end;
  }

  /** The next chunk; only once the last has been taken. */
  async pull() {
    const { done = true, value } = (await this.#reader?.read()) ?? {};
    if (done) this.ended = true;
    else this.chunk = value ?? NONE;
  }

  /** @param {number} size what is taken, at most what is there */
  take(size) {
    const part = this.chunk.subarray(0, size);
    this.chunk = this.chunk.subarray(part.length);
    this.position += part.length;
    return part;
  }
}

export class HttpFile {
  node;
  #source;
  #blocks;
  #gatherer = new Gatherer();
  #limitBytes;
  /** @type {Body | null} */
  #body = null;
  /** Ends the request, or the body that came of it. */
  #abort = new AbortController();
  /** @type {Uint8Array | null} everything: the server has no parts */
  #whole = null;
  /** @type {Promise<void> | null} what is on its way */
  #pending = null;
  /** The errno of what went wrong, until a read has told it. */
  #error = 0;
  /** How much is asked for after the next seek, and where that will end. */
  #partBytes = 0;
  #partEnd = -1;
  /** Whether the program has had bytes of it. */
  #started = false;
  #validator;
  #closed = false;

  /**
   * @param {HttpNode} node of a file whose size is known
   * @param {Source} source
   * @param {FileBlocks} blocks
   * @param {number} limitBytes of what is fetched as a whole
   */
  constructor(node, source, blocks, limitBytes) {
    this.node = node;
    this.#source = source;
    this.#blocks = blocks;
    this.#limitBytes = limitBytes;
    this.#validator = blocks.validator;
  }

  get sizeBytes() {
    return this.node.facts.sizeBytes;
  }

  /**
   * Goes on with an answer to a request for all of the file.
   * @param {Answer} answer
   * @param {AbortController} abort that ends it
   */
  begin(answer, abort) {
    this.#abort = abort;
    if (!this.#changed(answer)) {
      this.#body = new Body(answer.response, 0, this.sizeBytes);
    }
    return this;
  }

  /** @param {Uint8Array} bytes all of the file */
  beginWhole(bytes) {
    this.#whole = bytes;
    return this;
  }

  close() {
    this.#closed = true;
    this.#stop();
    this.#blocks.cache.leave(this.#blocks);
  }

  /**
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @returns {number | Promise<void>} as Volume.read()
   */
  read(position, bytes, at, size) {
    const got = this.#read(position, bytes, at, size);
    if (typeof got === "number" && got > 0) this.#started = true;
    return got;
  }

  /**
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   */
  #read(position, bytes, at, size) {
    if (this.#closed) return -ERRNO.EBADF;
    const wanted = Math.min(size, this.sizeBytes - position);
    if (wanted <= 0) return 0;
    if (this.#whole !== null) {
      bytes.set(this.#whole.subarray(position, position + wanted), at);
      return wanted;
    }
    const kept = this.#blocks.read(position, bytes, at, wanted);
    if (kept > 0) return kept;
    if (this.#pending !== null) return this.#pending;
    if (this.#error !== 0) {
      const error = this.#error;
      this.#error = 0;
      return -error;
    }
    const body = this.#bodyAt(position);
    if (body === null) return this.#wait(this.#fetchFrom(position));
    if (body.position < position) body.take(position - body.position);
    if (body.chunk.length > 0) {
      const part = body.take(wanted);
      bytes.set(part, at);
      return part.length;
    }
    return this.#wait(this.#pull(body));
  }

  /**
   * The body that will come to a position, if that is not far.
   * @param {number} position
   */
  #bodyAt(position) {
    const body = this.#body;
    if (body === null || body.ended || position >= body.end) return null;
    const ahead = position - body.position;
    return ahead >= 0 && ahead <= SKIP_BYTES + body.chunk.length ? body : null;
  }

  /** @param {Promise<void>} promise never rejected */
  #wait(promise) {
    this.#pending = promise.finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  /** @param {Body} body */
  async #pull(body) {
    try {
      await body.pull();
    } catch (error) {
      if (!this.#closed) this.#fail(messageOf(error), ERRNO.EIO);
      return;
    }
    if (this.#closed) return;
    const after = body.position + body.chunk.length;
    if (body.ended && body.position < body.end) {
      const words = `ended after ${body.position} of ${body.end} bytes`;
      this.#fail(words, ERRNO.EIO);
    } else if (after > body.end) {
      this.#fail(`is longer than ${body.end} bytes`, ERRNO.ESTALE);
    } else {
      this.#gatherer.gather(this.#blocks, body.position, body.chunk);
    }
  }

  /**
   * @param {string} words what is wrong with the file
   * @param {number} errno
   */
  #fail(words, errno) {
    this.#stop();
    const { href = "" } = this.#source.urlOf(this.node.path) ?? {};
    this.#source.fail(`${href}: ${words}`, errno);
    this.#error = errno;
  }

  /** Nobody wants what is on its way. */
  #stop() {
    this.#abort.abort();
    this.#body = null;
  }

  /** @param {number} position */
  async #fetchFrom(position) {
    this.#stop();
    const url = this.#source.urlOf(this.node.path);
    if (url === null) {
      this.#error = ERRNO.ENOENT;
      return;
    }
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const part = this.#plan(position);
    const validator = this.#validator;
    const range = part === null ? {} : { ...part, validator };
    const answer = await this.#source.ask(url, { ...range, signal });
    if (typeof answer === "number") this.#error = -answer;
    else if (this.#closed) drop(answer.response);
    else if (!this.#changed(answer)) await this.#accept(answer, part, position);
  }

  /**
   * What to ask for, to read on from a position.
   * @param {number} position
   * @returns {{ from: number, end: number } | null} null: everything
   */
  #plan(position) {
    if (position === 0) return null;
    const { keeps } = this.#blocks.cache;
    const from = keeps ? position - (position % BLOCK_BYTES) : position;
    const goesOn = position === this.#partEnd;
    this.#partBytes = goesOn ? this.#partBytes * 2 : BLOCK_BYTES;
    const end = from + this.#partBytes;
    const rest = this.#partBytes > MAX_PART_BYTES || end >= this.sizeBytes;
    this.#partEnd = rest ? this.sizeBytes : end;
    return { from, end: rest ? Infinity : end };
  }

  /**
   * Whether an answer is of another version of the file than those before it.
   * @param {Answer} answer
   */
  #changed({ response, facts: { sizeBytes, validator } }) {
    const known = this.#validator || this.#blocks.validator;
    const comparable =
      validator !== "" &&
      validator.startsWith("tag ") === known.startsWith("tag ");
    const otherSize = sizeBytes >= 0 && sizeBytes !== this.sizeBytes;
    const other = known !== "" && comparable && validator !== known;
    if (otherSize || (other && this.#started)) {
      drop(response);
      this.#blocks.cache.forget(this.#blocks);
      this.#fail("has changed", ERRNO.ESTALE);
      return true;
    }
    // The program has seen nothing of the other one.
    const { cache } = this.#blocks;
    if (other) this.#blocks = cache.replace(this.#blocks, validator);
    if (other || known === "") this.#validator = validator;
    if (known === "") this.#blocks.validator = validator;
    return false;
  }

  /**
   * @param {Answer} answer
   * @param {{ from: number, end: number } | null} part that was asked for
   * @param {number} position that is wanted
   */
  async #accept({ response }, part, position) {
    if (part === null) {
      this.#body = new Body(response, 0, this.sizeBytes);
      return;
    }
    if (response.status !== 206) {
      const whole = await readWhole(response, this.#limitBytes);
      if (this.#closed) return;
      if (typeof whole !== "number") this.#whole = whole;
      else if (whole === -ERRNO.EFBIG) {
        this.#fail(tooLarge(this.#limitBytes), ERRNO.EFBIG);
      } else this.#fail("broke off", -whole);
      return;
    }
    const expected = Math.min(part.end, this.sizeBytes);
    const got =
      partOf(response) ?? this.#unseenPart(response, part.from, expected);
    if (got === null || got.from !== part.from || got.end <= position) {
      drop(response);
      this.#fail("the server sent another part than was asked for", ERRNO.EIO);
      return;
    }
    this.#body = new Body(response, got.from, got.end);
  }

  /**
   * The part that a foreign server does not let the page see, if it has the
   * length of the one that was asked for.
   * @param {Response} response
   * @param {number} from
   * @param {number} end
   */
  #unseenPart(response, from, end) {
    const fits = lengthOf(response) === end - from;
    return response.type === "cors" && fits ? { from, end } : null;
  }
}

/** @param {number} limitBytes */
export function tooLarge(limitBytes) {
  return `more than ${limitBytes} bytes (limitBytes), and no parts to be had`;
}

/**
 * @param {Response} response
 * @param {number} limitBytes
 * @returns {Promise<Uint8Array | number>} all of it, -EFBIG or -EIO
 */
export async function readWhole(response, limitBytes) {
  if (lengthOf(response) > limitBytes) {
    drop(response);
    return -ERRNO.EFBIG;
  }
  /** @type {Uint8Array[]} */
  const chunks = [];
  let size = 0;
  try {
    const reader = response.body?.getReader();
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {};
      if (done || value === undefined) break;
      chunks.push(value);
      size += value.length;
      if (size <= limitBytes) continue;
      await reader?.cancel();
      return -ERRNO.EFBIG;
    }
  } catch {
    return -ERRNO.EIO;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/* Runs in the pages of net-page.js: requests by the HTTP client as a page has
 * it, and programs, each told in values that a test can be sent. */
import { GossamerError, createClient } from "/dist/fetch.mjs";
import { load } from "/dist/gossamer.mjs";

/**
 * @typedef {import("../../js/http/client.js").HttpRequest} HttpRequest
 * @typedef {ReturnType<ReturnType<typeof createClient>["open"]>} Exchange
 *
 * @typedef {Omit<HttpRequest, "body"> & {
 *   bodyBytes?: number, text?: string, pieces?: number, pieceBytes?: number,
 * }} Asked a body of that many bytes of the pattern, of this text, or sent in
 *   pieces of the pattern
 */

/** @param {number} sizeBytes @param {number} [fromBytes] */
export function patternOf(sizeBytes, fromBytes = 0) {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 1) bytes[at] = (fromBytes + at) % 251;
  return bytes;
}

/** @param {Asked} asked @returns {HttpRequest} */
function requestOf({ bodyBytes, text, pieces, pieceBytes: _, ...request }) {
  if (bodyBytes !== undefined) {
    return { ...request, body: patternOf(bodyBytes) };
  }
  if (text !== undefined) {
    return { ...request, body: new TextEncoder().encode(text) };
  }
  return pieces === undefined ? request : { ...request, body: "sent" };
}

/**
 * Sends the pieces of a body when they are wanted.
 * @param {Exchange} exchange
 * @param {number} pieces
 * @param {number} pieceBytes
 * @param {() => void} sent after each
 */
async function sendPieces(exchange, pieces, pieceBytes, sent) {
  for (let at = 0; at < pieces; at += 1) {
    await exchange.send(patternOf(pieceBytes, at * pieceBytes));
    sent();
  }
  exchange.sendEnd();
}

/**
 * What came of a body.
 * @param {Exchange} exchange
 * @param {(bytes: number) => void} progress
 */
async function readBody(exchange, progress) {
  let bytes = 0;
  let isPattern = true;
  let text = "";
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await exchange.read();
      if (done) break;
      for (let at = 0; at < value.length && isPattern; at += 1) {
        isPattern = value[at] === (bytes + at) % 251;
      }
      if (bytes < 10_000) text += decoder.decode(value, { stream: true });
      bytes += value.length;
      progress(bytes);
    }
    return { bytes, isPattern, text };
  } catch (error) {
    return { bytes, isPattern, text, ...failure(error) };
  }
}

/** @param {unknown} error */
function failure(error) {
  const { code, message } = /** @type {{ code?: string, message: string }} */ (
    error
  );
  return { error: code ?? "no code", words: message };
}

/**
 * Makes a request and reads its answer to the end, in the background.
 * @param {import("../../js/http/policy.js").FetchOption} sources
 * @param {Asked} asked
 */
function begin(sources, asked) {
  const exchange = createClient(sources).open(requestOf(asked));
  const begun = { exchange, bytes: 0, sent: 0, outcome: outcomeOf() };
  async function outcomeOf() {
    try {
      const { headers, ...head } = await exchange.head;
      const body = await readBody(exchange, (bytes) => {
        begun.bytes = bytes;
      });
      return { ...head, headers: Object.fromEntries(headers), ...body };
    } catch (error) {
      return failure(error);
    } finally {
      exchange.close();
    }
  }
  const { pieces, pieceBytes = 1000 } = asked;
  if (pieces !== undefined) {
    // Why a body is not wanted any more, the head says too.
    sendPieces(exchange, pieces, pieceBytes, () => {
      begun.sent += 1;
    }).catch(() => {});
  }
  return begun;
}

/** The modules that make a part. */
const MAKERS = {
  websocket: async () => (await import("/dist/websocket.mjs")).websocket(),
  crypto: async () => (await import("/dist/crypto.mjs")).webcrypto(),
};

/**
 * @typedef {object} RunOptions
 * @property {import("../../js/http/policy.js").FetchOption} [fetch]
 * @property {(keyof typeof MAKERS)[]} [parts]
 */

/**
 * Starts a program.
 * @param {string} name of /programs/
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
async function start(name, args, { parts = [], ...options } = {}) {
  /** @type {string[]} */
  const lines = [];
  /** @type {string[]} */
  const errors = [];
  /** @type {ReadableStreamDefaultController<Uint8Array> | null} */
  let input = null;
  const stdin = new ReadableStream({
    start: (controller) => {
      input = controller;
    },
  });
  const app = await load(`/programs/${name}.wasm`, {
    args,
    stdin,
    stdout: (line) => void lines.push(line),
    stderr: (line) => void errors.push(line),
    parts: await Promise.all(parts.map((part) => MAKERS[part]())),
    ...options,
  });
  return {
    lines,
    /** @param {string} text to its standard input */
    write: (text) => input?.enqueue(new TextEncoder().encode(text)),
    result: async () => ({ code: await app.exited, lines, errors }),
  };
}

/**
 * Runs a program to its end; what it does not load by is its error.
 * @param {string} name
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
async function run(name, args, options) {
  try {
    return await (await start(name, args, options)).result();
  } catch (error) {
    return { code: -1, lines: [], errors: [], ...failure(error) };
  }
}

/** @param {import("../../js/errors.js").ErrnoName} code */
const errorOf = (code) => new GossamerError(code, "of the test");

/** What tests call by page.evaluate(). */
const own = { begin, run, start, createClient, errorOf };
/** @typedef {typeof own} InPage */
/** @type {Window & { net?: InPage }} */ (window).net = own;

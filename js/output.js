/* Where standard output and error go: to a callback by lines, or as bytes to
 * a writer. An exception in the page's callback is the page's: it is thrown
 * again outside of wasm, where the page's own handlers see it. */

/**
 * @typedef {(line: string) => void} LineCallback
 * @typedef {{ write(bytes: Uint8Array): unknown }} ByteWriter
 * @typedef {LineCallback | ByteWriter} OutputOption
 *
 * @typedef {object} Output
 * @property {(bytes: Uint8Array) => void} write bytes are read at once
 * @property {() => void} flush hands on an unfinished line
 * @property {() => void} close nothing more is written; flushes
 */

/** A line longer than this many characters is handed on in pieces. */
const MAX_LINE = 1 << 20;
/** More bytes than this are decoded in pieces: strings have a longest length. */
const MAX_PIECE = 1 << 24;

/**
 * @param {() => unknown} callback
 */
function guarded(callback) {
  try {
    callback();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/**
 * @param {LineCallback} callback
 * @returns {Output}
 */
function lineOutput(callback) {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let partial = "";

  /** @param {string} text */
  function take(text) {
    let from = 0;
    let end = text.indexOf("\n");
    while (end >= 0) {
      const line = partial + text.slice(from, end);
      partial = "";
      from = end + 1;
      end = text.indexOf("\n", from);
      guarded(() => callback(line));
    }
    partial += text.slice(from);
    if (partial.length > MAX_LINE) flush();
  }

  function flush() {
    if (partial === "") return;
    const line = partial;
    partial = "";
    guarded(() => callback(line));
  }

  function finish() {
    take(decoder.decode());
    flush();
  }

  return {
    write: (bytes) => {
      for (let at = 0; at < bytes.length; at += MAX_PIECE) {
        const piece = bytes.subarray(at, at + MAX_PIECE);
        take(decoder.decode(piece, { stream: true }));
      }
    },
    flush: finish,
    close: finish,
  };
}

/**
 * @param {ByteWriter} writer
 * @returns {Output}
 */
function byteOutput(writer) {
  return {
    // A copy: the bytes lie in memory that changes.
    write: (bytes) => guarded(() => writer.write(bytes.slice())),
    flush: () => {},
    close: () => {},
  };
}

/**
 * @param {OutputOption} option
 * @returns {Output}
 */
export function createOutput(option) {
  return typeof option === "function" ? lineOutput(option) : byteOutput(option);
}

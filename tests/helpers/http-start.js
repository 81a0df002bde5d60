/* A request in memory as C lays it out: struct gs__http_start of
 * src/host/host.h, written down a second time, for tests of the imports. */

export const START_BYTES = 72;
export const HEAD_BYTES = 16;

/**
 * @typedef {object} StartFields addresses and sizes in memory
 * @property {number} url
 * @property {number} urlBytes
 * @property {number} head
 * @property {number} [method]
 * @property {number} [methodBytes]
 * @property {number} [headers]
 * @property {number} [headerCount]
 * @property {number} [body]
 * @property {number} [bodyBytes]
 * @property {number} [options]
 * @property {number} [referrer]
 * @property {number} [referrerBytes]
 * @property {number} [integrity]
 * @property {number} [integrityBytes]
 * @property {number} [maxRedirects]
 * @property {number} [uploadLimit]
 * @property {number} [integrityLimit]
 */

const MEBIBYTES_64 = 64 * 2 ** 20;

/**
 * @param {WebAssembly.Memory} memory
 * @param {number} at
 * @param {StartFields} fields
 * @returns {number} at
 */
export function putStart(memory, at, fields) {
  const f = { maxRedirects: 20, uploadLimit: MEBIBYTES_64, ...fields };
  const words = [
    f.url,
    f.urlBytes,
    f.method,
    f.methodBytes,
    f.headers,
    f.headerCount,
    f.body,
    f.bodyBytes,
    f.options,
    f.referrer,
    f.referrerBytes,
    f.integrity,
    f.integrityBytes,
    f.maxRedirects,
    f.uploadLimit,
    f.integrityLimit ?? MEBIBYTES_64,
    f.head,
    0,
  ];
  new Uint32Array(memory.buffer, at, words.length).set(
    words.map((word) => word ?? 0),
  );
  return at;
}

/**
 * @param {WebAssembly.Memory} memory
 * @param {number} at where a request was put
 * @returns {number} 0: it has none
 */
export function handleOf(memory, at) {
  return new DataView(memory.buffer).getUint32(at + 68, true);
}

/**
 * @param {WebAssembly.Memory} memory
 * @param {number} at where the head was to be written
 */
export function readHead(memory, at) {
  const view = new DataView(memory.buffer);
  return {
    status: view.getUint32(at, true),
    flags: view.getUint32(at + 4, true),
    lengthBytes: view.getFloat64(at + 8, true),
  };
}

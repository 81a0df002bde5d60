/* A volume, or a folder of it, as a tar archive: out of it and into it, as
 * streams that count what goes through and can be called off. */
import { exportTar, importTar } from "/dist/gossamer.mjs";
import { StorageError, storageError } from "./storage.js";

/**
 * @typedef {import("./files-program.js").Job} Job
 * @typedef {import("./storage.js").StoredVolume} StoredVolume
 */

/** @param {ReadableStream<Uint8Array>} stream */
function watched(stream) {
  const abort = new AbortController();
  const off = new StorageError("ECANCELED");
  let count = 0;
  /** @type {TransformStream<Uint8Array, Uint8Array>} */
  const counter = new TransformStream({
    transform(piece, controller) {
      count += piece.length;
      controller.enqueue(piece);
    },
  });
  return {
    stream: stream.pipeThrough(counter, { signal: abort.signal }),
    job: {
      done: () => Promise.resolve(count),
      cancel: () => abort.abort(off),
    },
  };
}

/**
 * @param {StoredVolume} volume
 * @param {string} path
 * @returns {{ job: Job, blob: Promise<Blob> }}
 */
export function pack(volume, path) {
  const { stream, job } = watched(exportTar(volume, path));
  const blob = new Response(stream).blob();
  return { job: { ...job, ended: blob.then(() => {}) }, blob };
}

/**
 * @param {StoredVolume} volume
 * @param {File} file also one that is gzipped
 * @param {string} folder
 */
export function unpack(volume, file, folder) {
  const { stream, job } = watched(file.stream());
  /** @type {ReadableWritablePair<Uint8Array, any>} */
  const gzip = new DecompressionStream("gzip");
  const isZipped = /z$/i.test(file.name);
  const archive = isZipped ? stream.pipeThrough(gzip) : stream;
  const summary = store(volume, archive, folder);
  return { job: { ...job, ended: summary.then(() => {}) }, summary };
}

/**
 * @param {StoredVolume} volume
 * @param {ReadableStream<Uint8Array>} archive
 * @param {string} folder
 */
async function store(volume, archive, folder) {
  const summary = await importTar(volume, archive, folder);
  const answer = await volume.commit({ strict: true });
  if (answer < 0) throw storageError(answer, "It is unpacked, but not stored");
  return summary;
}

/* Tar archives made by hand, byte by byte, and what comes out of them. */
import { memory } from "../../js/fs/memory.js";
import { importTar } from "../../js/fs/tar.js";
import { exportTree } from "../../js/fs/transfer.js";

export const BLOCK = 512;

/** @param {string} text */
export const bytes = (text) => new TextEncoder().encode(text);

/** All of a stream. @param {ReadableStream} stream */
export async function whole(stream) {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * A stream of the bytes in pieces of a size.
 * @param {Uint8Array} data
 * @param {number} size
 */
export function inPieces(data, size) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= data.length) controller.close();
      else controller.enqueue(data.slice(at, at + size));
      at += size;
    },
  });
}

/** A header made by hand, with a right checksum. */
export function header({
  name = "a",
  size = 0,
  type = "0",
  link = "",
  mtime = 0,
  magic = "ustar\x0000",
}) {
  const block = new Uint8Array(BLOCK);
  /** @param {number} at @param {string} text */
  const put = (at, text) => block.set(bytes(text), at);
  put(0, name);
  put(100, "0000644\0");
  put(
    124,
    typeof size === "string" ? size : size.toString(8).padStart(11, "0"),
  );
  put(136, mtime.toString(8).padStart(11, "0"));
  put(148, "        ");
  put(156, type);
  put(157, link);
  put(257, magic);
  return sealed(block);
}

/** Puts the checksum in. @param {Uint8Array} block */
export function sealed(block) {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.set(bytes(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return block;
}

/** Data in whole blocks. @param {Uint8Array} data */
export function padded(data) {
  const all = new Uint8Array(Math.ceil(data.length / BLOCK) * BLOCK);
  all.set(data);
  return all;
}

export const END = new Uint8Array(2 * BLOCK);

/** One after the other. @param {...Uint8Array} parts */
export function archive(...parts) {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * Pax records before an entry.
 * @param {Record<string, string>} records
 */
export function pax(records, type = "x") {
  const data = bytes(
    Object.entries(records)
      .map(([key, value]) => {
        const rest = ` ${key}=${value}\n`;
        const base = bytes(rest).length;
        let size = base;
        while (`${size}`.length + base !== size) size++;
        return `${size}${rest}`;
      })
      .join(""),
  );
  return archive(
    header({ name: "pax", type, size: data.length }),
    padded(data),
  );
}

/**
 * The archive's content as a tree.
 * @param {import("../../js/fs/tar.js").TarSource} data
 * @param {import("../../js/fs/memory.js").MemoryOptions} [options]
 */
export async function unpacked(data, options) {
  const volume = memory(options);
  const summary = await importTar(volume, data);
  return { tree: await exportTree(volume), summary, volume };
}

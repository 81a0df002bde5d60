/* Tar archives into a volume and out of it, as streams: never more than a
 * piece of a file is held. Names in an archive never lead out of the directory
 * that it is put into, and links in the volume are not followed. */
import { GossamerError } from "../errors.js";
import { PIECE_BYTES, VolumeAccess, joined, namesIn } from "./access.js";
import { pack, unpack } from "./gzip.js";
import { ByteSource, piecesOf } from "./tar-source.js";
import {
  BLOCK_BYTES,
  KIND,
  gzipped,
  isGzip,
  isZero,
  malformed,
  paddedBytes,
  readHeader,
  readPax,
  withPax,
  writeHeader,
} from "./tar-format.js";
import { TYPE } from "./volume.js";

/**
 * @typedef {import("./volume.js").Volume} Volume
 * @typedef {import("./volume.js").Node} Node
 * @typedef {import("./tar-format.js").Header} Header
 *
 * @typedef {ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Response |
 *   Blob | ArrayBuffer | ArrayBufferView} TarSource
 *
 * What came out of an archive.
 * @typedef {object} TarSummary
 * @property {number} files hard links included
 * @property {number} directories
 * @property {number} links symbolic ones
 * @property {string[]} skipped the names of what no volume has: devices, pipes
 *   and what only some programs know
 *
 * @typedef {object} ImportTarOptions
 * @property {boolean} [gzip] whether the archive is compressed
 * @property {boolean} [atomic] all or nothing: the directory must be new or
 *   empty, and is there when all is in it. A page that goes away meanwhile
 *   leaves a directory `.incomplete-1` beside it
 * @property {AbortSignal} [signal]
 *
 * @typedef {object} ExportTarOptions
 * @property {boolean} [gzip] whether the archive is to be compressed
 */

/** Longer names and records than this are an attack on our memory. */
const MAX_EXTRA_BYTES = 1 << 20;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** @type {Set<string>} */
const FILE_KINDS = new Set([KIND.FILE, KIND.CONTIGUOUS]);

/**
 * An entry's name as names inside of the target.
 * @param {string} name
 * @param {string} what it is
 * @param {number} offset
 * @returns {string[]}
 * @throws {GossamerError} ENOTCAPABLE
 */
function confined(name, what, offset) {
  // "/etc" is taken as "etc", as every tar does; ".." has no such reading.
  const names = namesIn(name);
  if (names !== null) return names;
  const text = `tar: at offset ${offset}: the ${what} ${JSON.stringify(name)} is not inside of the archive`;
  throw new GossamerError("ENOTCAPABLE", text);
}

/** One archive on its way into one directory. */
class Import {
  /** @type {TarSummary} */
  summary = { files: 0, directories: 0, links: 0, skipped: [] };
  /** Set at the end: what is put into a directory changes it. */
  /** @type {{ node: Node, path: string, mtimeNs: bigint }[]} */
  #times = [];
  /** @type {Map<string, string>} pax records for all that follows */
  #global = new Map();
  #access;
  #root;
  #path;
  #source;

  /**
   * @param {VolumeAccess} access
   * @param {Node} root
   * @param {string} path of it
   * @param {ByteSource} source
   */
  constructor(access, root, path, source) {
    this.#access = access;
    this.#root = root;
    this.#path = path;
    this.#source = source;
  }

  async run() {
    for (;;) {
      const entry = await this.#nextEntry();
      if (entry === null) break;
      await this.#put(entry.header, entry.offset);
    }
    for (const { node, path, mtimeNs } of this.#times) {
      await this.#access.setMtime(node, path, mtimeNs);
    }
    return this.summary;
  }

  /**
   * The next header, with what those before it say about it.
   * @returns {Promise<{ header: Header, offset: number } | null>}
   */
  async #nextEntry() {
    const source = this.#source;
    const records = new Map(this.#global);
    for (;;) {
      const { offset } = source;
      const block = await source.all(BLOCK_BYTES);
      if (block.length < BLOCK_BYTES) {
        if (isGzip(block)) throw gzipped(offset);
        const what =
          offset === 0 ? "is too short" : "ends without its end mark";
        throw malformed(source.offset, `the archive ${what}`);
      }
      // The first of two; some write only one.
      if (isZero(block)) return null;
      const header = readHeader(block, offset);
      const { kind } = header;
      if (kind === KIND.PAX || kind === KIND.PAX_GLOBAL) {
        const bytes = await this.#extra(header, offset);
        for (const [key, value] of readPax(bytes, offset + BLOCK_BYTES)) {
          records.set(key, value);
          if (kind === KIND.PAX_GLOBAL) this.#global.set(key, value);
        }
      } else if (kind === KIND.GNU_LONG_NAME || kind === KIND.GNU_LONG_LINK) {
        const bytes = await this.#extra(header, offset);
        const end = bytes.indexOf(0);
        const text = decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
        records.set(kind === KIND.GNU_LONG_NAME ? "path" : "linkpath", text);
      } else {
        return { header: withPax(header, records, offset), offset };
      }
    }
  }

  /**
   * The data of a header that is about the next one.
   * @param {Header} header
   * @param {number} offset
   */
  async #extra({ sizeBytes }, offset) {
    if (sizeBytes > MAX_EXTRA_BYTES) {
      throw malformed(offset, `${sizeBytes} bytes of names and records`);
    }
    const bytes = await this.#source.all(paddedBytes(sizeBytes));
    if (bytes.length < paddedBytes(sizeBytes)) {
      throw malformed(this.#source.offset, "the archive ends within records");
    }
    return bytes.subarray(0, sizeBytes);
  }

  /**
   * @param {Header} header
   * @param {number} offset
   */
  async #put(header, offset) {
    const { kind, sizeBytes, mtimeNs } = header;
    const access = this.#access;
    const names = confined(header.name, "name", offset);
    const path = joined(this.#path, names.join("/"));
    if (kind === KIND.DIRECTORY) {
      const node = await access.directory(this.#root, names, path);
      this.#times.push({ node, path, mtimeNs });
      this.summary.directories++;
      await this.#skipData(header, offset);
      return;
    }
    const isFile = FILE_KINDS.has(kind);
    if (!isFile && kind !== KIND.LINK && kind !== KIND.HARD_LINK) {
      this.summary.skipped.push(header.name);
      await this.#skipData(header, offset);
      return;
    }
    const name = names.pop();
    if (name === undefined) throw malformed(offset, "a file without a name");
    const directory = await access.directory(this.#root, names, path);
    if (isFile) {
      const node = await access.writeFile(directory, name, path, (writer) =>
        this.#copyData(writer, sizeBytes, path),
      );
      await this.#pad(sizeBytes);
      await access.setMtime(node, path, mtimeNs);
      this.summary.files++;
      return;
    }
    if (kind === KIND.LINK) {
      await access.writeLink(directory, name, path, header.linkName);
      this.summary.links++;
    } else {
      const node = await this.#linked(header, offset);
      await access.writeHardLink(node, directory, name, path);
      this.summary.files++;
    }
    await this.#skipData(header, offset);
  }

  /**
   * What a hard link is another name of: a file that came before.
   * @param {Header} header
   * @param {number} offset
   */
  async #linked({ name, linkName }, offset) {
    const names = confined(linkName, "link to", offset);
    /** @type {Node | null} */
    let node = this.#root;
    for (const one of names) {
      if (node === null) break;
      node =
        node.type === TYPE.DIRECTORY
          ? await this.#access.find(node, one, linkName)
          : null;
    }
    if (node === null || node.type === TYPE.DIRECTORY) {
      throw malformed(offset, `${name} is a link to ${linkName}, no file here`);
    }
    return node;
  }

  /**
   * @param {import("./file-writer.js").FileWriter} writer
   * @param {number} sizeBytes
   * @param {string} path
   */
  async #copyData(writer, sizeBytes, path) {
    for (let left = sizeBytes; left > 0;) {
      const bytes = await this.#source.some(left);
      if (bytes.length === 0) throw this.#endsWithin(path, left);
      await writer.write(bytes);
      left -= bytes.length;
    }
  }

  /** @param {string} path @param {number} missing */
  #endsWithin(path, missing) {
    const what = `the archive ends within ${path}, ${missing} bytes are missing`;
    return malformed(this.#source.offset, what);
  }

  /** @param {number} sizeBytes */
  async #pad(sizeBytes) {
    // At the end of an archive that was cut there, the next header is missed.
    await this.#source.skip(paddedBytes(sizeBytes) - sizeBytes);
  }

  /** @param {Header} header @param {number} offset */
  async #skipData({ kind, name, sizeBytes }, offset) {
    // These have no data, whatever their size says: of a directory it is the
    // room that was set aside for it.
    if (kind === KIND.LINK || kind === KIND.DIRECTORY) return;
    const whole = paddedBytes(sizeBytes);
    const got = await this.#source.skip(whole);
    if (got < whole) {
      throw this.#endsWithin(`${name} at ${offset}`, whole - got);
    }
  }
}

/**
 * Unpacks a tar archive: POSIX ustar and pax, GNU's long names. As it comes:
 * nothing but a piece of a file is in memory, and the source is read no faster
 * than the volume takes it.
 *
 * Files and links that are there already are replaced, directories added to.
 * Times come along, to the nanosecond where the archive has them; modes and
 * owners do not, for volumes have none; blocks of zeros become holes. When it
 * fails, what came before stays, unless `atomic` was said; the file that was
 * being written does not, and the source is cancelled.
 * @param {Volume} volume opened if need be
 * @param {TarSource} source
 * @param {string} [path] the directory in the volume, made if need be
 * @param {ImportTarOptions} [options]
 * @returns {Promise<TarSummary>}
 * @throws {GossamerError} EBADMSG for what is no tar or is cut off, with the
 *   offset in bytes and what is wrong there; ENOTCAPABLE for a name or hard
 *   link with ".."; ENOTSUP for sparse files of GNU tar; EIO when the source
 *   fails; ECANCELED by the signal; EINVAL for a wrong argument; ENOTEMPTY with
 *   `atomic`; what the volume answers: ENOSPC, ENAMETOOLONG, ENOTDIR, EISDIR,
 *   EROFS
 */
export async function importTar(volume, source, path = "/", options = {}) {
  const { gzip = false, atomic = false, signal } = options;
  const pieces = piecesOf(source);
  const bytes = new ByteSource(gzip ? unpack(pieces) : pieces, signal);
  try {
    const access = await VolumeAccess.open(volume, signal);
    return await access.fill(path, atomic, async (root) => {
      const summary = await new Import(access, root, path, bytes).run();
      // The checksum comes behind what it is of.
      if (gzip) await bytes.drain();
      return summary;
    });
  } finally {
    await bytes.end();
  }
}

/**
 * Everything under a node, as pieces of an archive.
 * @param {VolumeAccess} access
 * @param {Node} node
 * @param {string} path in the volume
 * @param {string} name in the archive, without a slash at its end
 * @param {Map<bigint, string>} seen the first name of files with several
 * @returns {AsyncGenerator<Uint8Array, void, void>}
 */
async function* archive(access, node, path, name, seen) {
  const stat = await access.stat(node, path);
  const { mtimeNs } = stat;
  /** @param {string} kind @param {Partial<Header>} [more] */
  const header = (kind, more) =>
    writeHeader({ kind, name, linkName: "", sizeBytes: 0, mtimeNs, ...more });
  if (node.type === TYPE.DIRECTORY) {
    // The top itself has no name.
    if (name !== "") yield header(KIND.DIRECTORY, { name: `${name}/` });
    for (const one of await access.entries(node, path)) {
      const inside = name === "" ? one.name : `${name}/${one.name}`;
      yield* archive(access, one.node, one.path, inside, seen);
    }
    return;
  }
  const first = seen.get(node.ino);
  if (first !== undefined) {
    yield header(KIND.HARD_LINK, { linkName: first });
    return;
  }
  if (stat.links > 1) seen.set(node.ino, name);
  if (node.type === TYPE.LINK) {
    yield header(KIND.LINK, { linkName: await access.readLink(node, path) });
    return;
  }
  const { sizeBytes } = stat;
  yield header(KIND.FILE, { sizeBytes });
  let left = sizeBytes;
  for await (const piece of access.pieces(node, path)) {
    // The header has said how much there is: what came later stays out.
    const part = piece.slice(0, left);
    if (part.length > 0) yield part;
    left -= part.length;
    if (left === 0) break;
  }
  // And what went meanwhile is zeros, as is the rest of the last block.
  for (left += paddedBytes(sizeBytes) - sizeBytes; left > 0;) {
    const zeros = new Uint8Array(Math.min(left, PIECE_BYTES));
    yield zeros;
    left -= zeros.length;
  }
}

/** @param {Volume} volume @param {string} path */
async function* wholeArchive(volume, path) {
  const access = await VolumeAccess.open(volume);
  const node = await access.at(path);
  const name = VolumeAccess.names(path).at(-1) ?? "";
  const top = node.type === TYPE.DIRECTORY ? "" : name;
  yield* archive(access, node, path, top, new Map());
  yield new Uint8Array(2 * BLOCK_BYTES);
}

/**
 * Packs what is at a path into a tar archive: POSIX ustar, with pax records for
 * long or non-ASCII names, large files and fractions of a second. A directory's
 * names are relative to it and in order. It is made while it is read, a piece at
 * a time; what changes meanwhile may be in it or not, but the archive stays
 * whole. Holes are zeros in it. To save it:
 * `await new Response(exportTar(volume)).blob()`.
 * @param {Volume} volume opened if need be
 * @param {string} [path] a directory, or a single file
 * @param {ExportTarOptions} [options]
 * @returns {ReadableStream<Uint8Array<ArrayBuffer>>} it fails with a
 *   GossamerError: ENOENT, ENOTDIR, EIO, EINVAL for a path with "..". When it
 *   is cancelled nothing stays open
 */
export function exportTar(volume, path = "/", { gzip = false } = {}) {
  const pieces = wholeArchive(volume, path);
  return streamOf(gzip ? pack(pieces) : pieces);
}

/**
 * @param {{ next: () => Promise<IteratorResult<Uint8Array, void>>,
 *   return: () => Promise<unknown> }} pieces
 */
function streamOf(pieces) {
  /** @type {UnderlyingDefaultSource<Uint8Array<ArrayBuffer>>} */
  const source = {
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(/** @type {Uint8Array<ArrayBuffer>} */ (value));
    },
    async cancel() {
      await pieces.return();
    },
  };
  // Nothing is read from the volume before somebody reads here.
  return new ReadableStream(source, { highWaterMark: 0 });
}

/* Tar archives into a volume and out of it, as streams: never more than a
 * piece of a file is held. Names in an archive never lead out of the directory
 * that it is put into, and links in the volume are not followed. */
import { GossamerError, messageOf } from "../errors.js";
import { PIECE_BYTES, VolumeAccess, joined, namesIn } from "./access.js";
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
 */

/** Longer names and records than this are an attack on our memory. */
const MAX_EXTRA_BYTES = 1 << 20;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** @type {Set<string>} */
const FILE_KINDS = new Set([KIND.FILE, KIND.CONTIGUOUS]);

/**
 * @param {TarSource} source
 * @returns {AsyncIterator<Uint8Array>}
 */
function piecesOf(source) {
  if (source instanceof Blob) return piecesOf(source.stream());
  if (typeof Response !== "undefined" && source instanceof Response) {
    if (source.body !== null) return piecesOf(source.body);
    return piecesOf(new ArrayBuffer(0));
  }
  if (source instanceof ArrayBuffer) return once(new Uint8Array(source));
  if (ArrayBuffer.isView(source)) {
    const { buffer, byteOffset, byteLength } = source;
    return once(new Uint8Array(buffer, byteOffset, byteLength));
  }
  if (typeof source === "object" && source !== null) {
    // Not every browser's streams can be iterated.
    if ("getReader" in source) return fromReader(source.getReader());
    if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  }
  const text = "tar: a stream, a Blob, a Response or bytes are expected";
  throw new GossamerError("EINVAL", text);
}

/** @param {unknown} piece of a stream @returns {Uint8Array} */
function asBytes(piece) {
  if (piece instanceof Uint8Array) return piece;
  const text = "tar: the stream must be one of bytes (Uint8Array)";
  throw new GossamerError("EINVAL", text);
}

/** @param {Uint8Array} bytes */
async function* once(bytes) {
  yield bytes;
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
async function* fromReader(reader) {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Whoever sends need not go on; at the end this does nothing.
    void reader.cancel().catch(() => {});
  }
}

/** The bytes of an archive, in the pieces that are wanted. */
class ByteSource {
  /** How many were taken. */
  offset = 0;
  #pieces;
  /** @type {Uint8Array} what came and was not taken */
  #rest = new Uint8Array(0);

  /** @param {AsyncIterator<Uint8Array>} pieces */
  constructor(pieces) {
    this.#pieces = pieces;
  }

  /**
   * @param {number} mostBytes
   * @returns {Promise<Uint8Array>} at least one byte, fewer than asked for as
   *   it comes; empty: the end. Valid until the next is asked for
   */
  async some(mostBytes) {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#next();
      if (done) return this.#rest;
      this.#rest = asBytes(value);
    }
    const bytes = this.#rest.subarray(0, mostBytes);
    this.#rest = this.#rest.subarray(bytes.length);
    this.offset += bytes.length;
    return bytes;
  }

  /**
   * @param {number} sizeBytes
   * @returns {Promise<Uint8Array>} the caller's own; shorter at the end
   */
  async all(sizeBytes) {
    const bytes = new Uint8Array(sizeBytes);
    let at = 0;
    while (at < sizeBytes) {
      const part = await this.some(sizeBytes - at);
      if (part.length === 0) break;
      bytes.set(part, at);
      at += part.length;
    }
    return bytes.subarray(0, at);
  }

  /** @param {number} sizeBytes @returns {Promise<number>} how many there were */
  async skip(sizeBytes) {
    let left = sizeBytes;
    while (left > 0) {
      const part = await this.some(Math.min(left, PIECE_BYTES));
      if (part.length === 0) break;
      left -= part.length;
    }
    return sizeBytes - left;
  }

  async #next() {
    try {
      return await this.#pieces.next();
    } catch (error) {
      if (error instanceof GossamerError) throw error;
      const text = `tar: at offset ${this.offset}: the stream failed: ${messageOf(error)}`;
      throw new GossamerError("EIO", text, { cause: error });
    }
  }

  /** Lets go of where they come from. */
  async end() {
    await this.#pieces.return?.();
  }
}

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
 * than the volume takes it. Compressed ones go through the browser:
 * `importTar(volume, response.body.pipeThrough(new DecompressionStream("gzip")))`.
 *
 * Files and links that are there already are replaced, directories added to.
 * Times come along, to the nanosecond where the archive has them; modes and
 * owners do not, for volumes have none. When it fails, what came before stays,
 * and the source is cancelled.
 * @param {Volume} volume opened if need be
 * @param {TarSource} source
 * @param {string} [path] the directory in the volume, made if need be
 * @returns {Promise<TarSummary>}
 * @throws {GossamerError} EBADMSG for what is no tar or is cut off, with the
 *   offset in bytes and what is wrong there; ENOTCAPABLE for a name or hard
 *   link with ".."; ENOTSUP for sparse files of GNU tar; EIO when the source
 *   fails; EINVAL for a wrong argument; what the volume answers: ENOSPC,
 *   ENAMETOOLONG, ENOTDIR, EISDIR, EROFS
 */
export async function importTar(volume, source, path = "/") {
  const bytes = new ByteSource(piecesOf(source));
  try {
    const access = await VolumeAccess.open(volume);
    const names = VolumeAccess.names(path);
    const root = await access.directory(volume.root, names, path);
    return await new Import(access, root, path, bytes).run();
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

/** @param {VolumeAccess} access @param {string} path */
async function* wholeArchive(access, path) {
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
 * whole. To save it: `await new Response(exportTar(volume)).blob()`.
 * @param {Volume} volume opened if need be
 * @param {string} [path] a directory, or a single file
 * @returns {ReadableStream<Uint8Array<ArrayBuffer>>} it fails with a
 *   GossamerError: ENOENT, ENOTDIR, EIO, EINVAL for a path with ".."
 */
export function exportTar(volume, path = "/") {
  /** @type {AsyncGenerator<Uint8Array, void, void> | null} */
  let pieces = null;
  return new ReadableStream(
    {
      async pull(controller) {
        pieces ??= wholeArchive(await VolumeAccess.open(volume), path);
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(/** @type {Uint8Array<ArrayBuffer>} */ (value));
      },
      async cancel() {
        await pieces?.return();
      },
    },
    // Nothing is read from the volume before somebody reads here.
    { highWaterMark: 0 },
  );
}

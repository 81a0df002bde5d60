/* A record of the log: what one commit changes of the metadata, in bytes. A
 * header with a CRC-32 of the whole record and that of the record before, so
 * that a damaged, lost or foreign one is found out; then operations. Each sets
 * a state and none depends on what was there, so that several commits can be
 * made one and a checkpoint is a record like any other. */
import { crc32 } from "./crc.js";

/** Of the records, and the version of the database: opening.js has a step to it. */
export const FORMAT = 1;

/** The bytes of a file are kept in pages of this size. */
export const PAGE_BYTES = 4096;

/** What a page's place is when it is in no record of the data store. */
export const PLACE = Object.freeze({
  /** Nothing was written there: zeros that take no room. */
  HOLE: 0,
  /** Room was made there: zeros. */
  ZEROS: 0xfffffffe,
  /** Written, and nowhere but in the cache as yet. */
  CACHED: 0xffffffff,
  /** Its bytes are in the log, and in the cache until they are in a record. */
  LOGGED: 0xfffffffd,
});

const MAGIC = 0x4c4d5347;
const KIND = Object.freeze({ CHANGES: 1, CHECKPOINT: 2 });
/* magic, format, kind, 2 unused; sequence; crc before, crc; volume id; next
 * ino; next record */
const AT = Object.freeze({
  MAGIC: 0,
  FORMAT: 4,
  KIND: 5,
  LENGTH: 8,
  SEQUENCE: 12,
  BEFORE: 20,
  CRC: 24,
  VOLUME: 28,
  NEXT_INO: 36,
  NEXT_RECORD: 44,
});
const HEADER_BYTES = 52;

const OP = Object.freeze({
  NODE: 1,
  GONE: 2,
  NAME: 3,
  UNNAME: 4,
  CUT: 5,
  MAP: 6,
  ZEROS: 7,
  RECORD: 8,
  DROP: 9,
  BYTES: 10,
});

const FIRST_BYTES = 1024;

/**
 * @typedef {object} Header
 * @property {boolean} isCheckpoint whether it says everything, and nothing
 *   before it counts
 * @property {number} sequence its key in the log, from 1
 * @property {number} before the CRC of the record before, 0 for the first
 * @property {bigint} volume the id that the volume got when it was made
 * @property {number} nextIno
 * @property {number} nextRecord of the data store
 *
 * The attributes of a node; times in nanoseconds since 1970.
 * @typedef {object} Attributes
 * @property {number} ino
 * @property {number} type
 * @property {number} sizeBytes
 * @property {bigint} atimeNs
 * @property {bigint} mtimeNs
 * @property {bigint} ctimeNs
 * @property {string} target of a symbolic link
 *
 * Who is told what a record says, in the order it says it.
 * @typedef {object} LogVisitor
 * @property {(attributes: Attributes) => void} node the object is used again
 * @property {(ino: number) => void} gone
 * @property {(directory: number, name: string, ino: number) => void} name
 * @property {(directory: number, name: string) => void} unname
 * @property {(ino: number, sizeBytes: number) => void} cut what lies beyond is
 *   gone
 * @property {(ino: number, page: number, count: number, record: number,
 *   offset: number, lastBytes: number) => void} map pages that lie one after
 *   the other in a record; all are whole but the last
 * @property {(ino: number, page: number, count: number) => void} zeros
 * @property {(ino: number, page: number, bytes: Uint8Array) => void} bytes of
 *   a page, a view
 * @property {(record: number, sizeBytes: number) => void} record one was put
 * @property {(record: number) => void} drop one was deleted
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export class LogWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = HEADER_BYTES;

  /** How many bytes there are so far. */
  get length() {
    return this.#at;
  }

  /** @param {number} more */
  #room(more) {
    const need = this.#at + more;
    if (need <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(need, 2 * this.#bytes.length));
    bytes.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }

  /** @param {number} value an integer from 0; there is room for it */
  #number(value) {
    let rest = value;
    while (rest > 127) {
      // Beyond 32 bits there are no shifts.
      this.#bytes[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }

  /** @param {number} op @param {number[]} numbers */
  #op(op, ...numbers) {
    this.#room(1 + 8 * numbers.length);
    this.#bytes[this.#at++] = op;
    for (const value of numbers) this.#number(value);
  }

  /** @param {string} text well-formed */
  #text(text) {
    this.#room(8 + 3 * text.length);
    // Its length is known afterwards: names are short, one byte is the guess.
    const from = this.#at;
    let { written } = encoder.encodeInto(text, this.#bytes.subarray(from + 1));
    written ??= 0;
    if (written > 127) {
      this.#number(written);
      const { length } = text;
      encoder.encodeInto(text, this.#bytes.subarray(this.#at));
      this.#at += written;
      return length;
    }
    this.#bytes[from] = written;
    this.#at = from + 1 + written;
    return text.length;
  }

  /** @param {bigint} timeNs */
  #time(timeNs) {
    this.#view.setBigUint64(this.#at, timeNs, true);
    this.#at += 8;
  }

  /** @param {Attributes} node */
  node(node) {
    this.#op(OP.NODE, node.ino, node.type, node.sizeBytes);
    this.#room(24);
    this.#time(node.atimeNs);
    this.#time(node.mtimeNs);
    this.#time(node.ctimeNs);
    this.#text(node.target);
  }

  /** @param {number} ino */
  gone(ino) {
    this.#op(OP.GONE, ino);
  }

  /** @param {number} directory @param {string} name @param {number} ino */
  name(directory, name, ino) {
    this.#op(OP.NAME, directory, ino);
    this.#text(name);
  }

  /** @param {number} directory @param {string} name */
  unname(directory, name) {
    this.#op(OP.UNNAME, directory);
    this.#text(name);
  }

  /** @param {number} ino @param {number} sizeBytes */
  cut(ino, sizeBytes) {
    this.#op(OP.CUT, ino, sizeBytes);
  }

  /**
   * @param {number} ino
   * @param {number} page
   * @param {number} count
   * @param {number} record
   * @param {number} offset
   * @param {number} lastBytes
   */
  map(ino, page, count, record, offset, lastBytes) {
    this.#op(OP.MAP, ino, page, count, record, offset, lastBytes);
  }

  /** @param {number} ino @param {number} page @param {number} count */
  zeros(ino, page, count) {
    this.#op(OP.ZEROS, ino, page, count);
  }

  /** @param {number} ino @param {number} page @param {Uint8Array} bytes */
  bytes(ino, page, bytes) {
    this.#op(OP.BYTES, ino, page, bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** @param {number} record @param {number} sizeBytes */
  record(record, sizeBytes) {
    this.#op(OP.RECORD, record, sizeBytes);
  }

  /** @param {number} record */
  drop(record) {
    this.#op(OP.DROP, record);
  }

  /**
   * @param {Header} header
   * @returns {Uint8Array<ArrayBuffer>} the whole record, a copy
   */
  finish(header) {
    const view = this.#view;
    const kind = header.isCheckpoint ? KIND.CHECKPOINT : KIND.CHANGES;
    view.setUint32(AT.MAGIC, MAGIC, true);
    view.setUint8(AT.FORMAT, FORMAT);
    view.setUint8(AT.KIND, kind);
    view.setUint16(AT.KIND + 1, 0, true);
    view.setUint32(AT.LENGTH, this.#at, true);
    view.setFloat64(AT.SEQUENCE, header.sequence, true);
    view.setUint32(AT.BEFORE, header.before, true);
    view.setBigUint64(AT.VOLUME, header.volume, true);
    view.setFloat64(AT.NEXT_INO, header.nextIno, true);
    view.setFloat64(AT.NEXT_RECORD, header.nextRecord, true);
    const bytes = this.#bytes.slice(0, this.#at);
    new DataView(bytes.buffer).setUint32(AT.CRC, crcOf(bytes), true);
    return bytes;
  }
}

/** Over all but the place where it stands. @param {Uint8Array} bytes */
function crcOf(bytes) {
  const head = crc32(bytes, 0, AT.CRC);
  return crc32(bytes, AT.CRC + 4, bytes.length, head);
}

/** @param {Uint8Array} bytes of a whole record */
export function storedCrc(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.getUint32(AT.CRC, true);
}

/**
 * What the header of a record says.
 * @param {Uint8Array} bytes
 * @returns {Header | string} why it is no whole record
 */
export function readHeader(bytes) {
  if (bytes.length < HEADER_BYTES) return "it is too short";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(AT.MAGIC, true) !== MAGIC) return "it is none of ours";
  const format = view.getUint8(AT.FORMAT);
  if (format !== FORMAT) return `it has the format ${format}, not ${FORMAT}`;
  if (view.getUint32(AT.LENGTH, true) !== bytes.length) {
    return "it was cut short";
  }
  if (view.getUint32(AT.CRC, true) !== crcOf(bytes)) {
    return "its checksum is wrong";
  }
  const kind = view.getUint8(AT.KIND);
  if (kind !== KIND.CHANGES && kind !== KIND.CHECKPOINT) {
    return `there is no kind ${kind} of record`;
  }
  return {
    isCheckpoint: kind === KIND.CHECKPOINT,
    sequence: view.getFloat64(AT.SEQUENCE, true),
    before: view.getUint32(AT.BEFORE, true),
    volume: view.getBigUint64(AT.VOLUME, true),
    nextIno: view.getFloat64(AT.NEXT_INO, true),
    nextRecord: view.getFloat64(AT.NEXT_RECORD, true),
  };
}

/** A record whose checksum is right, and that still says what makes no sense. */
class Malformed extends Error {}

class LogReader {
  #bytes;
  #view;
  at = HEADER_BYTES;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  byte() {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new Malformed("it ends in an operation");
    this.at++;
    return byte;
  }

  number() {
    let byte = this.byte();
    if (byte < 128) return byte;
    let value = byte & 127;
    for (let scale = 128; ; scale *= 128) {
      byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) break;
      if (scale > Number.MAX_SAFE_INTEGER) break;
    }
    if (value > Number.MAX_SAFE_INTEGER) throw new Malformed("a large number");
    return value;
  }

  time() {
    if (this.at + 8 > this.#bytes.length) throw new Malformed("half a time");
    const time = this.#view.getBigUint64(this.at, true);
    this.at += 8;
    return time;
  }

  /** @returns {Uint8Array} a view */
  page() {
    const size = this.number();
    if (size > PAGE_BYTES) throw new Malformed("a page that is too large");
    const from = this.at;
    if (from + size > this.#bytes.length) throw new Malformed("half a page");
    this.at = from + size;
    return this.#bytes.subarray(from, this.at);
  }

  text() {
    const size = this.number();
    const end = this.at + size;
    if (end > this.#bytes.length) throw new Malformed("half a name");
    const from = this.at;
    this.at = end;
    // Most names are short and ASCII; a decoder's call costs more than these.
    if (size < 24) {
      let text = "";
      let i = from;
      for (; i < end; i++) {
        const byte = this.#bytes[i] ?? 128;
        if (byte > 127) break;
        text += String.fromCharCode(byte);
      }
      if (i === end) return text;
    }
    return decoder.decode(this.#bytes.subarray(from, end));
  }
}

/**
 * Tells a visitor what a whole record says.
 * @param {Uint8Array} bytes that readHeader() takes
 * @param {LogVisitor} visitor what it throws is thrown on
 * @returns {string} why it makes no sense, "" when it does
 */
export function replay(bytes, visitor) {
  const reader = new LogReader(bytes);
  /** @type {Attributes} */
  const node = {
    ino: 0,
    type: 0,
    sizeBytes: 0,
    atimeNs: 0n,
    mtimeNs: 0n,
    ctimeNs: 0n,
    target: "",
  };
  try {
    while (reader.at < bytes.length) {
      const op = reader.byte();
      if (!step(op, reader, visitor, node)) return `no operation ${op}`;
    }
    return "";
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    if (error instanceof TypeError) return "a name is no UTF-8";
    throw error;
  }
}

/**
 * @param {number} op
 * @param {LogReader} reader
 * @param {LogVisitor} visitor
 * @param {Attributes} node to be filled in
 * @returns {boolean} false: there is no such operation
 */
function step(op, reader, visitor, node) {
  const first = reader.number();
  switch (op) {
    case OP.NODE:
      node.ino = first;
      node.type = reader.number();
      node.sizeBytes = reader.number();
      node.atimeNs = reader.time();
      node.mtimeNs = reader.time();
      node.ctimeNs = reader.time();
      node.target = reader.text();
      visitor.node(node);
      return true;
    case OP.GONE:
      visitor.gone(first);
      return true;
    case OP.NAME: {
      const ino = reader.number();
      visitor.name(first, reader.text(), ino);
      return true;
    }
    case OP.UNNAME:
      visitor.unname(first, reader.text());
      return true;
    case OP.CUT:
      visitor.cut(first, reader.number());
      return true;
    case OP.MAP: {
      const page = reader.number();
      const count = reader.number();
      const record = reader.number();
      const offset = reader.number();
      visitor.map(first, page, count, record, offset, reader.number());
      return true;
    }
    case OP.ZEROS: {
      const page = reader.number();
      visitor.zeros(first, page, reader.number());
      return true;
    }
    case OP.BYTES: {
      const page = reader.number();
      visitor.bytes(first, page, reader.page());
      return true;
    }
    case OP.RECORD:
      visitor.record(first, reader.number());
      return true;
    case OP.DROP:
      visitor.drop(first);
      return true;
    default:
      return false;
  }
}

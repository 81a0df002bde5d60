/* The format of tar: headers of 512 bytes in POSIX ustar, its pax records, and
 * what GNU tar does otherwise (long names, large numbers). No volume and no
 * stream here. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html */
import { GossamerError } from "../errors.js";

export const BLOCK_BYTES = 512;

/** What an entry is; the format's letters. */
export const KIND = Object.freeze({
  FILE: "0",
  HARD_LINK: "1",
  LINK: "2",
  DIRECTORY: "5",
  CONTIGUOUS: "7",
  PAX: "x",
  PAX_GLOBAL: "g",
  GNU_LONG_NAME: "L",
  GNU_LONG_LINK: "K",
  GNU_SPARSE: "S",
});

/**
 * @typedef {object} Header
 * @property {string} kind one of KIND, or another letter
 * @property {string} name
 * @property {string} linkName
 * @property {number} sizeBytes of the data that follows
 * @property {bigint} mtimeNs nanoseconds since 1970
 */

const NS_PER_SECOND = 1_000_000_000n;

/** Fields of a header: where they begin, how long they are. */
const NAME = { at: 0, size: 100 };
const MODE = { at: 100, size: 8 };
const UID = { at: 108, size: 8 };
const GID = { at: 116, size: 8 };
const SIZE = { at: 124, size: 12 };
const MTIME = { at: 136, size: 12 };
const CHECKSUM = { at: 148, size: 8 };
const TYPEFLAG = { at: 156, size: 1 };
const LINK_NAME = { at: 157, size: 100 };
const MAGIC = { at: 257, size: 8 };
const PREFIX = { at: 345, size: 155 };

/** @typedef {{ at: number, size: number }} Field */

const USTAR_MAGIC = "ustar\x0000";
/** The largest number in 11 octal digits. */
const MAX_OCTAL = 0o77_777_777_777n;

/** @type {Map<string, number>} */
const MODES = new Map([
  [KIND.DIRECTORY, 0o755],
  [KIND.LINK, 0o777],
]);
const FILE_MODE = 0o644;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * @param {number} offset in bytes from the archive's beginning
 * @param {string} what is wrong there
 * @returns {GossamerError}
 */
export function malformed(offset, what) {
  return new GossamerError("EBADMSG", `tar: at offset ${offset}: ${what}`);
}

/** @param {Uint8Array} bytes without a NUL and what follows it */
function decodeText(bytes) {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** @param {Uint8Array} block @param {Field} field */
function field(block, { at, size }) {
  return block.subarray(at, at + size);
}

/**
 * A number in octal digits, or in GNU's base 256.
 * @param {Uint8Array} block
 * @param {Field} where
 * @returns {bigint | null} null: it is none
 */
function readNumber(block, where) {
  const bytes = field(block, where);
  const [first = 0] = bytes;
  if ((first & 0x80) !== 0) {
    let number = BigInt(first & 0x7f);
    for (const byte of bytes.subarray(1)) number = number * 256n + BigInt(byte);
    // Two's complement of all bits but the mark.
    const bits = 8 * bytes.length - 1;
    return BigInt.asIntN(bits, number);
  }
  const text = decodeText(bytes).trim();
  if (text === "") return 0n;
  return /^[0-7]+$/.test(text) ? BigInt(`0o${text}`) : null;
}

/** The sum over a header, its own field taken as spaces. @param {Uint8Array} block */
function checksum(block) {
  let sum = CHECKSUM.size * 0x20;
  for (const byte of block) sum += byte;
  for (const byte of field(block, CHECKSUM)) sum -= byte;
  return sum;
}

/** @param {Uint8Array} block */
export const isZero = (block) => block.every((byte) => byte === 0);

/** @param {Uint8Array} block */
export const isGzip = (block) => block[0] === 0x1f && block[1] === 0x8b;

/** @param {number} offset */
export function gzipped(offset) {
  return malformed(offset, "gzip; give the option gzip: true");
}

/**
 * @param {Uint8Array} block of BLOCK_BYTES
 * @param {number} offset where it is, for errors
 * @returns {Header}
 * @throws {GossamerError} EBADMSG
 */
export function readHeader(block, offset) {
  const stored = readNumber(block, CHECKSUM);
  const sum = checksum(block);
  if (stored !== BigInt(sum)) {
    if (isGzip(block)) throw gzipped(offset);
    const what = stored === null ? "no number" : `${stored}`;
    throw malformed(offset, `no header: its checksum is ${what}, not ${sum}`);
  }
  const size = readNumber(block, SIZE);
  if (size === null || size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw malformed(offset, "the size is no number of bytes");
  }
  const seconds = readNumber(block, MTIME);
  if (seconds === null) throw malformed(offset, "the time is no number");
  const name = decodeText(field(block, NAME));
  const isUstar = decodeText(field(block, MAGIC)) === "ustar";
  const prefix = isUstar ? decodeText(field(block, PREFIX)) : "";
  const flag = String.fromCharCode(block[TYPEFLAG.at] ?? 0);
  return {
    // From before POSIX: NUL is a file, a slash at the end a directory.
    kind: flag === "\0" ? (name.endsWith("/") ? "5" : "0") : flag,
    name: prefix === "" ? name : `${prefix}/${name}`,
    linkName: decodeText(field(block, LINK_NAME)),
    sizeBytes: Number(size),
    mtimeNs: notBefore1970(seconds * NS_PER_SECOND),
  };
}

/** @param {bigint} timeNs no volume has earlier ones */
const notBefore1970 = (timeNs) => (timeNs < 0n ? 0n : timeNs);

/**
 * Pax records: "length key=value\n", the length counting itself.
 * @param {Uint8Array} bytes
 * @param {number} offset where they begin, for errors
 * @returns {Map<string, string>}
 * @throws {GossamerError} EBADMSG
 */
export function readPax(bytes, offset) {
  /** @type {Map<string, string>} */
  const records = new Map();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const digits = decoder.decode(bytes.subarray(at, Math.max(space, at)));
    const size = /^\d{1,10}$/.test(digits) ? Number(digits) : 0;
    const end = at + size;
    if (end <= space || end > bytes.length || bytes[end - 1] !== 0x0a) {
      throw malformed(offset + at, "a pax record has a wrong length");
    }
    const text = decoder.decode(bytes.subarray(space + 1, end - 1));
    const equals = text.indexOf("=");
    if (equals < 1) {
      throw malformed(offset + at, "a pax record is not key=value");
    }
    records.set(text.slice(0, equals), text.slice(equals + 1));
    at = end;
  }
  return records;
}

/**
 * "seconds.fraction" as nanoseconds.
 * @param {string} text
 * @param {number} offset
 */
function readTime(text, offset) {
  const [, sign, seconds = "", fraction = ""] =
    /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text) ?? [];
  if (seconds === "") throw malformed(offset, `pax: mtime=${text} is no time`);
  const rest = BigInt(fraction.slice(0, 9).padEnd(9, "0"));
  const timeNs = BigInt(seconds) * NS_PER_SECOND + rest;
  return sign === "-" ? 0n : timeNs;
}

/**
 * A header with what its pax records say instead.
 * @param {Header} header
 * @param {Map<string, string>} records
 * @param {number} offset of the header, for errors
 * @returns {Header}
 * @throws {GossamerError} EBADMSG; ENOTSUP for sparse files
 */
export function withPax(header, records, offset) {
  const sparse = [...records.keys()].some((key) =>
    key.startsWith("GNU.sparse."),
  );
  if (sparse || header.kind === KIND.GNU_SPARSE) {
    const text = `tar: at offset ${offset}: ${header.name}: a sparse file of GNU tar`;
    throw new GossamerError("ENOTSUP", text);
  }
  // A record without a value takes back an earlier one.
  const size = records.get("size") || undefined;
  const mtime = records.get("mtime") || undefined;
  const sizeBytes = size === undefined ? header.sizeBytes : Number(size);
  if (!Number.isSafeInteger(sizeBytes) || !/^\d*$/.test(size ?? "")) {
    throw malformed(offset, `pax: size=${size} is no number of bytes`);
  }
  return {
    kind: header.kind,
    name: records.get("path") || header.name,
    linkName: records.get("linkpath") || header.linkName,
    sizeBytes,
    mtimeNs: mtime === undefined ? header.mtimeNs : readTime(mtime, offset),
  };
}

/* ---- writing ---- */

/** @param {number} sizeBytes rounded up to whole blocks */
export const paddedBytes = (sizeBytes) =>
  Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;

/** @param {string} text */
// eslint-disable-next-line no-control-regex
const isAscii = (text) => /^[\x01-\x7f]*$/.test(text);

/**
 * A path in the two fields that ustar has for it.
 * @param {string} path
 * @returns {[prefix: string, name: string] | null} null: it does not fit
 */
function splitPath(path) {
  if (!isAscii(path)) return null;
  if (path.length <= NAME.size) return ["", path];
  // Not the slash at a directory's end; the later one, the shorter the name.
  const from = Math.min(PREFIX.size, path.length - 2);
  const slash = path.lastIndexOf("/", from);
  if (slash < 1 || path.length - slash - 1 > NAME.size) return null;
  return [path.slice(0, slash), path.slice(slash + 1)];
}

/** @param {string} key @param {string} value */
function paxRecord(key, value) {
  const rest = encoder.encode(` ${key}=${value}\n`);
  let size = rest.length + 1;
  while (`${size}`.length + rest.length !== size) size++;
  return new Uint8Array([...encoder.encode(`${size}`), ...rest]);
}

/** @param {bigint} timeNs */
function paxTime(timeNs) {
  const rest = `${timeNs % NS_PER_SECOND}`.padStart(9, "0");
  return `${timeNs / NS_PER_SECOND}.${rest}`.replace(/\.?0+$/, "");
}

/**
 * @param {Uint8Array} block
 * @param {Field} where
 * @param {string} text that fits
 */
function putText(block, { at }, text) {
  block.set(encoder.encode(text), at);
}

/**
 * @param {Uint8Array} block
 * @param {Field} where
 * @param {bigint} number
 */
function putOctal(block, where, number) {
  const digits = number.toString(8).padStart(where.size - 1, "0");
  putText(block, where, digits);
}

/**
 * @param {Header} header what fits into ustar
 * @param {string} prefix
 */
function ustarBlock(header, prefix) {
  const block = new Uint8Array(BLOCK_BYTES);
  const { kind, name, linkName, sizeBytes, mtimeNs } = header;
  putText(block, NAME, name);
  putOctal(block, MODE, BigInt(MODES.get(kind) ?? FILE_MODE));
  putOctal(block, UID, 0n);
  putOctal(block, GID, 0n);
  putOctal(block, SIZE, BigInt(sizeBytes));
  putOctal(block, MTIME, mtimeNs / NS_PER_SECOND);
  putText(block, TYPEFLAG, kind);
  putText(block, LINK_NAME, linkName);
  putText(block, MAGIC, USTAR_MAGIC);
  putText(block, PREFIX, prefix);
  const sum = checksum(block).toString(8).padStart(6, "0");
  putText(block, CHECKSUM, `${sum}\0 `);
  return block;
}

/**
 * A header as ustar, after pax records for what ustar has no room for.
 * @param {Header} header
 * @returns {Uint8Array}
 */
export function writeHeader(header) {
  const { kind, name, linkName, sizeBytes, mtimeNs } = header;
  const records = [];
  const split = splitPath(name);
  if (split === null) records.push(paxRecord("path", name));
  const linkFits = isAscii(linkName) && linkName.length <= LINK_NAME.size;
  if (!linkFits) records.push(paxRecord("linkpath", linkName));
  const sizeFits = BigInt(sizeBytes) <= MAX_OCTAL;
  if (!sizeFits) records.push(paxRecord("size", `${sizeBytes}`));
  const seconds = mtimeNs / NS_PER_SECOND;
  const timeFits = mtimeNs % NS_PER_SECOND === 0n && seconds <= MAX_OCTAL;
  if (!timeFits) records.push(paxRecord("mtime", paxTime(mtimeNs)));
  const [prefix, shortName] = split ?? ["", shortened(name)];
  const main = ustarBlock(
    {
      kind,
      name: shortName,
      linkName: linkFits ? linkName : shortened(linkName),
      sizeBytes: sizeFits ? sizeBytes : 0,
      mtimeNs: seconds <= MAX_OCTAL ? mtimeNs : 0n,
    },
    prefix,
  );
  if (records.length === 0) return main;
  const size = records.reduce((sum, { length }) => sum + length, 0);
  const pax = ustarBlock(
    {
      kind: KIND.PAX,
      name: shortened(`PaxHeaders/${shortName}`),
      linkName: "",
      sizeBytes: size,
      mtimeNs: 0n,
    },
    "",
  );
  const whole = new Uint8Array(2 * BLOCK_BYTES + paddedBytes(size));
  whole.set(pax);
  let at = BLOCK_BYTES;
  for (const record of records) {
    whole.set(record, at);
    at += record.length;
  }
  whole.set(main, whole.length - BLOCK_BYTES);
  return whole;
}

/** For those who do not read pax: something of a name. @param {string} name */
function shortened(name) {
  // eslint-disable-next-line no-control-regex
  return name.replace(/[^\x01-\x7f]/gu, "_").slice(0, NAME.size);
}

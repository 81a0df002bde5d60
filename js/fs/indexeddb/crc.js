/* CRC-32 (IEEE 802.3, as in gzip and PNG), four bytes at a time. */

const POLYNOMIAL = 0xedb88320;

/** Four tables of 256, one after the other. */
const TABLES = new Int32Array(1024);
for (let i = 0; i < 256; i++) {
  let value = i;
  for (let bit = 0; bit < 8; bit++) {
    value = (value & 1) === 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  }
  TABLES[i] = value;
}
for (let i = 256; i < 1024; i++) {
  const before = TABLES[i - 256] ?? 0;
  TABLES[i] = (before >>> 8) ^ (TABLES[before & 255] ?? 0);
}

/**
 * @param {Uint8Array} bytes
 * @param {number} from
 * @param {number} to
 * @param {number} [before] of what comes before, to go on from there
 * @returns {number} from 0 to 2^32 - 1
 */
export function crc32(bytes, from, to, before = 0) {
  const t = TABLES;
  let crc = ~before;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    crc ^=
      // @ts-ignore: at is inside, and this is the loop that counts.
      bytes[at] |
      (bytes[at + 1] << 8) |
      (bytes[at + 2] << 16) |
      (bytes[at + 3] << 24);
    crc =
      // @ts-ignore
      t[768 + (crc & 255)] ^
      t[512 + ((crc >>> 8) & 255)] ^
      t[256 + ((crc >>> 16) & 255)] ^
      t[crc >>> 24];
  }
  for (; at < to; at++) {
    // @ts-ignore
    crc = (crc >>> 8) ^ t[(crc ^ bytes[at]) & 255];
  }
  return ~crc >>> 0;
}

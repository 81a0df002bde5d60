/* What the workloads write: records that tell which operation wrote them and
 * carry a checksum, so that a file says by itself whether it is whole. Runs in
 * Node and in pages. */

const MAGIC = 0x4c494b47;
/** Magic, size, key of the operation, which one of it, checksum. */
const HEAD_WORDS = 5;
const WORD_BYTES = 4;
export const MIN_RECORD_BYTES = HEAD_WORDS * WORD_BYTES;

/**
 * Fills a record; its size is its place.
 * @param {Uint32Array} words
 * @param {number} key
 * @param {number} index
 */
function fillRecord(words, key, index) {
  let state = (Math.imul(key, 0x9e3779b1) ^ (index + 1)) | 1;
  let sum = key ^ index;
  for (let at = HEAD_WORDS; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
    sum = Math.imul(sum ^ state, 0x5bd1e995) ^ (sum >>> 15);
  }
  words[0] = MAGIC;
  words[1] = words.length * WORD_BYTES;
  words[2] = key;
  words[3] = index;
  words[4] = sum;
}

/** @param {Uint32Array} words of a whole record */
function sumOf(words) {
  let sum = (words[2] ?? 0) ^ (words[3] ?? 0);
  for (let at = HEAD_WORDS; at < words.length; at++) {
    sum = Math.imul(sum ^ (words[at] ?? 0), 0x5bd1e995) ^ (sum >>> 15);
  }
  return sum >>> 0;
}

/**
 * The bytes of an operation that writes.
 * @param {number} key that no other operation has
 * @param {number[]} sizes of its records, multiples of 4
 */
export function recordBytes(key, sizes) {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const bytes = new Uint8Array(total);
  let at = 0;
  sizes.forEach((size, index) => {
    fillRecord(
      new Uint32Array(bytes.buffer, at, size / WORD_BYTES),
      key,
      index,
    );
    at += size;
  });
  return bytes;
}

/**
 * What is wrong in a file of records; zeros between them are holes.
 * @param {Uint8Array} file
 * @returns {string[]}
 */
export function recordProblems(file) {
  const bytes = new Uint8Array(file);
  const words = new Uint32Array(bytes.buffer, 0, bytes.length >>> 2);
  const problems = [];
  let at = 0;
  while (at < words.length) {
    if (words[at] === 0) {
      at++;
      continue;
    }
    const where = `at ${at * WORD_BYTES}`;
    if (words[at] !== MAGIC) {
      problems.push(`${where}: no record begins here`);
      break;
    }
    const size = words[at + 1] ?? 0;
    const what = `record ${words[at + 3]} of operation ${words[at + 2]} ${where}`;
    if (size < MIN_RECORD_BYTES || at * WORD_BYTES + size > bytes.length) {
      problems.push(`${what}: cut off`);
      break;
    }
    const end = at + size / WORD_BYTES;
    const record = words.subarray(at, end);
    if (sumOf(record) !== record[4]) problems.push(`${what}: checksum`);
    at = end;
  }
  if (bytes.length % WORD_BYTES !== 0) problems.push("cut inside a word");
  return problems;
}

/* Numbers made by chance, the same ones from the same seed; in Node and in
 * pages. */

/**
 * @param {number} seed
 * @returns {(below: number) => number} whole numbers from 0 on
 */
export function chance(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/**
 * A seed of several numbers.
 * @param {...number} parts
 */
export function seedOf(...parts) {
  let seed = 0x811c9dc5;
  for (const part of parts) {
    seed = Math.imul(seed ^ part, 0x01000193);
    seed = Math.imul(seed ^ (seed >>> 13), 0x5bd1e995);
  }
  return (seed ^ (seed >>> 15)) >>> 0;
}

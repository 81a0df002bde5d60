/* A stream in front of another that counts the watches on it, so that tests see
 * whether one is left. */
import { Stream } from "../../js/io/stream.js";

export class Counted extends Stream {
  #stream;
  #watches;

  /**
   * @param {Stream} stream
   * @param {{ count: number }} watches shared by all that are counted together
   */
  constructor(stream, watches) {
    super();
    this.#stream = stream;
    this.#watches = watches;
  }

  /** @override */
  get type() {
    return this.#stream.type;
  }

  /** @override */
  get readable() {
    return this.#stream.readable;
  }

  /** @override */
  get writable() {
    return this.#stream.writable;
  }

  /** @override */
  get arrivals() {
    return this.#stream.arrivals;
  }

  /** @override */
  demand() {
    this.#stream.demand();
  }

  /** @param {[Uint8Array, number, number, boolean?]} args @override */
  read(...args) {
    return this.#stream.read(...args);
  }

  /** @param {[Uint8Array, number, number]} args @override */
  write(...args) {
    return this.#stream.write(...args);
  }

  /** @param {number} side @override */
  ready(side) {
    return this.#stream.ready(side);
  }

  /** @param {number} side @override */
  hungUp(side) {
    return this.#stream.hungUp(side);
  }

  /**
   * @param {number} side
   * @param {() => void} wake
   * @override
   */
  watch(side, wake) {
    let on = true;
    this.#watches.count++;
    const off = () => {
      if (on) this.#watches.count--;
      on = false;
    };
    const end = this.#stream.watch(side, () => {
      off();
      wake();
    });
    return () => {
      off();
      end();
    };
  }

  /** @param {[boolean, boolean]} args @override */
  shutdown(...args) {
    return this.#stream.shutdown(...args);
  }

  /** @override */
  accept() {
    const accepted = this.#stream.accept();
    return typeof accepted === "number"
      ? accepted
      : new Counted(accepted, this.#watches);
  }

  /** @override */
  close() {
    this.#stream.close();
  }
}

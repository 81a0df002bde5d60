/* The other side of a program that talks to one. It does what lines of the
 * program's output that begin with "? " ask for, each in a task of its own, in
 * their order, and so never while the program runs: "type TEXT" and "close" are
 * of standard input; "send TEXT" and "echo" (all that came goes back) of the
 * first socket; "connect" is to the second, and "send-new TEXT", "echo-new" and
 * "close-new" of the connection that was made last; "count" and "counted" type
 * how often a timer came in between. */
import { Listener } from "../../js/io/listener.js";
import { socketPair } from "../../js/io/pipe.js";

/** @typedef {import("../../js/io/stream.js").Stream} Stream */

const COUNT_EVERY_MS = 1;

export class Peer {
  #encoder = new TextEncoder();
  /** @type {ReadableStreamDefaultController<Uint8Array> | null} */
  #typed = null;
  /** @type {Stream} */
  #first;
  #listener = new Listener();
  /** @type {Stream | null} */
  #last = null;
  #line = "";
  /** What was asked for and has not been done. */
  /** @type {string[]} */
  #asked = [];
  #count = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  stdin;
  sockets;

  constructor() {
    const [own, theirs] = socketPair();
    this.#first = own;
    this.sockets = [theirs, this.#listener];
    /** @type {ReadableStream<Uint8Array>} */
    this.stdin = new ReadableStream({
      start: (controller) => {
        this.#typed = controller;
      },
    });
  }

  /** @param {string} text what the program wrote */
  heard(text) {
    this.#line += text;
    const lines = this.#line.split("\n");
    this.#line = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("? ")) continue;
      this.#asked.push(line.slice(2));
      if (this.#asked.length === 1) setTimeout(() => this.#next());
    }
  }

  #next() {
    const [what = ""] = this.#asked;
    const space = what.indexOf(" ");
    const verb = space < 0 ? what : what.slice(0, space);
    this.#do(verb, space < 0 ? "" : what.slice(space + 1));
    this.#asked.shift();
    if (this.#asked.length > 0) setTimeout(() => this.#next());
  }

  /**
   * @param {string} verb
   * @param {string} text
   */
  #do(verb, text) {
    switch (verb) {
      case "type":
        this.#type(text);
        break;
      case "close":
        this.#typed?.close();
        break;
      case "count":
        this.#count = 0;
        this.#timer = setInterval(() => this.#count++, COUNT_EVERY_MS);
        break;
      case "counted":
        clearInterval(this.#timer);
        this.#type(String(this.#count));
        break;
      case "connect":
        this.#last = this.#listener.connect();
        break;
      case "close-new":
        this.#last?.close();
        break;
      case "send":
      case "send-new":
        this.#send(this.#of(verb), this.#encoder.encode(text));
        break;
      case "echo":
      case "echo-new":
        this.#echo(this.#of(verb));
        break;
      default:
        throw new Error(`nobody knows how to "${verb}"`);
    }
  }

  /** @param {string} verb */
  #of(verb) {
    const stream = verb.endsWith("-new") ? this.#last : this.#first;
    if (stream === null) throw new Error(`"${verb}" before "connect"`);
    return stream;
  }

  /** @param {string} text */
  #type(text) {
    this.#typed?.enqueue(this.#encoder.encode(text));
  }

  /**
   * @param {Stream} stream
   * @param {Uint8Array} bytes
   */
  #send(stream, bytes) {
    const sent = stream.write(bytes, 0, bytes.length);
    if (sent !== bytes.length) throw new Error(`only ${sent} were sent`);
  }

  /** @param {Stream} stream */
  #echo(stream) {
    const bytes = new Uint8Array(64);
    const got = stream.read(bytes, 0, bytes.length);
    this.#send(stream, bytes.subarray(0, Math.max(got, 0)));
  }
}

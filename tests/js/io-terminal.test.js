/* The terminal: editing a line, raw keys, size, and what is shown. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TYPE } from "../../js/fs/volume.js";
import { SIDE } from "../../js/io/stream.js";
import { Terminal } from "../../js/io/terminal.js";
import {
  readText,
  readyText,
  turn,
  utf8,
  watched,
  writeText,
} from "../helpers/streams.js";

function setUp(options = {}) {
  const shown = [];
  const decoder = new TextDecoder();
  const terminal = new Terminal({
    output: (bytes) => void shown.push(decoder.decode(bytes)),
    ...options,
  });
  const streams = terminal.open();
  return {
    terminal,
    ...streams,
    /** What has been shown since the last call. */
    screen: () => shown.splice(0).join(""),
  };
}

test("all three streams look like a terminal", () => {
  const { stdin, stdout, stderr } = setUp();
  for (const stream of [stdin, stdout, stderr]) {
    assert.equal(stream.type, TYPE.CHARACTER_DEVICE);
  }
  assert.deepEqual([stdin.readable, stdin.writable], [true, false]);
  assert.deepEqual([stdout.readable, stdout.writable], [false, true]);
});

test("a line is read when it is complete, and echoed as it is typed", () => {
  const { terminal, stdin, screen } = setUp();
  const watch = watched(stdin);
  terminal.input("he");
  terminal.input(utf8("y"));
  assert.equal(screen(), "hey");
  assert.equal(readText(stdin), "EAGAIN");
  assert.equal(watch.count, 0);
  terminal.input("\r");
  assert.equal(screen(), "\r\n");
  assert.equal(watch.count, 1);
  assert.equal(readyText(stdin), 4);
  assert.equal(readText(stdin), "hey\n");
  assert.equal(readText(stdin), "EAGAIN");
});

test("a read ends with its line, a small one leaves the rest of it", () => {
  const { terminal, stdin } = setUp();
  terminal.input("one\ntwo\r");
  assert.equal(readText(stdin, 9, true), "one\n");
  assert.equal(readText(stdin), "one\n");
  assert.equal(readText(stdin, 2), "tw");
  assert.equal(readText(stdin), "o\n");
  assert.equal(stdin.arrivals, 2);
});

test("backspace takes back a whole character", () => {
  const { terminal, stdin, screen } = setUp();
  terminal.input("a\u00fc\u20ac\u007f");
  assert.equal(screen(), "a\u00fc\u20ac\b \b");
  terminal.input("\b\b\b\b!\r");
  assert.equal(
    screen(),
    "\b \b\b \b!\r\n",
    "nothing before the line is erased",
  );
  assert.equal(readText(stdin), "!\n");
});

test("control characters are shown as two, and erased as two", () => {
  const { terminal, stdin, screen } = setUp();
  terminal.input("\u001b[A\u0001\t");
  assert.equal(screen(), "^[[A^A\t");
  terminal.input("\u007f\u007f");
  assert.equal(screen(), "\b \b\b \b\b \b");
  terminal.input("\r");
  assert.equal(readText(stdin), "\u001b[A\n");
});

test("^U takes back the line", () => {
  const { terminal, stdin, screen } = setUp();
  terminal.input("abc\u0015");
  assert.equal(screen(), "abc" + "\b \b".repeat(3));
  terminal.input("\u0015d\r");
  assert.equal(readText(stdin), "d\n");
});

test("^D ends the file at the start of a line, once", () => {
  const { terminal, stdin, screen } = setUp();
  const watch = watched(stdin);
  terminal.input("\u0004");
  assert.equal(watch.count, 1);
  assert.equal(screen(), "");
  assert.equal(readyText(stdin), 0);
  assert.equal(stdin.hungUp(SIDE.READ), false);
  assert.equal(readText(stdin, 4, true), "");
  assert.equal(readText(stdin), "");
  assert.equal(readText(stdin), "EAGAIN", "the terminal goes on");
  terminal.input("more\r");
  assert.equal(readText(stdin), "more\n");
});

test("^D in a line sends what is there", () => {
  const { terminal, stdin } = setUp();
  terminal.input("$ \u0004");
  assert.equal(readText(stdin), "$ ");
  assert.equal(readText(stdin), "EAGAIN");
});

test("^C drops what was typed and tells the page", () => {
  let interrupts = 0;
  const { terminal, stdin, screen } = setUp({
    onInterrupt: () => {
      interrupts += 1;
    },
  });
  terminal.input("typed\rhalf\u0003new\r");
  assert.equal(interrupts, 1);
  assert.equal(screen(), "typed\r\nhalf^C\r\nnew\r\n");
  assert.equal(readText(stdin), "new\n");
  assert.equal(readText(stdin), "EAGAIN");
});

test("^C without anybody to tell is no error", () => {
  const { terminal, screen } = setUp();
  terminal.input("\u0003");
  assert.equal(screen(), "^C\r\n");
});

test("raw: keys come as they are, unechoed, several in one read", () => {
  let interrupts = 0;
  const { terminal, stdin, screen } = setUp({
    onInterrupt: () => {
      interrupts += 1;
    },
  });
  terminal.raw = true;
  terminal.input("a\r\u0003");
  assert.equal(readText(stdin, 9, true), "a\r\u0003");
  terminal.input("\u0004\u007f");
  assert.equal(readText(stdin), "a\r\u0003");
  assert.equal(readText(stdin), "\u0004\u007f");
  assert.equal(screen(), "");
  assert.equal(interrupts, 0);
});

test("a half-typed line can be read when the terminal becomes raw", () => {
  const { terminal, stdin } = setUp();
  const modes = [];
  terminal.addEventListener("mode", () => modes.push(terminal.raw));
  terminal.input("ab");
  terminal.raw = true;
  terminal.raw = true;
  assert.equal(readText(stdin), "ab");
  terminal.raw = false;
  terminal.input("cd\r");
  assert.equal(readText(stdin), "cd\n");
  assert.deepEqual(modes, [true, false]);
});

test("a keyboard buffer of raw bytes is copied", () => {
  const { terminal, stdin } = setUp();
  terminal.raw = true;
  const bytes = utf8("key");
  terminal.input(bytes);
  bytes.fill(0);
  assert.equal(readText(stdin), "key");
});

test("a line that is too long rings the bell and can still be ended", () => {
  const { terminal, stdin, screen } = setUp();
  terminal.input("x".repeat(4095));
  screen();
  terminal.input("yz");
  assert.equal(screen(), "\u0007\u0007");
  terminal.input("\r");
  assert.equal(readText(stdin, 5000), `${"x".repeat(4095)}\n`);
});

test("what is never read stops growing, with a bell", () => {
  const { terminal, stdin, screen } = setUp();
  terminal.raw = true;
  terminal.input(new Uint8Array(1 << 20));
  assert.equal(screen(), "");
  terminal.input("x");
  assert.equal(screen(), "\u0007");
  readText(stdin, 1000);
  terminal.input("x");
  assert.equal(screen(), "");
});

test("end() is an end of file that stays", () => {
  const { terminal, stdin } = setUp();
  const watch = watched(stdin);
  terminal.input("half");
  terminal.end();
  assert.equal(watch.count, 1);
  assert.equal(stdin.hungUp(SIDE.READ), true);
  assert.equal(readText(stdin), "half");
  assert.equal(readText(stdin), "");
  assert.equal(readText(stdin), "");
  terminal.input("late\r");
  assert.equal(readText(stdin), "");
});

test("line feeds of the program return to the first column, not in raw", () => {
  const { terminal, stdout, stderr, screen } = setUp();
  assert.equal(writeText(stdout, "a\nb\r\n\n"), 6);
  assert.equal(screen(), "a\r\nb\r\r\n\r\n");
  assert.equal(writeText(stderr, "no line"), 7);
  assert.equal(screen(), "no line");
  terminal.raw = true;
  assert.equal(writeText(stdout, "a\nb\n"), 4);
  assert.equal(screen(), "a\nb\n");
});

test("an emulator that is busy holds the program back, and loses no echo", async () => {
  const shown = [];
  const taken = [];
  const { terminal, stdout } = setUp({
    output: (bytes) => {
      shown.push(new TextDecoder().decode(bytes));
      return new Promise((resolve) => {
        taken.push(resolve);
      });
    },
  });
  assert.equal(writeText(stdout, "one\n"), 4);
  assert.equal(writeText(stdout, "two"), "EAGAIN");
  assert.equal(readyText(stdout, SIDE.WRITE), "EAGAIN");
  terminal.input("e");
  terminal.input("c");
  const watch = watched(stdout, SIDE.WRITE);
  assert.deepEqual(shown, ["one\r\n"]);
  for (let round = 0; round < 3; round++) {
    taken.shift()?.();
    await turn();
  }
  assert.deepEqual(shown, ["one\r\n", "e", "c"]);
  assert.equal(watch.count, 1);
});

test("a long write is taken in parts", () => {
  const { stdout, screen } = setUp();
  const count = writeText(stdout, new Uint8Array(100_000).fill(10));
  assert.equal(count, 65_536);
  assert.equal(screen(), "\r\n".repeat(65_536));
});

test("the size is known, and a change is told", () => {
  const { terminal } = setUp({ columns: 100 });
  assert.deepEqual([terminal.columns, terminal.rows], [100, 24]);
  const sizes = [];
  terminal.addEventListener("resize", () => {
    sizes.push([terminal.columns, terminal.rows]);
  });
  terminal.resize(100, 24);
  terminal.resize(120, 50);
  assert.deepEqual(sizes, [[120, 50]]);
});

test("a terminal outlives the programs that use it", () => {
  const { terminal, stdin, stdout, stderr, screen } = setUp();
  const watch = watched(stdin);
  for (const stream of [stdin, stdout, stderr]) stream.close();
  stdin.close();
  assert.equal(watch.count, 1);
  assert.equal(readText(stdin), "EBADF");
  assert.equal(readyText(stdin), "EBADF");
  assert.equal(writeText(stdout, "x"), "EBADF");
  assert.equal(readyText(stdout, SIDE.WRITE), "EBADF");
  const next = terminal.open();
  terminal.input("next\r");
  assert.equal(screen(), "next\r\n");
  assert.equal(readText(next.stdin), "next\n");
  assert.equal(writeText(next.stdout, "x"), 1);
});

test("what the output callback throws is the page's", (t) => {
  const thrown = [];
  t.mock.method(globalThis, "queueMicrotask", (run) => thrown.push(run));
  const { terminal, stdout } = setUp({
    output: () => {
      throw new Error("the emulator's");
    },
  });
  terminal.input("x");
  assert.equal(writeText(stdout, "x"), "EIO");
  assert.equal(thrown.length, 1);
  assert.throws(thrown[0], /the emulator's/);
});

test("an output that is closed wakes who waits for the emulator", () => {
  const { stdout } = setUp({ output: () => new Promise(() => {}) });
  writeText(stdout, "x");
  const watch = watched(stdout, SIDE.WRITE);
  stdout.close();
  assert.equal(watch.count, 1);
});

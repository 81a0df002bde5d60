#!/usr/bin/env node
/* The command `gossamer run app.wasm [arguments]`: a program in Node, with the
 * terminal as its input and output and its exit code as the command's. */
import { readFileSync, writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseVariable } from "./attributes.js";
import { messageOf } from "./errors.js";
import { start } from "./loader.js";
import { openModule } from "./source.js";

const USAGE = `Usage: gossamer run [options] PROGRAM.wasm [arguments]

Runs a Gossamer program. What follows its name are the program's arguments.

Options:
  --env NAME=VALUE   sets an environment variable (repeatable)
  --fetch SOURCE     lets the program fetch from SOURCE, such as
                     https://api.example.com (repeatable)
  --help             prints this
  --version          prints the version
`;

const EXIT_USAGE = 2;
const EXIT_FAILED = 1;
/** What shells report for a program that SIGABRT and SIGPIPE ended. */
const EXIT_CRASHED = 134;
const EXIT_BROKEN_PIPE = 141;

const STDOUT = 1;
const STDERR = 2;
const RETRY_MS = 2;

const OPTIONS = /** @type {const} */ ({
  env: { type: "string", multiple: true },
  fetch: { type: "string", multiple: true },
  help: { type: "boolean" },
  version: { type: "boolean" },
});

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of it before it returns: nothing is lost when the process ends,
 * and a slow reader slows the program down instead of filling memory.
 * @param {number} fd
 * @param {Uint8Array} bytes
 */
function writeAll(fd, bytes) {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code !== "EAGAIN") throw error;
      // Somebody else has made the pipe non-blocking, and it is full.
      Atomics.wait(pause, 0, 0, RETRY_MS);
    }
  }
}

/** @param {string} text */
function complain(text) {
  try {
    writeAll(STDERR, Buffer.from(`gossamer: ${text}\n`));
  } catch {
    // Nobody reads it: the exit code has to do.
  }
}

/** @param {string} text */
function answer(text) {
  try {
    writeAll(STDOUT, Buffer.from(text));
    return 0;
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === "EPIPE") return EXIT_BROKEN_PIPE;
    complain(`cannot write: ${messageOf(error)}`);
    return EXIT_FAILED;
  }
}

/** Opens standard input when the program first reads it, not before. */
function standardInput() {
  let opened = false;
  return {
    [Symbol.asyncIterator]() {
      opened = true;
      return process.stdin[Symbol.asyncIterator]();
    },
    destroy() {
      if (opened) process.stdin.destroy();
    },
  };
}

/** @param {string[]} argv */
function parseCommand(argv) {
  // The first two words that are no options: "run" and the program. What
  // comes after is the program's own.
  const { tokens = [] } = parseArgs({
    args: argv,
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const words = tokens.filter(({ kind }) => kind === "positional");
  const end = words[1]?.index ?? argv.length - 1;
  const ours = argv.slice(0, end + 1);
  const { values, positionals } = parseArgs({
    args: ours,
    options: OPTIONS,
    allowPositionals: true,
  });
  const [command, program] = positionals;
  return { values, command, program, args: argv.slice(end + 1) };
}

/** @param {string} source */
function cliAdvice(source) {
  const quoted = /^[\w:/.-]+$/.test(source) ? source : `"${source}"`;
  return `allow it with --fetch ${quoted}`;
}

/** @param {ReturnType<typeof parseCommand> & { program: string }} command */
async function run({ values, program, args }) {
  const env = Object.fromEntries((values.env ?? []).map(parseVariable));
  /** @type {import("./loader.js").App | null} */
  let app = null;
  let broken = false;
  /** @param {number} fd */
  const output = (fd) => ({
    write(/** @type {Uint8Array} */ bytes) {
      if (broken) return;
      try {
        writeAll(fd, bytes);
      } catch (error) {
        broken = true;
        void app?.stop(EXIT_BROKEN_PIPE);
        const { code } = /** @type {NodeJS.ErrnoException} */ (error);
        if (code !== "EPIPE") complain(`cannot write: ${messageOf(error)}`);
      }
    },
  });
  const options = {
    args,
    env,
    fetch: values.fetch ?? [],
    stdin: standardInput(),
    stdout: output(STDOUT),
    stderr: output(STDERR),
  };
  app = await start(await openModule(program), options, cliAdvice);
  if (broken) void app.stop(EXIT_BROKEN_PIPE);
  if (!app.hasMain) {
    void app.stop();
    complain(`${program} has no main() to run`);
    return EXIT_FAILED;
  }
  // A program that only serves calls waits for nothing that Node knows of.
  setInterval(() => {}, 2 ** 30);
  return app.exited;
}

/** @param {string[]} argv */
async function main(argv) {
  let command;
  try {
    command = parseCommand(argv);
  } catch (error) {
    complain(`${messageOf(error)}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  if (command.values.help) return answer(USAGE);
  if (command.values.version) {
    const file = new URL("../package.json", import.meta.url);
    const { version } = JSON.parse(readFileSync(file, "utf8"));
    return answer(`${version}\n`);
  }
  const { program } = command;
  if (command.command !== "run" || program === undefined) {
    const wrong =
      command.command === undefined || command.command === "run"
        ? "expected: gossamer run PROGRAM.wasm"
        : `unknown command "${command.command}"`;
    complain(`${wrong}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  try {
    return await run({ ...command, program });
  } catch (error) {
    const crashed = /** @type {{ code?: string }} */ (error).code === "ETRAP";
    const { stack } = /** @type {Error} */ (error);
    complain(crashed ? (stack ?? String(error)) : messageOf(error));
    return crashed ? EXIT_CRASHED : EXIT_FAILED;
  }
}

// Everything has been written: nothing that is still open may hold us up.
process.exit((await main(process.argv.slice(2))) & 0xff);

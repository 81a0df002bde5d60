#!/usr/bin/env node
/* The command `gossamer`: what it was asked for, and the exit code. Each of its
 * commands is a file in cli/. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ASYNCIFY, asyncify } from "./cli/asyncify.js";
import { RUN, run } from "./cli/run.js";
import { EXIT, answer, complain } from "./cli/terminal.js";
import { WASI_COMMAND, runWasi } from "./cli/wasi.js";
import { messageOf } from "./errors.js";

const USAGE = `Usage: gossamer run [options] PROGRAM.wasm [arguments]
       gossamer wasi [options] PROGRAM.wasm [arguments]
       gossamer asyncify [options] IN.wasm -o OUT.wasm

run: runs a Gossamer program. What follows its name are its arguments.
  --dir GUEST=HOST   lets the program see the directory HOST as GUEST; only
                     HOST: under the same name, below / (repeatable)
  --readonly         lets it change nothing there
  --env NAME=VALUE   sets an environment variable (repeatable)
  --fetch SOURCE     lets the program fetch from SOURCE, such as
                     https://api.example.com (repeatable)

wasi: runs a program that any tool chain built for WASI preview1.
  --dir, --readonly  as for run
  --env NAME=VALUE   sets an environment variable (repeatable)
  --caller NAME      how its calls wait: jspi, asyncify or sync; default: the
                     best there is
  --unwind-bytes N   asyncify: room for a stack that is unwound

asyncify: has a module's calls wait where there is no JSPI. Needs Binaryen:
npm install --save-dev binaryen. Takes minutes for a module of many megabytes.
  -o, --output FILE  where it goes
  -O, --optimize N   how much is done about its size, 0 to 4; default: 2
  --names            keeps the names of functions, for stack traces
  --ignore-indirect  calls through pointers never wait: smaller, and wrong if
                     one does
  --only NAME        only this function may wait (repeatable, * as a wildcard)
  --remove NAME      this function never waits (repeatable, * as a wildcard)

All:
  --help             prints this
  --version          prints the version
`;

const COMMON = /** @type {const} */ ({
  help: { type: "boolean" },
  version: { type: "boolean" },
});

/**
 * @typedef {NonNullable<import("node:util").ParseArgsConfig["options"]>} Options
 *
 * @typedef {object} Command
 * @property {string} form
 * @property {Options} options
 * @property {boolean} takesArgs whether what comes after the first word is the
 *   program's own
 * @property {(file: string, args: string[], values: any) => Promise<number>} run
 */

/** @type {Record<string, Command>} */
const COMMANDS = {
  run: { ...RUN, takesArgs: true, run },
  wasi: { ...WASI_COMMAND, takesArgs: true, run: runWasi },
  asyncify: {
    ...ASYNCIFY,
    takesArgs: false,
    run: (file, _args, values) => asyncify(file, values),
  },
};

/**
 * @param {Command | undefined} command
 * @param {string[]} argv after the command's name
 */
function parseCommand(command, argv) {
  const options = { ...command?.options, ...COMMON };
  let end = argv.length;
  if (command?.takesArgs === true) {
    const { tokens = [] } = parseArgs({
      args: argv,
      options,
      allowPositionals: true,
      strict: false,
      tokens: true,
    });
    const program = tokens.find(({ kind }) => kind === "positional");
    end = (program?.index ?? end) + 1;
  }
  const { values, positionals } = parseArgs({
    args: argv.slice(0, end),
    options,
    allowPositionals: true,
  });
  return { values, files: positionals, args: argv.slice(end) };
}

/** @param {string} problem */
function misused(problem) {
  complain(`${problem}\n\n${USAGE}`);
  return EXIT.USAGE;
}

/** @param {string[]} argv */
async function main(argv) {
  const [name = ""] = argv;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  let parsed;
  try {
    parsed = parseCommand(command, command ? argv.slice(1) : argv);
  } catch (error) {
    return misused(messageOf(error));
  }
  const { values, files, args } = parsed;
  if (values.help) return answer(USAGE);
  if (values.version) {
    const file = new URL("../package.json", import.meta.url);
    const { version } = JSON.parse(readFileSync(file, "utf8"));
    return answer(`${version}\n`);
  }
  const [file] = files;
  if (command === undefined && file !== undefined) {
    return misused(`unknown command "${file}"`);
  }
  if (command === undefined || file === undefined || files.length > 1) {
    return misused(`expected: ${(command ?? RUN).form}`);
  }
  try {
    return await command.run(file, args, values);
  } catch (error) {
    const crashed = /** @type {{ code?: string }} */ (error).code === "ETRAP";
    const { stack } = /** @type {Error} */ (error);
    complain(crashed ? (stack ?? String(error)) : messageOf(error));
    return crashed ? EXIT.CRASHED : EXIT.FAILED;
  }
}

// Everything has been written: nothing that is still open may hold us up.
process.exit((await main(process.argv.slice(2))) & 0xff);

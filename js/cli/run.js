/* `gossamer run`: a Gossamer program in Node, with directories of the host as
 * its files, the terminal as its input and output, and its exit code as the
 * command's. */
import { parseVariable } from "../attributes.js";
import { messageOf } from "../errors.js";
import { start } from "../loader.js";
import { openModule } from "../source.js";
import { DIRECTORY_OPTIONS, hostMounts } from "./directories.js";
import {
  EXIT,
  STDERR,
  STDOUT,
  codeOf,
  complain,
  standardInput,
  writeAll,
} from "./terminal.js";

export const RUN = /** @type {const} */ ({
  form: "gossamer run PROGRAM.wasm",
  options: {
    env: { type: "string", multiple: true },
    fetch: { type: "string", multiple: true },
    ...DIRECTORY_OPTIONS,
  },
});

/** @param {string} source */
function cliAdvice(source) {
  const quoted = /^[\w:/.-]+$/.test(source) ? source : `"${source}"`;
  return `allow it with --fetch ${quoted}`;
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {{ env?: string[], fetch?: string[], dir?: string[],
 *   readonly?: boolean }} values
 * @returns {Promise<number>} the exit code
 */
export async function run(program, args, values) {
  const env = Object.fromEntries((values.env ?? []).map(parseVariable));
  /** @type {import("../loader.js").App | null} */
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
        void app?.stop(EXIT.BROKEN_PIPE);
        if (codeOf(error) !== "EPIPE") {
          complain(`cannot write: ${messageOf(error)}`);
        }
      }
    },
  });
  const options = {
    args,
    env,
    fetch: values.fetch ?? [],
    mounts: hostMounts(values),
    stdin: standardInput(),
    stdout: output(STDOUT),
    stderr: output(STDERR),
  };
  app = await start(await openModule(program), options, cliAdvice);
  if (broken) void app.stop(EXIT.BROKEN_PIPE);
  if (!app.hasMain) {
    void app.stop();
    complain(`${program} has no main() to run`);
    return EXIT.FAILED;
  }
  // A program that only serves calls waits for nothing that Node knows of.
  setInterval(() => {}, 2 ** 30);
  return app.exited;
}

/* Guests as Gossamer programs: their calls of WASI are those that libc has, and
 * a call that waits parks the goroutine, which is main() here. The volumes answer
 * later. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MemoryVolume } from "../../js/fs/memory.js";
import { WASI } from "../../js/wasi/index.js";
import { conforms } from "../helpers/conformance.js";
import { DelayedVolume } from "../helpers/delayed.js";
import { ROOT } from "../helpers/tree.js";
import { runGuest } from "../helpers/wasi-run.js";
import { PROGRAMS } from "./programs.js";

const BUILT = join(ROOT, "build/wasm/tests/wasi");
/** Those that tests/wasi/CMakeLists.txt builds. */
const GUESTS = ["io", "open", "poll", "readdir", "wait"];

const HOST = {
  WASI,
  createVolume: () => new DelayedVolume(new MemoryVolume()),
};

const AS_POSIX =
  "libc's calls say EBADF, as POSIX has it, for a right that is not there";

conforms({
  name: "park",
  differences: {
    io: {
      fd_read_needs_its_right: AS_POSIX,
      fd_write_needs_its_right: AS_POSIX,
    },
    open: { path_open_gives_the_rights_that_were_asked_for: AS_POSIX },
  },
  programs: PROGRAMS.filter(({ name }) => GUESTS.includes(name)),
  run: async (program) => {
    const bytes = await readFile(join(BUILT, `wasi-${program.guest}.wasm`));
    return runGuest(HOST, program, bytes, "park");
  },
});

/* Guests as Gossamer programs: their calls of WASI are those that libc has, and
 * a call that waits parks the goroutine, which is main() here. The volumes answer
 * later. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MemoryVolume } from "../../js/fs/memory.js";
import { WASI } from "../../js/wasi/index.js";
import { conforms } from "../helpers/conformance.js";
import { DelayedVolume } from "../helpers/delayed.js";
import { ROOT, read } from "../helpers/tree.js";
import { runGuest } from "../helpers/wasi-run.js";
import { PROGRAMS } from "./programs.js";

const BUILT = join(ROOT, "build/wasm/tests/wasi");

/** Those that tests/wasi/CMakeLists.txt builds. */
const [, LIST = ""] =
  /foreach\(guest ([^)]*)\)/.exec(read("tests/wasi/CMakeLists.txt")) ?? [];
const GUESTS = [...LIST.split(/\s+/), "exit"];

const HOST = {
  WASI,
  createVolume: () => new DelayedVolume(new MemoryVolume()),
};

const AS_POSIX =
  "libc's calls say EBADF, as POSIX has it, for a right that is not there";
const ONE_ROOT =
  "a Gossamer program has one directory preopened, the root over all mounts";
const TERMINAL =
  "its standard streams look like a terminal, so that libc buffers by lines";

conforms({
  name: "park",
  differences: {
    fd: {
      fd_fdstat_set_rights_takes_rights_away: AS_POSIX,
      fd_fdstat_set_rights_takes_inheriting_rights_away: AS_POSIX,
      fd_prestat_get_tells_of_the_mounts: ONE_ROOT,
      fd_prestat_dir_name_gives_the_name_without_nul: ONE_ROOT,
      fd_prestat_dir_name_in_a_larger_buffer: ONE_ROOT,
      fd_prestat_dir_name_in_a_smaller_buffer: ONE_ROOT,
    },
    io: {
      fd_read_needs_its_right: AS_POSIX,
      fd_write_needs_its_right: AS_POSIX,
    },
    limits: {
      path_of_a_mount_point_is_what_is_mounted: ONE_ROOT,
      path_rename_and_link_into_another_mount: ONE_ROOT,
    },
    mounts: { fd_close_and_fd_renumber_of_mounts: ONE_ROOT },
    open: { path_open_gives_the_rights_that_were_asked_for: AS_POSIX },
    stdio: {
      fd_fdstat_get_of_the_standard_streams: TERMINAL,
      fd_fdstat_get_tells_that_a_pipe_is_no_terminal: TERMINAL,
    },
  },
  programs: PROGRAMS.filter(({ guest }) => GUESTS.includes(guest)),
  run: async (program) => {
    const bytes = await readFile(join(BUILT, `wasi-${program.guest}.wasm`));
    return runGuest(HOST, program, bytes, "park");
  },
});

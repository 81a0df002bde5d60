/* The guests with directories of the host for their files. */
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { node } from "../../js/fs/node.js";
import { WASI } from "../../js/wasi/index.js";
import { conforms } from "../helpers/conformance.js";
import { guestFile } from "../helpers/guests.js";
import { runGuest } from "../helpers/wasi-run.js";
import { SILENT } from "./programs.js";

const MICROSECONDS =
  "Node passes times on as doubles, which hold no more than microseconds";

conforms({
  name: "in directories of the host",
  programs: SILENT,
  differences: {
    filestat: { fd_filestat_set_times_keeps_nanoseconds: MICROSECONDS },
    stat: { path_filestat_set_times_keeps_nanoseconds: MICROSECONDS },
  },
  run: async (program) => {
    const root = mkdtempSync(join(tmpdir(), "gossamer-folder-"));
    try {
      const createVolume = () => node(mkdtempSync(join(root, "mount-")));
      const bytes = await readFile(guestFile(program.guest));
      return await runGuest({ WASI, createVolume }, program, bytes, "sync");
    } finally {
      rmSync(root, { recursive: true });
    }
  },
});

/* The guests with everything they have above 2 GiB of their memory: each pointer
 * reaches the host as a negative number (DESIGN, known hazards). */
import { readFile } from "node:fs/promises";
import { MemoryVolume } from "../../js/fs/memory.js";
import { WASI } from "../../js/wasi/index.js";
import { conforms } from "../helpers/conformance.js";
import { guestFile } from "../helpers/guests.js";
import { runGuest } from "../helpers/wasi-run.js";
import { SILENT } from "./programs.js";

const HOST = { WASI, createVolume: () => new MemoryVolume() };

conforms({
  name: "above 2 GiB",
  programs: SILENT,
  run: async (program) => {
    const bytes = await readFile(guestFile(program.guest, true));
    return runGuest(HOST, program, bytes, "sync");
  },
});

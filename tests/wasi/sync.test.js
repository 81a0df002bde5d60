/* The guests under our own host by the caller "sync", which may stop its thread
 * here: in a worker or a command, and never in a page. */
import { readFile } from "node:fs/promises";
import { MemoryVolume } from "../../js/fs/memory.js";
import { WASI } from "../../js/wasi/index.js";
import { conforms } from "../helpers/conformance.js";
import { guestFile } from "../helpers/guests.js";
import { runGuest } from "../helpers/wasi-run.js";
import { SILENT } from "./programs.js";

const HOST = { WASI, createVolume: () => new MemoryVolume() };

conforms({
  name: "sync",
  programs: SILENT,
  run: async (program) =>
    runGuest(HOST, program, await readFile(guestFile(program.guest)), "sync"),
});

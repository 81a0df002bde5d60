/* The guests under our own host by the caller "asyncify". The volumes answer
 * later, so that every call that touches a file unwinds the program and comes
 * back to it. */
import { MemoryVolume } from "../../js/fs/memory.js";
import { WASI } from "../../js/wasi/index.js";
import { asyncifiedGuest } from "../helpers/asyncified.js";
import { conforms } from "../helpers/conformance.js";
import { DelayedVolume } from "../helpers/delayed.js";
import { runGuest } from "../helpers/wasi-run.js";
import { PROGRAMS } from "./programs.js";

const HOST = {
  WASI,
  createVolume: () => new DelayedVolume(new MemoryVolume()),
};

conforms({
  name: "asyncify",
  programs: PROGRAMS,
  run: async (program) =>
    runGuest(HOST, program, await asyncifiedGuest(program.guest), "asyncify"),
});

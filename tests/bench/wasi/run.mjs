/* Runs the guest by one of the hosts, as a benchmark program.
 * Usage: node run.mjs HOST GUEST.wasm WORKLOAD */
import { readFile } from "node:fs/promises";
import { HOSTS } from "./hosts.mjs";

const MS_PER_US = 1 / 1000;
/** How often the event loop is looked at: a gap is longer than this. */
const TICK_MS = 1;

const [, , name = "", file = "", workload = ""] = process.argv;
const host = HOSTS.get(name);
if (host === undefined) throw new RangeError(`no such host: ${name}`);
const bytes = await readFile(file);

/**
 * What a sleep costs: the processor, and, in another one, whoever else wants
 * the event loop; to look for gaps costs something itself.
 * @param {import("./hosts.mjs").Host} run
 */
async function sleep(run) {
  // Compiled and loaded before it is measured.
  await run(bytes, ["nap"]);
  const before = process.cpuUsage();
  await run(bytes, ["sleep"]);
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`cpu ${(user + system) * MS_PER_US} ms\n`);

  let longestMs = 0;
  let lastMs = performance.now();
  const look = () => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  };
  const timer = setInterval(look, TICK_MS);
  await run(bytes, ["sleep"]);
  look();
  clearInterval(timer);
  process.stdout.write(`gap ${longestMs.toFixed(1)} ms\n`);
}

if (workload === "wasi-sleep") await sleep(host);
else await host(bytes, [workload]);

/* Preloaded into every test process: names a test that hangs and ends the
 * process. Node 20 limits whole files only, and then does not say which test
 * it was. A test with a `timeout` of its own fails earlier and alone. */
import { afterEach, beforeEach } from "node:test";

const limitMs = Number(process.env.GOSSAMER_TEST_TIMEOUT_MS ?? 120_000);

/** @type {Map<string, NodeJS.Timeout>} */
const timers = new Map();

beforeEach((context) => {
  const { name } = context;
  const timer = setTimeout(() => {
    process.stderr.write(`\nhung for ${limitMs} ms: "${name}"\n`);
    process.exit(1);
  }, limitMs);
  timers.set(name, timer.unref());
});

afterEach((context) => clearTimeout(timers.get(context.name)));

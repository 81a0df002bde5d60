/* `npm run dev`: builds, serves, and builds again when a source changes. A
 * failing build is reported and the last good one stays in place. */
import { watch } from "node:fs";
import { join } from "node:path";
import { portFromEnv, serve } from "../web/serve.mjs";
import { build } from "./build.mjs";
import { ROOT, StepError, script } from "./exec.mjs";

const WATCHED = ["src", "js", "web"];
const SETTLE_MS = 100;

async function rebuild() {
  const started = performance.now();
  try {
    await build({ quiet: true });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(`built in ${seconds} s\n`);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
  }
}

/** Builds on change, one build at a time; changes meanwhile make one more. */
function watchSources() {
  let building = false;
  let changed = false;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const run = async () => {
    if (building) {
      changed = true;
      return;
    }
    building = true;
    do {
      changed = false;
      await rebuild();
    } while (changed);
    building = false;
  };
  for (const folder of WATCHED) {
    watch(join(ROOT, folder), { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(() => void run(), SETTLE_MS);
    });
  }
}

await script(async () => {
  await rebuild();
  const { url } = await serve({ port: portFromEnv(process.env.PORT) }).catch(
    (error) => {
      throw new StepError(error.message);
    },
  );
  watchSources();
  process.stdout.write(`Gossamer demos: ${url} (building on change)\n`);
});

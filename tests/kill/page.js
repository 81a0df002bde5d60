/* What runs in the page that is killed: opens the volume, tells the test's
 * server all that it holds, and goes on with the workload from where the server
 * says that this is. Each sync that was answered 0 is told by a request. */
import { indexeddb } from "/js/fs/indexeddb.js";
import { Performer, contentsOf, packed } from "./perform.js";
import { splitFactory } from "./split-factory.js";
import { Workload } from "./workload.js";

/** The browser found its storage damaged: the volume says so, and is empty. */
const WIPED = /was thrown away by the browser/;

const life = new URLSearchParams(location.search).get("life");

/** @param {string} path @param {any} [body] */
function send(path, body = "") {
  const url = `${path}${path.includes("?") ? "&" : "?"}life=${life}`;
  return fetch(url, { method: "POST", body });
}

/** @param {any} error */
function trouble(error) {
  void send("trouble", String(error?.stack ?? error));
}

let acknowledged = 0;
let isTelling = false;

/**
 * Tells the newest of what lasts; it says the same of all before it.
 * @param {number} done
 */
async function acknowledge(done) {
  acknowledged = Math.max(acknowledged, done);
  if (isTelling) return;
  isTelling = true;
  for (let told = -1; told !== acknowledged;) {
    told = acknowledged;
    await send(`acknowledge?done=${told}`);
  }
  isTelling = false;
}

/**
 * Tells what the volume holds.
 * @param {import("./perform.js").Found[]} found
 * @param {object} more `check`: its own report; `failure`: why it is not open
 */
function tell(found, more) {
  const parts = /** @type {BlobPart[]} */ (packed(found, more));
  return send("state", new Blob(parts));
}

async function main() {
  const plan = await (await send("plan")).json();
  const options = {
    ...plan.options,
    // Of that the server is told with what is there.
    onTrouble: (error) => (WIPED.test(error.message) ? null : trouble(error)),
    ...(plan.splits
      ? { factory: splitFactory(indexedDB, () => send("piece")) }
      : {}),
  };
  const volume = indexeddb("kill", options);
  const opened = await volume.open();
  if (opened !== 0) {
    await tell([], { failure: `open: ${opened}, ${volume.trouble}` });
    return;
  }
  const found = await contentsOf(volume);
  const { ok, problems } = await volume.check();
  const wiped = WIPED.test(volume.trouble) ? volume.trouble : "";
  const state = await tell(found, { check: { ok, problems }, wiped });
  const { crashes } = await state.json();
  if (crashes === undefined) return;
  const { kind, seed } = plan;
  const workload = new Workload(kind, seed, { crashes });
  const performer = new Performer(volume, workload.model, {
    acknowledge: (done) => void acknowledge(done).catch(trouble),
    trouble,
    strictClose: plan.options.strictClose,
  });
  for (;;) {
    await performer.run(workload.peek(), workload.done);
    workload.advance();
  }
}

addEventListener("unhandledrejection", ({ reason }) => trouble(reason));
addEventListener("error", ({ error, message }) => trouble(error ?? message));
main().catch(trouble);

/* The entry for script tags: sets the global Gossamer, and runs the program
 * that the tag's data-app names, with data-canvas, data-args, data-env and
 * data-fetch. The tag gets `app` and the events gossamer:ready, gossamer:exit
 * and gossamer:error, which bubble to the document. */
import { readAttributes } from "./attributes.js";
import { ERRNO, GossamerError } from "./errors.js";
import { App, load, start } from "./loader.js";
import { openModule } from "./source.js";

/** @typedef {HTMLScriptElement & { app?: App }} AppScript */

/**
 * How a page allows a source: the attribute as it should be.
 * @param {AppScript} script
 */
function scriptAdvice(script) {
  /** @param {string} source */
  return (source) => {
    const all = [script.dataset.fetch?.trim(), source].filter(Boolean);
    return `allow it with data-fetch="${all.join(" ")}" on the script tag`;
  };
}

/**
 * @param {AppScript} script
 * @param {string} name
 * @param {object} detail
 */
function tell(script, name, detail) {
  const init = { bubbles: true, cancelable: true, detail };
  return script.dispatchEvent(new CustomEvent(`gossamer:${name}`, init));
}

/**
 * @param {AppScript} script
 * @param {unknown} error
 */
function fail(script, error) {
  // A page that handles the error itself calls preventDefault().
  if (tell(script, "error", { error })) console.error("gossamer:", error);
}

/**
 * Elements below the script are there only when the document is parsed, and
 * listeners of its modules a little later: so this is asked for at the start.
 */
function documentParsed() {
  return new Promise((resolve) => {
    if (document.readyState !== "loading") resolve(undefined);
    else document.addEventListener("DOMContentLoaded", resolve, { once: true });
  });
}

/**
 * @param {AppScript} script
 * @param {string} address
 * @param {Promise<unknown>} parsed
 */
async function run(script, address, parsed) {
  try {
    const options = readAttributes(script.dataset);
    // Download and parsing of the page go on side by side.
    const [opened] = await Promise.all([openModule(address), parsed]);
    const { parts } = globals.Gossamer;
    const app = await start(
      opened,
      { ...options, parts },
      scriptAdvice(script),
    );
    script.app = app;
    tell(script, "ready", { app });
    tell(script, "exit", { code: await app.exited });
  } catch (error) {
    // Deferred scripts and modules of the page may want to hear of it.
    await parsed;
    fail(script, error);
  }
}

/** @param {AppScript} script */
function startTag(script) {
  const { app, ...others } = script.dataset;
  const parsed = documentParsed();
  if (app !== undefined && app.trim() !== "") {
    void run(script, app, parsed);
    return;
  }
  const attributes = ["canvas", "args", "env", "fetch"];
  const given = attributes.filter((name) => others[name] !== undefined);
  // Without any of them the tag only brings the global.
  if (app === undefined && given.length === 0) return;
  const which = given.map((name) => `data-${name}`).join(", ") || "data-app";
  const text =
    `the script tag has ${which}, but data-app names no program: ` +
    'expected data-app="program.wasm"';
  // Listeners for errors may be set up further down in the page.
  void parsed.then(() => fail(script, new GossamerError("EINVAL", text)));
}

/** A module is not told which tag it is from: say so, not nothing. */
function complainOfModules() {
  /** @type {AppScript | null} */
  const tag = document.querySelector(
    'script[type="module" i][src*="gossamer"][data-app]',
  );
  if (tag === null) return;
  const text =
    "the script tag with data-app must be a classic one: " +
    'leave out type="module"';
  fail(tag, new GossamerError("EINVAL", text));
}

/** Parts whose scripts came before this one have left themselves there. */
const globals =
  /** @type {{ Gossamer: { parts: import("./parts.js").Part[] } }} */ (
    /** @type {unknown} */ (globalThis)
  );
const parts = globals.Gossamer?.parts ?? [];
Object.assign(globalThis, {
  Gossamer: { ...globals.Gossamer, App, ERRNO, GossamerError, load, parts },
});

// In a worker and in Node there is no document, and no tag either.
if (typeof document !== "undefined") {
  const script = document.currentScript;
  if (script instanceof HTMLScriptElement) startTag(script);
  else if (script === null) complainOfModules();
}

/* The page of the suite `browser`. It stands in for the browser's frames, so
 * that callbacks can be called back to back; what is measured is everything
 * from the callback on, the request for the next frame included. */

const MEASURE_MS = 150;
const WARM_UP_MS = 100;
const START_MS = 10_000;

/** What the peers' scripts put there, and what the runner calls. */
const globals = /** @type {any} */ (globalThis);

/** @type {{ callback: FrameRequestCallback | null, handle: number }} */
const frame = { callback: null, handle: 0 };

globalThis.requestAnimationFrame = (callback) => {
  frame.callback = callback;
  frame.handle += 1;
  return frame.handle;
};
globalThis.cancelAnimationFrame = () => {
  frame.callback = null;
};

/** @param {string} url a classic script */
function addScript(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`no script ${url}`));
    document.head.append(script);
  });
}

/** @param {string} url @param {WebAssembly.Imports} imports */
async function instantiate(url, imports) {
  const source = await WebAssembly.instantiateStreaming(fetch(url), imports);
  return source.instance;
}

/** Who can take part: starts it, answers how many frames it has counted. */
const PEERS = {
  gossamer: async () => {
    const { load } = await import(/** @type {any} */ ("./gossamer.mjs"));
    const app = await load("gossamer.wasm");
    return () => app.call("frame_count");
  },
  "emscripten-fibers": async () => {
    await addScript("fibers.js");
    const module = await globals.createFibers();
    module._start();
    return () => module._frame_count();
  },
  "go-js-wasm": async () => {
    await addScript("wasm_exec.js");
    const go = new globals.Go();
    void go.run(await instantiate("go.wasm", go.importObject));
    return () => globals.goFrameCount();
  },
  "plain-export": async () => {
    const instance = await instantiate("plain.wasm", {});
    const exports = /** @type {any} */ (instance.exports);
    /** @param {number} timestampMs */
    const onFrame = (timestampMs) => {
      exports.frame(timestampMs);
      requestAnimationFrame(onFrame);
    };
    requestAnimationFrame(onFrame);
    return () => exports.frame_count();
  },
};

async function untilRequested() {
  const endMs = performance.now() + START_MS;
  while (frame.callback === null) {
    if (performance.now() > endMs) throw new Error("asks for no frame");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Frames that were delivered. */
let frames = 0;

/** @param {number} count @returns {number} milliseconds */
function deliver(count) {
  const beginMs = performance.now();
  for (let left = count; left > 0; left--) {
    const { callback } = frame;
    if (callback === null) throw new Error("no frame was asked for");
    frame.callback = null;
    frames += 1;
    callback(frames);
  }
  return performance.now() - beginMs;
}

/** @param {keyof typeof PEERS} peer */
async function run(peer) {
  const counted = await PEERS[peer]();
  await untilRequested();
  const countedBefore = await counted();
  let warmMs = 0;
  for (let count = 1024; ; count *= 2) {
    const ms = deliver(count);
    if (ms >= MEASURE_MS && warmMs >= WARM_UP_MS) {
      const arrived = (await counted()) - countedBefore;
      if (arrived !== frames) {
        throw new Error(`${arrived} of ${frames} frames arrived`);
      }
      return (ms * 1e6) / count;
    }
    warmMs += ms;
  }
}

globals.bench = run;

/* When commits are made, and which of them have reached the disk: what no crash
 * of a browser can show, since its operating system lives on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { VolumeTool, pattern } from "../helpers/volume.js";

/**
 * A factory that notes with which durability transactions are begun that put
 * something into the log, and of which kind the data is.
 * @returns {{ factory: any, commits: string[], kinds: Set<string> }}
 */
function noting() {
  const plain = new IDBFactory();
  /** @type {string[]} */
  const commits = [];
  /** @type {Set<string>} */
  const kinds = new Set();
  /** @param {any} db */
  const watch = (db) => {
    const transaction = db.transaction.bind(db);
    db.transaction = (/** @type {any[]} */ ...args) => {
      const tx = transaction(...args);
      const [stores, mode] = args;
      if (mode !== "readwrite" || !stores.includes("log")) return tx;
      const objectStore = tx.objectStore.bind(tx);
      let noted = false;
      tx.objectStore = (/** @type {string} */ name) => {
        const store = objectStore(name);
        const put = store.put.bind(store);
        store.put = (/** @type {any[]} */ ...values) => {
          kinds.add(values[0].constructor.name);
          return put(...values);
        };
        if (name !== "log") return store;
        const add = store.add.bind(store);
        store.add = (/** @type {any[]} */ ...values) => {
          if (!noted) commits.push(tx.durability);
          noted = true;
          return add(...values);
        };
        return store;
      };
      return tx;
    };
  };
  const factory = {
    open: (/** @type {[string, number?]} */ ...args) => {
      const request = plain.open(...args);
      request.addEventListener("success", () => watch(request.result));
      return request;
    },
    databases: () => plain.databases(),
  };
  return { factory, commits, kinds };
}

/** @param {import("node:test").TestContext} t @param {object} [options] */
async function opened(t, options = {}) {
  const { factory, commits, kinds } = noting();
  // Nothing is committed for having waited, unless the test says so.
  const idleMs = 1e6;
  const volume = indexeddb("d", { factory, locks: null, idleMs, ...options });
  t.after(() => volume.close());
  assert.equal(await volume.open(), 0, volume.trouble);
  commits.splice(0);
  kinds.clear();
  return { volume, commits, kinds, fs: new VolumeTool(volume) };
}

/** Until what was begun has had its turns. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

test("[C2] sync is a strict commit, and none when nothing has changed", async (t) => {
  const { volume, commits, fs } = await opened(t);
  const file = await fs.open(await fs.create(volume.root, "a"));
  await fs.write(file, 0, "text");
  assert.deepEqual(commits, []);
  assert.equal(await volume.sync(), 0);
  assert.deepEqual(commits, ["strict"]);
  assert.equal(volume.sync(), 0, "at once");
  assert.deepEqual(commits, ["strict"]);
  await fs.close(file);
});

test("[C2] close is a relaxed commit, and a sync after it is strict", async (t) => {
  const { volume, commits, fs } = await opened(t);
  await fs.put(volume.root, "a", "text");
  assert.deepEqual(commits, [], "close does not wait for it");
  await settled();
  assert.deepEqual(commits, ["relaxed"]);
  assert.equal(await volume.sync(), 0);
  assert.deepEqual(
    commits,
    ["relaxed", "strict"],
    "though nothing has changed",
  );
  assert.equal(volume.sync(), 0);
});

test("[C2] a file that was only read is closed without a commit", async (t) => {
  const { volume, commits, fs } = await opened(t);
  const node = await fs.put(volume.root, "a", "text");
  await volume.commit();
  commits.splice(0);
  assert.equal(await fs.text(node), "text");
  await settled();
  assert.deepEqual(commits, []);
});

test("[C2] strictClose has close wait for a strict commit", async (t) => {
  const { volume, commits, fs } = await opened(t, { strictClose: true });
  await fs.put(volume.root, "a", "text");
  assert.deepEqual(commits, ["strict"]);
});

test("[C2] what was changed is committed after idleMs, relaxed", async (t) => {
  const { volume, commits, fs } = await opened(t, { idleMs: 10 });
  await fs.makeDirectory(volume.root, "d");
  assert.deepEqual(commits, []);
  await settled();
  assert.deepEqual(commits, ["relaxed"]);
});

test("[C2] a commit with Blobs is strict: they lie outside of what a later one flushes", async (t) => {
  const { volume, commits, fs } = await opened(t);
  await fs.put(volume.root, "a", pattern(2_000_000));
  await settled();
  assert.deepEqual(commits, ["strict"]);
});

test("[C2] a page that is hidden commits at once, and no Blobs: their bytes would be asked for later", async (t) => {
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const globals = /** @type {any} */ (globalThis);
  globals.document = page;
  globals.addEventListener = page.addEventListener.bind(page);
  globals.removeEventListener = page.removeEventListener.bind(page);
  t.after(() => {
    delete globals.document;
    delete globals.addEventListener;
    delete globals.removeEventListener;
  });
  const { volume, commits, kinds, fs } = await opened(t);
  const file = await fs.open(await fs.create(volume.root, "a"));
  await fs.write(file, 0, pattern(2_000_000));
  page.visibilityState = "hidden";
  page.dispatchEvent(new Event("visibilitychange"));
  assert.equal(commits.length, 1, "in the same turn");
  assert.deepEqual([...kinds], ["Uint8Array"]);
  await settled();
  page.visibilityState = "visible";
  page.dispatchEvent(new Event("visibilitychange"));
  await fs.write(file, 0, pattern(2_000_000, 1));
  await volume.commit();
  assert.ok(kinds.has("Blob"), "as ever when it is shown again");
  await fs.close(file);
  await volume.close();
});

test("[C2] a commit that fails with Blobs is made with arrays", async (t) => {
  const { factory, kinds } = noting();
  const open = factory.open;
  factory.open = (/** @type {any[]} */ ...args) => {
    const request = open(...args);
    request.addEventListener("success", () => {
      const db = request.result;
      const transaction = db.transaction.bind(db);
      db.transaction = (/** @type {any[]} */ ...rest) => {
        const tx = transaction(...rest);
        const { commit } = tx;
        kinds.clear();
        tx.commit = () => (kinds.has("Blob") ? tx.abort() : commit.call(tx));
        return tx;
      };
    });
    return request;
  };
  /** @type {string[]} */
  const troubles = [];
  const volume = indexeddb("d", {
    factory,
    locks: null,
    onTrouble: ({ message }) => troubles.push(message),
  });
  t.after(() => volume.close());
  await volume.open();
  const fs = new VolumeTool(volume);
  const node = await fs.put(volume.root, "a", pattern(2_000_000));
  assert.equal(await volume.commit(), 0);
  assert.deepEqual(troubles, []);
  assert.equal((await fs.content(node)).length, 2_000_000);
  const { ok, problems } = await volume.check();
  assert.equal(ok, true, problems.join("; "));
});

test("[C2] those who sync at once share a commit", async (t) => {
  const { volume, commits, fs } = await opened(t);
  const files = [];
  for (const name of ["a", "b", "c", "d"]) {
    files.push(await fs.open(await fs.create(volume.root, name)));
  }
  const syncs = files.map(async (file) => {
    await fs.write(file, 0, "text");
    return volume.sync();
  });
  assert.deepEqual(await Promise.all(syncs), [0, 0, 0, 0]);
  assert.deepEqual(commits, ["strict"]);
  for (const file of files) await fs.close(file);
});

test("[C2] half of dirtyBytes is committed by itself, while more is written", async (t) => {
  const { volume, commits, fs } = await opened(t, { dirtyBytes: 262_144 });
  const file = await fs.open(await fs.create(volume.root, "a"));
  await fs.write(file, 0, pattern(1_000_000));
  const { dirtyBytes } = volume.usage();
  assert.ok(dirtyBytes <= 262_144, `${dirtyBytes} bytes are dirty`);
  assert.ok(commits.length >= 3, `${commits.length} commits`);
  await fs.close(file);
});

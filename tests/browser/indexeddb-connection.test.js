/* The connection to a volume's database in real browsers: two tabs that want
 * different things of it, storage that is cleared or has no room, a page that
 * is left, an origin that has no storage (D7). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ENGINES, openPage } from "../helpers/browser.js";
import { startDemos } from "../helpers/server.js";

/**
 * @typedef {import("node:test").TestContext} TestContext
 * @typedef {import("playwright-core").Page} Page
 * @typedef {import("../../js/fs/indexeddb/database.js").Database} Database
 */

const LIMIT_MS = 60_000;

/** The errors by name, as the page has them. */
const SETUP = `
  import { ERRNO } from "/js/errors.js";
  import { Database, databaseName } from "/js/fs/indexeddb/database.js";
  import { STEPS } from "/js/fs/indexeddb/opening.js";
  import { deleteVolume, listVolumes } from "/js/fs/indexeddb/volumes.js";
  const names = new Map(Object.entries(ERRNO).map(([k, v]) => [-v, k]));
  Object.assign(window, {
    Database, databaseName, STEPS, deleteVolume, listVolumes,
    /** A number, or the name of an error. */
    said: (answer) => names.get(answer) ?? answer,
    bytes: (size, value = 1) => new Uint8Array(size).fill(value),
    append: (database, key, size = 4) =>
      database.write("strict", (log, data) => {
        log.add(bytes(4, key), key);
        data.put(bytes(size, key), key);
      }).then(said),
    make: async (options = {}, how = { create: true }) => {
      window.lost = new Promise((resolve) => {
        window.database = new Database("notes", { onLost: resolve, ...options });
      });
      return said(await database.open(how));
    },
    uncaught: [],
  });
  addEventListener("error", (event) => uncaught.push(event.message));
  window.ready = true;
`;

/**
 * A page with the class Database; no test may leave an error in it.
 * @param {TestContext} t
 * @param {"chromium" | "firefox"} engine
 */
async function start(t, engine) {
  const base = await startDemos(t, {
    files: {
      "/db.html": `<!doctype html><script type="module" src="/db.js"></script>`,
      "/db.js": SETUP,
      "/other.html": "<!doctype html><title>other</title>",
    },
  });
  const url = `${base}db.html`;
  const { page, openTab } = await openPage(t, url, { engine });
  await prepared(page);
  const another = async () => {
    const tab = await openTab(url);
    await prepared(tab);
    return tab;
  };
  return { page, another, base };
}

/** @param {Page} page */
const prepared = (page) => page.waitForFunction("window.ready");

/**
 * Runs an expression in the page, which may wait.
 * @param {Page} page
 * @param {string} code
 * @returns {Promise<any>}
 */
const run = (page, code) => page.evaluate(`(async () => (${code}))()`);

for (const { engine, skip } of ENGINES) {
  /** @param {string} name @param {(t: TestContext) => Promise<void>} body */
  const inBrowser = (name, body) =>
    test(`${engine}: ${name}`, { timeout: LIMIT_MS, skip }, body);

  inBrowser("what was written is read, by another tab too", async (t) => {
    const { page, another } = await start(t, engine);
    assert.equal(await run(page, "make()"), 0);
    assert.equal(await run(page, "append(database, 1)"), 0);
    assert.equal(await run(page, "append(database, 2, 100_000)"), 0);
    const tab = await another();
    assert.equal(await run(tab, "make({}, {})"), 0);
    assert.deepEqual(
      await run(
        tab,
        "database.readLog(2).then((r) => [r.first, r.keys, r.values[0][0]])",
      ),
      [1, [2], 2],
    );
    assert.equal(
      await run(tab, "database.readData(2).then((b) => b.length)"),
      100_000,
    );
    assert.deepEqual(await run(tab, "listVolumes()"), ["notes"]);
  });

  inBrowser("a Blob is stored, and read as one", async (t) => {
    const { page } = await start(t, engine);
    await run(page, "make()");
    const text = await run(
      page,
      `database.write("strict", (log, data) => data.put(new Blob(["text"]), 1))
        .then(() => database.readData(1))
        .then((blob) => blob.text())`,
    );
    assert.equal(text, "text");
  });

  inBrowser("opening what is not there makes nothing", async (t) => {
    const { page } = await start(t, engine);
    assert.equal(await run(page, "make({}, {})"), "ENOENT");
    assert.deepEqual(await run(page, "indexedDB.databases()"), []);
    assert.equal(
      await run(page, `deleteVolume("notes").catch((error) => error.code)`),
      "ENOENT",
    );
    assert.deepEqual(await run(page, "indexedDB.databases()"), []);
  });

  inBrowser("of two tabs that add one record, one is ESTALE", async (t) => {
    const { page, another } = await start(t, engine);
    const tab = await another();
    assert.equal(await run(page, "make()"), 0);
    assert.equal(await run(tab, "make()"), 0);
    const said = await Promise.all([
      run(page, "append(database, 1)"),
      run(tab, "append(database, 1, 9)"),
    ]);
    assert.deepEqual(said.sort(), [0, "ESTALE"]);
    assert.deepEqual(await run(page, "database.dataKeys()"), [1]);
  });

  inBrowser("a failed request is no error of the page", async (t) => {
    const { page } = await start(t, engine);
    await run(page, "make()");
    assert.equal(await run(page, "append(database, 1)"), 0);
    assert.equal(await run(page, "append(database, 1)"), "ESTALE");
    const clone = `database.write("strict", (log, data) => data.put(() => {}, 2))`;
    assert.equal(await run(page, `${clone}.then(said)`), "ENOTSUP");
    const broken = `{ steps: [...STEPS, () => { throw new Error("no") }] }`;
    const upgrade = `new Database("notes", ${broken}).open({ create: true })`;
    assert.equal(await run(page, `${upgrade}.then(said)`), "EIO");
    assert.equal(await run(page, "append(database, 2)"), 0);
    assert.deepEqual(await run(page, "uncaught"), []);
  });

  inBrowser("a tab that reads loses what another deletes", async (t) => {
    const { page, another } = await start(t, engine);
    await run(page, "make()");
    await run(page, "append(database, 1)");
    const tab = await another();
    await run(tab, "make({}, {})");
    await run(page, "database.close()");
    await run(page, `deleteVolume("notes")`);
    assert.match(await run(tab, "lost"), /"notes" was deleted/);
    assert.equal(await run(tab, "append(database, 2)"), "ESTALE");
    assert.deepEqual(await run(tab, "indexedDB.databases()"), []);
    assert.equal(await run(page, "make()"), 0);
    assert.equal(await run(page, "database.lastLogKey()"), 0);
    assert.equal(await run(tab, "database.lastLogKey().then(said)"), "ESTALE");
  });

  inBrowser("an upgrade takes what the other tab commits first", async (t) => {
    const { page, another } = await start(t, engine);
    const onForeign = "{ onForeign: () => append(database, 1) }";
    assert.equal(await run(page, `make(${onForeign})`), 0);
    const tab = await another();
    const steps = `{ steps: [...STEPS, (db) => db.createObjectStore("new")] }`;
    const how = "{ create: true, wait: true }";
    assert.equal(await run(tab, `make(${steps}, ${how})`), 0);
    assert.equal(await run(tab, "database.lastLogKey()"), 1);
    assert.match(await run(page, "lost"), /made by a later version/);
    assert.equal(await run(page, "append(database, 2)"), "ESTALE");
    assert.equal(await run(page, "make({}, {})"), "ENOTSUP");
  });

  inBrowser(
    "an upgrade in the way of which a tab stands is EBUSY",
    async (t) => {
      const { page, another } = await start(t, engine);
      await run(page, "make().then(() => append(database, 1))");
      await run(page, "database.close()");
      await run(
        page,
        `new Promise((resolve) => {
        const request = indexedDB.open(databaseName("notes"));
        request.onsuccess = () => resolve(!(window.raw = request.result));
      })`,
      );
      const tab = await another();
      const steps = `{ steps: [...STEPS, (db) => db.createObjectStore("new")] }`;
      assert.equal(await run(tab, `make(${steps})`), "EBUSY");
      const said = await run(tab, "database.open({ create: true }).then(said)");
      assert.equal(said, "EBUSY");
      const waiting = run(tab, "database.open({ create: true, wait: true })");
      await run(page, "raw.close()");
      assert.equal(await waiting, 0);
      assert.equal(await run(tab, "database.lastLogKey()"), 1);
    },
  );

  inBrowser("an upgrade that fails leaves the old format whole", async (t) => {
    const { page } = await start(t, engine);
    await run(page, "make().then(() => append(database, 1))");
    await run(page, "database.close()");
    const step = `(db, tx) => {
      db.createObjectStore("new");
      tx.objectStore("log").clear();
      tx.objectStore("data").delete(1).onsuccess = () => tx.abort();
    }`;
    assert.equal(
      await run(page, `make({ steps: [...STEPS, ${step}] })`),
      "EIO",
    );
    assert.equal(await run(page, "make({}, {})"), 0);
    assert.equal(await run(page, "database.lastLogKey()"), 1);
    assert.deepEqual(await run(page, "database.dataKeys()"), [1]);
  });

  inBrowser(
    "commit() is called where a failure undoes everything",
    async (t) => {
      const { page } = await start(t, engine);
      await run(
        page,
        `(() => {
        window.commits = 0;
        const { commit } = IDBTransaction.prototype;
        IDBTransaction.prototype.commit = function () {
          commits++;
          return commit.call(this);
        };
      })()`,
      );
      await run(page, "make()");
      await run(page, "void (commits = 0)");
      assert.equal(await run(page, "append(database, 1)"), 0);
      // Firefox looks at the last request alone.
      const expected = engine === "firefox" ? 0 : 1;
      assert.equal(await run(page, "commits"), expected);
      // In any order, and whatever comes after.
      const order = `database.write("strict", (log, data) => {
      data.put(bytes(9), 1);
      log.add(bytes(4), 1);
      data.put(bytes(9), 2);
    }).then(said)`;
      assert.equal(await run(page, order), "ESTALE");
      assert.deepEqual(await run(page, "database.dataKeys()"), [1]);
      const length = "database.readData(1).then((value) => value.length)";
      assert.equal(await run(page, length), 4);
      const stores = `new Promise((resolve) => {
      indexedDB.open(databaseName("notes")).onsuccess = ({ target }) => {
        const db = target.result;
        const names = [...db.objectStoreNames];
        const other = names.find((name) => name.startsWith("volume-"));
        const request = db.transaction(other).objectStore(other).count();
        request.onsuccess = () => resolve([names.length, request.result]);
      };
    })`;
      assert.deepEqual(await run(page, stores), [3, 0]);
    },
  );
}

for (const size of [4096, 1_048_576]) {
  test(
    `a write of ${size} bytes begun in pagehide survives a reload`,
    { timeout: LIMIT_MS },
    async (t) => {
      const { page } = await start(t, "chromium");
      await run(page, "make().then(() => append(database, 1))");
      await run(
        page,
        `void addEventListener("pagehide", () => {
        database.write("strict", (log, data) => {
          data.put(bytes(${size}), 2);
          log.add(bytes(4), 2);
        });
      })`,
      );
      await page.reload();
      await prepared(page);
      assert.equal(await run(page, "make({}, {})"), 0);
      assert.equal(await run(page, "database.lastLogKey()"), 2);
      const length = "database.readData(2).then((value) => value.length)";
      assert.equal(await run(page, length), size);
    },
  );
}

test(
  "storage that is cleared while it is open is lost, and told at once",
  { timeout: LIMIT_MS },
  async (t) => {
    const { page, base } = await start(t, "chromium");
    assert.equal(await run(page, "make().then(() => append(database, 1))"), 0);
    const session = await page.context().newCDPSession(page);
    await session.send("Storage.clearDataForOrigin", {
      origin: new URL(base).origin,
      storageTypes: "indexeddb",
    });
    assert.match(await run(page, "lost"), /the browser cleared its storage/);
    assert.equal(await run(page, "append(database, 2)"), "ESTALE");
    assert.deepEqual(await run(page, "indexedDB.databases()"), []);
    assert.equal(await run(page, "make()"), 0);
    assert.equal(await run(page, "database.lastLogKey()"), 0);
  },
);

test(
  "storage that is cleared during writes: each is done or ESTALE or EIO",
  { timeout: LIMIT_MS },
  async (t) => {
    const { page, base } = await start(t, "chromium");
    assert.equal(await run(page, "make()"), 0);
    const session = await page.context().newCDPSession(page);
    const writing = run(
      page,
      `(async () => {
      const said = [];
      for (let key = 1; said.at(-1) === 0 || key === 1; key++) {
        said.push(await append(database, key, 200_000));
      }
      return [said.length, said.at(-1), said.at(-1) === "EIO"
        ? await database.lastLogKey().then(window.said) : "ESTALE"];
    })()`,
    );
    await page.waitForTimeout(0);
    await session.send("Storage.clearDataForOrigin", {
      origin: new URL(base).origin,
      storageTypes: "indexeddb",
    });
    const [, last, then] = await writing;
    assert.match(String(last), /^(EIO|ESTALE)$/);
    assert.equal(then, "ESTALE");
    assert.match(await run(page, "lost"), /the browser cleared its storage/);
    assert.deepEqual(await run(page, "uncaught"), []);
  },
);

test(
  "a full quota is ENOSPC, and what was there is intact",
  { timeout: LIMIT_MS },
  async (t) => {
    const { page, base } = await start(t, "chromium");
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(base);
    // Before the browser looks how much there is, which it does not do often.
    await session.send("Storage.overrideQuotaForOrigin", {
      origin,
      quotaSize: 2_000_000,
    });
    assert.equal(await run(page, "make()"), 0);
    assert.equal(await run(page, "append(database, 1, 500_000)"), 0);
    const full = "append(database, 2, 4_000_000)";
    assert.equal(await run(page, full), "ENOSPC");
    assert.match(await run(page, "database.trouble"), /does not fit/);
    const blob = `database.write("strict", (log, data) => {
    log.add(bytes(4), 2);
    data.put(new Blob([bytes(4_000_000)]), 2);
  }).then(said)`;
    assert.equal(await run(page, blob), "ENOSPC");
    assert.equal(await run(page, "database.lastLogKey()"), 1);
    assert.deepEqual(await run(page, "database.dataKeys()"), [1]);
    const length = "database.readData(1).then((value) => value.length)";
    assert.equal(await run(page, length), 500_000);
    await session.send("Storage.overrideQuotaForOrigin", { origin });
    assert.equal(await run(page, full), 0);
    assert.deepEqual(await run(page, "uncaught"), []);
  },
);

test(
  "an origin that may store nothing is ENOTSUP",
  { timeout: LIMIT_MS },
  async (t) => {
    const { page } = await start(t, "chromium");
    // A page without an origin may load scripts that say that anybody may.
    await page.route("**/js/**", async (route) => {
      const response = await route.fetch();
      const headers = {
        ...response.headers(),
        "access-control-allow-origin": "*",
      };
      await route.fulfill({ response, headers });
    });
    await run(
      page,
      `new Promise((resolve) => {
      const frame = document.createElement("iframe");
      frame.sandbox = "allow-scripts";
      frame.src = "/other.html";
      frame.onload = () => resolve(true);
      document.body.append(frame);
    })`,
    );
    const sandboxed = page
      .frames()
      .find((one) => one.url().endsWith("other.html"));
    assert.ok(sandboxed !== undefined);
    const said = await sandboxed.evaluate(async (address) => {
      const { Database } = await import(`${address}database.js`);
      const { WriterLock, platformLocks } = await import(`${address}lock.js`);
      const database = new Database("notes");
      const errno = await database.open({ create: true });
      const lock = new WriterLock("notes", platformLocks());
      return [errno, database.trouble, await lock.acquire()];
    }, new URL("/js/fs/indexeddb/", page.url()).href);
    assert.equal(said[0], -58);
    assert.match(said[1], /sandboxed frame/);
    assert.equal(said[2], -58);
  },
);

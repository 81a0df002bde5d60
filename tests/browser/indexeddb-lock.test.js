/* The lock of a volume's one writer between tabs of real browsers: refused,
 * waited for, given up, taken away, and free when its holder is closed, leaves
 * or dies (D7). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ENGINES, openPage } from "../helpers/browser.js";
import { startDemos } from "../helpers/server.js";

/**
 * @typedef {import("node:test").TestContext} TestContext
 * @typedef {import("playwright-core").Page} Page
 */

const LIMIT_MS = 60_000;

/** In the page: a lock, and what was said of its loss. */
const SETUP = `
  import { ERRNO } from "/js/errors.js";
  import { WriterLock, platformLocks } from "/js/fs/indexeddb/lock.js";
  import { Database } from "/js/fs/indexeddb/database.js";
  import { deleteVolume } from "/js/fs/indexeddb/volumes.js";
  const names = new Map(Object.entries(ERRNO).map(([k, v]) => [-v, k]));
  window.losses = 0;
  let tell;
  window.lost = new Promise((resolve) => { tell = resolve; });
  const onLost = () => { window.losses++; tell(true); };
  const make = () => new WriterLock("notes", platformLocks(), { onLost });
  window.abort = new AbortController();
  Object.assign(window, { make, lock: make(), Database, deleteVolume });
  window.acquire = (options, lock = window.lock) =>
    lock.acquire(options).then((errno) => names.get(errno) ?? errno);
  /** Until as many wait for the lock in all tabs. */
  window.waiters = async (count) => {
    for (;;) {
      const { pending } = await navigator.locks.query();
      if (pending.length === count) return count;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  addEventListener("pageshow", ({ persisted }) => { window.shown = persisted; });
  window.ready = true;
`;

/** @param {Page} page */
const prepared = (page) => page.waitForFunction("window.ready");

/**
 * Tabs with a lock each.
 * @param {TestContext} t
 * @param {"chromium" | "firefox"} engine
 * @param {number} count
 * @param {RegExp[]} [expectErrors]
 * @param {boolean} [keepsPages]
 */
async function tabs(t, engine, count, expectErrors = [], keepsPages = false) {
  const base = await startDemos(t, {
    files: {
      "/lock.html": `<!doctype html><script type="module" src="/lock.js"></script>`,
      "/lock.js": SETUP,
      "/other.html": `<!doctype html><script src="/other.js"></script>`,
      "/other.js": `addEventListener("load", () => setTimeout(() => {
        if (location.hash === "#back") history.back();
      }))`,
    },
  });
  const url = `${base}lock.html`;
  const options = { engine, expectErrors, keepsPages };
  const { page, openTab } = await openPage(t, url, options);
  const all = [page];
  while (all.length < count) all.push(await openTab());
  for (const tab of all) await prepared(tab);
  const [first = page, second = page, third = page] = all;
  return { first, second, third, base };
}

/** @param {Page} page @param {string} code @returns {Promise<any>} */
const run = (page, code) => page.evaluate(`(async () => (${code}))()`);

/**
 * Begins what will wait, and goes on when it does.
 * @param {Page} page
 * @param {string} [options]
 */
async function begin(page, options = "{ wait: true }") {
  await run(page, `void (window.acquired = acquire(${options}))`);
}

for (const { engine, skip } of ENGINES) {
  /** @param {string} name @param {(t: TestContext) => Promise<void>} body */
  const inBrowser = (name, body) =>
    test(`${engine}: ${name}`, { timeout: LIMIT_MS, skip }, body);

  inBrowser("a second tab is EBUSY until the first lets go", async (t) => {
    const { first, second } = await tabs(t, engine, 2);
    assert.equal(await run(first, "acquire()"), 0);
    assert.equal(await run(first, "acquire()"), 0, "it has it already");
    assert.equal(await run(first, "lock.isHeld"), true);
    assert.equal(await run(second, "acquire()"), "EBUSY");
    assert.equal(await run(second, "lock.isHeld"), false);
    await run(first, "lock.release()");
    assert.equal(await run(first, "lock.isHeld"), false);
    assert.equal(await run(second, "acquire()"), 0);
    assert.equal(await run(first, "acquire()"), "EBUSY");
  });

  inBrowser("what was let go is free when release() is done", async (t) => {
    const { first } = await tabs(t, engine, 1);
    const code = `(async () => {
      const said = [];
      for (let round = 0; round < 20; round++) {
        const lock = make();
        said.push(await acquire({}, lock));
        await lock.release();
      }
      const last = make();
      said.push(await acquire({}, last));
      last.release();
      said.push(await acquire({}, last));
      return said.filter((errno) => errno !== 0);
    })()`;
    assert.deepEqual(await run(first, code), []);
    assert.equal(await run(first, "losses"), 0);
  });

  inBrowser("tabs that wait get it one after the other", async (t) => {
    const { first, second, third } = await tabs(t, engine, 3);
    assert.equal(await run(first, "acquire({ wait: true })"), 0);
    await begin(second);
    await run(first, "waiters(1)");
    await begin(third);
    await run(first, "waiters(2)");
    assert.equal(await run(third, "lock.isHeld"), false);
    await run(first, "lock.release()");
    assert.equal(await run(second, "acquired"), 0);
    assert.equal(await run(third, "lock.isHeld"), false);
    await run(second, "lock.release()");
    assert.equal(await run(third, "acquired"), 0);
  });

  inBrowser("a tab that gives up waiting is ECANCELED", async (t) => {
    const { first, second, third } = await tabs(t, engine, 3);
    assert.equal(await run(first, "acquire()"), 0);
    await begin(second, "{ wait: true, signal: abort.signal }");
    await run(first, "waiters(1)");
    await begin(third);
    await run(first, "waiters(2)");
    await run(second, "void abort.abort()");
    assert.equal(await run(second, "acquired"), "ECANCELED");
    const again = "acquire({ wait: true, signal: abort.signal })";
    assert.equal(await run(second, again), "ECANCELED");
    await run(first, "lock.release()");
    assert.equal(await run(third, "acquired"), 0);
    assert.equal(await run(second, "losses"), 0);
    assert.equal(await run(second, "acquire()"), "EBUSY");
  });

  inBrowser("release() while it waits: it is not held later", async (t) => {
    const { first, second } = await tabs(t, engine, 2);
    assert.equal(await run(first, "acquire()"), 0);
    await begin(second);
    await run(first, "waiters(1)");
    await run(second, "void lock.release()");
    await run(first, "lock.release()");
    assert.equal(await run(second, "acquired"), "ECANCELED");
    assert.equal(await run(second, "lock.isHeld"), false);
    assert.equal(await run(first, "acquire({ wait: true })"), 0);
  });

  inBrowser("a lock that was taken away is told, and not held", async (t) => {
    const { first, second } = await tabs(t, engine, 2);
    assert.equal(await run(first, "acquire()"), 0);
    await run(
      second,
      `new Promise((resolve) => {
        const name = "gossamer:volume:notes";
        navigator.locks.request(name, { steal: true }, () => {
          resolve(true);
          return new Promise((free) => { window.free = free; });
        });
      })`,
    );
    // Not by a frame: the tab is behind the other one.
    assert.equal(await run(first, "lost"), true);
    assert.equal(await run(first, "losses"), 1);
    assert.equal(await run(first, "lock.isHeld"), false);
    await run(first, "lock.release()");
    assert.equal(await run(first, "acquire()"), "EBUSY");
    await run(second, "void free()");
    assert.equal(await run(first, "acquire({ wait: true })"), 0);
    assert.equal(await run(first, "lock.isHeld"), true);
  });

  inBrowser("a tab that is closed frees the lock", async (t) => {
    const { first, second, third } = await tabs(t, engine, 3);
    assert.equal(await run(second, "acquire()"), 0);
    await begin(first);
    await run(third, "waiters(1)");
    await second.close();
    assert.equal(await run(first, "acquired"), 0);
    // One that waits and is closed is passed over.
    await run(third, "void acquire({ wait: true })");
    await run(first, "waiters(1)");
    await third.close();
    await run(first, "waiters(0)");
    await run(first, "lock.release()");
    assert.equal(await run(first, "acquire()"), 0);
  });

  inBrowser("a tab that goes elsewhere frees the lock", async (t) => {
    const { first, second, base } = await tabs(t, engine, 2);
    assert.equal(await run(second, "acquire()"), 0);
    await begin(first);
    await run(second, "waiters(1)");
    await second.goto(`${base}other.html`);
    assert.equal(await run(first, "acquired"), 0);
    await second.goto(`${base}lock.html`);
    await prepared(second);
    assert.equal(await run(second, "acquire()"), "EBUSY");
    // A reload is a new page, too.
    await begin(second);
    await run(first, "waiters(1)");
    await first.reload();
    assert.equal(await run(second, "acquired"), 0);
  });

  inBrowser("a volume is not deleted while a tab may write it", async (t) => {
    const { first, second } = await tabs(t, engine, 2);
    const open = `new Database("notes").open({ create: true })`;
    assert.equal(await run(first, "acquire()"), 0);
    assert.equal(await run(first, open), 0);
    const remove = `deleteVolume("notes").then(() => 0, ({ code }) => code)`;
    assert.equal(await run(second, remove), "EBUSY");
    await run(first, "lock.release()");
    assert.equal(await run(second, remove), 0);
    assert.equal(await run(second, remove), "ENOENT");
    assert.equal(await run(first, "acquire()"), 0, "it was let go");
  });
}

test(
  "a page that Chromium keeps when it is left is in nobody's way",
  { timeout: LIMIT_MS },
  async (t) => {
    const { first, second, base } = await tabs(t, "chromium", 2, [], true);
    assert.equal(await run(second, "acquire()"), 0);
    // It waits when the other one is left already, and so does not end it.
    await begin(first);
    await run(second, "waiters(1)");
    await second.goto(`${base}other.html`);
    assert.equal(await run(first, "acquired"), 0);
  },
);

for (const others of [0, 1]) {
  const what = others === 0 ? "has the lock again" : "has lost the lock";
  test(
    `a page that is come back to when ${others} others hold the lock ${what}`,
    { timeout: LIMIT_MS },
    async (t) => {
      const { first, second, base } = await tabs(t, "chromium", 2, [], true);
      assert.equal(await run(second, "acquire()"), 0);
      if (others > 0) {
        await begin(first);
        await run(second, "waiters(1)");
      }
      // Goes back by itself, as a page that was kept.
      await second.goto(`${base}other.html#back`);
      while ((await run(second, "shown").catch(() => false)) !== true) {
        await first.waitForTimeout(10);
      }
      const known = `(async () => {
        while ((await navigator.locks.query()).held.length === 0) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        await 0;
        return [lock.isHeld, losses, window.shown];
      })()`;
      if (others > 0) assert.equal(await run(first, "acquired"), 0);
      else assert.deepEqual(await run(second, known), [true, 0, true]);
      if (others > 0) assert.equal(await run(second, "lost"), true);
      assert.equal(await run(second, "lock.isHeld"), others === 0);
      const said = others === 0 ? "EBUSY" : 0;
      assert.equal(await run(first, "acquire()"), said);
      await run(first, "lock.release()");
      await run(second, "lock.release()");
      assert.equal(await run(second, "acquire()"), 0);
      await run(second, "lock.release()");
      assert.equal(await run(first, "acquire()"), 0);
    },
  );
}

test(
  "a page that waits for the lock and is left asks again when it is back",
  { timeout: LIMIT_MS },
  async (t) => {
    const { first, second, base } = await tabs(t, "chromium", 2, [], true);
    assert.equal(await run(first, "acquire()"), 0);
    await begin(second);
    await run(first, "waiters(1)");
    await second.goto(`${base}other.html`);
    // It is not given to a page that does nothing.
    await run(first, "waiters(0)");
    await run(first, "lock.release()");
    assert.equal(await run(first, "acquire()"), 0);
    await second.evaluate("void setTimeout(() => history.back())");
    await run(first, "waiters(1)");
    await run(first, "lock.release()");
    await run(
      first,
      "acquire({ wait: true, signal: AbortSignal.timeout(100) })",
    );
    assert.equal(await run(first, "lock.isHeld"), false);
  },
);

test(
  "a tab whose renderer dies frees the lock, and its database can be opened",
  { timeout: LIMIT_MS },
  async (t) => {
    const crashed = [/the page crashed/];
    const { first, second } = await tabs(t, "chromium", 2, crashed);
    const code = `(async () => {
      window.database = new Database("notes");
      const opened = await database.open({ create: true });
      const written = await database.write("strict", (log) => {
        log.add(new Uint8Array(4), 1);
      });
      return [await acquire(), opened, written];
    })()`;
    assert.deepEqual(await run(second, code), [0, 0, 0]);
    // It dies in the middle of one.
    await run(
      second,
      `void database.write("strict", (log, data) => {
        for (let id = 0; id < 50; id++) data.put(new Uint8Array(100_000), id);
        log.add(new Uint8Array(4), 2);
      })`,
    );
    await begin(first);
    const session = await second.context().newCDPSession(second);
    const death = new Promise((resolve) => second.once("crash", resolve));
    session.send("Page.crash").catch(() => {});
    await death;
    assert.equal(await run(first, "acquired"), 0);
    const [last, keys] = await run(
      first,
      `(async () => {
        window.database = new Database("notes");
        await database.open({ create: true });
        const keys = await database.dataKeys();
        return [await database.lastLogKey(), keys.length];
      })()`,
    );
    // All of it or nothing.
    assert.equal(keys, last === 2 ? 50 : 0);
    const write = `database.write("strict", (log) => {
      log.add(new Uint8Array(4), ${last + 1});
    })`;
    assert.equal(await run(first, write), 0);
  },
);

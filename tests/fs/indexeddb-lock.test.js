/* The lock of a volume's one writer, where there are no Web Locks: one at a
 * time in this realm, in the order in which they came. With Web Locks it is
 * tested in a browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { WriterLock } from "../../js/fs/indexeddb/lock.js";

/** @param {object} scope @param {string} [name] */
const make = (scope, name = "notes") => new WriterLock(name, null, { scope });

test("a second writer is EBUSY until the first lets go", async () => {
  const scope = {};
  const [first, second] = [make(scope), make(scope)];
  assert.equal(await first.acquire(), 0);
  assert.equal(first.isHeld, true);
  assert.equal(await second.acquire(), -ERRNO.EBUSY);
  assert.equal(second.isHeld, false);
  await first.release();
  assert.equal(first.isHeld, false);
  assert.equal(await second.acquire(), 0);
  assert.equal(await first.acquire(), -ERRNO.EBUSY);
  await second.release();
});

test("other names and other storage have locks of their own", async () => {
  const scope = {};
  const locks = [make(scope), make(scope, "other"), make({})];
  for (const lock of locks) assert.equal(await lock.acquire(), 0);
  for (const lock of locks) await lock.release();
});

test("the holder has the lock, however often it asks", async () => {
  const scope = {};
  const lock = make(scope);
  assert.equal(await lock.acquire(), 0);
  assert.equal(await lock.acquire({ wait: true }), 0);
  await lock.release();
  await lock.release();
  const other = make(scope);
  assert.equal(await other.acquire(), 0);
  await lock.release();
  assert.equal(await lock.acquire(), -ERRNO.EBUSY);
  await other.release();
});

test("writers that wait get the lock in the order in which they came", async () => {
  const scope = {};
  const locks = [0, 1, 2, 3].map(() => make(scope));
  /** @type {number[]} */
  const order = [];
  await Promise.all(
    locks.map(async (lock, index) => {
      assert.equal(await lock.acquire({ wait: true }), 0);
      assert.deepEqual(
        locks.map((other) => other.isHeld),
        locks.map((_, other) => other === index),
      );
      order.push(index);
      await lock.release();
    }),
  );
  assert.deepEqual(order, [0, 1, 2, 3]);
  assert.equal(await locks[0]?.acquire(), 0);
  await locks[0]?.release();
});

test("a writer that gives up waiting is ECANCELED, and passed over", async () => {
  const scope = {};
  const [first, second, third] = [make(scope), make(scope), make(scope)];
  assert.equal(await first.acquire(), 0);
  const abort = new AbortController();
  const { signal } = abort;
  const given = second.acquire({ wait: true, signal });
  const last = third.acquire({ wait: true, signal: undefined });
  await Promise.resolve();
  abort.abort();
  assert.equal(await given, -ERRNO.ECANCELED);
  await first.release();
  assert.equal(await last, 0);
  assert.equal(second.isHeld, false);
  assert.equal(
    await second.acquire({ wait: true, signal }),
    -ERRNO.ECANCELED,
    "a signal that was given before",
  );
  await third.release();
  assert.equal(await first.acquire(), 0);
  await first.release();
});

test("a signal that comes when the lock was granted passes nobody over", async () => {
  const scope = {};
  const [first, second, third] = [make(scope), make(scope), make(scope)];
  assert.equal(await first.acquire(), 0);
  const abort = new AbortController();
  const { signal } = abort;
  const granted = second.acquire({ wait: true, signal });
  const waiting = third.acquire({ wait: true });
  await Promise.resolve();
  await first.release();
  assert.equal(await granted, 0);
  abort.abort();
  assert.equal(second.isHeld, true);
  await second.release();
  assert.equal(await waiting, 0);
  await third.release();
});

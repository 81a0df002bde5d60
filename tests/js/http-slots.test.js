/* How many requests to one origin may be under way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../../js/http/slots.js";
import { fails } from "../helpers/fails.js";
import { clientOf, readAll } from "../helpers/http-client.js";
import { startNet } from "../helpers/net-server.js";

const { signal } = new AbortController();
const turn = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

test("slots are given in the order they were asked for, by origin", async () => {
  const slots = new Slots(2);
  assert.equal(slots.take("a", signal), null);
  assert.equal(slots.take("a", signal), null);
  assert.equal(slots.take("b", signal), null);
  const order = [];
  const waits = [1, 2, 3].map((name) =>
    slots.take("a", signal).then(() => order.push(name)),
  );
  slots.give("b");
  await turn();
  assert.deepEqual(order, []);
  for (const served of [[1], [1, 2], [1, 2, 3]]) {
    slots.give("a");
    await turn();
    assert.deepEqual(order, served);
  }
  await Promise.all(waits);
});

test("who gives up its wait leaves its place to the next", async () => {
  const slots = new Slots(1);
  slots.take("a", signal);
  const controller = new AbortController();
  const first = slots.take("a", controller.signal);
  const second = slots.take("a", signal);
  controller.abort();
  await assert.rejects(first, fails("ECANCELED", /aborted/));
  slots.give("a");
  await second;
});

test("a limit that is raised lets in who waits, one that is lowered nobody", async () => {
  const slots = new Slots();
  slots.setLimit(1);
  slots.take("a", signal);
  const second = slots.take("a", signal);
  const third = slots.take("a", signal);
  slots.setLimit(2);
  await second;
  slots.setLimit(1);
  slots.give("a");
  let there = false;
  third.then(() => (there = true));
  await turn();
  assert.equal(there, false);
  slots.setLimit(0);
  await third;
});

test("the page's limit is never exceeded", () => {
  const slots = new Slots(1);
  slots.setLimit(5);
  assert.equal(slots.take("a", signal), null);
  assert.notEqual(slots.take("a", signal), null);
});

/** A client that makes one request at a time, and a way to see who waits. */
async function oneAtATime(t) {
  const { plain, foreign } = await startNet(t, ["plain", "foreign"]);
  const client = clientOf({ allow: "*", perOrigin: 1 });
  const open = (path, more = {}) =>
    client.open({ url: plain.url(path), ...more });
  return { plain, foreign, client, open };
}

/** path, and what gives the slot back, beside close() */
for (const [what, path, more, over] of [
  ["its body is read", "/bytes/10", {}, readAll],
  ["it has no body", "/status/204", {}, ({ head }) => head],
  [
    "its body is cut short",
    "/cut/10",
    {},
    (one) => readAll(one).catch(() => {}),
  ],
  [
    "it is refused",
    "/redirect/302?to=ftp://x",
    {},
    ({ head }) => head.catch(() => {}),
  ],
  [
    "it is no request",
    "/x",
    { method: "TRACE" },
    ({ head }) => head.catch(() => {}),
  ],
  [
    "it is compared",
    "/bytes/3",
    { integrity: "sha256-x" },
    ({ head }) => head.catch(() => {}),
  ],
  ["it is closed at once", "/never", {}, (one) => one.close()],
  [
    "it is closed with its headers",
    "/headers",
    {},
    async (one) => {
      await one.head;
      one.close();
    },
  ],
]) {
  test(`B1: a request's slot is free when ${what}`, async (t) => {
    const { plain, open } = await oneAtATime(t);
    const first = open(path, more);
    const second = open("/bytes/5");
    await over(first);
    assert.equal((await second.head).status, 200);
    first.close();
    const third = open("/bytes/7");
    await turn();
    assert.ok(!plain.log.includes("GET /bytes/7"), plain.log.join());
    await readAll(second);
    await readAll(third);
  });
}

test("B1: a request that waits is not made, and another origin's is", async (t) => {
  const { plain, foreign, client, open } = await oneAtATime(t);
  const first = open("/headers");
  await first.head;
  const second = open("/bytes/5");
  const elsewhere = client.open({ url: foreign.url("/bytes/6") });
  assert.equal((await readAll(elsewhere)).length, 6);
  assert.deepEqual(plain.log, ["GET /headers"]);
  second.close();
  await assert.rejects(second.head, fails("ECANCELED", /aborted/));
  first.close();
  assert.equal((await readAll(open("/bytes/7"))).length, 7);
  assert.deepEqual(plain.log, ["GET /headers", "GET /bytes/7"]);
});

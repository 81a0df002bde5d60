/* What happens while WebCrypto is at work: everything that a call was given is
 * changed and memory grows, and the answer is that of what was given; or the
 * call is given up. Browsers run these too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { KeyStore } from "../../js/crypto/key-store.js";
import { PENDING } from "../../js/errors.js";
import { HASHES, toHex, utf8 } from "../helpers/crypto-names.js";
import { AT, cryptoHost } from "../helpers/crypto-op.js";

const DATA = Uint8Array.from({ length: 16_000 }, (_, i) => i * 7);
const IV = new Uint8Array(12).fill(3);
const BLOCK = new Uint8Array(16).fill(4);
const RSA_BITS = 1024;

/**
 * Runs an operation whose bytes and memory change as soon as it has begun.
 * @param {ReturnType<typeof cryptoHost>} host
 * @param {import("../helpers/crypto-op.js").OpFields} fields
 */
async function disturbed(host, fields) {
  host.put(fields);
  const [token, answer] = host.start();
  assert.equal(answer, PENDING, host.words());
  for (const [at, bytes] of /** @type {const} */ ([
    [AT.data, fields.data],
    [AT.iv, fields.iv],
    [AT.extra, fields.extra],
  ])) {
    host.memory().fill(0xee, at, at + (bytes?.length ?? 0));
  }
  host.wasm.grow(1);
  const result = await host.resultOf(token);
  assert.ok(result >= 0, host.words());
  return result;
}

/** A host with memory that can grow a few times. */
const newHost = () => cryptoHost();

/** @param {ReturnType<typeof cryptoHost>} host @param {number} size */
const out = (host, size) => host.memory().slice(AT.out, AT.out + size);

for (const [kind, params] of /** @type {const} */ ([
  ["AES-GCM", { iv: IV, extra: BLOCK }],
  ["AES-CBC", { iv: BLOCK }],
  ["AES-CTR", { iv: BLOCK }],
])) {
  test(`${kind}: what is encrypted and decrypted is what was given`, async () => {
    const host = newHost();
    const key = await host.key({ code: "generate", spec: { kind } });
    const outBytes = DATA.length + 16;
    const seal = { code: "encrypt", key, ...params, data: DATA, outBytes };
    const sealed = await host.bytes(/** @type {any} */ (seal));
    const size = await disturbed(host, /** @type {any} */ (seal));
    assert.deepEqual(out(host, size), sealed);
    const open = { ...seal, code: "decrypt", data: sealed };
    assert.equal(await disturbed(host, /** @type {any} */ (open)), DATA.length);
    assert.deepEqual(out(host, DATA.length), DATA);
  });
}

for (const spec of [
  { kind: "HMAC" },
  { kind: "ECDSA" },
  { kind: "Ed25519" },
  { kind: "RSA-PSS", bits: RSA_BITS },
]) {
  test(`${spec.kind}: what is signed and verified is what was given`, async () => {
    const host = newHost();
    const [key, publicKey] = await host.keys({
      code: "generate",
      spec: /** @type {any} */ (spec),
    });
    const size = await disturbed(host, { code: "sign", key, data: DATA });
    const extra = out(host, size);
    const verify = { key: publicKey || key, data: DATA, extra };
    const check = { code: /** @type {const} */ ("verify"), ...verify };
    assert.equal(await host.run(check), 1);
    assert.equal(await disturbed(host, check), 1);
  });
}

test("RSA-OAEP, derivations: the label, the salt and the info are what was given", async () => {
  const host = newHost();
  const spec = { kind: /** @type {const} */ ("RSA-OAEP"), bits: RSA_BITS };
  const [own, open] = await host.keys({ code: "generate", spec });
  const data = utf8("plain");
  const extra = utf8("label");
  const seal = { code: /** @type {const} */ ("encrypt"), key: open };
  const size = await disturbed(host, { ...seal, data, extra });
  const sealed = { key: own, data: out(host, size), extra };
  const count = await disturbed(host, { code: "decrypt", ...sealed });
  assert.deepEqual(out(host, count), data);
  for (const kind of /** @type {const} */ (["PBKDF2", "HKDF"])) {
    const into = /** @type {const} */ ({ code: "import", format: "raw" });
    const key = await host.key({ ...into, data, spec: { kind } });
    const more = { key, iv: BLOCK, extra, number: 1000, outBytes: 50 };
    const derive = { code: /** @type {const} */ ("derive"), ...more };
    const expected = await host.bytes(derive);
    assert.equal(await disturbed(host, derive), 50);
    assert.deepEqual(out(host, 50), expected, kind);
  }
});

test("keys are those of the bytes that were given, in every format", async () => {
  const host = newHost();
  const spec = { kind: /** @type {const} */ ("ECDSA"), extractable: true };
  const [own, open] = await host.keys({ code: "generate", spec });
  const kw = await host.key({ code: "generate", spec: { kind: "AES-KW" } });
  for (const [key, format] of /** @type {const} */ ([
    [own, "pkcs8"],
    [own, "jwk"],
    [open, "spki"],
    [open, "raw"],
  ])) {
    const data = await host.bytes({ code: "export", key, format });
    await disturbed(host, { code: "import", format, data, spec });
    const made = host.word(AT.op + 80);
    const again = await host.bytes({ code: "export", key: made, format });
    assert.deepEqual(again, data, format);
  }
  const hmac = { kind: /** @type {const} */ ("HMAC"), extractable: true };
  const key = await host.key({ code: "generate", spec: hmac });
  const format = /** @type {const} */ ("raw");
  const data = await host.bytes({ code: "wrap", key, other: kw, format });
  await disturbed(host, {
    code: "unwrap",
    other: kw,
    format,
    data,
    spec: hmac,
  });
  const made = host.word(AT.op + 80);
  assert.deepEqual(
    await host.bytes({ code: "export", key: made, format }),
    await host.bytes({ code: "export", key, format }),
  );
});

test("a hash in one go is of what was given", async () => {
  const host = newHost();
  const digest = async (change) => {
    host.memory().set(DATA, AT.data);
    const token = 900 + Number(change);
    const kind = HASHES["SHA-256"];
    const size = DATA.length;
    const { crypto_digest } = host.all;
    assert.equal(crypto_digest?.(token, kind, AT.data, size, AT.out), PENDING);
    if (change) host.memory().fill(0xee, AT.data, AT.data + size);
    if (change) host.wasm.grow(1);
    return toHex(out(host, await host.resultOf(token)));
  };
  assert.equal(await digest(true), await digest(false));
});

test("a key is stored or its storing was undone, whenever it is given up", async () => {
  const store = new KeyStore("late", globalThis.indexedDB ?? new IDBFactory());
  const algorithm = { name: "AES-GCM", length: 128 };
  const { subtle } = globalThis.crypto;
  const key = await subtle.generateKey(algorithm, false, ["encrypt"]);
  const isThere = () =>
    store.get("a").then(
      () => true,
      () => false,
    );
  const seen = new Set();
  for (let tasks = 0; tasks < 40; tasks++) {
    for (const change of /** @type {const} */ (["put", "delete"])) {
      if (change === "delete") await store.put("a", key);
      else await store.delete("a").catch(() => {});
      const { signal, abort } = abortable();
      const done = (
        change === "put"
          ? store.put("a", key, signal)
          : store.delete("a", signal)
      ).then(
        () => true,
        () => false,
      );
      for (let i = 0; i < tasks; i++) await nextTask();
      if (tasks === 39) await done;
      abort();
      const isDone = await done;
      seen.add(`${change} ${isDone}`);
      assert.equal(await isThere(), isDone === (change === "put"), change);
    }
  }
  assert.equal(seen.size, 4, [...seen].join());
});

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

/** Another task of the event loop, without the least delay of a timer. */
function nextTask() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(null);
  });
}

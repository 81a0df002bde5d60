/* crypto_run at the border: results and failures, handles, cancelling, bad
 * pointers. What is computed is checked in crypto-vectors.test.js. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { run as runOp } from "../../js/crypto/engine.js";
import { ERRNO, PENDING } from "../../js/errors.js";
import { KINDS, USES, hex, toHex, utf8 } from "../helpers/crypto-names.js";
import { AT, CODES, cryptoHost } from "../helpers/crypto-op.js";
import { fails } from "../helpers/fails.js";

const HMAC = { kind: "HMAC", hash: "SHA-256" };
const GCM = { kind: "AES-GCM" };
const hmacKey = (host, spec = {}) =>
  host.key({
    code: "import",
    format: "raw",
    data: utf8("a key of some length"),
    spec: { ...HMAC, ...spec },
  });

test("HMAC: a key is imported, signs, verifies", async () => {
  const host = cryptoHost();
  const key = await hmacKey(host);
  const data = utf8("what is signed");
  const mac = await host.bytes({ code: "sign", key, data });
  assert.equal(
    toHex(mac),
    createHmac("sha256", "a key of some length").update(data).digest("hex"),
  );
  const verify = (signature) =>
    host.run({ code: "verify", key, data, extra: signature });
  assert.equal(await verify(mac), 1);
  assert.equal(await verify(mac.with(3, mac[3] ^ 1)), 0, "a bit is flipped");
  assert.equal(await verify(mac.subarray(0, 31)), 0, "cut");
  assert.equal(await verify(new Uint8Array(0)), 0, "empty");
});

test("AES-GCM: what is encrypted is decrypted, and nothing else", async () => {
  const host = cryptoHost();
  const key = await host.key({ code: "generate", spec: GCM });
  const iv = hex("000102030405060708090a0b");
  const plain = utf8("plain text");
  const extra = utf8("also authenticated");
  const sealed = await host.bytes({
    code: "encrypt",
    key,
    iv,
    extra,
    data: plain,
  });
  assert.equal(sealed.length, plain.length + 16);
  const opened = await host.bytes({
    code: "decrypt",
    key,
    iv,
    extra,
    data: sealed,
  });
  assert.deepEqual(opened, plain);
  const wrong = (fields) =>
    host.fails(
      "EBADMSG",
      { code: "decrypt", key, iv, extra, data: sealed, ...fields },
      /cannot decrypt: it is not authentic/,
    );
  await wrong({ data: sealed.with(0, sealed[0] ^ 1) });
  await wrong({ data: sealed.with(-1, sealed.at(-1) ^ 0x80) });
  await wrong({ data: sealed.subarray(0, -1) });
  await wrong({ data: sealed.subarray(0, 15) });
  await wrong({ data: new Uint8Array(0) });
  await wrong({ extra: utf8("also authenticateD") });
  await wrong({ extra: undefined });
  await wrong({ iv: iv.with(11, 0) });
  await wrong({ number: 12 });
});

test("a result that is too large is told, and not written", async () => {
  const host = cryptoHost();
  const key = await hmacKey(host, { extractable: true });
  await host.fails(
    "EMSGSIZE",
    { code: "sign", key, data: utf8("a"), outBytes: 31 },
    /32 bytes.*room for 31/,
  );
  assert.equal(host.word(AT.op + 80), 32, "what is needed");
  await host.fails("EMSGSIZE", {
    code: "export",
    key,
    format: "raw",
    outBytes: 0,
  });
  assert.equal(host.word(AT.op + 80), 20);
  const exact = { code: "sign", key, data: utf8("a"), outBytes: 32 };
  assert.equal((await host.bytes(exact)).length, 32);
});

test("a handle is its key's alone, and no key's after its release", async () => {
  const host = cryptoHost();
  const first = await hmacKey(host);
  const { crypto_key_release: release } = host.all;
  assert.equal(release(first), 0);
  assert.equal(release(first), -ERRNO.EBADF);
  const second = await host.key({ code: "generate", spec: GCM });
  assert.notEqual(first, second);
  assert.equal(first & 0xffff, second & 0xffff, "in the same slot");
  await host.fails("EBADF", { code: "sign", key: first }, /no such key/);
  assert.equal(host.info(first), "EBADF");
  for (const key of [0, 1, 0xffffffff, 0x80010000, second + 0x10000]) {
    await host.fails("EBADF", { code: "encrypt", key });
    assert.equal(host.info(key), "EBADF");
    assert.equal(release(key), -ERRNO.EBADF);
  }
  assert.equal(host.info(second).kind, KINDS["AES-GCM"]);
});

test("a key that is released while it is used is used to the end", async () => {
  const host = cryptoHost();
  const key = await hmacKey(host);
  host.put({ code: "sign", key, data: utf8("a") });
  const [token, answer] = host.start();
  assert.equal(answer, PENDING);
  assert.equal(host.all.crypto_key_release(key), 0);
  assert.equal(await host.resultOf(token), 32);
});

test("nothing is written and no handle made after a cancel", async () => {
  const host = cryptoHost();
  const key = await hmacKey(host, { extractable: true });
  const before = host.imports;
  for (const fields of [
    { code: "sign", key, data: utf8("a") },
    { code: "export", key, format: "raw", outBytes: 1 },
    { code: "generate", spec: { kind: "ECDSA" } },
    { code: "import", format: "raw", data: hex("00"), spec: HMAC },
  ]) {
    host.put(fields);
    const [token, answer] = host.start();
    assert.equal(answer, PENDING);
    before.op_cancel(token);
    // Another goroutine's, with the token's slot and number used again.
    host.host.ops.start(token, { cancelOp() {} });
    const after = await host.run({ code: "delete", data: utf8("x") });
    assert.equal(after, -ERRNO.ENOTSUP, "where there is no IndexedDB");
    host.put(fields);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(host.untouched());
    assert.equal(host.word(AT.op + 80), 0xa5a5a5a5);
    assert.ok(host.host.ops.has(token), "the later operation still waits");
    host.host.ops.drop(token);
  }
  const next = await hmacKey(host);
  assert.equal(next & 0xffff, (key & 0xffff) + 1, "no slot was taken");
});

test("a failure after a cancel is nobody's", async () => {
  const host = cryptoHost();
  const key = await host.key({ code: "generate", spec: GCM });
  const iv = new Uint8Array(12);
  host.put({ code: "decrypt", key, iv, data: new Uint8Array(32) });
  const [token, answer] = host.start();
  assert.equal(answer, PENDING);
  host.imports.op_cancel(token);
  host.host.ops.start(token, { cancelOp() {} });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(host.host.ops.has(token), "a later operation still waits");
  assert.equal(host.words(), "");
});

test("nothing is written after the program's end", async () => {
  const host = cryptoHost();
  const key = await hmacKey(host);
  host.put({ code: "sign", key, data: utf8("a") });
  host.start();
  host.close({ kind: "exit", code: 0 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(host.completed.slice(1), []);
  assert.ok(host.untouched());
});

test("pointers outside of memory are EFAULT, and start nothing", async () => {
  const host = cryptoHost();
  const key = await hmacKey(host);
  const run = host.all.crypto_run;
  for (const at of [host.size - 87, host.size, 0xffffffff, -1, 0xffffffa8]) {
    assert.equal(run(9, at), -ERRNO.EFAULT);
  }
  const view = () => new DataView(host.wasm.buffer);
  for (const at of [16, 24, 32, 40]) {
    host.put({ code: "sign", key, data: utf8("a") });
    view().setUint32(AT.op + at, host.size - 10, true);
    view().setUint32(AT.op + at + 4, 11, true);
    assert.equal(run(9, AT.op), -ERRNO.EFAULT, `at ${at}`);
    view().setUint32(AT.op + at, 16, true);
    view().setUint32(AT.op + at + 4, 0xfffffff0, true);
    assert.equal(run(9, AT.op), -ERRNO.EFAULT, `too long, at ${at}`);
  }
  assert.match(host.words(), /outside of memory/);
  assert.equal(host.all.crypto_key_info(key, host.size - 23), -ERRNO.EFAULT);
  assert.equal(host.all.crypto_error(host.size - 1, 2), -ERRNO.EFAULT);
  assert.equal(host.host.ops.size, 0);
  // The end of memory itself is inside.
  host.put({ code: "sign", key, data: utf8("a"), outBytes: 32 });
  view().setUint32(AT.op + 24, host.size - 32, true);
  const [token] = host.start();
  assert.equal(await host.resultOf(token), 32);
});

test("what an operation takes may change as soon as it has begun", async () => {
  const host = cryptoHost();
  const raw = utf8("sixteen bytes !!");
  const iv = hex("101112131415161718191a1b");
  const spec = { ...GCM, extractable: true };
  host.put({ code: "import", format: "raw", data: raw, spec });
  let [token] = host.start();
  host.memory().fill(0, AT.data, AT.data + 64);
  assert.equal(await host.resultOf(token), 0);
  const key = host.word(AT.op + 80);
  const whole = await host.bytes({ code: "export", key, format: "raw" });
  assert.deepEqual(whole, raw);
  const fields = { key, iv, extra: utf8("extra"), data: utf8("data") };
  const sealed = await host.bytes({ code: "encrypt", ...fields });
  host.put({ code: "encrypt", ...fields });
  [token] = host.start();
  for (const at of [AT.data, AT.iv, AT.extra]) {
    host.memory().fill(9, at, at + 16);
  }
  host.wasm.grow(1);
  assert.equal(await host.resultOf(token), sealed.length);
  const out = host.memory().slice(AT.out, AT.out + sealed.length);
  assert.deepEqual(out, sealed);
});

test("uses that a key does not have are EACCES", async () => {
  const host = cryptoHost();
  const key = await hmacKey(host, { uses: USES.verify });
  await host.fails(
    "EACCES",
    { code: "sign", key },
    /HMAC.*not be used for sign/,
  );
  await host.fails("EACCES", { code: "encrypt", key });
  await host.fails("EACCES", { code: "derive", key });
  await host.fails("EACCES", { code: "deriveKey", key, spec: GCM });
  await host.fails(
    "EACCES",
    { code: "export", key, format: "raw" },
    /extractable/,
  );
  await host.fails("EACCES", { code: "wrap", key, other: key, format: "raw" });
  await host.fails("EINVAL", {
    code: "generate",
    spec: { ...HMAC, uses: USES.encrypt },
  });
});

test("a host that has no random bytes is EIO, not a crash", () => {
  const getRandomValues = () => {
    throw new Error("no entropy");
  };
  for (const [crypto, text] of [
    [{ getRandomValues }, /no entropy/],
    [{}, /random/],
    [null, /random/],
  ]) {
    const host = cryptoHost({ crypto: /** @type {any} */ (crypto) });
    host.wasm.grow(1);
    for (const size of [1, 65_537]) {
      assert.equal(host.all.crypto_random(AT.out, size), -ERRNO.EIO);
    }
    assert.match(host.words(), text);
  }
});

test("without a secure context all but random bytes is ENOTSUP", async () => {
  const crypto = {
    getRandomValues: (target) => globalThis.crypto.getRandomValues(target),
  };
  const host = cryptoHost({
    crypto: /** @type {any} */ (crypto),
    factory: new IDBFactory(),
  });
  for (const code of Object.keys(CODES)) {
    const data = utf8("name");
    await host.fails("ENOTSUP", { code, data, spec: GCM }, /https:/);
  }
  const digest = host.all.crypto_digest(1, 2, AT.data, 3, AT.out);
  assert.equal(digest, -ERRNO.ENOTSUP);
  assert.equal(host.all.crypto_random(AT.out, 64), 0);
});

test("WebCrypto counts bits in 32 bits: what has more is refused, not cut", () => {
  /** @type {number[]} */
  const asked = [];
  const subtle = {
    deriveBits: (_params, _key, /** @type {number} */ bits) => {
      asked.push(bits);
      return Promise.resolve(new ArrayBuffer(0));
    },
  };
  const algorithm = { name: "PBKDF2" };
  const key = { algorithm, type: "secret", usages: ["deriveBits"] };
  const empty = new Uint8Array(0);
  const more = { number: 1, hash: 2, iv: empty, extra: empty };
  const derive = (outBytes) =>
    runOp(
      /** @type {any} */ (subtle),
      /** @type {any} */ ({ code: CODES.derive, key, outBytes, ...more }),
    );
  for (const bytes of [2 ** 29, 2 ** 29 + 32, 2 ** 31 - 1]) {
    assert.throws(() => derive(bytes), fails("EINVAL", /no more than/));
  }
  assert.deepEqual(asked, []);
  derive(2 ** 29 - 1);
  assert.deepEqual(asked, [2 ** 32 - 8]);
});

test("an operation that there is not is EINVAL", async () => {
  const host = cryptoHost();
  for (const code of [0, 15, 0xffffffff]) {
    await host.fails("EINVAL", { code }, /no operation/);
  }
});

test("random bytes fill what they are to fill, however much, and no more", () => {
  const host = cryptoHost();
  host.wasm.grow(3);
  const { crypto_random: random } = host.all;
  for (const size of [0, 1, 31, 65_536, 65_537, 150_000]) {
    host.memory().fill(0);
    assert.equal(random(1000, size), 0);
    const bytes = host.memory();
    assert.ok(bytes.subarray(0, 1000).every((byte) => byte === 0));
    assert.ok(bytes.subarray(1000 + size).every((byte) => byte === 0));
    // 32 zeros in a row are not random.
    for (let at = 1000; at + 32 <= 1000 + size; at += 32) {
      assert.ok(bytes.subarray(at, at + 32).some((byte) => byte !== 0));
    }
  }
  const end = host.wasm.buffer.byteLength;
  assert.equal(random(end - 1, 2), -ERRNO.EFAULT);
  assert.equal(random(16, -1), -ERRNO.EFAULT);
  assert.equal(random(end, 0), 0);
});

test("a hash in one go: bad pointers, no such hash, cancelled, failed", async () => {
  const host = cryptoHost();
  const { crypto_digest: digest } = host.all;
  const SHA_256 = 2;
  assert.equal(digest(1, SHA_256, host.size - 1, 2, AT.out), -ERRNO.EFAULT);
  assert.equal(digest(1, SHA_256, 16, -1, AT.out), -ERRNO.EFAULT);
  assert.equal(digest(1, SHA_256, 16, 4, host.size - 31), -ERRNO.EFAULT);
  for (const kind of [0, 5, -1]) {
    assert.equal(digest(1, kind, 16, 4, AT.out), -ERRNO.EINVAL);
    assert.match(host.words(), /no hash/);
  }
  assert.equal(host.host.ops.size, 0);
  host.memory().fill(0xa5, AT.out, AT.out + 64);
  assert.equal(digest(1, SHA_256, 16, 4, AT.out), PENDING);
  host.imports.op_cancel(1);
  assert.equal(digest(2, SHA_256, 16, 4, AT.data), PENDING);
  assert.equal(await host.resultOf(2), 32);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(
    host.memory()[AT.out],
    0xa5,
    "nothing is written when cancelled",
  );
  assert.deepEqual(host.completed, [[2, 32]]);
  // Another goroutine's, with the token's slot and number used again.
  assert.equal(digest(3, SHA_256, 16, 4, AT.out), PENDING);
  host.imports.op_cancel(3);
  host.host.ops.start(3, { cancelOp() {} });
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(host.memory()[AT.out], 0xa5);
  assert.ok(host.host.ops.has(3), "the later operation still waits");

  const fail = () =>
    Promise.reject(new DOMException("a reason", "OperationError"));
  const failing = cryptoHost({
    crypto: /** @type {any} */ ({ subtle: { digest: fail } }),
  });
  assert.equal(failing.all.crypto_digest(1, SHA_256, 16, 4, AT.out), PENDING);
  assert.equal(await failing.resultOf(1), -ERRNO.EIO);
  assert.match(failing.words(), /^cannot hash: .*a reason/);
});

test("what there is no memory for is ENOMEM, and nothing waits", async () => {
  const tooLarge = () => {
    throw new RangeError("Array buffer allocation failed");
  };
  const crypto = { subtle: { digest: tooLarge } };
  const failing = cryptoHost({ crypto: /** @type {any} */ (crypto) });
  const SHA_256 = 2;
  const { crypto_digest: digest } = failing.all;
  assert.equal(digest(1, SHA_256, 16, 4, AT.out), -ERRNO.ENOMEM);
  assert.match(failing.words(), /allocation failed/);
  assert.equal(failing.host.ops.size, 0);
  const host = cryptoHost();
  const key = await host.key({ code: "generate", spec: GCM });
  const { slice } = Uint8Array.prototype;
  for (const field of ["iv", "extra"]) {
    const more = { iv: new Uint8Array(12), [field]: new Uint8Array(99) };
    host.put({ code: "encrypt", key, ...more });
    Uint8Array.prototype.slice = function sliceLess(...args) {
      return this.length === 99 ? tooLarge() : slice.apply(this, args);
    };
    try {
      const [, answer] = host.start();
      assert.equal(answer, -ERRNO.ENOMEM, field);
    } finally {
      Uint8Array.prototype.slice = slice;
    }
  }
  assert.equal(host.host.ops.size, 0);
});

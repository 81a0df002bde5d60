/* Hashes by pieces at the border: hash_new and so on over hash-wasm, and over
 * libraries that fail. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as hashes from "hash-wasm";
import { ERRNO, PENDING } from "../../js/errors.js";
import { HASHES, toHex, utf8 } from "../helpers/crypto-names.js";
import { AT, cryptoHost } from "../helpers/crypto-op.js";

const SHA_256 = HASHES["SHA-256"];
const SHA_256_BYTES = 32;

/** @param {any} [library] */
function setUp(library = hashes) {
  const host = cryptoHost({ hashes: library });
  const { hash_new, hash_update, hash_finish, hash_free } = host.all;
  let token = 500;
  return {
    ...host,
    hash_new,
    hash_finish,
    hash_free,
    async make(kind = SHA_256) {
      const answer = hash_new(++token, kind);
      return answer === PENDING ? host.resultOf(token) : answer;
    },
    update(handle, bytes) {
      host.memory().set(bytes, AT.data);
      return hash_update(handle, AT.data, bytes.length);
    },
    hash_update,
    finish(handle, size) {
      host.memory().fill(0xa5, AT.out, AT.out + 80);
      assert.equal(hash_finish(handle, AT.out), size);
      assert.equal(host.memory()[AT.out + size], 0xa5);
      return toHex(host.memory().subarray(AT.out, AT.out + size));
    },
  };
}

test("pieces of any size have the hash of the whole: FIPS 180-4", async () => {
  const url = new URL("vectors/sha.json", import.meta.url);
  const { vectors } = JSON.parse(readFileSync(url, "utf8"));
  const host = setUp();
  for (const { hash, text, times, digest } of vectors) {
    const handle = await host.make(HASHES[hash]);
    assert.ok(handle > 0);
    const data = utf8(text.repeat(times));
    let at = 0;
    for (let size = 1; at < data.length; size = (size * 3) % 16_001) {
      const piece = data.subarray(at, at + size);
      assert.equal(host.update(handle, piece), 0);
      at += piece.length;
    }
    assert.equal(host.finish(handle, digest.length / 2), digest);
    host.hash_free(handle);
  }
});

test("two hashers do not mix, and a piece of nothing changes nothing", async () => {
  const host = setUp();
  const [a, b] = [await host.make(), await host.make(HASHES["SHA-1"])];
  host.update(a, utf8("one"));
  host.update(b, utf8("two"));
  host.update(a, new Uint8Array(0));
  host.update(a, utf8("more"));
  const expected = (kind, text) => createHash(kind).update(text).digest("hex");
  assert.equal(host.finish(a, SHA_256_BYTES), expected("sha256", "onemore"));
  assert.equal(host.finish(b, 20), expected("sha1", "two"));
});

test("a finished hasher takes no more until it begins anew", async () => {
  const host = setUp();
  const handle = await host.make();
  host.update(handle, utf8("first"));
  host.finish(handle, SHA_256_BYTES);
  assert.equal(host.update(handle, utf8("more")), -ERRNO.EINVAL);
  host.memory().fill(0xa5, AT.out, AT.out + 80);
  assert.equal(host.hash_finish(handle, AT.out), -ERRNO.EINVAL);
  assert.equal(host.memory()[AT.out], 0xa5, "nothing was written");
  assert.match(host.words(), /finished/);
  assert.equal(host.hash_finish(handle, 0), 0);
  host.update(handle, utf8("abc"));
  assert.equal(
    host.finish(handle, SHA_256_BYTES),
    createHash("sha256").update("abc").digest("hex"),
  );
});

test("without a library, or a hash of it, it is ENOSYS and says what to load", async () => {
  const none = cryptoHost();
  assert.equal(none.all.hash_new(1, SHA_256), -ERRNO.ENOSYS);
  assert.match(none.words(), /webcrypto\(\{ hashes \}\).*hash-wasm/);
  const { createSHA1 } = hashes;
  const some = setUp({ createSHA1 });
  assert.equal(await some.make(), -ERRNO.ENOSYS);
  assert.ok((await some.make(HASHES["SHA-1"])) > 0);
});

test("a hash that there is not is EINVAL", async () => {
  const host = setUp();
  for (const kind of [0, 5, -1, 0xffffffff]) {
    assert.equal(await host.make(kind), -ERRNO.EINVAL);
  }
});

test("stale handles, and handles of keys, are EBADF", async () => {
  const host = setUp();
  const handle = await host.make();
  assert.equal(host.all.crypto_key_release(handle), -ERRNO.EBADF);
  await host.fails("EBADF", { code: "sign", key: handle });
  host.hash_free(handle);
  host.hash_free(handle);
  const spec = { kind: "AES-GCM" };
  const key = await host.key({ code: "generate", spec });
  assert.equal(key & 0xffff, handle & 0xffff, "in the same slot");
  for (const wrong of [handle, key, 0, -1]) {
    assert.equal(host.update(wrong, utf8("x")), -ERRNO.EBADF);
    assert.equal(host.hash_finish(wrong, AT.out), -ERRNO.EBADF);
    assert.equal(host.hash_finish(wrong, 0), -ERRNO.EBADF);
    host.hash_free(wrong);
  }
  assert.equal(host.info(key).bits, 256, "the key is still there");
});

test("pointers outside of memory are EFAULT, and change nothing", async () => {
  const host = setUp();
  const handle = await host.make();
  host.update(handle, utf8("abc"));
  const { size } = host;
  assert.equal(host.hash_update(handle, size - 1, 2), -ERRNO.EFAULT);
  assert.equal(host.hash_update(handle, 16, -1), -ERRNO.EFAULT);
  assert.equal(host.hash_finish(handle, size - 31), -ERRNO.EFAULT);
  assert.equal(
    host.finish(handle, SHA_256_BYTES),
    createHash("sha256").update("abc").digest("hex"),
  );
});

test("a hasher that comes after a cancel, or the end, takes no handle", async () => {
  const made = [];
  const host = setUp({
    createSHA256: () => new Promise((resolve) => made.push(resolve)),
  });
  assert.equal(host.hash_new(7, SHA_256), PENDING);
  host.imports.op_cancel(7);
  host.host.ops.start(7, { cancelOp() {} });
  made[0](await hashes.createSHA256());
  await new Promise(setImmediate);
  assert.ok(host.host.ops.has(7), "a later operation of the token still waits");
  const spec = { kind: "AES-GCM" };
  const key = await host.key({ code: "generate", spec });
  assert.equal(key & 0xffff, 0, "the first slot is free");
});

test("a library that fails is EIO with its words", async () => {
  const broken = () => {
    throw new Error("out of order");
  };
  const fine = { init() {}, update() {}, digest: () => new Uint8Array(32) };
  const makers = [
    broken,
    () => Promise.reject(new Error("out of order")),
    () => Promise.resolve({ ...fine, init: broken }),
  ];
  for (const createSHA256 of makers) {
    const host = setUp({ createSHA256 });
    assert.equal(await host.make(), -ERRNO.EIO);
    assert.match(host.words(), /library for hashes failed: out of order/);
  }
  const host = setUp({
    createSHA256: async () => ({ ...fine, update: broken, digest: broken }),
  });
  const handle = await host.make();
  assert.equal(host.update(handle, utf8("a")), -ERRNO.EIO);
  assert.equal(host.hash_finish(handle, AT.out), -ERRNO.EIO);
});

test("a library whose hash is not of the size, or no bytes, is EIO; out stays as it was", async () => {
  for (const wrong of [
    new Uint8Array(31),
    new Uint8Array(33),
    new Uint8Array(64),
    "ab".repeat(32),
    Promise.resolve(new Uint8Array(32)),
    null,
  ]) {
    const fine = { init() {}, update() {}, digest: () => wrong };
    const host = setUp({ createSHA256: async () => fine });
    const handle = await host.make();
    host.memory().fill(0xa5, AT.out, AT.out + 80);
    assert.equal(host.hash_finish(handle, AT.out), -ERRNO.EIO, String(wrong));
    assert.match(host.words(), /library for hashes failed: .*32 bytes/);
    const out = host.memory().subarray(AT.out, AT.out + 80);
    assert.ok(out.every((byte) => byte === 0xa5));
  }
});

test("a library may answer at once", async () => {
  const hasher = await hashes.createSHA256();
  const host = setUp({ createSHA256: () => hasher });
  const handle = await host.make();
  host.update(handle, utf8("abc"));
  assert.equal(
    host.finish(handle, SHA_256_BYTES),
    createHash("sha256").update("abc").digest("hex"),
  );
  // What is none is told.
  for (const none of [undefined, null, 5]) {
    assert.equal(
      await setUp({ createSHA256: () => none }).make(),
      -ERRNO.EIO,
      String(none),
    );
  }
});

test("there are no more than 65536 at once, and then EMFILE", async () => {
  const hasher = { init() {}, update() {}, digest: () => new Uint8Array(32) };
  const host = setUp({ createSHA256: async () => hasher });
  for (let i = 0; i < 65_535; i++) host.hash_new(10_000 + i, SHA_256);
  const last = await host.make();
  assert.ok(last > 0);
  assert.equal(await host.make(), -ERRNO.EMFILE);
  const spec = { kind: "ECDSA" };
  await host.fails("EMFILE", { code: "generate", spec }, /too many/);
  host.hash_free(last);
  // One slot is not enough for a pair, and is given back.
  await host.fails("EMFILE", { code: "generate", spec });
  assert.ok((await host.make()) > 0);
});

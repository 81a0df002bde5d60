/* What crypto_run and crypto_digest compute, against published vectors; each
 * file of tests/js/vectors names its source. Random results (ECDSA, RSA-PSS,
 * RSA-OAEP) are checked the other way round. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ERRNO, PENDING } from "../../js/errors.js";
import {
  HAS_AES_192,
  HASHES,
  USES,
  hex,
  toBase64url,
  toHex,
  utf8,
} from "../helpers/crypto-names.js";
import { AT, cryptoHost } from "../helpers/crypto-op.js";

/** @param {string} name */
function vectors(name) {
  const url = new URL(`vectors/${name}.json`, import.meta.url);
  const file = JSON.parse(readFileSync(url, "utf8"));
  assert.ok(file.source.length > 0 && file.vectors.length > 0);
  return file;
}
const each = (name) => vectors(name).vectors;

const base64url = (digits) => toBase64url(hex(digits));
const jwk = (fields) => utf8(JSON.stringify(fields));
const flip = (bytes, at = 0) => bytes.with(at, bytes.at(at) ^ 1);

/** @param {ReturnType<typeof cryptoHost>} host */
const importRaw = (host, digits, spec) =>
  host.key({ code: "import", format: "raw", data: hex(digits), spec });

/**
 * Whether this host lacks AES with such a key, and says so.
 * @param {ReturnType<typeof cryptoHost>} host
 */
async function lacksAes(host, digits, kind) {
  if (HAS_AES_192 || digits.length !== 48) return false;
  const data = hex(digits);
  const fields = { code: "import", format: "raw", data, spec: { kind } };
  await host.fails("ENOTSUP", fields, /192/);
  return true;
}

test("hashes: FIPS 180-4", async () => {
  const host = cryptoHost();
  host.wasm.grow(15);
  let token = 100;
  for (const { hash, text, times, digest } of each("sha")) {
    const data = utf8(text.repeat(times));
    host.memory().fill(0xa5, AT.out, AT.out + 80);
    host.memory().set(data, 65_536 / 2);
    const { crypto_digest } = host.all;
    const kind = HASHES[hash];
    const answer = crypto_digest(++token, kind, 32_768, data.length, AT.out);
    assert.equal(answer, PENDING);
    assert.equal(await host.resultOf(token), digest.length / 2);
    const out = host.memory().subarray(AT.out, AT.out + digest.length / 2 + 1);
    assert.equal(toHex(out), `${digest}a5`, `${hash} of ${text} x ${times}`);
  }
});

test("HMAC: RFC 4231", async () => {
  const host = cryptoHost();
  for (const { hash, key: raw, data, mac } of each("hmac")) {
    const key = await importRaw(host, raw, { kind: "HMAC", hash });
    const out = await host.bytes({ code: "sign", key, data: hex(data) });
    assert.equal(toHex(out), mac);
    const verify = (extra) =>
      host.run({ code: "verify", key, data: hex(data), extra });
    assert.equal(await verify(hex(mac)), 1);
    assert.equal(await verify(flip(hex(mac), -1)), 0);
    assert.equal(await verify(hex(mac).subarray(0, 16)), 0, "cut");
  }
});

test("HKDF: RFC 5869", async () => {
  const host = cryptoHost();
  for (const { hash, key: raw, salt, info, out } of each("hkdf")) {
    const key = await importRaw(host, raw, { kind: "HKDF" });
    const fields = { key, hash, iv: hex(salt), extra: hex(info) };
    const outBytes = out.length / 2;
    const bytes = await host.bytes({ code: "derive", ...fields, outBytes });
    assert.equal(toHex(bytes), out);
    // The key that is derived has the same bytes.
    const bits = 128;
    const spec = { kind: "AES-CBC", bits, extractable: true };
    const derived = await host.key({ code: "deriveKey", ...fields, spec });
    const exported = { code: "export", key: derived, format: "raw" };
    assert.equal(toHex(await host.bytes(exported)), out.slice(0, bits / 4));
  }
});

test("PBKDF2: RFC 6070, RFC 7914", async () => {
  const host = cryptoHost();
  for (const { hash, password, salt, iterations, out } of each("pbkdf2")) {
    const key = await importRaw(host, password, { kind: "PBKDF2" });
    const fields = { key, hash, iv: hex(salt), number: iterations };
    const outBytes = out.length / 2;
    const bytes = await host.bytes({ code: "derive", ...fields, outBytes });
    assert.equal(toHex(bytes), out);
  }
});

test("AES-CBC, AES-CTR: SP 800-38A", async () => {
  const host = cryptoHost();
  for (const { mode, key: raw, iv: start, plain, cipher } of each("aes")) {
    if (await lacksAes(host, raw, mode)) continue;
    const key = await importRaw(host, raw, { kind: mode });
    const iv = hex(start);
    const fields = { key, iv };
    const sealed = await host.bytes({
      code: "encrypt",
      ...fields,
      data: hex(plain),
    });
    const padding = mode === "AES-CBC" ? 16 : 0;
    assert.equal(sealed.length, cipher.length / 2 + padding);
    assert.equal(toHex(sealed).slice(0, cipher.length), cipher, mode);
    const opened = await host.bytes({
      code: "decrypt",
      ...fields,
      data: sealed,
    });
    assert.equal(toHex(opened), plain);
    if (mode === "AES-CTR") continue;
    const wrong = (data) =>
      host.fails("EBADMSG", { code: "decrypt", ...fields, data });
    await wrong(sealed.subarray(0, -1));
    await wrong(new Uint8Array(0));
    // Without its padding the last block says how many bytes to leave out.
    await wrong(hex(cipher));
  }
});

test("AES-GCM: McGrew and Viega; a wrong bit anywhere is EBADMSG", async () => {
  const host = cryptoHost();
  for (const vector of each("aes-gcm")) {
    const { plain, cipher, tag } = vector;
    const key = await importRaw(host, vector.key, { kind: "AES-GCM" });
    const extra = hex(vector.extra);
    const fields = { key, iv: hex(vector.iv), extra };
    const sealed = await host.bytes({
      code: "encrypt",
      ...fields,
      data: hex(plain),
    });
    assert.equal(toHex(sealed), cipher + tag, `case ${vector.case}`);
    const open = { code: "decrypt", ...fields, data: sealed };
    assert.equal(toHex(await host.bytes(open)), plain);
    for (let at = 0; at < sealed.length; at++) {
      await host.fails("EBADMSG", { ...open, data: flip(sealed, at) });
    }
    for (let cut = 1; cut <= 16; cut++) {
      await host.fails("EBADMSG", { ...open, data: sealed.subarray(0, -cut) });
    }
    await host.fails("EBADMSG", { ...open, iv: flip(hex(vector.iv)) });
    await host.fails("EBADMSG", { ...open, extra: utf8("other") });
    // A short tag is the beginning of the long one.
    for (const number of [4, 8, 12, 13, 14, 15]) {
      const data = hex(cipher + tag.slice(0, number * 2));
      const shorter = { ...open, number, data };
      assert.equal(toHex(await host.bytes(shorter)), plain);
      await host.fails("EBADMSG", { ...shorter, data: flip(data, -1) });
    }
  }
});

test("AES-KW: RFC 3394", async () => {
  const host = cryptoHost();
  for (const vector of each("aes-kw")) {
    if (await lacksAes(host, vector.key, "AES-KW")) continue;
    const wrapping = await importRaw(host, vector.key, { kind: "AES-KW" });
    // Keys of 128 and more bits of no kind: HMAC takes any length.
    const spec = { kind: "HMAC", extractable: true };
    const key = await importRaw(host, vector.data, spec);
    const wrap = { code: "wrap", format: "raw", key, other: wrapping };
    const wrapped = await host.bytes(wrap);
    assert.equal(toHex(wrapped), vector.wrapped);
    const unwrap = { code: "unwrap", format: "raw", other: wrapping, spec };
    const back = await host.key({ ...unwrap, data: wrapped });
    const exported = { code: "export", key: back, format: "raw" };
    assert.equal(toHex(await host.bytes(exported)), vector.data);
    for (let at = 0; at < wrapped.length; at++) {
      await host.fails("EBADMSG", { ...unwrap, data: flip(wrapped, at) });
    }
    for (const size of [0, 8, 16, wrapped.length - 8, wrapped.length - 1]) {
      const data = wrapped.subarray(0, size);
      await host.fails("EBADMSG", { ...unwrap, data });
    }
    await host.fails("EMSGSIZE", { ...wrap, outBytes: wrapped.length - 1 });
    assert.equal(host.word(AT.op + 80), wrapped.length);
  }
});

test("X25519: RFC 7748; points of small order give no secret", async () => {
  const host = cryptoHost();
  const spec = { kind: "X25519" };
  const pkcs8 = "302e020100300506032b656e04220420";
  const { vectors: list, smallOrder } = vectors("x25519");
  for (const { key: raw, publicKey, secret } of list) {
    const data = hex(pkcs8 + raw);
    const key = await host.key({ code: "import", format: "pkcs8", data, spec });
    const other = await importRaw(host, publicKey, spec);
    const derive = { code: "derive", key, other, outBytes: 32 };
    assert.equal(toHex(await host.bytes(derive)), secret);
    const fewer = await host.bytes({ ...derive, outBytes: 16 });
    assert.equal(toHex(fewer), secret.slice(0, 32));
    await host.fails("EINVAL", { ...derive, outBytes: 33 }, /32 bytes/);
    for (const point of smallOrder) {
      const into = { code: "import", format: "raw", data: hex(point), spec };
      const result = await host.run(into);
      // Firefox refuses it at once.
      if (result === -ERRNO.EBADMSG) continue;
      assert.equal(result, 0, host.words());
      const low = host.word(AT.op + 80);
      await host.fails("EINVAL", { ...derive, other: low }, /other side's key/);
    }
  }
  for (const size of [0, 31, 33]) {
    await host.fails("EBADMSG", {
      code: "import",
      format: "raw",
      data: new Uint8Array(size),
      spec,
    });
  }
});

test("Ed25519: RFC 8032", async () => {
  const host = cryptoHost();
  const spec = { kind: "Ed25519" };
  for (const vector of each("ed25519")) {
    const { publicKey, signature } = vector;
    const key = await host.key({
      code: "import",
      format: "jwk",
      data: jwk({
        kty: "OKP",
        crv: "Ed25519",
        d: base64url(vector.key),
        x: base64url(publicKey),
      }),
      spec,
    });
    const data = hex(vector.data);
    const out = await host.bytes({ code: "sign", key, data });
    assert.equal(toHex(out), signature);
    const other = await importRaw(host, publicKey, spec);
    const right = { code: "verify", key: other, data, extra: out };
    assert.equal(await host.run(right), 1);
    for (const at of [0, 31, 32, 63]) {
      assert.equal(await host.run({ ...right, extra: flip(out, at) }), 0);
    }
    for (const size of [0, 32, 63]) {
      const extra = out.subarray(0, size);
      assert.equal(await host.run({ ...right, extra }), 0, `${size} bytes`);
    }
    const longer = Uint8Array.of(...out, 0);
    assert.equal(await host.run({ ...right, extra: longer }), 0);
    const more = Uint8Array.of(...data, 0);
    assert.equal(await host.run({ ...right, data: more }), 0);
    // S + L, where L is the group's order: as good to a careless verifier.
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = [...out.subarray(32)].reduceRight(
      (sum, byte) => (sum << 8n) | BigInt(byte),
      0n,
    );
    const large = (s + order).toString(16).padStart(64, "0");
    const malleable = Uint8Array.of(
      ...out.subarray(0, 32),
      ...hex(large).reverse(),
    );
    assert.equal(await host.run({ ...right, extra: malleable }), 0);
  }
});

test("ECDSA: CAVP, those that pass and those that fail", async () => {
  const host = cryptoHost();
  const reasons = new Set();
  for (const vector of each("ecdsa")) {
    const { curve, hash, result } = vector;
    const isRight = result.startsWith("P");
    reasons.add(result.slice(0, 5));
    const spec = { kind: "ECDSA", curve };
    const key = await importRaw(host, vector.publicKey, spec);
    const data = hex(vector.data);
    const extra = hex(vector.signature);
    const verify = { code: "verify", key, hash, data, extra };
    assert.equal(await host.run(verify), isRight ? 1 : 0, `${curve} ${result}`);
    if (!isRight) continue;
    const size = extra.length / 2;
    const zero = new Uint8Array(size);
    const r = extra.subarray(0, size);
    const s = extra.subarray(size);
    for (const wrong of [
      flip(extra),
      flip(extra, -1),
      new Uint8Array(0),
      new Uint8Array(extra.length),
      extra.subarray(1),
      Uint8Array.of(...extra, 0),
      Uint8Array.of(...zero, ...s),
      Uint8Array.of(...r, ...zero),
      Uint8Array.of(...s, ...r),
      new Uint8Array(extra.length).fill(255),
      // DER instead of r and s.
      Uint8Array.of(0x30, 6, 2, 1, 1, 2, 1, 1),
    ]) {
      const run = await host.run({ ...verify, extra: wrong });
      assert.equal(run, 0, `${curve} ${hash} ${toHex(wrong)}`);
    }
    const another = hash === "SHA-256" ? "SHA-384" : "SHA-256";
    assert.equal(await host.run({ ...verify, hash: another }), 0);
  }
  assert.equal(reasons.size, 5, "passes, and fails for four reasons");
});

test("ECDH: CAVP; what is no point of the curve is EBADMSG", async () => {
  const host = cryptoHost();
  for (const vector of each("ecdh")) {
    const { curve, publicKey, secret } = vector;
    const spec = { kind: "ECDH", curve };
    const half = (vector.publicOfKey.length - 2) / 2;
    const fields = {
      kty: "EC",
      crv: curve,
      d: base64url(vector.key),
      x: base64url(vector.publicOfKey.slice(2, 2 + half)),
      y: base64url(vector.publicOfKey.slice(2 + half)),
    };
    const data = jwk(fields);
    const key = await host.key({ code: "import", format: "jwk", data, spec });
    const other = await importRaw(host, publicKey, spec);
    const outBytes = secret.length / 2;
    const derive = { code: "derive", key, other, outBytes };
    assert.equal(toHex(await host.bytes(derive)), secret);
    await host.fails("EINVAL", { ...derive, outBytes: outBytes + 1 });
    const point = hex(publicKey);
    for (const wrong of [
      flip(point, -1),
      point.subarray(0, -1),
      Uint8Array.of(...point, 0),
      new Uint8Array(point.length).fill(0, 1).with(0, 4),
      point.with(0, 5),
      Uint8Array.of(0),
      new Uint8Array(0),
    ]) {
      const bad = { code: "import", format: "raw", data: wrong, spec };
      await host.fails("EBADMSG", bad);
    }
    const { kty, crv, x, y } = fields;
    const mixed = jwk({ kty, crv, x: y, y: x });
    const bad = { code: "import", format: "jwk", data: mixed, spec };
    await host.fails("EBADMSG", bad);
  }
});

test("RSA-PSS: pss-vect", async () => {
  const host = cryptoHost();
  for (const vector of each("rsa-pss")) {
    const { n, e, hash, saltBytes: number } = vector;
    const spec = { kind: "RSA-PSS", hash };
    const data = jwk({ kty: "RSA", n: base64url(n), e: base64url(e) });
    const key = await host.key({ code: "import", format: "jwk", data, spec });
    const extra = hex(vector.signature);
    const verify = {
      code: "verify",
      key,
      data: hex(vector.data),
      extra,
      number,
    };
    assert.equal(await host.run(verify), 1, vector.example);
    const short = { ...verify, number: 0 };
    assert.equal(await host.run(short), 1, "by itself the salt is the hash's");
    for (const wrong of [
      { extra: flip(extra, -1) },
      { extra: flip(extra) },
      { extra: extra.subarray(1) },
      { extra: new Uint8Array(0) },
      { extra: new Uint8Array(extra.length) },
      { extra: Uint8Array.of(...extra, 0) },
      { extra: hex(n) },
      { number: 19 },
      { data: utf8("other") },
    ]) {
      assert.equal(await host.run({ ...verify, ...wrong }), 0);
    }
    await host.fails("EINVAL", { ...verify, number: n.length }, /salts up to/);
  }
});

test("RSA-OAEP: oaep-vect", async () => {
  const host = cryptoHost();
  for (const vector of each("rsa-oaep")) {
    const spec = { kind: "RSA-OAEP", hash: vector.hash };
    const { kty, n, e } = vector.key;
    const read = (fields) =>
      host.key({ code: "import", format: "jwk", data: jwk(fields), spec });
    const key = await read(vector.key);
    const publicKey = await read({ kty, n, e });
    const data = hex(vector.cipher);
    const open = { code: "decrypt", key, data };
    assert.equal(toHex(await host.bytes(open)), vector.plain);
    for (const wrong of [
      { data: flip(data, -1) },
      { data: data.subarray(1) },
      { data: new Uint8Array(data.length) },
      { data: new Uint8Array(0) },
      { extra: utf8("a label") },
    ]) {
      await host.fails("EBADMSG", { ...open, ...wrong });
    }
    const extra = utf8("label");
    const most = data.length - 2 * 20 - 2;
    const plain = new Uint8Array(most).fill(7);
    const seal = { code: "encrypt", key: publicKey, extra, data: plain };
    const sealed = await host.bytes(seal);
    assert.deepEqual(
      await host.bytes({ code: "decrypt", key, extra, data: sealed }),
      plain,
    );
    const tooMuch = { ...seal, data: new Uint8Array(most + 1) };
    await host.fails("EINVAL", tooMuch, new RegExp(`up to ${most} bytes`));
  }
});

test("ECDSA and RSA-PSS sign what they verify", async () => {
  const host = cryptoHost();
  const data = utf8("data");
  for (const [spec, size] of [
    [{ kind: "ECDSA", curve: "P-256" }, 64],
    [{ kind: "ECDSA", curve: "P-384" }, 96],
    [{ kind: "ECDSA", curve: "P-521" }, 132],
    [{ kind: "RSA-PSS", hash: "SHA-384", bits: 1024 }, 128],
  ]) {
    const [key, publicKey] = await host.keys({ code: "generate", spec });
    assert.notEqual(publicKey, 0);
    assert.equal(host.info(key).uses, USES.sign);
    assert.equal(host.info(publicKey).uses, USES.verify);
    const extra = await host.bytes({ code: "sign", key, data });
    assert.equal(extra.length, size);
    const verify = { code: "verify", key: publicKey, data, extra };
    assert.equal(await host.run(verify), 1);
    assert.equal(await host.run({ ...verify, extra: flip(extra) }), 0);
  }
});

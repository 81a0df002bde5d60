/* Keys at the border: what is generated, imported in each format, exported,
 * wrapped and unwrapped, derived; what is refused, and how; that results are
 * zeroed in the host. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { PENDING } from "../../js/errors.js";
import {
  CURVES,
  FORMATS,
  HASHES,
  HAS_AES_192,
  KINDS,
  USES,
  hex,
  utf8,
} from "../helpers/crypto-names.js";
import { AT, cryptoHost } from "../helpers/crypto-op.js";

const CIPHER_USES = USES.encrypt | USES.decrypt | USES.wrapKey | USES.unwrapKey;
const DERIVE_USES = USES.deriveKey | USES.deriveBits;
const IV12 = new Uint8Array(12);
const IV16 = new Uint8Array(16);

/** What each kind is by itself: its key, and its public key's uses. */
const USUAL = {
  HMAC: { hash: 2, bits: 512, uses: USES.sign | USES.verify },
  "AES-GCM": { bits: 256, uses: CIPHER_USES },
  "AES-CBC": { bits: 256, uses: CIPHER_USES },
  "AES-CTR": { bits: 256, uses: CIPHER_USES },
  "AES-KW": { bits: 256, uses: USES.wrapKey | USES.unwrapKey },
  ECDSA: { curve: 1, uses: USES.sign, publicUses: USES.verify },
  ECDH: { curve: 1, uses: DERIVE_USES, publicUses: 0 },
  Ed25519: { uses: USES.sign, publicUses: USES.verify },
  X25519: { uses: DERIVE_USES, publicUses: 0 },
  "RSA-PSS": { hash: 2, bits: 3072, uses: USES.sign, publicUses: USES.verify },
  "RSA-OAEP": {
    hash: 2,
    bits: 1024,
    uses: USES.decrypt | USES.unwrapKey,
    publicUses: USES.encrypt | USES.wrapKey,
  },
};
const isPair = (usual) => "publicUses" in usual;

/** 3072 bits take long: once is enough. */
const asked = (kind) => (kind === "RSA-OAEP" ? { kind, bits: 1024 } : { kind });

test("a key that is generated is what its kind is by itself", async () => {
  const host = cryptoHost();
  for (const [kind, usual] of Object.entries(USUAL)) {
    const [key, publicKey] = await host.keys({
      code: "generate",
      spec: asked(kind),
    });
    const { hash = 0, curve = 0, bits = 0, uses } = usual;
    const expected = { kind: KINDS[kind], hash, curve, bits };
    assert.deepEqual(host.info(key), { ...expected, uses, extractable: 0 });
    if (isPair(usual)) {
      const info = { ...expected, uses: usual.publicUses, extractable: 1 };
      assert.deepEqual(host.info(publicKey), info, kind);
    } else {
      assert.equal(publicKey, 0);
    }
  }
});

test("a key is what was asked for", async () => {
  const host = cryptoHost();
  for (const [spec, ...more] of [
    [{ kind: "HMAC", hash: "SHA-512" }, { bits: 1024 }],
    [{ kind: "HMAC", hash: "SHA-1", bits: 72 }],
    [{ kind: "AES-CTR", bits: 192, uses: USES.encrypt, extractable: true }],
    [{ kind: "ECDSA", curve: "P-521", uses: USES.sign | USES.verify }],
    [{ kind: "ECDH", curve: "P-384", uses: USES.deriveBits }],
    [{ kind: "RSA-PSS", hash: "SHA-384", bits: 1024, extractable: true }],
  ]) {
    if (spec.bits === 192 && !HAS_AES_192) {
      await host.fails("ENOTSUP", { code: "generate", spec }, /192/);
      continue;
    }
    const key = await host.key({ code: "generate", spec });
    const info = host.info(key);
    const wanted = { ...spec, ...more[0], kind: KINDS[spec.kind] };
    if (spec.hash) wanted.hash = HASHES[spec.hash];
    if (spec.curve) wanted.curve = CURVES[spec.curve];
    if (spec.uses) wanted.uses = spec.uses & ~USES.verify;
    wanted.extractable = spec.extractable ? 1 : 0;
    assert.deepEqual({ ...info, ...wanted }, info);
  }
});

test("a spec that makes no sense is EINVAL, whatever the host", async () => {
  const host = cryptoHost();
  const generate = (spec) => host.fails("EINVAL", { code: "generate", spec });
  await generate({ kind: 0 });
  await generate({ kind: 14 });
  await generate({ kind: "PBKDF2" });
  await generate({ kind: "HKDF" });
  for (const bits of [1, 64, 129, 512]) {
    await generate({ kind: "AES-GCM", bits });
  }
  for (const bits of [7, 100]) await generate({ kind: "HMAC", bits });
  for (const bits of [8, 504, 1025, 1 << 20]) {
    await generate({ kind: "RSA-PSS", bits });
  }
  await generate({ kind: "HMAC", hash: 5 });
  await generate({ kind: "ECDSA", curve: 4 });
  await generate({ kind: "AES-GCM", uses: USES.sign });
  await generate({ kind: "AES-GCM", uses: USES.encrypt | 256 });
  await generate({ kind: "ECDSA", uses: USES.verify });
});

/** The formats of each half. */
const SECRET = ["raw", "jwk"];
const PRIVATE = ["pkcs8", "jwk"];
const publicFormats = (kind) =>
  kind.startsWith("RSA") ? ["spki", "jwk"] : ["raw", "spki", "jwk"];

test("a key goes out and comes in again in every format it has", async () => {
  const host = cryptoHost();
  for (const [kind, usual] of Object.entries(USUAL)) {
    const bits = kind.startsWith("RSA") ? 1024 : 0;
    const spec = { kind, bits, extractable: true };
    const [key, publicKey] = await host.keys({ code: "generate", spec });
    const halves = isPair(usual)
      ? [
          { handle: key, formats: PRIVATE },
          { handle: publicKey, formats: publicFormats(kind) },
        ]
      : [{ handle: key, formats: SECRET }];
    for (const { handle, formats } of halves) {
      for (const format of Object.keys(FORMATS)) {
        const out = { code: "export", key: handle, format };
        if (!formats.includes(format)) {
          await host.fails("EINVAL", out, /has no format/);
          continue;
        }
        const data = await host.bytes(out);
        // Once with all uses, once as it was.
        for (const uses of [0, usual.uses | (usual.publicUses ?? 0)]) {
          const into = { code: "import", format, data };
          const again = await host.key({ ...into, spec: { ...spec, uses } });
          assert.deepEqual(host.info(again), host.info(handle), format);
          const twice = await host.bytes({ ...out, key: again });
          assert.deepEqual(twice, data, `${kind} ${format}`);
        }
        // What is cut or of another kind is no key.
        const cut = data.subarray(0, data.length - 1);
        const isShorter = kind === "HMAC" && format === "raw";
        if (!isShorter) {
          const bad = { code: "import", format, data: cut, spec };
          await host.fails("EBADMSG", bad);
        }
        const empty = { code: "import", format, data: IV12.subarray(12), spec };
        await host.fails("EBADMSG", empty);
      }
    }
  }
});

test("a private RSA key of the usual size comes in again", async () => {
  const host = cryptoHost();
  const spec = { kind: "RSA-PSS", extractable: true };
  const [key] = await host.keys({ code: "generate", spec });
  const format = "pkcs8";
  const data = await host.bytes({ code: "export", key, format });
  // Its size has the byte that object identifiers begin with.
  assert.equal(data[2], 6, "3072 bits");
  const again = await host.key({ code: "import", format, data, spec });
  assert.deepEqual(host.info(again), host.info(key));
  assert.deepEqual(
    await host.bytes({ code: "export", key: again, format }),
    data,
  );
  const other = { ...spec, kind: "ECDSA" };
  const into = { code: "import", format, data, spec: other };
  await host.fails("EBADMSG", into, /no key of ECDSA/);
});

test("a public key may leave in any case, a secret one only if it may", async () => {
  const host = cryptoHost();
  const spec = { kind: "ECDSA" };
  const [key, publicKey] = await host.keys({ code: "generate", spec });
  const data = await host.bytes({
    code: "export",
    key: publicKey,
    format: "spki",
  });
  const into = { code: "import", format: "spki", data, spec };
  assert.equal(host.info(await host.key(into)).extractable, 1);
  for (const format of ["pkcs8", "jwk"]) {
    await host.fails("EACCES", { code: "export", key, format });
  }
  // Also when its JWK says that it may not.
  const out = { code: "export", key: publicKey, format: "jwk" };
  const jwk = JSON.parse(new TextDecoder().decode(await host.bytes(out)));
  const closed = utf8(JSON.stringify({ ...jwk, ext: false }));
  const again = await host.key({ ...into, format: "jwk", data: closed });
  assert.equal(host.info(again).extractable, 1);
});

test("a key of each kind is stored and loaded as it was", async () => {
  const factory = globalThis.indexedDB ?? new IDBFactory();
  const host = cryptoHost({ factory });
  for (const kind of Object.keys(USUAL)) {
    const bits = kind.startsWith("RSA") ? 1024 : 0;
    const keys = await host.keys({ code: "generate", spec: { kind, bits } });
    for (const key of keys.filter((handle) => handle !== 0)) {
      const data = utf8(`${kind} ${key}`);
      const stored = await host.run({ code: "store", key, data });
      assert.equal(stored, 0, `${kind}: ${host.words()}`);
      const loaded = await host.key({ code: "load", data });
      assert.notEqual(loaded, key);
      assert.deepEqual(host.info(loaded), host.info(key));
      assert.equal(await host.run({ code: "delete", data }), 0);
    }
  }
});

test("DER that is wrong anywhere in its frame is EBADMSG", async () => {
  const host = cryptoHost();
  for (const kind of ["ECDSA", "RSA-PSS", "Ed25519"]) {
    const bits = kind === "RSA-PSS" ? 1024 : 0;
    const spec = { kind, bits, extractable: true };
    const [key, publicKey] = await host.keys({ code: "generate", spec });
    for (const [handle, format] of [
      [key, "pkcs8"],
      [publicKey, "spki"],
    ]) {
      const data = await host.bytes({ code: "export", key: handle, format });
      const into = { code: "import", format, spec };
      for (let size = 0; size < data.length; size += 7) {
        const cut = data.subarray(0, size);
        await host.fails("EBADMSG", { ...into, data: cut });
      }
      // The outer tag, the object identifier's tag.
      await host.fails("EBADMSG", { ...into, data: data.with(0, 0x31) });
      const object = data.indexOf(6);
      await host.fails("EBADMSG", { ...into, data: data.with(object, 7) });
      const other = format === "spki" ? "pkcs8" : "spki";
      await host.fails("EBADMSG", { ...into, data, format: other });
      const another = { ...spec, kind: "X25519" };
      await host.fails("EBADMSG", { ...into, data, spec: another });
    }
  }
});

test("a JWK that is none, or not of this kind, is EBADMSG", async () => {
  const host = cryptoHost();
  const spec = { kind: "HMAC" };
  const into = (text, more = spec) => ({
    code: "import",
    format: "jwk",
    data: typeof text === "string" ? utf8(text) : text,
    spec: more,
  });
  for (const text of [
    "",
    "{",
    "null",
    "5",
    '"text"',
    "[]",
    "{}",
    '{"kty":"RSA"}',
    '{"kty":"oct"}',
    '{"kty":"oct","k":""}',
    '{"kty":"oct","k":5}',
    '{"kty":"oct","k":"AAA="}',
    '{"kty":"oct","k":"AA+A"}',
    '{"kty":"oct","k":"AAAAA"}',
    '{"kty":"oct","k":"AAAA","alg":"HS512"}',
    '{"kty":"oct","k":"AAAA","key_ops":["verify"]}',
    '{"kty":"oct","k":"AAAA","use":"enc"}',
    Uint8Array.of(0x7b, 0xff, 0x7d),
  ]) {
    await host.fails("EBADMSG", into(text));
  }
  const closed = '{"kty":"oct","k":"AAAA","ext":false}';
  await host.fails("EBADMSG", into(closed, { ...spec, extractable: true }));
  assert.ok((await host.key(into(closed))) > 0);
});

test("what a host would not look at is looked at before", async () => {
  const key = { usages: [], type: "secret", algorithm: { name: "AES-KW" } };
  key.usages = /** @type {any} */ (["unwrapKey"]);
  const takes = () => Promise.resolve(key);
  const subtle = { importKey: takes, unwrapKey: takes, generateKey: takes };
  const host = cryptoHost({ crypto: /** @type {any} */ ({ subtle }) });
  const spec = { kind: "X25519" };
  // The frame of a key of P-256, as Firefox takes it for any curve.
  const data = hex("3041020100301306072a8648ce3d020106082a8648ce3d030107");
  const into = { code: "import", format: "pkcs8", data, spec };
  await host.fails("EBADMSG", into, /no key of X25519/);
  const right = hex("302e020100300506032b656e04220420");
  assert.equal(await host.run({ ...into, data: right }), 0);
  for (const text of ["null", "5", '"kty"']) {
    const jwk = { ...into, format: "jwk", data: utf8(text) };
    await host.fails("EBADMSG", jwk, /object of JSON/);
  }
  const other = await host.key({ code: "generate", spec: { kind: "AES-KW" } });
  for (const size of [0, 16, 25]) {
    const wrapped = new Uint8Array(size);
    const unwrap = { code: "unwrap", format: "raw", data: wrapped, other };
    const aes = { kind: "AES-GCM" };
    await host.fails("EBADMSG", { ...unwrap, spec: aes }, /never made/);
  }
});

test("what WebCrypto is given of iv, salt and key is memory of its own", async () => {
  /** @type {ArrayBuffer[]} */
  const buffers = [];
  const note = (value) => {
    if (ArrayBuffer.isView(value)) buffers.push(value.buffer);
    else if (value?.constructor === Object) Object.values(value).forEach(note);
  };
  const { subtle } = globalThis.crypto;
  const proxy = new Proxy(subtle, {
    get:
      (target, name) =>
      (/** @type {any[]} */ ...args) => {
        // Data to encrypt are copied by every host; what else there is, here.
        args.filter((_, i) => name !== "encrypt" || i !== 2).forEach(note);
        return /** @type {any} */ (target)[name](...args);
      },
  });
  const host = cryptoHost({ crypto: /** @type {any} */ ({ subtle: proxy }) });
  const data = utf8("sixteen bytes !!");
  const into = { code: "import", format: "raw", data };
  const key = await host.key({ ...into, spec: { kind: "AES-GCM" } });
  const more = { iv: IV12, extra: data };
  await host.bytes({ code: "encrypt", key, data, ...more });
  const hkdf = await host.key({ ...into, spec: { kind: "HKDF" } });
  await host.bytes({ code: "derive", key: hkdf, outBytes: 9, ...more });
  assert.equal(buffers.length, 6);
  assert.ok(buffers.every((buffer) => buffer !== host.wasm.buffer));
});

test("formats that a kind has not, and sizes that were not meant", async () => {
  const host = cryptoHost();
  const data = new Uint8Array(16);
  const into = (spec, format = "raw") => ({
    code: "import",
    format,
    data,
    spec,
  });
  await host.fails(
    "EINVAL",
    into({ kind: "AES-GCM" }, "spki"),
    /no format spki/,
  );
  await host.fails("EINVAL", into({ kind: "PBKDF2" }, "jwk"));
  await host.fails("EINVAL", into({ kind: "RSA-PSS" }, "raw"));
  await host.fails("EINVAL", into({ kind: "HMAC" }, 0), /no key format 0/);
  await host.fails("EINVAL", into({ kind: "HMAC" }, 5));
  const extractable = true;
  await host.fails("EINVAL", into({ kind: "HKDF", extractable }), /never/);
  await host.fails("EINVAL", into({ kind: "AES-GCM", bits: 256 }), /128 bits/);
  assert.ok((await host.key(into({ kind: "AES-GCM", bits: 128 }))) > 0);
});

test("ciphers' parameters are checked before the host sees them", async () => {
  const host = cryptoHost();
  const make = (kind) => host.key({ code: "generate", spec: { kind } });
  const gcm = await make("AES-GCM");
  const cbc = await make("AES-CBC");
  const ctr = await make("AES-CTR");
  for (const code of ["encrypt", "decrypt"]) {
    const data = new Uint8Array(48);
    const wrong = (fields) => host.fails("EINVAL", { code, data, ...fields });
    await wrong({ key: gcm });
    await wrong({ key: gcm, iv: IV12, number: 5 });
    await wrong({ key: gcm, iv: IV12, number: 17 });
    await wrong({ key: cbc, iv: IV12 });
    await wrong({ key: cbc });
    await wrong({ key: ctr, iv: IV12 });
    await wrong({ key: ctr, iv: IV16, number: 129 });
    await wrong({ key: ctr, iv: IV16, number: 1 });
  }
  // Firefox does not use the last two blocks of a counter.
  const two = { code: "encrypt", key: ctr, iv: IV16, number: 2 };
  const bytes = await host.bytes({ ...two, data: new Uint8Array(32) });
  assert.equal(bytes.length, 32);
});

/** Kinds that wrap, with their parameters. */
const WRAPPING = [
  { kind: "AES-KW" },
  { kind: "AES-GCM", iv: IV12, extra: utf8("extra") },
  { kind: "AES-CBC", iv: IV16 },
  { kind: "AES-CTR", iv: IV16 },
  { kind: "RSA-OAEP", extra: utf8("label") },
];

test("a key is wrapped and unwrapped by each kind that wraps", async () => {
  const host = cryptoHost();
  const spec = { kind: "HMAC", bits: 256, extractable: true };
  const key = await host.key({ code: "generate", spec });
  const raw = await host.bytes({ code: "export", key, format: "raw" });
  for (const { kind, ...params } of WRAPPING) {
    const [secret, publicKey] = await host.keys({
      code: "generate",
      spec: asked(kind),
    });
    const wrap = {
      code: "wrap",
      format: "raw",
      key,
      other: publicKey || secret,
      ...params,
    };
    const data = await host.bytes(wrap);
    const unwrap = { code: "unwrap", format: "raw", other: secret, data };
    const back = await host.key({ ...unwrap, ...params, spec });
    const out = { code: "export", key: back, format: "raw" };
    assert.deepEqual(await host.bytes(out), raw, kind);
    // It stays in the host when it is to.
    const kept = { ...spec, extractable: false };
    const closed = await host.key({ ...unwrap, ...params, spec: kept });
    await host.fails("EACCES", { ...wrap, key: closed }, /not extractable/);
    await host.fails("EBADF", { ...unwrap, ...params, spec, other: 0 });
    if (kind === "AES-CTR") continue;
    const flipped = data.with(-1, (data.at(-1) ?? 0) ^ 1);
    const wrong = { ...unwrap, ...params, spec, data: flipped };
    if (kind !== "AES-CBC") await host.fails("EBADMSG", wrong);
    const cut = { ...wrong, data: data.subarray(0, -1) };
    await host.fails("EBADMSG", cut);
  }
});

test("a pair's halves are wrapped as JWK and known again", async () => {
  const host = cryptoHost();
  const spec = { kind: "ECDSA", extractable: true };
  const pair = await host.keys({ code: "generate", spec });
  const other = await host.key({ code: "generate", spec: { kind: "AES-GCM" } });
  const cipher = { format: "jwk", other, iv: IV12 };
  for (const key of pair) {
    const data = await host.bytes({ code: "wrap", key, ...cipher });
    const back = await host.key({ code: "unwrap", data, ...cipher, spec });
    assert.deepEqual(host.info(back), host.info(key));
    const wrong = {
      code: "unwrap",
      data: data.with(0, data[0] ^ 1),
      ...cipher,
    };
    await host.fails("EBADMSG", { ...wrong, spec }, /not authentic/);
  }
});

test("a wrapped JWK that is not authentic is EBADMSG, whichever half is wanted", async () => {
  const host = cryptoHost();
  const spec = { kind: "ECDSA", extractable: true };
  const pair = await host.keys({ code: "generate", spec });
  const other = await host.key({ code: "generate", spec: { kind: "AES-GCM" } });
  const cipher = { format: "jwk", other, iv: IV12 };
  for (const [half, uses] of [USES.sign, USES.verify].entries()) {
    const key = pair[half];
    const data = await host.bytes({ code: "wrap", key, ...cipher });
    const unwrap = { code: "unwrap", ...cipher, spec: { ...spec, uses } };
    const back = await host.key({ ...unwrap, data });
    assert.deepEqual(host.info(back), host.info(key));
    const flipped = data.with(0, data[0] ^ 1);
    await host.fails("EBADMSG", { ...unwrap, data: flipped }, /not authentic/);
  }
});

test("AES-KW refuses what is no multiple of 8 bytes", async () => {
  const host = cryptoHost();
  const spec = { kind: "HMAC", bits: 200, extractable: true };
  const key = await host.key({ code: "generate", spec });
  const other = await host.key({ code: "generate", spec: { kind: "AES-KW" } });
  const wrap = { code: "wrap", key, other, format: "raw" };
  await host.fails("EINVAL", wrap, /does not take a key of this size/);
});

test("derived keys are those of the derived bytes, and stay in the host", async () => {
  const host = cryptoHost();
  for (const curve of Object.keys(CURVES)) {
    const spec = { kind: "ECDH", curve };
    const [key, publicKey] = await host.keys({ code: "generate", spec });
    const fields = { key, other: publicKey };
    const outBytes = 32;
    const bits = await host.bytes({ code: "derive", ...fields, outBytes });
    const gcm = { kind: "AES-GCM", extractable: true };
    const made = await host.key({ code: "deriveKey", ...fields, spec: gcm });
    const out = { code: "export", key: made, format: "raw" };
    assert.deepEqual(await host.bytes(out), bits, curve);
    // A password's kind of key, to derive more of.
    const hkdf = { kind: "HKDF" };
    const next = await host.key({ code: "deriveKey", ...fields, spec: hkdf });
    const more = { code: "derive", key: next, outBytes: 40 };
    assert.equal((await host.bytes(more)).length, 40);
    await host.fails("EACCES", { ...out, key: next });
  }
});

test("derivations that make no sense are refused", async () => {
  const host = cryptoHost();
  const data = utf8("password");
  const into = { code: "import", format: "raw", data };
  const pbkdf2 = await host.key({ ...into, spec: { kind: "PBKDF2" } });
  const hkdf = await host.key({ ...into, spec: { kind: "HKDF" } });
  /** @type {(fields: any, name?: any, text?: RegExp) => Promise<void>} */
  const wrong = (fields, name = "EINVAL", text = /./) =>
    host.fails(name, { code: "derive", outBytes: 32, ...fields }, text);
  await wrong({ key: pbkdf2, number: 0 }, "EINVAL", /needs iterations/);
  await wrong({ key: pbkdf2, number: 1, outBytes: 0 });
  await wrong({ key: pbkdf2, number: 1, hash: 9 });
  const tooMuch = { key: hkdf, outBytes: 255 * 32 + 1 };
  await wrong(tooMuch, "EINVAL", /up to 8160 bytes/);
  await wrong({ key: hkdf, hash: "SHA-1", outBytes: 255 * 20 + 1 });
  const most = { code: "derive", key: hkdf, outBytes: 255 * 32 };
  assert.equal((await host.bytes(most)).length, 255 * 32);
  const deriveKey = (key, spec) =>
    host.fails("EINVAL", { code: "deriveKey", key, number: 1, spec });
  await deriveKey(hkdf, { kind: "HKDF" });
  await deriveKey(pbkdf2, { kind: "ECDSA" });
  await deriveKey(pbkdf2, { kind: "AES-GCM", bits: 100 });
  const x = { kind: "X25519" };
  const [key, publicKey] = await host.keys({ code: "generate", spec: x });
  const other = { kind: "ECDH" };
  const [, foreign] = await host.keys({ code: "generate", spec: other });
  await wrong({ key }, "EBADF");
  await wrong({ key, other: key }, "EACCES", /needs the other side's public/);
  await wrong({ key, other: foreign }, "EACCES");
  await wrong({ key: publicKey, other: publicKey }, "EACCES");
  const curves = { kind: "ECDH", curve: "P-384" };
  const [p384] = await host.keys({ code: "generate", spec: curves });
  await wrong({ key: p384, other: foreign }, "EACCES");
  // 512 bits by itself, more than a curve agrees upon.
  const hmac = { code: "deriveKey", key, other: publicKey };
  await host.fails("EINVAL", { ...hmac, spec: { kind: "HMAC" } });
  const fits = { ...hmac, spec: { kind: "HMAC", bits: 256 } };
  assert.ok((await host.key(fits)) > 0);
});

/** A WebCrypto whose results, and what it was given, can be looked at. */
function watched() {
  /** @type {ArrayBuffer[]} */
  const results = [];
  /** @type {Uint8Array[]} */
  const given = [];
  const { subtle } = globalThis.crypto;
  const proxy = new Proxy(subtle, {
    get:
      (target, name) =>
      (/** @type {any[]} */ ...args) => {
        if (name === "importKey") given.push(args[1]);
        return /** @type {any} */ (target)[name](...args).then((result) => {
          if (result instanceof ArrayBuffer) results.push(result);
          return result;
        });
      },
  });
  return { results, given, crypto: /** @type {any} */ ({ subtle: proxy }) };
}
const isZero = (bytes) => new Uint8Array(bytes).every((byte) => byte === 0);

test("results are zeroed in the host, whatever becomes of them", async () => {
  const { results, given, crypto } = watched();
  const host = cryptoHost({ crypto });
  const spec = { kind: "AES-GCM", extractable: true };
  const data = hex("000102030405060708090a0b0c0d0e0f");
  const into = { code: "import", format: "raw", data, spec };
  const key = await host.key(into);
  assert.ok(given.length === 1 && isZero(given[0]), "a copy of a key");
  const out = { code: "export", key, format: "raw" };
  assert.deepEqual(await host.bytes(out), data);
  await host.fails("EMSGSIZE", { ...out, outBytes: 15 });
  host.put(out);
  const [token, answer] = host.start();
  assert.equal(answer, PENDING);
  host.imports.op_cancel(token);
  await new Promise((resolve) => setTimeout(resolve, 20));
  // The hash of a secret may be one.
  const { crypto_digest } = host.all;
  for (const own of [801, 802]) {
    assert.equal(crypto_digest(own, 2, AT.data, 16, AT.out), PENDING);
    if (own === 801) host.imports.op_cancel(own);
  }
  assert.equal(await host.resultOf(802), 32);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(results.length, 5);
  assert.ok(results.every(isZero));
  await host.fails("EBADMSG", { ...into, data: data.subarray(1) });
  assert.ok(isZero(given[1]), "also when it was refused");
});

test("what a host fails by is told by its kind", async () => {
  for (const [name, text, errno] of [
    ["InvalidAccessError", "", "EACCES"],
    ["NotSupportedError", "", "ENOTSUP"],
    ["DataError", "", "EINVAL"],
    ["SyntaxError", "", "EINVAL"],
    ["OperationError", "", "EIO"],
    ["OperationError", "192-bit AES keys are not supported", "ENOTSUP"],
    ["QuotaExceededError", "", "ENOSPC"],
    ["UnknownError", "a reason", "EIO"],
  ]) {
    const reject = () => Promise.reject(new DOMException(text, name));
    const crypto = { subtle: { generateKey: reject } };
    const host = cryptoHost({ crypto: /** @type {any} */ (crypto) });
    const fields = { code: "generate", spec: { kind: "AES-GCM" } };
    const words = new RegExp(`^cannot generate a key: ${text || name}`);
    await host.fails(/** @type {any} */ (errno), fields, words);
  }
  const crypto = {
    subtle: {
      generateKey() {
        throw new RangeError("Array buffer allocation failed");
      },
    },
  };
  const host = cryptoHost({ crypto: /** @type {any} */ (crypto) });
  const fields = { code: "generate", spec: { kind: "AES-GCM" } };
  await host.fails("ENOMEM", fields);
  assert.equal(host.word(AT.op), 1);
});

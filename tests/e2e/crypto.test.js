/* gossamer/crypto.h from C over Node's WebCrypto, beside the other door to
 * OpenSSL, node:crypto: what one makes the other takes, both ways. Row D2: keys
 * are numbers in the program, stale ones are refused. */
import assert from "node:assert/strict";
import {
  constants,
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  pbkdf2Sync,
  privateDecrypt,
  publicEncrypt,
  sign,
  verify,
} from "node:crypto";
import { test } from "node:test";
import * as hashWasm from "hash-wasm";
import { webcrypto } from "../../js/crypto.js";
import {
  TEXT,
  bytes,
  refused,
  same,
  startKeys,
} from "../helpers/crypto-keys.js";
import { toHex } from "../helpers/crypto-names.js";
import { BUILDS, runProgram } from "../helpers/programs.js";

const LIMIT = { timeout: 60_000 };
const NODE_HASH = {
  "SHA-1": "sha1",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
};
const NODE_CURVE = {
  "P-256": "prime256v1",
  "P-384": "secp384r1",
  "P-521": "secp521r1",
};
const SIZES = [0, 1, 15, 16, 17, 63, 64, 65, 1000];

for (const build of BUILDS) {
  test(`${build}: published values come out`, LIMIT, async () => {
    const { code, lines } = await runProgram("vectors", build, {
      parts: [webcrypto({ hashes: hashWasm })],
    });
    assert.deepEqual(
      lines.filter((line) => !line.startsWith("ok ")),
      [],
    );
    assert.equal(lines.length, 53);
    assert.equal(code, 0);
  });

  /** @param {string} name @param {(program: any, t: any) => Promise<void>} run */
  const it = (name, run, options = {}) =>
    test(`${build}: ${name}`, LIMIT, async (t) =>
      run(await startKeys(t, { build, ...options }), t),
    );

  /* ---- hashes ---- */

  it("hashes in one go and by pieces are Node's", async (program) => {
    for (const [hash, name] of Object.entries(NODE_HASH)) {
      for (const size of SIZES) {
        const data = bytes(size);
        const expected = createHash(name).update(data).digest();
        same(await program.hash(hash, data), expected, `${hash} of ${size}`);
        for (const piece of [1, 7, 64, 1000]) {
          const answer = await program.hashPieces(hash, data, piece);
          same(answer, expected, `${hash} of ${size} by ${piece}`);
        }
      }
    }
  });

  it("HMAC is Node's, with keys of any size", async (program) => {
    for (const [hash, name] of Object.entries(NODE_HASH)) {
      for (const size of SIZES) {
        const key = bytes(size);
        const data = bytes(1000 - size);
        const expected = createHmac(name, key).update(data).digest();
        same(await program.hmac(hash, key, data), expected, `${hash} ${size}`);
        if (size === 0) continue;
        const spec = { kind: "HMAC", hash };
        const handle = await program.import(spec, "raw", key.slice());
        same(await program.sign(handle, {}, data), expected);
        assert.equal(await program.verify(handle, {}, data, expected), 1);
        expected[0] ^= 1;
        assert.equal(await program.verify(handle, {}, data, expected), 0);
        const cut = expected.subarray(1);
        assert.equal(await program.verify(handle, {}, data, cut), 0);
        assert.equal(await program.release(handle), 0);
      }
    }
  });

  /* ---- AES ---- */

  for (const bits of [128, 192, 256]) {
    it(`AES-GCM of ${bits} bits goes both ways`, async (program) => {
      const raw = bytes(bits / 8);
      const spec = { kind: "AES-GCM" };
      const key = await program.import(spec, "raw", raw.slice());
      for (const size of SIZES) {
        for (const tagBytes of [0, 12, 16]) {
          const iv = bytes(12);
          const extra = bytes(size);
          const data = bytes(size);
          const name = /** @type {"aes-128-gcm"} */ (`aes-${bits}-gcm`);
          const options = { authTagLength: tagBytes || 16 };
          const node = createCipheriv(name, raw, iv, options).setAAD(extra);
          const sealed = Buffer.concat([
            node.update(data),
            node.final(),
            node.getAuthTag(),
          ]);
          // The other number is for other kinds.
          const cipher = { iv, extra, tagBytes, counterBits: 32 };
          same(await program.encrypt(key, cipher, data), sealed);
          same(await program.decrypt(key, cipher, sealed), data);
          for (const at of [0, sealed.length - 1]) {
            const wrong = Buffer.from(sealed);
            wrong[at] ^= 0x80;
            await refused("EBADMSG", () => program.decrypt(key, cipher, wrong));
          }
          await refused("EBADMSG", () =>
            program.decrypt(key, { ...cipher, extra: bytes(3) }, sealed),
          );
        }
      }
    });

    it(`AES-CBC and AES-CTR of ${bits} bits go both ways`, async (program) => {
      for (const mode of ["CBC", "CTR"]) {
        const raw = bytes(bits / 8);
        const spec = { kind: `AES-${mode}` };
        const key = await program.import(spec, "raw", raw.slice());
        for (const size of SIZES) {
          const iv = bytes(16);
          // No carry leaves the counter: Node counts all 128 bits.
          iv[8] = 0;
          const data = bytes(size);
          const name = `aes-${bits}-${mode.toLowerCase()}`;
          const node = createCipheriv(name, raw, iv);
          const expected = Buffer.concat([node.update(data), node.final()]);
          const cipher = { iv, tagBytes: 12 };
          same(await program.encrypt(key, cipher, data), expected);
          same(await program.decrypt(key, cipher, expected), data);
        }
        await refused("EINVAL", () =>
          program.encrypt(key, { iv: bytes(12) }, TEXT),
        );
      }
    });
  }

  it("AES-CTR counts with the bits it is told", async (program) => {
    const raw = bytes(16);
    const iv = new Uint8Array(16).fill(0xff);
    const key = await program.import({ kind: "AES-CTR" }, "raw", raw.slice());
    const data = bytes(48);
    const wide = await program.encrypt(key, { iv, counterBits: 128 }, data);
    const node = createCipheriv("aes-128-ctr", raw, iv);
    same(wide, Buffer.concat([node.update(data), node.final()]));
    const narrow = await program.encrypt(key, { iv, counterBits: 8 }, data);
    same(narrow.subarray(0, 16), wide.subarray(0, 16));
    assert.notEqual(toHex(narrow), toHex(wide));
    same(await program.decrypt(key, { iv, counterBits: 8 }, narrow), data);
    // Four bits count 16 blocks.
    await refused("EINVAL", () =>
      program.encrypt(key, { iv, counterBits: 4 }, bytes(17 * 16)),
    );
  });

  it("AES-KW wraps as RFC 3394 says, both ways", async (program) => {
    for (const bits of [128, 192, 256]) {
      const raw = bytes(bits / 8);
      const spec = { kind: "AES-KW" };
      const wrapping = await program.import(spec, "raw", raw.slice());
      const secret = bytes(32);
      const wanted = { kind: "HMAC", hash: "SHA-256", extractable: true };
      const key = await program.import(wanted, "raw", secret.slice());
      const iv = Buffer.alloc(8, 0xa6);
      const name = `id-aes${bits}-wrap`;
      const node = createCipheriv(name, raw, iv);
      const expected = Buffer.concat([node.update(secret), node.final()]);
      const wrapped = await program.wrap(key, "raw", wrapping);
      same(wrapped, expected);
      const again = await program.unwrap(wanted, "raw", wrapping, {}, wrapped);
      same(await program.export(again, "raw"), secret);
      wrapped[3] ^= 1;
      await refused("EBADMSG", () =>
        program.unwrap(wanted, "raw", wrapping, {}, wrapped),
      );
    }
  });

  it("keys are wrapped by every cipher and format", async (program) => {
    const spec = { kind: "ECDH", curve: "P-384", extractable: true };
    const [pair] = await program.generate(spec);
    const cases = [
      ["AES-GCM", { iv: bytes(12), extra: bytes(5) }],
      ["AES-CBC", { iv: bytes(16) }],
      ["AES-CTR", { iv: bytes(16), counterBits: 64 }],
    ];
    for (const [kind, cipher] of cases) {
      const [wrapping] = await program.generate({
        kind,
        uses: ["wrapKey", "unwrapKey"],
      });
      for (const format of ["pkcs8", "jwk"]) {
        const wrapped = await program.wrap(pair, format, wrapping, cipher);
        const again = await program.unwrap(
          spec,
          format,
          wrapping,
          cipher,
          wrapped,
        );
        same(
          await program.export(again, "pkcs8"),
          await program.export(pair, "pkcs8"),
        );
        await refused("EACCES", () => program.encrypt(wrapping, cipher, TEXT));
      }
    }
  });

  it("data and out may be the same or overlap", async (program) => {
    const data = bytes(64);
    for (const kind of ["AES-GCM", "AES-CBC", "AES-CTR"]) {
      const [key] = await program.generate({ kind });
      const cipher = { iv: bytes(kind === "AES-GCM" ? 12 : 16) };
      const apart = await program.encrypt(key, cipher, data);
      for (const shift of [0, 1, 16, 63]) {
        same(await program.encrypt(key, cipher, data, { shift }), apart);
        same(await program.decrypt(key, cipher, apart, { shift }), data);
      }
      if (kind === "AES-CTR") continue;
      // What fails leaves the data as it was, there too.
      // (The last byte of the padding becomes 17, which is none.)
      apart[apart.length - 17] ^= 1;
      await refused("EBADMSG", () =>
        program.decrypt(key, cipher, apart, { shift: 0 }),
      );
    }
  });

  /* ---- derivation ---- */

  it("PBKDF2 and HKDF are Node's", async (program) => {
    const secret = bytes(20);
    const salt = bytes(16);
    const info = bytes(10);
    for (const [hash, name] of Object.entries(NODE_HASH)) {
      const password = await program.import(
        { kind: "PBKDF2" },
        "raw",
        secret.slice(),
      );
      const options = { salt, iterations: 1000, hash };
      same(
        await program.derive(password, options, 50),
        pbkdf2Sync(secret, salt, 1000, 50, name),
      );
      const material = await program.import(
        { kind: "HKDF" },
        "raw",
        secret.slice(),
      );
      const expected = hkdfSync(name, secret, salt, info, 70);
      same(await program.derive(material, { salt, info, hash }, 70), expected);
      const wanted = { kind: "AES-GCM", bits: 256, extractable: true };
      const key = await program.deriveKey(
        material,
        { salt, info, hash },
        wanted,
      );
      same(
        await program.export(key, "raw"),
        expected.slice(0, 32),
        "a key of it",
      );
      await refused("EINVAL", () =>
        program.derive(password, { salt, hash }, 50),
      );
      await refused("EACCES", () => program.export(material, "raw"));
    }
  });

  /* ---- curves ---- */

  for (const [curve, namedCurve] of Object.entries(NODE_CURVE)) {
    it(`ECDSA on ${curve} goes both ways`, async (program) => {
      const spec = { kind: "ECDSA", curve, extractable: true };
      const [own, ownPublic] = await program.generate(spec);
      const pair = generateKeyPairSync("ec", { namedCurve });
      const node = await importPair(program, spec, pair);
      const ours = {
        privateKey: await exportPrivate(program, own),
        publicKey: await exportPublic(program, ownPublic),
      };
      const dsaEncoding = /** @type {const} */ ("ieee-p1363");
      for (const hash of ["SHA-256", "SHA-384", "SHA-512"]) {
        const name = NODE_HASH[hash];
        const made = await program.sign(own, { hash }, TEXT);
        assert.ok(
          verify(name, TEXT, { key: ours.publicKey, dsaEncoding }, made),
        );
        const theirs = sign(name, TEXT, { key: pair.privateKey, dsaEncoding });
        const check = (data, signature) =>
          program.verify(node.publicKey, { hash }, data, signature);
        assert.equal(await check(TEXT, theirs), 1);
        assert.equal(await check(TEXT.subarray(1), theirs), 0);
        assert.equal(await check(TEXT, theirs.subarray(1)), 0);
        const zeros = Buffer.alloc(theirs.length);
        assert.equal(await check(TEXT, zeros), 0);
        // Imported private keys sign for their own public halves.
        const again = await program.sign(node.privateKey, { hash }, TEXT);
        assert.ok(
          verify(name, TEXT, { key: pair.publicKey, dsaEncoding }, again),
        );
      }
      const byDefault = await program.sign(own, {}, TEXT);
      assert.ok(
        verify("sha256", TEXT, { key: ours.publicKey, dsaEncoding }, byDefault),
      );
    });

    it(`ECDH on ${curve} agrees with Node's`, async (program) => {
      const spec = { kind: "ECDH", curve, extractable: true };
      await agrees(program, spec, generateKeyPairSync("ec", { namedCurve }));
    });
  }

  it("X25519 agrees with Node's", async (program) => {
    const spec = { kind: "X25519", extractable: true };
    await agrees(program, spec, generateKeyPairSync("x25519"));
  });

  it("Ed25519 goes both ways", async (program) => {
    const spec = { kind: "Ed25519", extractable: true };
    const [own, ownPublic] = await program.generate(spec);
    const made = await program.sign(own, {}, TEXT);
    assert.equal(made.length, 64);
    const publicKey = await exportPublic(program, ownPublic);
    assert.ok(verify(null, TEXT, publicKey, made));
    const pair = generateKeyPairSync("ed25519");
    const node = await importPair(program, spec, pair);
    same(
      await program.sign(node.privateKey, {}, TEXT),
      sign(null, TEXT, pair.privateKey),
    );
    const theirs = sign(null, TEXT, pair.privateKey);
    assert.equal(await program.verify(node.publicKey, {}, TEXT, theirs), 1);
    theirs[63] ^= 0x80;
    assert.equal(await program.verify(node.publicKey, {}, TEXT, theirs), 0);
  });

  /* ---- RSA ---- */

  it("RSA-PSS goes both ways", async (program) => {
    const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    for (const [hash, name] of Object.entries(NODE_HASH)) {
      const spec = { kind: "RSA-PSS", hash, extractable: true };
      const node = await importPair(program, spec, pair);
      for (const saltBytes of [0, 8]) {
        const saltLength = saltBytes || constants.RSA_PSS_SALTLEN_DIGEST;
        const made = await program.sign(node.privateKey, { saltBytes }, TEXT);
        const key = { key: pair.publicKey, padding, saltLength };
        assert.ok(verify(name, TEXT, key, made), hash);
        const theirs = sign(name, TEXT, {
          key: pair.privateKey,
          padding,
          saltLength,
        });
        const check = (options, data) =>
          program.verify(node.publicKey, options, data, theirs);
        assert.equal(await check({ saltBytes }, TEXT), 1);
        assert.equal(await check({ saltBytes }, TEXT.subarray(1)), 0);
        assert.equal(await check({ saltBytes: 9 }, TEXT), 0);
      }
    }
  });

  it("RSA-OAEP goes both ways, with a label and without", async (program) => {
    const spec = { kind: "RSA-OAEP", bits: 2048, extractable: true };
    const [own, ownPublic] = await program.generate(spec);
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const secret = bytes(40);
    for (const extra of [new Uint8Array(0), bytes(9)]) {
      const settings = { padding, oaepHash: "sha256", oaepLabel: extra };
      const made = await program.encrypt(ownPublic, { extra }, secret);
      assert.equal(made.length, 256);
      const key = await exportPrivate(program, own);
      same(privateDecrypt({ key, ...settings }, made), secret);
      const publicKey = await exportPublic(program, ownPublic);
      const theirs = publicEncrypt({ key: publicKey, ...settings }, secret);
      same(await program.decrypt(own, { extra }, theirs), secret);
      await refused("EBADMSG", () =>
        program.decrypt(own, { extra: bytes(4) }, theirs),
      );
      // Keys are wrapped by it too.
      const wanted = { kind: "AES-GCM", extractable: true };
      const key2 = await program.import(wanted, "raw", bytes(32));
      const wrapped = await program.wrap(key2, "raw", ownPublic, { extra });
      same(
        privateDecrypt({ key, ...settings }, wrapped),
        await program.export(key2, "raw"),
      );
    }
    assert.match(await program.info(own), /^13 2 0 2048 /);
  });
}

/* ---- keys from one to the other ---- */

/** Node's pair as handles, in each of the formats in turn. */
async function importPair(program, spec, { privateKey, publicKey }) {
  const der = { format: "der", type: "pkcs8" };
  const made = {
    privateKey: await program.import(spec, "pkcs8", privateKey.export(der)),
    publicKey: await program.import(
      spec,
      "spki",
      publicKey.export({ format: "der", type: "spki" }),
    ),
  };
  for (const [name, key] of Object.entries({ privateKey, publicKey })) {
    const jwk = key.export({ format: "jwk" });
    const text = Buffer.from(JSON.stringify(jwk));
    const again = await program.import(spec, "jwk", text);
    const format = name === "privateKey" ? "pkcs8" : "spki";
    same(
      await program.export(again, format),
      await program.export(made[name], format),
      `${name} by JWK`,
    );
    assert.equal(await program.release(again), 0);
  }
  return made;
}

async function exportPrivate(program, key) {
  const der = Buffer.from(await program.export(key, "pkcs8"));
  const made = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const text = Buffer.from(await program.export(key, "jwk")).toString();
  const again = createPrivateKey({ key: JSON.parse(text), format: "jwk" });
  assert.ok(made.equals(again), "PKCS 8 and JWK are the same key");
  return made;
}

async function exportPublic(program, key) {
  const der = Buffer.from(await program.export(key, "spki"));
  const made = createPublicKey({ key: der, format: "der", type: "spki" });
  const text = Buffer.from(await program.export(key, "jwk")).toString();
  const again = createPublicKey({ key: JSON.parse(text), format: "jwk" });
  assert.ok(made.equals(again), "SPKI and JWK are the same key");
  return made;
}

/** Both sides derive the same, whole and cut, as bytes and as a key. */
async function agrees(program, spec, pair) {
  const [own, ownPublic] = await program.generate(spec);
  const theirs = await importPair(program, spec, pair);
  const expected = diffieHellman({
    privateKey: pair.privateKey,
    publicKey: await exportPublic(program, ownPublic),
  });
  const whole = { publicKey: theirs.publicKey };
  same(await program.derive(own, whole, expected.length), expected);
  same(
    await program.derive(
      theirs.privateKey,
      { publicKey: ownPublic },
      expected.length,
    ),
    expected,
  );
  same(await program.derive(own, whole, 16), expected.subarray(0, 16));
  const wanted = { kind: "AES-CBC", bits: 256, extractable: true };
  const key = await program.deriveKey(own, whole, wanted);
  same(await program.export(key, "raw"), expected.subarray(0, 32));
  // A raw public key is the point itself.
  const raw = await program.export(ownPublic, "raw");
  const again = await program.import(spec, "raw", raw.slice());
  same(await program.export(again, "raw"), raw);
  await refused("EINVAL", () =>
    program.derive(own, whole, expected.length + 1),
  );
  await refused("EBADF", () => program.derive(own, {}, 16));
}

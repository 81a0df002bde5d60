/* gossamer/crypto.h when things go wrong, in Node: calls that are given up,
 * stale handles, small buffers, wrong keys, missing pieces of the platform. Row
 * D2: keys are numbers in the program, and stay in the host. */
import assert from "node:assert/strict";
import {
  createHash,
  createHmac,
  generateKeyPairSync,
  pbkdf2Sync,
} from "node:crypto";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import {
  TEXT,
  bytes,
  refused,
  same,
  startKeys,
} from "../helpers/crypto-keys.js";
import { toHex } from "../helpers/crypto-names.js";
import { END } from "../helpers/crypto-program.js";
import { BUILDS } from "../helpers/programs.js";

const LIMIT = { timeout: 60_000 };

const IV = new Uint8Array(12).fill(7);
const SECRET = new Uint8Array(32).fill(9);
const PBKDF2 = { salt: IV, iterations: 20_000 };

/** A key of each kind that the calls below want. */
async function makeKeys(program) {
  const secret = (spec) => program.import(spec, "raw", SECRET.slice());
  const curve = { kind: "ECDH", extractable: true };
  const [own, ownPublic] = await program.generate(curve);
  return {
    hmac: await secret({ kind: "HMAC", extractable: true }),
    gcm: await secret({ kind: "AES-GCM" }),
    kw: await secret({ kind: "AES-KW" }),
    password: await secret({ kind: "PBKDF2" }),
    own,
    ownPublic,
  };
}

/**
 * One call of each function that parks.
 * @returns {Record<string, () => Promise<unknown>>}
 */
function callsOf(program, keys) {
  const cipher = { iv: IV };
  const aes = { kind: "AES-GCM", bits: 256 };
  return {
    gs_hash: () => program.hash("SHA-256", TEXT),
    gs_hmac: () => program.hmac("SHA-256", SECRET, TEXT),
    gs_key_generate: () => program.generate({ kind: "RSA-PSS", bits: 2048 }),
    gs_key_import: () => program.import(aes, "raw", SECRET.slice()),
    gs_key_export: () => program.export(keys.hmac, "jwk"),
    gs_key_wrap: () => program.wrap(keys.hmac, "raw", keys.kw),
    gs_key_unwrap: () =>
      program.unwrap({ kind: "HMAC" }, "raw", keys.kw, {}, keys.wrapped),
    gs_sign: () => program.sign(keys.hmac, {}, TEXT),
    gs_verify: () => program.verify(keys.hmac, {}, TEXT, SECRET),
    gs_encrypt: () => program.encrypt(keys.gcm, cipher, TEXT),
    "gs_encrypt in place": () =>
      program.encrypt(keys.gcm, cipher, TEXT, { shift: 0 }),
    gs_decrypt: () => program.decrypt(keys.gcm, cipher, keys.sealed),
    gs_derive: () => program.derive(keys.password, PBKDF2, 64),
    "gs_derive, by ECDH": () =>
      program.derive(keys.own, { publicKey: keys.ownPublic }, 32),
    gs_key_derive: () => program.deriveKey(keys.password, PBKDF2, aes),
    gs_key_store: () => program.store("kept", keys.hmac),
    gs_key_load: () => program.load("kept"),
    gs_key_delete: () => program.forget("kept"),
    gs_hasher_new: () => program.hashPieces("SHA-512", TEXT, 7),
  };
}

for (const build of BUILDS) {
  for (const [how, name] of [
    ["CANCELED", "ECANCELED"],
    ["TIMED_OUT", "ETIMEDOUT"],
  ]) {
    test(
      `${build}: each call that is given up is ${name}, and nothing is written then or later`,
      LIMIT,
      async (t) => {
        const program = await startKeys(t, {
          build,
          factory: new IDBFactory(),
        });
        const keys = await makeKeys(program);
        keys.wrapped = await program.wrap(keys.hmac, "raw", keys.kw);
        keys.sealed = await program.encrypt(keys.gcm, { iv: IV }, TEXT);
        await program.store("kept", keys.hmac);
        const calls = callsOf(program, keys);
        await program.endBy(END[how]);
        // The program answers "written" if a byte was.
        for (const [call, run] of Object.entries(calls)) {
          await refused(name, run, call);
        }
        await program.store("given up", keys.hmac).then(assert.fail, () => {});
        await program.endBy(END.BY_ITSELF);
        // gs_key_delete() was given up, and so was this.
        assert.ok((await program.load("kept")) > 0);
        await refused("ENOENT", () => program.load("given up"));
        for (const [call, run] of Object.entries(calls)) {
          await assert.doesNotReject(run, call);
        }
      },
    );
  }
}

test(
  "a key that was released is EBADF everywhere, also when its number is in use again",
  LIMIT,
  async (t) => {
    const program = await startKeys(t, { factory: new IDBFactory() });
    const keys = await makeKeys(program);
    keys.wrapped = await program.wrap(keys.hmac, "raw", keys.kw);
    keys.sealed = await program.encrypt(keys.gcm, { iv: IV }, TEXT);
    const uses = new Set([
      ...["gs_key_export", "gs_key_wrap", "gs_key_unwrap", "gs_sign"],
      ...["gs_verify", "gs_encrypt", "gs_encrypt in place", "gs_decrypt"],
      ...["gs_derive", "gs_derive, by ECDH", "gs_key_derive", "gs_key_store"],
    ]);
    for (const key of [keys.hmac, keys.gcm, keys.kw, keys.password, keys.own]) {
      assert.equal(await program.release(key), 0);
    }
    const check = async () => {
      for (const [call, run] of Object.entries(callsOf(program, keys))) {
        if (uses.has(call)) await refused("EBADF", run, call);
      }
      await refused("EBADF", () => program.info(keys.hmac));
      await refused("EBADF", () => program.release(keys.hmac));
    };
    await check();
    assert.match(await program.words(), /key/);
    const taken = await makeKeys(program);
    assert.ok(
      Object.values(taken).some((key) => key % 65_536 === keys.hmac % 65_536),
    );
    await check();
    for (const never of [0, 1, 0xffff, 0x7fff_ffff]) {
      await refused("EBADF", () => program.info(never), String(never));
      await refused("EBADF", () => program.sign(never, {}, TEXT));
    }
    // The other side's public key is a handle too.
    await program.release(taken.ownPublic);
    await refused("EBADF", () =>
      program.derive(taken.own, { publicKey: taken.ownPublic }, 32),
    );
  },
);

test("a key may be released while it is being used", LIMIT, async (t) => {
  const program = await startKeys(t);
  const { hmac } = await makeKeys(program);
  same(
    await program.signAndRelease(hmac, TEXT),
    createHmac("sha256", SECRET).update(TEXT).digest(),
  );
  await refused("EBADF", () => program.info(hmac));
});

test(
  "results that do not fit are EMSGSIZE and not written",
  LIMIT,
  async (t) => {
    const program = await startKeys(t);
    const keys = await makeKeys(program);
    const { hmac, gcm, kw } = keys;
    await refused("EMSGSIZE 32", () => program.export(hmac, "raw", 31));
    await refused("EMSGSIZE 32", () => program.export(hmac, "raw", 0));
    assert.equal((await program.export(hmac, "raw", 32)).length, 32);
    await refused("EMSGSIZE", () => program.sign(hmac, {}, TEXT, 31));
    assert.equal((await program.sign(hmac, {}, TEXT, 32)).length, 32);
    await refused("EMSGSIZE", () => program.wrap(hmac, "raw", kw, {}, 39));
    assert.equal((await program.wrap(hmac, "raw", kw, {}, 40)).length, 40);
    const fits = TEXT.length + 16;
    const cipher = { iv: IV };
    for (const shift of [-1, 0]) {
      await refused("EMSGSIZE", () =>
        program.encrypt(gcm, cipher, TEXT, { room: fits - 1, shift }),
      );
      const sealed = await program.encrypt(gcm, cipher, TEXT, {
        room: fits,
        shift,
      });
      await refused("EMSGSIZE", () =>
        program.decrypt(gcm, cipher, sealed, { room: TEXT.length - 1, shift }),
      );
    }
  },
);

test("a key is used for what it is for, and told apart", LIMIT, async (t) => {
  const program = await startKeys(t);
  const spec = { kind: "AES-GCM", bits: 128, uses: ["encrypt"] };
  const [key] = await program.generate(spec);
  assert.equal(await program.info(key), "2 0 0 128 1 0");
  const sealed = await program.encrypt(key, { iv: IV }, TEXT);
  await refused("EACCES", () => program.decrypt(key, { iv: IV }, sealed));
  await refused("EACCES", () => program.export(key, "raw"));
  await refused("EACCES", () => program.sign(key, {}, TEXT));
  const [own, ownPublic] = await program.generate({ kind: "ECDSA" });
  assert.equal(await program.info(own), "8 0 1 0 4 0");
  assert.equal(await program.info(ownPublic), "8 0 1 0 8 1");
  const made = await program.sign(own, {}, TEXT);
  await refused("EACCES", () => program.verify(own, {}, TEXT, made));
  await refused("EACCES", () => program.sign(ownPublic, {}, TEXT));
  await refused("EACCES", () => program.export(own, "pkcs8"));
  assert.equal((await program.export(ownPublic, "raw")).length, 65);
  assert.match(await program.words(), /./);
});

test(
  "what is no key is EBADMSG, what no key can be EINVAL",
  LIMIT,
  async (t) => {
    const program = await startKeys(t);
    const ecdsa = { kind: "ECDSA" };
    for (const format of ["spki", "pkcs8", "jwk"]) {
      await refused("EBADMSG", () => program.import(ecdsa, format, bytes(50)));
    }
    const point = Buffer.alloc(65, 1);
    point[0] = 4;
    await refused("EBADMSG", () => program.import(ecdsa, "raw", point));
    await refused("EBADMSG", () =>
      program.import({ kind: "AES-GCM" }, "raw", bytes(17)),
    );
    await refused("EINVAL", () => program.generate({ kind: "PBKDF2" }));
    await refused("EINVAL", () =>
      program.generate({ kind: "AES-CBC", bits: 129 }),
    );
    const { publicKey } = generateKeyPairSync("ec", {
      namedCurve: "secp384r1",
    });
    const der = publicKey.export({ format: "der", type: "spki" });
    await refused("EBADMSG", () => program.import(ecdsa, "spki", der));
  },
);

test(
  "answers come to the right place when memory has grown meanwhile",
  LIMIT,
  async (t) => {
    const program = await startKeys(t);
    const { password, gcm } = await makeKeys(program);
    const options = { salt: IV, iterations: 300_000 };
    const derived = program.derive(password, options, 64);
    const generated = program.generate({ kind: "RSA-PSS", bits: 2048 });
    const hashed = program.hash("SHA-512", TEXT);
    const sealed = program.encrypt(gcm, { iv: IV }, TEXT, { shift: 0 });
    assert.equal(await program.grow(64 * 2 ** 20), true);
    same(await hashed, createHash("sha512").update(TEXT).digest());
    same(await derived, pbkdf2Sync(SECRET, IV, 300_000, 64, "sha256"));
    same(await program.decrypt(gcm, { iv: IV }, await sealed), TEXT);
    assert.match(await program.info((await generated)[0]), /^12 2 0 2048 /);
  },
);

test("many calls at once do not get each other's answers", LIMIT, async (t) => {
  const program = await startKeys(t);
  const { hmac } = await makeKeys(program);
  const data = Array.from({ length: 300 }, (_, i) => bytes(i + 1));
  const made = await Promise.all(
    data.map((one, i) =>
      i % 2 === 0 ? program.sign(hmac, {}, one) : program.hash("SHA-1", one),
    ),
  );
  for (const [i, one] of data.entries()) {
    const node =
      i % 2 === 0 ? createHmac("sha256", SECRET) : createHash("sha1");
    same(made[i], node.update(one).digest(), String(i));
  }
});

test(
  "without a library hashes by pieces are ENOSYS, and it says what to load",
  LIMIT,
  async (t) => {
    const program = await startKeys(t, { hashes: undefined });
    await refused("ENOSYS", () => program.hashPieces("SHA-256", TEXT, 1));
    assert.match(await program.words(), /hashes/);
    same(
      await program.hash("SHA-256", TEXT),
      createHash("sha256").update(TEXT).digest(),
    );
  },
);

test(
  "in a page without WebCrypto there are random bytes and hashes by pieces",
  LIMIT,
  async (t) => {
    const program = await startKeys(t, {
      factory: new IDBFactory(),
      crypto: {
        getRandomValues: (/** @type {Uint8Array} */ target) =>
          globalThis.crypto.getRandomValues(target),
      },
    });
    const [a, b] = [await program.random(64), await program.random(64)];
    assert.notEqual(toHex(a), toHex(b));
    same(
      await program.hashPieces("SHA-256", TEXT, 9),
      createHash("sha256").update(TEXT).digest(),
    );
    await refused("ENOTSUP", () => program.hash("SHA-256", TEXT));
    await refused("ENOTSUP", () => program.hmac("SHA-256", SECRET, TEXT));
    await refused("ENOTSUP", () => program.generate({ kind: "AES-GCM" }));
    await refused("ENOTSUP", () => program.load("name"));
    await refused("ENOTSUP", () => program.forget("name"));
    assert.match(await program.words(), /https:/);
  },
);

test(
  "keys are stored, loaded by another program and deleted; not without storage",
  LIMIT,
  async (t) => {
    const factory = new IDBFactory();
    const first = await startKeys(t, { factory });
    const { hmac } = await makeKeys(first);
    const [key] = await first.generate({ kind: "AES-GCM", uses: ["encrypt"] });
    assert.equal(await first.store("clé", key), 0);
    assert.equal(await first.store("hmac", key), 0);
    assert.equal(await first.store("hmac", hmac), 0);
    const second = await startKeys(t, { factory });
    const loaded = await second.load("clé");
    assert.equal(await second.info(loaded), "2 0 0 256 1 0");
    same(
      await second.encrypt(loaded, { iv: IV }, TEXT),
      await first.encrypt(key, { iv: IV }, TEXT),
    );
    await refused("EACCES", () => second.export(loaded, "raw"));
    same(await second.export(await second.load("hmac"), "raw"), SECRET);
    assert.equal(await second.forget("clé"), 0);
    await refused("ENOENT", () => first.load("clé"));
    await refused("ENOENT", () => first.forget("clé"));
    for (const name of ["", "n".repeat(256), "é".repeat(128)]) {
      await refused("EINVAL", () => first.store(name, key), name);
      await refused("EINVAL", () => first.load(name), name);
      await refused("EINVAL", () => first.forget(name), name);
    }
    const other = await startKeys(t, { factory, store: "others" });
    await refused("ENOENT", () => other.load("hmac"));
    const none = await startKeys(t, { factory: null });
    await refused("ENOTSUP", () => none.load("hmac"));
  },
);

test("comparing in C sees one bit", LIMIT, async (t) => {
  const program = await startKeys(t);
  const a = bytes(100);
  const b = a.slice();
  assert.equal(await program.equal(a, b), true);
  b[99] ^= 1;
  assert.equal(await program.equal(a, b), false);
});

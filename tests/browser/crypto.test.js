/* WebCrypto of the browsers from C: published values, and keys that are kept
 * over a reload without ever being in the program's memory. Row D2. */
import assert from "node:assert/strict";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { ENGINES, openPage } from "../helpers/browser.js";
import { programPath } from "../helpers/programs.js";
import { startDemos } from "../helpers/server.js";
import { ROOT } from "../helpers/tree.js";

const LIMIT = { timeout: 60_000 };

const PAGE = `<!doctype html><title>crypto</title>
  <link rel="icon" href="data:,">
  <script type="module" src="/crypto-page.js"></script>`;

/** @type {Promise<string> | null} */
let bundle = null;

async function makeBundle() {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "tests/helpers/crypto-page.js")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    external: ["node:*"],
    logOverride: { "empty-import-meta": "silent" },
  });
  return outputFiles[0].text;
}

/** Opens a page that has the programs, as `window.gs`. */
async function openCrypto(t, engine) {
  bundle ??= makeBundle();
  const base = await startDemos(t, {
    files: {
      "/page.html": PAGE,
      "/crypto-page.js": await bundle,
      "/keys.wasm": readFileSync(programPath("keys")),
      "/vectors.wasm": readFileSync(programPath("vectors")),
    },
  });
  const opened = await openPage(t, `${base}page.html`, { engine });
  const isReady = () => opened.page.waitForFunction(() => "gs" in window);
  await isReady();
  return {
    ...opened,
    reload: async () => {
      await opened.page.reload();
      await isReady();
    },
  };
}

for (const { engine, skip } of ENGINES) {
  const limits = { ...LIMIT, skip };

  test(`${engine}: published values come out`, limits, async (t) => {
    const { page } = await openCrypto(t, engine);
    const { code, lines } = await page.evaluate(() => window.gs.vectors());
    assert.deepEqual(
      lines.filter((line) => !line.startsWith("ok ")),
      [],
    );
    assert.equal(lines.length, 53);
    assert.equal(code, 0);
  });

  test(
    `${engine}: [D2] a key that cannot leave is stored, loaded after a reload and used, and is never in the program's memory`,
    limits,
    async (t) => {
      const { page, reload } = await openCrypto(t, engine);
      const secret = randomBytes(32);
      const wrapping = randomBytes(32);
      const node = createCipheriv(
        "id-aes256-wrap",
        wrapping,
        Buffer.alloc(8, 0xa6),
      );
      const wrapped = Buffer.concat([node.update(secret), node.final()]);
      const iv = randomBytes(12);
      const text = Buffer.from("what only the key's owner reads");
      const cipher = createCipheriv("aes-256-gcm", secret, iv);
      const sealed = Buffer.concat([
        cipher.update(text),
        cipher.final(),
        cipher.getAuthTag(),
      ]).toString("hex");
      const hex = {
        secret: secret.toString("hex"),
        wrapping: wrapping.toString("hex"),
        wrapped: wrapped.toString("hex"),
        iv: iv.toString("hex"),
        text: text.toString("hex"),
      };

      const before = await page.evaluate(async (given) => {
        const { fromHex, toHex, keys, found, exported } = window.gs;
        const program = await keys();
        const kek = await program.import(
          { kind: "AES-KW" },
          "raw",
          fromHex(given.wrapping),
        );
        const key = await program.unwrap(
          { kind: "AES-GCM" },
          "raw",
          kek,
          {},
          fromHex(given.wrapped),
        );
        const counts = [found(given.secret).count];
        await program.store("secret", key);
        counts.push(found(given.secret).count);
        const [own, ownPublic] = await program.generate({ kind: "ECDSA" });
        await program.store("signer", own);
        const made = await program.encrypt(
          key,
          { iv: fromHex(given.iv) },
          fromHex(given.text),
        );
        const { count, searched } = found(given.secret);
        const point = toHex(await program.export(ownPublic, "raw"));
        const refused = await Promise.all(
          [
            () => program.export(key, "raw"),
            () => program.export(key, "jwk"),
            () => program.wrap(key, "raw", kek),
            () => program.export(own, "pkcs8"),
          ].map((call) => call().catch(({ message }) => message)),
        );
        return {
          info: await program.info(key),
          sealed: toHex(made),
          counts: [...counts, count, found(given.secret).count],
          searched,
          point,
          refused,
          // The public key alone.
          exported: exported.count,
        };
      }, hex);
      assert.equal(before.info, "2 0 0 256 195 0");
      assert.equal(before.sealed, sealed);
      assert.deepEqual(before.counts, [0, 0, 0, 0]);
      assert.ok(before.searched > 65_536, `${before.searched} bytes searched`);
      assert.deepEqual(before.refused, Array(4).fill("EACCES"));
      assert.equal(before.exported, 1);

      await reload();
      const afterwards = await page.evaluate(
        async ({ given, point }) => {
          const { fromHex, toHex, keys, found, exported } = window.gs;
          const program = await keys();
          const key = await program.load("secret");
          const counts = [found(given.secret).count];
          const gcm = { iv: fromHex(given.iv) };
          const made = await program.encrypt(key, gcm, fromHex(given.text));
          const opened = await program.decrypt(key, gcm, made);
          const signer = await program.load("signer");
          const signature = await program.sign(signer, {}, opened);
          const ecdsa = { kind: "ECDSA" };
          const check = await program.import(ecdsa, "raw", fromHex(point));
          const verified = await program.verify(check, {}, opened, signature);
          const refused = await Promise.all(
            [
              () => program.export(key, "raw"),
              () => program.export(signer, "pkcs8"),
              () => program.sign(key, {}, opened),
            ].map((call) => call().catch(({ message }) => message)),
          );
          counts.push(found(given.secret).count);
          const taken = exported.count;
          const kept = await program.info(key);
          await program.forget("secret");
          const gone = await program
            .load("secret")
            .catch(({ message }) => message);
          // It would be found, were it there: the same bytes by the open way.
          const open = { kind: "AES-GCM", extractable: true };
          const raw = fromHex(given.secret);
          const other = await program.import(open, "raw", raw);
          await program.export(other, "raw");
          return {
            info: kept,
            sealed: toHex(made),
            opened: toHex(opened),
            verified,
            refused,
            counts,
            exported: taken,
            gone,
            control: found(given.secret).count,
          };
        },
        { given: hex, point: before.point },
      );
      assert.equal(afterwards.info, "2 0 0 256 195 0");
      assert.equal(afterwards.sealed, sealed);
      assert.equal(afterwards.opened, hex.text);
      assert.equal(afterwards.verified, 1);
      assert.deepEqual(afterwards.refused, Array(3).fill("EACCES"));
      assert.deepEqual(afterwards.counts, [0, 0]);
      assert.equal(afterwards.exported, 0);
      assert.equal(afterwards.gone, "ENOENT");
      assert.ok(afterwards.control > 0, "the search finds what is there");
    },
  );

  test(`${engine}: stores are apart, and of the origin`, limits, async (t) => {
    const { page, openTab } = await openCrypto(t, engine);
    await page.evaluate(async () => {
      const program = await window.gs.keys({ store: "mine" });
      const [key] = await program.generate({ kind: "HMAC" });
      await program.store("name", key);
    });
    const tab = await openTab();
    await tab.waitForFunction(() => "gs" in window);
    const seen = await tab.evaluate(async () => {
      const load = async (options) => {
        const program = await window.gs.keys(options);
        return program.load("name").then(
          (key) => program.info(key),
          ({ message }) => message,
        );
      };
      return [await load({ store: "mine" }), await load({})];
    });
    assert.deepEqual(seen, ["1 2 0 512 12 0", "ENOENT"]);
  });

  test(
    `${engine}: calls that are given up write nothing`,
    limits,
    async (t) => {
      const { page } = await openCrypto(t, engine);
      const seen = await page.evaluate(async () => {
        const program = await window.gs.keys();
        const data = new Uint8Array(1000).fill(1);
        const secret = new Uint8Array(32).fill(2);
        const cipher = { iv: new Uint8Array(12) };
        const raw = (kind) => program.import({ kind }, "raw", secret.slice());
        const [gcm, password] = [await raw("AES-GCM"), await raw("PBKDF2")];
        const slow = { salt: secret, iterations: 100_000 };
        const calls = [
          () => program.hash("SHA-512", data),
          () => program.hashPieces("SHA-512", data, 10),
          () => program.hmac("SHA-256", secret, data),
          () => program.generate({ kind: "RSA-OAEP", bits: 2048 }),
          () => program.encrypt(gcm, cipher, data),
          () => program.encrypt(gcm, cipher, data, { shift: 0 }),
          () => program.derive(password, slow, 64),
          () => program.store("name", gcm),
          () => program.load("name"),
        ];
        const answers = [];
        for (const how of [1, 2, 0]) {
          await program.endBy(0);
          // What was given up is not stored either.
          answers.push(await program.load("name").catch((e) => e.message));
          await program.endBy(how);
          for (const call of calls) {
            answers.push(
              await call().then(
                () => "done",
                ({ message }) => message,
              ),
            );
          }
        }
        return answers;
      });
      assert.deepEqual(seen, [
        "ENOENT",
        ...Array(9).fill("ECANCELED"),
        "ENOENT",
        ...Array(9).fill("ETIMEDOUT"),
        "ENOENT",
        ...Array(9).fill("done"),
      ]);
    },
  );

  test(
    `${engine}: a page that is not secure has random bytes and hashes by pieces, and says why no more`,
    limits,
    async (t) => {
      const { page } = await openCrypto(t, engine);
      const { origin } = new URL(page.url());
      const away = "http://insecure.test";
      await page.route(`${away}/**`, async (route) => {
        const url = route.request().url().replace(away, origin);
        const response = await fetch(url);
        await route.fulfill({
          status: response.status,
          headers: Object.fromEntries(response.headers),
          body: Buffer.from(await response.arrayBuffer()),
        });
      });
      await page.goto(`${away}/page.html`);
      await page.waitForFunction(() => "gs" in window);
      const seen = await page.evaluate(async () => {
        const { toHex, keys } = window.gs;
        const program = await keys();
        const data = new TextEncoder().encode("abc");
        const { message } = await program.hash("SHA-256", data).catch((e) => e);
        const words = await program.words();
        const random = await program.random(32);
        return {
          isSecureContext,
          message,
          words,
          random: toHex(random),
          pieces: toHex(await program.hashPieces("SHA-256", data, 1)),
          generate: await program
            .generate({ kind: "AES-GCM" })
            .catch((error) => error.message),
          load: await program.load("name").catch((error) => error.message),
        };
      });
      assert.equal(seen.isSecureContext, false);
      assert.equal(seen.message, "ENOTSUP");
      assert.match(seen.words, /https:/);
      assert.equal(seen.generate, "ENOTSUP");
      assert.equal(seen.load, "ENOTSUP");
      assert.notEqual(seen.random, "00".repeat(32));
      assert.equal(
        seen.pieces,
        createHash("sha256").update("abc").digest("hex"),
      );
    },
  );
}

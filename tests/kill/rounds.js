/* Lives of a volume: a page works on it until it is killed, and the next one
 * says what is left, which the verifier judges. The page talks to the server of
 * the test alone; what was acknowledged is what arrived there. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chance, seedOf } from "../helpers/chance.js";
import { startDemos } from "../helpers/server.js";
import { newProfile, startChromium } from "./chromium.js";
import { unpacked } from "./perform.js";
import { Verifier } from "./verify.js";

/**
 * @typedef {import("node:test").TestContext} TestContext
 * @typedef {import("node:http").IncomingMessage} IncomingMessage
 * @typedef {import("node:http").ServerResponse} ServerResponse
 *
 * @typedef {object} Moment when a page is killed: so many milliseconds after
 *   its volume was said to be sound, or before that, or after something
 * @property {"start" | "state" | "acknowledge" | "piece"} event
 * @property {number} count the how manieth of these events
 * @property {number} delayMs
 */

export const SEED = Number(process.env.GS_SEED ?? 1);
/** Of each workload: together more than fifty. */
export const KILLS = Number(process.env.GS_KILLS ?? 11);
/** For the tests of one workload; each kill costs the start of a browser. */
export const LIMIT = { timeout: Math.max(110_000, KILLS * 10_000) };
const LIFE_LIMIT_MS = 60_000;
/** Cleans up so often that many a kill comes in the middle of it. */
const BUSY = {
  logRecords: 4,
  logBytes: 4096,
  garbageBytes: 64 * 1024,
  smallRecords: 8,
};
/** What makes the volume work in different ways. */
const OPTIONS = [
  {},
  { tuning: BUSY, idleMs: 5 },
  { tuning: BUSY, dirtyBytes: 256 * 1024, cacheBytes: 1024 * 1024 },
  { dirtyBytes: 1024 * 1024, idleMs: 20 },
  { tuning: BUSY, strictClose: true },
  { dirtyBytes: 4 * 1024 * 1024, cacheBytes: 4 * 1024 * 1024 },
];

/** One in several hundred kills was seen to do that. */
const MOST_WIPES = 1;

/** What pages load beside the project's own modules. */
const MODULES = {
  "/kill/page.js": "page.js",
  "/kill/model.js": "model.js",
  "/kill/perform.js": "perform.js",
  "/kill/plans.js": "plans.js",
  "/kill/records.js": "records.js",
  "/kill/split-factory.js": "split-factory.js",
  "/kill/workload.js": "workload.js",
  "/helpers/chance.js": "../helpers/chance.js",
};

const PAGE = `<!doctype html><meta charset="utf-8"><title>kill</title>
<link rel="icon" href="data:,"><script type="module" src="page.js"></script>`;

/**
 * @param {IncomingMessage} request
 * @returns {Promise<Buffer | null>} null: the browser was killed meanwhile
 */
async function bodyOf(request) {
  const chunks = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return null;
  }
  return Buffer.concat(chunks);
}

/** The server's side: what the pages of one volume are told and tell. */
export class Session {
  /** What the page of the present life is to do. */
  plan = { kind: "", seed: 0, options: {}, splits: false };
  /** Whether the present life only says what is there. */
  isLast = false;
  life = 0;
  acknowledgements = 0;
  /** Lives of which more was left than was acknowledged. */
  ahead = 0;
  /** Lives that ended within a write. */
  partly = 0;
  /** What was said when the browser had thrown everything away. */
  /** @type {string[]} */
  wipes = [];
  verifier;
  address = "";
  /** @type {import("./verify.js").Verdict | null} the one that was bad */
  bad = null;
  #acknowledged = 0;
  #partialWrites = false;
  /** The last life whose page was let work. */
  #working = 0;
  /** Answers, at the moment to be killed, what never ends. */
  #happened = /** @type {(event: string) => unknown} */ (() => {});
  /** @type {(error: Error) => void} */
  #failed = () => {};

  /** @param {string} kind @param {number} seed */
  constructor(kind, seed) {
    this.plan = { ...this.plan, kind, seed };
    this.verifier = new Verifier(kind, seed);
  }

  /** @param {TestContext} t */
  async listen(t) {
    /** @param {(url: URL, body: Buffer) => unknown} answer */
    const route =
      (answer) =>
      /** @param {IncomingMessage} request @param {ServerResponse} response */
      async (request, response) => {
        const body = await bodyOf(request);
        if (body === null) return;
        const url = new URL(request.url ?? "/", "http://localhost");
        const life = Number(url.searchParams.get("life"));
        // A page that waits for its turn asks before that what it is to do.
        if (life !== this.life && !url.pathname.endsWith("plan")) {
          // What was on its way when the browser was killed counts.
          if (url.pathname.endsWith("acknowledge")) this.#noteLate(life, url);
          response.writeHead(410).end();
          return;
        }
        try {
          response.end(JSON.stringify((await answer(url, body)) ?? {}));
        } catch (error) {
          this.#failed(/** @type {Error} */ (error));
          response.writeHead(500).end();
        }
      };
    const files = Object.entries(MODULES).map(([path, file]) => [
      path,
      readFileSync(new URL(file, import.meta.url), "utf8"),
    ]);
    const base = await startDemos(t, {
      files: { "/kill/index.html": PAGE, ...Object.fromEntries(files) },
      routes: {
        "/kill/plan": route(() => this.#tellPlan()),
        "/kill/state": route((_url, body) => this.#judge(body)),
        "/kill/acknowledge": route((url) => this.#note(url)),
        "/kill/piece": route(() => this.#piece()),
        "/kill/trouble": route((_url, body) => {
          this.#failed(new Error(`in the page: ${body.toString()}`));
        }),
      },
    });
    this.address = `${base}kill/index.html`;
  }

  /** What is written to open a volume is not what the control is about. */
  #piece() {
    if (this.#working !== this.life) return undefined;
    return this.#happened("piece");
  }

  #tellPlan() {
    this.#happened("start");
    return this.plan;
  }

  /** @param {Buffer} body */
  #judge(body) {
    const { found, more } = unpacked(body);
    if (more.wiped) this.#beginAnew(more.wiped);
    const verdict =
      more.failure === undefined
        ? this.#verify(found, more.check)
        : this.verifier.refuse(more.failure);
    if (!verdict.ok) {
      this.bad = verdict;
      throw new Error(`${verdict.fault}: ${verdict.text}`);
    }
    const { done, torn } = verdict.crash;
    if (done > this.#acknowledged) this.ahead++;
    if (torn) this.partly++;
    this.#acknowledged = done;
    this.#working = this.life;
    this.#partialWrites = "dirtyBytes" in this.plan.options;
    this.#happened("state");
    return this.isLast ? {} : { crashes: this.verifier.crashes };
  }

  /**
   * Chromium makes its database anew when it finds it damaged, as a kill in the
   * middle of its own write to its log can leave it. No volume can prevent that,
   * but it must say so: what is not said is found by the verifier.
   * @param {string} text
   */
  #beginAnew(text) {
    this.wipes.push(text);
    if (this.wipes.length > MOST_WIPES) throw new Error(`again: ${text}`);
    this.verifier = new Verifier(this.plan.kind, this.plan.seed);
    this.#acknowledged = 0;
    this.#partialWrites = false;
  }

  /**
   * @param {import("./perform.js").Found[]} found
   * @param {{ ok: boolean, problems: string[] }} check
   */
  #verify(found, check) {
    return this.verifier.verify(found, {
      acknowledged: this.#acknowledged,
      partialWrites: this.#partialWrites,
      // The control is about what the verifier sees by itself.
      check: this.plan.splits ? { ok: true, problems: [] } : check,
    });
  }

  /** @param {number} life @param {URL} url */
  #noteLate(life, url) {
    if (life === this.#working) this.#count(url);
  }

  /** @param {URL} url */
  #note(url) {
    this.#count(url);
    return this.#happened("acknowledge");
  }

  /** @param {URL} url */
  #count(url) {
    const done = Number(url.searchParams.get("done"));
    this.acknowledgements++;
    this.#acknowledged = Math.max(this.#acknowledged, done);
  }

  /** The address of the next life's page. */
  get nextAddress() {
    return `${this.address}?life=${this.life + 1}`;
  }

  /** From now on it is the next page's turn. */
  nextLife() {
    const address = this.nextAddress;
    this.life++;
    return address;
  }

  /**
   * Waits for the moment; rejects when the page fails.
   * @param {Moment} moment
   * @param {Promise<void>} ended the browser's
   * @returns {Promise<void>}
   */
  until({ event, count, delayMs }, ended) {
    return new Promise((resolve, reject) => {
      let left = count;
      const limit = setTimeout(() => {
        reject(new Error(`no ${event} within ${LIFE_LIMIT_MS} ms`));
      }, LIFE_LIMIT_MS);
      /** @param {Error} error */
      const failed = (error) => {
        clearTimeout(limit);
        reject(error);
      };
      this.#failed = failed;
      void ended.then(() => failed(new Error("the browser has ended")));
      this.#happened = (one) => {
        if (one !== event || --left !== 0) return undefined;
        clearTimeout(limit);
        if (delayMs === 0) resolve();
        else setTimeout(resolve, delayMs);
        // Whoever is killed between two pieces waits there until then.
        return event === "piece" ? new Promise(() => {}) : undefined;
      };
    });
  }
}

/**
 * A moment by chance: mostly while the page works, at times before.
 * @param {(below: number) => number} random
 * @returns {Moment}
 */
export function someMoment(random) {
  const kind = random(8);
  if (kind === 0) return { event: "start", count: 1, delayMs: random(150) };
  if (kind < 3) return { event: "state", count: 1, delayMs: random(300) };
  const count = 1 + random(8);
  // At once finds what was told too early.
  const delayMs = kind < 6 ? 0 : random(120);
  return { event: "acknowledge", count, delayMs };
}

/**
 * One life: a browser opens the page on a profile, and is killed.
 * @param {TestContext} t
 * @param {Session} session
 * @param {string} profile
 * @param {Moment} moment
 * @throws {Error} what is wrong with what the last life left, or with this one
 */
export async function live(t, session, profile, moment) {
  const chromium = startChromium(t, profile, [session.nextLife()]);
  try {
    await session.until(moment, chromium.ended);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    const { kind, seed, options } = session.plan;
    assert.fail(
      `${kind}, GS_SEED=${seed}, life ${session.life} with ` +
        `${JSON.stringify(options)}: ${message}`,
    );
  } finally {
    await chromium.kill();
  }
}

/**
 * Kills a browser at work, again and again, and looks each time at what is
 * left. A failure names the seed and the life.
 * @param {TestContext} t
 * @param {string} kind of workload
 * @param {number} kills
 * @param {number} [seed]
 */
export async function killAgain(t, kind, kills, seed = SEED) {
  const session = new Session(kind, seed);
  await session.listen(t);
  const profile = newProfile(t);
  const random = chance(seedOf(seed, kills));
  for (let kill = 0; kill < kills; kill++) {
    session.plan.options = OPTIONS[random(OPTIONS.length)] ?? {};
    await live(t, session, profile, someMoment(random));
  }
  session.isLast = true;
  await live(t, session, profile, { event: "state", count: 1, delayMs: 0 });
  return session;
}

/**
 * That pages did work before they were killed; a line for people.
 * @param {TestContext} t
 * @param {Session} session
 */
export function tellsEnough(t, session) {
  const { life, acknowledgements, ahead, partly, verifier, wipes } = session;
  for (const text of wipes) t.diagnostic(`LOST BY THE BROWSER: ${text}`);
  t.diagnostic(
    `${life - 1} kills, ${verifier.done} operations; ${acknowledgements} ` +
      `acknowledgements, ${ahead} times more was kept, ${partly} in a write`,
  );
  assert.ok(acknowledgements > 0, "nothing was ever acknowledged");
  assert.ok(verifier.done > 0, "nothing was ever done");
}

/**
 * The same with transactions taken apart, killed between the parts, until the
 * verifier finds a fault.
 * @param {TestContext} t
 * @param {string} kind of workload
 * @param {number} mostKills
 * @param {number} [seed]
 */
export async function killApart(t, kind, mostKills, seed = SEED) {
  const session = new Session(kind, seed);
  await session.listen(t);
  const profile = newProfile(t);
  const random = chance(seedOf(seed, mostKills));
  session.plan.splits = true;
  session.plan.options = { tuning: BUSY };
  for (let kill = 0; kill < mostKills; kill++) {
    const count = 1 + random(40);
    try {
      await live(t, session, profile, { event: "piece", count, delayMs: 0 });
    } catch (error) {
      if (session.bad === null) throw error;
      break;
    }
  }
  return session;
}

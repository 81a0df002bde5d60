/* What the demo pages share: the page's own clock, numbers in words, and the
 * colours of the C source they show. */

/** @param {string} selector */
export function find(selector) {
  const element = document.querySelector(selector);
  if (element === null) throw new Error(`the page has no ${selector}`);
  return /** @type {HTMLElement} */ (element);
}

/**
 * @param {string} selector
 * @param {string} text
 */
export function show(selector, text) {
  const element = find(selector);
  // An unchanged text must not be laid out again, nor announced.
  if (element.textContent !== text) element.textContent = text;
}

/** Shows what went wrong, whatever it was. @param {unknown} error */
export function showError(error) {
  const box = find("#problem");
  box.textContent = error instanceof Error ? error.message : String(error);
  box.hidden = false;
}

/** What is begun now is not what went wrong before. */
export function clearError() {
  find("#problem").hidden = true;
}

const WHOLE = new Intl.NumberFormat("en");
const ONE_DIGIT = new Intl.NumberFormat("en", {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

/** @param {number} value */
export const whole = (value) => WHOLE.format(Math.round(value));
/** @param {number} value */
export const oneDigit = (value) => ONE_DIGIT.format(value);

const RATE_OVER_MS = 1000;

/**
 * The page's own clock: it ticks in the page's animation frames, so whatever
 * keeps the page from painting shows as a gap.
 */
export class PageClock {
  #last = 0;
  #longest = 0;
  #frames = 0;
  #onTick;

  /** @param {(timestampMs: number) => void} onTick called in every frame */
  constructor(onTick = () => {}) {
    this.#onTick = onTick;
    // A hidden page gets no frames; that gap is not anybody's fault.
    document.addEventListener("visibilitychange", () => {
      this.#last = 0;
    });
    requestAnimationFrame(this.#frame);
  }

  /** @param {number} timestampMs */
  #frame = (timestampMs) => {
    if (this.#last > 0) {
      this.#longest = Math.max(this.#longest, timestampMs - this.#last);
    }
    this.#last = timestampMs;
    this.#frames += 1;
    this.#onTick(timestampMs);
    requestAnimationFrame(this.#frame);
  };

  /** The longest time between two frames since reset(), in milliseconds. */
  get longestMs() {
    return this.#longest;
  }

  /** How many frames there were since reset(). */
  get frames() {
    return this.#frames;
  }

  reset() {
    this.#longest = 0;
    this.#frames = 0;
  }
}

/** How fast a total grows, over the last second. */
export class Rate {
  /** @type {{ atMs: number, total: number }[]} */
  #marks = [];

  /** @param {number} total */
  perSecond(total) {
    const atMs = performance.now();
    if (total < (this.#marks.at(-1)?.total ?? 0)) this.#marks = [];
    this.#marks.push({ atMs, total });
    while (atMs - (this.#marks[1]?.atMs ?? atMs) > RATE_OVER_MS) {
      this.#marks.shift();
    }
    const [first = { atMs, total }] = this.#marks;
    const passedMs = atMs - first.atMs;
    return passedMs > 0 ? ((total - first.total) * 1000) / passedMs : 0;
  }
}

/**
 * The page's clock as it is shown: a dial that turns with the frames, how many
 * there are in a second, and the longest gap between two.
 */
export class Dial {
  #frameRate = new Rate();
  #frames = 0;
  #clock;

  constructor() {
    const hand = find("#hand");
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.#clock = new PageClock((timestampMs) => {
      const seconds = timestampMs / 1000;
      const shown = calm.matches ? Math.floor(seconds) : seconds;
      const turn = ((shown % 4) * 90).toFixed(2);
      hand.setAttribute("transform", `rotate(${turn})`);
      show("#seconds", seconds.toFixed(1));
      this.#frames += 1;
    });
  }

  /** Shows the figures; to be called a few times a second. */
  showFigures() {
    const rate = this.#frameRate.perSecond(this.#frames);
    if (rate > 0) show("#fps", whole(rate));
    show("#gap", whole(this.#clock.longestMs));
  }

  /** Begins the longest gap anew. */
  reset() {
    this.#clock.reset();
  }
}

const C_TOKENS =
  /(?<comment>\/\*[^]*?\*\/)|(?<text>"(?:[^"\\]|\\.)*")|(?<word>\b(?:static|struct|const|void|int|int64_t|double|float|for|while|if|else|return|break|continue|sizeof|bool|true|false|NULL|function|new|await|async|try|finally)\b|^#\w+)|(?<call>\b(?:gs_\w+|GS_\w+|WASI|Terminal))|[^]/gmu;

/** Colours the C source of every .source element. */
export function colourSources() {
  for (const code of document.querySelectorAll(".source code")) {
    const parts = document.createDocumentFragment();
    let plain = "";
    for (const match of (code.textContent ?? "").matchAll(C_TOKENS)) {
      const kind = Object.entries(match.groups ?? {}).find(
        ([, text]) => text !== undefined,
      )?.[0];
      if (kind === undefined) {
        plain += match[0];
        continue;
      }
      const span = document.createElement("span");
      span.className = `c-${kind}`;
      span.textContent = match[0];
      parts.append(plain, span);
      plain = "";
    }
    parts.append(plain);
    code.replaceChildren(parts);
  }
}

/* The terminal emulator on the page, which is xterm.js: in the page's colours
 * and as wide as there is room; and a way out of it for the keyboard. */
import { FitAddon } from "/xterm-fit/lib/addon-fit.mjs";
import { Terminal } from "/xterm/lib/xterm.mjs";

/** More than is shown in a moment, and less than takes long to produce. */
const MAX_BACKLOG_BYTES = 8_192;
/** Plain letters, no cursor, no reports of the mouse, the first screen. */
const RESET = "\x1b[0m\x1b[?25l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1049l";

/** Legible on the page's own grounds, light and dark. */
const COLOURS = {
  light: {
    black: "#1b2236",
    red: "#be123c",
    green: "#15803d",
    yellow: "#a16207",
    blue: "#4f46e5",
    magenta: "#c026d3",
    cyan: "#0f766e",
    white: "#5b6478",
  },
  dark: {
    black: "#9aa4bd",
    red: "#fda4af",
    green: "#86efac",
    yellow: "#fde047",
    blue: "#a5b4fc",
    magenta: "#f0abfc",
    cyan: "#5eead4",
    white: "#e7eaf4",
  },
};

/** @param {boolean} isDark */
function theme(isDark) {
  const style = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const colour = (name) => style.getPropertyValue(name).trim();
  const colours = isDark ? COLOURS.dark : COLOURS.light;
  const bright = Object.entries(colours).map(([name, value]) => [
    `bright${name[0]?.toUpperCase()}${name.slice(1)}`,
    value,
  ]);
  return {
    ...colours,
    ...Object.fromEntries(bright),
    background: colour("--ground"),
    foreground: colour("--text"),
    cursor: colour("--accent"),
    cursorAccent: colour("--ground"),
    selectionBackground: isDark ? "#3b4a75" : "#c7d2fe",
  };
}

export class Screen {
  #emulator;
  #fit = new FitAddon();
  /** What was written and is not yet shown. */
  #backlogBytes = 0;
  #drained = () => {};
  #place;
  /** Whether all keys but Shift+Tab go to the program. */
  raw = false;

  /**
   * @param {HTMLElement} place
   * @param {{ onInput: (text: string) => void, onResize: () => void }} events
   */
  constructor(place, { onInput, onResize }) {
    this.#place = place;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    const narrow = matchMedia("(max-width: 36rem)");
    const style = getComputedStyle(document.documentElement);
    this.#emulator = new Terminal({
      cursorBlink: !calm.matches,
      disableStdin: true,
      fontFamily: style.getPropertyValue("--mono").trim(),
      fontSize: narrow.matches ? 12 : 14,
      minimumContrastRatio: 4.5,
      screenReaderMode: true,
      scrollback: 5000,
      theme: theme(dark.matches),
    });
    dark.addEventListener("change", () => {
      this.#emulator.options.theme = theme(dark.matches);
    });
    this.#emulator.loadAddon(this.#fit);
    this.#emulator.open(place);
    this.#emulator.textarea?.setAttribute("aria-describedby", "terminal-note");
    this.#emulator.attachCustomKeyEventHandler(
      (event) => event.key !== "Tab" || (this.raw && !event.shiftKey),
    );
    this.#emulator.onData(onInput);
    this.#emulator.onResize(onResize);
    new ResizeObserver(() => this.#fit.fit()).observe(place);
    this.#fit.fit();
    this.close();
  }

  get columns() {
    return this.#emulator.cols;
  }

  get rows() {
    return this.#emulator.rows;
  }

  /** As at the beginning, for a program that starts: keys are taken. */
  open() {
    this.#emulator.reset();
    this.#emulator.options.disableStdin = false;
  }

  /** The program is gone, and with it the cursor and what it set. */
  close() {
    this.#emulator.options.disableStdin = true;
    this.#emulator.write(RESET);
  }

  /**
   * @param {Uint8Array} bytes the emulator's own from now on
   * @returns {Promise<void> | undefined} when it can take more, if not at once:
   *   a program that prints without end has to wait for the emulator
   */
  write(bytes) {
    this.#backlogBytes += bytes.length;
    this.#emulator.write(bytes, () => {
      this.#backlogBytes -= bytes.length;
      if (this.#backlogBytes <= MAX_BACKLOG_BYTES / 2) this.#drained();
    });
    if (this.#backlogBytes < MAX_BACKLOG_BYTES) return undefined;
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  clear() {
    this.#emulator.clear();
  }

  /** Brings it into view, where alone it is painted, and takes the keys. */
  focus() {
    this.#place.scrollIntoView({ block: "nearest" });
    this.#emulator.focus();
  }
}

/* The jobs of the stream demo: what each is started with, what it shows, and
 * what must be true when it has ended. */
import { find, oneDigit, show, whole } from "./demo.js";

/** @typedef {import("./stream-panel.js").Kind} Kind */

const MB = 1024 * 1024;
const DOWNLOAD_MB = 200;
const UPLOAD_MB = 64;
const PARTS_MB = 64;
const DROP_MB = 7;
const EVENTS_HZ = 20;
const EVENTS_EACH = 25;
const MESSAGES = 1000;
const PLOT_VALUES = 400;

/**
 * @param {string} selector of a progress bar
 * @param {number} done
 * @param {number} total negative or 0: not known
 */
function fill(selector, done, total) {
  const bar = /** @type {HTMLProgressElement} */ (find(selector));
  bar.value = total > 0 ? done / total : 0;
}

/** @param {number} count */
const times = (count) => (count === 1 ? "once" : `${whole(count)} times`);

/** @type {Kind} */
export const DOWNLOAD = {
  name: "download",
  args: () => [`/api/download?mb=${DOWNLOAD_MB}`],
  total: ({ checked }) => checked,
  show({ checked, total }, perSecond) {
    fill("#download-progress", checked, total);
    show("#download-checked", oneDigit(checked / MB));
    show("#download-rate", oneDigit(perSecond / MB));
  },
  mistake({ wrongAt, checked, bytes }) {
    if (wrongAt >= 0) return `byte ${whole(wrongAt)} is wrong`;
    const missing = bytes - checked;
    return missing === 0 ? "" : `${whole(missing)} bytes were not checked`;
  },
  praise: ({ checked }) => `all ${whole(checked)} bytes are right`,
};

/** @type {number[]} */
const plotted = [];

/** @type {Kind} */
export const FEED = {
  name: "feed",
  input: "#hz",
  args: () => {
    const hz = /** @type {HTMLSelectElement} */ (find("#hz"));
    return [`/api/feed?hz=${hz.value}`];
  },
  total: ({ lines }) => lines,
  show({ lines, values }, perSecond) {
    show("#feed-lines", whole(lines));
    show("#feed-rate", whole(perSecond));
    plotted.push(...values);
    plotted.splice(0, plotted.length - PLOT_VALUES);
    find("#curve").setAttribute(
      "points",
      plotted.map((value, index) => `${index},${-value}`).join(" "),
    );
  },
  mistake: ({ wrong, lines }) =>
    wrong > 0 ? `${whole(wrong)} of ${whole(lines)} lines` : "",
  praise: ({ lines }) => `all ${whole(lines)} lines are right`,
};

/** @type {Kind} */
export const UPLOAD = {
  name: "upload",
  args: () => ["/api/upload", UPLOAD_MB],
  total: ({ sent }) => sent,
  show({ sent, total }, perSecond) {
    fill("#upload-progress", sent, total);
    show("#upload-sent", oneDigit(sent / MB));
    show("#upload-rate", oneDigit(perSecond / MB));
  },
  mistake: ({ answered, same }) =>
    answered && !same ? "the server has other bytes" : "",
  praise: ({ sent, same, streamed }) =>
    same
      ? `the server has all ${whole(sent)} bytes, ` +
        (streamed ? "streamed" : "collected first: nothing streams up here")
      : `${whole(sent)} bytes were taken`,
};

/** @type {Kind} */
export const RESUME = {
  name: "resume",
  args: () => [`/api/parts?mb=${PARTS_MB}&drop=${DROP_MB}`],
  total: ({ at }) => at,
  show({ at, total, breaks }, perSecond) {
    fill("#resume-progress", at, total);
    show("#resume-rate", oneDigit(perSecond / MB));
    show("#resume-breaks", whole(breaks));
  },
  mistake: ({ at, total }) =>
    total >= 0 && at > total ? `${whole(at - total)} bytes too many` : "",
  praise: ({ at, breaks, restarts }) =>
    `all ${whole(at)} bytes are right, resumed ${times(breaks)}` +
    (restarts > 0 ? `, begun anew ${times(restarts)}` : ""),
};

/** @type {Kind} */
export const EVENTS = {
  name: "events",
  args: () => [`/api/events?hz=${EVENTS_HZ}&each=${EVENTS_EACH}`],
  total: ({ count }) => count,
  show({ count, connections }) {
    show("#events-count", whole(count));
    show("#events-connections", whole(connections));
  },
  mistake: ({ wrong, count }) =>
    wrong > 0 ? `${whole(wrong)} of ${whole(count)} events` : "",
  praise: ({ count, connections }) =>
    `all ${whole(count)} events are right, ` +
    `over ${whole(connections)} connections`,
};

/** @type {Kind} */
export const ECHO = {
  name: "echo",
  args: () => ["/api/echo", MESSAGES],
  total: ({ received }) => received,
  show({ total, received, bytes }, perSecond) {
    fill("#echo-progress", received, total);
    show("#echo-rate", whole(perSecond));
    show("#echo-bytes", oneDigit(bytes / MB));
  },
  mistake: ({ wrongAt }) =>
    wrongAt >= 0 ? `message ${whole(wrongAt)} came back different` : "",
  praise: ({ received, closeCode }) =>
    `all ${whole(received)} messages came back the same` +
    (closeCode > 0 ? `, closed with ${closeCode}` : ""),
};

/**
 * @param {() => { path: string, sizeBytes: number }} next the file, offered
 * @returns {Kind}
 */
export function hashKind(next) {
  let sizeBytes = 0;
  return {
    name: "hash",
    input: "#hash-file",
    args() {
      const file = next();
      sizeBytes = file.sizeBytes;
      return [file.path];
    },
    total: ({ hashed }) => hashed,
    show({ hashed, sha256 }, perSecond) {
      fill("#hash-progress", hashed, sizeBytes);
      show("#hash-rate", oneDigit(perSecond / MB));
      show("#hash-hashed", oneDigit(hashed / MB));
      show("#hash-digest", sha256);
    },
    mistake: ({ hashed, sha256 }) =>
      sha256 !== "" && hashed !== sizeBytes
        ? `${whole(hashed)} of ${whole(sizeBytes)} bytes`
        : "",
    praise: ({ hashed }, seconds) =>
      `${whole(hashed)} bytes hashed in ${oneDigit(seconds)} s`,
  };
}

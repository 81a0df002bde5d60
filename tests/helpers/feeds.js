/* Servers of feeds, as the program of a test sees them: what is answered to one
 * request after the other, and what each request was. */

/**
 * @typedef {import("node:http").RequestListener} Handler
 * @typedef {import("node:http").ServerResponse} Response
 * @typedef {(response: Response) => void} Answer
 *
 * @typedef {object} Asked
 * @property {string} method
 * @property {string} url
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {string} body
 * @property {Promise<void>} closed when the response is gone
 */

/** What a browser has not passed on yet when a connection breaks, it drops. */
const BREAKS_AFTER_MS = 50;

/**
 * Answers one after the other, the last again and again.
 * @param {...Answer} answers
 */
export function answering(...answers) {
  /** @type {Asked[]} */
  const requests = [];
  /** @type {Handler} */
  const handler = (request, response) => {
    let body = "";
    request.on("data", (bytes) => {
      body += bytes;
    });
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const answer = answers[Math.min(requests.length, answers.length - 1)];
      /** @type {Promise<void>} */
      const closed = new Promise((resolve) => {
        response.on("close", resolve);
      });
      requests.push({ method, url, headers, body, closed });
      answer?.(response);
    });
  };
  return { requests, handler };
}

/**
 * Answers of a type.
 * @param {string} type
 */
export function feedOf(type) {
  const head = { "Content-Type": type };
  return {
    /**
     * The text, and the end of it.
     * @param {string} text
     * @returns {Answer}
     */
    whole: (text) => (response) => response.writeHead(200, head).end(text),

    /**
     * The text, and then the connection breaks.
     * @param {string} text
     * @returns {Answer}
     */
    cut: (text) => (response) => {
      response.writeHead(200, head);
      response.write(text);
      setTimeout(() => response.destroy(), BREAKS_AFTER_MS);
    },

    /**
     * The text, and then nothing.
     * @param {string} text
     * @returns {Answer}
     */
    stays: (text) => (response) => {
      response.writeHead(200, head);
      response.write(text);
    },

    /**
     * The text by so many bytes at a time, whatever they tear apart.
     * @param {string} text
     * @param {number} size
     * @returns {Answer}
     */
    inPieces: (text, size) => async (response) => {
      response.writeHead(200, head);
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += size) {
        response.write(bytes.subarray(at, at + size));
        await new Promise((resolve) => {
          setTimeout(resolve, 2);
        });
      }
      response.end();
    },
  };
}

/**
 * @param {number} code
 * @param {import("node:http").OutgoingHttpHeaders} [headers]
 * @returns {Answer}
 */
export const status =
  (code, headers = {}) =>
  (response) =>
    response.writeHead(code, headers).end();

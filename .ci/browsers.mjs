/* Firefox takes seconds to start, most of them of both cores: test files that
 * run one after the other use the same one. It is lent to one file at a time,
 * so there are as many as files run at once. What is opened in it has contexts
 * of its own; one that is not given back is not lent again. */
import { once } from "node:events";
import { createServer } from "node:http";
import { firefox } from "playwright-core";
import { firefoxOptions } from "../tests/helpers/browsers.js";

/** @typedef {import("playwright-core").BrowserServer} BrowserServer */

/** @param {import("node:http").IncomingMessage} request */
async function textOf(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

/**
 * @param {Record<string, string | undefined>} env
 * @returns {Promise<BrowserServer>}
 */
function launchServer(env) {
  return firefox.launchServer({
    ...firefoxOptions(),
    env: { ...process.env, ...env },
  });
}

/** Firefoxes that run, by their addresses, and those of them that are free. */
class Shelf {
  /** @type {Map<string, BrowserServer>} */
  #all = new Map();
  /** @type {string[]} */
  #free = [];
  #launch;

  /** @param {() => Promise<BrowserServer>} launch */
  constructor(launch) {
    this.#launch = launch;
  }

  /** @returns {Promise<string>} the address of one that nobody else has */
  async take() {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const server = await this.#launch();
    const endpoint = server.wsEndpoint();
    this.#all.set(endpoint, server);
    server.on("close", () => {
      this.#all.delete(endpoint);
      this.#free = this.#free.filter((other) => other !== endpoint);
    });
    return endpoint;
  }

  /** @param {string} endpoint */
  put(endpoint) {
    if (this.#all.has(endpoint)) this.#free.push(endpoint);
  }

  async close() {
    await Promise.all([...this.#all.values()].map((one) => one.close()));
  }
}

/**
 * @param {Record<string, string | undefined>} env of the browsers
 * @param {typeof launchServer} [launch]
 * @returns {Promise<{ address: string, close: () => Promise<void> }>} where
 *   tests/helpers/browsers.js borrows one (POST) and gives it back (PUT)
 */
export async function lendFirefox(env, launch = launchServer) {
  const shelf = new Shelf(() => launch(env));
  const server = createServer(async (request, response) => {
    try {
      if (request.method === "POST") {
        response.end(await shelf.take());
      } else {
        shelf.put(await textOf(request));
        response.end();
      }
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (
    server.address()
  );
  return {
    address: `http://127.0.0.1:${port}/`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await shelf.close();
    },
  };
}

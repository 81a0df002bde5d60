/* IndexedDB without its transactions, for the control of the kill test: each
 * request of a transaction that writes becomes a transaction of its own, one
 * after the other, and somebody is told in between. Runs in pages. */

/** Something with events and with their handlers as properties. */
class Emitter extends EventTarget {
  /** @param {string[]} types */
  constructor(types) {
    super();
    for (const type of types) {
      /** @type {any} */ (this)[`on${type}`] = null;
      this.addEventListener(type, (event) => {
        /** @type {any} */ (this)[`on${type}`]?.call(this, event);
      });
    }
  }

  /** @param {string} type @returns {boolean} whether nobody objected */
  emit(type) {
    return this.dispatchEvent(new Event(type, { cancelable: true }));
  }
}

/** Stands in for a request, which is made later. */
class Request extends Emitter {
  readyState = "pending";
  /** @type {any} */
  result = undefined;
  /** @type {DOMException | null} */
  error = null;
  /** Makes the real one. @type {() => IDBRequest} */
  make;
  transaction;

  /** @param {Transaction} transaction @param {() => IDBRequest} make */
  constructor(transaction, make) {
    super(["success", "error"]);
    this.transaction = transaction;
    this.make = make;
  }
}

class Transaction extends Emitter {
  /** @type {DOMException | null} */
  error = null;
  mode = "readwrite";
  db;
  #options;
  #between;
  /** @type {Request[]} */
  #queue = [];
  #isOver = false;

  /**
   * @param {IDBDatabase} db
   * @param {IDBTransactionOptions | undefined} options
   * @param {() => Promise<unknown>} between
   */
  constructor(db, options, between) {
    super(["complete", "abort", "error"]);
    this.db = db;
    this.#options = options;
    this.#between = between;
    void this.#run();
  }

  get durability() {
    return this.#options?.durability ?? "default";
  }

  /** @param {string} name */
  objectStore(name) {
    /** @param {string} method */
    const queued =
      (method) =>
      /** @param {...any} args */
      (...args) => {
        const request = new Request(this, () => {
          const own = this.db.transaction([name], "readwrite", this.#options);
          return /** @type {any} */ (own.objectStore(name))[method](...args);
        });
        this.#queue.push(request);
        return request;
      };
    const real = this.db.transaction([name]).objectStore(name);
    return new Proxy(real, {
      get(store, key) {
        const value = Reflect.get(store, key, store);
        return typeof value === "function" ? queued(String(key)) : value;
      },
    });
  }

  commit() {}

  abort() {
    this.#over("abort");
  }

  /** @param {"complete" | "abort"} how */
  #over(how) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#queue = [];
    this.emit(how);
  }

  async #run() {
    let isFirst = true;
    // What answers to a request make further ones, as in a transaction.
    await new Promise((resolve) => setTimeout(resolve));
    for (;;) {
      const request = this.#queue.shift();
      if (request === undefined) break;
      if (!isFirst) await this.#between();
      isFirst = false;
      await this.#perform(request);
      if (this.#isOver) return;
    }
    this.#over("complete");
  }

  /** @param {Request} request */
  async #perform(request) {
    /** @type {DOMException | null} */
    const error = await new Promise((resolve) => {
      const real = request.make();
      const own = /** @type {IDBTransaction} */ (real.transaction);
      own.oncomplete = () => {
        request.result = real.result;
        resolve(null);
      };
      own.onabort = () => resolve(own.error ?? real.error);
    });
    request.readyState = "done";
    request.error = error;
    if (error === null) {
      request.emit("success");
    } else if (request.emit("error")) {
      this.error = error;
      this.emit("error");
      this.#over("abort");
    }
  }
}

/**
 * @param {IDBDatabase} db
 * @param {() => Promise<unknown>} between
 * @returns {IDBDatabase}
 */
function splitDatabase(db, between) {
  return passing(db, (key) =>
    key === "transaction"
      ? /** @type {any} */ (
          (
            /** @type {any} */ stores,
            /** @type {IDBTransactionMode} */ mode,
            /** @type {any} */ options,
          ) =>
            mode === "readwrite"
              ? new Transaction(db, options, between)
              : db.transaction(stores, mode, options)
        )
      : undefined,
  );
}

/**
 * An object that is another one but for what is said of some properties.
 * @template {object} T
 * @param {T} target
 * @param {(key: string | symbol) => unknown} instead undefined: as it is
 * @returns {T}
 */
function passing(target, instead) {
  return new Proxy(target, {
    get(object, key) {
      const other = instead(key);
      if (other !== undefined) return other;
      const value = Reflect.get(object, key, object);
      return typeof value === "function" ? value.bind(object) : value;
    },
    set: (object, key, value) => Reflect.set(object, key, value, object),
  });
}

/**
 * @param {IDBFactory} factory the real one
 * @param {() => Promise<unknown>} between is waited for between two requests
 *   of a transaction
 * @returns {IDBFactory}
 */
export function splitFactory(factory, between) {
  /** @param {...any} args */
  const open = (...args) => {
    const request = factory.open(.../** @type {[string]} */ (args));
    return passing(request, (key) => {
      // An upgrade stays a transaction: the control is about commits.
      if (key !== "result" || request.transaction !== null) return undefined;
      return splitDatabase(request.result, between);
    });
  };
  return passing(factory, (key) => (key === "open" ? open : undefined));
}

/* The C program behind the file manager, as the page calls it: paths in the
 * volume instead of the program's own, errors instead of numbers, and what takes
 * time as a job that tells how far it is and can be cancelled. */
import { load } from "/dist/gossamer.mjs";
import { PortVolume } from "./ports.js";
import { StorageError, storageError } from "./storage.js";

/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {"file" | "folder" | "link"} type
 * @property {number} bytes
 * @property {number} ms when it was changed
 *
 * @typedef {object} Job
 * @property {Promise<void>} ended rejected with why it failed
 * @property {() => Promise<number>} done bytes or entries so far
 * @property {() => void} cancel
 */

const encoder = new TextEncoder();

/** @param {string} path "/" or "/a/b", in the volume */
const inProgram = (path) => (path === "/" ? "/files" : `/files${path}`);

/** @param {readonly string[]} paths */
function pathBytes(paths) {
  return encoder.encode(paths.map((path) => `${inProgram(path)}\0`).join(""));
}

/** @param {string} answer of a job: "" or "51 /files/a/b" */
function checkJob(answer) {
  if (answer === "") return;
  const [, number = "0", path = ""] = /^(\d+) ([^]*)$/.exec(answer) ?? [];
  throw storageError(Number(number), path.replace(/^\/files\//, ""));
}

export class FilesProgram {
  #ports = new PortVolume();
  /** @type {import("../js/index.js").App | null} */
  #app = null;
  #lastJob = 0;

  /**
   * @param {import("../js/fs/volume.js").Volume} volume
   * @param {boolean} readOnly
   */
  async start(volume, readOnly) {
    const files = { volume, readOnly };
    this.#app = await load("/apps/files.wasm", {
      mounts: { "/files": files, "/port": this.#ports },
    });
  }

  stop() {
    void this.#app?.stop();
  }

  /** Rejected when it has crashed. */
  get exited() {
    return this.#app?.exited;
  }

  /**
   * @param {string} name
   * @param {...unknown} args
   * @returns {Promise<any>}
   */
  #call(name, ...args) {
    if (this.#app === null) throw new StorageError("EBUSY");
    return this.#app.call(name, ...args);
  }

  /** @param {string} path @returns {Promise<Entry[]>} */
  async list(path) {
    const answer = await this.#call("list_folder", inProgram(path));
    if (answer?.startsWith("[")) return JSON.parse(answer);
    throw storageError(Number(answer), path);
  }

  /** @param {string} path */
  async makeFolder(path) {
    const answer = await this.#call("make_folder", inProgram(path));
    if (answer < 0) throw storageError(answer, path);
  }

  /** @param {string} path */
  async makeFile(path) {
    const answer = await this.#call("make_file", inProgram(path));
    if (answer < 0) throw storageError(answer, path);
  }

  /** @param {string} from @param {string} to */
  async move(from, to) {
    const answer = await this.#call(
      "move_path",
      inProgram(from),
      inProgram(to),
    );
    if (answer < 0) throw storageError(answer, to);
  }

  /** @param {string[]} paths @returns {Promise<boolean[]>} which are there */
  async exist(paths) {
    const bytes = pathBytes(paths);
    const answer = await this.#call("which_exist", bytes, bytes.length);
    return [...(answer ?? "")].map((one) => one === "1");
  }

  /**
   * @param {(id: number) => Promise<void>} run
   * @returns {Job}
   */
  #job(run) {
    this.#lastJob += 1;
    const id = this.#lastJob;
    return {
      ended: run(id),
      done: () => this.#call("progress", id),
      cancel: () => void this.#call("cancel", id).catch(() => {}),
    };
  }

  /**
   * Files under their paths, over what is there.
   * @param {{ path: string, blob: Blob }[]} files
   */
  store(files) {
    const first = this.#ports.offer(files.map(({ blob }) => blob));
    const paths = pathBytes(files.map(({ path }) => path));
    return this.#job(async (id) => {
      try {
        checkJob(await this.#call("store_all", id, first, paths, paths.length));
      } finally {
        this.#ports.remove(first, files.length);
      }
    });
  }

  /**
   * @param {string} path
   * @returns {Job & { stream: ReadableStream<Uint8Array> }}
   */
  fetch(path) {
    const { number, port } = this.#ports.accept();
    const job = this.#job(async (id) => {
      try {
        checkJob(await this.#call("fetch_file", id, inProgram(path), number));
        port.end(null);
      } catch (error) {
        port.end(/** @type {Error} */ (error));
        throw error;
      } finally {
        this.#ports.remove(number);
      }
    });
    return { ...job, stream: port.stream };
  }

  /** @param {string} path a file, or a folder with all that is in it */
  remove(path) {
    return this.#job(async (id) => {
      checkJob(await this.#call("remove_path", id, inProgram(path)));
    });
  }
}

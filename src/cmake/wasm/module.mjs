/* A WebAssembly module read section by section: functions, their bodies and
 * names, what is exported and what a table holds. Bodies may be replaced and
 * exports removed; everything else is written as it was. */
import { Reader, Writer } from "./bytes.mjs";
import { readInstruction, OP } from "./instructions.mjs";

const SECTION = Object.freeze({
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  global: 6,
  export: 7,
  element: 9,
  code: 10,
});

/** Kinds of imports and exports. */
const FUNCTION = 0;
const TABLE = 1;
const MEMORY = 2;
const GLOBAL = 3;
const TAG = 4;

const HEADER_BYTES = 8;
const FUNCTION_TYPE = 0x60;
export const I32 = 0x7f;

/**
 * @typedef {import("./instructions.mjs").Instruction} Instruction
 * @typedef {{ id: number, name: string, at: number, end: number }} Section
 * @typedef {{ name: string, kind: number, index: number }} Export
 * @typedef {{ params: number, results: number, key: string }} Type
 * @typedef {object} Func
 * @property {number} index
 * @property {number} type
 * @property {string} name of the name section, or its number
 * @property {{ module: string, name: string }} [imported]
 * @property {number} at its body, behind the size; 0: imported
 * @property {number} end
 * @property {Uint8Array} [replaced] its new body
 *
 * @typedef {object} Body
 * @property {Uint8Array} bytes
 * @property {{ count: number, type: Uint8Array }[]} locals without parameters
 * @property {Instruction[]} code positions are those in `bytes`
 * @property {number} localCount with parameters
 */

export class Module {
  bytes;
  /** @type {Section[]} */
  sections = [];
  /** @type {Type[]} */
  types = [];
  /** @type {Func[]} */
  funcs = [];
  /** @type {Export[]} */
  exports = [];
  /** Functions that a table may hold. @type {Set<number>} */
  elements = new Set();

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    const reader = new Reader(bytes);
    const magic = "\0asm\x01\0\0\0";
    for (const char of magic) {
      if (reader.done || reader.byte() !== char.charCodeAt(0)) {
        throw new RangeError("it is not a WebAssembly module");
      }
    }
    while (!reader.done) this.#readSection(reader);
  }

  /** @param {Reader} reader */
  #readSection(reader) {
    const id = reader.byte();
    const size = reader.uleb();
    const section = { id, name: "", at: reader.at, end: reader.at + size };
    reader.skip(size);
    this.sections.push(section);
    const content = new Reader(this.bytes, section.at, section.end);
    switch (id) {
      case SECTION.custom:
        section.name = content.text();
        if (section.name === "name") this.#readNames(content);
        break;
      case SECTION.type:
        this.types = content.vector(() => readType(content));
        break;
      case SECTION.import:
        content.vector(() => this.#readImport(content));
        break;
      case SECTION.function:
        content.vector(() => this.#addFunction(content.uleb()));
        break;
      case SECTION.export:
        this.exports = content.vector(() => readExport(content));
        break;
      case SECTION.element:
        content.vector(() => this.#readElements(content));
        break;
      case SECTION.code:
        this.#readBodies(content);
        break;
    }
  }

  /** @param {number} type */
  #addFunction(type) {
    const index = this.funcs.length;
    const name = `number ${index}`;
    /** @type {Func} */
    const func = { index, type, name, at: 0, end: 0 };
    this.funcs.push(func);
    return func;
  }

  /** @param {Reader} reader */
  #readImport(reader) {
    const module = reader.text();
    const name = reader.text();
    const kind = reader.byte();
    if (kind === FUNCTION) {
      this.#addFunction(reader.uleb()).imported = { module, name };
    } else if (kind === TABLE) {
      reader.skipLeb();
      skipLimits(reader);
    } else if (kind === MEMORY) {
      skipLimits(reader);
    } else if (kind === GLOBAL || kind === TAG) {
      reader.skip(1);
      reader.skipLeb();
    } else {
      throw new RangeError(`import ${module}.${name} is of unknown kind`);
    }
  }

  /** @param {Reader} reader */
  #readBodies(reader) {
    const bodies = this.funcs.filter((func) => func.imported === undefined);
    if (reader.uleb() !== bodies.length) {
      throw new RangeError("functions and bodies differ in number");
    }
    for (const func of bodies) {
      const size = reader.uleb();
      func.at = reader.at;
      reader.skip(size);
      func.end = reader.at;
    }
  }

  /** One segment. @param {Reader} reader */
  #readElements(reader) {
    const flags = reader.uleb();
    const passive = (flags & 1) !== 0;
    const hasTable = (flags & 2) !== 0 && !passive;
    const hasType = (flags & 3) !== 0;
    const expressions = (flags & 4) !== 0;
    if (hasTable) reader.skipLeb();
    if (!passive) this.#readConstant(reader);
    if (hasType) reader.skipLeb();
    reader.vector(() => {
      if (expressions) this.#readConstant(reader);
      else this.elements.add(reader.uleb());
    });
  }

  /** An initializer; functions in it may be in a table. @param {Reader} reader */
  #readConstant(reader) {
    for (;;) {
      const { op, index } = readInstruction(reader);
      if (op === OP.end) return;
      if (op === OP.ref_func) this.elements.add(index);
    }
  }

  /** @param {Reader} reader */
  #readNames(reader) {
    const FUNCTIONS = 1;
    while (!reader.done) {
      const id = reader.byte();
      const end = reader.uleb() + reader.at;
      if (id === FUNCTIONS) {
        reader.vector(() => {
          const func = this.funcs[reader.uleb()];
          const name = reader.text();
          if (func !== undefined) func.name = name;
        });
      }
      reader.at = end;
    }
  }

  /** The function exported by that name. @param {string} name */
  exported(name) {
    const found = this.exports.find(
      (entry) => entry.name === name && entry.kind === FUNCTION,
    );
    return found === undefined ? undefined : this.funcs[found.index];
  }

  /** @param {string} name */
  removeExport(name) {
    this.exports = this.exports.filter((entry) => entry.name !== name);
  }

  /** @param {Func} func @returns {Body} */
  body(func) {
    const bytes = func.replaced ?? this.bytes.subarray(func.at, func.end);
    const reader = new Reader(bytes);
    const locals = reader.vector(() => {
      const count = reader.uleb();
      const from = reader.at;
      reader.skipLeb();
      return { count, type: bytes.subarray(from, reader.at) };
    });
    /** @type {Instruction[]} */
    const code = [];
    try {
      while (!reader.done) code.push(readInstruction(reader));
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      throw new RangeError(`function ${func.name}: ${message}`, {
        cause: error,
      });
    }
    const params = this.types[func.type]?.params ?? 0;
    const declared = locals.reduce((sum, { count }) => sum + count, 0);
    return { bytes, locals, code, localCount: params + declared };
  }

  /** The module as it is now. */
  write() {
    const out = new Writer();
    out.raw(this.bytes.subarray(0, HEADER_BYTES));
    for (const section of this.sections) {
      // They point into bodies that have moved.
      if (/^\.debug_|^sourceMappingURL$/.test(section.name)) continue;
      out.byte(section.id);
      if (section.id === SECTION.code) out.sized(this.#writeBodies());
      else if (section.id === SECTION.export) out.sized(this.#writeExports());
      else out.sized(this.bytes.subarray(section.at, section.end));
    }
    return out.bytes();
  }

  #writeBodies() {
    const out = new Writer();
    const bodies = this.funcs.filter((func) => func.imported === undefined);
    out.uleb(bodies.length);
    for (const func of bodies) {
      out.sized(func.replaced ?? this.bytes.subarray(func.at, func.end));
    }
    return out.bytes();
  }

  #writeExports() {
    const out = new Writer();
    out.uleb(this.exports.length);
    for (const { name, kind, index } of this.exports) {
      out.text(name);
      out.byte(kind);
      out.uleb(index);
    }
    return out.bytes();
  }
}

/** @param {Reader} reader @returns {Type} */
function readType(reader) {
  if (reader.byte() !== FUNCTION_TYPE) {
    throw new RangeError("it has types that are not functions'");
  }
  const params = reader.vector(() => reader.byte());
  const results = reader.vector(() => reader.byte());
  return {
    params: params.length,
    results: results.length,
    key: `${params}:${results}`,
  };
}

/** @param {Reader} reader @returns {Export} */
function readExport(reader) {
  return { name: reader.text(), kind: reader.byte(), index: reader.uleb() };
}

/** @param {Reader} reader */
function skipLimits(reader) {
  const hasMax = reader.byte() & 1;
  reader.skipLeb();
  if (hasMax) reader.skipLeb();
}

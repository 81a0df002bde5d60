/* Who calls whom in a module: which functions may leave the stack, and where
 * a recursion must be checked. */
import { OP } from "./wasm/instructions.mjs";

/**
 * @typedef {import("./wasm/module.mjs").Module} Module
 * @typedef {import("./wasm/module.mjs").Func} Func
 *
 * @typedef {object} Node
 * @property {Func} func
 * @property {number[]} callees by direct calls
 * @property {boolean} callsPointers
 * @property {boolean} loops
 * @property {boolean} marked it is to be checked
 */

/**
 * The functions, with calls of the mark left out.
 * @param {Module} module
 * @param {number} mark a function
 * @returns {Node[]}
 */
export function readCalls(module, mark) {
  return module.funcs.map((func) => {
    const node = {
      func,
      callees: /** @type {number[]} */ ([]),
      callsPointers: false,
      loops: false,
      marked: false,
    };
    if (func.imported !== undefined) return node;
    for (const { op, index } of module.body(func).code) {
      if (op === OP.loop) node.loops = true;
      else if (op === OP.call || op === OP.return_call) {
        if (index === mark) node.marked = true;
        else node.callees.push(index);
      } else if (callsPointer(op)) node.callsPointers = true;
    }
    return node;
  });
}

/** @param {number} op */
export function callsPointer(op) {
  return (
    op === OP.call_indirect ||
    op === OP.return_call_indirect ||
    op === OP.call_ref ||
    op === OP.return_call_ref
  );
}

/**
 * Functions that close a cycle of direct calls between marked functions:
 * without them there is no cycle.
 * @param {Node[]} nodes
 * @returns {Set<number>}
 */
function closingCycles(nodes) {
  const found = new Set();
  /** On the path, or done. @type {Map<number, "open" | "done">} */
  const state = new Map();
  for (const root of nodes) {
    if (state.has(root.func.index)) continue;
    const path = [{ index: root.func.index, next: 0 }];
    state.set(root.func.index, "open");
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const callee = nodes[top.index]?.callees[top.next++];
      if (callee === undefined) {
        state.set(top.index, "done");
        path.pop();
      } else if (!state.has(callee)) {
        state.set(callee, "open");
        path.push({ index: callee, next: 0 });
      } else if (state.get(callee) === "open") {
        found.add(callee);
      }
    }
  }
  return found;
}

/**
 * Marked functions that count their entries: with them, and with every loop
 * counting, no marked function runs for ever uncounted.
 * @param {Module} module
 * @param {Node[]} nodes
 */
export function countedEntries(module, nodes) {
  const entries = closingCycles(
    nodes.map((node) => ({
      ...node,
      callees: node.marked
        ? node.callees.filter((callee) => nodes[callee]?.marked)
        : [],
    })),
  );
  for (const index of module.elements) entries.add(index);
  for (const { marked, callees } of nodes) {
    if (!marked) for (const callee of callees) entries.add(callee);
  }
  return new Set([...entries].filter((index) => nodes[index]?.marked));
}

/**
 * Functions during which the stack may be left: they reach an unwind, a call
 * through a pointer, or a check.
 * @param {Node[]} nodes
 * @param {Set<number>} checked functions that will call the runtime
 * @param {Set<string>} never names of functions that never leave it
 */
export function leavingStack(nodes, checked, never) {
  /** @type {number[][]} */
  const callers = nodes.map(() => []);
  for (const { func, callees } of nodes) {
    for (const callee of callees) callers[callee]?.push(func.index);
  }
  const found = new Set();
  /** @param {number} index */
  const add = (index) => {
    const func = nodes[index]?.func;
    if (func === undefined || found.has(index) || never.has(func.name)) return;
    found.add(index);
    queue.push(index);
  };
  /** @type {number[]} */
  const queue = [];
  for (const { func, callsPointers } of nodes) {
    const { module, name } = func.imported ?? {};
    const unwinds = module === "asyncify" && name === "start_unwind";
    const byHost = module === "env" && (name ?? "").startsWith("invoke_");
    if (unwinds || byHost || callsPointers || checked.has(func.index)) {
      add(func.index);
    }
  }
  for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
    for (const caller of callers[index] ?? []) add(caller);
  }
  return found;
}

/* What Asyncify made of the runtime, read from a linked module: every function
 * that parks is still a function of its own and starts the unwind itself, no
 * other one does, and the runtime's own functions carry no instrumentation. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT, filesUnder, read } from "../helpers/tree.js";

const MODULE = "tests/lint/apps/every_leaf.wasm";
const UNWINDING = 1;

/** Functions of ours that call the user's code or call a leaf themselves. */
const PARK_BY_DESIGN = new Set([
  "run_main", // calls main()
  "run", // of src/host/call.c: calls an exported function's body
  "gs_http_get", // waits in a leaf, as the rest of HTTP does
  "gs_http_get_until",
  "gs_http_open", // calls the user's functions
  "open_until",
  "try_request",
  "attempt",
  "gs__http_send", // asks libc about a file
  "look_at_file",
  "run_sending", // calls the user's function
  "send_all",
  "read_piece",
  "gs__http_opened", // tells the user's function
  "gs__http_went_up",
  "gs__http_came_down",
  "tell",
  "gs_http_read",
  "gs_http_read_until",
  "gs_http_read_all",
  "read_whole",
  "gs_http_read_line",
  "gs_http_read_line_until",
  "next_line",
  "gs_http_save",
  "write_all", // calls libc's write()
  "gs__http_next",
  "gs__http_pull",
  "run_feed", // a goroutine of the runtime's own
  "pass_on",
  "gs_ws_open", // wait in a leaf, by message
  "gs_ws_send",
  "gs_ws_send_until",
  "gs_ws_flush",
  "gs_ws_flush_until",
  "gs_ws_receive",
  "gs_ws_receive_until",
  "send_until",
  "receive_until",
  "wait_listed",
  "gs_key_generate", // wait in a leaf, all operations in one
  "gs_key_import",
  "gs_key_export",
  "gs_key_wrap",
  "gs_key_unwrap",
  "gs_key_derive",
  "gs_key_store",
  "gs_key_load",
  "gs_key_delete",
  "gs_sign",
  "gs_verify",
  "gs_hmac",
  "gs_encrypt",
  "gs_decrypt",
  "gs_derive",
  "run_for_key",
  "cipher_run",
  "gs_hasher_new",
  "gs_poller_wait",
  "gs_poller_wait_until",
  "gs_try", // calls the user's function
  "gs_panic", // runs deferred calls
  "gs_exit", // runs deferred calls
  "gs__defer_run",
  "gs__defers_run",
  "gs_once_do", // calls the user's function
  "gs_once_do_until",
  "gs_once_try_do",
  "run_member", // calls the user's function
  "gs__group_go", // waits in a leaf
  "gs_group_go",
  "gs_group_release",
  "run_generator", // calls the user's function
  "run_merge", // goroutines of the runtime's own
  "run_tee",
  "run_distribute",
  "receive",
  "send_to",
  "send_to_any",
  "gs_pool_get", // calls the user's function
  "gs_pool_get_until",
  "gs_pool_try_get",
  "make_object",
  "settle",
  "trim",
  "close_pool",
  "gs_pool_put", // in a closed pool it destroys
  "gs_pool_discard",
  "destroy_object",
  "destroy_oldest",
  "gs_pool_trim",
  "gs_pool_close",
  "gs_pool_release",
  "gs_arena_format", // calls vsnprintf()
  "gs_arena_vformat",
  "gs__run_kernel", // of the fixture
]);

/** Asyncify's interface, which a module always exports. */
const ASYNCIFY_OWN = /^asyncify_(start|stop)_(un|re)wind$|^asyncify_get_state$/;

function disassembler() {
  const root = execFileSync("em-config", ["BINARYEN_ROOT"], {
    encoding: "utf8",
  }).trim();
  const inRoot = join(root, "bin/wasm-dis");
  return existsSync(inRoot) ? inRoot : "wasm-dis";
}

/**
 * The module's functions as text, by name.
 * @param {string} preset
 * @returns {Map<string, string>}
 */
function functions(preset) {
  const module = join(ROOT, "build", preset, MODULE);
  const text = execFileSync(disassembler(), [module], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const found = new Map();
  for (const part of text.split(/\n (?=\(func )/).slice(1)) {
    const [, name] = /^\(func \$([^\s()]+)/.exec(part) ?? [];
    if (name !== undefined) found.set(name, part);
  }
  return found;
}

/** Functions marked as leaves in the sources. */
function leaves() {
  return filesUnder("src")
    .filter((path) => path.endsWith(".c"))
    .flatMap((path) => [...read(path).matchAll(/^GS__LEAF\((\w+)\)/gm)])
    .map(([, name]) => name)
    .sort();
}

const bodies = functions("wasm");
/**
 * The global that holds Asyncify's state.
 * @param {Map<string, string>} module
 */
function stateOf(module) {
  const getter = module.get("asyncify_get_state") ?? "";
  const [, global = ""] = /\(global\.get (\$[^\s()]+)\)/.exec(getter) ?? [];
  return global;
}

const state = stateOf(bodies);

/** @param {string} name */
const escaped = (name) => name.replaceAll("$", "\\$");

/**
 * Whether it starts an unwind by itself, or by calling the function that
 * Asyncify added for it.
 * @param {string} body
 * @param {string} global of the state
 */
function startsUnwind(body, global = state) {
  return new RegExp(
    `\\(global\\.set ${escaped(global)}\\s+\\(i32\\.const ${UNWINDING}\\)` +
      "|\\(call \\$asyncify_start_unwind\\b",
  ).test(body);
}

/** @param {string} body */
function isInstrumented(body) {
  return body.includes(`(global.get ${state})`);
}

test("the module tells Asyncify's state", () => {
  assert.match(state, /^\$/);
});

test("every leaf survives as a function that starts the unwind", () => {
  const expected = leaves();
  assert.ok(expected.length > 10, `found ${expected.length} leaves in src`);
  for (const name of expected) {
    const body = bodies.get(name);
    assert.ok(body !== undefined, `${name} is gone from the linked module`);
    assert.ok(startsUnwind(body), `${name} does not start the unwind itself`);
    assert.ok(!isInstrumented(body), `${name} is instrumented`);
  }
});

test("every leaf survives in the debug build", () => {
  const debug = functions("wasm-debug");
  for (const name of leaves()) {
    const body = debug.get(name) ?? "";
    assert.ok(startsUnwind(body, stateOf(debug)), name);
  }
});

test("nothing but a leaf starts an unwind", () => {
  const allowed = new Set(leaves());
  const others = [...bodies]
    .filter(([name, body]) => startsUnwind(body) && !allowed.has(name))
    .map(([name]) => name)
    .filter((name) => !ASYNCIFY_OWN.test(name));
  assert.deepEqual(others, []);
});

test("the runtime's own functions are not instrumented", () => {
  const ours = new Set(
    filesUnder("src")
      // libc's calls wait by calling a leaf, as the user's code does.
      .filter((path) => /^src\/(?!libc\/).*\.c$/.test(path))
      .flatMap((path) => [...read(path).matchAll(/\b(\w+)\([^;{]*\)\s*\{/g)])
      .map(([, name]) => name),
  );
  const wrong = [...bodies]
    .filter(([name, body]) => ours.has(name) && isInstrumented(body))
    .map(([name]) => name)
    .filter((name) => !PARK_BY_DESIGN.has(name) && !ASYNCIFY_OWN.test(name));
  assert.deepEqual(wrong, []);
});

test("the fixture's parking functions are instrumented", () => {
  for (const name of [
    "channels",
    "contexts",
    "panics",
    "time_and_frames",
    "network",
  ]) {
    assert.ok(isInstrumented(bodies.get(name) ?? ""), name);
  }
});

/* Small WASI programs, written for the tests of the host itself: what they do
 * is plain enough for WebAssembly's text form. */
import { wat } from "./wat.js";

/** A command: writes its text, then leaves with the exit code. */
export const HELLO = `(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\0c\\00\\00\\00")
  (data (i32.const 16) "hello\\nworld\\n")
  (func (export "_start")
    (drop (call $write
      (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $exit (i32.const 3))))`;

/** Writes each of its arguments to a line, and returns. */
export const ECHO_ARGS = `(module
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get"
    (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $at i32)
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $args (i32.const 64) (i32.const 1024)))
    (local.set $at (i32.const 1024))
    (loop $next
      (if (i32.eqz (i32.load8_u (local.get $at)))
        (then (i32.store8 (local.get $at) (i32.const 10))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at)
        (i32.add (i32.const 1024) (i32.load (i32.const 4))))))
    (i32.store (i32.const 8) (i32.const 1024))
    (i32.store (i32.const 12) (i32.load (i32.const 4)))
    (drop (call $write
      (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))))`;

/** Writes its standard input to its output; the exit code is an errno. */
export const CAT = `(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (func $check (param $errno i32)
    (if (local.get $errno) (then (call $exit (local.get $errno)))))
  (func (export "_start")
    (loop $next
      (i32.store (i32.const 0) (i32.const 4096))
      (i32.store (i32.const 4) (i32.const 16384))
      (call $check (call $read
        (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
      (if (i32.eqz (i32.load (i32.const 4))) (then (return)))
      (loop $rest
        (call $check (call $write
          (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.store (i32.const 0)
          (i32.add (i32.load (i32.const 0)) (i32.load (i32.const 8))))
        (i32.store (i32.const 4)
          (i32.sub (i32.load (i32.const 4)) (i32.load (i32.const 8))))
        (br_if $rest (i32.load (i32.const 4))))
      (br $next))))`;

/** Writes the file "d/f" in descriptor 3 to its output, as CAT does. */
export const CAT_FILE = CAT.replace(
  `(import "wasi_snapshot_preview1" "fd_read"`,
  `(import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (data (i32.const 64) "d/f")
  (import "wasi_snapshot_preview1" "fd_read"`,
)
  .replace(
    `(func (export "_start")`,
    `(func (export "_start") (local $fd i32)
    (call $check (call $open
      (i32.const 3) (i32.const 1) (i32.const 64) (i32.const 3)
      (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0)
      (i32.const 128)))
    (local.set $fd (i32.load (i32.const 128)))`,
  )
  .replace(
    `(call $read
        (i32.const 0)`,
    `(call $read
        (local.get $fd)`,
  );

/** Makes the file "made" in descriptor 3; the exit code is an errno. */
export const MAKE_FILE = `(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "made")
  (func (export "_start")
    (call $exit (call $open
      (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4)
      (i32.const 5) (i64.const 64) (i64.const 0) (i32.const 0)
      (i32.const 64)))))`;

/** Sleeps for 20 ms, twice; the exit code is an errno. */
export const SLEEP = `(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $sleep (result i32)
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 20000000))
    (call $poll
      (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
  (func (export "_start")
    (call $exit (i32.or (call $sleep) (call $sleep)))))`;

/** The exit code is the flags of a standard stream, plus 1. */
export const FLAGS = (/** @type {number} */ fd) => `
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $stat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $stat (i32.const ${fd}) (i32.const 0)))
    (call $exit (i32.add (i32.const 1) (i32.load16_u (i32.const 2)))))`;

/** A reactor whose functions read a byte of standard input, or answer -errno. */
export const READER = `(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $byte (export "byte") (result i32) (local $errno i32)
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 1))
    (local.set $errno (call $read
      (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (if (local.get $errno)
      (then (return (i32.sub (i32.const 0) (local.get $errno)))))
    (if (i32.eqz (i32.load (i32.const 8))) (then (return (i32.const 0))))
    (i32.load8_u (i32.const 64)))
  (func (export "trap") (drop (call $byte)) (unreachable))
  (func (export "exit") (call $exit (call $byte))))`;

/** A reactor: makes the file "made", and then notes it in its memory at 512. */
export const MAKER = `(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "made")
  (func (export "make") (result i32) (local $errno i32)
    (local.set $errno (call $open
      (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4)
      (i32.const 5) (i64.const 64) (i64.const 0) (i32.const 0)
      (i32.const 64)))
    (i32.store (i32.const 512) (i32.const 1))
    (local.get $errno)))`;

/** A reactor: counts its calls, and can trap and exit. */
export const REACTOR = `(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (global $count (mut i32) (i32.const 0))
  (global (export "answer") i32 (i32.const 42))
  (func (export "_initialize")
    (global.set $count (i32.const 100)))
  (func (export "count") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (global.get $count))
  (func (export "trap") (unreachable))
  (func (export "exit") (param $code i32)
    (call $exit (local.get $code))))`;

/** A module with other imports, exports and memory, for what is refused. */
export const guest = (/** @type {string} */ parts) => wat(`(module ${parts})`);

export const START = `(func (export "_start"))`;
export const MEMORY = `(memory (export "memory") 1)`;

/* Declarations in export names, and which arguments fit them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  KIND,
  convertArguments,
  parseSignature,
} from "../../js/host/signature.js";

/** What one argument becomes for a parameter of a type; null: refused. */
function convert(type, argument) {
  const signature = parseSignature(`gs.call void f(${type} x)`);
  try {
    const [{ kind, number, bytes }] = convertArguments(signature, [argument]);
    return bytes ? [kind, [...bytes]] : [kind, number];
  } catch (error) {
    assert.equal(error.code, "EINVAL");
    assert.ok(error.message.includes(`void f(${type} x)`), error.message);
    return null;
  }
}

test("the declaration is read from the export's name", () => {
  const names = (text) =>
    parseSignature(text).parameters.map((parameter) => parameter.text);
  assert.equal(parseSignature("memory"), null);
  assert.equal(parseSignature("gs.call nonsense"), null);
  const greet = parseSignature("gs.call const char * greet(const char * who)");
  assert.equal(greet.name, "greet");
  assert.equal(greet.text, "const char * greet(const char * who)");
  assert.deepEqual(names("gs.call int add(int a, int b)"), ["int a", "int b"]);
  assert.deepEqual(names("gs.call void reset()"), []);
  assert.deepEqual(names("gs.call void reset(void)"), []);
});

test("integers must be whole and in the type's range", () => {
  for (const [type, fits, refused] of [
    ["int", [0, -5, 2147483647, -2147483648], [2147483648, 1.5, NaN, "1"]],
    ["unsigned", [0, 4294967295], [-1, 4294967296]],
    ["unsigned char", [255], [256, -1]],
    ["int8_t", [-128, 127], [128, -129]],
    ["uint16_t", [65535], [65536]],
    ["size_t", [4294967295], [-1, 1n]],
    ["const long", [-2147483648], [2147483648]],
    ["int", [], [undefined, null, true, {}, 1n, Infinity]],
  ]) {
    for (const number of fits) {
      assert.deepEqual(convert(type, number), [KIND.DOUBLE, number], type);
    }
    for (const value of refused) {
      assert.equal(convert(type, value), null, `${type} ${String(value)}`);
    }
  }
});

test("64-bit integers also take a BigInt", () => {
  const { DOUBLE, INT64, UINT64 } = KIND;
  const max = 2n ** 63n - 1n;
  for (const type of ["int64_t", "long long", "std::int64_t"]) {
    assert.deepEqual(convert(type, 5), [DOUBLE, 5]);
    assert.deepEqual(convert(type, max), [INT64, max]);
    assert.deepEqual(convert(type, -max - 1n), [INT64, -max - 1n]);
    assert.deepEqual(convert(type, 2 ** 60), [INT64, 2n ** 60n]);
    assert.equal(convert(type, max + 1n), null);
    assert.equal(convert(type, 2 ** 63), null);
  }
  assert.deepEqual(convert("uint64_t", max + 1n), [UINT64, max + 1n]);
  assert.deepEqual(convert("uint64_t", 2 ** 63), [UINT64, 2n ** 63n]);
  assert.equal(convert("uint64_t", -1n), null);
  assert.equal(convert("uint64_t", 2n ** 64n), null);
});

test("floating point takes any number and nothing else", () => {
  for (const type of ["float", "double", "const double"]) {
    assert.deepEqual(convert(type, 0.5), [KIND.DOUBLE, 0.5]);
    assert.deepEqual(convert(type, Infinity), [KIND.DOUBLE, Infinity]);
    for (const value of ["1", 1n, null, undefined]) {
      assert.equal(convert(type, value), null);
    }
  }
});

test("booleans, enums and typedefs", () => {
  assert.deepEqual(convert("_Bool", true), [KIND.DOUBLE, 1]);
  assert.deepEqual(convert("bool", 0), [KIND.DOUBLE, 0]);
  assert.equal(convert("bool", 2), null);
  assert.deepEqual(convert("enum colour", 3), [KIND.DOUBLE, 3]);
  assert.deepEqual(convert("my_type", -1n), [KIND.INT64, -1n]);
  assert.equal(convert("my_type", "3"), null);
});

test("strings go as UTF-8, null as NULL, a NUL inside is refused", () => {
  assert.deepEqual(convert("const char *", "é"), [KIND.TEXT, [0xc3, 0xa9]]);
  assert.deepEqual(convert("const char*", ""), [KIND.TEXT, []]);
  assert.deepEqual(convert("char const *", null), [KIND.TEXT, 0]);
  assert.equal(convert("const char *", "a\0b"), null);
  assert.equal(convert("const char *", 5), null);
  assert.equal(convert("const char *", undefined), null);
});

test("bytes come from buffers and views of them", () => {
  const { buffer } = Uint8Array.of(1, 2, 3, 4);
  const type = "const void *";
  assert.deepEqual(convert(type, buffer), [KIND.BYTES, [1, 2, 3, 4]]);
  assert.deepEqual(convert(type, new Uint8Array(buffer, 1, 2)), [
    KIND.BYTES,
    [2, 3],
  ]);
  assert.deepEqual(convert(type, new DataView(buffer, 3)), [KIND.BYTES, [4]]);
  assert.deepEqual(convert(type, null), [KIND.BYTES, 0]);
  assert.equal(convert(type, "text"), null);
  assert.equal(convert(type, [1, 2]), null);
});

test("a wrong number of arguments is refused with the declaration", () => {
  const add = parseSignature("gs.call int add(int a, int b)");
  assert.throws(() => convertArguments(add, [1]), {
    message: "add() takes 2 arguments, got 1: int add(int a, int b)",
  });
  assert.throws(() => convertArguments(add, [1, 2, 3]), /got 3/);
  const one = parseSignature("gs.call void one(int a)");
  assert.throws(() => convertArguments(one, []), /takes 1 argument, got 0/);
});

test("a wrong argument is named with what it should be", () => {
  const add = parseSignature("gs.call int add(int a, int b)");
  assert.throws(() => convertArguments(add, [1, "two"]), {
    message:
      "add(): argument 2 (int b) must be an integer from -2147483648 to " +
      '2147483647, got "two": int add(int a, int b)',
  });
  assert.throws(() => convertArguments(add, [new Map(), 1]), /got Map/);
});

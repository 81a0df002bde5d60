/* Sizes of what is shipped: raw, gzip -9 and brotli, in bytes. Used by
 * `npm run size` and by the size budget test. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { ROOT } from "./exec.mjs";

/** @param {string} file */
const isShipped = (file) => /\.(js|mjs|wasm)$/.test(file);

/**
 * @typedef {{ file: string, raw: number, gzip: number, brotli: number }} Size
 * @returns {Size[]}
 */
export function sizes() {
  return ["build/dist", "build/apps"]
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder))
        .filter(isShipped)
        .sort()
        .map((name) => measure(`${folder}/${name}`)),
    );
}

/** @param {string} file */
function measure(file) {
  const bytes = readFileSync(join(ROOT, file));
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  return {
    file,
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotli.length,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = sizes();
  const width = Math.max(4, ...rows.map((row) => row.file.length));
  /** @param {(string | number)[]} cells */
  const line = ([file = "", ...numbers]) =>
    [String(file).padEnd(width), ...numbers.map((n) => String(n).padStart(9))]
      .join(" ")
      .concat("\n");
  process.stdout.write(line(["file", "raw", "gzip", "brotli"]));
  for (const { file, raw, gzip, brotli } of rows) {
    process.stdout.write(line([file, raw, gzip, brotli]));
  }
}

/* Prints what a file takes gzipped, as a benchmark row. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const [, , file = ""] = process.argv;
const { length } = gzipSync(readFileSync(file), { level: 9 });
process.stdout.write(`empty ${length} B\n`);

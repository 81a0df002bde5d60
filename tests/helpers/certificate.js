/* A certificate that lives as long as the test process: made by openssl for
 * localhost and 127.0.0.1, signed by itself, and never put into the tree. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onPath } from "../../.ci/setup.mjs";

/** Why there can be no servers with TLS here, or false: then they can. */
export function whyNoTls() {
  const found = onPath("openssl", process.env.PATH ?? "");
  return found ? false : "not on PATH: openssl, for a certificate";
}

/**
 * @typedef {object} Certificate
 * @property {Buffer} key
 * @property {Buffer} cert
 * @property {string} path of the certificate, for NODE_EXTRA_CA_CERTS; the file
 *   is gone when the process ends
 */

/** @type {Certificate | null} */
let made = null;

/** @returns {Certificate} the one of this process */
export function certificate() {
  made ??= make();
  return made;
}

/** @returns {Certificate} */
function make() {
  const folder = mkdtempSync(join(tmpdir(), "certificate-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const keyPath = join(folder, "key.pem");
  const path = join(folder, "cert.pem");
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt"],
      ...["ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
      ...["-subj", "/CN=localhost", "-addext", names],
      ...["-keyout", keyPath, "-out", path],
    ],
    { stdio: "pipe" },
  );
  return { key: readFileSync(keyPath), cert: readFileSync(path), path };
}

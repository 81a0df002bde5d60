/* Every operation of crypto_run but those of the key store: from a record of
 * what is wanted to bytes, keys or a number. Knows nothing of wasm and of
 * handles. What is wrong with the parameters is thrown before anything starts;
 * the bytes of a record are copied by WebCrypto, or here, before run() returns. */
import { GossamerError } from "../errors.js";
import { encodeText } from "../memory.js";
import {
  agreedBits,
  factsOf,
  formatOf,
  hasPairs,
  hashBytes,
  hashName,
  importAlgorithm,
  invalid,
  keyKind,
  kindOf,
  newAlgorithm,
  pairUsages,
  specUsages,
} from "./algorithms.js";
import { checkUsage, cipherOf, signingOf } from "./ciphers.js";
import { checkDer } from "./der.js";
import { CODE, failureOf } from "./failures.js";
import { parseJwk } from "./jwk.js";

/**
 * @typedef {import("./algorithms.js").Spec} Spec
 *
 * struct gs__crypto_op, with keys for handles.
 * @typedef {object} Operation
 * @property {number} code CODE
 * @property {CryptoKey | undefined} key
 * @property {CryptoKey | undefined} other
 * @property {number} format
 * @property {Uint8Array<ArrayBuffer>} data of SIGN, VERIFY, ENCRYPT and DECRYPT
 *   perhaps a view of what changes after run() has returned
 * @property {Uint8Array<ArrayBuffer>} iv or salt; its own memory, as all that
 *   follow
 * @property {Uint8Array<ArrayBuffer>} extra
 * @property {number} number
 * @property {number} hash
 * @property {number} outBytes
 * @property {Spec} spec
 *
 * One of them.
 * @typedef {object} Outcome
 * @property {Uint8Array} [bytes] whoever takes them zeroes them
 * @property {CryptoKey} [key]
 * @property {CryptoKey} [publicKey] beside a key
 * @property {number} [count]
 */

/**
 * @param {SubtleCrypto} subtle
 * @param {Operation} op
 * @returns {Promise<Outcome>} rejects with a GossamerError
 * @throws {GossamerError} what is wrong with the operation
 */
export function run(subtle, op) {
  const { code } = op;
  const work = WORK[code];
  if (work === undefined) throw invalid(`there is no operation ${code}`);
  return work(subtle, op).catch((error) => {
    throw failureOf(error, code);
  });
}

/** @type {Record<number, (subtle: SubtleCrypto, op: Operation) => Promise<Outcome>>} */
const WORK = {
  [CODE.GENERATE]: generate,
  [CODE.IMPORT]: importKey,
  [CODE.EXPORT]: exportKey,
  [CODE.WRAP]: wrap,
  [CODE.UNWRAP]: unwrap,
  [CODE.SIGN]: sign,
  [CODE.VERIFY]: verify,
  [CODE.ENCRYPT]: encrypt,
  [CODE.DECRYPT]: decrypt,
  [CODE.DERIVE]: derive,
  [CODE.DERIVE_KEY]: deriveKey,
};

/** @param {ArrayBuffer} buffer @returns {Outcome} */
const bytesOf = (buffer) => ({ bytes: new Uint8Array(buffer) });

/** @param {CryptoKey} key @returns {Outcome} */
const keyOf = (key) => ({ key });

/** @param {CryptoKey | undefined} key @returns {CryptoKey} */
export function present(key) {
  if (key !== undefined) return key;
  throw new GossamerError("EBADF", "there is no such key");
}

/* ---- keys ---- */

/** @param {SubtleCrypto} subtle @param {Operation} op */
function generate(subtle, { spec }) {
  const { name, family } = kindOf(spec.kind);
  if (family === "password") throw invalid(`${name} keys are only imported`);
  return /** @type {Promise<CryptoKey | CryptoKeyPair>} */ (
    subtle.generateKey(newAlgorithm(spec), spec.extractable, pairUsages(spec))
  ).then((made) =>
    "privateKey" in made
      ? { key: made.privateKey, publicKey: made.publicKey }
      : { key: made },
  );
}

/**
 * Refuses a format that a kind of key does not have.
 * @param {Spec} spec
 * @param {KeyFormat} format
 */
function checkFormat(spec, format) {
  const kind = kindOf(spec.kind);
  const formats = hasPairs(kind)
    ? ["spki", "pkcs8", "jwk"].concat(kind.family === "RSA" ? [] : "raw")
    : ["raw"].concat(kind.family === "password" ? [] : "jwk");
  if (!formats.includes(format)) {
    throw invalid(`${kind.name} keys have no format ${format}`);
  }
  if (kind.family === "password" && spec.extractable) {
    throw invalid(`${kind.name} keys are never extractable`);
  }
  return kind;
}

/** @param {SubtleCrypto} subtle @param {Operation} op */
function importKey(subtle, { spec, format: number, data }) {
  const format = formatOf(number);
  const kind = checkFormat(spec, format);
  const algorithm = importAlgorithm(spec);
  const jwk = format === "jwk" ? parseJwk(data) : null;
  if (format === "spki" || format === "pkcs8") checkDer(data, kind);
  const isPublic =
    hasPairs(kind) &&
    (jwk === null ? format !== "pkcs8" : typeof jwk.d !== "string");
  const usages = specUsages(spec, isPublic);
  // A public key may leave the host in any case.
  const extractable = spec.extractable || isPublic;
  if (isPublic && jwk !== null) delete jwk.ext;
  const own = data.slice();
  return (
    jwk === null
      ? subtle.importKey(
          /** @type {"raw"} */ (format),
          own,
          algorithm,
          extractable,
          usages,
        )
      : subtle.importKey("jwk", jwk, algorithm, extractable, usages)
  )
    .then((key) => checkSize(key, spec))
    .finally(() => own.fill(0));
}

/**
 * Refuses a key that is not of the size that was asked for.
 * @param {CryptoKey} key
 * @param {Spec} spec
 */
function checkSize(key, { bits: wanted }) {
  const { bits } = factsOf(key);
  if (wanted !== 0 && bits !== 0 && bits !== wanted) {
    throw invalid(`the key has ${bits} bits, not ${wanted}`);
  }
  return keyOf(key);
}

/** @param {CryptoKey} key @param {KeyFormat} format */
function checkExport(key, format) {
  const { name } = factsOf(key);
  if (!key.extractable) {
    throw new GossamerError("EACCES", `this key of ${name} is not extractable`);
  }
  const formats = {
    secret: ["raw", "jwk"],
    private: ["pkcs8", "jwk"],
    public:
      keyKind(key)?.family === "RSA" ? ["spki", "jwk"] : ["spki", "jwk", "raw"],
  };
  if (!formats[key.type].includes(format)) {
    throw invalid(`a ${key.type} key of ${name} has no format ${format}`);
  }
}

/** @param {SubtleCrypto} subtle @param {Operation} op */
function exportKey(subtle, op) {
  const key = present(op.key);
  const format = formatOf(op.format);
  checkExport(key, format);
  return format === "jwk"
    ? subtle
        .exportKey("jwk", key)
        .then((jwk) => ({ bytes: encodeText(JSON.stringify(jwk)) }))
    : subtle.exportKey(format, key).then(bytesOf);
}

/** @param {SubtleCrypto} subtle @param {Operation} op */
function wrap(subtle, op) {
  const key = present(op.key);
  const wrapping = present(op.other);
  const format = formatOf(op.format);
  checkUsage(wrapping, "wrapKey");
  checkExport(key, format);
  const algorithm = cipherOf(wrapping, op, -1);
  return subtle.wrapKey(format, key, wrapping, algorithm).then(bytesOf);
}

/** RFC 3394: at least two blocks of 8 bytes, and one that says it is right. */
const WRAPPED_BYTES_LEAST = 24;

/** @param {SubtleCrypto} subtle @param {Operation} op */
function unwrap(subtle, op) {
  const { spec, data } = op;
  const unwrapping = present(op.other);
  const format = formatOf(op.format);
  checkUsage(unwrapping, "unwrapKey");
  const kind = checkFormat(spec, format);
  const cipher = cipherOf(unwrapping, op, -1);
  const algorithm = importAlgorithm(spec);
  const isWrong =
    factsOf(unwrapping).name === "AES-KW" &&
    (data.length < WRAPPED_BYTES_LEAST || data.length % 8 !== 0);
  if (isWrong) {
    throw new GossamerError(
      "EBADMSG",
      `AES-KW never made ${data.length} bytes of a key`,
    );
  }
  const own = data.slice();
  /** @param {boolean} isPublic */
  const attempt = async (isPublic) =>
    subtle.unwrapKey(
      format,
      own,
      unwrapping,
      cipher,
      algorithm,
      spec.extractable || isPublic,
      specUsages(spec, isPublic),
    );
  if (!hasPairs(kind) || format !== "jwk") {
    const isPublic = hasPairs(kind) && format !== "pkcs8";
    return attempt(isPublic).then((key) => checkSize(key, spec));
  }
  // Only the host sees which half a wrapped JWK is; the other one is refused.
  return attempt(false)
    .catch((error) =>
      attempt(true).catch((later) => {
        // Ours says only that the uses are not those of a private key.
        throw error instanceof GossamerError ? later : error;
      }),
    )
    .then((key) => checkSize(key, spec));
}

/* ---- signatures ---- */

/** @param {SubtleCrypto} subtle @param {Operation} op */
function sign(subtle, op) {
  const key = present(op.key);
  checkUsage(key, "sign");
  return subtle.sign(signingOf(key, op), key, op.data).then(bytesOf);
}

/** @param {SubtleCrypto} subtle @param {Operation} op */
function verify(subtle, op) {
  const key = present(op.key);
  checkUsage(key, "verify");
  return subtle
    .verify(signingOf(key, op), key, op.extra, op.data)
    .then((isRight) => ({ count: isRight ? 1 : 0 }));
}

/* ---- encryption ---- */

/** @param {SubtleCrypto} subtle @param {Operation} op */
function encrypt(subtle, op) {
  const key = present(op.key);
  checkUsage(key, "encrypt");
  const params = cipherOf(key, op, op.data.length);
  return subtle.encrypt(params, key, op.data).then(bytesOf);
}

/** @param {SubtleCrypto} subtle @param {Operation} op */
function decrypt(subtle, op) {
  const key = present(op.key);
  checkUsage(key, "decrypt");
  // Only of a stream cipher this says how much was encrypted.
  const isCounted = factsOf(key).name === "AES-CTR";
  const params = cipherOf(key, op, isCounted ? op.data.length : -1);
  return subtle.decrypt(params, key, op.data).then(bytesOf);
}

/* ---- derivation ---- */

/**
 * @param {CryptoKey} key
 * @param {Operation} op
 * @param {number} bits that are wanted; -1: all there are
 */
function derivationOf(key, op, bits) {
  const { name, curve } = factsOf(key);
  if (name === "PBKDF2" || name === "HKDF") {
    if (bits < 0) throw invalid(`${name} does not say how much to derive`);
    const hash = hashName(op.hash);
    const salt = op.iv;
    if (name === "PBKDF2") {
      if (op.number === 0) throw invalid("PBKDF2 needs iterations");
      return { name, hash, salt, iterations: op.number };
    }
    const most = 255 * hashBytes(hash);
    if (bits > most * 8) throw invalid(`HKDF derives up to ${most} bytes`);
    return { name, hash, salt, info: op.extra };
  }
  const other = present(op.other);
  const facts = factsOf(other);
  if (other.type !== "public" || facts.name !== name || facts.curve !== curve) {
    throw new GossamerError(
      "EACCES",
      `${name} needs the other side's public key, of the same curve`,
    );
  }
  const most = agreedBits(facts);
  if (bits > Math.ceil(most / 8) * 8) {
    throw invalid(`${name} agrees upon ${Math.ceil(most / 8)} bytes, no more`);
  }
  return { name, public: other };
}

/** deriveBits() takes 32 bits of a number of bits, and says nothing of others. */
const DERIVED_BYTES_MOST = 2 ** 29 - 1;

/** @param {SubtleCrypto} subtle @param {Operation} op */
function derive(subtle, op) {
  const key = present(op.key);
  const bits = op.outBytes * 8;
  checkUsage(key, "deriveBits");
  if (bits === 0) throw invalid("no bytes are wanted");
  if (op.outBytes > DERIVED_BYTES_MOST) {
    throw invalid(
      `no more than ${DERIVED_BYTES_MOST} bytes are derived at once`,
    );
  }
  const params = derivationOf(key, op, bits);
  return subtle.deriveBits(params, key, bits).then(bytesOf);
}

/** @param {SubtleCrypto} subtle @param {Operation} op */
function deriveKey(subtle, op) {
  const { spec } = op;
  const key = present(op.key);
  checkUsage(key, "deriveKey");
  const kind = kindOf(spec.kind);
  if (hasPairs(kind)) throw invalid(`${kind.name} keys are not derived`);
  const usages = specUsages(spec, false);
  const algorithm = newAlgorithm(spec);
  if (kind.family === "password" && spec.extractable) {
    throw invalid(`${kind.name} keys are never extractable`);
  }
  const params = derivationOf(key, op, bitsOf(algorithm));
  return subtle
    .deriveKey(params, key, algorithm, spec.extractable, usages)
    .then(keyOf);
}

/**
 * How many bits a key takes to be derived.
 * @param {{ name: string, length?: number, hash?: string }} algorithm
 */
function bitsOf({ name, length, hash = "" }) {
  if (length !== undefined) return length;
  // The block of the hash.
  if (name === "HMAC") return hashBytes(hash) > 32 ? 1024 : 512;
  return -1;
}

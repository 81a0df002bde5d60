/* The part "crypto" for script tags: gossamer-crypto.js, beside gossamer.js,
 * before or after it. A page with a library for hashes by pieces offers its own:
 * Gossamer.parts.push(Gossamer.webcrypto({ hashes })). */
import { webcrypto } from "./crypto.js";
import { offerPart } from "./parts.js";

offerPart(webcrypto());
Object.assign(/** @type {any} */ (globalThis).Gossamer, { webcrypto });

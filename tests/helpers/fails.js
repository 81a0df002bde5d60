/* What a GossamerError must be, for assert.throws() and assert.rejects(). */
import assert from "node:assert/strict";
import { GossamerError } from "../../js/errors.js";

/**
 * @param {string} code
 * @param {RegExp} text that the message has
 * @returns {(error: unknown) => true}
 */
export const fails = (code, text) => (error) => {
  assert.ok(error instanceof GossamerError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, text);
  return true;
};

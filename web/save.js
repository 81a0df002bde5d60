/* Hands bytes to the browser's downloads. */

/** Long enough for a browser to have begun its download. */
const REVOKE_AFTER_MS = 60_000;

/** @param {Blob} blob @param {string} name */
export function saveAs(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS);
}

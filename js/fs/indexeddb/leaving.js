/* A page that is hidden may never be shown again, and one that is left is gone:
 * what can be committed is committed when the page learns of it. */

/**
 * @param {import("./commit.js").Committer} committer
 * @returns {() => void} ends it
 */
export function commitBeforeLeaving(committer) {
  const page = globalThis.document;
  // A worker is not told.
  if (page === undefined) return () => {};
  const changed = () => {
    if (page.visibilityState === "hidden") committer.leave();
    else committer.isLeaving = false;
  };
  const left = () => committer.leave();
  const shown = () => {
    committer.isLeaving = false;
  };
  page.addEventListener("visibilitychange", changed);
  globalThis.addEventListener("pagehide", left);
  globalThis.addEventListener("pageshow", shown);
  return () => {
    page.removeEventListener("visibilitychange", changed);
    globalThis.removeEventListener("pagehide", left);
    globalThis.removeEventListener("pageshow", shown);
  };
}

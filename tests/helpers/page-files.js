/* What stands in for node:fs where test files are bundled for a page: reads
 * what the page's server has. */

/**
 * @param {URL} url
 * @returns {string}
 */
export function readFileSync(url) {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.send();
  if (request.status !== 200) throw new Error(`${request.status} for ${url}`);
  return request.responseText;
}

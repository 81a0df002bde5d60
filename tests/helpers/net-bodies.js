/* Bodies of the servers of net-server.js: any number of bytes at the pace of who
 * takes them, and parts of them. The byte at offset i is i % 251. */

/** @typedef {import("./net-server.js").Visit} Visit */

const CHUNK_BYTES = 64 * 1024;
const PERIOD = 251;
const PATTERN = Buffer.from(
  Uint8Array.from(
    { length: CHUNK_BYTES + PERIOD },
    (_, index) => index % PERIOD,
  ),
);

/**
 * Sends the bytes from an offset on, as fast as they are taken, and ends.
 * @param {Visit} visit
 * @param {number} endBytes the offset of their end; Infinity: they have none
 * @param {number} [fromBytes]
 * @param {() => void} [finish] instead of the end
 */
export function sendBody({ request, response }, endBytes, fromBytes, finish) {
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  let offset = fromBytes ?? 0;
  let over = false;
  const pump = () => {
    if (over) return;
    while (offset < endBytes && !response.destroyed) {
      const phase = offset % PERIOD;
      const size = Math.min(CHUNK_BYTES, endBytes - offset);
      offset += size;
      const goesOn = response.write(PATTERN.subarray(phase, phase + size));
      if (!goesOn && offset < endBytes) return;
    }
    if (response.destroyed) return;
    over = true;
    if (finish === undefined) response.end();
    // Only what has left arrives before the connection breaks.
    else response.write("", finish);
  };
  response.on("drain", pump);
  pump();
}

/**
 * Answers Range and If-Range as RFC 9110 has it.
 * @param {Visit} visit
 * @param {number} sizeBytes of the whole
 * @param {number} dropBytes after how many of each answer it breaks
 */
export function sendRange(visit, sizeBytes, dropBytes) {
  const { headers, response } = visit;
  const tag = `"${sizeBytes}"`;
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
  const wanted = first !== undefined && (headers["if-range"] ?? tag) === tag;
  const from = wanted ? Number(first) : 0;
  const end =
    wanted && last ? Math.min(Number(last) + 1, sizeBytes) : sizeBytes;
  response.setHeader("ETag", tag);
  response.setHeader("Accept-Ranges", "bytes");
  if (from >= sizeBytes && sizeBytes > 0) {
    response.setHeader("Content-Range", `bytes */${sizeBytes}`);
    response.writeHead(416).end();
    return;
  }
  if (wanted) {
    response.setHeader(
      "Content-Range",
      `bytes ${from}-${end - 1}/${sizeBytes}`,
    );
  }
  response.setHeader("Content-Length", end - from);
  response.writeHead(wanted ? 206 : 200);
  if (from + dropBytes >= end) sendBody(visit, end, from);
  else sendBody(visit, from + dropBytes, from, () => visit.cut());
}

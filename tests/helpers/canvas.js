/* What a canvas shows, read from its pixels in the page. */

/** @typedef {import("playwright-core").Page} Page */

/**
 * Reads a whole canvas. A pixel is lit when any of its colours is more than 24
 * above the corner's, which is taken for the background.
 * @param {Page} page
 * @param {string} selector
 */
export function readCanvas(page, selector) {
  return page.locator(selector).evaluate((element) => {
    const canvas = /** @type {HTMLCanvasElement} */ (element);
    const { width, height } = canvas;
    const context = /** @type {CanvasRenderingContext2D} */ (
      canvas.getContext("2d")
    );
    const { data } = context.getImageData(0, 0, width, height);
    const colours = new Set();
    let lit = 0;
    let sumX = 0;
    let sumY = 0;
    let hash = 0;
    for (let at = 0; at < data.length; at += 4) {
      const [red = 0, green = 0, blue = 0] = data.subarray(at, at + 3);
      hash = (Math.imul(hash, 31) + red + 7 * green + 49 * blue) | 0;
      const above = [0, 1, 2].some(
        (part) => (data[at + part] ?? 0) > (data[part] ?? 0) + 24,
      );
      if (!above) continue;
      lit += 1;
      colours.add((red << 16) | (green << 8) | blue);
      sumX += (at / 4) % width;
      sumY += Math.floor(at / 4 / width);
    }
    return {
      width,
      height,
      /** How many pixels are lit, and in how many colours. */
      lit,
      colours: colours.size,
      /** The middle of the lit ones, 0 to 1 in each direction. */
      x: sumX / lit / width,
      y: sumY / lit / height,
      /** Differs for different pictures. */
      hash,
    };
  }, undefined);
}

/**
 * Waits for the page to have painted so many frames.
 * @param {Page} page
 * @param {number} count
 */
export function framesPass(page, count) {
  return page.evaluate(
    (frames) =>
      new Promise((resolve) => {
        let left = frames;
        const tick = () => {
          left -= 1;
          if (left < 0) resolve(undefined);
          else requestAnimationFrame(tick);
        };
        requestAnimationFrame(tick);
      }),
    count,
  );
}

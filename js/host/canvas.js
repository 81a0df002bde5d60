/* A framebuffer in wasm memory, shown on a 2D canvas. The ImageData is a view
 * of the framebuffer itself, so the browser copies straight from it; it is
 * made again when the framebuffer moves or memory has grown. */
import { ERRNO } from "../errors.js";
import { u32 } from "../memory.js";

/**
 * What is asked of a canvas; an OffscreenCanvas has it too.
 * @typedef {object} Canvas
 * @property {number} width
 * @property {number} height
 * @property {(kind: "2d") => any} getContext
 */

const PIXEL_BYTES = 4;

/**
 * @param {import("./index.js").Host} host
 * @param {Canvas | undefined} canvas
 */
export function createCanvas(host, canvas) {
  const { memory } = host;
  /** @type {{ putImageData: Function } | null | undefined} */
  let context;
  /** @type {ImageData | null} */
  let image = null;

  /**
   * @param {number} address
   * @param {number} width
   * @param {number} height
   */
  function imageAt(address, width, height) {
    const { buffer } = memory.bytes;
    if (
      image === null ||
      image.width !== width ||
      image.height !== height ||
      image.data.byteOffset !== address ||
      image.data.buffer !== buffer
    ) {
      const bytes = width * height * PIXEL_BYTES;
      const pixels = new Uint8ClampedArray(buffer, address, bytes);
      try {
        image = new ImageData(
          /** @type {Uint8ClampedArray<ArrayBuffer>} */ (pixels),
          width,
          height,
        );
      } catch {
        return null; // larger than the browser can have
      }
    }
    return image;
  }

  function drawingContext() {
    if (context === undefined && canvas !== undefined) {
      try {
        context = canvas.getContext("2d");
      } catch {
        context = null; // it was transferred to a worker
      }
      if (!context) host.report("the canvas has no 2D context to draw in");
    }
    return context;
  }

  const imports = {
    /**
     * @param {number} pixels
     * @param {number} width
     * @param {number} height
     */
    canvas_present(pixels, width, height) {
      const address = u32(pixels);
      const columns = u32(width);
      const rows = u32(height);
      const bytes = columns * rows * PIXEL_BYTES;
      if (address === 0 || bytes === 0 || !memory.contains(address, bytes)) {
        return -ERRNO.EINVAL;
      }
      const target = drawingContext();
      if (canvas === undefined || !target) return -ERRNO.ENODEV;
      const shown = imageAt(address, columns, rows);
      if (shown === null) return -ERRNO.EINVAL;
      // Setting a size clears the canvas, even the same one.
      if (canvas.width !== columns) canvas.width = columns;
      if (canvas.height !== rows) canvas.height = rows;
      target.putImageData(shown, 0, 0);
      return 0;
    },

    /** @param {number} heightPointer */
    canvas_size(heightPointer) {
      if (canvas === undefined) return -ERRNO.ENODEV;
      if (!memory.putU32(heightPointer, canvas.height)) return -ERRNO.EFAULT;
      return canvas.width;
    },
  };

  return {
    imports,
    /** The last image is a view of all of memory: let it go. */
    close() {
      image = null;
    },
  };
}

/** The digits, in a form that is quick to send to a process: pixels as bytes take a quarter of the space of floats. */

/** Pixels of an image. */
export const PIXELS = 784;

export const CLASSES = 10;

export const TRAIN_COUNT = 4000;

/**
 * @typedef {object} Digits
 * @property {Uint8Array} pixels row-major images of 28 × 28 pixels from 0 to 255, one for each label
 * @property {Uint8Array} labels the digit in each image
 *
 * @typedef {import('../digits/data.js').Digits} Batch images with pixels from 0 to 1, and their labels
 */

/** @returns {Promise<{ train: Digits, test: Digits }>} */
export async function loadData() {
  // Imported by the coordinator alone: it parses 20 MB of JSON.
  const { loadDigits } = await import('../digits/data.js');
  const { train, test } = loadDigits(TRAIN_COUNT);
  return { train: toBytes(train), test: toBytes(test) };
}

/** @param {Batch} batch @returns {Digits} */
function toBytes({ images, labels }) {
  return { pixels: Uint8Array.from(images, (pixel) => Math.round(255 * pixel)), labels };
}

/**
 * @param {Digits} digits
 * @param {Iterable<number>} rows numbers of digits
 * @returns {Batch}
 */
export function take({ pixels, labels }, rows) {
  const numbers = Array.from(rows);
  const images = new Float32Array(numbers.length * PIXELS);
  for (const [i, row] of numbers.entries()) {
    const image = pixels.subarray(row * PIXELS, (row + 1) * PIXELS);
    images.set(
      Float32Array.from(image, (pixel) => pixel / 255),
      i * PIXELS,
    );
  }
  return { images, labels: Uint8Array.from(numbers, (row) => /** @type {number} */ (labels[row])) };
}

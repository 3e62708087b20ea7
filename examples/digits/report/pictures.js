/** Masks and digits as PNG images in data: URIs, one pixel per element. */
import { Dropout, Generator, mask } from 'dropout-wasm';
import { encode } from 'fast-png';
import { PIXELS, SIDE } from '../data.js';

/** @typedef {{ caption: string, src: string }} Picture */
/** @typedef {{ title: string, pictures: Picture[] }} PictureRow */

const PROBABILITIES = [0.1, 0.2, 0.5, 0.8, 0.9];
const KEPT_COLOR = [62, 142, 208, 255];
const MASKS_AVERAGED = 1000;

/**
 * Draws masks: one row per key, one column per p.
 *
 * @param {Generator} random
 * @returns {PictureRow[]}
 */
export function maskPictures(random) {
  return [0, 1, 2].map((position) => {
    const key = random.keyAt(position);
    return {
      title: `key 0x${key.toString(16).padStart(16, '0')}`,
      pictures: PROBABILITIES.map((p) => {
        const kept = mask(PIXELS, { p, key });
        return { caption: `p = ${p}`, src: maskPng(kept) };
      }),
    };
  });
}

/**
 * Draws a digit before and after dropout. The mean of many forwards approaches the digit itself.
 *
 * @param {Float32Array} digit
 * @param {number[]} probabilities
 * @param {Generator} random
 * @returns {PictureRow[]}
 */
export function digitPictures(digit, probabilities, random) {
  return probabilities.map((p) => {
    const layer = new Dropout(p, { generator: random.fork(`p = ${p}`) });
    const first = layer.forward(digit);
    const firstMask = layer.mask();
    const second = layer.forward(digit);
    const sum = new Float64Array(PIXELS);
    for (let i = 0; i < MASKS_AVERAGED; i++) {
      for (const [pixel, value] of layer.forward(digit).entries()) sum[pixel] = value + (sum[pixel] ?? 0);
    }
    return {
      title: `p = ${p}`,
      pictures: [
        { caption: 'digit', src: digitPng(digit) },
        { caption: 'mask', src: maskPng(firstMask) },
        { caption: 'after dropout', src: digitPng(first) },
        { caption: 'next forward', src: digitPng(second) },
        { caption: `mean of ${MASKS_AVERAGED.toLocaleString('en')}`, src: digitPng(sum) },
      ],
    };
  });
}

/**
 * Kept elements are colored, dropped elements transparent. Both show on a light and on a dark page.
 *
 * @param {Uint8Array} kept
 */
function maskPng(kept) {
  const data = new Uint8Array(4 * PIXELS);
  for (const [i, keep] of kept.entries()) {
    if (keep) data.set(KEPT_COLOR, 4 * i);
  }
  return dataUri(data, 4);
}

/**
 * Scales to the brightest pixel, since dropout multiplies kept pixels by 1 / (1 − p).
 *
 * @param {Float32Array | Float64Array} pixels
 */
export function digitPng(pixels) {
  const brightest = Math.max(...pixels);
  return dataUri(
    Uint8Array.from(pixels, (value) => Math.round((255 * value) / brightest)),
    1,
  );
}

/** @param {Uint8Array} data @param {number} channels */
function dataUri(data, channels) {
  const png = encode({ width: SIDE, height: SIDE, data, channels });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

/**
 * The model and its inputs. Replace this file with your own.
 *
 * The weights are a file of each worker. The inputs of a run, `batch`, travel through Redis, once.
 */
import { readFileSync } from 'node:fs';
import { createClassifier, weightsFromBytes } from '../digits/classifier.js';
import { digestOf, short } from './report.js';

const file = readFileSync(new URL('../digits/weights.bin', import.meta.url));

/** Identifies the weights. Part of the queue's name, so a worker with other weights never takes a range. */
export const MODEL = short(digestOf(file));

/**
 * @param {Uint8Array} batch what `batchOf` returned
 * @returns {{
 *   predict: import('dropout-wasm/monte-carlo').Predict,
 *   layers: import('dropout-wasm').Layer[],
 *   kind: 'logits',
 * }} the arguments of `monteCarlo`. All workers need the same layers in the same order
 */
export function createModel(batch) {
  const view = new DataView(batch.buffer, batch.byteOffset);
  const images = Float32Array.from({ length: batch.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  return createClassifier(weightsFromBytes(file), images);
}

/**
 * @param {Float32Array} images
 * @returns {Buffer} float32, little-endian
 */
export function batchOf(images) {
  const bytes = Buffer.alloc(4 * images.length);
  images.forEach((pixel, i) => {
    bytes.writeFloatLE(pixel, 4 * i);
  });
  return bytes;
}

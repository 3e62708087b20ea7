/**
 * The classifier that `npm start` trains, on plain arrays: for programs that predict without TensorFlow.js. Its logits
 * have the same bits in every engine.
 */
import { Dropout } from 'dropout-wasm';
import { dense, number, relu } from './arrays.js';

/** The pixels of an image, the units of the hidden layer, and the classes. */
export const UNITS = [784, 128, 10];

/** p of the dropout before each dense layer, as in Srivastava et al. 2014: 0.2 for the input, 0.5 for hidden layers. */
export const RATES = [0.2, 0.5];

/** The kernel and the bias of each dense layer. */
const SIZES = RATES.flatMap((_, k) => [number(UNITS, k) * number(UNITS, k + 1), number(UNITS, k + 1)]);

/** The number of weights. */
export const WEIGHTS = SIZES.reduce((a, b) => a + b);

/**
 * @param {ArrayLike<number>[]} parts kernels and biases by turns, as `model.getWeights()` of TensorFlow.js returns them
 * @returns {Uint8Array} the weights as a file: float32, little-endian
 */
export function weightsToBytes(parts) {
  const bytes = new DataView(new ArrayBuffer(4 * WEIGHTS));
  parts
    .flatMap((part) => Array.from(part))
    .forEach((weight, i) => {
      bytes.setFloat32(4 * i, weight, true);
    });
  return new Uint8Array(bytes.buffer);
}

/**
 * @param {Uint8Array} file what `weightsToBytes` wrote
 * @returns {Float32Array}
 * @throws {RangeError} if the file has another length
 */
export function weightsFromBytes(file) {
  if (file.length !== 4 * WEIGHTS) {
    throw new RangeError(`a file of ${4 * WEIGHTS} bytes holds the weights, but this one has ${file.length}`);
  }
  const view = new DataView(file.buffer, file.byteOffset);
  return Float32Array.from({ length: WEIGHTS }, (_, i) => view.getFloat32(4 * i, true));
}

/**
 * @param {Float32Array} weights
 * @param {Float32Array} images rows of 784 pixels from 0 to 1
 * @returns {{
 *   predict: () => { data: Float32Array, shape: [rows: number, classes: number] },
 *   layers: Dropout[],
 *   kind: 'logits',
 * }} the arguments of `monteCarlo`. The layers are in evaluation mode
 */
export function createClassifier(weights, images) {
  const rows = images.length / number(UNITS, 0);
  const layers = RATES.map((p) => new Dropout(p).eval());
  const predict = () => {
    let x = images;
    let at = 0;
    layers.forEach((layer, k) => {
      const [ins, outs] = [number(UNITS, k), number(UNITS, k + 1)];
      if (k > 0) relu(x);
      x = dense(layer.forward(x), weights, at, ins, outs);
      at += (ins + 1) * outs;
    });
    return { data: x, shape: /** @type {[number, number]} */ ([rows, number(UNITS, UNITS.length - 1)]) };
  };
  return { predict, layers, kind: 'logits' };
}

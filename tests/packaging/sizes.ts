/**
 * Limits for the size of each entry, in bytes, minified and gzipped, by the names that are imported from it. Entries
 * that build on others (dropout-wasm itself, TensorFlow.js) are counted without them.
 */
export const LIMITS = {
  '.': {
    '{ dropout }': 8960,
    '{ Dropout }': 10624,
    '{ Dropout2d }': 10816,
    '{ GaussianDropout }': 12288,
    '*': 22144,
  },
  // Without its three modules.
  '. workerd': { '*': 17152 },
  '. edge-light': { '*': 14336 },
  './reference': { '{ Dropout }': 6912, '*': 14336 },
  './inference': { '{ Dropout }': 1408, '*': 1792 },
  './tfjs': { '*': 7680 },
  './tfjs/inference': { '*': 704 },
  './monte-carlo': { '*': 4224 },
  './onnx': { '{ onnxDropout }': 640, '*': 2304 },
  './onnx/prepare': { '*': 8704 },
  './threads': { '*': 11264 },
  './threads/worker.js': { '': 1536 },
  './kernel.shared.wasm': { '': 1792 },
  './kernel.wasm': { '': 1792 },
  './extras.wasm': { '': 1792 },
  './gaussian.wasm': { '': 1792 },
  './package.json': { '': 2048 },
} satisfies Record<string, Record<string, number>>;

/**
 * Limits for the size of each entry, in bytes, minified and gzipped, by the names that are imported from it. Entries
 * that build on others (dropout-wasm itself, TensorFlow.js) are counted without them.
 */
export const LIMITS = {
  '.': {
    '{ dropout }': 8704,
    '{ Dropout }': 10240,
    '{ Dropout2d }': 10496,
    '{ GaussianDropout }': 12032,
    '*': 20992,
  },
  // Without its three modules.
  '. workerd': { '*': 15936 },
  '. edge-light': { '*': 13184 },
  './reference': { '{ Dropout }': 6656, '*': 13184 },
  './inference': { '{ Dropout }': 1408, '*': 1792 },
  './tfjs': { '*': 3072 },
  './onnx': { '*': 1792 },
  './threads': { '*': 11264 },
  './threads/worker.js': { '': 1536 },
  './kernel.shared.wasm': { '': 1792 },
  './kernel.wasm': { '': 1792 },
  './extras.wasm': { '': 1792 },
  './gaussian.wasm': { '': 1792 },
  './package.json': { '': 2048 },
} satisfies Record<string, Record<string, number>>;

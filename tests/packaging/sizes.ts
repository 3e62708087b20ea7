/**
 * Limits for the size of each entry, in bytes, minified and gzipped, by the names that are imported from it. Entries
 * that build on others (dropout-wasm itself, TensorFlow.js) are counted without them.
 */
export const LIMITS = {
  '.': {
    '{ dropout }': 7168,
    '{ Dropout }': 8704,
    '{ Dropout2d }': 8704,
    '{ GaussianDropout }': 10240,
    '*': 17408,
  },
  // Without its three modules.
  '. workerd': { '*': 11264 },
  '. edge-light': { '*': 9216 },
  './reference': { '{ Dropout }': 5120, '*': 9216 },
  './inference': { '{ Dropout }': 400, '*': 512 },
  './tfjs': { '*': 1536 },
  './onnx': { '*': 1024 },
  './threads': { '*': 11264 },
  './threads/worker.js': { '': 1536 },
  './kernel.shared.wasm': { '': 1792 },
  './kernel.wasm': { '': 1792 },
  './extras.wasm': { '': 1792 },
  './gaussian.wasm': { '': 1792 },
  './package.json': { '': 2048 },
} satisfies Record<string, Record<string, number>>;

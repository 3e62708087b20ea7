/**
 * Limits for the size of each entry, in bytes, minified and gzipped, by the names that are imported from it. Entries
 * that build on others (dropout-wasm itself, TensorFlow.js) are counted without them.
 */
export const LIMITS = {
  '.': {
    '{ dropout }': 9216,
    '{ Dropout }': 10816,
    '{ Dropout2d }': 11072,
    '{ GaussianDropout }': 12608,
    '*': 24000,
  },
  // Without its four modules.
  '. workerd': { '*': 17600 },
  '. edge-light': { '*': 14528 },
  './reference': { '{ Dropout }': 6976, '*': 14528 },
  './inference': { '{ Dropout }': 1408, '*': 1792 },
  './tfjs': { '*': 9792 },
  './tfjs/inference': { '*': 704 },
  './monte-carlo': { '*': 4224 },
  './onnx': { '{ onnxDropout }': 640, '*': 2304 },
  './onnx/prepare': { '*': 8704 },
  './threads': { '*': 12544 },
  './webgpu': { '{ create }': 4544, '*': 5184 },
  './threads/worker.js': { '': 1536 },
  './kernel.shared.wasm': { '': 1856 },
  './kernel.wasm': { '': 1856 },
  './extras.wasm': { '': 1856 },
  './fused.wasm': { '': 1792 },
  './gaussian.wasm': { '': 1792 },
  './package.json': { '': 2048 },
} satisfies Record<string, Record<string, number>>;

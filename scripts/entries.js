/** The modules of dist, each bundled from the file of the same name in src. */
export const ENTRIES = [
  'index',
  'inference/index',
  'monte-carlo/index',
  'onnx/index',
  'onnx/prepare',
  'tfjs/index',
  'tfjs/inference',
  'threads/index',
  'threads/worker',
  'webgpu/index',
];

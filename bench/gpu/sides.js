/**
 * What `npm run bench:gpu` times. x and every result lie in buffers of the GPU, and every side ends when the GPU is done.
 */

export const SIDES = {
  dropout: 'gpu.dropout',
  dropoutCopy: 'gpu.dropout again (A/A)',
  mask: 'gpu.mask',
  maskCopy: 'gpu.mask again (A/A)',
  tfjs: 'TF.js: tf.dropout',
  random: 'Math.random, upload, x·m',
  randomMask: 'Math.random, upload',
  wasm: 'wasm bits, upload, select',
  wasmMask: 'wasm bits, upload',
  limit: 'x·s alone: the limit',
};

/** @typedef {keyof typeof SIDES} Side */

/**
 * One of ours, and what it is compared with.
 *
 * @type {{ title: string, ours: Side, peers: Side[] }[]}
 */
export const GROUPS = [
  { title: 'dropout', ours: 'dropout', peers: ['dropoutCopy', 'tfjs', 'random', 'wasm', 'limit'] },
  { title: 'mask', ours: 'mask', peers: ['maskCopy', 'tfjs', 'randomMask', 'wasmMask'] },
];

/**
 * The ratios to reach on SwiftShader.
 *
 * @type {{ n: number, goals: { ours: Side, peer: Side, atLeast: number }[] }}
 */
export const GOALS = {
  n: 2 ** 20,
  goals: [
    { ours: 'dropout', peer: 'tfjs', atLeast: 1 },
    { ours: 'mask', peer: 'tfjs', atLeast: 3 },
    { ours: 'mask', peer: 'randomMask', atLeast: 3 },
  ],
};

/** @typedef {Record<Side, number[]>} Times ns per call by round */

/**
 * @typedef {object} Adapter
 * @property {string} name
 * @property {boolean} isSoftware
 */

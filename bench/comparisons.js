/**
 * The comparisons, and how each is set up: who is ours, who is the peer, on which arrays.
 */
import { availableParallelism } from 'node:os';
import {
  AlphaDropout,
  Arena,
  biasDropoutResidual,
  Dropout,
  GaussianDropout,
  Generator,
  LockedDropout,
} from 'dropout-wasm';
import { SharedArena } from 'dropout-wasm/threads';
import { compare } from './measure.js';
import { mathRandomLoop, memoryCopy, tfjsWasm } from './peers.js';

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {number} n elements, all f32
 * @property {number} p drop probability
 * @property {number} oursNsPerElement
 * @property {number} peerNsPerElement
 * @property {number} ratio peer / ours: how many times faster ours is
 */

/** @typedef {{ ours: () => void, peer: () => void, dispose?: () => void }} Pair */

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} title
 * @property {number[]} sizes
 * @property {(n: number, p: number) => Promise<Pair> | Pair} pair
 */

export const PROBABILITIES = [0.5, 0.1];
const SIZES = [128, 4096, 65_536, 1_048_576, 16_777_216];
const TFJS_SIZES = [128, 4096, 65_536, 1_048_576, 4_194_304];
const BACKWARD_SIZES = [4096, 65_536, 1_048_576];
const FAMILY_SIZES = [4096, 65_536, 1_048_576];
const THREADS_SIZES = [4096, 65_536, 131_072, 262_144, 524_288, 1_048_576, 4_194_304, 16_777_216];

// One arena for all rows: an engine reserves some 10 GB of address space for each.
const arena = new Arena({ bytes: 2 * 4 * Math.max(...SIZES) });
const copy = await memoryCopy(arena.memory);

/** @type {Row[]} */
export const ROWS = [
  {
    name: 'arena-vs-copy',
    title: 'forward in an arena, against memory.copy of the same bytes',
    sizes: SIZES,
    pair(n, p) {
      const { x, out } = arenaArrays(n);
      return { ours: forward(x, out, p), peer: () => copy(x, out) };
    },
  },
  {
    name: 'arena-vs-loop',
    title: 'forward in an arena, against a Math.random loop',
    sizes: SIZES,
    pair(n, p) {
      const { x, out } = arenaArrays(n);
      return { ours: forward(x, out, p), peer: () => mathRandomLoop(x, out, p) };
    },
  },
  {
    name: 'array-vs-loop',
    title: 'forward on plain arrays, against a Math.random loop',
    sizes: SIZES,
    pair(n, p) {
      const { x, out } = plainArrays(n);
      return { ours: forward(x, out, p), peer: () => mathRandomLoop(x, out, p) };
    },
  },
  {
    name: 'array-vs-tfjs-wasm',
    title: 'forward on plain arrays, against tf.dropout',
    sizes: TFJS_SIZES,
    async pair(n, p) {
      const { x, out } = plainArrays(n);
      const { run, dispose } = await tfjsWasm(x);
      return { ours: forward(x, out, p), peer: () => run(p), dispose };
    },
  },
  {
    name: 'backward-vs-forward',
    title: 'backward in an arena, against forward',
    sizes: BACKWARD_SIZES,
    pair(n, p) {
      const { x, out } = arenaArrays(n);
      const layer = layerOf(p);
      layer.forward(x, out);
      return { ours: () => layer.backward(x, out), peer: () => layer.forward(x, out) };
    },
  },
  ...family('gaussian', 'GaussianDropout', (x, out, p) => {
    const layer = new GaussianDropout(p, { generator: new Generator(42) });
    return () => layer.forward(x, out);
  }),
  ...family('fused', 'biasDropoutResidual', (x, out, p, like) => {
    const residual = filled(like(x.length));
    const bias = filled(like(1024));
    const key = new Generator(42).next();
    return () => biasDropoutResidual(x, { bias, residual, p, key, out });
  }),
  ...family('runs-of-64', 'noiseShape [n / 64, 1]', (x, out, p) => {
    return broadcast(x, out, p, [x.length / 64, 64], [null, 1]);
  }),
  ...family('rows-of-64', 'noiseShape [b, 1, 64]', (x, out, p) => {
    return broadcast(x, out, p, [x.length / 1024, 16, 64], [null, 1, null]);
  }),
  ...family('locked', 'LockedDropout, 16 steps', (x, out, p) => {
    const shape = [16, x.length / 1024, 64];
    const layer = new LockedDropout(p, { generator: new Generator(42) });
    return () => layer.forward({ data: x, shape }, { data: out, shape });
  }),
  ...family('alpha', 'AlphaDropout', (x, out, p) => {
    const layer = new AlphaDropout(p, { generator: new Generator(42) });
    return () => layer.forward(x, out);
  }),
  ...[2, 4, 8].filter((threads) => threads <= Math.max(2, availableParallelism())).map(threadsRow),
];

/**
 * @param {number} threads
 * @returns {Row}
 */
function threadsRow(threads) {
  return {
    name: `threads-${threads}-vs-1`,
    title: `forward in a SharedArena of ${threads} threads, against one of 1`,
    sizes: THREADS_SIZES,
    async pair(n, p) {
      const [ours, peer] = await Promise.all([threads, 1].map((threads) => sharedForward(threads, n, p)));
      return /** @type {Pair} */ ({ ours, peer });
    },
  };
}

/** @type {Map<number, Promise<SharedArena>>} by threads, made when they are first asked for */
const sharedArenas = new Map();

/**
 * @param {number} threads
 * @param {number} n
 * @param {number} p
 */
async function sharedForward(threads, n, p) {
  const bytes = 2 * 4 * Math.max(...THREADS_SIZES);
  const arena = sharedArenas.get(threads) ?? SharedArena.create({ bytes, threads });
  sharedArenas.set(threads, arena);
  const shared = await arena;
  shared.reset();
  return forward(filled(shared.float32(n)), shared.float32(n), p);
}

/**
 * What else the package does, against plain dropout of as many elements on the same arrays, in an arena and not.
 *
 * @param {string} name
 * @param {string} title
 * @param {(x: Float32Array, out: Float32Array, p: number, like: (n: number) => Float32Array) => () => unknown} make
 * @returns {Row[]}
 */
function family(name, title, make) {
  return [
    {
      name: `${name}-vs-plain`,
      title: `${title} in an arena, against Dropout`,
      sizes: FAMILY_SIZES,
      pair(n, p) {
        const { x, out } = arenaArrays(n);
        return { ours: make(x, out, p, (n) => arena.float32(n)), peer: forward(x, out, p) };
      },
    },
    {
      name: `array-${name}-vs-plain`,
      title: `${title} on arrays, against Dropout`,
      sizes: FAMILY_SIZES,
      pair(n, p) {
        const { x, out } = plainArrays(n);
        return { ours: make(x, out, p, (n) => new Float32Array(n)), peer: forward(x, out, p) };
      },
    },
  ];
}

/**
 * @param {Float32Array} x
 * @param {Float32Array} out
 * @param {number} p
 * @param {number[]} shape
 * @param {(number | null)[]} noiseShape
 */
function broadcast(x, out, p, shape, noiseShape) {
  const layer = new Dropout(p, { generator: new Generator(42), noiseShape });
  return () => layer.forward({ data: x, shape }, { data: out, shape });
}

/**
 * @param {Row} row
 * @param {number} n
 * @param {number} p
 * @param {import('./measure.js').Effort} effort
 * @returns {Promise<Result>}
 */
export async function timeCase({ name, pair }, n, p, effort) {
  const { ours, peer, dispose } = await pair(n, p);
  const times = await compare(ours, peer, effort);
  dispose?.();
  return {
    name,
    n,
    p,
    oursNsPerElement: times.ours / n,
    peerNsPerElement: times.peer / n,
    ratio: times.peer / times.ours,
  };
}

/** @param {number} n */
function arenaArrays(n) {
  arena.reset();
  return { x: filled(arena.float32(n)), out: arena.float32(n) };
}

/** @param {number} n */
function plainArrays(n) {
  return { x: filled(new Float32Array(n)), out: new Float32Array(n) };
}

/**
 * A training forward: draws a key, checks its arguments, writes out.
 *
 * @param {Float32Array} x
 * @param {Float32Array} out
 * @param {number} p
 */
function forward(x, out, p) {
  const layer = layerOf(p);
  return () => {
    layer.forward(x, out);
  };
}

const layerOf = (/** @type {number} */ p) => new Dropout(p, { generator: new Generator(42) });

/**
 * Values of the size of activations: no zeros, and nothing that becomes denormal.
 *
 * @param {Float32Array} x
 */
function filled(x) {
  for (let i = 0; i < x.length; i++) x[i] = ((i % 1000) + 1) / 500 - 1.0005;
  return x;
}

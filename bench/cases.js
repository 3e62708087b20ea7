/**
 * The timed calls of dropout-wasm, described once: `comparisons.js` times them against baselines, `builds.js` against
 * another build.
 */
import { availableParallelism } from 'node:os';

/** @typedef {typeof import('dropout-wasm') & typeof import('dropout-wasm/threads')} Package */

/**
 * @typedef {object} Call
 * @property {'arrays' | 'arena' | number} place of x and out: plain arrays, an arena, or a SharedArena of that many
 *   threads
 * @property {(n: number) => number[]} [operands] lengths of the arrays besides x and out
 * @property {(pkg: Package, p: number, ...arrays: Float32Array[]) => (() => unknown) | Promise<() => unknown>} create
 *   arrays: x, out, operands
 */

/**
 * @typedef {object} Description
 * @property {string} name
 * @property {string} title
 * @property {number[]} sizes
 */

/** @typedef {Description & Call} Case */

export const MAX_SIZE = 16_777_216;
export const PROBABILITIES = [0.5, 0.1];
const SIZES = [128, 4096, 65_536, 1_048_576, MAX_SIZE];
export const FAMILY_SIZES = [4096, 65_536, 1_048_576];
const THREADS_SIZES = [4096, 65_536, 131_072, 262_144, 524_288, 1_048_576, 4_194_304, MAX_SIZE];

/** @type {Case} */
export const ARENA = { name: 'arena', title: 'forward in an arena', sizes: SIZES, place: 'arena', create: forward };

/** @type {Case} */
export const ARRAY = { ...ARENA, name: 'array', title: 'forward on plain arrays', place: 'arrays' };

/** @type {Case} */
export const BACKWARD = {
  name: 'backward',
  title: 'backward in an arena',
  sizes: FAMILY_SIZES,
  place: 'arena',
  create({ Dropout }, p, x, out) {
    const layer = new Dropout(p, { seed: 42 });
    layer.forward(x, out);
    return () => layer.backward(x, out);
  },
};

/** Further calls of the package, in an arena and on plain arrays. */
export const FAMILY = [
  ...family('gaussian', 'GaussianDropout', ({ GaussianDropout }, p, x, out) => {
    const layer = new GaussianDropout(p, { seed: 42 });
    return () => layer.forward(x, out);
  }),
  ...[1024, 1000, 100, 63].flatMap(fused),
  ...family('runs-of-64', 'noiseShape [n / 64, 1]', (pkg, p, x, out) => {
    return broadcast(pkg, p, x, out, [x.length / 64, 64], [null, 1]);
  }),
  ...family('rows-of-64', 'noiseShape [b, 1, 64]', (pkg, p, x, out) => {
    return broadcast(pkg, p, x, out, [x.length / 1024, 16, 64], [null, 1, null]);
  }),
  ...family('locked', 'LockedDropout, 16 steps', ({ LockedDropout }, p, x, out) => {
    const shape = [16, x.length / 1024, 64];
    const layer = new LockedDropout(p, { seed: 42 });
    return () => layer.forward({ data: x, shape }, { data: out, shape });
  }),
  ...family('alpha', 'AlphaDropout', ({ AlphaDropout }, p, x, out) => {
    const layer = new AlphaDropout(p, { seed: 42 });
    return () => layer.forward(x, out);
  }),
  ...family('feature-alpha', 'FeatureAlphaDropout, 8 × 8', ({ FeatureAlphaDropout }, p, x, out) => {
    const shape = [x.length / 4096, 64, 8, 8];
    const layer = new FeatureAlphaDropout(p, { seed: 42 });
    return () => layer.forward({ data: x, shape }, { data: out, shape });
  }),
];

/** @type {Case} */
export const F64 = {
  name: 'f64',
  title: 'forward of n / 2 elements of f64 in an arena',
  sizes: FAMILY_SIZES,
  place: 'arena',
  create: ({ Dropout }, p, x, out) => forwardOfF64(new Dropout(p, { seed: 42 }), x, out),
};

/** Against `F64`. @type {Case[]} */
export const FAMILY_F64 = [
  {
    ...F64,
    name: 'gaussian-f64',
    title: 'GaussianDropout of n / 2 elements of f64 in an arena',
    create: ({ GaussianDropout }, p, x, out) => forwardOfF64(new GaussianDropout(p, { seed: 42 }), x, out),
  },
  {
    ...F64,
    name: 'alpha-f64',
    title: 'AlphaDropout of n / 2 elements of f64 in an arena',
    create: ({ AlphaDropout }, p, x, out) => forwardOfF64(new AlphaDropout(p, { seed: 42 }), x, out),
  },
];

/** @type {Case[]} */
export const THREADS = [2, 4, 8]
  .filter((threads) => threads <= Math.max(2, availableParallelism()))
  .map((threads) => ({
    name: `threads-${threads}`,
    title: `forward in a SharedArena of ${threads} threads`,
    sizes: THREADS_SIZES,
    place: threads,
    create: forward,
  }));

export const CASES = [ARENA, ARRAY, BACKWARD, ...FAMILY, F64, ...FAMILY_F64, ...THREADS];

/**
 * A training forward: draws a key, checks its arguments, writes out.
 *
 * @type {(pkg: Package, p: number, x: Float32Array, out: Float32Array) => () => void}
 */
function forward({ Dropout }, p, x, out) {
  const layer = new Dropout(p, { seed: 42 });
  return () => {
    layer.forward(x, out);
  };
}

/**
 * The bytes of x and out as f64.
 *
 * @param {import('dropout-wasm').Layer} layer
 * @param {Float32Array[]} arrays
 */
function forwardOfF64(layer, ...arrays) {
  const [x, out] = /** @type {[Float64Array, Float64Array]} */ (
    arrays.map(({ buffer, byteOffset, length }) => new Float64Array(buffer, byteOffset, length / 2))
  );
  return () => layer.forward(x, out);
}

/**
 * biasDropoutResidual on as many whole rows as n elements hold.
 *
 * @param {number} features
 */
function fused(features) {
  return family(
    features === 1024 ? 'fused' : `fused-${features}`,
    `biasDropoutResidual, ${features} features`,
    ({ biasDropoutResidual, Generator }, p, ...arrays) => {
      const bias = /** @type {Float32Array} */ (arrays.pop());
      const rows = arrays.map((array) => array.subarray(0, array.length - (array.length % features)));
      const [x, out, residual] = /** @type {[Float32Array, Float32Array, Float32Array]} */ (rows);
      const key = new Generator(42).next();
      return () => biasDropoutResidual(x, { bias, residual, p, key, out });
    },
    (n) => [n, features],
  );
}

/**
 * @param {Package} pkg
 * @param {number} p
 * @param {Float32Array} x
 * @param {Float32Array} out
 * @param {number[]} shape
 * @param {(number | null)[]} noiseShape
 */
function broadcast({ Dropout }, p, x, out, shape, noiseShape) {
  const layer = new Dropout(p, { seed: 42, noiseShape });
  return () => layer.forward({ data: x, shape }, { data: out, shape });
}

/**
 * @param {string} name
 * @param {string} title
 * @param {Call['create']} create
 * @param {Call['operands']} operands
 * @returns {Case[]}
 */
function family(name, title, create, operands = () => []) {
  const sizes = FAMILY_SIZES;
  return [
    { name, title: `${title} in an arena`, sizes, place: 'arena', operands, create },
    { name: `array-${name}`, title: `${title} on arrays`, sizes, place: 'arrays', operands, create },
  ];
}

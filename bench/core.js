/**
 * The kernels against the loops that people write by hand, in any runtime: it imports nothing but the package.
 * `runtimes.js` bundles it, and runs it in consoles and pages.
 */
import { Arena, backend, Dropout, GaussianDropout, Generator, mask } from 'dropout-wasm';
import { gaussianLoop, maskLoop, mathRandomLoop } from './loops.js';
import { compare, medians } from './measure.js';
import { filled } from './values.js';

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} title
 * @property {number} n elements, f32
 * @property {(n: number) => [ours: () => unknown, loop: () => unknown]} create
 */

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {number} n
 * @property {number} ours ns per call
 * @property {number} loop ns per call
 */

const P = 0.5;
const LARGE = 2 ** 20;
const SMALL = 128;

/** @type {Row[]} */
export const CORE = [
  { name: 'arena', title: 'forward in an arena', n: LARGE, create: (n) => forward(...arena(n)) },
  { name: 'array', title: 'forward on plain arrays', n: LARGE, create: (n) => forward(...arrays(n)) },
  {
    name: 'mask',
    title: 'mask, a byte for each element',
    n: LARGE,
    create(n) {
      const out = new Arena({ bytes: n }).uint8(n);
      const keys = new Generator(42);
      return [() => mask(n, { p: P, key: keys.next(), out }), () => maskLoop(out, P)];
    },
  },
  {
    name: 'gaussian',
    title: 'GaussianDropout in an arena',
    n: LARGE,
    create(n) {
      const [x, out] = arena(n);
      const layer = new GaussianDropout(P, { seed: 42 });
      return [() => layer.forward(x, out), () => gaussianLoop(x, out, P)];
    },
  },
  { name: 'small-arena', title: 'forward in an arena', n: SMALL, create: (n) => forward(...arena(n)) },
  { name: 'small-array', title: 'forward on plain arrays', n: SMALL, create: (n) => forward(...arrays(n)) },
];

/**
 * @param {string} argument JSON: the name of a row, and the effort
 * @returns {Promise<Result>}
 * @throws Error if the package falls back to the reference, which nobody needs to time
 */
export async function bench(argument) {
  /** @type {{ name: string, effort: import('./measure.js').Effort }} */
  const { name, effort } = JSON.parse(argument);
  const { name: used, reason } = backend();
  if (used !== 'wasm-simd') throw new Error(`the backend is ${used}: ${reason}`);
  const { n, create } = /** @type {Row} */ (CORE.find((row) => row.name === name));
  const [ours, loop] = /** @type {[number, number]} */ (medians(await compare(create(n), effort)));
  return { name, n, ours, loop };
}

/**
 * @param {Float32Array} x
 * @param {Float32Array} out
 * @returns {[() => unknown, () => unknown]}
 */
function forward(x, out) {
  const layer = new Dropout(P, { seed: 42 });
  return [() => layer.forward(x, out), () => mathRandomLoop(x, out, P)];
}

/**
 * @param {number} n
 * @returns {[x: Float32Array, out: Float32Array]}
 */
function arena(n) {
  const memory = new Arena({ bytes: 2 * 4 * n });
  return [filled(memory.float32(n)), memory.float32(n)];
}

/**
 * @param {number} n
 * @returns {[x: Float32Array, out: Float32Array]}
 */
function arrays(n) {
  return [filled(new Float32Array(n)), new Float32Array(n)];
}

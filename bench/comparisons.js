/**
 * dropout-wasm against its baselines.
 */
import * as main from 'dropout-wasm';
import * as threads from 'dropout-wasm/threads';
import { memoryCopy, tfjsWasm } from './baselines.js';
import { ARENA, ARRAY, BACKWARD, F64, FAMILY, FAMILY_F64, FAMILY_SIZES, THREADS } from './cases.js';
import { mathRandomLoop } from './loops.js';
import { medians } from './measure.js';
import { memory, timeSides } from './sides.js';

/** @typedef {import('./cases.js').Call} Call */
/** @typedef {import('./cases.js').Case} Case */
/** @typedef {import('./cases.js').Description & { ours: Call, baseline: Call }} Row */

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {number} n elements, all f32
 * @property {number} p drop probability
 * @property {number} oursNsPerElement
 * @property {number} peerNsPerElement
 * @property {number} ratio peer / ours: how many times faster ours is
 */

const pkg = { ...main, ...threads };
/** @type {ReturnType<typeof memoryCopy> | undefined} */
let copying;
const TFJS_SIZES = [128, 4096, 65_536, 1_048_576, 4_194_304];

/** @type {Call['create']} */
const copy = async (_pkg, _p, x, out) => {
  copying ??= memoryCopy(memory);
  const run = await copying;
  return () => run(x, out);
};

/** @type {Call['create']} */
const loop = (_, p, x, out) => {
  return () => mathRandomLoop(x, out, p);
};

/** @type {Row[]} */
export const ROWS = [
  row(ARENA, 'copy', 'memory.copy of the same bytes', { place: 'arena', create: copy }),
  row(ARENA, 'loop', 'a Math.random loop', { place: 'arena', create: loop }),
  row(ARRAY, 'loop', 'a Math.random loop', { place: 'arrays', create: loop }),
  row({ ...ARRAY, sizes: TFJS_SIZES }, 'tfjs-wasm', 'tf.dropout', {
    place: 'arrays',
    create: (_, p, x) => tfjsWasm(x, p),
  }),
  row({ ...ARRAY, sizes: FAMILY_SIZES }, 'arena', 'forward in an arena', ARENA),
  row(BACKWARD, 'forward', 'forward', ARENA),
  ...FAMILY.map((ours) => row(ours, 'plain', 'Dropout', ours.place === 'arena' ? ARENA : ARRAY)),
  ...FAMILY_F64.map((ours) => row(ours, 'plain', 'Dropout', F64)),
  ...THREADS.map((ours) => row(ours, '1', 'one of 1', { ...ours, place: 1 })),
];

/**
 * @param {Case} ours
 * @param {string} name of the baseline
 * @param {string} title of the baseline
 * @param {Call} baseline
 * @returns {Row}
 */
function row(ours, name, title, baseline) {
  const { sizes } = ours;
  return { name: `${ours.name}-vs-${name}`, title: `${ours.title}, against ${title}`, sizes, ours, baseline };
}

/**
 * @param {Row} row
 * @param {number} n
 * @param {number} p
 * @param {import('./measure.js').Effort} effort
 * @returns {Promise<Result>}
 */
export async function timeRow({ name, ours, baseline }, n, p, effort) {
  const sides = [ours, baseline].map((call) => ({ ...call, pkg }));
  const [oursNs, baselineNs] = /** @type {[number, number]} */ (medians(await timeSides(sides, n, p, effort)));
  return { name, n, p, oursNsPerElement: oursNs / n, peerNsPerElement: baselineNs / n, ratio: baselineNs / oursNs };
}

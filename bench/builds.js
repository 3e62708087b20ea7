/**
 * This build of dropout-wasm against another one. A second copy of this build serves as the control.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { median, quantile } from './measure.js';
import { timeSides } from './sides.js';

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {number} n elements, all f32
 * @property {number} p drop probability
 * @property {number} thisNsPerElement
 * @property {number} copyNsPerElement
 * @property {number} beforeNsPerElement the other build
 * @property {number} ratio this / before: above 1 this build is slower
 * @property {number} control this / copy: 1 except for noise
 * @property {number} spread in three quarters of the rounds, this / copy is within 1 ± spread
 * @property {boolean} slower
 */

const THIS = fileURLToPath(new URL('..', import.meta.url));
const SIDES = /** @type {const} */ (['this', 'copy', 'before']);
const TOLERANCE = 0.03;
const ATTEMPTS = 3;

/** @typedef {(typeof SIDES)[number]} Side */

/**
 * @param {string} dir
 * @throws Error if it has no build
 */
export function checkBuild(dir) {
  if (existsSync(join(dir, 'dist/index.js'))) return;
  throw new Error(`--against: ${dir} has no dist/index.js. Build it first: npm run build`);
}

/**
 * Times a case. If this build is slower, repeats with new copies in another order: the engine may compile two copies
 * of one build differently, so that one of them is slower in every round.
 *
 * @param {string} dir of the other build
 * @param {string} name of the case
 * @param {number} n
 * @param {number} p
 * @param {import('./measure.js').Effort} effort
 * @returns {Promise<Result>} of the last attempt
 */
export async function timeBuilds(dir, name, n, p, effort) {
  for (let attempt = 1; ; attempt++) {
    const order = SIDES.map((_, i) => /** @type {Side} */ (SIDES[(i + attempt) % SIDES.length]));
    const rounds = await timeCopies(order, dir, name, n, p, effort);
    const times = SIDES.map((side) => rounds.map((round) => /** @type {number} */ (round[order.indexOf(side)])));
    const result = { name, n, p, ...judge(/** @type {[number[], number[], number[]]} */ (times), n) };
    if (!result.slower || attempt === ATTEMPTS) return result;
  }
}

/**
 * @param {Side[]} order
 * @param {string} dir
 * @param {string} name
 * @param {number} n
 * @param {number} p
 * @param {import('./measure.js').Effort} effort
 */
async function timeCopies(order, dir, name, n, p, effort) {
  const root = mkdtempSync(join(tmpdir(), 'dropout-wasm-'));
  try {
    const sides = [];
    for (const side of order) sides.push(await load(side === 'before' ? dir : THIS, join(root, side), name));
    return await timeSides(sides, n, p, effort);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/**
 * @param {[ours: number[], copy: number[], before: number[]]} times ns per call, by round
 * @param {number} n
 */
function judge([ours, copy, before], n) {
  const controls = ratios(ours, copy);
  const ratio = median(ratios(ours, before));
  const spread = quantile(
    controls.map((control) => Math.abs(control - 1)),
    0.75,
  );
  return {
    thisNsPerElement: median(ours) / n,
    copyNsPerElement: median(copy) / n,
    beforeNsPerElement: median(before) / n,
    ratio,
    control: median(controls),
    spread,
    slower: Math.min(ratio, median(ratios(copy, before))) > 1 + Math.max(TOLERANCE, spread),
  };
}

/**
 * @param {number[]} times
 * @param {number[]} others times of the same rounds
 */
function ratios(times, others) {
  return times.map((ns, round) => ns / /** @type {number} */ (others[round]));
}

/**
 * Imports a copy of a build and of the cases. If the builds shared any code, the engine would optimize it for all of
 * them together.
 *
 * @param {string} from
 * @param {string} to
 * @param {string} name of the case
 * @returns {Promise<import('./sides.js').Side>}
 */
async function load(from, to, name) {
  for (const path of ['package.json', 'dist']) cpSync(join(from, path), join(to, path), { recursive: true });
  const href = (/** @type {string} */ path) => pathToFileURL(join(to, path)).href;
  const pkg = { ...(await import(href('dist/index.js'))), ...(await import(href('dist/threads/index.js'))) };
  /** @type {typeof import('./cases.js')} */
  const { CASES } = await import(`./cases.js?side=${to}`);
  return { .../** @type {import('./cases.js').Case} */ (CASES.find((found) => found.name === name)), pkg };
}

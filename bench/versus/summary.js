/** Figures of the results that the page and its pictures share. */
// @ts-expect-error: jstat has no types.
import jstat from 'jstat';
import { median } from '../measure.js';
import { OURS, PEERS } from './peers.js';

/** @typedef {import('./peers.js').Measure} Measure */
/** @typedef {import('./results.js').Results} Results */

/** @typedef {{ n: number, ns: number, ratio: number }} Point ns per element; ratio = ns / those of dropout-wasm */

/**
 * @param {Results} results
 * @param {Measure} measure
 * @param {number} p
 * @returns {{ name: string, title: string, points: Point[] }[]} the peers with a point or more, after dropout-wasm
 */
export function seriesOf(results, measure, p) {
  const timings = results.peers.flatMap(({ name, timings }) => timings.map((timing) => ({ name, ...timing })));
  const wanted = timings.filter((timing) => timing.measure === measure && timing.p === p);
  const sizes = [...new Set(wanted.map(({ n }) => n))].sort((a, b) => a - b);
  // Each peer was timed in turns with dropout-wasm, which therefore has several times.
  const ours = sizes.map((n) => {
    return { n, ns: median(wanted.filter((timing) => timing.n === n).map(({ ours }) => ours)) / n, ratio: 1 };
  });
  const peers = PEERS.map(({ name, title }) => ({
    name,
    title,
    points: wanted
      .filter((timing) => timing.name === name)
      .map(({ n, ours, peer }) => ({ n, ns: peer / n, ratio: peer / ours })),
  }));
  return [{ name: OURS.name, title: OURS.title, points: ours }, ...peers.filter(({ points }) => points.length > 0)];
}

/**
 * The line a + b · n through the times, by least squares of the relative errors: those of absolute ones would ignore
 * all sizes but the largest.
 *
 * @param {Results['line']} line
 */
export function fitLine(line) {
  const { coef } = jstat.jStat.models.ols(
    line.map(() => 1),
    line.map(({ n, ns }) => [1 / ns, n / ns]),
  );
  const [a, b] = /** @type {[number, number]} */ (coef);
  const points = line.map(({ n, ns }) => ({ n, ns, fitted: a + b * n, residual: ns / (a + b * n) - 1 }));
  return { a, b, points };
}

/** @param {string} title as Markdown */
export const plainTitle = (title) => title.replaceAll('`', '');

/**
 * Whether others use so much of the machine that calls by the clock take longer.
 *
 * @param {number} load processes that are ready to run
 * @param {number} cores
 */
export function isBusy(load, cores) {
  return load / cores > 0.5;
}

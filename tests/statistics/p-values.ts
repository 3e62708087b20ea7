/** From a statistic to the probability of one as extreme, for a stream without structure. All tests are two-sided. */
// @ts-expect-error: jstat has no types.
import jstat from 'jstat';

const { erfc, chisquare, gammaln } = jstat.jStat;

/** Of a standard normal statistic. */
export const ofNormal = (z: number): number => erfc(Math.abs(z) / Math.SQRT2);

/** Of a sum of squares of standard normal statistics. A sum that is too small counts too. */
export function ofChiSquare(sum: number, degrees: number): number {
  const below: number = chisquare.cdf(sum, degrees);
  return Math.min(1, 2 * Math.min(below, 1 - below));
}

/** Of many independent normal statistics: their sum of squares, and the largest by Bonferroni. */
export function ofNormals(zs: readonly number[]): number[] {
  const largest = zs.reduce((max, z) => Math.max(max, Math.abs(z)), 0);
  const sum = zs.reduce((total, z) => total + z * z, 0);
  return [Math.min(1, zs.length * ofNormal(largest)), ofChiSquare(sum, zs.length)];
}

/** Of Pearson's statistic. Neighboring cells are merged until at least 10 are expected in each. */
export function ofCounts(counts: readonly number[], expected: readonly number[]): number {
  const cells: { count: number; expected: number }[] = [];
  let open = { count: 0, expected: 0 };
  expected.forEach((value, i) => {
    open = { count: open.count + counts[i]!, expected: open.expected + value };
    if (open.expected < 10) return;
    cells.push(open);
    open = { count: 0, expected: 0 };
  });
  if (cells.length < 2) throw new Error('fewer than two cells: draw more');
  const last = cells.at(-1)!;
  last.count += open.count;
  last.expected += open.expected;
  return ofChiSquare(
    cells.reduce((sum, { count, expected }) => sum + (count - expected) ** 2 / expected, 0),
    cells.length - 1,
  );
}

/** Of the Kolmogorov–Smirnov distance of a sorted sample from a continuous distribution, by Kolmogorov's series. */
export function ofSample(sorted: Float32Array, cdf: (x: number) => number): number {
  const n = sorted.length;
  let distance = 0;
  sorted.forEach((x, i) => {
    const at = cdf(x);
    distance = Math.max(distance, (i + 1) / n - at, at - i / n);
  });
  // Stephens' correction for finite n. Below 0.05 the series has not converged, and the result is 0 in either case.
  const t = Math.max(0.05, distance * (Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n)));
  let above = 0;
  for (let k = 1; k <= 100; k++) above += 2 * (-1) ** (k - 1) * Math.exp(-2 * k * k * t * t);
  return Math.max(0, Math.min(1, 2 * Math.min(above, 1 - above)));
}

export const normalCdf = (x: number): number => erfc(-x / Math.SQRT2) / 2;

/** The probability of k among n, each with probability p, for 0 < p < 1. */
export const binomial = (k: number, n: number, p: number): number =>
  Math.exp(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * Math.log(p) + (n - k) * Math.log1p(-p));

/**
 * Prints the largest error of the normal quantile (docs/normal-noise.md) against an f64 quantile. It checks all inputs
 * in and near the tail and every 61st elsewhere; `--every 1` checks all inputs (10 minutes). Only the lower half is
 * checked: the upper half has the same bits with the sign flipped (assembly/__tests__/gaussian.spec.ts).
 */
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
// @ts-expect-error: jstat has no types.
import jstat from 'jstat';

const { values } = parseArgs({ options: { every: { type: 'string', default: '61' } } });
const every = Number(values.every);
const TAIL = 2 ** 21;

const { outputFiles } = await build({
  stdin: { contents: "export { quantile } from './src/backend/reference/gaussian.ts'", resolveDir: process.cwd() },
  bundle: true,
  format: 'esm',
  write: false,
});
const module = `data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? '')}`;
/** @type {{ quantile: (v: number) => number }} */
const { quantile } = await import(module);

const exact = (/** @type {number} */ v) => -Math.SQRT2 * jstat.jStat.erfcinv(2 * ((v + 0.5) / 2 ** 32));

const worst = { tail: { error: 0, v: 0 }, center: { error: 0, v: 0 } };
const sums = { n: 0, squares: 0 };
for (let v = 0; v < 2 ** 31; v += v < 2 * TAIL ? 1 : every) {
  const z = quantile(v);
  const error = Math.abs(z - exact(v));
  const record = worst[v < TAIL ? 'tail' : 'center'];
  if (error > record.error) Object.assign(record, { error, v });
  const weight = v < 2 * TAIL ? 1 : every;
  sums.n += weight;
  sums.squares += weight * z * z;
}

for (const [name, { error, v }] of Object.entries(worst))
  console.log(
    `${name}: largest error ${error.toExponential(2)} at v = 0x${v.toString(16).padStart(8, '0')}, z = ${exact(v).toFixed(4)}`,
  );
console.log(`mean 0, variance ${(sums.squares / sums.n).toFixed(7)}`);

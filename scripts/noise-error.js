/**
 * The largest error of the normal quantile (docs/normal-noise.md) against one in f64: over every 61st input and all of
 * the tail, or, with `--every 1`, over all (10 minutes). The upper half of the inputs is the lower one with the other
 * sign, bit for bit (assembly/__tests__/gaussian.spec.ts), so half are looked at.
 */
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
// @ts-expect-error: it comes without types.
import jstat from 'jstat';

const { values } = parseArgs({ options: { every: { type: 'string', default: '61' } } });
const every = Number(values.every);
const TAIL = 2 ** 20;

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

const worst = { tail: { error: 0, v: 0 }, centre: { error: 0, v: 0 } };
const sums = { n: 0, squares: 0 };
for (let v = 0; v < 2 ** 31; v += v < 2 * TAIL ? 1 : every) {
  const z = quantile(v);
  const error = Math.abs(z - exact(v));
  const place = worst[v < TAIL ? 'tail' : 'centre'];
  if (error > place.error) Object.assign(place, { error, v });
  const weight = v < 2 * TAIL ? 1 : every;
  sums.n += weight;
  sums.squares += weight * z * z;
}

for (const [name, { error, v }] of Object.entries(worst))
  console.log(
    `${name}: largest error ${error.toExponential(2)} at v = 0x${v.toString(16).padStart(8, '0')}, z = ${exact(v).toFixed(4)}`,
  );
console.log(`mean 0, variance ${(sums.squares / sums.n).toFixed(7)}`);

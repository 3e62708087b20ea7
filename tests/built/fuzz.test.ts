/** The programs that `npm run fuzz` prints for a failure: each runs as it is, on the build and on its reference. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { programOf } from '../fuzz/fuzz.js';

const cwd = fileURLToPath(new URL('../..', import.meta.url));

/** What a printed program prints. */
const run = (...program: string[]): string =>
  execFileSync(process.execPath, ['--input-type=module'], { cwd, input: programOf({ program }), encoding: 'utf8' });

const X = "const x = array('arena', 'Float32Array', 4, 3, 1);";

it.each([
  ['return await dropout(x, { p: 0.5, key: 13679457532755275413n }).map(Math.abs)[1]'],
  ['try { await dropout(x, { p: 2, key: 1n }); } catch {}', 'return await mask(4, { p: 1, key: undefined })[0]'],
  ['const layer = await new Dropout(0.5, { seed: 1 });', 'return await LockedDropout.type + layer.generator.seed'],
  ['return await same(x, new Float32Array(4))'],
  ['return await onnxDropout(x, 0.5, false).output === x'],
  ['return await inference.Dropout.fromJSON(new Dropout(0.5, { seed: 1 }).toJSON()).forward(x) === x'],
  [
    'const run = () => monteCarlo(({ generator }) => Float32Array.of(Number(generator.next() % 97n)), { samples: 2, seed: 1 });',
    'return await (async () => (await merge(await run())).count)()',
  ],
  ['return await same(ofTensors(({ tensor }) => tfDropout(tensor(x), { p: 0, key: 1n })), x)'],
  ["const y = array('shared', 'Float32Array', 200000, 0, 0);", 'return await dropout(y, { p: 0.5, key: 1n })[7] === 0'],
])('prints the same for both packages: %s', (...program) => {
  const [first, second, ...rest] = run(X, ...program).split('\n');
  expect(first).toMatch(/^(-?\d|true|false|LockedDropout1$)/);
  expect(second).toBe(first);
  expect(rest).toEqual(['']);
});

/**
 * `npm run fuzz`: random programs on the build and on its reference (tests/fuzz), which must do the same. Batch after
 * batch of 100 programs, each by the next seed, until the time is over or a program fails.
 */
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import cliProgress from 'cli-progress';
import Table from 'cli-table3';
import * as wasm from 'dropout-wasm';
import * as inference from 'dropout-wasm/inference';
import * as monteCarlo from 'dropout-wasm/monte-carlo';
import { onnxDropout } from 'dropout-wasm/onnx';
import * as reference from 'dropout-wasm/reference';
import { dropout as tfDropout } from 'dropout-wasm/tfjs';
import { SharedArena } from 'dropout-wasm/threads';
import { build } from 'esbuild';
import { readCommandLine } from './command-line.js';

const USAGE = `npm run fuzz -- [--minutes N] [--seed S] [--path P]

  --minutes N  how long it runs; default 1
  --seed S     the seed of the first 100 programs, a whole number below 2^31;
               the next 100 have seed S + 1, and so on. Default 1
  --path P     only program number P of seed S, as a report names it
  --help       this text`;

const BATCH = 100;

/** @throws Error that describes the mistake in the command line */
function options() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string' },
      seed: { type: 'string', default: '1' },
      path: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { path } = values;
  const { minutes: text = '1' } = values;
  const minutes = /^\d*\.?\d+$/.test(text) ? Number(text) : 0;
  if (minutes <= 0) throw new Error(`--minutes has to be a number above 0, but got ${text}`);
  const seed = /^\d{1,10}$/.test(values.seed) ? Number(values.seed) : Number.NaN;
  if (!(seed < 2 ** 31)) throw new Error(`--seed has to be a whole number below 2^31, but got ${values.seed}`);
  if (path !== undefined && values.minutes !== undefined)
    throw new Error('--path runs one program: leave --minutes out');
  if (path !== undefined && !/^\d+$/.test(path)) throw new Error(`--path has to be a whole number, but got ${path}`);
  return { minutes, seed, path };
}

const chosen = readCommandLine(USAGE, options);
if (chosen) process.exitCode = await run(chosen);

/** @param {NonNullable<ReturnType<typeof options>>} options */
async function run({ minutes, seed: first, path }) {
  mkdirSync('build/fuzz', { recursive: true });
  const outfile = 'build/fuzz/fuzz.js';
  const entryPoint = 'tests/fuzz/index.ts';
  await build({ entryPoints: [entryPoint], bundle: true, packages: 'external', format: 'esm', outfile });
  /** @type {typeof import('../tests/fuzz/index.js')} */
  const { fuzz, machines, programOf, SHARED_BYTES, same } = await import(
    new URL(`../${outfile}`, import.meta.url).href
  );

  setWasmPaths('node_modules/@tensorflow/tfjs-backend-wasm/dist/');
  await tf.setBackend('wasm');
  const shared = await SharedArena.create({ bytes: SHARED_BYTES, threads: 2 });
  const pair = machines(
    [
      [wasm.backend().name, wasm],
      ['the reference', reference],
    ],
    [shared, new reference.Arena({ bytes: SHARED_BYTES })],
    {
      inference,
      ...monteCarlo,
      onnxDropout,
      same,
      tfDropout,
      ofTensors: (/** @type {(library: typeof tf) => tf.Tensor} */ use) => tf.tidy(() => use(tf).dataSync()),
    },
  );

  /** @type {Map<string, number>} */
  const steps = new Map();
  const count = (/** @type {string} */ label) => steps.set(label, (steps.get(label) ?? 0) + 1);
  const start = performance.now();
  const minutesSince = () => (performance.now() - start) / 60_000;
  const bar = new cliProgress.SingleBar({ format: '{bar} {percentage} % | {programs} programs | seed {seed}' });
  bar.start(minutes, 0, { programs: 0, seed: first });
  let failure;
  let seed = first;
  for (; !failure && (seed === first || (path === undefined && minutesSince() < minutes)); seed++) {
    failure = await fuzz(pair, { seed, count, ...(path === undefined ? { runs: BATCH } : { runs: 1, path }) });
    bar.update(Math.min(minutesSince(), minutes), { programs: BATCH * (seed - first + 1), seed });
  }
  bar.stop();
  shared.close();

  if (failure) {
    const [number] = failure.path.split(':');
    console.log(`Failed: ${failure.message}

The same program, before it was made smaller: seed ${failure.seed}, path ${number}
  npm run fuzz -- --seed ${failure.seed} --path ${number}

The smallest program found, to be run in this folder as a .mjs file:

${programOf(failure)}`);
    return 1;
  }
  const table = new Table({ head: ['step', 'ran'], colAligns: ['left', 'right'], style: { head: [], compact: true } });
  const { refused = 0, ...kinds } = Object.fromEntries(steps);
  const rows = Object.entries(kinds).sort(([, a], [, b]) => b - a);
  table.push(...rows.map(([label, ran]) => [label, ran.toLocaleString('en')]));
  const all = rows.reduce((sum, [, ran]) => sum + ran, 0);
  const programs = path === undefined ? BATCH * (seed - first) : 1;
  console.log(`${table}
No program of ${programs.toLocaleString('en')} failed, by seeds ${first} to ${seed - 1}.
Of ${all.toLocaleString('en')} steps, ${refused.toLocaleString('en')} had to throw an error, and did.`);
  return 0;
}

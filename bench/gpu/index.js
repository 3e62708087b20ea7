/**
 * `npm run bench:gpu`: dropout and masks on the GPU against TensorFlow.js and against masks from the CPU, in Chromium.
 */
import { platform } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { mistake, readCommandLine } from '../../scripts/command-line.js';
import { inChromium, SOFTWARE } from '../chromium.js';
import { comparison, median } from '../measure.js';
import { endProgress, machine, progress, table } from '../report.js';
import { GOALS, GROUPS, SIDES } from './sides.js';

/** @typedef {import('./sides.js').Adapter} Adapter */
/** @typedef {import('./sides.js').Side} Side */
/** @typedef {typeof import('./page.js').MEASURES} Measures */

const SIZES = [2 ** 16, 2 ** 18, 2 ** 20, 2 ** 22];
const PROBABILITIES = [0.5, 0.1];
const FULL = { rounds: 30, turn: 0, budget: 30e9, warmUp: 0.1e9 };
const QUICK = { rounds: 4, turn: 0, budget: 0, warmUp: 0 };

/** Words of masks have 32 elements, and each size is one dispatch. */
const MULTIPLE = 128;
const MOST = 2 ** 23;

const USAGE = `node bench/gpu/index.js [--quick] [--size N]... [--software] [--json]

  --quick     4 rounds: a rough look in under a minute
  --size N    only N elements, a multiple of ${MULTIPLE} up to ${MOST}; may be repeated.
              By default ${SIZES.join(', ')}
  --software  SwiftShader, which computes on the CPU, also where there is a GPU
  --json      { adapter: { name, isSoftware }, chromium, results: [{ n, p,
              name, against, ms, ratio, spread }] }, where ratio = ms of name /
              ms of against
  --help      this text

Without --software Chromium is asked for the GPU. Where it has none, SwiftShader
is used, and a line says so.`;

const LEGEND = `ms per call, f32: medians over the quieter half of the rounds; all sides have a
turn in each round, in one page, on one device. A turn is as many calls as take
20 ms, and the wait until the GPU is done. ratio = side / ours, which is the
first row of each group: above 1 ours is faster. In three quarters of the
rounds the ratio is within ratio · (1 ± spread); A/A shows the noise.
x and the results stay on the GPU. Math.random draws an f32 factor for each
element, wasm bits are drawn by mask() on the CPU, a bit for each element, and
both are uploaded in each call. TF.js draws by a loop on the CPU, too. For the
mask, tf.dropout counts as a whole, since it has no call for a mask alone.
x·s reads x and writes the result, without a mask: no dropout is faster.
Before the clock starts, each result is checked: those of gpu.dropout and
gpu.mask, bit by bit, against the calls on arrays.`;

/** On Linux a GPU is found by Vulkan. */
const HARDWARE = ['--enable-unsafe-webgpu', ...(platform() === 'linux' ? ['--enable-features=Vulkan'] : [])];

/** ms: Chromium with a broken driver never answers. */
const START = 60_000;

/** @throws Error that describes the mistake in the command line */
function options() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      size: { type: 'string', multiple: true },
      software: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return { ...values, sizes: values.size?.map(sizeOf) ?? SIZES };
}

/** @param {string} text */
function sizeOf(text) {
  const n = /^\d+$/.test(text) ? Number(text) : 0;
  if (n < MULTIPLE || n > MOST || n % MULTIPLE)
    throw mistake('--size', `a multiple of ${MULTIPLE} from ${MULTIPLE} to ${MOST}`, text);
  return n;
}

/** @typedef {{ n: number, p: number, times: import('./sides.js').Times }} Timing */

/**
 * @param {NonNullable<ReturnType<typeof options>>} chosen
 * @param {string[]} args of Chromium
 * @param {(text: string) => void} print
 * @returns {Promise<{ adapter: Adapter, chromium: string, timings: Timing[] } | undefined>} undefined without an adapter
 */
async function run({ quick, sizes }, args, print) {
  let result;
  progress('Chromium');
  await inChromium(new URL('page.js', import.meta.url), args, async (open, chromium) => {
    const { measure } = /** @type {import('../chromium.js').Page<Measures>} */ (await open());
    const adapter = await Promise.race([measure('start', undefined), sleep(START, undefined, { ref: false })]);
    endProgress();
    if (!adapter) return;
    print(`Chromium ${chromium}, adapter: ${adapter.name}`);
    print(
      adapter.isSoftware
        ? `This adapter is software: it computes on the CPU. The ratios say nothing about
a GPU. Run the same command on a machine that has one.`
        : 'This adapter is a GPU.',
    );
    print(`\n${LEGEND}`);
    /** @type {Timing[]} */
    const timings = [];
    for (const n of sizes) {
      for (const p of PROBABILITIES) {
        progress(`n = ${count(n)}, p = ${p}`);
        await measure('check', { n, p });
        timings.push({ n, p, times: await measure('time', { n, p, effort: quick ? QUICK : FULL }) });
      }
      endProgress();
      print(`\nn = ${count(n)}\n${tableOf(timings.filter((timing) => timing.n === n))}`);
    }
    if (adapter.isSoftware && sizes.includes(GOALS.n)) print(goalsOf(timings));
    result = { adapter, chromium, timings };
  });
  return result;
}

/** @param {Timing[]} timings of one size */
function tableOf(timings) {
  const head = [
    ['', ...PROBABILITIES.map((p) => ({ content: `p = ${p}`, colSpan: 3, hAlign: /** @type {const} */ ('center') }))],
    ['', ...PROBABILITIES.flatMap(() => ['ms', 'ratio', 'spread'])],
  ];
  const rows = GROUPS.flatMap(({ ours, peers }) =>
    [ours, ...peers].map((side) => [
      { content: SIDES[side], hAlign: /** @type {const} */ ('left') },
      ...timings.flatMap(({ times }) => {
        const { ratio, spread } = comparison(times[side], times[ours]);
        return [ms(times[side]), ...(side === ours ? ['', ''] : [digits(ratio), `${(100 * spread).toFixed(0)} %`])];
      }),
    ]),
  );
  return table([...head, ...rows]);
}

/** @param {Timing[]} timings */
function goalsOf(timings) {
  const lines = timings
    .filter(({ n }) => n === GOALS.n)
    .flatMap(({ n, p, times }) =>
      GOALS.goals.map(({ ours, peer, atLeast }) => {
        const { ratio } = comparison(times[peer], times[ours]);
        const reached = ratio >= atLeast ? 'reached' : 'not reached';
        return `goal at n = ${count(n)}, p = ${p}: ${SIDES[peer]} / ${SIDES[ours]}
  at least ${atLeast}: ${digits(ratio)}, ${reached}`;
      }),
    );
  return `\n${lines.join('\n')}`;
}

/** @param {Timing[]} timings */
function rowsOf(timings) {
  return timings.flatMap(({ n, p, times }) =>
    GROUPS.flatMap(({ ours, peers }) =>
      [ours, ...peers].map((side) => {
        const { ratio, spread } = comparison(times[side], times[ours]);
        return { n, p, name: SIDES[side], against: SIDES[ours], ms: median(times[side]) / 1e6, ratio, spread };
      }),
    ),
  );
}

/** @param {number[]} times ns */
const ms = (times) => digits(median(times) / 1e6);
/** At most five characters. @param {number} value */
const digits = (value) => value.toFixed(value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0);
/** @param {number} n */
const count = (n) => n.toLocaleString('en');

/** @param {NonNullable<ReturnType<typeof options>>} chosen */
async function main(chosen) {
  const print = chosen.json ? () => {} : console.log;
  print(machine());
  let result;
  if (!chosen.software) {
    result = await run(chosen, HARDWARE, print);
    if (!result) print('Chromium finds no WebGPU adapter here: SwiftShader instead.');
  }
  result ??= await run(chosen, SOFTWARE, print);
  if (!result) throw new Error('this Chromium has no WebGPU, not even SwiftShader');
  const { timings, ...rest } = result;
  if (chosen.json) console.log(JSON.stringify({ ...rest, results: rowsOf(timings) }, undefined, 2));
}

const chosen = readCommandLine(USAGE, options);
if (chosen) {
  await main(chosen).catch((error) => {
    endProgress();
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}

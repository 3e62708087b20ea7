/**
 * `npm run bench`: dropout-wasm against baselines, or against another build of it, in one process.
 */
import { parseArgs } from 'node:util';
import { readCommandLine } from '../scripts/command-line.js';
import { checkBuild, timeBuilds } from './builds.js';
import { CASES, PROBABILITIES } from './cases.js';
import { ROWS, timeRow } from './comparisons.js';
import {
  BUILDS_LEGEND,
  buildsSummary,
  buildsTable,
  COMPARISONS_LEGEND,
  comparisonTable,
  endProgress,
  machine,
  progress,
} from './report.js';
import { RUNTIMES, RUNTIMES_LEGEND, runtimeTable, timeRuntimes } from './runtimes.js';
import { SECTIONS } from './sections.js';

const USAGE = `node bench/index.js [--against DIR] [--only NAME]... [--quick] [--json]
node bench/index.js --runtime NAME... [--quick] [--json]

  --against DIR  times this build against the build in DIR, a checkout or a
                 package folder with a dist folder
  --only NAME    only this comparison, section or case; may be repeated
  --runtime NAME the kernels against hand-written loops in this runtime; may be
                 repeated: ${RUNTIMES.slice(0, 4).join(', ')},
                 ${RUNTIMES.slice(4).join(', ')}
  --quick        fewer rounds: a rough look in a minute or two
  --json         comparisons only, as [{ name, n, p, oursNsPerElement,
                 peerNsPerElement, ratio }], where ratio = baseline / ours;
                 with --against as [{ name, n, p, thisNsPerElement,
                 copyNsPerElement, beforeNsPerElement, ratio, control, spread,
                 slower }], where ratio = this / before; with --runtime as
                 [{ id, name, version, error, results: [{ name, n, ours,
                 loop }] }], in ns per call
  --help         this text

comparisons:
  ${names(ROWS).join('\n  ')}
sections:
  ${names(SECTIONS).join('\n  ')}
cases, with --against:
  ${names(CASES).join('\n  ')}`;

const FULL = { effort: { rounds: 40, turn: 12e6, budget: 3e9 }, starts: 21, steps: 10_000, trainingSteps: 1000 };
const QUICK = { effort: { rounds: 12, turn: 12e6, budget: 0.3e9 }, starts: 5, steps: 500, trainingSteps: 100 };

/** @param {{ name: string }[]} parts */
function names(parts) {
  return parts.map(({ name }) => name);
}

/** @throws Error that describes the mistake in the command line */
function options() {
  const { values } = parseArgs({
    options: {
      against: { type: 'string' },
      only: { type: 'string', multiple: true },
      runtime: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { against, only, runtime, json } = values;
  const unknownRuntime = runtime?.find((name) => !RUNTIMES.includes(name));
  if (unknownRuntime !== undefined)
    throw new Error(`--runtime has to be one of ${RUNTIMES.join(', ')}, but got ${unknownRuntime}`);
  if (runtime && (against !== undefined || only))
    throw new Error('--runtime has rows of its own: leave --against and --only out');
  if (against !== undefined) checkBuild(against);
  const known = names(against !== undefined ? CASES : json ? ROWS : [...ROWS, ...SECTIONS]);
  const unknown = only?.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--only has to be one of ${known.join(', ')}, but got ${unknown}`);
  return values;
}

/** @param {NonNullable<ReturnType<typeof options>>} chosen */
async function run(chosen) {
  const { against, only, runtime, quick, json } = chosen;
  const scale = quick ? QUICK : FULL;
  const { effort } = scale;
  const wanted = (/** @type {{ name: string }} */ { name }) => only?.includes(name) ?? true;
  const print = json ? () => {} : console.log;

  print(machine());
  let results;
  if (runtime) {
    print(`\n${RUNTIMES_LEGEND}`);
    results = await timeRuntimes(runtime, effort, (result) => {
      endProgress();
      print(`\n${runtimeTable(result)}`);
    });
    // A runtime that was asked for and gave nothing is a failure of the command.
    if (results.some(({ error }) => error)) process.exitCode = 1;
  } else if (against !== undefined) {
    print(`\n${BUILDS_LEGEND}`);
    const cases = CASES.filter(wanted);
    results = await timeAll(cases, ({ name }, n, p) => timeBuilds(against, name, n, p, effort), buildsTable, print);
    print(`\n${buildsSummary(results)}`);
  } else {
    const rows = ROWS.filter(wanted);
    if (rows.length > 0) print(`\n${COMPARISONS_LEGEND}`);
    results = await timeAll(rows, (row, n, p) => timeRow(row, n, p, effort), comparisonTable, print);
    for (const section of json ? [] : SECTIONS.filter(wanted)) {
      progress(section.name);
      const text = await section.run(scale);
      endProgress();
      print(`\n${section.name}: ${section.title}\n${text}`);
    }
  }
  if (json) console.log(JSON.stringify(results, undefined, 2));
}

/**
 * @template {import('./cases.js').Description} Row
 * @template Result
 * @param {Row[]} rows
 * @param {(row: Row, n: number, p: number) => Promise<Result>} time
 * @param {(results: Result[]) => string} table
 * @param {(text: string) => void} print
 */
async function timeAll(rows, time, table, print) {
  const all = [];
  for (const row of rows) {
    const results = [];
    for (const n of row.sizes) {
      for (const p of PROBABILITIES) {
        progress(`${row.name}, n = ${n.toLocaleString('en')}, p = ${p}`);
        results.push(await time(row, n, p));
      }
    }
    endProgress();
    print(`\n${row.name}: ${row.title}\n${table(results)}`);
    all.push(...results);
  }
  return all;
}

const chosen = readCommandLine(USAGE, options);
if (chosen) await run(chosen);

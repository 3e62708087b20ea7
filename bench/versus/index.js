/**
 * `npm run bench:peers`: dropout-wasm beside every peer and in every runtime. Writes docs/benchmarks.md.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { readCommandLine } from '../../scripts/command-line.js';
import { comparisonTable, endProgress, machine, progress, table } from '../report.js';
import { RUNTIMES, RUNTIMES_LEGEND, runtimeTable, timeRuntimes } from '../runtimes.js';
import { sizeOf, timeStarts } from './costs.js';
import { timeKernels } from './kernels.js';
import { MEASURES, OURS, PEERS, PROBABILITIES, SIZES } from './peers.js';
import { ROOT, STORED, stored, write } from './results.js';
import { fitLine, isBusy, plainTitle } from './summary.js';

const PARTS = [...PEERS.map(({ name }) => name), 'costs', 'line', 'kernels', 'runtimes'];
const FULL = { effort: { rounds: 24, turn: 12e6, budget: 0.6e9 }, sizes: SIZES, starts: 9 };
const QUICK = { effort: { rounds: 4, turn: 12e6, budget: 0.1e9 }, sizes: [2 ** 7, 2 ** 16, 2 ** 20], starts: 3 };
/** The line has as many sides as sizes. */
const LINE_BUDGET = 20;

const USAGE = `node bench/versus/index.js [--quick] [--only PART]... [--render]

  --quick      fewer rounds and sizes: a rough look in a few minutes
  --only PART  only this part; may be repeated
  --render     measures nothing: writes docs/benchmarks.md and its pictures
               from bench/versus/results.json
  --help       this text

Without an option it measures all parts, in about a quarter of an hour, and
writes bench/versus/results.json, docs/benchmarks.md and docs/benchmarks/.
With --quick or --only it prints the figures and writes nothing.

parts:
  ${PARTS.join('\n  ')}`;

/** @throws Error that describes the mistake in the command line */
function options() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      render: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const unknown = values.only?.find((name) => !PARTS.includes(name));
  if (unknown !== undefined) throw new Error(`--only has to be one of ${PARTS.join(', ')}, but got ${unknown}`);
  if (values.render && (values.quick || values.only))
    throw new Error('--render measures nothing: leave --quick and --only out');
  return values;
}

/** @typedef {import('./results.js').PeerResult} PeerResult */

/** @param {NonNullable<ReturnType<typeof options>>} chosen */
async function run({ quick, only }) {
  const { effort, sizes, starts } = quick ? QUICK : FULL;
  const wanted = (/** @type {string} */ name) => only?.includes(name) ?? true;
  const began = Date.now();
  const load = loadavg()[0] ?? 0;
  const cores = availableParallelism();
  const description = machine();
  console.log(description);
  if (isBusy(load, cores))
    console.log(`
The machine is busy: ${load.toFixed(1)} processes are ready on ${cores} cores. The times of the
peers are CPU time and hardly change. Those of the runtimes and of the starts
come from the clock: run this on a quiet machine for them.`);
  const peers = PEERS.filter(({ name }) => wanted(name) || wanted('costs'));
  if (peers.some((peer) => peer.package)) install();

  /** @type {PeerResult[]} */
  const results = [OURS, ...peers].map(({ name }) => ({ name, timings: [], skipped: [], errors: [] }));
  const resultOf = (/** @type {string} */ name) =>
    /** @type {PeerResult} */ (results.find((result) => result.name === name));
  /** @type {import('./results.js').Results['line']} */
  let line = [];
  /** @type {import('./results.js').Results['kernels']} */
  let kernels = [];
  /** @type {import('../runtimes.js').RuntimeResult[]} */
  let runtimes = [];

  console.log(`
ns of CPU time per element, f32: medians over the quieter half of the rounds;
ours in an arena and the peer have a turn in each round, in a process of their
own. ratio = peer / ours: above 1 ours is faster.`);
  for (const { name, title } of PEERS.filter(({ name }) => wanted(name))) {
    await timePeer(resultOf(name), resultOf(OURS.name), effort, sizes);
    endProgress();
    console.log(`\n${name}: ${plainTitle(title)} ${resultOf(name).version ?? ''}\n${peerTables(resultOf(name))}`);
  }
  if (wanted('costs')) {
    await timeCosts([OURS, ...PEERS], resultOf, starts);
    endProgress();
    console.log(`\ncosts: ms from the import to the first result; bytes that are shipped\n${costTable(results)}`);
  }
  if (wanted('line')) {
    progress('line');
    const script = fileURLToPath(new URL('line.js', import.meta.url));
    const lineEffort = { ...effort, budget: LINE_BUDGET * effort.budget };
    const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(lineEffort)]);
    line = JSON.parse(stdout);
    endProgress();
    console.log(`\nline: forward in an arena, p = 0.5, against a + b · n\n${lineTable(line)}`);
  }
  if (wanted('kernels')) {
    progress('kernels');
    kernels = await timeKernels(quick);
    endProgress();
    for (const name of new Set(kernels.map(({ name }) => name)))
      console.log(`\nkernels: ${name}\n${comparisonTable(kernels.filter((result) => result.name === name))}`);
  }
  if (wanted('runtimes')) {
    console.log(`\nruntimes: the kernels in other runtimes\n${RUNTIMES_LEGEND}`);
    runtimes = await timeRuntimes(RUNTIMES, effort, (result) => {
      endProgress();
      console.log(`\n${runtimeTable(result)}`);
    });
  }
  if (quick || only) return;
  const minutes = (Date.now() - began) / 60e3;
  const date = new Date().toISOString().slice(0, 10);
  const all = {
    date,
    machine: machineRows(description),
    load,
    cores,
    minutes,
    peers: results,
    line,
    kernels,
    runtimes,
  };
  writeFileSync(STORED, `${JSON.stringify(all, (_, value) => rounded(value), 1)}\n`);
  mkdirSync(`${ROOT}docs/benchmarks`, { recursive: true });
  write(stored());
  console.log(`\nwrote docs/benchmarks.md in ${minutes.toFixed(1)} minutes`);
  const missing = [...results.filter(({ errors }) => errors.length > 0), ...runtimes.filter(({ error }) => error)];
  if (missing.length > 0)
    console.log(`It lacks figures of ${missing.map(({ name }) => name).join(', ')}: see "Not timed" in it.`);
}

/** Four digits: more are noise. @param {unknown} value */
function rounded(value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}

/** @param {string} description of `machine` */
function machineRows(description) {
  const [library = '', processor = '', versions = ''] = description.split('\n');
  return [`Package: ${library}`, `Machine: ${processor}`, `Versions: ${versions}`];
}

/** Installs the packages of the peers. If that fails, their rows say that they are missing. */
function install() {
  // Started by node instead of npm: the packages of the latest run serve.
  if (!process.env.npm_execpath) return;
  progress('install the peers');
  try {
    const args = [`${ROOT}scripts/install.js`, 'bench/peers'];
    execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    endProgress();
  } catch (error) {
    const { stderr } = /** @type {Error & { stderr: Buffer }} */ (error);
    const lines = `${stderr}`.split('\n').filter((line) => line.startsWith('npm error '));
    endProgress();
    console.log(`\nThe peers were not installed:\n${lines.slice(0, 2).join('\n')}`);
  }
}

/**
 * @param {PeerResult} result is filled
 * @param {PeerResult} ours gets the bytes that dropout-wasm allocates
 * @param {import('../measure.js').Effort} effort
 * @param {number[]} sizes
 */
async function timePeer(result, ours, effort, sizes) {
  progress(result.name);
  const script = fileURLToPath(new URL('time.js', import.meta.url));
  const args = ['--expose-gc', script, result.name, JSON.stringify(effort), JSON.stringify(sizes)];
  const program = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => program.on('close', (code, signal) => resolve(code ?? signal)));
  let log = '';
  program.stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  for await (const text of createInterface({ input: program.stdout })) {
    // Libraries greet on stdout too.
    if (!text.startsWith('{')) continue;
    const line = /** @type {import('./time.js').Line} */ (JSON.parse(text));
    if ('version' in line) result.version = line.version;
    else if ('allocated' in line) {
      result.allocated = line.allocated;
      ours.allocated = line.ours;
    } else if ('skipped' in line) result.skipped.push(line);
    else {
      result.timings.push(line);
      progress(`${result.name}: ${line.measure}, n = ${line.n.toLocaleString('en')}, p = ${line.p}`);
    }
  }
  const code = await ended;
  if (code !== 0) result.errors.push(reasonOf(log) ?? `the process ended with ${code}`);
}

/**
 * The message of an error that Node or Python printed.
 *
 * @param {string} log
 */
function reasonOf(log) {
  const line = log.split('\n').find((line) => /^(\w*Error)\b.*: /.test(line));
  return line?.replace(/^Error: /, '').replaceAll(ROOT, '');
}

/**
 * @param {import('./peers.js').Peer[]} peers
 * @param {(name: string) => PeerResult} resultOf
 * @param {number} starts
 */
async function timeCosts(peers, resultOf, starts) {
  const loaded = peers.filter(({ name, first }) => first || name === 'pytorch');
  const note = (/** @type {import('./peers.js').Peer} */ { name }, /** @type {unknown} */ error) => {
    const { errors } = resultOf(name);
    const reason = reasonOf(`${error}`) ?? `${error}`.split('\n')[0] ?? '';
    if (!errors.includes(reason)) errors.push(reason);
  };
  progress('costs');
  const times = await timeStarts(loaded, starts, note);
  for (const [name, ms] of Object.entries(times)) resultOf(name).start = ms;
  for (const peer of loaded) {
    progress(`costs: size of ${peer.name}`);
    try {
      resultOf(peer.name).size = await sizeOf(peer);
    } catch (error) {
      note(peer, error);
    }
  }
}

/** @param {PeerResult} result */
function peerTables(result) {
  const measures = MEASURES.filter((measure) => result.timings.some((timing) => timing.measure === measure));
  const tables = PROBABILITIES.map((p) => {
    const timings = result.timings.filter((timing) => timing.p === p);
    if (timings.length === 0) return '';
    const sizes = [...new Set(timings.map(({ n }) => n))];
    const lines = sizes.map((n) => [
      n.toLocaleString('en'),
      ...measures.flatMap((measure) => {
        const timing = timings.find((timing) => timing.n === n && timing.measure === measure);
        if (!timing) return ['', '', ''];
        const { ours, peer } = timing;
        return [figure(ours / n), figure(peer / n), figure(peer / ours)];
      }),
    ]);
    const heads = measures.map((content) => ({ content, colSpan: 3, hAlign: /** @type {const} */ ('center') }));
    return table([[`p = ${p}`, ...heads], ['n', ...measures.flatMap(() => ['ours', 'peer', 'ratio'])], ...lines]);
  });
  const { allocated, skipped, errors } = result;
  return [
    ...tables,
    ...skipped.map(({ n, p, skipped }) => `not timed: n = ${n.toLocaleString('en')}, p = ${p}, because ${skipped}`),
    ...(allocated === undefined ? [] : [`bytes allocated per element: ${(allocated / 2 ** 20).toFixed(2)}`]),
    ...errors.map((error) => `failed: ${error}`),
  ]
    .filter((text) => text !== '')
    .join('\n');
}

/** In at most five characters, so that a line has room for nine. @param {number} value */
function figure(value) {
  if (value >= 100) return value.toFixed(0);
  return value < 1 ? value.toFixed(2) : value.toPrecision(2);
}

/** @param {PeerResult[]} results */
function costTable(results) {
  const loaded = results.filter(({ start, size }) => start !== undefined || size !== undefined);
  return [
    table([
      ['', 'ms', 'bytes'],
      ...loaded.map(({ name, start, size }) => [name, start?.toFixed(1) ?? '', size?.toLocaleString('en') ?? '']),
    ]),
    ...results.flatMap(({ name, errors }) => errors.map((error) => `failed: ${name}: ${error}`)),
  ].join('\n');
}

/** @param {import('./results.js').Results['line']} line */
function lineTable(line) {
  const { a, b, points } = fitLine(line);
  const rows = points.map(({ n, ns, fitted, residual }) => [
    n.toLocaleString('en'),
    (ns / 1e3).toFixed(2),
    (fitted / 1e3).toFixed(2),
    `${(100 * residual).toFixed(0)} %`,
  ]);
  return `${table([['n', 'µs', 'fitted', 'residual'], ...rows])}\na = ${a.toFixed(0)} ns, b = ${b.toFixed(3)} ns`;
}

const chosen = readCommandLine(USAGE, options);
if (chosen?.render) write(stored());
else if (chosen) await run(chosen);

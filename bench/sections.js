/**
 * Costs besides throughput: a small call, startup, memory, slices, Monte-Carlo results, TensorFlow.js, and download
 * size.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { median } from './measure.js';
import { timeMonteCarlo } from './monte-carlo.js';
import { table } from './report.js';
import { timeSlices } from './slices.js';

/**
 * @typedef {object} Scale
 * @property {import('./measure.js').Effort} effort
 * @property {number} starts
 * @property {number} steps of the memory section
 * @property {number} trainingSteps of the TensorFlow.js section
 */

/** @typedef {{ heapUsed: number, external: number, arrayBuffers: number, wasm: number }} Held */

/**
 * @typedef {object} Section
 * @property {string} name
 * @property {string} title
 * @property {(scale: Scale) => Promise<string> | string} run
 */

const CALL_SIZE = 128;
const TRAINING_SIZE = 1_048_576;

/** @type {Section[]} */
export const SECTIONS = [
  {
    name: 'one-call',
    title: `layer.forward(x, out) of ${CALL_SIZE} elements, p = 0.5, in new processes`,
    run({ starts }) {
      return ['array', 'arena']
        .map((kind) => {
          const times = Array.from({ length: starts }, () => Number(node(['call-latency.js', kind, `${CALL_SIZE}`])));
          return `${kind}: median of ${starts} ${median(times).toFixed(0)} ns, fastest ${Math.min(...times).toFixed(0)} ns`;
        })
        .join('\n');
    },
  },
  {
    name: 'start',
    title: 'import to first result, in a new process each time',
    run({ starts }) {
      const times = Array.from({ length: starts }, () => Number(node(['cold-start.js'])));
      return `median of ${starts} ${median(times).toFixed(2)} ms, fastest ${Math.min(...times).toFixed(2)} ms`;
    },
  },
  {
    name: 'memory',
    title: `KB in use over training steps, n = ${TRAINING_SIZE.toLocaleString('en')}`,
    run({ steps }) {
      const lines = ['arena', 'array'].flatMap((kind) => {
        /** @type {{ before: Held, after: Held, kept: number }} */
        const { before, after, kept } = JSON.parse(
          node(['memory.js', kind, `${steps}`, `${TRAINING_SIZE}`], '--expose-gc'),
        );
        return [
          [`${kind}, before`, ...format(before), ''],
          [`after ${steps.toLocaleString('en')} steps`, ...format(after), kilobytes(kept)],
        ];
      });
      const head = ['', 'heap', 'external', 'buffers', 'wasm', 'mask stored'];
      return table([head, ...lines]);
    },
  },
  {
    name: 'slice',
    title: 'plain dropout of 1,048,576 elements / slice: dropout, masks; ns per element',
    run: ({ effort }) => timeSlices(effort),
  },
  {
    name: 'monte-carlo',
    title: 'Monte-Carlo results: ms, and the time of ours / a hand-written loop',
    // A round takes 0.3 s: in the usual budget there are ten, whose median differs by a tenth from time to time.
    run: ({ effort }) => timeMonteCarlo({ ...effort, budget: 4 * effort.budget }),
  },
  {
    name: 'tfjs',
    title: 'layers and training steps in TensorFlow.js, its own dropout / ours',
    async run(scale) {
      // Imported only when needed: the other sections do without playwright-core.
      const { timeTfjs } = await import('./tfjs.js');
      return timeTfjs(scale);
    },
  },
  {
    name: 'tfjs-monte-carlo',
    title: 'monteCarloPredict of 784-512-512-10 on wasm, 50 samples, batch 128',
    async run({ effort }) {
      const { timeTfjsMonteCarlo } = await import('./tfjs.js');
      return timeTfjsMonteCarlo({ ...effort, budget: 10 * effort.budget });
    },
  },
  {
    name: 'size',
    title: 'bytes shipped',
    async run() {
      const kernel = readFileSync(fileURLToPath(import.meta.resolve('dropout-wasm/kernel.wasm')));
      const { outputFiles } = await build({
        entryPoints: [fileURLToPath(import.meta.resolve('dropout-wasm'))],
        bundle: true,
        minify: true,
        format: 'esm',
        write: false,
      });
      const code = /** @type {import('esbuild').OutputFile} */ (outputFiles[0]).contents;
      const zipped = gzipSync(code, { level: 9 });
      return `kernel.wasm ${kernel.length}; default entry with it, minified ${code.length}, gzipped ${zipped.length}`;
    },
  },
];

/** @param {Held} held */
function format({ heapUsed, external, arrayBuffers, wasm }) {
  return [heapUsed, external, arrayBuffers, wasm].map(kilobytes);
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return (bytes / 1024).toLocaleString('en', { maximumFractionDigits: 0 });
}

/**
 * Runs a script of this folder in a new process.
 *
 * @param {[script: string, ...args: string[]]} command
 * @param {string[]} flags of Node
 * @returns its output
 */
function node([script, ...args], ...flags) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return execFileSync(process.execPath, [...flags, path, ...args], { encoding: 'utf8' });
}

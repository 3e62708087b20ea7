/**
 * dropout-wasm inside TensorFlow.js against TF.js's own layer: the wasm backend in Node, the GPU backends in Chromium.
 */
import { inChromium, SOFTWARE } from './chromium.js';
import { progress, table } from './report.js';

/** @typedef {typeof import('./tfjs-cases.js').MEASURES} Measures */

/** @typedef {{ backend: 'wasm' | 'webgl' | 'webgpu', measure: import('./chromium.js').Measure<Measures> }} Engine */

const SIZES = [4096, 65_536, 1_048_576];
/** Calls between two waits for the GPU: some 30 ms, because reading an element takes up to 4 ms. */
const GPU_CALLS = [32, 8, 1];

/** Ratios to reach, by size. */
const GOALS = {
  wasm: { forward: [8, 30, 15], gradient: [2, 3, 3] },
  webgl: { forward: [1.5, 1.5, 2] },
  webgpu: { forward: [1.5, 1.2, 1.5] },
};

const LEGEND = `µs per call: medians over the quieter half of the rounds; all sides have a turn
in each round, in one process. ratio = TF.js / ours: above 1 ours is faster; in
three quarters of the rounds it is within ratio · (1 ± spread). Every x is the
result of a tf.add, which is part of all times. gradient is forward and the
gradient of a sum. none is the same without a layer. webgl and webgpu run in
Chromium on SwiftShader: after ${GPU_CALLS.join(', ')} calls (by size) one element of the last
result is read by await data(), which is part of all times.`;

const STEPS_LEGEND = `ms per training step, until the loss is read: without dropout, with TF.js's
layer and with ours. A/A = TF.js's / a second model with TF.js's; in three
quarters of the rounds it is within A/A · (1 ± spread). A ratio that differs
from 1 by no more is no difference.`;

/**
 * @param {import('./sections.js').Scale} scale
 * @returns {Promise<string>}
 */
export async function timeTfjs({ effort, trainingSteps }) {
  /** @type {string[]} */
  const notes = [];
  /** @type {string[][]} */
  const calls = [];
  /** @type {string[][]} */
  const steps = [];
  // Steps take up to a second, and their A/A needs more than a few rounds.
  const patient = { ...effort, budget: 10 * effort.budget };

  await onWasm(async (engine) => {
    await time(engine);
    progress('tfjs: tf.relu');
    const { relu, ours, ratio } = await engine.measure('timeOp', { n: 65_536, effort });
    notes.push(`op alone, n = 65,536: ours ${us(ours)} µs, tf.relu ${us(relu)} µs, ours / tf.relu ${ratio.toFixed(2)}
(goal: at most 2)`);
    const { tfjsCost, oursCost } = await timeModel(engine, '32-256-1');
    notes.push(`step of 32-256-1 over none: TF.js ${more(tfjsCost)}, ours ${more(oursCost)} (goal: at most +8 %)`);
    await timeModel(engine, '784-512-512-10');
  });
  await orNote('webgl, webgpu', () =>
    onGpu((engine) =>
      orNote(engine.backend, async () => {
        await time(engine);
        if (engine.backend === 'webgl') await timeModel(engine, '784-512-512-10');
      }),
    ),
  );
  const callsHead = ['', 'n', 'none', 'TF.js', 'ours', 'ratio', 'spread', 'goal'];
  const stepsHead = ['', 'none', 'TF.js', 'ours', 'ratio', 'A/A', 'spread', 'goal'];
  return [LEGEND, table([callsHead, ...calls]), STEPS_LEGEND, table([stepsHead, ...steps]), ...notes].join('\n');

  /**
   * Notes an error, so that the rest is timed and printed.
   *
   * @param {string} name
   * @param {() => Promise<void>} run
   */
  async function orNote(name, run) {
    try {
      await run();
    } catch (error) {
      notes.push(`${name}: not timed to the end\n${firstLine(`${error}`)}`);
    }
  }

  /** @param {Engine} engine */
  async function time({ backend, measure }) {
    const { path, reason } = await measure('start', backend);
    notes.push(`${backend}: path ${path}${reason ? `, because\n${firstLine(reason)}` : ''}`);
    for (const [call, goals] of Object.entries(GOALS[backend])) {
      for (const [i, n] of SIZES.entries()) {
        progress(`tfjs: ${backend} ${call}, n = ${n.toLocaleString('en')}`);
        const { none, tfjs, ours, ratio, spread } = await measure('timeLayer', {
          call: /** @type {'forward' | 'gradient'} */ (call),
          n,
          calls: backend === 'wasm' ? 0 : (GPU_CALLS[i] ?? 1),
          effort,
        });
        const name = `${backend} ${call}`;
        const cells = [us(none), us(tfjs), us(ours), ratio.toFixed(ratio < 10 ? 2 : 1), percent(spread), `${goals[i]}`];
        calls.push([name, n.toLocaleString('en'), ...cells]);
      }
    }
    progress(`tfjs: ${backend} memory`);
    const [first, last] = await measure('memoryAfter', { steps: trainingSteps });
    const format = (/** @type {typeof first} */ held) =>
      held ? `${held.numTensors} tensors of ${held.numBytes.toLocaleString('en')} bytes` : '';
    notes.push(`${backend}: tf.memory() after 1 step ${format(first)},
after ${trainingSteps.toLocaleString('en')} steps ${format(last)} (goal: flat)`);
  }

  /**
   * @param {Engine} engine
   * @param {'32-256-1' | '784-512-512-10'} model
   */
  async function timeModel({ backend, measure }, model) {
    progress(`tfjs: ${backend} step of ${model}`);
    const result = await measure('timeSteps', { model, effort: patient });
    const { none, tfjs, ours, ratio, control } = result;
    const cells = [ms(none), ms(tfjs), ms(ours), ratio.toFixed(2), control.ratio.toFixed(2), percent(control.spread)];
    steps.push([`${backend} ${model}`, ...cells, model === '32-256-1' ? '' : '1']);
    return result;
  }
}

const SAMPLES = 50;

/**
 * @param {import('./measure.js').Effort} effort
 * @returns {Promise<string>} a line for 50 samples on wasm
 */
export async function timeTfjsMonteCarlo(effort) {
  let text = '';
  await onWasm(async ({ measure }) => {
    await measure('start', 'wasm');
    const run = await measure('timeMonteCarlo', { model: '784-512-512-10', samples: SAMPLES, effort });
    const { ours, predict, ratio, spread, tfjs } = run;
    text = `ours ${ms(ours)} ms; ${SAMPLES} calls of predict with always: true ${ms(predict)} ms,
with TF.js's own layers active ${ms(tfjs)} ms
ours / predict ${(1 / ratio).toFixed(2)}, spread ${percent(spread)} (goal: at most 1.1)`;
  });
  return text;
}

/** @param {(engine: Engine) => Promise<void>} run */
async function onWasm(run) {
  await import('@tensorflow/tfjs-backend-wasm');
  const { MEASURES } = await import('./tfjs-cases.js');
  await run({ backend: 'wasm', measure: (name, argument) => /** @type {any} */ (MEASURES[name])(argument) });
}

/** @param {(engine: Engine) => Promise<void>} run on each backend, in a page of its own */
async function onGpu(run) {
  await inChromium(new URL('tfjs-page.js', import.meta.url), SOFTWARE, async (open) => {
    for (const backend of /** @type {const} */ (['webgl', 'webgpu'])) {
      const { measure, close } = await open();
      await run({ backend, measure });
      await close();
    }
  });
}

/** @param {string} text */
function firstLine(text) {
  return text.split('\n')[0]?.slice(0, 80);
}

/** @param {number} ns */
function us(ns) {
  return (ns / 1e3).toFixed(ns < 100e3 ? 1 : 0);
}

/** @param {number} ns */
function ms(ns) {
  return (ns / 1e6).toFixed(1);
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(0)} %`;
}

/** @param {number} share */
function more(share) {
  return `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;
}

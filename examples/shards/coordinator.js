/** Trains on several processes, and starts those that die again. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bytesOf, readState, removeTemporary } from './state.js';
import { stepsOf } from './training.js';
import { total } from './tree.js';

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url));

/** The run fails when a process has died this many times in one step. */
const MAX_DEATHS = 3;

/**
 * @typedef {object} Options
 * @property {number} processes
 * @property {import('./training.js').Digits} digits
 * @property {import('./training.js').Settings} settings
 * @property {string} file where process 0 stores the state
 * @property {number} [storeEvery] steps between two stored states, default 10
 * @property {boolean} [resume] whether to continue from the stored state; otherwise it is deleted
 * @property {number} [timeLimit] ms after which a process that is silent is killed, default 60,000
 * @property {AbortSignal} [signal] ends the processes
 * @property {(step: number, kill: (rank: number) => void) => void} [onStep] called when all processes have begun a
 *   step; `kill` ends a process at once, as `kill -9` does
 *
 * @typedef {{ rank: number, step: number, from: number }} Restart of a process that died in `step` and started again
 *   from the state of step `from`
 *
 * @typedef {object} Member a process of the run
 * @property {number} rank
 * @property {import('node:child_process').ChildProcess | undefined} child
 * @property {boolean} isReady whether it has all gradients so far
 * @property {number} deaths since it last sent its sums
 * @property {string | undefined} fault what it reported before it died
 * @property {import('./tree.js').Node[] | undefined} nodes its sums in this step
 * @property {Float32Array | undefined} weights after the last step
 */

/**
 * Every process applies the same gradients to the same weights, so one stored state serves them all. A process that
 * dies is started again from that state, is sent the gradients that it missed, and computes its sums of the current
 * step again. The others wait.
 *
 * @param {Options} options
 * @returns {Promise<{ weights: Float32Array, from: number, restarts: Restart[] }>} `from` is the step of the state that
 *   the run continued from, 0 for a new run
 * @throws {Error} (as a rejection) when all processes have ended: if the stored state is damaged or of another run, if
 *   a process dies again and again, or the reason of `signal`
 */
export async function train(options) {
  const { processes, digits, settings, file, storeEvery = 10, resume = false, timeLimit = 60_000 } = options;
  const { signal, onStep } = options;
  const steps = stepsOf(digits, settings);
  signal?.throwIfAborted();
  mkdirSync(dirname(file), { recursive: true });
  removeTemporary(file);
  if (!resume) rmSync(file, { force: true });

  const from = existsSync(file) ? readState(file, settings).step : 0;
  if (from > steps) throw new Error(`${file} is of step ${from}, but the run ends with step ${steps}`);
  let step = from;
  /** The gradients since the state that a process may start from. */
  let log = { from: step, gradients: /** @type {Float32Array[]} */ ([]) };
  let hasBegun = false;
  let isOver = false;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  /** @type {Restart[]} */
  const restarts = [];
  const members = Array.from({ length: processes }, (_, rank) => {
    /** @type {Member} */
    const member = {
      rank,
      child: undefined,
      isReady: false,
      deaths: 0,
      fault: undefined,
      nodes: undefined,
      weights: undefined,
    };
    return member;
  });

  /** @param {Member} member @param {import('./worker.js').Setup | import('./worker.js').Command} message */
  const send = ({ child }, message) => {
    // A failure is that of a process which has died, and whose exit is handled.
    child?.send(message, () => {});
  };
  const kill = (/** @type {number} */ rank) => members[rank]?.child?.kill('SIGKILL');
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      for (const { rank, nodes, weights } of members) if (!nodes && !weights) kill(rank);
    }, timeLimit);
  };

  const run = new Promise((/** @type {(value: undefined) => void} */ resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });

    /** @param {Member} member */
    const start = (member) => {
      const { rank } = member;
      const child = fork(WORKER, { serialization: 'advanced' });
      Object.assign(member, { child, isReady: false, fault: undefined });
      // All of its messages have been received at 'disconnect', but not at 'exit'.
      Promise.all([once(child, 'exit'), once(child, 'disconnect')]).then(([[code, name]]) => {
        if (isOver) return;
        member.deaths++;
        if (member.deaths < MAX_DEATHS) return start(member);
        const reason = member.fault ?? (name ? `killed by ${name}` : `exit code ${code}`);
        reject(new Error(`process ${rank} died ${MAX_DEATHS} times in step ${step}: ${reason}`));
      }, reject);
      child.on('message', (message) => {
        if (!isOver) receive(member, /** @type {import('./worker.js').Message} */ (message));
      });
      send(member, { rank, processes, digits, settings, file, storeEvery });
      watch();
    };

    /** @param {Member} member @param {import('./worker.js').Message} message */
    const receive = (member, message) => {
      const { at, sums, stored, weights, fault } = message;
      if (at !== undefined) {
        if (at < log.from || at > step) {
          const problem = `process ${member.rank} started from step ${at} of ${file}, but the run is in step ${step}`;
          return reject(new Error(`${problem}: does another run use this file?`));
        }
        if (member.deaths > 0) restarts.push({ rank: member.rank, step, from: at });
        member.isReady = true;
        send(member, { gradients: log.gradients.slice(at - log.from) });
        if (!hasBegun && members.every(({ isReady }) => isReady)) {
          hasBegun = true;
          onStep?.(step, kill);
        }
      }
      if (stored !== undefined && members.every(({ isReady }) => isReady)) {
        // A process that is starting may have read the state before.
        log = { from: stored, gradients: log.gradients.slice(stored - log.from) };
      }
      if (sums?.step === step) {
        Object.assign(member, { nodes: sums.nodes, deaths: 0 });
        if (members.every(({ nodes }) => nodes)) advance();
      }
      if (weights) {
        member.weights = weights;
        if (members.every(({ weights }) => weights)) resolve(undefined);
      }
      member.fault = fault;
    };

    const advance = () => {
      const gradient = total(members.flatMap(({ nodes }) => nodes ?? []));
      log.gradients.push(gradient);
      step++;
      for (const member of members) {
        member.nodes = undefined;
        if (member.isReady) send(member, { gradients: [gradient] });
      }
      watch();
      onStep?.(step, kill);
    };

    members.forEach(start);
  });
  try {
    await run;
    return { weights: agreed(members), from, restarts };
  } finally {
    isOver = true;
    clearTimeout(timer);
    await Promise.all(members.map(({ child }) => child && end(child)));
    removeTemporary(file);
  }
}

/** The weights of all processes. @param {Member[]} members @throws {Error} if they differ */
function agreed(members) {
  const all = members.map(({ weights }) => /** @type {Float32Array} */ (weights));
  const first = /** @type {Float32Array} */ (all[0]);
  for (const [rank, weights] of all.entries()) {
    if (!bytesOf(weights).equals(bytesOf(first))) throw new Error(`process ${rank} has other weights than process 0`);
  }
  return first;
}

/** @param {import('node:child_process').ChildProcess} child */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

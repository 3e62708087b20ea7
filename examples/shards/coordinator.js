/** Trains on several processes, and replaces those that die. */
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
 * @property {number} [timeLimit] ms after which a process that sends nothing is killed, default 60,000
 * @property {AbortSignal} [signal] ends the processes
 * @property {(step: number, kill: (rank: number) => void) => void} [onStep] called when all processes have begun a
 *   step, and after the last one; `kill` ends a process as `kill -9` does
 *
 * @typedef {{ rank: number, from: number, step: number }} Restart of a process that had died: from the state of step
 *   `from`, when the run was in `step`
 *
 * @typedef {object} Result
 * @property {Float32Array} weights
 * @property {number} from the step of the state that the run continued from; 0 for a new run
 * @property {Restart[]} restarts
 *
 * @typedef {object} Member a process of the run
 * @property {number} rank its number
 * @property {import('node:child_process').ChildProcess} [child]
 * @property {boolean} [isReady] whether it was sent all gradients so far
 * @property {number} deaths since it last sent its sums
 * @property {string} [fault] what it reported before it died
 * @property {import('./tree.js').Node[]} [nodes] its sums in this step
 * @property {Float32Array} [weights] after the last step
 */

/**
 * Trains a network. The weights have the same bits for any number of processes, even if processes die.
 *
 * All processes apply the same gradients to the same weights, so one stored state serves them all. If a process dies, a
 * new one starts from that state, receives the gradients it missed, and repeats its part of the current step, while the
 * others wait for it.
 *
 * @param {Options} options
 * @returns {Promise<Result>}
 * @throws {Error} (as a rejection) when all processes have ended: if the stored state is damaged or of another run, if
 *   a process dies again and again, or the reason of `signal`
 */
export async function train(options) {
  const { digits, settings, file, resume = false, signal } = options;
  signal?.throwIfAborted();
  mkdirSync(dirname(file), { recursive: true });
  removeTemporary(file);
  if (!resume) rmSync(file, { force: true });
  const from = existsSync(file) ? readState(file, settings).step : 0;
  const steps = stepsOf(digits.labels.length, settings);
  if (from > steps) {
    const problem = `${file} is of step ${from}, but the run ends with step ${steps}`;
    throw new Error(`${problem}: give more --epochs, another folder with --state DIR, or no --resume`);
  }

  const run = new Run(options, from);
  try {
    return { weights: await run.weights(), from, restarts: run.restarts };
  } finally {
    await run.end();
    removeTemporary(file);
  }
}

class Run {
  /** @type {Restart[]} */
  restarts = [];
  /** @private */
  hasBegun = false;
  /** @private */
  isOver = false;
  /** @private @type {NodeJS.Timeout | undefined} */
  timer;

  /** @param {Options} options @param {number} step */
  constructor(options, step) {
    this.options = options;
    this.step = step;
    /** @type {Member[]} */
    this.members = Array.from({ length: options.processes }, (_, rank) => ({ rank, deaths: 0 }));
    /** The gradients since the oldest state that a process may start from. */
    this.log = { from: step, gradients: /** @type {Float32Array[]} */ ([]) };
  }

  /** Starts the processes, and waits for the weights after the last step. @returns {Promise<Float32Array>} */
  weights() {
    return new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
      const { signal } = this.options;
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      for (const member of this.members) this.start(member);
    });
  }

  /** Ends the processes. They may be killed, since a state is either stored or not. */
  async end() {
    this.isOver = true;
    clearTimeout(this.timer);
    const running = this.members.flatMap(({ child }) =>
      child?.pid !== undefined && child.exitCode === null && child.signalCode === null ? [child] : [],
    );
    const exits = running.map((child) => once(child, 'exit'));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(exits);
  }

  /** @private @param {Member} member */
  async start(member) {
    const { rank } = member;
    const { processes, digits, settings, file, storeEvery = 10 } = this.options;
    try {
      const child = fork(WORKER, { serialization: 'advanced' });
      Object.assign(member, { child, isReady: false, fault: undefined });
      child.on('message', (message) => this.receive(member, /** @type {import('./worker.js').Message} */ (message)));
      this.send(member, { rank, processes, digits, settings, file, storeEvery });
      this.watch();
      // At 'exit' alone, some of its messages may still be on their way.
      const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
      if (this.isOver) return;
      member.deaths++;
      if (member.deaths === MAX_DEATHS) {
        const reason = member.fault ?? (signal ? `killed by ${signal}` : `exit code ${code}`);
        throw new Error(`process ${rank} died ${MAX_DEATHS} times in step ${this.step}: ${reason}`);
      }
      this.start(member);
    } catch (error) {
      this.reject?.(error);
    }
  }

  /** @private @param {Member} member @param {import('./worker.js').Message} message */
  receive(member, { at, sums, stored, weights, fault }) {
    if (this.isOver) return;
    if (fault !== undefined) member.fault = fault;
    if (at !== undefined) this.admit(member, at);
    if (stored !== undefined && this.members.every(({ isReady }) => isReady)) {
      // Not while a process is starting: it may have read the state before this one.
      this.log = { from: stored, gradients: this.log.gradients.slice(stored - this.log.from) };
    }
    if (sums?.step === this.step) {
      Object.assign(member, { nodes: sums.nodes, deaths: 0 });
      if (this.members.every(({ nodes }) => nodes)) this.advance();
    }
    if (weights) {
      member.weights = weights;
      if (this.members.every(({ weights }) => weights)) this.finish();
    }
  }

  /** Sends a process that has started the gradients it missed. @private @param {Member} member @param {number} at */
  admit(member, at) {
    const { rank, deaths } = member;
    const { step, log } = this;
    if (at < log.from || at > step) {
      const problem = `process ${rank} found the state of step ${at} in ${this.options.file}, but the run is in step ${step}`;
      this.reject?.(new Error(`${problem}: does another run use this file?`));
      return;
    }
    if (deaths > 0) this.restarts.push({ rank, from: at, step });
    member.isReady = true;
    this.send(member, { gradients: log.gradients.slice(at - log.from) });
    if (!this.hasBegun && this.members.every(({ isReady }) => isReady)) {
      this.hasBegun = true;
      this.begin();
    }
  }

  /** Adds the sums of all processes, and sends them the gradient. @private */
  advance() {
    const gradient = total(this.members.flatMap(({ nodes }) => nodes ?? []));
    this.log.gradients.push(gradient);
    this.step++;
    for (const member of this.members) {
      delete member.nodes;
      if (member.isReady) this.send(member, { gradients: [gradient] });
    }
    this.watch();
    this.begin();
  }

  /** @private */
  begin() {
    this.options.onStep?.(this.step, (rank) => this.members[rank]?.child?.kill('SIGKILL'));
  }

  /** @private */
  finish() {
    const [first, ...others] = this.members.map(({ weights }) => /** @type {Float32Array} */ (weights));
    if (!first) return;
    const rank = 1 + others.findIndex((weights) => !bytesOf(weights).equals(bytesOf(first)));
    if (rank > 0) this.reject?.(new Error(`process ${rank} has other weights than process 0`));
    else this.resolve?.(first);
  }

  /** Kills processes that are silent. @private */
  watch() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      for (const { child, nodes, weights } of this.members) if (!nodes && !weights) child?.kill('SIGKILL');
    }, this.options.timeLimit ?? 60_000);
  }

  /** @private @param {Member} member @param {import('./worker.js').Setup | import('./worker.js').Command} message */
  send({ child }, message) {
    // Fails if the process has died, which `start` handles.
    child?.send(message, () => {});
  }
}

/** PyTorch's row of the seed experiment, where a python3 with torch is installed. */
import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { whichAll } from '../../../scripts/programs.js';
import { P, SEED, SHAPE } from './seed-experiment.js';

const SCRIPT = fileURLToPath(new URL('pytorch.py', import.meta.url));
const SETTINGS = JSON.stringify({ p: P, seed: SEED, shape: SHAPE });

/** In ms, about as long as the training. Importing torch takes 5 s, and several times as long on a busy machine. */
const TIMEOUT = 60_000;

const HINT = "For PyTorch's row, install torch for a python3 on PATH (Debian: python3-torch).";

/**
 * @typedef {object} PyTorch
 * @property {import('./seed-experiment.js').SeedMeasurement[]} measurements one, or none if no python3 has torch
 * @property {string} note to print below the table
 * @property {string[]} failures a line for each python3 that neither answered nor lacks torch
 */

/**
 * Asks each python3 on PATH in order, until one answers: the first is often that of a version manager, without torch.
 *
 * @param {number} [timeout] ms for each python3
 * @returns {Promise<PyTorch>}
 */
export async function runPyTorch(timeout = TIMEOUT) {
  /** @type {string[]} */
  const failures = [];
  for (const python of pythons()) {
    try {
      const { version, ...measurement } = parse(await run(python, timeout));
      const note = `PyTorch ${version} draws other masks than dropout-wasm for the same seed.`;
      return { measurements: [{ name: `PyTorch nn.Dropout, seed ${SEED}`, ...measurement }], note, failures };
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      if (!message.includes("No module named 'torch'")) failures.push(`${python}: ${message}`);
    }
  }
  return { measurements: [], note: HINT, failures };
}

/** Every python3 on PATH once: /bin is often a link to /usr/bin. A virtual environment's is a link itself. */
function pythons() {
  return new Set(whichAll('python3').map((path) => join(realpathSync(dirname(path)), basename(path))));
}

/**
 * @param {string} python
 * @param {number} timeout
 * @returns {Promise<string>} what it printed
 * @throws {Error} with the reason in one line
 */
async function run(python, timeout) {
  try {
    const { stdout } = await promisify(execFile)(python, [SCRIPT, SETTINGS], { timeout, killSignal: 'SIGKILL' });
    return stdout;
  } catch (error) {
    const { killed, signal, stderr, message } = /** @type {import('node:child_process').ExecFileException} */ (error);
    if (killed) throw new Error(`no answer within ${timeout / 1000} s`);
    if (signal) throw new Error(`ended by ${signal}`);
    throw new Error((stderr || message).trim().split('\n').at(-1));
  }
}

/**
 * @param {string} json
 * @throws {Error} if it is anything but a measurement
 */
function parse(json) {
  try {
    const { version, mean, std, repeats, freshMasks } = JSON.parse(json);
    const isMeasured = Number.isFinite(mean) && Number.isFinite(std);
    const isCompared = typeof repeats === 'boolean' && typeof freshMasks === 'boolean';
    if (/^[\w.+-]+$/.test(version) && isMeasured && isCompared) return { version, mean, std, repeats, freshMasks };
  } catch {
    // Not JSON.
  }
  throw new Error('printed no measurement');
}

/** PyTorch, in a process of the first python3 on PATH that has torch. It takes its turns when it is asked to. */
import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { whichAll } from '../../scripts/programs.js';
import { MEASURES } from './peers.js';

const SCRIPT = fileURLToPath(new URL('pytorch.py', import.meta.url));
const HINT = 'no python3 on PATH has torch (Debian: python3-torch)';

/** @type {string | undefined} */
let found;

/**
 * @returns {string}
 * @throws Error if no python3 has torch
 */
export function findPython() {
  // Importing torch takes seconds.
  found ??= [...new Set(whichAll('python3'))].find(hasTorch);
  if (!found) throw new Error(HINT);
  return found;
}

/**
 * Whether this python3 has torch: the first on PATH is often that of a version manager, without.
 *
 * @param {string} python
 */
function hasTorch(python) {
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts a process that answers commands in turn.
 *
 * @param {string} python
 */
export function openPyTorch(python) {
  const program = spawn(python, [SCRIPT], { stdio: ['pipe', 'pipe', 'pipe'] });
  let log = '';
  program.stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  return {
    /** @param {Record<string, unknown>} command */
    async ask(command) {
      program.stdin.write(`${JSON.stringify(command)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`PyTorch ended: ${log.trim().split('\n').at(-1)}`);
      return JSON.parse(value);
    },
    stop: () => program.kill(),
  };
}

/** @returns {Promise<import('./calls.js').Started>} */
export async function startPyTorch() {
  const { ask, stop } = openPyTorch(findPython());
  /** @type {{ n: number, p: number }} */
  let latest;
  return {
    version: await ask({ name: 'version' }),
    stop,
    create({ n, p }) {
      latest = { n, p };
      return Object.fromEntries(
        MEASURES.map((measure) => [
          measure,
          {
            time: (/** @type {number} */ turn) => ask({ name: 'time', n, p, measure, turn }),
            observe: () => ask({ name: 'observe', n, p, measure }),
          },
        ]),
      );
    },
    allocated: () => ask({ name: 'allocated', ...latest, measure: 'forward' }),
  };
}

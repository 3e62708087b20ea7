/** A progress bar in the terminal. */
import { setImmediate } from 'node:timers/promises';
import cliProgress from 'cli-progress';

/**
 * Shows a progress bar while `work` runs.
 *
 * @template T
 * @param {number} total number of steps
 * @param {string} unit name of the steps
 * @param {(onStep: () => Promise<void>) => Promise<T>} work awaits `onStep` after each step
 */
export async function withProgress(total, unit, work) {
  const bar = new cliProgress.SingleBar({
    format: `{bar} {percentage} % | {value}/{total} ${unit} | {eta_formatted} left`,
    barsize: 32,
    etaBuffer: 20,
    noTTYOutput: true,
    notTTYSchedule: 10_000,
  });
  bar.start(total, 0);
  try {
    return await work(async () => {
      bar.increment();
      // TF.js's wasm backend runs in microtasks only. Yielding to the event loop lets timers fire and Ctrl-C stop the
      // program.
      await setImmediate();
    });
  } finally {
    bar.stop();
  }
}

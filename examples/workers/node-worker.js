/** A worker thread of Node. An error ends it, and main.js learns the reason. */
import { parentPort } from 'node:worker_threads';
import { compute } from './work.js';

parentPort?.on('message', async (range) => {
  const bytes = await compute(range);
  parentPort?.postMessage(bytes, [bytes.buffer]);
});

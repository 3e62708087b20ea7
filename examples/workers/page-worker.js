/** A Web Worker. serve.js bundles it, since import maps do not apply to workers. */
import { compute } from './work.js';

addEventListener('message', async ({ data }) => {
  try {
    const bytes = await compute(data);
    postMessage(bytes, { transfer: [bytes.buffer] });
  } catch (error) {
    // Otherwise the page would not learn of it: a rejection stays in the worker.
    reportError(error);
  }
});

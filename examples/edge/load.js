/** A load test of fixed size. */
import autocannon from 'autocannon';

/** Requests at a time. */
export const CONNECTIONS = 4;

/**
 * @typedef {object} Load
 * @property {Record<string, string>} headers
 * @property {Uint8Array} body
 * @property {number} requests
 * @property {AbortSignal} signal ends the test
 */

/**
 * @param {string} url
 * @param {Load} load
 * @returns {Promise<{ perSecond: number, p99: number }>} p99 in ms
 * @throws {Error} (as a rejection) unless all requests succeed
 */
export async function measureLoad(url, { headers, body, requests, signal }) {
  // autocannon ends at the first sample of the rate after the last answer, so the samples are 50 ms apart.
  const options = { url, method: /** @type {const} */ ('POST'), headers, body: Buffer.from(body), sampleInt: 50 };
  // Warm-up: engines optimize code only after it has run for a while.
  await run({ ...options, connections: CONNECTIONS, amount: 10 * CONNECTIONS }, signal);
  const result = await run({ ...options, connections: Math.min(CONNECTIONS, requests), amount: requests }, signal);
  return { perSecond: requests / result.duration, p99: result.latency.p99 };
}

/**
 * @param {autocannon.Options} options
 * @param {AbortSignal} signal
 * @returns {Promise<autocannon.Result>}
 */
function run(options, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const running = autocannon(options, (error, result) => {
      signal.removeEventListener('abort', stop);
      const good = result?.['2xx'];
      if (signal.aborted) reject(signal.reason);
      else if (error) reject(error);
      else if (good !== options.amount) reject(new Error(`${good} of ${options.amount} requests succeeded`));
      else resolve(result);
    });
    const stop = () => running.stop();
    signal.addEventListener('abort', stop);
  });
}

/** Serves the digit classifier in workerd or Deno, and measures it. `node examples/edge/main.js --help` */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { runProgram, wholeNumber } from '../program.js';
import { buildWorkers } from './build.js';
import { CONNECTIONS, measureLoad } from './load.js';
import { startServer } from './server.js';

const HELP = `Usage: npm run edge -- [options]

Serves the digit classifier on 127.0.0.1. Every number of isolates and both
runtimes give the same bytes.

  --runtime R    workerd or deno (default: workerd)
  --isolates N   1, 2 or 4. In workerd they share the samples of a request; in
                 Deno each answers requests of its own (default: 2)
  --port N       the port, or 0 for any that is free (default: 8787)
  --load         measures workerd with 1, 2 and 4 isolates, or those of
                 --isolates, and ends
  --requests N   requests of the load test, up to 10000 (default: 200)
  --help         prints this help`;

const IMAGE = fileURLToPath(new URL('build/digit.bin', import.meta.url));
const QUERY = 'samples=100&seed=42';
const HEADERS = { 'content-type': 'application/octet-stream', accept: 'application/octet-stream' };

/** @throws {TypeError | RangeError} if an argument is wrong; the message names it */
function readOptions() {
  const { values } = parseArgs({
    options: {
      runtime: { type: 'string', default: 'workerd' },
      isolates: { type: 'string' },
      port: { type: 'string' },
      load: { type: 'boolean', default: false },
      requests: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { runtime, isolates, port, load, requests, help } = values;
  if (runtime !== 'workerd' && runtime !== 'deno')
    throw new RangeError(`--runtime takes workerd or deno, but got "${runtime}"`);
  if (isolates !== undefined && !['1', '2', '4'].includes(isolates))
    throw new RangeError(`--isolates takes 1, 2 or 4, but got "${isolates}"`);
  if (load && runtime === 'deno') {
    const reason = 'Deno 2.9.5 closes the connection after each POST (denoland/deno#36657)';
    throw new RangeError(`--load measures workerd alone: ${reason}, which autocannon takes for errors`);
  }
  if (requests !== undefined && !load) throw new RangeError('--requests needs --load');
  return {
    runtime: /** @type {'workerd' | 'deno'} */ (runtime),
    isolates: isolates === undefined ? undefined : Number(isolates),
    port: wholeNumber('--port', port ?? (load ? '0' : '8787'), 0, 65535),
    requests: wholeNumber('--requests', requests ?? '200', 1, 10_000),
    load,
    help,
  };
}

/** A digit that the classifier was not trained on, as bytes. */
async function digit() {
  // Not above, since the images take a second to load.
  const { loadDigits, PIXELS } = await import('../digits/data.js');
  const { images } = loadDigits(1000, 10).test;
  return Uint8Array.from(images.subarray(4 * PIXELS, 5 * PIXELS), (pixel) => Math.round(255 * pixel));
}

/** @param {ReturnType<typeof readOptions>} options @param {AbortSignal} signal */
async function serve({ runtime, isolates = 2, port }, signal) {
  const server = await startServer({ runtime, isolates, port });
  signal.addEventListener('abort', server.stop);
  if (signal.aborted) server.stop();
  console.log(`${server.url} (${runtime}, ${isolates} isolate${isolates > 1 ? 's' : ''}; Ctrl-C ends it)

curl -H 'content-type: application/octet-stream' \\
  --data-binary '@${relative('', IMAGE)}' \\
  '${server.url}predict?${QUERY}'`);
  const reason = await server.ended;
  signal.throwIfAborted();
  throw new Error(reason);
}

/** @param {ReturnType<typeof readOptions>} options @param {Uint8Array<ArrayBuffer>} body @param {AbortSignal} signal */
async function measure({ runtime, isolates, port, requests }, body, signal) {
  console.log(`${requests} requests of 100 samples, ${CONNECTIONS} at a time, to workerd`);
  const table = new Table({
    head: ['isolates', 'requests/s', 'p99, ms', 'SHA-256 of an answer'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'right', 'right'],
  });
  const digests = new Set();
  for (const count of isolates === undefined ? [1, 2, 4] : [isolates]) {
    signal.throwIfAborted();
    const server = await startServer({ runtime, isolates: count, port });
    try {
      const url = `${server.url}predict?${QUERY}`;
      const response = await fetch(url, { method: 'POST', headers: HEADERS, body, signal });
      const answer = new Uint8Array(await response.arrayBuffer());
      const digest = createHash('sha256').update(answer).digest('hex').slice(0, 16);
      digests.add(digest);
      const { perSecond, p99 } = await measureLoad(url, { headers: HEADERS, body, requests, signal });
      table.push([count, perSecond.toFixed(0), p99.toFixed(0), digest]);
    } finally {
      await server.stop();
    }
  }
  console.log(table.toString());
  if (digests.size > 1) throw new Error('the digests differ: the classifier does not give the same numbers every time');
}

await runProgram(async (signal) => {
  const options = readOptions();
  if (options.help) return console.log(HELP);
  await buildWorkers();
  const image = await digit();
  writeFileSync(IMAGE, image);
  if (options.load) await measure(options, image, signal);
  else await serve(options, signal);
});

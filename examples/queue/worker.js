/**
 * A worker process: takes ranges of a run from the queue and stores the bytes of their results. main.js starts workers
 * on its own machine. On others: `node examples/queue/worker.js --help`
 */
import { hostname } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'bullmq';
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import { printErrors } from '../program.js';
import { createModel, MODEL } from './model.js';
import { connect, KEEP, LOCK, nameOf, namesOf, runName } from './queue.js';
import { digestOf } from './report.js';

const HELP = `Usage: node examples/queue/worker.js --run NAME [options]

Computes ranges of a run that main.js has started or will start. After Ctrl-C,
it ends when its range is done.

  --run NAME    the name that main.js was given
  --redis URL   the Redis of main.js (default: REDIS_URL of the environment)
  --help        print this help`;

/** @throws {TypeError | RangeError} if an argument is wrong; the message names it */
function readOptions() {
  const { values } = parseArgs({
    options: {
      run: { type: 'string' },
      redis: { type: 'string', default: process.env.REDIS_URL ?? '' },
      help: { type: 'boolean', default: false },
    },
  });
  return { ...values, run: values.help ? '' : runName(values.run ?? '') };
}

/** @param {{ run: string, redis: string }} options */
async function main({ run, redis }) {
  const names = namesOf(run);
  const connection = await connect(redis);
  /** @type {ReturnType<typeof createModel> | undefined} */
  let model;
  let batch = '';

  /** @param {import('bullmq').Job<import('./queue.js').Range>} job */
  const compute = async ({ data }) => {
    if (!model || batch !== data.batch) {
      const bytes = await connection.getBuffer(names.batch);
      if (!bytes || digestOf(bytes) !== data.batch) throw new Error('the batch is not in Redis, or damaged');
      model = createModel(bytes);
      batch = data.batch;
    }
    const { predict, layers, kind } = model;
    const { from, to, seed } = data;
    let done = 0;
    const onSample = async () => {
      process.send?.({ from, to, done: ++done });
      // Lets BullMQ's timers run, which renew the lock.
      await setImmediate();
    };
    const result = await monteCarlo(predict, { from, samples: to - from, seed: BigInt(seed), layers, kind, onSample });
    // A range has one key and always the same bytes, so it does no harm if two workers compute it.
    await connection.set(names.answer(data), Buffer.from(result.toBytes()), 'EX', KEEP);
  };

  const worker = new Worker(names.ranges, compute, {
    connection,
    prefix: names.prefix,
    name: `${hostname()}:${process.pid}`,
    lockDuration: LOCK,
    // main.js checks for stalled ranges.
    skipStalledCheck: true,
  });
  let last = '';
  worker.on('error', ({ message }) => {
    // A Redis that is away gives the same error at each attempt to reconnect.
    if (message !== last) console.error(message);
    last = message;
  });
  worker.on('failed', (_, { message }) => console.error(message));
  worker.on('completed', ({ data }) => console.log(nameOf(data)));
  await worker.waitUntilReady();
  console.log(`waits for ranges of the run ${run}, model ${MODEL}`);
  process.send?.('ready');
  if (!process.send) {
    for (const name of SIGNALS) {
      process.once(name, async () => {
        await worker.close();
        connection.disconnect();
      });
    }
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

// A terminal sends Ctrl-C to all processes, but main.js ends the workers that it has started.
if (process.send) {
  for (const name of SIGNALS) process.on(name, () => {});
  process.on('disconnect', () => process.exit());
}

await printErrors(async () => {
  const options = readOptions();
  if (options.help) console.log(HELP);
  else await main(options);
});
// The connection to Redis may still be open.
if (process.exitCode) process.exit();

/**
 * Times dropout-wasm and one peer, which take turns, in a process of their own: no peer inherits the heap of another,
 * and one that fails ends nothing else. The clock is the CPU time of the process, because a busy machine interrupts long
 * calls more often than short ones. Prints JSON, one object a line. `index.js` runs it.
 *
 *   node --expose-gc bench/versus/time.js PEER EFFORT SIZES
 */
import { GCProfiler } from 'node:v8';
import { compare, medians, timeCalls, timePromises } from '../measure.js';
import { START } from './calls.js';
import { check, observe } from './check.js';
import { CPU } from './cpu.js';
import { MEASURES, PROBABILITIES } from './peers.js';

/**
 * @typedef {object} Timing
 * @property {import('./peers.js').Measure} measure
 * @property {number} n elements, all f32
 * @property {number} p drop probability
 * @property {number} ours ns per call of dropout-wasm in an arena
 * @property {number} peer ns per call of the peer
 */

/**
 * @typedef {{ n: number, p: number, skipped: string }} Skipped
 * @typedef {{ allocated: number, ours: number }} Allocated bytes per call
 * @typedef {{ version: string } | Timing | Skipped | Allocated} Line
 */

/** ns that a call may take: a measurement needs at least ten. */
const LONGEST_CALL = 1e9;
/** ns that a call takes at most before its elements rather than the call itself determine its time. */
const OVERHEAD = 50e6;
/** Elements of the call of which the allocated bytes are counted. */
const ALLOCATED_SIZE = 2 ** 20;
const ALLOCATED_CALLS = 10;

const [, , name = '', effortText = '', sizesText = ''] = process.argv;
/** @type {import('../measure.js').Effort} */
const effort = JSON.parse(effortText);
/** @type {number[]} */
const sizes = JSON.parse(sizesText);

/** @param {Line} line */
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

// x, out, dy, dx and a mask of the largest size, and room for their alignment.
const pages = Math.ceil((4 * 4 + 1) * (Math.max(...sizes, ALLOCATED_SIZE) / 65536)) + 1;
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });

const start = /** @type {() => Promise<import('./calls.js').Started>} */ (START[name]);
const peer = await start();
const ours = await /** @type {typeof start} */ (START.ours)();
print({ version: peer.version });
for (const p of PROBABILITIES) {
  /** @type {{ n: number, ns: number }} the slowest measure of the latest size */
  let latest = { n: 1, ns: 0 };
  for (const n of sizes) {
    const setting = { n, p, memory };
    // Of all measures, because creating the tensors of a slow peer takes long too.
    if (latest.ns > OVERHEAD && (latest.ns * n) / latest.n > LONGEST_CALL) {
      print({ n, p, skipped: `${latest.n.toLocaleString('en')} elements take ${(latest.ns / 1e9).toFixed(1)} s` });
      continue;
    }
    let slowest = 0;
    const mine = await ours.create(setting);
    const theirs = await peer.create(setting);
    for (const measure of MEASURES) {
      const call = theirs[measure];
      if (!call) continue;
      await checkCall(call, n, p);
      const rounds = await compare([/** @type {import('./calls.js').Call} */ (mine[measure]), call], effort, timeSide);
      const [oursNs, peerNs] = /** @type {[number, number]} */ (medians(rounds));
      slowest = Math.max(slowest, peerNs);
      print({ measure, n, p, ours: oursNs, peer: peerNs });
    }
    latest = { n, ns: slowest };
    await peer.dispose?.();
  }
}
print({ allocated: await allocatedBytes(peer), ours: await allocatedBytes(ours) });
peer.stop?.();

/**
 * @param {import('./calls.js').Call | import('./calls.js').Remote} side
 * @param {number} turn
 */
function timeSide(side, turn) {
  if ('time' in side) return side.time(turn);
  return side.isAsync ? timePromises(side.run, turn, CPU) : timeCalls(side.run, turn, CPU);
}

/**
 * @param {import('./calls.js').Call | import('./calls.js').Remote} call
 * @param {number} n
 * @param {number} p
 */
async function checkCall(call, n, p) {
  const isCopy = name === 'copy';
  const observed = 'observe' in call ? await call.observe() : await observe(call, isCopy ? 1 : 1 / (1 - p));
  check(observed, { n, p, isCopy });
}

/**
 * Bytes that a forward allocates: objects and array buffers that the engine counts, and what the peer itself counts
 * outside of them.
 *
 * @param {import('./calls.js').Started} side
 */
async function allocatedBytes({ create, allocated, dispose }) {
  const { forward } = await create({ n: ALLOCATED_SIZE, p: 0.5, memory });
  const elsewhere = (await allocated?.()) ?? 0;
  const counted = forward && 'run' in forward ? (await growth(forward.run)) - (await growth(() => {})) : 0;
  await dispose?.();
  return Math.max(0, counted) + elsewhere;
}

/**
 * Bytes per call: objects on the heap, and buffers outside of it.
 *
 * @param {() => unknown} run
 */
async function growth(run) {
  // The engine's compiled code counts as heap.
  await timePromises(run, 100e6);
  globalThis.gc?.();
  const profiler = new GCProfiler();
  profiler.start();
  const before = process.memoryUsage();
  let buffers = 0;
  let latest = before;
  for (let i = 0; i < ALLOCATED_CALLS; i++) {
    await run();
    const usage = process.memoryUsage();
    // The engine frees buffers at any time and reports none of it, so the call counts that grew most.
    buffers = Math.max(buffers, usage.external - latest.external);
    latest = usage;
  }
  const { statistics } = /** @type {import('node:v8').GCProfilerResult} */ (profiler.stop());
  const freed = statistics.reduce(
    (sum, { beforeGC, afterGC }) => sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
    0,
  );
  return buffers + (latest.heapUsed - before.heapUsed + freed) / ALLOCATED_CALLS;
}

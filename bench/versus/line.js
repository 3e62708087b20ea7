/**
 * Times dropout-wasm in an arena at many sizes, which take turns. Prints [{ n, ns }] as JSON.
 *
 *   node bench/versus/line.js EFFORT
 */
import { compare, medians, timeCalls } from '../measure.js';
import { START } from './calls.js';
import { CPU } from './cpu.js';

const MIN = 2 ** 12;
const MAX = 2 ** 24;

/** @type {import('../measure.js').Effort} */
const effort = JSON.parse(process.argv[2] ?? '');
const sizes = [];
for (let n = MIN; n <= MAX; n *= 2) sizes.push(n);
const memory = new WebAssembly.Memory({ initial: (4 * 4 + 1) * (MAX / 65536) + 1 });
const { create } = await /** @type {() => Promise<import('./calls.js').Started>} */ (START.ours)();
const calls = [];
for (const n of sizes) {
  const { forward } = await create({ n, p: 0.5, memory });
  calls.push(/** @type {import('./calls.js').Call} */ (forward).run);
}
const times = medians(await compare(calls, effort, (call, turn) => timeCalls(call, turn, CPU)));
console.log(JSON.stringify(sizes.map((n, i) => ({ n, ns: times[i] }))));

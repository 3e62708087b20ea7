/**
 * Prints the median ns of a small training forward. `sections.js` runs it in a new process, like a program that uses
 * only one kind of array.
 *
 *   node bench/call-latency.js arena|array N
 */
import { Arena, Dropout } from 'dropout-wasm';
import { median } from './measure.js';

const CALLS = 256;

const [, , kind, size] = process.argv;
const n = Number(size);
const arena = kind === 'arena' ? new Arena({ bytes: 2 * 4 * n }) : undefined;
const create = () => arena?.float32(n) ?? new Float32Array(n);
const [x, out] = [create(), create()];
const layer = new Dropout(0.5, { seed: 42 });

// A plain loop, as in a program: a harness adds some 20 ns to each call.
const times = [];
for (const end = performance.now() + 300; performance.now() < end; ) {
  const start = performance.now();
  for (let call = 0; call < CALLS; call++) layer.forward(x, out);
  times.push(((performance.now() - start) * 1e6) / CALLS);
}
console.log(median(times));

/**
 * Run by `sections.js` in a process of its own, as a program that uses just one kind of array would be:
 * prints the median ns of a small training forward.
 *
 *   node bench/call-latency.js arena|array N
 */
import { Arena, Dropout, Generator } from 'dropout-wasm';
import { median } from './measure.js';

const CALLS = 256;

const [, , kind, size] = process.argv;
const n = Number(size);
const arena = kind === 'arena' ? new Arena({ bytes: 2 * 4 * n }) : undefined;
const make = () => arena?.float32(n) ?? new Float32Array(n);
const [x, out] = [make(), make()];
const layer = new Dropout(0.5, { generator: new Generator(42) });

// A plain loop, as a program would call it: what a harness puts around each call is 20 ns of its own.
const times = [];
for (const end = performance.now() + 300; performance.now() < end; ) {
  const start = performance.now();
  for (let call = 0; call < CALLS; call++) layer.forward(x, out);
  times.push(((performance.now() - start) * 1e6) / CALLS);
}
console.log(median(times));

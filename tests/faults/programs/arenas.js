/**
 * Makes and drops arenas, with a call of every module on each. Prints, as JSON, how many did not work in place, how many
 * results were wrong, and the bytes of the process: after a tenth of the arenas, at most from then on, and at the end.
 *
 *   node --expose-gc arenas.js COUNT
 */
import { Arena, applyMask, backend, biasDropoutResidual, dropout, gaussianNoise, mask } from 'dropout-wasm';

const count = Number(process.argv[2]);
const n = 8000;
const x = Float32Array.from({ length: n }, (_, i) => Math.sin(i));
const options = { p: 0.5, key: 1n };

/** @param {Float32Array} x */
const resultsOf = (x) => [
  dropout(x, options),
  applyMask(x, kept, { p: 0.5 }),
  biasDropoutResidual(x, { ...options, bias }),
  gaussianNoise(x, { stddev: 1, key: 1n }),
];
const kept = mask(n, options);
const bias = new Float32Array(8).fill(1);
const expected = resultsOf(x).map(String);

let [copied, wrong, peak, early] = [0, 0, 0, 0];
for (let i = 0; i < count; i++) {
  const arena = new Arena({ bytes: 5 * 4 * n });
  const inArena = arena.float32(n);
  inArena.set(x);
  const results = resultsOf(inArena);
  if (results.some((result) => result.buffer !== inArena.buffer) || arena.reason) copied++;
  // Every hundredth, since the text takes longer than the call.
  if (i % 100 === 0 && results.map(String).some((text, at) => text !== expected[at])) wrong++;
  const { rss } = process.memoryUsage();
  if (i === count / 10) early = rss;
  if (i > count / 10) peak = Math.max(peak, rss);
}
for (let i = 0; i < 2; i++) globalThis.gc?.();
console.log(JSON.stringify({ copied, wrong, early, peak, last: process.memoryUsage().rss, reason: backend().reason }));

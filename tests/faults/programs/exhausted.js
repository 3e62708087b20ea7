/**
 * Calls of every module while the process has no address space left, and after that. Prints them as JSON.
 *
 *   node --expose-gc exhausted.js
 */
import * as pkg from 'dropout-wasm';
import { SharedArena } from 'dropout-wasm/threads';
import { bitsOfResults } from './results.js';

const { Arena, backend, Dropout, dropout, gaussianNoise, mask } = pkg;
const options = { p: 0.4, key: 5n };
/** Elements of an array of 256 MB. No program writes to these arrays, so they take address space alone. */
const LARGE = 2 ** 26;

/** @param {() => unknown} call */
async function errorOf(call) {
  try {
    await call();
  } catch (error) {
    return String(error);
  }
}

/** What small calls give, and why they do not run in place. */
function small() {
  const arena = new Arena({ bytes: 2 ** 18 });
  const inArena = bitsOfResults(pkg, (n) => arena.float32(n));
  return { plain: bitsOfResults(pkg), inArena, reason: arena.reason };
}

const before = small();
const layer = new Dropout(0.5, { seed: 42 });
const used = new Arena({ bytes: 64 });
const x = used.float32(8).fill(1);
dropout(x, { ...options, out: x });

/** @type {Float32Array[]} */
let filling = [];
while (!(await errorOf(() => filling.push(new Float32Array(LARGE)))));
const large = /** @type {Float32Array} */ (filling[0]);
const errors = {
  forward: await errorOf(() => layer.forward(large)),
  dropout: await errorOf(() => dropout(large, options)),
  noise: await errorOf(() => gaussianNoise(large, { stddev: 1, key: 5n })),
  mask: await errorOf(() => mask(4 * LARGE, options)),
  arena: await errorOf(() => new Arena({ bytes: 2 ** 32 })),
  shared: await errorOf(() => SharedArena.create({ bytes: 2 ** 32, threads: 1 })),
};
const { position } = layer.generator;
const during = small();
filling = [];
globalThis.gc?.();

const ones = new Float32Array(8).fill(1);
const next = [...layer.forward(ones)];
const inPlace = x.every((value) => value === 0 || value === Math.fround(1 / 0.6));
console.log(
  JSON.stringify({
    bits: { before, during, after: small() },
    errors,
    position,
    next,
    expected: [...new Dropout(0.5, { seed: 42 }).forward(ones)],
    inPlace,
    bytesFree: used.bytesFree,
    backend: backend(),
  }),
);

/**
 * Calls in a process without enough address space. Prints, as JSON, the bits of results of every module on plain arrays
 * and in an arena, why the reference or copies serve, and what large calls throw and leave behind.
 */
import {
  Arena,
  applyMask,
  backend,
  biasDropoutResidualBackward,
  Dropout,
  dropout,
  gaussianNoise,
  mask,
} from 'dropout-wasm';
import { SharedArena } from 'dropout-wasm/threads';

const options = { p: 0.4, key: 5n };
const n = 5000;
/** More than the process may have, in elements and in bytes. */
const HUGE = 2 ** 36 / 4 - 1;

/** @param {(n: number) => Float32Array<ArrayBufferLike>} create */
function digest(create) {
  const x = create(n).map((_, i) => Math.sin(i) * 3);
  const kept = mask(n, options);
  const results = [
    dropout(x, options),
    dropout({ data: x, shape: [50, 100] }, { ...options, noiseShape: [50, 1] }).data,
    applyMask(x, kept, { p: 0.4 }),
    biasDropoutResidualBackward(x, { ...options, features: 50 }).dbias,
    gaussianNoise(x, { stddev: 1, key: 5n }),
  ];
  return results.map((result) => [...new Uint32Array(result.slice().buffer)].reduce((a, b) => Math.imul(a ^ b, 16777619)));
}

/** @param {() => unknown} call */
function errorOf(call) {
  try {
    call();
  } catch (error) {
    return String(error);
  }
}

const plain = digest((n) => new Float32Array(n));
const small = new Arena({ bytes: 2 ** 20 });
const inArena = digest((n) => small.float32(n));
const layer = new Dropout(0.5, { seed: 42 });
/** @type {SharedArena[]} */
const shared = [];
const errors = {
  arena: errorOf(() => new Arena({ bytes: 2 ** 32 })),
  shared: await SharedArena.create({ bytes: 2 ** 32, threads: 1 }).then((arena) => void shared.push(arena), String),
  // The result does not fit into the address space, although x, which has one element, does.
  mask: errorOf(() => mask(HUGE, options)),
};
const large = new Float32Array(2 ** 28);
const forward = errorOf(() => {
  const results = [];
  for (let i = 0; i < 64; i++) results.push(layer.forward(large));
});
const { position } = layer.generator;
/** @type {Arena[]} */
const arenas = [];
for (let i = 0; i < 10; i++) {
  const arena = new Arena({ bytes: 1024 });
  dropout(arena.float32(8), options);
  arenas.push(arena);
}
const reasons = arenas.map((arena) => arena.reason);
const next = layer.forward(new Float32Array(8).fill(1));
console.log(
  JSON.stringify({
    plain,
    inArena,
    again: digest((n) => new Float32Array(n)),
    errors: { ...errors, forward },
    position,
    next: [...next],
    expected: [...dropout(new Float32Array(8).fill(1), { p: 0.5, key: layer.generator.keyAt(position) })],
    reasons,
    backend: backend(),
    shared: shared.length,
  }),
);

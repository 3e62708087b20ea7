/** Float16Arrays, in an engine that has them. Any runtime loads this file, so it imports neither Node nor vitest. */
import type { Package } from './layers.js';

type Floats = Float16Array | Float32Array;

/** Makes one call on x and on the same numbers in f32. @throws Error unless the f16 result is the f32 one, rounded */
function compare(label: string, x: Float16Array, call: (x: Floats) => Floats): void {
  // First in f32, since a call in place changes x.
  const expected = Float16Array.from(call(Float32Array.from(x)));
  const got = call(x);
  if (!(got instanceof Float16Array)) throw new Error(`${label}: the result is not a Float16Array`);
  if (got.length !== expected.length) throw new Error(`${label}: ${got.length} elements instead of ${expected.length}`);
  got.forEach((v, i) => {
    if (!Object.is(v, expected[i])) throw new Error(`${label}: element ${i} is ${v} instead of ${expected[i]}`);
  });
}

/** @throws Error unless every function, a layer and an arena give f16 results that are f32 results, rounded once more */
export function checkFloat16(pkg: Package): void {
  const { Arena, Dropout2d, Generator, applyMask, biasDropoutResidual, biasDropoutResidualBackward, dropout } = pkg;
  const key = new Generator(42).next();
  const options = { p: 0.3, key };
  for (const n of [0, 1, 31, 64, 4097, 20_000]) {
    const x = Float16Array.from({ length: n }, (_, i) => (i % 7 ? Math.sin(i) * 100 : [Number.NaN, 65504, -0][i % 3]!));
    const mask = Uint8Array.from(x, (_, i) => Number(i % 3 > 0));
    const features = n % 2 ? 1 : 2;
    compare('dropout', x, (x) => dropout(x, options));
    compare('dropout at p = 0', x, (x) => dropout(x, { p: 0, key }));
    compare('dropout at p = 1', x, (x) => dropout(x, { p: 1, key }));
    compare('dropout in place', x.slice(), (x) => dropout(x, { ...options, out: x }));
    compare('alphaDropout', x, (x) => pkg.alphaDropout(x, options));
    compare('gaussianDropout', x, (x) => pkg.gaussianDropout(x, options));
    compare('gaussianNoise', x, (x) => pkg.gaussianNoise(x, { stddev: 0.3, key }));
    compare('applyMask', x, (x) => applyMask(x, mask, { p: 0.3 }));
    compare('biasDropoutResidual', x, (x) =>
      biasDropoutResidual(x, { ...options, bias: x.slice(0, Math.min(n, features)), residual: x }),
    );
    const dy = x.map((v) => (Number.isNaN(v) ? 1 : v / 100));
    const gradients = (dy: Floats) => biasDropoutResidualBackward(dy, { ...options, features });
    compare('dx', dy, (dy) => gradients(dy).dx);
    compare('dbias', dy, (dy) => gradients(dy).dbias);
  }
  const image = new Float16Array(400).fill(3);
  compare('Dropout2d', image, (data) => {
    const layer = new Dropout2d(0.5, { seed: 1 });
    return layer.forward({ data, shape: [2, 8, 5, 5] }).data;
  });
  const inArena = new Float16Array(new Arena({ bytes: 64 }).memory.buffer, 0, 16).fill(1);
  compare('an array in an arena', inArena, (x) => dropout(x, options));
}

/**
 * Runs every function on Float16Arrays, in a runtime that has them (Node from 24 on), and compares the results with
 * those of the same numbers in f32, rounded to f16. It prints nothing unless a result differs. The argument `reference`
 * removes WebAssembly.
 */
if (process.argv.includes('reference')) Reflect.deleteProperty(globalThis, 'WebAssembly');
const dropoutWasm: typeof import('../../src/index.js') = await import(`${process.cwd()}/dist/index.js`);
const { Generator, backend, applyMask, dropout, alphaDropout, gaussianDropout, gaussianNoise } = dropoutWasm;
const { biasDropoutResidual, biasDropoutResidualBackward, Arena } = dropoutWasm;

type Floats = Float16Array | Float32Array;
const expectRounded = (label: string, got: Floats, expected: Floats) => {
  if (!(got instanceof Float16Array)) throw new Error(`${label}: no Float16Array`);
  if (got.length !== expected.length) throw new Error(`${label}: ${got.length} elements`);
  const rounded = Float16Array.from(expected);
  got.forEach((v, i) => {
    if (!Object.is(v, rounded[i])) throw new Error(`${label}: element ${i} is ${v}, but expected ${rounded[i]}`);
  });
};

const key = new Generator(42).next();
for (const n of [0, 1, 31, 64, 4097, 20_000]) {
  const x = Float16Array.from({ length: n }, (_, i) => (i % 7 ? Math.sin(i) * 100 : [Number.NaN, 65504, -0][i % 3]!));
  const f32 = Float32Array.from(x);
  const mask = Uint8Array.from(x, (_, i) => Number(i % 3 > 0));
  expectRounded('dropout', dropout(x, { p: 0.3, key }), dropout(f32, { p: 0.3, key }));
  expectRounded('p = 0', dropout(x, { p: 0, key }), f32);
  expectRounded('p = 1', dropout(x, { p: 1, key }), new Float32Array(n));
  expectRounded('alphaDropout', alphaDropout(x, { p: 0.3, key }), alphaDropout(f32, { p: 0.3, key }));
  expectRounded('gaussianDropout', gaussianDropout(x, { p: 0.3, key }), gaussianDropout(f32, { p: 0.3, key }));
  expectRounded('gaussianNoise', gaussianNoise(x, { stddev: 0.3, key }), gaussianNoise(f32, { stddev: 0.3, key }));
  expectRounded('applyMask', applyMask(x, mask, { p: 0.3 }), applyMask(f32, mask, { p: 0.3 }));
  const inplace = x.slice();
  if (dropout(inplace, { p: 0.3, key, out: inplace }) !== inplace) throw new Error('in place: another array');
  expectRounded('in place', inplace, dropout(f32, { p: 0.3, key }));
  const bias = x.slice(0, n && (n % 2 ? 1 : 2));
  const [fused, fused32] = [
    biasDropoutResidual(x, { bias, residual: x, p: 0.3, key }),
    biasDropoutResidual(f32, { bias: Float32Array.from(bias), residual: f32, p: 0.3, key }),
  ];
  expectRounded('biasDropoutResidual', fused, fused32);
  const finite = x.map((v) => (Number.isNaN(v) ? 1 : v / 100));
  const features = bias.length;
  const back = biasDropoutResidualBackward(finite, { p: 0.3, key, features });
  const back32 = biasDropoutResidualBackward(Float32Array.from(finite), { p: 0.3, key, features });
  expectRounded('dx', back.dx, back32.dx);
  expectRounded('dbias', back.dbias, back32.dbias);
}

const layer = new dropoutWasm.Dropout2d(0.5, { generator: new Generator(1) });
const shape = [2, 8, 5, 5];
const image = { data: new Float16Array(400).fill(3), shape };
expectRounded(
  'Dropout2d',
  layer.forward(image).data,
  dropout(
    { data: new Float32Array(400).fill(3), shape },
    {
      p: 0.5,
      key: layer.key,
      noiseShape: [null, null, 1, 1],
    },
  ).data,
);

const wanted = process.argv.includes('reference') ? 'reference' : 'wasm-simd';
if (backend().name !== wanted) throw new Error(`the backend is ${backend().name}`);
if (wanted === 'wasm-simd') {
  const arena = new Arena({ bytes: 64 });
  const within = new Float16Array(arena.memory.buffer, 0, 16).fill(1);
  expectRounded(
    'an array on an arena',
    dropout(within, { p: 0.5, key }),
    dropout(new Float32Array(16).fill(1), { p: 0.5, key }),
  );
}

/**
 * Float16Arrays through every function and layer, in a runtime that has them (Node has from 24 on); prints nothing if
 * all is well. With the argument `reference`, on an engine without WebAssembly.
 *
 * What an f16 result is: that of the same numbers in f32, rounded once more.
 */
if (process.argv.includes('reference')) Reflect.deleteProperty(globalThis, 'WebAssembly');
const dropoutWasm: typeof import('../../src/index.js') = await import(`${process.cwd()}/dist/index.js`);
const { Generator, backend, applyMask, dropout, alphaDropout, gaussianDropout, gaussianNoise } = dropoutWasm;
const { biasDropoutResidual, biasDropoutResidualBackward, Arena } = dropoutWasm;

type Floats = Float16Array | Float32Array;
const equal = (what: string, got: Floats, expected: Floats) => {
  if (!(got instanceof Float16Array)) throw new Error(`${what}: no Float16Array`);
  if (got.length !== expected.length) throw new Error(`${what}: ${got.length} elements`);
  const rounded = Float16Array.from(expected);
  got.forEach((v, i) => {
    if (!Object.is(v, rounded[i])) throw new Error(`${what}: element ${i} is ${v} and not ${rounded[i]}`);
  });
};

const key = new Generator(42).next();
for (const n of [0, 1, 31, 64, 4097, 20_000]) {
  const x = Float16Array.from({ length: n }, (_, i) => (i % 7 ? Math.sin(i) * 100 : [Number.NaN, 65504, -0][i % 3]!));
  const wide = Float32Array.from(x);
  const mask = Uint8Array.from(x, (_, i) => Number(i % 3 > 0));
  equal('dropout', dropout(x, { p: 0.3, key }), dropout(wide, { p: 0.3, key }));
  equal('p = 0', dropout(x, { p: 0, key }), wide);
  equal('p = 1', dropout(x, { p: 1, key }), new Float32Array(n));
  equal('alphaDropout', alphaDropout(x, { p: 0.3, key }), alphaDropout(wide, { p: 0.3, key }));
  equal('gaussianDropout', gaussianDropout(x, { p: 0.3, key }), gaussianDropout(wide, { p: 0.3, key }));
  equal('gaussianNoise', gaussianNoise(x, { stddev: 0.3, key }), gaussianNoise(wide, { stddev: 0.3, key }));
  equal('applyMask', applyMask(x, mask, { p: 0.3 }), applyMask(wide, mask, { p: 0.3 }));
  const inplace = x.slice();
  if (dropout(inplace, { p: 0.3, key, out: inplace }) !== inplace) throw new Error('in place: another array');
  equal('in place', inplace, dropout(wide, { p: 0.3, key }));
  const bias = x.slice(0, n && (n % 2 ? 1 : 2));
  const [fused, fusedWide] = [
    biasDropoutResidual(x, { bias, residual: x, p: 0.3, key }),
    biasDropoutResidual(wide, { bias: Float32Array.from(bias), residual: wide, p: 0.3, key }),
  ];
  equal('biasDropoutResidual', fused, fusedWide);
  const finite = x.map((v) => (Number.isNaN(v) ? 1 : v / 100));
  const features = bias.length;
  const back = biasDropoutResidualBackward(finite, { p: 0.3, key, features });
  const backWide = biasDropoutResidualBackward(Float32Array.from(finite), { p: 0.3, key, features });
  equal('dx', back.dx, backWide.dx);
  equal('dbias', back.dbias, backWide.dbias);
}

const layer = new dropoutWasm.Dropout2d(0.5, { generator: new Generator(1) });
const shape = [2, 8, 5, 5];
const image = { data: new Float16Array(400).fill(3), shape };
equal(
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
  equal(
    'an array on an arena',
    dropout(within, { p: 0.5, key }),
    dropout(new Float32Array(16).fill(1), { p: 0.5, key }),
  );
}

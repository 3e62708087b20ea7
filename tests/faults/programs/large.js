/**
 * Calls on arrays of more than 4 GiB, all in one buffer. Prints, as JSON, for each call whether parts of its result have
 * the bits that calls on these parts have: at both ends, and at the bytes 2^31 and 2^32.
 */
import { applyMask, backend, biasDropoutResidual, Dropout, DropPath, dropout, gaussianNoise, mask } from 'dropout-wasm';

const FEATURES = 16384;
const buffer = new ArrayBuffer(2 ** 32 + 4 * FEATURES);
const options = { p: 0.5, key: 1n };
const [f32, f64] = [new Float32Array(buffer), new Float64Array(buffer)];
/** As many elements as an array may have in Node 20, up to the end of the buffer. */
const bytes = new Uint8Array(buffer, 8 * FEATURES, 2 ** 32 - 4 * FEATURES);
const eighth = bytes.subarray(0, 2 ** 29 + FEATURES);
const shape = [f32.length / FEATURES, FEATURES];
const bias = new Float32Array(FEATURES).fill(3);
/** @type {Record<string, boolean>} */
const right = {};

/**
 * @template {Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | Uint8Array<ArrayBuffer>} A
 * @param {string} name
 * @param {A} x has ones in these parts
 * @param {() => unknown} call overwrites x
 * @param {(ones: A, at: number) => ArrayBufferView} part the same call on ones that begin at element `at` of x
 */
function check(name, x, call, part) {
  const size = x.BYTES_PER_ELEMENT;
  const row = FEATURES / size;
  const starts = [0, 2 ** 31 / size - row, 2 ** 31 / size, 2 ** 32 / size - row, 2 ** 32 / size, x.length - row];
  const parts = starts.filter((at) => at + row <= x.length);
  for (const at of parts) x.fill(1, at, at + row);
  call();
  right[name] = parts.every((at) => {
    const { buffer, byteOffset, byteLength } = part(/** @type {A} */ (x.slice(0, row).fill(1)), at);
    return Buffer.from(buffer, byteOffset, byteLength).equals(Buffer.from(x.slice(at, at + row).buffer));
  });
}

/** @param {number} at */
const from = (at) => ({ ...options, offset: at });
check(
  'dropout of f32',
  f32,
  () => dropout(f32, { ...options, out: f32 }),
  (ones, at) => dropout(ones, from(at)),
);
check(
  'dropout of f64',
  f64,
  () => dropout(f64, { ...options, out: f64 }),
  (ones, at) => dropout(ones, from(at)),
);
check(
  'a mask of bytes',
  bytes,
  () => mask(bytes.length, { ...options, out: bytes }),
  (ones, at) => mask(ones.length, from(at)),
);
check(
  'a mask of more than 2^32 bits',
  eighth,
  () => mask(8 * eighth.length, { ...options, format: 'bits', out: eighth }),
  (ones, at) => mask(8 * ones.length, { ...from(8 * at), format: 'bits' }),
);
const bits = mask(f32.length, { ...options, format: 'bits' });
check(
  'applyMask',
  f32,
  () => applyMask(f32, bits, { p: 0.5, format: 'bits', out: f32 }),
  (ones, at) => dropout(ones, from(at)),
);
check(
  'Gaussian noise',
  f32,
  () => gaussianNoise(f32, { stddev: 1, key: 1n, out: f32 }),
  (ones, at) => gaussianNoise(ones, { stddev: 1, key: 1n, offset: at }),
);
check(
  'bias, dropout and residual',
  f32,
  () =>
    biasDropoutResidual(
      { data: f32, shape },
      { ...options, bias, residual: { data: f32, shape }, out: { data: f32, shape } },
    ),
  (ones, at) => biasDropoutResidual(ones, { ...from(at), bias: bias.subarray(0, ones.length), residual: ones }),
);
check(
  'a draw for each row',
  f32,
  () => new DropPath(0.5, { seed: 42, inplace: true }).forward({ data: f32, shape }),
  (ones, at) => {
    const [kept] = mask(1, {
      ...options,
      key: new DropPath(0.5, { seed: 42 }).generator.keyAt(0),
      offset: Math.floor(at / FEATURES),
    });
    return ones.fill(2 * Number(kept));
  },
);
const layer = new Dropout(0.5, { seed: 42, inplace: true });
check(
  'forward and backward',
  f32,
  () => layer.backward(layer.forward(f32), f32),
  (ones, at) => {
    const masked = { p: 0.5, key: layer.generator.keyAt(0), offset: at };
    return dropout(dropout(ones, masked), masked);
  },
);
console.log(JSON.stringify({ right, backend: backend() }));

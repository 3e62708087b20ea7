/**
 * The webgpu backend, whose programs run here by their uniforms and inputs, in TypeScript. tests/packaging runs their
 * shaders, in Chromium.
 */
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as arrays from 'dropout-wasm';
import { dropout, tfjsPath } from 'dropout-wasm/tfjs';
import { afterEach, expect, it } from 'vitest';
import { expectSameBits } from '../../support/expect.js';
import { valuesOf } from '../../support/tfjs.js';
import { LAYERS, run } from '../../support/tfjs-cases.js';

const DRAW = 'DROPOUT_WASM_WEBGPU_DRAW';
const COMPILE_ONLY = 'WEBGPU_ENGINE_COMPILE_ONLY';
// The webgpu backend registers it.
tf.env().registerFlag(COMPILE_ONLY, () => false);

interface Program {
  shaderKey: string;
  variableNames: string[];
  uniforms: string;
  outputShape: number[];
}

/** What a program does: it draws flags, or selects by drawn flags or by uploaded bits. */
type Kind = 'draw' | 'drawn' | 'uploaded';

const kindOf = ({ variableNames, uniforms }: Program): Kind =>
  variableNames.length === 0 ? 'draw' : /axes/.test(uniforms) ? 'drawn' : 'uploaded';

/** Uniforms by their names. */
type Uniforms = Record<string, number[]>;

/** A 64-bit number. */
const wordOf = ([low, high]: number[]): bigint => (BigInt(high! >>> 0) << 32n) + BigInt(low! >>> 0);

/** The word of the flag of a draw, and its bit, as shaders/stream.wgsl lays them out. */
function placeOf(draw: number): [word: number, bit: number] {
  const [block, step, lane] = [Math.floor(draw / 4096), Math.floor(draw / 32) % 128, Math.floor(draw / 4) % 8];
  return [block * 128 + Math.floor(step / 8) * 8 + lane, 4 * (step % 8) + (draw % 4)];
}

function drawFlags({ key, firstBlock, P }: Uniforms, words: number): Int32Array {
  const offset = Number(wordOf([Math.floor(firstBlock![0]!), Math.floor(firstBlock![1]!)])) * 4096;
  const p = (Math.floor(P![1]!) * 65536 + P![0]!) / 2 ** 32;
  const flags = new Int32Array(words);
  const mask = arrays.mask(32 * words, { p, key: wordOf(key!), offset });
  for (const [draw, kept] of mask.entries()) {
    const [word, bit] = placeOf(draw);
    flags[word]! |= kept << bit;
  }
  return flags;
}

/** The draw of an element. */
function drawOf(index: number, { first, outer, axes, sizes, strides }: Uniforms): number {
  let draw = first![0]!;
  let rest = index;
  for (let axis = 0; axis < axes![0]!; axis++) {
    draw += (rest % sizes![axis]!) * strides![axis]!;
    rest = Math.floor(rest / sizes![axis]!);
  }
  return draw + rest * outer![0]!;
}

const { fround } = Math;

function select(kind: Kind, uniforms: Uniforms, x: ArrayLike<number>, flags: ArrayLike<number>): Float32Array {
  const [scale, shift, fill] = ['scale', 'shift', 'fill'].map((name) => fround(uniforms[name]![0]!)) as [
    number,
    number,
    number,
  ];
  return Float32Array.from(x, (value, i) => {
    const [word, bit] = kind === 'drawn' ? placeOf(drawOf(i, uniforms)) : [i >> 5, i & 31];
    return (flags[word]! >> bit) & 1 ? fround(fround(value * scale) + shift) : fill;
  });
}

interface Options {
  /** Of the device. */
  adapterInfo?: object;
  /** The copy of the backend. */
  ownInfo?: object;
  /** The programs that do not compile. */
  invalid?: Kind[];
  /** The programs that throw when they run. */
  failing?: Kind[];
}

interface Fake {
  name: string;
  /** The programs that ran. */
  ran: Kind[];
  /** The numbers of elements that were uploaded. */
  uploads: number[];
  lose(): void;
}

let count = 0;

/** Registers a backend like TF.js's webgpu backend, and uses it. */
async function create({ adapterInfo, ownInfo, invalid = [], failing = [] }: Options = {}): Promise<Fake> {
  const backend = new MathBackendCPU();
  const fake: Fake = { name: `webgpu ${count++}`, ran: [], uploads: [], lose: () => {} };
  const lost = new Promise<void>((resolve) => {
    fake.lose = resolve;
  });
  const pipelineCache: Record<string, unknown> = {};
  const runWebGPUProgram = (
    program: Program,
    inputs: tf.TensorInfo[],
    dtype: 'float32' | 'int32',
    given: { data: number[] }[],
  ): tf.TensorInfo => {
    const kind = kindOf(program);
    const [n] = program.outputShape as [number];
    if (tf.env().getBool(COMPILE_ONLY)) {
      pipelineCache[program.shaderKey] = invalid.includes(kind)
        ? Promise.reject(new Error(`bad ${kind}`))
        : Promise.resolve(kind);
      return backend.makeTensorInfo([n], dtype, dtype === 'int32' ? new Int32Array(n) : new Float32Array(n));
    }
    // TF.js refuses to run a program whose pipeline is a promise.
    expect(pipelineCache[program.shaderKey]).toBe(kind);
    if (failing.includes(kind)) throw new Error(`${kind} fails`);
    fake.ran.push(kind);
    const names = [...program.uniforms.matchAll(/(\w+):/g)].map(([, name]) => name!);
    expect(given.length).toBe(names.length);
    const uniforms = Object.fromEntries(names.map((name, i) => [name, given[i]!.data]));
    const [x, flags] = inputs.map(({ dataId }) => backend.readSync(dataId) as Float32Array);
    return kind === 'draw'
      ? backend.makeTensorInfo([n], dtype, drawFlags(uniforms, n))
      : backend.makeTensorInfo([n], dtype, select(kind, uniforms, x!, flags!));
  };
  const { makeTensorInfo } = backend;
  Object.assign(backend, { device: { lost, adapterInfo }, adapterInfo: ownInfo, pipelineCache, runWebGPUProgram });
  tf.registerBackend(fake.name, () => backend);
  tf.copyRegisteredKernels('cpu', fake.name);
  await tf.setBackend(fake.name);
  // From here on, since the kernels of the cpu backend make tensors too.
  backend.makeTensorInfo = (shape, dtype, values) => {
    const isRun = !tf.env().getBool(COMPILE_ONLY);
    if (isRun && dtype === 'int32' && shape.length === 2) fake.uploads.push(tf.util.sizeFromShape(shape));
    return makeTensorInfo.call(backend, shape, dtype, values);
  };
  return fake;
}

/** Lets the programs compile that the first call asks for. */
async function settled(options?: Options): Promise<Fake> {
  const fake = await create(options);
  tfjsPath();
  await new Promise((resolve) => setTimeout(resolve));
  return fake;
}

afterEach(() => tf.env().set(DRAW, 'auto'));

const key = 5n;
const values = Float32Array.from({ length: 5000 }, (_, i) => i - 2500);
const drop = (options: object = {}) => valuesOf(dropout(tf.tensor(values), { p: 0.4, key, ...options }));
const expected = (options: object = {}) => [...arrays.dropout(values, { p: 0.4, key, ...options })];

it.each([false, true])('every layer has the bits of the wasm backend, with drawing %s', async (draw) => {
  tf.env().set(DRAW, draw);
  const fake = await settled();
  for (const [, layer, shape] of LAYERS) {
    const got = await run(fake.name, layer, shape);
    const want = await run('wasm', layer, shape);
    for (const i of [0, 1]) expectSameBits(got[i]!, want[i]!);
  }
  expect(new Set(fake.ran)).toEqual(new Set(draw ? ['draw', 'drawn', 'uploaded'] : ['uploaded']));
});

it('draws instead of uploading', async () => {
  const fake = await settled();
  for (const offset of [0, 4095, 4096, 2 ** 40 + 4097, 2 ** 53 - 5000])
    expectSameBits(drop({ offset }), expected({ offset }));
  expect([fake.uploads, new Set(fake.ran)]).toEqual([[], new Set(['draw', 'drawn'])]);
  tf.env().set(DRAW, false);
  expectSameBits(drop(), expected());
  expect(fake.uploads).toEqual([158]);
});

it.each([[[2, 3, 2, 3, 2]], [[2, 3, 2, 3, 2, 3]]])('every noise shape of %j', async (shape) => {
  const fake = await settled();
  const data = values.subarray(0, tf.util.sizeFromShape(shape));
  for (let bits = 0; bits < 2 ** shape.length; bits++) {
    const noiseShape = shape.map((n, axis) => ((bits >> axis) & 1 ? n : 1));
    const options = { p: 0.5, key, offset: 4090, noiseShape };
    const y = valuesOf(dropout(tf.tensor(data, shape), options));
    expectSameBits(y, [...arrays.dropout({ data, shape }, options).data]);
  }
  // Those whose axes alternate, of which the uniforms hold five.
  expect(fake.ran.filter((kind) => kind === 'uploaded').length).toBe(shape.length === 6 ? 2 : 0);
});

it.each<[string, Options]>([
  ['SwiftShader', { adapterInfo: { vendor: 'google', architecture: 'swiftshader' } }],
  ['a fallback adapter', { adapterInfo: { vendor: 'acme', isFallbackAdapter: true } }],
  ['llvmpipe', { adapterInfo: { vendor: 'mesa', description: 'llvmpipe (LLVM 15.0.6, 256 bits)' } }],
  ['WARP', { adapterInfo: { vendor: 'microsoft', architecture: 'warp' } }],
  ['the Basic Render Driver', { adapterInfo: { description: 'Microsoft Basic Render Driver' } }],
  ["SwiftShader, by TF.js's copy", { ownInfo: { vendor: 'google', architecture: 'swiftshader' } }],
])('%s is a software adapter', async (_, options) => {
  const { name } = await settled(options);
  expect(tfjsPath()).toEqual({ backend: name, path: 'webgpu', reason: 'a software adapter' });
  tf.env().set(DRAW, true);
  expect(tfjsPath().reason).toBe('compiling');
  expectSameBits(drop(), expected());
  await new Promise((resolve) => setTimeout(resolve));
  expect(tfjsPath()).toEqual({ backend: name, path: 'webgpu-draw' });
});

it.each<[string, Options]>([
  ['a card', { adapterInfo: { vendor: 'nvidia', architecture: 'ampere', isFallbackAdapter: false } }],
  ['an adapter that tells nothing', { adapterInfo: {} }],
  ['an unknown adapter', {}],
])('%s draws, unless the flag forbids it', async (_, options) => {
  const { name } = await settled(options);
  expect(tfjsPath()).toEqual({ backend: name, path: 'webgpu-draw' });
  tf.env().set(DRAW, false);
  expect(tfjsPath()).toEqual({ backend: name, path: 'webgpu', reason: `${DRAW} is false` });
});

it('another value of the flag is an error', async () => {
  await settled();
  tf.env().set(DRAW, 'yes');
  for (const call of [tfjsPath, drop])
    expect(call).toThrow(/^DROPOUT_WASM_WEBGPU_DRAW has to be true, false or 'auto'/);
});

it.each<[string, Options, string, string]>([
  ['a program that draws does not compile', { invalid: ['draw'] }, 'webgpu', 'Error: bad draw'],
  ['a program that selects does not compile', { invalid: ['drawn'] }, 'webgpu', 'Error: bad drawn'],
  ['none compiles', { invalid: ['draw', 'drawn', 'uploaded'] }, 'where', 'Error: bad uploaded'],
  ['a program that draws throws', { failing: ['draw'] }, 'webgpu', 'Error: draw fails'],
  ['a program that selects throws', { failing: ['drawn'] }, 'webgpu', 'Error: drawn fails'],
  ['all throw', { failing: ['draw', 'drawn', 'uploaded'] }, 'where', 'Error: uploaded fails'],
])('where %s, the next way has the same bits, without a leak', async (_, options, path, reason) => {
  const { name } = await settled(options);
  const counts = () => [tf.memory().numTensors, tf.backend().numDataIds()];
  const x = tf.tensor(values);
  const before = counts();
  for (let round = 0; round < 3; round++) {
    const y = dropout(x, { p: 0.4, key });
    expectSameBits(valuesOf(y), expected());
    y.dispose();
  }
  expect(counts()).toEqual(before);
  expect(tfjsPath()).toEqual({ backend: name, path, reason });
});

it('until the programs are compiled, tf.where selects', async () => {
  const { name, ran } = await create();
  expect(tfjsPath()).toEqual({ backend: name, path: 'where', reason: 'compiling' });
  expectSameBits(drop(), expected());
  expect(ran).toEqual([]);
});

it('a lost device is an error', async () => {
  const { name, lose } = await settled();
  lose();
  await new Promise((resolve) => setTimeout(resolve));
  expect(() => drop()).toThrow(`the backend ${name} has lost its device: use another`);
});

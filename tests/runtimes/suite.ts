/**
 * The suite that runs in every runtime: all vectors, random cases and all layers, on the package and on its reference.
 * It imports neither Node nor vitest.
 */
import type { Layer, LayerJSON, MaskLayer, Tensor } from '../../src/index.js';
import { size } from '../support/arrays.js';
import { bitAt, bitsOf, hexOf, tensorDigest } from '../support/bits.js';
import { Digest, digestOf } from '../support/digest.js';
import { checkFloat16 } from '../support/float16.js';
import { GUARD, guardsIntact } from '../support/guards.js';
import { lanes } from '../support/lanes.js';
import { type LayerCase, layersOf, type Package } from '../support/layers.js';
import { noiseVectors, streamVectors } from '../support/vectors.js';
import { type MonteCarlo, monteCarloTests } from './monte-carlo.js';
import { Random } from './random.js';
import { Recorder } from './recorder.js';

type Floats = Float32Array | Float64Array;

/** The normal quantile of the reference, which the package does not export. */
type Quantile = (v: number) => number;

/**
 * Which cases run. The short list leaves out slow cases that add little: seven eighths of the random cases, and
 * float arrays of 100,000 elements, whose masks it still checks. It takes a quarter of the time of the full list. The
 * cases of dropout-wasm/monte-carlo are a list of their own, so that the digest of the others stays what it is.
 */
export type List = 'short' | 'full' | 'monte-carlo';

export interface Result {
  name: string;
  passed: boolean;
  cases: number;
  digest: string;
  error?: string;
}

type Test = (pkg: Package, recorder: Recorder, list: List) => void | Promise<void>;

/**
 * Runs every test on both backends, which must record the same values.
 * @param pkg the package as loaded in this runtime
 * @param monteCarlo dropout-wasm/monte-carlo
 */
export async function suite(
  pkg: Package,
  reference: Package,
  quantile: Quantile,
  monteCarlo: MonteCarlo,
  list: List,
): Promise<Result[]> {
  const results: Result[] = [];
  const tests = [...vectorTests(quantile), ...RANDOM_TESTS, ...layersOf(pkg).flatMap(layerTests), ...JSON_TESTS];
  for (const [name, test] of list === 'monte-carlo' ? monteCarloTests(monteCarlo) : tests) {
    results.push(await result(name, test, pkg, reference, list));
    // Yields, because browsers report a page that blocks its thread as hung.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return results;
}

/** One digest of the names and digests of all tests. */
export function digestOfAll(results: readonly Result[]): string {
  const digest = new Digest();
  for (const { name, digest: own } of results) digest.add(new TextEncoder().encode(`${name} ${own}\n`));
  return `${digest}`;
}

async function result(name: string, test: Test, pkg: Package, reference: Package, list: List): Promise<Result> {
  const recorder = new Recorder();
  const expected = new Recorder();
  let error: string | undefined;
  try {
    await test(pkg, recorder, list);
    await test(reference, expected, list);
    const at = recorder.cases.findIndex(({ digest }, i) => digest !== expected.cases[i]?.digest);
    if (at >= 0) error = `the reference gives other values from case ${at} on: ${recorder.cases[at]!.label}`;
    else if (recorder.cases.length < expected.cases.length) error = 'the reference has more cases';
  } catch (thrown) {
    error = String(thrown);
  }
  const { cases, digest } = recorder;
  return { name, passed: error === undefined, cases: cases.length, digest, ...(error !== undefined && { error }) };
}

const vectorTests = (quantile: Quantile): [string, Test][] => [
  [
    'vectors: keys',
    ({ Generator }, recorder) => {
      for (const { seed, keys } of streamVectors.keys) {
        const generator = new Generator(BigInt(seed));
        keys.forEach((key, c) => {
          recorder.expect(`keyAt(${c}) of ${seed}`, generator.keyAt(c), BigInt(key));
          recorder.expect(`key ${c} of ${seed}`, generator.next(), BigInt(key));
        });
      }
    },
  ],
  [
    'vectors: forks',
    ({ Generator }, recorder) => {
      for (const { seed, label, childSeed, firstKey } of streamVectors.forks) {
        const child = new Generator(BigInt(seed), 5).fork(label);
        recorder.expect(`seed of ${seed}, ${label}`, child.seed, BigInt(childSeed));
        recorder.expect(`key of ${seed}, ${label}`, child.next(), BigInt(firstKey));
      }
    },
  ],
  [
    'vectors: lanes',
    (pkg, recorder) => {
      for (const { key, block, roundingWord, laneOutputs, lastLaneOutput } of streamVectors.blocks) {
        const rounding = Number(BigInt(roundingWord) >> 48n);
        const words = (at: number, n: number) =>
          lanes(n, rounding, (P) => pkg.mask(4 * n, { p: P / 2 ** 32, key: BigInt(key), offset: block * 4096 + at }));
        words(0, laneOutputs.length).forEach((word, lane) => {
          recorder.expect(`lane ${lane} of ${key}, block ${block}`, word, BigInt(laneOutputs[lane]!));
        });
        recorder.expect(`last lane of ${key}, block ${block}`, words(4092, 1)[0], BigInt(lastLaneOutput));
      }
    },
  ],
  [
    'vectors: masks',
    ({ Generator, dropout, mask }, recorder, list) => {
      for (const { seed, position, p, offset, bits, digests } of streamVectors.masks) {
        const label = `${seed} at ${position}, p ${p}, offset ${offset}`;
        const options = { p, offset, key: new Generator(BigInt(seed), position).next() };
        recorder.expect(label, mask(bits.length, options).join(''), bits);
        for (const [n, digest] of Object.entries(digests)) {
          const kept = mask(Number(n), { ...options, format: 'bits' });
          recorder.expect(`${n} elements of ${label}`, digestOf(kept), digest);
          if (list === 'short' && Number(n) > 4097) continue;
          for (const Floats of [Float32Array, Float64Array]) {
            const ones = new Floats(Number(n)).fill(1);
            const expected = ones.map((_, i) => bitAt(kept, i) / (1 - p));
            recorder.expect(`${Floats.name} of ${n} elements of ${label}`, dropout(ones, options), expected);
          }
        }
      }
    },
  ],
  [
    'vectors: quantile',
    (_, recorder) => {
      for (const { v, z } of noiseVectors.quantile)
        recorder.expect(v, hexOf(Float32Array.of(quantile(Number.parseInt(v, 16)))).join(), z);
      const sweep = Float32Array.from({ length: 65536 }, (_, k) => quantile((k * 65537) % 2 ** 32));
      recorder.expect('sweep', digestOf(bitsOf(sweep)), noiseVectors.sweep);
    },
  ],
  [
    'vectors: noise',
    ({ Generator, gaussianNoise }, recorder) => {
      for (const { seed, position, offset, length, first, digest } of noiseVectors.noise) {
        const key = new Generator(BigInt(seed)).keyAt(position);
        const z = gaussianNoise(new Float32Array(length), { stddev: 1, key, offset });
        recorder.expect(`first of ${seed} at ${position}`, hexOf(z.slice(0, first.length)).join(), first.join());
        recorder.expect(`${length} of ${seed} at ${position}`, digestOf(bitsOf(z)), digest);
      }
    },
  ],
];

const ROOM = 64;

/** Allocates the arrays of a case between guard bytes, in buffers of their own or side by side in an arena. */
class Memory {
  private readonly arena: InstanceType<Package['Arena']>;
  private readonly guarded: { all: Uint8Array; array: ArrayBufferView }[] = [];

  constructor({ Arena }: Package) {
    this.arena = new Arena({ bytes: 4 * 2 ** 20 });
  }

  floats(random: Random, f64: boolean, n: number): Floats {
    const x = this.take<Floats>(random, f64 ? Float64Array : Float32Array, n);
    random.fill(x);
    return x;
  }

  bytes(random: Random, n: number): Uint8Array {
    return this.take(random, Uint8Array, n);
  }

  private take<A extends Floats | Uint8Array>(
    random: Random,
    type: { new (buffer: ArrayBufferLike, at: number, n: number): A; BYTES_PER_ELEMENT: number },
    n: number,
  ): A {
    const size = type.BYTES_PER_ELEMENT;
    const skew = ROOM + size * random.below(8);
    const bytes = skew + size * n + ROOM;
    const all = random.word() % 4 ? this.arena.uint8(8 * Math.ceil(bytes / 8)) : new Uint8Array(bytes);
    const array = new type(all.fill(GUARD).buffer, all.byteOffset + skew, n);
    this.guarded.push({ all, array });
    return array;
  }

  /** Frees the arrays of a case. @throws Error if a guard byte was written */
  release(): void {
    for (const { all, array } of this.guarded.splice(0))
      if (!guardsIntact(all, [array])) throw new Error('wrote out of bounds');
    this.arena.reset();
  }
}

interface Case {
  pkg: Package;
  random: Random;
  memory: Memory;
  f64: boolean;
  options: { p: number; key: bigint; offset: number };
  record: (...values: (Floats | Uint8Array)[]) => void;
}

/** A test of random cases, which are the same in every runtime. The short list has the first eighth of them. */
const randomTest = (name: string, cases: number, body: (testCase: Case) => void): [string, Test] => [
  `random: ${name}`,
  (pkg, recorder, list) => {
    const random = new Random(20261123);
    const memory = new Memory(pkg);
    const count = list === 'short' ? cases / 8 : cases;
    for (let i = 0; i < count; i++) {
      const options = { p: random.p(), key: random.key(), offset: random.offset() };
      const { p, key, offset } = options;
      const f64 = random.chance();
      const label = `p ${p}, key ${key}, offset ${offset}, ${f64 ? 'f64' : 'f32'}`;
      try {
        body({ pkg, random, memory, f64, options, record: (...values) => recorder.add(label, ...values) });
        memory.release();
      } catch (error) {
        throw new Error(`case ${i}, ${label}: ${error}`);
      }
    }
  },
];

/** An array for the result: a new one, or x itself. */
const outFor = ({ random, memory, f64 }: Case, x: Floats): Floats =>
  random.below(3) ? memory.floats(random, f64, x.length) : x;

const RANDOM_TESTS: [string, Test][] = [
  randomTest('dropout', 800, (testCase) => {
    const { pkg, random, memory, f64, options, record } = testCase;
    const x = memory.floats(random, f64, random.length());
    record(pkg.dropout<Floats>(x, options));
    record(pkg.dropout<Floats>(x, { ...options, out: outFor(testCase, x) }));
  }),
  randomTest('alpha dropout', 400, (testCase) => {
    const { pkg, random, memory, f64, options, record } = testCase;
    const x = memory.floats(random, f64, random.length());
    record(pkg.alphaDropoutBackward<Floats>(x, options));
    record(pkg.alphaDropout<Floats>(x, { ...options, out: outFor(testCase, x) }));
  }),
  randomTest('masks', 800, ({ pkg, random, memory, options, record }) => {
    const n = random.length();
    const format = random.pick(['bytes', 'bits'] as const);
    const out = memory.bytes(random, format === 'bits' ? Math.ceil(n / 8) : n);
    record(pkg.mask(n, { ...options, format }));
    record(pkg.mask(n, { ...options, format, out }));
  }),
  randomTest('masks applied', 400, (testCase) => {
    const { pkg, random, memory, f64, options, record } = testCase;
    const n = random.length();
    const format = random.pick(['bytes', 'bits'] as const);
    const mask = memory.bytes(random, format === 'bits' ? Math.ceil(n / 8) : n);
    for (let i = 0; i < mask.length; i++) mask[i] = random.word() & (format === 'bits' ? 255 : 3);
    const x = memory.floats(random, f64, n);
    const { p } = options;
    const layer = random.chance() ? { layer: new pkg.AlphaDropout(p), gradient: random.chance() } : { p };
    record(pkg.applyMask<Floats>(x, mask, { ...layer, format, out: outFor(testCase, x) }));
  }),
  randomTest('noise that is broadcast', 400, (testCase) => {
    const { pkg, random, memory, f64, options, record } = testCase;
    const shape: number[] = [];
    for (let size = 1; shape.length < 6 && size < 200; size *= shape.at(-1)!)
      shape.push(random.chance() ? 1 + random.below(9) : random.pick([0, 1, 31, 32, 33, 64, 70, 100]));
    const x = memory.floats(random, f64, size(shape));
    const noiseShape = shape.slice(random.below(2)).map(() => random.pick([1, null]));
    const call = random.chance() ? pkg.dropout : pkg.alphaDropout;
    const out = { data: outFor(testCase, x), shape };
    record(call<Tensor<Floats>>({ data: x, shape }, { ...options, noiseShape, out }).data as Floats);
  }),
  randomTest('normal noise', 400, (testCase) => {
    const { pkg, random, memory, f64, options, record } = testCase;
    const { p, ...stream } = options;
    const x = memory.floats(random, f64, random.length());
    const stddev = random.pick([random.unit() * 10, 1e-30, 1, 1e30]);
    record(pkg.gaussianNoise<Floats>(x, { ...stream, stddev }));
    record(pkg.gaussianDropout<Floats>(x, { ...options, out: outFor(testCase, x) }));
  }),
  randomTest('bias, dropout, residual', 400, (testCase) => {
    const { pkg, random, memory, f64, options, record } = testCase;
    const many = random.chance();
    const features = many ? random.pick([31, 32, 64, 100, 768, 2048, 4096, 4100, 5000]) : 1 + random.below(40);
    const n = features * random.below(many ? 4 : 300);
    const [x, bias] = [memory.floats(random, f64, n), memory.floats(random, f64, features)];
    const residual = random.chance() ? { residual: memory.floats(random, f64, n) } : {};
    record(pkg.biasDropoutResidual<Floats>(x, { ...options, bias, ...residual, out: outFor(testCase, x) }));
    const out = { dx: outFor(testCase, x), dbias: memory.floats(random, f64, features) };
    const { dx, dbias } = pkg.biasDropoutResidualBackward<Floats>(x, { ...options, features, out });
    record(dx, dbias);
  }),
  randomTest('DropBlock', 200, (testCase) => {
    const { pkg, random, memory, f64, options, record } = testCase;
    const shape = [1 + random.below(3), 1 + random.below(4), 1 + random.below(12), 1 + random.below(12)];
    const data = memory.floats(random, f64, size(shape));
    const block = { blockSize: 1 + random.below(6), channels: random.pick(['first', 'last'] as const) };
    const out = { data: outFor(testCase, data), shape };
    record(pkg.dropBlock2d<Tensor<Floats>>({ data, shape }, { ...options, ...block, out }).data as Floats);
  }),
  randomTest('slices', 300, (testCase) => {
    const { pkg, random, memory, f64, options, record } = testCase;
    const { p, key } = options;
    const of: number[] = [];
    for (let size = 1; of.length < 5 && size < 300; size *= of.at(-1)!)
      of.push(random.chance() ? 1 + random.below(9) : random.pick([1, 31, 33, 64, 130, 1100]));
    const at = of.map((size) => random.below(size));
    const shape = of.map((size, axis) => 1 + random.below(size - at[axis]!));
    const noiseShape = random.chance() ? undefined : of.map(() => random.pick([1, null]));
    const slice = { of, at };
    const sliced = { p, key, slice, ...(noiseShape && { noiseShape }) };
    const data = memory.floats(random, f64, size(shape));
    const out = { data: outFor(testCase, data), shape };
    record(pkg.mask(shape, { ...sliced, format: random.pick(['bytes', 'bits'] as const) }));
    record(pkg.gaussianDropout<Tensor<Floats>>({ data, shape }, { p, key, slice }).data as Floats);
    const call = random.chance() ? pkg.dropout : pkg.alphaDropout;
    record(call<Tensor<Floats>>({ data, shape }, { ...sliced, out }).data as Floats);
  }),
  randomTest('pieces', 200, ({ pkg, random, memory, f64, options, record }) => {
    const x = memory.floats(random, f64, random.length());
    const key = options.key;
    const offset = options.offset % 2 ** 52;
    const cut = random.below(x.length + 1);
    const whole = pkg.dropout<Floats>(x, { ...options, offset });
    pkg.dropout<Floats>(x.subarray(0, cut), { ...options, offset, out: x.subarray(0, cut) });
    pkg.dropout<Floats>(x.subarray(cut), { p: options.p, key, offset: offset + cut, out: x.subarray(cut) });
    if (digestOf(bitsOf(x)) !== digestOf(bitsOf(whole))) throw new Error(`the pieces differ when cut at ${cut}`);
    record(whole);
  }),
];

function randomTensor(shape: readonly number[], f64: boolean, seed: number): Tensor<Floats> {
  const data = new (f64 ? Float64Array : Float32Array)(size(shape));
  new Random(seed).fill(data);
  return { data, shape: [...shape] };
}

type FromJSON = { fromJSON(json: LayerJSON): Layer };

/** Forward, backward and mask of a layer in f32 and f64, and of the layer that its JSON restores. */
const layerTests = ([name, shape, create]: LayerCase): [string, Test][] =>
  [false, true].map((f64) => [
    `layer: ${name}, ${f64 ? 'f64' : 'f32'}`,
    (pkg, recorder) => {
      const [x, dy] = [randomTensor(shape, f64, 1), randomTensor(shape, f64, 2)];
      for (const p of [0, 0.1, 0.5, 1]) {
        const layer = create(pkg, p, { seed: 42 });
        const step = (layer: Layer, label: string) => {
          recorder.add(`${label} forward of p ${p}`, layer.forward(x).data, layer.key);
          recorder.add(`${label} backward of p ${p}`, layer.backward(dy).data);
          const { mask } = layer as MaskLayer;
          if (mask) recorder.add(`${label} mask of p ${p}`, mask.call(layer), mask.call(layer, 'bits'));
        };
        step(layer, 'first');
        const json = JSON.stringify(layer);
        recorder.add(`JSON of p ${p}`, json);
        const again = (layer.constructor as unknown as FromJSON).fromJSON(JSON.parse(json));
        step(layer, 'next');
        step(again, 'restored');
        recorder.expect(`forward after JSON of p ${p}`, again.forward(x).data, layer.forward(x).data);
        if (layer.eval().forward(x) !== x) throw new Error('evaluation must return its input');
      }
    },
  ]);

const JSON_TESTS: [string, Test][] = [
  [
    'JSON: generators',
    ({ Generator, manualSeed, Dropout }, recorder) => {
      for (const generator of [
        new Generator(0),
        new Generator(2n ** 64n - 1n, 2 ** 53 - 1),
        new Generator(7).fork('π'),
      ]) {
        const json = JSON.stringify(generator);
        recorder.add('json', json);
        recorder.expect('next', Generator.fromJSON(JSON.parse(json)).next(), generator.next());
      }
      manualSeed(42);
      recorder.add('default generator', new Dropout(0.5).forward(new Float32Array(100).fill(1)));
    },
  ],
  [
    'JSON: a list of layers',
    (pkg, recorder) => {
      const shared = new pkg.Generator(7, 3);
      const own = shared.fork('head');
      const cases = layersOf(pkg);
      const layers = cases.map(([, , create], i) => create(pkg, 0.3, { generator: i % 3 ? shared : own }));
      const draw = (layers: Layer[]) =>
        layers.map((layer, i) => tensorDigest(layer.forward(randomTensor(cases[i]![1], false, 3)))).join();
      recorder.add('first', draw(layers));
      const json = JSON.stringify(pkg.layersToJSON(layers));
      recorder.add('json', json);
      recorder.expect('next', draw(pkg.layersFromJSON(JSON.parse(json))), draw(layers));
    },
  ],
];

// Float16Array, which is not in the digest because Node 20 lacks it

/** Checks Float16Arrays if the engine has them, and returns whether it does. @throws Error if a check fails */
export function float16(pkg: Package): boolean {
  const has = 'Float16Array' in globalThis;
  if (has) checkFloat16(pkg);
  return has;
}

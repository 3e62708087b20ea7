/**
 * The one suite that every runtime runs: every vector, random cases, every layer, on the package and on its reference.
 * It imports nothing of Node and nothing of a test runner.
 */
import type { Layer, LayerJSON, MaskLayer, Tensor } from '../../src/index.js';
import { Digest, digestOf } from '../support/digest.js';
import { type LayerCase, layersOf } from '../support/layers.js';
import { Random } from './random.js';
import { bytesOf, Record } from './record.js';

export type Package = typeof import('../../src/index.js');
type Floats = Float32Array | Float64Array;

/** tests/vectors/mask-stream-v1.json and docs/normal-noise-v1.json. */
export interface Vectors {
  stream: {
    keys: { seed: string; keys: string[] }[];
    forks: { seed: string; label: string; childSeed: string; firstKey: string }[];
    blocks: { key: string; block: number; roundingWord: string; laneOutputs: string[]; lastLaneOutput: string }[];
    masks: { seed: string; position: number; p: number; offset: number; bits: string; digests: object }[];
  };
  noise: {
    quantile: { v: string; z: string }[];
    sweep: string;
    noise: { seed: string; position: number; offset: number; length: number; first: string[]; digest: string }[];
  };
  /** The normal quantile of the reference, which the package does not export. */
  quantile: (v: number) => number;
}

export interface Result {
  name: string;
  passed: boolean;
  cases: number;
  digest: string;
  error?: string;
}

type Test = (make: Package, record: Record) => void;

/**
 * Runs every test on both backends, which have to see the same.
 * @param make the package as it starts in this runtime
 */
export async function suite(make: Package, reference: Package, vectors: Vectors): Promise<Result[]> {
  const results: Result[] = [];
  for (const [name, test] of [...ofVectors(vectors), ...FUZZ, ...layersOf(make).flatMap(ofLayer), ...JSONS]) {
    results.push(result(name, test, make, reference));
    // A page that never lets go of its thread is taken for hung.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return results;
}

/** Everything that was seen, in one number. */
export function digestOfAll(results: readonly Result[]): string {
  const digest = new Digest();
  for (const { name, digest: own } of results) digest.add(new TextEncoder().encode(`${name} ${own}\n`));
  return `${digest}`;
}

function result(name: string, test: Test, make: Package, reference: Package): Result {
  const record = new Record();
  const other = new Record();
  let error: string | undefined;
  try {
    test(make, record);
    test(reference, other);
    const at = record.cases.findIndex(({ digest }, i) => digest !== other.cases[i]?.digest);
    if (at >= 0 || record.cases.length !== other.cases.length)
      error = `the reference sees something else from case ${at} on: ${record.cases[at]?.what}`;
  } catch (thrown) {
    error = String(thrown);
  }
  const { cases, digest } = record;
  return { name, passed: error === undefined, cases: cases.length, digest, ...(error !== undefined && { error }) };
}

// The vectors

const ofVectors = ({ stream, noise, quantile }: Vectors): [string, Test][] => [
  [
    'vectors: keys',
    ({ Generator }, record) => {
      for (const { seed, keys } of stream.keys) {
        const generator = new Generator(BigInt(seed));
        keys.forEach((key, c) => {
          record.expect(`keyAt(${c}) of ${seed}`, generator.keyAt(c), BigInt(key));
          record.expect(`key ${c} of ${seed}`, generator.next(), BigInt(key));
        });
      }
    },
  ],
  [
    'vectors: forks',
    ({ Generator }, record) => {
      for (const { seed, label, childSeed, firstKey } of stream.forks) {
        const child = new Generator(BigInt(seed), 5).fork(label);
        record.expect(`seed of ${seed}, ${label}`, child.seed, BigInt(childSeed));
        record.expect(`key of ${seed}, ${label}`, child.next(), BigInt(firstKey));
      }
    },
  ],
  [
    'vectors: lanes',
    (make, record) => {
      for (const { key, block, roundingWord, laneOutputs, lastLaneOutput } of stream.blocks) {
        const rounding = Number(BigInt(roundingWord) >> 48n);
        const words = (at: number, n: number) => lanes(make, BigInt(key), block * 4096 + at, n, rounding);
        words(0, laneOutputs.length).forEach((word, lane) => {
          record.expect(`lane ${lane} of ${key}, block ${block}`, word, BigInt(laneOutputs[lane]!));
        });
        record.expect(`last lane of ${key}, block ${block}`, words(4092, 1)[0], BigInt(lastLaneOutput));
      }
    },
  ],
  [
    'vectors: masks',
    ({ Generator, dropout, mask }, record) => {
      for (const { seed, position, p, offset, bits, digests } of stream.masks) {
        const what = `${seed} at ${position}, p ${p}, offset ${offset}`;
        const options = { p, offset, key: new Generator(BigInt(seed), position).next() };
        record.expect(what, mask(bits.length, options).join(''), bits);
        for (const [n, digest] of Object.entries(digests)) {
          const kept = mask(Number(n), { ...options, format: 'bits' });
          record.expect(`${n} elements of ${what}`, digestOf(kept), digest);
          for (const Floats of [Float32Array, Float64Array]) {
            const ones = new Floats(Number(n)).fill(1);
            const expected = ones.map((_, i) => ((kept[i >> 3]! >> (i & 7)) & 1) / (1 - p));
            record.expect(`${Floats.name} of ${n} elements of ${what}`, dropout(ones, options), expected);
          }
        }
      }
    },
  ],
  [
    'vectors: quantile',
    (_, record) => {
      for (const { v, z } of noise.quantile)
        record.expect(v, hex(Float32Array.of(quantile(Number.parseInt(v, 16)))).join(), z);
      const sweep = Float32Array.from({ length: 65536 }, (_, k) => quantile((k * 65537) % 2 ** 32));
      record.expect('sweep', digestOf(new Uint8Array(sweep.buffer)), noise.sweep);
    },
  ],
  [
    'vectors: noise',
    ({ Generator, gaussianNoise }, record) => {
      for (const { seed, position, offset, length, first, digest } of noise.noise) {
        const key = new Generator(BigInt(seed)).keyAt(position);
        const z = gaussianNoise(new Float32Array(length), { stddev: 1, key, offset });
        record.expect(`first of ${seed} at ${position}`, hex(z.slice(0, first.length)).join(), first.join());
        record.expect(`${length} of ${seed} at ${position}`, digestOf(new Uint8Array(z.buffer)), digest);
      }
    },
  ],
];

const hex = (x: Float32Array) => Array.from(new Uint32Array(x.buffer), (word) => word.toString(16).padStart(8, '0'));

/**
 * The outputs of n lanes from element `offset` on, read from outside by bisection: with P = T·2^16 − rounding the
 * block's threshold is T exactly, and the mask tells which 16-bit pieces lie below it.
 */
function lanes({ mask }: Package, key: bigint, offset: number, n: number, rounding: number): bigint[] {
  const low = new Array<number>(4 * n).fill(0);
  for (let bit = 2 ** 15; bit >= 1; bit /= 2)
    for (const T of new Set(low.map((v) => v + bit))) {
      const kept = mask(4 * n, { p: (T * 65536 - rounding) / 2 ** 32, key, offset });
      low.forEach((v, i) => {
        if (v + bit === T && kept[i]) low[i] = T;
      });
    }
  const piece = (i: number) => BigInt(low[i]! ^ 0x8000);
  return Array.from({ length: n }, (_, lane) =>
    [0, 1, 2, 3].reduce((word, q) => word | (piece(4 * lane + q) << BigInt(16 * q)), 0n),
  );
}

// Random cases

const GUARD = 0xa5;
const ROOM = 64;

/** Where the arrays of a case lie: each in memory of its own or side by side in an arena, between guard bytes. */
class Memory {
  readonly #arena: InstanceType<Package['Arena']>;
  readonly #guarded: { all: Uint8Array; from: number; to: number }[] = [];

  constructor({ Arena }: Package) {
    this.#arena = new Arena({ bytes: 4 * 2 ** 20 });
  }

  floats(random: Random, wide: boolean, n: number): Floats {
    const x = this.#take<Floats>(random, wide ? Float64Array : Float32Array, n);
    random.fill(x);
    return x;
  }

  bytes(random: Random, n: number): Uint8Array {
    return this.#take(random, Uint8Array, n);
  }

  #take<A extends Floats | Uint8Array>(
    random: Random,
    type: { new (buffer: ArrayBufferLike, at: number, n: number): A; BYTES_PER_ELEMENT: number },
    n: number,
  ): A {
    const size = type.BYTES_PER_ELEMENT;
    const skew = ROOM + size * random.below(8);
    const bytes = skew + size * n + ROOM;
    const all = random.word() % 4 ? this.#arena.uint8(8 * Math.ceil(bytes / 8)) : new Uint8Array(bytes);
    const array = new type(all.fill(GUARD).buffer, all.byteOffset + skew, n);
    this.#guarded.push({ all, from: skew, to: skew + size * n });
    return array;
  }

  /** @throws Error if anything was written beside the arrays; makes room for the next case */
  release(): void {
    for (const { all, from, to } of this.#guarded.splice(0))
      for (const guard of [all.subarray(0, from), all.subarray(to)])
        if (guard.some((byte) => byte !== GUARD)) throw new Error('wrote out of bounds');
    this.#arena.reset();
  }
}

interface Case {
  make: Package;
  random: Random;
  memory: Memory;
  wide: boolean;
  options: { p: number; key: bigint; offset: number };
  see: (...seen: (Floats | Uint8Array)[]) => void;
}

/** A test of random cases, the same ones in every runtime. */
const fuzz = (name: string, cases: number, body: (one: Case) => void): [string, Test] => [
  `random: ${name}`,
  (make, record) => {
    const random = new Random(20261123);
    const memory = new Memory(make);
    for (let i = 0; i < cases; i++) {
      const options = { p: random.p(), key: random.key(), offset: random.offset() };
      const { p, key, offset } = options;
      const wide = random.chance();
      const what = `p ${p}, key ${key}, offset ${offset}, ${wide ? 'f64' : 'f32'}`;
      try {
        body({ make, random, memory, wide, options, see: (...seen) => record.add(what, ...seen) });
        memory.release();
      } catch (error) {
        throw new Error(`case ${i}, ${what}: ${error}`);
      }
    }
  },
];

/** Memory for the result: of its own, or that of x. */
const outFor = ({ random, memory, wide }: Case, x: Floats): Floats =>
  random.below(3) ? memory.floats(random, wide, x.length) : x;

const FUZZ: [string, Test][] = [
  fuzz('dropout', 800, (one) => {
    const { make, random, memory, wide, options, see } = one;
    const x = memory.floats(random, wide, random.length());
    see(make.dropout<Floats>(x, options));
    see(make.dropout<Floats>(x, { ...options, out: outFor(one, x) }));
  }),
  fuzz('alpha dropout', 400, (one) => {
    const { make, random, memory, wide, options, see } = one;
    const x = memory.floats(random, wide, random.length());
    see(make.alphaDropoutBackward<Floats>(x, options));
    see(make.alphaDropout<Floats>(x, { ...options, out: outFor(one, x) }));
  }),
  fuzz('masks', 800, ({ make, random, memory, options, see }) => {
    const n = random.length();
    const format = random.pick(['bytes', 'bits'] as const);
    const out = memory.bytes(random, format === 'bits' ? Math.ceil(n / 8) : n);
    see(make.mask(n, { ...options, format }));
    see(make.mask(n, { ...options, format, out }));
  }),
  fuzz('masks applied', 400, (one) => {
    const { make, random, memory, wide, options, see } = one;
    const n = random.length();
    const format = random.pick(['bytes', 'bits'] as const);
    const mask = memory.bytes(random, format === 'bits' ? Math.ceil(n / 8) : n);
    for (let i = 0; i < mask.length; i++) mask[i] = random.word() & (format === 'bits' ? 255 : 3);
    const x = memory.floats(random, wide, n);
    const { p } = options;
    const layer = random.chance() ? { layer: new make.AlphaDropout(p), gradient: random.chance() } : { p };
    see(make.applyMask<Floats>(x, mask, { ...layer, format, out: outFor(one, x) }));
  }),
  fuzz('noise that is broadcast', 400, (one) => {
    const { make, random, memory, wide, options, see } = one;
    const shape: number[] = [];
    for (let size = 1; shape.length < 6 && size < 200; size *= shape.at(-1)!)
      shape.push(random.chance() ? 1 + random.below(9) : random.pick([0, 1, 31, 32, 33, 64, 70, 100]));
    const x = memory.floats(random, wide, size(shape));
    const noiseShape = shape.slice(random.below(2)).map(() => random.pick([1, null]));
    const call = random.chance() ? make.dropout : make.alphaDropout;
    const out = { data: outFor(one, x), shape };
    see(call<Tensor<Floats>>({ data: x, shape }, { ...options, noiseShape, out }).data as Floats);
  }),
  fuzz('normal noise', 400, (one) => {
    const { make, random, memory, wide, options, see } = one;
    const { p, ...stream } = options;
    const x = memory.floats(random, wide, random.length());
    const stddev = random.pick([random.unit() * 10, 1e-30, 1, 1e30]);
    see(make.gaussianNoise<Floats>(x, { ...stream, stddev }));
    see(make.gaussianDropout<Floats>(x, { ...options, out: outFor(one, x) }));
  }),
  fuzz('bias, dropout, residual', 400, (one) => {
    const { make, random, memory, wide, options, see } = one;
    const many = random.chance();
    const features = many ? random.pick([31, 32, 64, 100, 768, 2048, 4096, 4100, 5000]) : 1 + random.below(40);
    const n = features * random.below(many ? 4 : 300);
    const [x, bias] = [memory.floats(random, wide, n), memory.floats(random, wide, features)];
    const residual = random.chance() ? { residual: memory.floats(random, wide, n) } : {};
    see(make.biasDropoutResidual<Floats>(x, { ...options, bias, ...residual, out: outFor(one, x) }));
    const out = { dx: outFor(one, x), dbias: memory.floats(random, wide, features) };
    const { dx, dbias } = make.biasDropoutResidualBackward<Floats>(x, { ...options, features, out });
    see(dx, dbias);
  }),
  fuzz('DropBlock', 200, (one) => {
    const { make, random, memory, wide, options, see } = one;
    const shape = [1 + random.below(3), 1 + random.below(4), 1 + random.below(12), 1 + random.below(12)];
    const data = memory.floats(random, wide, size(shape));
    const block = { blockSize: 1 + random.below(6), channels: random.pick(['first', 'last'] as const) };
    const out = { data: outFor(one, data), shape };
    see(make.dropBlock2d<Tensor<Floats>>({ data, shape }, { ...options, ...block, out }).data as Floats);
  }),
  fuzz('pieces', 200, ({ make, random, memory, wide, options, see }) => {
    const x = memory.floats(random, wide, random.length());
    const key = options.key;
    const offset = options.offset % 2 ** 52;
    const cut = random.below(x.length + 1);
    const whole = make.dropout<Floats>(x, { ...options, offset });
    make.dropout<Floats>(x.subarray(0, cut), { ...options, offset, out: x.subarray(0, cut) });
    make.dropout<Floats>(x.subarray(cut), { p: options.p, key, offset: offset + cut, out: x.subarray(cut) });
    if (digestOf(bytesOf(x)) !== digestOf(bytesOf(whole))) throw new Error(`a cut at ${cut} makes a difference`);
    see(whole);
  }),
];

// Layers

const size = (shape: readonly number[]) => shape.reduce((n, axis) => n * axis, 1);

function tensor(shape: readonly number[], wide: boolean, seed: number): Tensor<Floats> {
  const data = new (wide ? Float64Array : Float32Array)(size(shape));
  new Random(seed).fill(data);
  return { data, shape: [...shape] };
}

type FromJSON = { fromJSON(json: LayerJSON): Layer };

/** Forward, backward and mask of a layer for either dtype, and of the layer that comes back from its JSON. */
const ofLayer = ([name, shape, create]: LayerCase): [string, Test][] =>
  [false, true].map((wide) => [
    `layer: ${name}, ${wide ? 'f64' : 'f32'}`,
    (make, record) => {
      const [x, dy] = [tensor(shape, wide, 1), tensor(shape, wide, 2)];
      for (const p of [0, 0.1, 0.5, 1]) {
        const layer = create(make, p, { generator: new make.Generator(42) });
        const step = (layer: Layer, what: string) => {
          record.add(`${what} forward of p ${p}`, layer.forward(x).data, layer.key);
          record.add(`${what} backward of p ${p}`, layer.backward(dy).data);
          const { mask } = layer as MaskLayer;
          if (mask) record.add(`${what} mask of p ${p}`, mask.call(layer), mask.call(layer, 'bits'));
        };
        step(layer, 'first');
        const json = JSON.stringify(layer);
        record.add(`JSON of p ${p}`, json);
        const again = (layer.constructor as unknown as FromJSON).fromJSON(JSON.parse(json));
        step(layer, 'next');
        step(again, 'restored');
        record.expect(`forward after JSON of p ${p}`, again.forward(x).data, layer.forward(x).data);
        if (layer.eval().forward(x) !== x) throw new Error('evaluation has to return its input');
      }
    },
  ]);

const JSONS: [string, Test][] = [
  [
    'JSON: generators',
    ({ Generator, manualSeed, Dropout }, record) => {
      for (const generator of [
        new Generator(0),
        new Generator(2n ** 64n - 1n, 2 ** 53 - 1),
        new Generator(7).fork('π'),
      ]) {
        const json = JSON.stringify(generator);
        record.add('json', json);
        record.expect('next', Generator.fromJSON(JSON.parse(json)).next(), generator.next());
      }
      manualSeed(42);
      record.add('default generator', new Dropout(0.5).forward(new Float32Array(100).fill(1)));
    },
  ],
  [
    'JSON: a list of layers',
    (make, record) => {
      const shared = new make.Generator(7, 3);
      const own = shared.fork('head');
      const cases = layersOf(make);
      const layers = cases.map(([, , create], i) => create(make, 0.3, { generator: i % 3 ? shared : own }));
      const draw = (layers: Layer[]) =>
        layers.map((layer, i) => digestOf(bytesOf(layer.forward(tensor(cases[i]![1], false, 3)).data))).join();
      record.add('first', draw(layers));
      const json = JSON.stringify(make.layersToJSON(layers));
      record.add('json', json);
      record.expect('next', draw(make.layersFromJSON(JSON.parse(json))), draw(layers));
    },
  ],
];

// Beside the digest, since Node 20 has none of it

/**
 * Float16Arrays, where the engine has them: what is made of the same numbers in f32, rounded once more.
 * @returns whether it has them; @throws Error for any other result
 */
export function float16(make: Package): boolean {
  if (!('Float16Array' in globalThis)) return false;
  const random = new Random(16);
  for (const n of [0, 1, 31, 64, 4097, 20_000]) {
    const wide = new Float32Array(n);
    random.fill(wide);
    const x = Float16Array.from(wide);
    wide.set(x);
    const mask = Uint8Array.from(x, () => random.word() & 1);
    const options = { p: 0.3, key: random.key() };
    const calls: [string, (x: Float16Array | Float32Array) => Float16Array | Float32Array][] = [
      ['dropout', (x) => make.dropout(x, options)],
      ['alphaDropout', (x) => make.alphaDropout(x, options)],
      ['gaussianDropout', (x) => make.gaussianDropout(x, options)],
      ['gaussianNoise', (x) => make.gaussianNoise(x, { stddev: 0.3, key: options.key })],
      ['applyMask', (x) => make.applyMask(x, mask, { p: 0.3 })],
      ['biasDropoutResidual', (x) => make.biasDropoutResidual(x, { ...options, bias: x, residual: x })],
    ];
    for (const [name, call] of calls) {
      const [y, expected] = [call(x), Float16Array.from(call(wide))];
      if (!(y instanceof Float16Array)) throw new Error(`${name}: no Float16Array`);
      if (y.length !== n || !y.every((v, i) => Object.is(v, expected[i]))) throw new Error(`${name} of ${n} f16`);
    }
  }
  return true;
}

/** Options of every constructor, call and stored object: unknown ones are errors, and any object of known ones serves. */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Layer } from '../../src/index.js';
import { ramp, tensor } from '../support/arrays.js';
import { type Package, packages } from '../support/backends.js';
import { refuses } from '../support/expect.js';
import { layerNames } from '../support/layers.js';

const key = 5n;

type Options = Record<string, unknown>;
/** A call with options: all the known ones, and the call. */
type Site = [name: string, all: Options, call: (options: never) => unknown];

/** The own options of the layers. Those that are missing here have none. */
const OWN: Record<string, Options> = {
  Dropout: { noiseShape: [1] },
  AlphaDropout: { noiseShape: null },
  Dropout1d: { channels: 'last' },
  Dropout2d: { channels: 'last' },
  Dropout3d: { channels: 'last' },
  FeatureAlphaDropout: { channels: 'last' },
  DropPath: { scaleByKeep: false },
  DropBlock2d: { blockSize: 3, channels: 'last' },
  LockedDropout: { batchFirst: true },
};

interface LayerClass {
  new (amount: number, options: Options): Layer;
  fromJSON(json: object): Layer;
}

function sitesOf(pkg: Package): Site[] {
  const x = ramp(8);
  const image = tensor([1, 2, 2, 2]);
  const out = () => new Float32Array(8);
  const call = { p: 0.5, key, offset: 0 };
  const common = { inplace: false, always: false, seed: 1 };
  const memory = new WebAssembly.Memory({ initial: 1 });
  const classes = layerNames(pkg).map((name): [string, LayerClass] => [name, pkg[name as 'Dropout'] as never]);
  return [
    ...classes.map(
      ([name, Class]): Site => [`new ${name}`, { ...common, ...OWN[name] }, (options) => new Class(0.5, options)],
    ),
    ...classes.map(
      ([name, Class]): Site => [
        `${name}.fromJSON`,
        { ...new Class(0.5, { ...common, ...OWN[name] }).toJSON() },
        (json) => Class.fromJSON(json),
      ],
    ),
    ['Generator.fromJSON', { seed: '0x1', position: 0, children: 0 }, (json) => pkg.Generator.fromJSON(json)],
    ['layersFromJSON', { layers: [] }, (json) => pkg.layersFromJSON(json)],
    ['new Arena', { bytes: 64 }, (options) => new pkg.Arena(options)],
    ['new Arena in memory', { memory, byteOffset: 0, byteLength: 64 }, (options) => new pkg.Arena(options)],
    ['forward', { training: true, out: out() }, (options) => new pkg.Dropout(0.5).forward(x, options)],
    ['dropout', { ...call, noiseShape: [1], out: out() }, (options) => pkg.dropout(x, options)],
    ['alphaDropout', { ...call, noiseShape: [1], out: out() }, (options) => pkg.alphaDropout(x, options)],
    ['alphaDropoutBackward', { ...call, noiseShape: null, out: out() }, (o) => pkg.alphaDropoutBackward(x, o)],
    ['gaussianDropout', { ...call, out: out() }, (options) => pkg.gaussianDropout(x, options)],
    ['gaussianNoise', { stddev: 1, key, offset: 0, out: out() }, (options) => pkg.gaussianNoise(x, options)],
    [
      'dropBlock2d',
      { ...call, blockSize: 2, channels: 'first', out: tensor([1, 2, 2, 2]) },
      (options) => pkg.dropBlock2d(image, options),
    ],
    [
      'biasDropoutResidual',
      { ...call, bias: ramp(2), residual: ramp(8), out: out() },
      (options) => pkg.biasDropoutResidual(x, options),
    ],
    [
      'biasDropoutResidualBackward',
      { ...call, features: 2, out: {} },
      (options) => pkg.biasDropoutResidualBackward(x, options),
    ],
    [
      'biasDropoutResidualBackward, out',
      { dx: out(), dbias: ramp(2) },
      (out) => pkg.biasDropoutResidualBackward(x, { p: 0.5, key, features: 2, out }),
    ],
    ['mask', { ...call, format: 'bytes', out: new Uint8Array(8) }, (options) => pkg.mask(8, options)],
    [
      'applyMask',
      { p: 0.5, gradient: false, format: 'bytes', out: out() },
      (options) => pkg.applyMask(x, new Uint8Array(8), options),
    ],
    [
      'applyMask with a layer',
      { layer: new pkg.Dropout(0.5), gradient: true, format: 'bytes', out: out() },
      (options) => pkg.applyMask(x, new Uint8Array(8), options),
    ],
  ];
}

/** The mistakes that people make in a name. */
function misspelled(name: string): string[] {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const letters = Array.from(
    name,
    (letter, i) => `${name.slice(0, i)}${letter === 'q' ? 'w' : 'q'}${name.slice(i + 1)}`,
  );
  const others = [name.toUpperCase(), name[0]!.toUpperCase() + name.slice(1), name.toLowerCase(), snake, `${name}s`];
  return [...new Set([...letters, ...others, name.slice(1), ` ${name}`])].filter((word) => word && word !== name);
}

const FOREIGN = [
  'rate',
  'prob',
  'inPlace',
  'noise_shape',
  'name',
  'dtype',
  'trainable',
  'axis',
  'dim',
  '',
  '0',
  'constructor',
];

describe.each(packages)('on %s', (_, pkg) => {
  const sites = sitesOf(pkg);

  describe.each(sites)('%s', (_, all, call) => {
    it('takes every known option', () => {
      call(all as never);
    });

    it('refuses any other, and names it and the known ones', () => {
      const known = Object.keys(all);
      const words = new Set([...known.flatMap(misspelled), ...FOREIGN].filter((word) => !known.includes(word)));
      for (const word of words)
        for (const value of [1, undefined]) {
          let message = '';
          try {
            call({ ...all, [word]: value } as never);
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError);
            ({ message } = error as Error);
          }
          expect(message, word).toContain(`unknown option ${JSON.stringify(word)}`);
          for (const name of known) expect(message).toContain(name);
        }
    });

    it('takes an object of any realm, class or prototype, frozen or behind a Proxy', () => {
      class Config {}
      class Getters {}
      for (const [name, value] of Object.entries(all))
        Object.defineProperty(Getters.prototype, name, { get: () => value });
      for (const options of [
        Object.assign(Object.create(null), all),
        Object.assign(runInNewContext('({})'), all),
        Object.assign(runInNewContext('Object.create(null)'), all),
        Object.assign(new Config(), all),
        new Getters(),
        Object.create(all),
        Object.freeze({ ...all }),
        new Proxy({ ...all }, {}),
      ])
        call(options as never);
      for (const options of [
        Object.assign(Object.create(null), { ...all, other: 1 }),
        Object.assign(runInNewContext('({})'), { ...all, other: 1 }),
        Object.assign(new Config(), { ...all, other: 1 }),
        new Proxy({ ...all, other: 1 }, {}),
      ])
        refuses(() => call(options as never), TypeError, 'unknown option "other"');
    });

    it('refuses what is no object of options', () => {
      const entries = Object.entries(all);
      for (const value of [
        null,
        'p',
        1,
        1n,
        true,
        Symbol('p'),
        entries,
        new Map(entries),
        new Set(),
        Object.assign(() => {}, all),
        Object.assign(new Date(), all),
        /p/,
        new Float64Array(8),
        new ArrayBuffer(8),
        Promise.resolve(all),
        runInNewContext('new Map()'),
        runInNewContext('[]'),
        new Proxy(new Map(entries), {}),
      ])
        refuses(() => call(value as never), TypeError, /has to be/);
    });
  });

  it('every layer and every function with options is tested', () => {
    const functions = Object.entries(pkg).filter(([, value]) => typeof value === 'function');
    const without = ['Generator', 'backend', 'layersToJSON', 'manualSeed', 'setTraining', 'useMemory', 'useModule'];
    const tested = sites.map(([name]) => name.match(/(?:new )?(\w+)/)![1]);
    expect(
      functions
        .map(([name]) => name)
        .filter((name) => !tested.includes(name))
        .sort(),
    ).toEqual(without.filter((name) => !tested.includes(name)));
  });
});

describe.each(packages)('tensors of other libraries on %s', (_, pkg) => {
  const { Dropout, applyMask, biasDropoutResidual, biasDropoutResidualBackward, dropout } = pkg;
  const given = { p: 0.5, key };
  const plain = () => ({ data: ramp(6), shape: [2, 3] });
  const expected = dropout(plain(), given);

  it('are taken where they are row-major and whole', () => {
    for (const layout of [
      { stride: [3, 1] },
      { strides: [3, 1] },
      { strides: Int32Array.of(3, 1) },
      { offset: 0 },
      { stride: [3, 1], offset: 0, dtype: 'float32', size: 6, order: [1, 0] },
      { stride: undefined, strides: undefined, offset: undefined },
    ])
      expect(dropout({ ...plain(), ...layout }, given)).toEqual(expected);
    // The stride of an axis of one element has no effect, and neither have those of an empty tensor.
    expect(dropout({ data: ramp(3), shape: [1, 3], strides: [99, 1] }, given).data).toEqual(dropout(ramp(3), given));
    expect(dropout({ data: ramp(3), shape: [3, 1], strides: [1, 99] }, given).data).toEqual(dropout(ramp(3), given));
    expect(dropout({ data: ramp(0), shape: [0, 3], strides: [9, 9] }, given).data).toHaveLength(0);
  });

  it.each([
    { stride: [1, 2] },
    { strides: [1, 2] },
    { strides: Int32Array.of(1, 2) },
    { strides: [-3, 1] },
    { strides: [3, -1] },
    { strides: [6, 1] },
    { strides: [0, 1] },
    { strides: [12, 4] },
    { strides: [3] },
    { strides: [] },
    { strides: null },
    { strides: '31' },
    { offset: 1 },
    { stride: [3, 1], offset: 3 },
    { offset: '0' },
  ])('are refused otherwise, wherever a tensor is taken: %j', (layout) => {
    const odd = { ...plain(), ...layout } as ReturnType<typeof plain>;
    const layer = new Dropout(0.5);
    layer.forward(plain());
    const calls: [string, () => unknown][] = [
      ['x', () => dropout(odd, given)],
      ['out', () => dropout(plain(), { ...given, out: odd })],
      ['x', () => new Dropout(0.5).forward(odd)],
      ['x', () => new Dropout(0.5).eval().forward(odd)],
      ['x', () => new Dropout(0.5, { inplace: true }).forward(odd)],
      ['out', () => new Dropout(0.5).forward(plain(), odd)],
      ['dy', () => layer.backward(odd)],
      ['out', () => layer.pullback()(plain(), odd)],
      ['x', () => applyMask(odd, new Uint8Array(6), { p: 0.5 })],
      ['residual', () => biasDropoutResidual(plain(), { ...given, bias: ramp(3), residual: odd })],
      ['dy', () => biasDropoutResidualBackward(odd, given)],
      ['out', () => biasDropoutResidualBackward(plain(), { ...given, out: { dx: odd } })],
    ];
    for (const [name, call] of calls) refuses(call, RangeError, new RegExp(`^${name} has to be row-major`));
    expect(odd.data).toEqual(ramp(6));
  });
});

describe.each(packages)('mistakes whose remedy is named, on %s', (_, pkg) => {
  const { Dropout, Generator, applyMask, dropout } = pkg;
  const x = ramp(4);
  const layer = new Dropout(0.5, { seed: 42 });
  const any = (value: unknown) => value as never;

  it.each<[string, () => unknown, typeof Error, RegExp]>([
    ['percent', () => new Dropout(50), RangeError, /^p .* got 50: 0\.5 is 50 %$/],
    ['percent, in a call', () => dropout(x, { p: 12.5, key }), RangeError, /^p .* got 12\.5: 0\.125 is 12\.5 %$/],
    ['percent, set', () => Object.assign(layer, { p: 100 }), RangeError, /^p .* got 100: 1 is 100 %$/],
    ['more than percent', () => new Dropout(101), RangeError, /^p .* got 101$/],
    ['percent in a string', () => new Dropout(any('50')), TypeError, /^p .* got "50"$/],
    ['options first', () => new Dropout(any({ p: 0.5 })), TypeError, /^p .*: p is the first argument/],
    [
      'options first, of LockedDropout',
      () => new pkg.LockedDropout(any({})),
      TypeError,
      /^p .*: p is the first argument/,
    ],
    [
      'options first, of GaussianNoise',
      () => new pkg.GaussianNoise(any({ stddev: 1 })),
      TypeError,
      /^stddev .* first argument/,
    ],
    ['numbers', () => layer.forward(any([1, 2, 3])), TypeError, /Float32Array\.from\(x\)$/],
    ['nested numbers', () => layer.forward(any([[1], [2]])), TypeError, /^x has to be/],
    ['bytes', () => layer.forward(any(new Uint8ClampedArray(4))), TypeError, /Float32Array\.from\(x\)$/],
    ['integers', () => dropout(any(new Int32Array(4)), { p: 0.5, key }), TypeError, /Float32Array\.from\(x\)$/],
    ['numbers as data', () => dropout(any({ data: [1], shape: [1] }), { p: 0.5, key }), TypeError, /\.from\(x\)$/],
    [
      'a TF.js tensor',
      () => layer.forward(any({ dataSync() {}, data() {}, shape: [4], dtype: 'float32' })),
      TypeError,
      /^x .* got Object: dropout-wasm\/tfjs takes tensors$/,
    ],
    ['no key', () => dropout(x, any({ p: 0.5 })), TypeError, /^key .* got undefined: new Generator\(42\)\.next\(\)/],
    ['a number as key', () => dropout(x, { p: 0.5, key: any(42) }), TypeError, /^key .* got 42: new Generator/],
    ['decimal digits', () => dropout(x, { p: 0.5, key: '42' }), RangeError, /^key .* got "42": new Generator/],
    ['true', () => layer.forward(x, any(true)), TypeError, /\{ training: true \}$/],
    ['false', () => layer.forward(x, any(false)), TypeError, /\{ training: false \}$/],
    ['a number as generator', () => new Dropout(0.5, { generator: any(42) }), TypeError, /^generator .* 42: seed: 42/],
    [
      'a seed in place of options',
      () => new Dropout(0.5, any(42)),
      TypeError,
      /^options has to be an object, but got 42/,
    ],
    [
      'a generator as seed',
      () => new Dropout(0.5, { seed: any(new Generator(1)) }),
      TypeError,
      /^seed .* got Generator/,
    ],
    ['text', () => Dropout.fromJSON(any(JSON.stringify(layer))), TypeError, /: JSON\.parse it$/],
    [
      'text of layers',
      () => pkg.layersFromJSON(any(JSON.stringify(pkg.layersToJSON([layer])))),
      TypeError,
      /: JSON\.parse it$/,
    ],
    [
      'text of a generator',
      () => Generator.fromJSON(any(JSON.stringify(layer.generator))),
      TypeError,
      /: JSON\.parse it$/,
    ],
    ['set training', () => Object.assign(layer, { training: false }), TypeError, /training .*eval\(\)/],
    [
      'a bigint as mask layer',
      () => applyMask(x, new Uint8Array(4), { layer: any(1n) }),
      TypeError,
      /^layer has to be/,
    ],
    [
      'a Proxy',
      () => layer.forward(new Proxy(x, {})),
      TypeError,
      /^x has to be .*: pass the array, not a Proxy of it$/,
    ],
    [
      'a Proxy as data',
      () => layer.forward({ data: new Proxy(x, {}), shape: [4] }),
      TypeError,
      /^x has to be .*: pass the array, not a Proxy of it$/,
    ],
    [
      'a Proxy as out',
      () => layer.forward(x, new Proxy(x, {})),
      TypeError,
      /^out has to be .*: pass the array, not a Proxy of it$/,
    ],
    [
      'a Proxy of a Buffer',
      () => applyMask(x, new Proxy(Buffer.alloc(4), {}), { p: 0.5 }),
      TypeError,
      /^mask has to be .*: pass the array, not a Proxy of it$/,
    ],
    [
      'a Proxy of a subclass',
      () => dropout(new Proxy(new (class Matrix extends Float32Array {})(4), {}), { p: 0.5, key }),
      TypeError,
      /^x has to be .*: pass the array, not a Proxy of it$/,
    ],
  ])('%s', (_, call, type, message) => {
    refuses(call, type, message);
    expect([layer.p, layer.training, layer.generator.position, layer.key]).toEqual([0.5, true, 0, undefined]);
  });
});

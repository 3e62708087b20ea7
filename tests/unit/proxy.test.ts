/** Layers, generators and arenas work behind a Proxy, as state of a Vue component, with the same bits. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Layer, LockedDropout, MaskLayer, Tensor } from '../../src/index.js';
import { size, wave } from '../support/arrays.js';
import { type Package, packages } from '../support/backends.js';
import { bytesOf } from '../support/bits.js';
import { digestOf } from '../support/digest.js';
import { layersOf } from '../support/layers.js';

const proxies = new WeakMap<object, object>();

/**
 * What Vue's reactive() makes of an object: a Proxy that forwards every access and returns objects, arrays and class
 * instances as Proxies too. Typed arrays and the like stay as they are.
 */
function reactive<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (!['Object', 'Array'].includes(Object.prototype.toString.call(value).slice(8, -1))) return value;
  const proxy = proxies.get(value) ?? new Proxy(value, { get: (...access) => reactive(Reflect.get(...access)) });
  proxies.set(value, proxy).set(proxy, proxy);
  return proxy as T;
}

const plain = <T>(value: T): T => value;

type Wrap = typeof plain;
type Floats = Float32Array | Float64Array;

const filled = <A extends Floats>(x: A): A => {
  for (let i = 0; i < x.length; i++) x[i] = wave(i);
  return x;
};

/** Results with every array replaced by its type and the digest of its bytes. */
const digestsOf = (results: unknown[]) =>
  results.map((value) => (ArrayBuffer.isView(value) ? `${value.constructor.name} ${digestOf(bytesOf(value))}` : value));

/** Everything that a layer does on tensors, in training and evaluation. */
function resultsOf(layer: Layer, tensor: () => Tensor<Floats>): unknown[] {
  const results: unknown[] = [];
  const { mask } = layer as MaskLayer;
  const masks = () => (mask ? [mask.call(layer), mask.call(layer, 'bits')] : []);
  for (let step = 0; step < 2; step++) {
    results.push(layer.forward(tensor()).data, layer.key, layer.backward(tensor()).data, ...masks());
  }
  const pullback = layer.pullback();
  const out = tensor();
  results.push(layer.forward(tensor(), out).data, pullback(tensor()).data, layer.generator.position);
  layer.inplace = true;
  const x = tensor();
  results.push(layer.forward(x).data === x.data, x.data);
  layer.eval();
  const same = tensor();
  results.push(layer.training, layer.forward(same) === same, layer.forward(tensor(), out).data);
  layer.train();
  (layer as LockedDropout).reset?.();
  results.push(layer.forward(tensor()).data, JSON.stringify(layer), `${layer}`);
  return results;
}

describe.each(packages)('behind a Proxy, on %s', (_, pkg: Package) => {
  const seeded = () => ({ generator: new pkg.Generator(42) as InstanceType<Package['Generator']> });

  describe.each(layersOf(pkg))('%s', (_, shape, create) => {
    const tensorOf = (wrap: Wrap, Floats: Float32ArrayConstructor | Float64ArrayConstructor) => () =>
      wrap({ data: filled(new Floats(size(shape))), shape: [...shape] });

    it.each([Float32Array, Float64Array])('gives the same results on a %o', (Floats) => {
      const expected = resultsOf(create(pkg, 0.3, seeded()), tensorOf(plain, Floats));
      const results = resultsOf(reactive(create(pkg, 0.3, seeded())), tensorOf(plain, Floats));
      expect(digestsOf(results)).toEqual(digestsOf(expected));
      const { generator } = reactive(seeded());
      const wrapped = resultsOf(reactive(create(pkg, 0.3, { generator })), tensorOf(reactive, Floats));
      expect(digestsOf(wrapped)).toEqual(digestsOf(expected));
    });

    it.each<[string, Wrap]>([
      ['an Arena', plain],
      ['an Arena behind a Proxy', reactive],
    ])('gives the same results in %s', (_, wrap) => {
      const arena = wrap(new pkg.Arena({ bytes: 2 ** 20 }));
      const inArena = () => ({ data: filled(arena.float32(size(shape))), shape: [...shape] });
      const results = resultsOf(reactive(create(pkg, 0.3, seeded())), inArena);
      expect(digestsOf(results)).toEqual(
        digestsOf(resultsOf(create(pkg, 0.3, seeded()), tensorOf(plain, Float32Array))),
      );
      const layer = reactive(create(pkg, 0.3, seeded()));
      arena.reset();
      expect(layer.forward(inArena()).data.buffer).toBe(arena.memory.buffer);
    });

    it('is restored from its JSON', () => {
      const layer = create(pkg, 0.3, seeded());
      const tensor = tensorOf(plain, Float32Array);
      layer.forward(tensor());
      const { fromJSON } = layer.constructor as unknown as { fromJSON(json: object): Layer };
      const restored = reactive(fromJSON.call(layer.constructor, reactive(layer).toJSON()));
      expect(digestsOf(resultsOf(restored, tensor))).toEqual(digestsOf(resultsOf(layer, tensor)));
    });
  });

  it('a generator gives the same keys', () => {
    const keys = (generator: InstanceType<Package['Generator']>) => {
      const fork = generator.fork('encoder');
      return [
        generator.next(),
        generator.next(),
        generator.keyAt(7),
        generator.position,
        generator.seed,
        fork.next(),
        JSON.stringify(generator),
        JSON.stringify(fork),
      ];
    };
    expect(keys(reactive(new pkg.Generator(42)))).toEqual(keys(new pkg.Generator(42)));
    const random = reactive(new pkg.Generator());
    expect(random.keyAt(0)).toBe(new pkg.Generator(random.seed).next());
  });

  it('a Proxy that binds every method gives the same results and text', () => {
    const bound = <T extends object>(value: T): T =>
      new Proxy(value, {
        get(target, property) {
          const member = Reflect.get(target, property);
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
    const create = () => new pkg.Dropout2d(0.3, { seed: 42, channels: 'last' });
    const x = { data: filled(new Float32Array(24)), shape: [2, 2, 6] };
    expect(bound(create()).forward(x)).toEqual(create().forward(x));
    expect([inspect(bound(create())), `${bound(create())}`]).toEqual([String(create()), String(create())]);
    expect(inspect(bound(new pkg.Generator(42)))).toBe('Generator(seed 42 at 0)');
    const custom = Symbol.for('nodejs.util.inspect.custom') as never;
    expect((bound(create())[custom] as () => string)()).toBe(String(create()));
  });

  it('lists of layers are stored and restored', () => {
    const layers = () => {
      const generator = new pkg.Generator(7);
      return [new pkg.Dropout(0.3, { generator }), new pkg.GaussianNoise(0.1, { generator })];
    };
    const stored = pkg.layersToJSON(reactive(layers()));
    expect(stored).toEqual(pkg.layersToJSON(layers()));
    expect(pkg.layersFromJSON(reactive(stored)).map(String)).toEqual(layers().map(String));
    pkg.setTraining(reactive(layers()), false);
  });

  it('applyMask takes a layer', () => {
    const x = filled(new Float32Array(64));
    const mask = pkg.mask(64, { p: 0.5, key: 1n });
    for (const Layer of [pkg.Dropout, pkg.AlphaDropout, pkg.DropPath]) {
      const expected = pkg.applyMask(x, mask, { layer: new Layer(0.3) });
      expect(pkg.applyMask(x, mask, reactive({ layer: new Layer(0.3) }))).toEqual(expected);
    }
  });
});

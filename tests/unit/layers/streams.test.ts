/** The streams of layers: each layer owns one, whatever other layers do and whenever it is stored. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Generator, Layer } from '../../../src/index.js';
import { ones, tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { tensorDigest } from '../../support/bits.js';
import { refuses } from '../../support/expect.js';
import { layersOf } from '../../support/layers.js';

describe.each(packages)('streams on %s', (_, pkg) => {
  const { Dropout, GaussianNoise, Generator, LockedDropout, layersFromJSON, layersToJSON, manualSeed } = pkg;
  const x = ones([64]).data;
  const cases = layersOf(pkg);

  it('a seed gives the stream of a generator with that seed', () => {
    for (const seed of [42, 42n, 0, 2n ** 64n - 1n]) {
      const layer = new Dropout(0.5, { seed });
      expect([layer.generator.seed, layer.generator.position]).toEqual([BigInt(seed), 0]);
      layer.forward(x);
      expect(layer.key).toBe(new Generator(seed).next());
    }
  });

  it('a generator gives its next child, when the layer is made', () => {
    const generator = new Generator(7, 5);
    const layers = [0, 1, 2].map(() => new Dropout(0.5, { generator }));
    expect(layers.map((layer) => layer.generator.seed)).toEqual([0, 1, 2].map((k) => generator.fork(`#${k}`).seed));
    expect([generator.position, generator.toJSON().children]).toEqual([5, 3]);
    for (const layer of [...layers].reverse()) layer.forward(x);
    expect(generator.position).toBe(5);
    expect(new Set(layers.map(({ key }) => key)).size).toBe(3);
  });

  it('a constructor that throws takes no child', () => {
    const generator = new Generator(7);
    const bad = (options: object) => () => new pkg.DropBlock2d(0.5, { generator, ...options } as never);
    refuses(bad({ blockSize: 0 }), RangeError, /^blockSize/);
    refuses(bad({ channels: 'middle' }), RangeError, /^channels/);
    refuses(bad({ inplace: 1 }), TypeError, /^inplace/);
    refuses(bad({ other: 1 }), TypeError, /^unknown option "other"/);
    refuses(bad({ seed: 1 }), TypeError, 'generator has to be left out beside a seed, but got Generator');
    refuses(() => new Dropout(2, { generator }), RangeError, /^p has to be/);
    expect(generator.toJSON().children).toBe(0);
  });

  it.each(cases)('%s refuses a bad seed or generator', (_, __, create) => {
    const refused = (options: object, type: typeof Error, message: RegExp) =>
      refuses(() => create(pkg, 0.5, options as never), type, message);
    refused({ seed: -1 }, RangeError, /^seed has to be a whole number from 0 to/);
    refused({ seed: 2n ** 64n }, RangeError, /^seed has to be/);
    refused({ seed: '42' }, TypeError, /^seed has to be/);
    refused({ seed: null }, TypeError, /^seed has to be/);
    refused({ generator: 42 }, TypeError, /^generator has to be a Generator, but got 42: seed: 42$/);
    refused(
      { generator: { seed: '0x1', position: 0 } },
      TypeError,
      /^generator has to be a Generator, but got Object$/,
    );
    refused({ generator: null }, TypeError, /^generator has to be a Generator, but got null$/);
  });

  it('takes a generator of another copy of the package', () => {
    const [other] = packages.filter(([, other]) => other !== pkg);
    const foreign = new other![1].Generator(42);
    const layers = [0, 1].map(() => new Dropout(0.5, { generator: foreign as unknown as Generator }));
    expect(layers.map((layer) => layer.generator.seed)).toEqual(
      [0, 1].map((k) => new Generator(42).fork(`#${k}`).seed),
    );
    expect(foreign.toJSON().children).toBe(2);
    expect(layersToJSON([new other![1].Dropout(0.5, { seed: 1 }) as never]).layers[0]!.generator.seed).toBe('0x1');
  });

  it('reseeding before each of two forwards gives equal masks', () => {
    for (const make of [() => new Dropout(0.5), () => new GaussianNoise(1)]) {
      const layer = make();
      const draw = () => {
        manualSeed(3);
        return tensorDigest(layer.forward({ data: x, shape: [64] }));
      };
      expect(draw()).toBe(draw());
      expect(layer.generator.position).toBe(1);
    }
  });

  it('a model that is rebuilt after reseeding repeats itself', () => {
    const run = () => {
      manualSeed(11);
      const model = [new Dropout(0.5), new Dropout(0.5), new Dropout(0.5)];
      return model.map((layer) => layer.forward(x)).concat(model.map((layer) => layer.forward(x)));
    };
    const first = run();
    expect(run()).toEqual(first);
    expect(new Set(first.map((y) => y.join())).size).toBe(6);
  });

  it('a child of the default generator takes its number at its first draw or toJSON', () => {
    const generator = manualSeed(9);
    const layers = [0, 1, 2].map(() => new Dropout(0.5));
    for (const text of layers.map(String)) expect(text).toMatch(/, unseeded\)$/);
    expect(layers.map((layer) => layer.generator.position)).toEqual([0, 0, 0]);
    layers[2]!.forward(x);
    layers[0]!.toJSON();
    layers[1]!.forward(x);
    const seeds = [1, 2, 0].map((k) => new Generator(9).fork(`#${k}`).seed);
    expect(layers.map((layer) => layer.generator.seed)).toEqual(seeds);
    expect(generator.toJSON()).toEqual({ seed: '0x9', position: 0, children: 3 });
    manualSeed(9);
    expect(layers.map((layer) => layer.generator.position)).toEqual([0, 0, 0]);
    expect(String(layers[1])).toMatch(/, unseeded\)$/);
  });

  it('children of children start over too, so that no two living layers share a stream', () => {
    const generator = manualSeed(1);
    const parent = generator.spawn();
    const layer = new Dropout(0.5, { generator: parent });
    layer.forward(x);
    manualSeed(1);
    const other = new Dropout(0.5, { generator: generator.spawn() });
    other.forward(x);
    layer.forward(x);
    expect(layer.key).not.toBe(other.key);
  });

  it('a restored layer and a seeded one do not follow manualSeed', () => {
    manualSeed(1);
    const restored = Dropout.fromJSON(new Dropout(0.5).toJSON());
    const seeded = new Dropout(0.5, { seed: 5 });
    const before = [restored, seeded].map((layer) => layer.toJSON());
    manualSeed(2);
    expect([restored, seeded].map((layer) => layer.toJSON())).toEqual(before);
  });

  it('a forward that throws draws nothing', () => {
    const layer = new LockedDropout(0.5, { seed: 1 });
    const bad = tensor([2, 3, 4]);
    refuses(() => layer.forward(bad, { data: bad.data.subarray(1), shape: [2, 3, 4] }), RangeError, /^out/);
    expect([layer.generator.position, layer.key, layer.toJSON().lock]).toEqual([0, undefined, undefined]);
    const last = Dropout.fromJSON({
      ...new Dropout(0.5, { seed: 1 }).toJSON(),
      generator: { seed: '0x1', position: 2 ** 53 },
    });
    const arena = new pkg.Arena({ bytes: 64 });
    const inArena = arena.float32(8);
    refuses(() => last.forward(inArena), RangeError, 'position has to be a whole number from 0 to 9007199254740991');
    expect([last.generator.position, arena.bytesFree]).toEqual([2 ** 53, 32]);
    refuses(() => last.backward(x), Error, 'backward needs a forward first');
  });

  /** How a layer of the property below gets its stream. */
  const source = fc.oneof(
    fc.record({ seed: fc.nat(3) }),
    fc.record({ generator: fc.nat(1) }),
    fc.constant({}),
  ) as fc.Arbitrary<{ seed?: number; generator?: number }>;
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ forward: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ storeOne: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.constant({ storeAll: true }) },
    { weight: 1, arbitrary: fc.record({ reseed: fc.nat(2) }) },
  ) as fc.Arbitrary<{ forward?: number; storeOne?: number; storeAll?: true; reseed?: number }>;

  it('each mask is that of the layer’s own n-th forward, in any order and stored at any time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(cases.length - 1), source), { minLength: 1, maxLength: 6 }),
        fc.array(step, { maxLength: 24 }),
        (made, steps) => {
          const generators = [new Generator(100), new Generator(101)];
          const shapes = made.map(([i]) => cases[i]![1]);
          const layers = made.map(([i, { seed, generator }]) =>
            cases[i]![2](pkg, 0.4, {
              ...(seed !== undefined && { seed }),
              ...(generator !== undefined && { generator: generators[generator]! }),
            }),
          );
          manualSeed(0);
          // A layer of the same class, on the same stream, that nothing else touches.
          const seeds = layers.map((layer) => layer.generator.seed);
          const alone = layers.map((_layer, i) => cases[made[i]![0]]![2](pkg, 0.4, { seed: seeds[i]! }));
          const follows = made.map(([, { seed, generator }]) => seed === undefined && generator === undefined);
          const restore = (layer: Layer): Layer => layersFromJSON({ layers: [JSON.parse(JSON.stringify(layer))] })[0]!;
          for (const { forward, storeOne, storeAll, reseed } of steps) {
            if (forward !== undefined) {
              const i = forward % layers.length;
              const y = layers[i]!.forward(tensor(shapes[i]!));
              expect(tensorDigest(y)).toBe(tensorDigest(alone[i]!.forward(tensor(shapes[i]!))));
              expect(layers[i]!.key).toBe(alone[i]!.key);
            } else if (storeOne !== undefined) {
              const i = storeOne % layers.length;
              layers[i] = restore(layers[i]!);
              follows[i] = false;
            } else if (storeAll) {
              layers.splice(0, layers.length, ...layersFromJSON(JSON.parse(JSON.stringify(layersToJSON(layers)))));
              follows.fill(false);
            } else if (reseed !== undefined) {
              manualSeed(1000 + reseed);
              // Those that follow have a new stream, on which their next forwards are the first ones.
              follows.forEach((follow, i) => {
                if (!follow) return;
                const { position } = layers[i]!.generator;
                expect(position).toBe(0);
                const lock = layers[i]!.toJSON().lock;
                if (lock) (layers[i] as InstanceType<typeof LockedDropout>).reset();
                alone[i] = cases[made[i]![0]]![2](pkg, 0.4, { seed: layers[i]!.generator.seed });
              });
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('two living layers never have one stream unless both were given the same seed, reseeding included', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ make: source }),
            fc.record({ forward: fc.nat(9) }),
            fc.record({ reseed: fc.nat(1) }),
            fc.record({ grandchild: fc.boolean() }),
            fc.record({ spawnDefault: fc.boolean() }),
          ) as fc.Arbitrary<{
            make?: { seed?: number; generator?: number };
            forward?: number;
            reseed?: number;
            grandchild?: boolean;
            spawnDefault?: boolean;
          }>,
          { minLength: 2, maxLength: 30 },
        ),
        (steps) => {
          let byDefault = manualSeed(1);
          const generators = [new Generator(200), new Generator(201)];
          const layers: [Layer, string][] = [];
          let count = 0;
          for (const { make, forward, reseed, grandchild, spawnDefault } of steps) {
            if (make) {
              const { seed, generator } = make;
              const layer = new Dropout(0.5, {
                ...(seed !== undefined && { seed }),
                ...(generator !== undefined && { generator: generators[generator]! }),
              });
              layers.push([layer, seed === undefined ? `#${count++}` : `seed ${seed}`]);
            } else if (forward !== undefined && layers.length) layers[forward % layers.length]![0].forward(x);
            else if (reseed !== undefined) byDefault = manualSeed(reseed);
            else if (grandchild) layers.push([new Dropout(0.5, { generator: byDefault.spawn() }), `#${count++}`]);
            else if (spawnDefault) layers.push([new Dropout(0.5, { generator: byDefault }), `#${count++}`]);
            const seen = new Map<bigint, string>();
            for (const [layer, name] of layers) {
              // Only streams that have taken their number: looking at the others would give them one.
              if (/unseeded/.test(String(layer))) continue;
              const { seed } = layer.generator;
              expect(seen.get(seed) ?? name).toBe(name);
              seen.set(seed, name);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** Behavior of every layer, and of every layer with a mask. A new layer is tested here automatically. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Layer, LayerOptions, MaskLayer } from '../../../src/index.js';
import { full, ones, size, tensor, tensor64 } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { bitAt, tensorDigest as digest } from '../../support/bits.js';
import { refuses } from '../../support/expect.js';
import { GUARD, guardsIntact } from '../../support/guards.js';
import { classNameOf, layerNames, layersOf, maskedLayersOf } from '../../support/layers.js';

describe.each(packages)('on %s', (_, pkg) => {
  const { Arena, Generator, applyMask } = pkg;

  it('every exported layer is tested', () => {
    const names = layerNames(pkg);
    expect(names.length).toBeGreaterThanOrEqual(11);
    expect(new Set(layersOf(pkg).map(([name]) => classNameOf(name)))).toEqual(new Set(names));
    expect(maskedLayersOf(pkg).length).toBeGreaterThanOrEqual(13);
  });

  it.each<[string, object]>([
    ['Dropout', { noiseShape: [null, 1] }],
    ['Dropout2d', {}],
    ['FeatureAlphaDropout', {}],
    ['DropPath', {}],
  ])('%s with %j draws by the shape of x, whatever shape came before', (name, options) => {
    const Class = pkg[name as 'Dropout'];
    const layer = new Class(0.5, { seed: 1, ...options });
    for (const shape of [
      [2, 3, 4, 5],
      [3, 2, 4, 5],
      [2, 3, 5, 4],
      [2, 3, 5, 4],
      [2, 3, 4],
      [2, 3, 4, 5],
    ]) {
      const fresh = Class.fromJSON(JSON.parse(JSON.stringify(layer)));
      expect(layer.forward(ones(shape))).toEqual(fresh.forward(ones(shape)));
      expect(layer.mask()).toEqual(fresh.mask());
      expect(layer.backward(ones(shape))).toEqual(fresh.backward(ones(shape)));
    }
  });

  /** The text of a layer without arguments, and with each of its options set. */
  const texts: [string, object, string, string][] = [
    ['Dropout', { noiseShape: [null, 1] }, 'p=0.5', 'noiseShape=[null,1]'],
    ['Dropout1d', { channels: 'last' }, 'p=0.5', 'channels="last"'],
    ['Dropout2d', { channels: 'last' }, 'p=0.5', 'channels="last"'],
    ['Dropout3d', { channels: 'last' }, 'p=0.5', 'channels="last"'],
    ['AlphaDropout', { noiseShape: [2] }, 'p=0.5', 'noiseShape=[2]'],
    ['FeatureAlphaDropout', { channels: 'last' }, 'p=0.5', 'channels="last"'],
    ['GaussianDropout', {}, 'p=0.5', ''],
    ['DropPath', { scaleByKeep: false }, 'p=0.1', 'scaleByKeep=false'],
    ['DropBlock2d', { blockSize: 3, channels: 'last' }, 'p=0.1', 'blockSize=3, channels="last"'],
    ['LockedDropout', { batchFirst: true }, 'p=0.5', 'batchFirst=true'],
  ];

  it.each(texts)('%s has its defaults and names what differs from them', (name, options, p, changed) => {
    const Class = pkg[name as 'Dropout'];
    const text = (...parts: string[]) => `${name}(${parts.filter(Boolean).join(', ')}, training, unseeded)`;
    expect(`${new Class()}`).toBe(text(p));
    expect(`${new Class(0.25, options)}`).toBe(text('p=0.25', changed));
    expect(`${new Class(undefined, { ...options, inplace: true, always: true })}`).toBe(
      text(p, changed, 'inplace=true', 'always=true'),
    );
    const { generator, ...json } = new Class().toJSON();
    const names = Object.keys(options).filter((name) => name !== 'noiseShape');
    expect(Object.keys(json).sort()).toEqual(['always', 'inplace', 'p', 'training', 'type', ...names].sort());
    for (const [option, value] of Object.entries(json)) {
      const given = new Class(undefined, option in options ? { [option]: value as never } : {});
      expect(`${given}`).toBe(text(p));
    }
    expect(json).toEqual(
      expect.objectContaining({
        type: name,
        p: Number(p.slice(2)),
        inplace: false,
        always: false,
        training: true,
        ...('channels' in options && { channels: 'first' }),
        ...('blockSize' in options && { blockSize: 7 }),
        ...('scaleByKeep' in options && { scaleByKeep: true }),
        ...('batchFirst' in options && { batchFirst: false }),
      }),
    );
  });

  it('every layer but GaussianNoise, which has no default, is among these texts', () => {
    const names = texts.map(([name]) => name);
    expect([...names, 'GaussianNoise'].sort()).toEqual(layerNames(pkg).sort());
    refuses(() => new pkg.GaussianNoise(undefined as never), TypeError, /^stddev has to be/);
    expect(`${new pkg.GaussianNoise(2, { always: true })}`).toBe(
      'GaussianNoise(stddev=2, always=true, training, unseeded)',
    );
  });

  describe.each(layersOf(pkg))('%s', (name, shape, createLayer) => {
    const x = tensor(shape);
    const create = (p = 0.4, options: LayerOptions = {}) => createLayer(pkg, p, { seed: 42, ...options });

    it('draws one key in each training forward, and gives a different result each time', () => {
      const layer = create();
      const first = layer.forward(x);
      expect(layer.generator.position).toBe(1);
      expect(layer.key).toBe(new Generator(42).next());
      if (layer instanceof pkg.LockedDropout) layer.reset();
      expect(digest(layer.forward(x))).not.toBe(digest(first));
      expect(layer.generator.position).toBe(2);
      expect(digest(create().forward(x))).toBe(digest(first));
      expect(first.shape).toEqual(shape);
      expect(x).toEqual(tensor(shape));
    });

    it('in evaluation returns its input, or copies it to out, and draws no key', () => {
      const layer = create().eval();
      const out = full(shape, 0);
      expect(layer.forward(x)).toBe(x);
      expect(layer.forward(x, out)).toBe(out);
      expect(out).toEqual(x);
      expect(layer.backward(x)).toBe(x);
      expect(layer.generator.position).toBe(0);
      expect(create(0.4, { inplace: true }).eval().forward(x)).toBe(x);
    });

    it('is active in evaluation with always, and obeys the mode that a call asks for', () => {
      const result = digest(create().forward(x));
      expect(digest(create(0.4, { always: true }).eval().forward(x))).toBe(result);
      expect(digest(create().eval().forward(x, { training: true }))).toBe(result);
      expect(create().forward(x, { training: false })).toBe(x);
      expect(create(0.4, { always: true }).forward(x, { training: false })).toBe(x);
      const out = full(shape, 0);
      expect(create().forward(x, { out })).toBe(out);
      expect(digest(out)).toBe(result);
      refuses(() => create().forward(x, { training: 1 as never }), TypeError, /^training has to be a boolean/);
    });

    it('gives the same bits in place, in an arena, and into part of a longer array', () => {
      const expected = digest(create().forward(x));
      const inplace = tensor(shape);
      expect(create(0.4, { inplace: true }).forward(inplace)).toBe(inplace);
      expect(digest(inplace)).toBe(expected);
      const arena = new Arena({ bytes: 8 * size(shape) + 64 });
      const data = arena.float32(size(shape));
      data.set(x.data);
      const inArena = create().forward({ data, shape });
      expect(inArena.data.buffer).toBe(arena.memory.buffer);
      expect(digest(inArena)).toBe(expected);
      const memory = new Uint8Array(4 * size(shape) + 24).fill(GUARD);
      const out = { data: new Float32Array(memory.buffer, 12, size(shape)), shape };
      create().forward(x, out);
      expect(digest(out)).toBe(expected);
      expect(guardsIntact(memory, [out.data])).toBe(true);
    });

    it('copies at p = 0 or stddev = 0, and draws no key', () => {
      const layer = create(0);
      const y = layer.forward(x);
      expect(y).toEqual(x);
      expect(y).not.toBe(x);
      expect(layer.backward(x)).toEqual(x);
      expect([layer.generator.position, layer.key]).toEqual([0, undefined]);
    });

    it('treats f64 like f32', () => {
      const wide = create().forward(tensor64(shape)).data;
      const narrow = create().forward(x).data;
      expect(wide).toBeInstanceOf(Float64Array);
      expect(wide.every((v, i) => Math.abs(v - narrow[i]!) < 1e-5)).toBe(true);
    });

    it('continues from its JSON with the next results, on a generator of its own', () => {
      const layer = create(0.3, { inplace: true, always: true }).eval();
      layer.forward(tensor(shape));
      const Class = layer.constructor as unknown as { fromJSON(json: unknown): Layer };
      const restored = Class.fromJSON(JSON.parse(JSON.stringify(layer)));
      expect(restored.toJSON()).toEqual(layer.toJSON());
      expect(`${restored}`).toBe(`${layer}`);
      expect(restored.training).toBe(false);
      expect(restored.generator.position).toBe(1);
      for (let i = 0; i < 3; i++)
        expect(digest(restored.forward(tensor(shape)))).toBe(digest(layer.forward(tensor(shape))));
      refuses(() => Class.fromJSON({ ...layer.toJSON(), type: 'Other' }), RangeError, /^type has to be/);
      refuses(
        () => Class.fromJSON({ ...layer.toJSON(), zone: 1 }),
        TypeError,
        /^unknown option "zone": the options are type, /,
      );
      refuses(
        () => Class.fromJSON(JSON.stringify(layer)),
        TypeError,
        /has to be an object, but got .*: JSON\.parse it$/,
      );
    });

    it('refuses a bad p or stddev, in the constructor and when set', () => {
      for (const bad of [-0.1, Number.NaN]) refuses(() => create(bad), RangeError, /has to be/);
      for (const bad of ['0.5', null]) refuses(() => create(bad as never), TypeError, /has to be a (finite )?number/);
      const layer = create() as MaskLayer;
      const parameter = 'p' in layer ? 'p' : ('stddev' as 'p');
      refuses(() => Object.assign(layer, { [parameter]: -1 }), RangeError, /has to be/);
      expect(layer[parameter]).toBe(0.4);
    });

    it('refuses bad input before it draws a key or writes', () => {
      const layer = create();
      for (const bad of [[1, 2], new Int32Array(4), { data: new Int8Array(2), shape: [2] }, null, 'x'])
        refuses(
          () => layer.forward(bad as never),
          TypeError,
          /^x has to be a Float32Array or a Float64Array or a Float16Array, but got /,
        );
      // The layer refuses the rank, or out, which overlaps x.
      const { data } = tensor(shape);
      const flat = [size(shape) - 1];
      refuses(
        () => layer.forward({ data: data.subarray(1), shape: flat }, { data: data.subarray(0, -1), shape: flat }),
        RangeError,
        /^(x\.shape|noiseShape|out) /,
      );
      expect(data).toEqual(x.data);
      expect(layer.generator.position).toBe(0);
      refuses(() => layer.backward(x), Error, 'backward needs a forward first');
      refuses(() => layer.pullback(), Error, 'pullback needs a forward first');
    });

    it('checks the rank in evaluation as in training', () => {
      const flat = { data: new Float32Array(size(shape)), shape: [size(shape), 1, 1, 1, 1, 1] };
      const messageOf = (training: boolean) => {
        try {
          create().forward(flat, { training });
        } catch (error) {
          return String(error);
        }
        return 'taken';
      };
      expect(messageOf(false)).toBe(messageOf(true));
    });

    it('names dy where out overlaps it in part, after a forward in either mode', () => {
      const both = new Float32Array(size(shape) + 1);
      const dy = { data: both.subarray(1), shape };
      for (const training of [true, false]) {
        const layer = create();
        layer.forward(x, { training });
        refuses(
          () => layer.backward(dy, { data: both.subarray(0, -1), shape }),
          RangeError,
          /^out overlaps dy in part$/,
        );
      }
    });

    it('goes backward through its latest forward: dx is dy times the slope of y', () => {
      const wide = tensor64(shape);
      const layer = create();
      const h = 2 ** -20;
      const at = (add: number) => create().forward({ data: wide.data.map((v) => v + add), shape }).data;
      const [low, high] = [at(-h), at(h)];
      layer.forward(wide);
      const dy = wide.data.map(Math.cos);
      const dx = layer.backward({ data: dy, shape }).data;
      const expected = dy.map((v, i) => (v * (high[i]! - low[i]!)) / (2 * h));
      expect(dx.every((v, i) => Math.abs(v - expected[i]!) < 5e-7)).toBe(true);
    });

    it('keeps the shape of an empty tensor', () => {
      const empty = { data: new Float32Array(0), shape: [0, ...shape.slice(1)] };
      expect(create().forward(empty)).toEqual(empty);
    });

    it('has a string form', () => {
      const text = (options?: LayerOptions) => String(create(0.4, options));
      expect(text()).toMatch(new RegExp(`^${classNameOf(name)}\\((p|stddev)=0.4, (.*, )?training, seed 42 at 0\\)$`));
      expect(text()).not.toMatch(/inplace|always/);
      expect(text({ inplace: true, always: true })).toContain('inplace=true, always=true, training, seed 42 at 0)');
      const layer = create().eval();
      layer.forward(x, { training: true });
      expect(String(layer)).toContain(', evaluation, seed 42 at 1)');
      expect(inspect(layer)).toBe(String(layer));
      expect(inspect({ layer }, { breakLength: Number.POSITIVE_INFINITY })).toBe(`{ layer: ${layer} }`);
      const unseeded = createLayer(pkg, 0.4, {});
      expect(String(unseeded)).toMatch(/, training, unseeded\)$/);
      unseeded.forward(x);
      expect(String(unseeded)).toMatch(/, seed \d+ at 1\)$/);
    });
  });

  describe.each(maskedLayersOf(pkg))('%s', (_, shape, createLayer) => {
    const x = tensor(shape);
    const n = size(shape);
    const create = (p = 0.4) => createLayer(pkg, p, { seed: 42 });

    it('has a mask of one element per element of x, in bytes and bits', () => {
      const layer = create();
      layer.forward(x);
      const [bytes, bits] = [layer.mask(), layer.mask('bits')];
      expect([bytes.length, new Set(bytes)]).toEqual([n, new Set([0, 1])]);
      expect(bits).toHaveLength(Math.ceil(n / 8));
      expect(bytes.map((_, i) => bitAt(bits, i))).toEqual(bytes);
      refuses(() => layer.mask('words' as never), RangeError, 'format has to be "bytes" or "bits", but got "words"');
    });

    it('has a mask of ones after evaluation, and none before a forward', () => {
      const layer = create().eval();
      refuses(() => layer.mask(), Error, 'mask needs a forward first');
      layer.forward(x);
      expect(layer.mask()).toEqual(new Uint8Array(n).fill(1));
    });

    it('has a mask from which applyMask computes its result', () => {
      const layer = create();
      const y = layer.forward(x);
      expect(applyMask(x, layer.mask(), { layer })).toEqual(y);
      expect(applyMask(x, layer.mask('bits'), { layer, format: 'bits' })).toEqual(y);
      const all = new Uint8Array(n).fill(1);
      expect(applyMask(x, all, { layer: create(1) })).toEqual(full(shape, 0));
      refuses(() => applyMask(x, all, { layer: {} as never }), TypeError, 'layer has to be a layer that has a mask');
    });

    it('sets dropped elements to one value and maps kept ones by one affine map, whatever x is', () => {
      const layer = create();
      const zero = layer.forward(full(shape, 0)).data;
      const kept = layer.mask();
      const [fill, shift] = [zero[kept.indexOf(0)]!, zero[kept.indexOf(1)]!];
      const scale = layer.backward(ones(shape)).data[kept.indexOf(1)]!;
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 3.25]) {
        const y = create().forward(full(shape, value)).data;
        const mapped = Math.fround(Math.fround(value * scale) + (shift === 0 ? -0 : shift));
        expect(y.every((v, i) => Object.is(v, kept[i] ? mapped : fill))).toBe(true);
      }
    });

    it('gives zeros at p = 1, in its gradient too, and draws no key', () => {
      const layer = create(1);
      const bad = full(shape, Number.NaN);
      expect(layer.forward(bad)).toEqual(full(shape, 0));
      expect(layer.backward(bad)).toEqual(full(shape, 0));
      expect(layer.mask()).toEqual(new Uint8Array(n));
      expect(layer.generator.position).toBe(0);
    });
  });
});

it('every layer gives the same bits on both backends', () => {
  const [wasm, reference] = packages.map(([, pkg]) =>
    layersOf(pkg).map(([name, shape, create]) => {
      const layer = create(pkg, 0.37, { seed: 20261123 });
      const x = tensor(shape);
      for (let i = 0; i < x.data.length; i += 11) x.data[i] = [Number.NaN, Number.POSITIVE_INFINITY, -0, 1e-45][i % 4]!;
      return [name, digest(layer.forward(x)), digest(layer.backward(x))];
    }),
  );
  expect(wasm).toEqual(reference);
});

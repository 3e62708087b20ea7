/** What holds for every layer of the family, over both backends, and then what is each one's own. */
import { describe, expect, it } from 'vitest';
import type { Input, Layer, LayerOptions, MaskLayer, Tensor } from '../../../src/index.js';
import { packages } from '../../support/backends.js';
import { digestOf } from '../../support/digest.js';
import { LAYERS, MASKED } from '../../support/layers.js';

const size = (shape: readonly number[]) => shape.reduce((n, axis) => n * axis, 1);
const ramp = (shape: readonly number[], Floats: typeof Float32Array | typeof Float64Array = Float32Array): Tensor => ({
  data: new Floats(size(shape)).map((_: number, i: number) => Math.sin(i + 1) + 2),
  shape: [...shape],
});
const bytes = (x: Input) => {
  const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(x) ? x : x.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
};

/** Bits of a result, NaN counted as one value. */
const bits = ({ data }: Tensor) => digestOf(bytes(data.map((v) => (Number.isNaN(v) ? 12345 : v))));

describe.each(packages)('on %s', (_, make) => {
  const { Arena, Generator, applyMask, layersFromJSON, layersToJSON } = make;

  describe.each(LAYERS)('%s', (name, shape, of) => {
    const x = ramp(shape);
    const layer = (p = 0.4, options: LayerOptions = {}) => of(make, p, { generator: new Generator(42), ...options });

    it('draws one key a training forward, and another result each time', () => {
      const one = layer();
      const first = one.forward(x);
      expect(one.generator.position).toBe(1);
      expect(one.key).toBe(new Generator(42).next());
      if (one instanceof make.LockedDropout) one.reset();
      expect(bits(one.forward(x))).not.toBe(bits(first));
      expect(one.generator.position).toBe(2);
      expect(bits(layer().forward(x))).toBe(bits(first));
      expect(first.shape).toEqual(shape);
      expect(x).toEqual(ramp(shape));
    });

    it('returns its input in evaluation, or copies it to out, and draws nothing', () => {
      const one = layer().eval();
      const out = ramp(shape);
      out.data.fill(0);
      expect(one.forward(x)).toBe(x);
      expect(one.forward(x, out)).toBe(out);
      expect(out).toEqual(x);
      expect(one.backward(x)).toBe(x);
      expect(one.generator.position).toBe(0);
      expect(layer(0.4, { inplace: true }).eval().forward(x)).toBe(x);
    });

    it('is active in evaluation too with always, and as a call says with training', () => {
      const result = bits(layer().forward(x));
      expect(bits(layer(0.4, { always: true }).eval().forward(x))).toBe(result);
      expect(bits(layer().eval().forward(x, { training: true }))).toBe(result);
      expect(layer().forward(x, { training: false })).toBe(x);
      expect(layer(0.4, { always: true }).forward(x, { training: false })).toBe(x);
      const out = ramp(shape);
      expect(layer().forward(x, { out })).toBe(out);
      expect(bits(out)).toBe(result);
      expect(() => layer().forward(x, { training: 1 as never })).toThrow(TypeError);
    });

    it('gives the same bits in place, in an arena, and for x between guards', () => {
      const expected = bits(layer().forward(x));
      const inplace = ramp(shape);
      expect(layer(0.4, { inplace: true }).forward(inplace)).toBe(inplace);
      expect(bits(inplace)).toBe(expected);
      const arena = new Arena({ bytes: 8 * size(shape) + 64 });
      const data = arena.float32(size(shape));
      data.set(x.data);
      const inArena = layer().forward({ data, shape: [...shape] });
      expect(inArena.data.buffer).toBe(arena.memory.buffer);
      expect(bits(inArena)).toBe(expected);
      const guarded = new Float32Array(size(shape) + 6).fill(7);
      layer().forward(x, { data: guarded.subarray(3, -3), shape: [...shape] });
      expect([...guarded.subarray(0, 3), ...guarded.subarray(-3)]).toEqual([7, 7, 7, 7, 7, 7]);
    });

    it('copies at 0, where it draws no key', () => {
      const one = layer(0);
      const y = one.forward(x);
      expect(y).toEqual(x);
      expect(y).not.toBe(x);
      expect(one.backward(x)).toEqual(x);
      expect([one.generator.position, one.key]).toEqual([0, undefined]);
    });

    it('has the mask of f32 in f64', () => {
      const wide = layer().forward(ramp(shape, Float64Array));
      expect(wide.data).toBeInstanceOf(Float64Array);
      const narrow = layer().forward(ramp(shape));
      wide.data.forEach((v, i) => {
        expect(Math.abs(v - narrow.data[i]!)).toBeLessThan(1e-5);
      });
    });

    it('goes on from its JSON with the results that come next, and alone from its own', () => {
      const one = layer(0.3, { inplace: true, always: true }).eval();
      one.forward(ramp(shape));
      const Class = one.constructor as unknown as { fromJSON(json: unknown): Layer };
      const again = Class.fromJSON(JSON.parse(JSON.stringify(one)));
      expect(again.toJSON()).toEqual(one.toJSON());
      expect(`${again}`).toBe(`${one}`);
      expect(again.training).toBe(false);
      expect(again.generator.position).toBe(1);
      for (let i = 0; i < 3; i++) expect(bits(again.forward(ramp(shape)))).toBe(bits(one.forward(ramp(shape))));
      expect(() => Class.fromJSON({ ...one.toJSON(), type: 'Other' })).toThrow(TypeError);
    });

    it('refuses an amount that is none, in the constructor and in the setter', () => {
      for (const bad of [-0.1, Number.NaN, '0.5', null])
        expect(() => layer(bad as number)).toThrow(typeof bad === 'number' ? RangeError : TypeError);
      const one = layer() as MaskLayer;
      const amount = 'p' in one ? 'p' : ('stddev' as 'p');
      expect(() => {
        one[amount] = -1;
      }).toThrow(RangeError);
      expect(one[amount]).toBe(0.4);
    });

    it('refuses what is no input before it draws', () => {
      const one = layer();
      for (const bad of [[1, 2], new Int32Array(4), { data: new Int8Array(2), shape: [2] }, null, 'x'])
        expect(() => one.forward(bad as never)).toThrow(
          /^x has to be a Float32Array or a Float64Array or a Float16Array, but got /,
        );
      const partly = ramp(shape);
      expect(() =>
        one.forward({ data: partly.data.subarray(1), shape: [size(shape) - 1] } as Tensor, {
          data: partly.data.subarray(0, -1),
          shape: [size(shape) - 1],
        }),
      ).toThrow(RangeError);
      expect(partly).toEqual(ramp(shape));
      expect(one.generator.position).toBe(0);
      expect(() => one.backward(x)).toThrow('backward needs a forward first');
    });

    it('takes the gradient of its latest forward: what a small step of x makes of y', () => {
      const wide = ramp(shape, Float64Array);
      const one = layer();
      const h = 2 ** -20;
      const at = (add: number) => layer().forward({ data: wide.data.map((v) => v + add), shape: wide.shape });
      const [low, high] = [at(-h), at(h)];
      one.forward(wide);
      const dy = wide.data.map(Math.cos);
      const dx = one.backward({ data: dy, shape: [...shape] });
      dx.data.forEach((v, i) => {
        expect(v).toBeCloseTo((dy[i]! * (high.data[i]! - low.data[i]!)) / (2 * h), 6);
      });
    });

    it('keeps the shape of an empty tensor', () => {
      const empty = { data: new Float32Array(0), shape: [0, ...shape.slice(1)] };
      expect(layer().forward(empty)).toEqual(empty);
    });

    it(`has a text form that names it`, () => {
      expect(`${layer()}`).toMatch(new RegExp(`^${name.match(/^\w+/)![0]}\\((p|stddev)=0.4, .*inplace=false\\)$`));
    });
  });

  describe.each(MASKED)('%s has a mask', (_, shape, of) => {
    const x = ramp(shape);
    const n = size(shape);
    const layer = (p = 0.4) => of(make, p, { generator: new Generator(42) }) as MaskLayer;

    it('of an element each, in bytes and bits, all kept after evaluation', () => {
      const one = layer();
      one.forward(x);
      const mask = one.mask();
      expect([mask.length, new Set(mask)]).toEqual([n, new Set([0, 1])]);
      expect(Array.from(mask, (_, i) => (one.mask('bits')[i >> 3]! >> (i & 7)) & 1)).toEqual([...mask]);
      expect(one.mask('bits')).toHaveLength(Math.ceil(n / 8));
      one.eval().forward(x);
      expect(one.mask().every((kept) => kept === 1)).toBe(true);
      expect(() => layer().mask()).toThrow('mask needs a forward first');
      expect(() => one.mask('words' as never)).toThrow('format has to be "bytes" or "bits", but got "words"');
    });

    it('that applyMask applies as the layer does', () => {
      const one = layer();
      const y = one.forward(x);
      expect(applyMask(x, one.mask(), { layer: one })).toEqual(y);
      expect(applyMask(x, one.mask('bits'), { layer: one, format: 'bits' })).toEqual(y);
      const all = new Uint8Array(n).fill(1);
      expect(applyMask(x, all, { layer: layer(1) }).data.every((v) => v === 0)).toBe(true);
      expect(() => applyMask(x, all, { layer: {} as never })).toThrow('layer has to be a layer that has a mask');
    });

    it('by which dropped elements are one value and kept ones a line, whatever x is', () => {
      const one = layer();
      const zero = one.forward({ data: new Float32Array(n), shape: [...shape] });
      const kept = one.mask();
      const [fill, shift] = [0, 1].map((flag) => zero.data[kept.indexOf(flag)]!);
      const ones = { data: new Float32Array(n).fill(1), shape: [...shape] };
      const scale = one.backward(ones).data[kept.indexOf(1)]!;
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 3.25]) {
        const y = layer().forward({ data: new Float32Array(n).fill(value), shape: [...shape] });
        const line = Math.fround(Math.fround(value * scale) + (shift === 0 ? -0 : shift!));
        expect(y.data.every((v, i) => Object.is(v, kept[i] ? line : fill))).toBe(true);
      }
    });

    it('gives zeros at 1, as its gradient does, with no key', () => {
      const one = layer(1);
      const bad = { data: new Float32Array(n).fill(Number.NaN), shape: [...shape] };
      expect(one.forward(bad).data.every((v) => Object.is(v, 0))).toBe(true);
      expect(one.backward(bad).data.every((v) => Object.is(v, 0))).toBe(true);
      expect(one.mask().every((kept) => kept === 0)).toBe(true);
      expect(one.generator.position).toBe(0);
    });
  });

  it('a list of layers comes back with the generators that they shared', () => {
    const shared = new Generator(7, 3);
    const own = shared.fork('head');
    const layers = LAYERS.map(([, , of], i) => of(make, 0.3, { generator: i % 3 ? shared : own }));
    const draw = (layers: Layer[]) => layers.map((layer, i) => bits(layer.forward(ramp(LAYERS[i]![1]))));
    draw(layers);
    const again = layersFromJSON(JSON.parse(JSON.stringify(layersToJSON(layers))));
    expect(again.map((layer) => layer.constructor)).toEqual(layers.map((layer) => layer.constructor));
    expect(new Set(again.map(({ generator }) => generator)).size).toBe(2);
    expect(draw(again)).toEqual(draw(layers));
    expect(again[1]!.generator.position).toBe(shared.position);
    expect(() => layersFromJSON({ generators: [], layers: [{ ...layers[0]!.toJSON(), generator: 0 }] })).toThrow(
      'generator has to be the place of one in generators',
    );
    const unknown = {
      generators: [shared.toJSON()],
      layers: [{ ...layers[0]!.toJSON(), type: 'Zoneout', generator: 0 }],
    };
    expect(() => layersFromJSON(unknown)).toThrow(/^type has to be one of Dropout, .*, but got "Zoneout"$/);
  });
});

it('every layer gives the same bits on both backends', () => {
  const [wasm, reference] = packages.map(([, make]) =>
    LAYERS.map(([name, shape, of]) => {
      const layer = of(make, 0.37, { generator: new make.Generator(20261123) });
      const values = ramp(shape);
      values.data.forEach((_, i) => {
        if (i % 11 === 0) values.data[i] = [Number.NaN, Number.POSITIVE_INFINITY, -0, 1e-45][i % 4]!;
      });
      return [name, bits(layer.forward(values)), bits(layer.backward(values))];
    }),
  );
  expect(wasm).toEqual(reference);
});

/** The stateless calls and the layer, over both backends. */
import { describe, expect, it } from 'vitest';
import { packages } from '../support/backends.js';

describe.each(packages)('on %s', (_, { Arena, Dropout, Generator, applyMask, dropout, manualSeed, mask }) => {
  const key = new Generator(42).next();
  const ramp = (n: number) => Float32Array.from({ length: n }, (_, i) => i + 1);

  describe('dropout', () => {
    it('scales what is kept by 1 / (1 − p) and makes the rest +0', () => {
      const x = ramp(1000);
      const kept = mask(1000, { p: 0.3, key });
      const y = dropout(x, { p: 0.3, key });
      expect([...y]).toEqual([...x].map((v, i) => (kept[i] ? Math.fround(v * Math.fround(1 / (1 - 0.3))) : 0)));
      expect(x).toEqual(ramp(1000));
    });

    it('selects: a dropped NaN, infinity or −0 is +0, a kept one stays what it is', () => {
      const kept = mask(64, { p: 0.5, key });
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0])
        for (const Floats of [Float32Array, Float64Array]) {
          const y = dropout(new Floats(64).fill(value), { p: 0.5, key });
          expect(y.every((v, i) => Object.is(v, kept[i] ? value : 0))).toBe(true);
        }
    });

    it('is its own gradient: the same call on dy', () => {
      const x = ramp(100);
      const dy = ramp(100).map(Math.sin);
      const dx = dropout(dy, { p: 0.4, key });
      const h = 2 ** -10;
      for (let i = 0; i < 100; i += 7) {
        const nudged = x.map((v, j) => (j === i ? v + h : v));
        const slope = (dropout(nudged, { p: 0.4, key })[i]! - dropout(x, { p: 0.4, key })[i]!) / h;
        expect(dx[i]).toBeCloseTo(slope * dy[i]!, 1);
      }
    });

    it('copies for p = 0 and is all +0 for p = 1, where no key is needed', () => {
      const x = Float32Array.of(1, -0, Number.NaN, Number.POSITIVE_INFINITY);
      const same = dropout(x, { p: 0, key: undefined });
      expect(same).not.toBe(x);
      expect(same).toEqual(x);
      const none = dropout(x, { p: 1, key: undefined });
      expect([...none].every((v) => Object.is(v, 0))).toBe(true);
      expect(dropout(x, { p: -0, key })).toEqual(x);
      expect(dropout(x, { p: 0, key, out: x })).toBe(x);
    });

    it('continues a stream by offset', () => {
      const x = ramp(300);
      const whole = dropout(x, { p: 0.5, key });
      expect(dropout(x.subarray(123), { p: 0.5, key, offset: 123 })).toEqual(whole.subarray(123));
    });

    it('writes to out: the first elements of it, itself returned', () => {
      const x = ramp(5);
      const out = new Float32Array(8).fill(9);
      expect(dropout(x, { p: 0.5, key, out })).toBe(out);
      expect([...out]).toEqual([...dropout(x, { p: 0.5, key }), 9, 9, 9]);
      expect(dropout(x, { p: 0.5, key, out: x })).toBe(x);
      expect([...x]).toEqual([...out.subarray(0, 5)]);
    });

    it('takes and returns { data, shape }, scalars and empty axes too', () => {
      const x = { data: ramp(6), shape: [2, 3] };
      const y = dropout(x, { p: 0.5, key });
      expect(y).toEqual({ data: dropout(x.data, { p: 0.5, key }), shape: [2, 3] });
      expect(y.shape).not.toBe(x.shape);
      const out = { data: new Float32Array(6), shape: [2, 3] };
      expect(dropout(x, { p: 0.5, key, out })).toBe(out);
      expect(out).toEqual(y);
      expect(dropout({ data: Float64Array.of(3), shape: [] }, { p: 0, key })).toEqual({
        data: Float64Array.of(3),
        shape: [],
      });
    });

    it('takes subclasses, and arrays on shared and resizable memory', () => {
      const x = ramp(200);
      const expected = [...dropout(x, { p: 0.5, key })];
      const shared = new Float32Array(new SharedArrayBuffer(800));
      shared.set(x);
      expect([...dropout(shared, { p: 0.5, key, out: shared })]).toEqual(expected);
      // Node 20 has them, the types of ES2023 not yet.
      const Resizable = ArrayBuffer as unknown as new (n: number, options: { maxByteLength: number }) => ArrayBuffer;
      const resizable = new Float32Array(new Resizable(800, { maxByteLength: 1600 }));
      resizable.set(x);
      expect([...dropout(resizable, { p: 0.5, key })]).toEqual(expected);
      class Mine extends Float32Array {}
      expect([...dropout(Mine.from(x), { p: 0.5, key })]).toEqual(expected);
      expect(dropout(Mine.from(x), { p: 0.5, key }).constructor).toBe(Float32Array);
    });
  });

  describe('mask', () => {
    it('is bytes of 0 and 1, or bits from bit 0 of byte 0 on', () => {
      const bytes = mask(21, { p: 0.5, key });
      const bits = mask(21, { p: 0.5, key, format: 'bits' });
      expect(bits).toHaveLength(3);
      expect(Array.from(bytes, (_, i) => (bits[i >> 3]! >> (i & 7)) & 1)).toEqual([...bytes]);
      expect(bits[2]! >> 5).toBe(0);
    });

    it('is all kept for p = 0 and all dropped for p = 1, unused bits 0', () => {
      expect([...mask(11, { p: 0, key: undefined, format: 'bits' })]).toEqual([0xff, 0b111]);
      expect([...mask(11, { p: 1, key: undefined, format: 'bits' })]).toEqual([0, 0]);
      expect([...mask(3, { p: 0, key: undefined })]).toEqual([1, 1, 1]);
      expect([...mask(3, { p: 1, key: undefined })]).toEqual([0, 0, 0]);
    });

    it('writes to out and no further', () => {
      const out = new Uint8Array(5).fill(9);
      expect(mask(3, { p: 0.5, key, out })).toBe(out);
      expect([...out]).toEqual([...mask(3, { p: 0.5, key }), 9, 9]);
    });

    it('drops P / 2^32 of all elements: a fraction within 5σ for many p', () => {
      for (const p of [0.001, 0.1, 1 / 3, 0.5, 0.9]) {
        const n = 1_000_000;
        const dropped = n - mask(n, { p, key }).reduce((sum, kept) => sum + kept, 0);
        expect(Math.abs(dropped - n * p)).toBeLessThan(5 * Math.sqrt(n * p * (1 - p)));
      }
    });
  });

  describe('applyMask', () => {
    it('applies the mask of dropout to the same result, in both formats', () => {
      const x = ramp(77);
      for (const format of ['bytes', 'bits'] as const) {
        const own = mask(77, { p: 0.2, key, format });
        expect(applyMask(x, own, { p: 0.2, format })).toEqual(dropout(x, { p: 0.2, key }));
      }
    });

    it('applies a mask of one’s own; p = 0 only selects, p = 1 leaves +0', () => {
      const x = Float64Array.of(1, Number.NaN, -3, Number.POSITIVE_INFINITY);
      expect([...applyMask(x, Uint8Array.of(1, 0, 255, 0), { p: 0 })]).toEqual([1, 0, -3, 0]);
      expect([...applyMask(x, Uint8Array.of(0b101), { p: 0.5, format: 'bits' })]).toEqual([2, 0, -6, 0]);
      expect([...applyMask(x, Uint8Array.of(1, 1, 1, 1), { p: 1 })].every((v) => Object.is(v, 0))).toBe(true);
      const tensor = { data: x, shape: [2, 2] };
      expect(applyMask(tensor, Uint8Array.of(1, 0, 1, 0), { p: 0 }).shape).toEqual([2, 2]);
      expect(applyMask(x, Uint8Array.of(1, 0, 0, 0), { p: 0, out: x })).toBe(x);
    });
  });

  describe('Dropout', () => {
    const layer = (p = 0.5, seed = 42) => new Dropout(p, { generator: new Generator(seed) });

    it('draws one key for each training forward and a new mask with it', () => {
      const generator = new Generator(7);
      const layer = new Dropout(0.5, { generator });
      const first = layer.forward(ramp(100));
      expect([generator.position, layer.key]).toEqual([1, generator.keyAt(0)]);
      const second = layer.forward(ramp(100));
      expect([generator.position, layer.key]).toEqual([2, generator.keyAt(1)]);
      expect(first).toEqual(dropout(ramp(100), { p: 0.5, key: generator.keyAt(0) }));
      expect(second).not.toEqual(first);
    });

    it('gives layers that share a generator different masks', () => {
      const generator = new Generator(7);
      const [a, b] = [new Dropout(0.5, { generator }), new Dropout(0.5, { generator })];
      expect(a.forward(ramp(100))).not.toEqual(b.forward(ramp(100)));
      manualSeed(7);
      const [c, d] = [new Dropout(0.5), new Dropout(0.5)];
      expect(c.forward(ramp(100))).not.toEqual(d.forward(ramp(100)));
      expect([c.key, d.key]).toEqual([generator.keyAt(0), generator.keyAt(1)]);
    });

    it('returns its input itself in evaluation, also in place, and draws no key', () => {
      for (const inplace of [false, true]) {
        const generator = new Generator(7);
        const layer = new Dropout(0.5, { generator, inplace }).eval();
        const x = ramp(10);
        const tensor = { data: x, shape: [2, 5] };
        expect(layer.forward(x)).toBe(x);
        expect(layer.forward(tensor)).toBe(tensor);
        expect(layer.backward(x)).toBe(x);
        expect([...layer.mask()]).toEqual(new Array(10).fill(1));
        const out = new Float32Array(10);
        expect(layer.forward(x, out)).toBe(out);
        expect(layer.backward(x, out)).toBe(out);
        expect(out).toEqual(ramp(10));
        expect([generator.position, layer.key, layer.training]).toEqual([0, undefined, false]);
      }
    });

    it('never returns its input in training unless in place, also for p = 0', () => {
      for (const p of [0, 0.5, 1]) {
        const x = ramp(10);
        expect(layer(p).forward(x)).not.toBe(x);
        expect(x).toEqual(ramp(10));
        const inplace = new Dropout(p, { inplace: true, generator: new Generator(42) });
        expect(inplace.forward(x)).toBe(x);
        expect(x).toEqual(layer(p).forward(ramp(10)));
      }
    });

    it('draws a key for every other p, however small', () => {
      for (const p of [5e-324, 1e-10, 0.0005, 1 - 2 ** -53]) {
        const generator = new Generator(7);
        new Dropout(p, { generator }).forward(ramp(10));
        expect(generator.position).toBe(1);
      }
    });

    it('draws no key for p = 0 and p = 1', () => {
      for (const p of [0, 1]) {
        const generator = new Generator(7);
        const layer = new Dropout(p, { generator });
        const y = layer.forward(ramp(10));
        expect([generator.position, layer.key]).toEqual([0, undefined]);
        expect(dropout(ramp(10), { p, key: layer.key })).toEqual(y);
      }
    });

    it('answers backward for the latest forward, whatever was set since', () => {
      const l = layer(0.3);
      const y = l.forward(ramp(50));
      const { key } = l;
      l.p = 0.9;
      expect(l.backward(ramp(50))).toEqual(y);
      expect(l.key).toBe(key);
      const kept = l.mask();
      expect([...y].map((v) => Number(v !== 0))).toEqual([...kept]);
      expect(l.mask('bits')).toEqual(mask(50, { p: 0.3, key, format: 'bits' }));
      l.eval();
      expect(l.backward(ramp(50))).toEqual(y);
      l.forward(ramp(50));
      const dy = ramp(50);
      expect(l.backward(dy)).toBe(dy);
      expect(l.key).toBe(key);
    });

    it('goes backward in place, to out, as f64 and for { data, shape }', () => {
      const l = layer();
      const y = l.forward({ data: ramp(6), shape: [2, 3] });
      const dy = { data: ramp(6), shape: [2, 3] };
      expect(l.backward(dy, dy)).toBe(dy);
      expect(dy).toEqual(y);
      const x = { data: ramp(6), shape: [2, 3] };
      l.forward(x);
      x.shape.reverse();
      expect(l.backward({ data: ramp(6), shape: [2, 3] }).shape).toEqual([2, 3]);
      const out = new Float64Array(6);
      expect(l.backward(Float64Array.from(ramp(6)), out)).toBe(out);
      expect([...out]).toEqual([...l.backward(ramp(6))]);
    });

    it('prefers out to in place', () => {
      const l = new Dropout(0.5, { inplace: true, generator: new Generator(42) });
      const x = ramp(10);
      const out = new Float32Array(10);
      expect(l.forward(x, out)).toBe(out);
      expect(x).toEqual(ramp(10));
    });

    it('switches modes and reads as text', () => {
      const l = layer(0.2);
      expect([l.training, l.eval().training, l.train().training, l.train(false).training]).toEqual([
        true,
        false,
        true,
        false,
      ]);
      expect(l.train()).toBe(l);
      expect(String(l)).toBe('Dropout(p=0.2, inplace=false)');
      expect(new Dropout().p).toBe(0.5);
    });

    it('comes back from JSON mid-run and draws the same masks', () => {
      const l = layer(0.3);
      l.forward(ramp(10));
      const json = JSON.parse(JSON.stringify(l));
      const next = [l.forward(ramp(100)), l.forward(ramp(100))];
      const restored = Dropout.fromJSON(json);
      expect([restored.forward(ramp(100)), restored.forward(ramp(100))]).toEqual(next);
      expect(json).toEqual({
        type: 'Dropout',
        p: 0.3,
        inplace: false,
        always: false,
        training: true,
        generator: { seed: '0x2a', position: 1 },
      });
      const { always, ...older } = json;
      expect(Dropout.fromJSON(older).toJSON()).toEqual(json);
      const frozen = Dropout.fromJSON({ ...json, inplace: true, training: false });
      expect([frozen.inplace, frozen.training]).toEqual([true, false]);
      const generator = new Generator(1, 5);
      Dropout.fromJSON(json, generator).forward(ramp(3));
      expect(generator.position).toBe(6);
    });
  });

  describe('Generator', () => {
    it('has a random seed of 64 bits without one, the same for its whole life', () => {
      const [a, b] = [new Generator(), new Generator()];
      expect(a.seed).not.toBe(b.seed);
      expect(a.seed).toBe(a.seed);
      expect(a.next()).toBe(new Generator(a.seed).next());
    });

    it('takes whole numbers and bigints, and comes back from JSON', () => {
      expect(new Generator(2 ** 53).keyAt(3)).toBe(new Generator(2n ** 53n).keyAt(3));
      const generator = new Generator(2n ** 64n - 1n, 2 ** 40);
      const restored = Generator.fromJSON(JSON.parse(JSON.stringify(generator)));
      expect([restored.seed, restored.position]).toEqual([2n ** 64n - 1n, 2 ** 40]);
      expect([restored.next(), restored.next()]).toEqual([generator.next(), generator.next()]);
    });

    it('reseeds the default generator in place', () => {
      const generator = manualSeed(1);
      const first = [generator.next(), generator.next()];
      expect(manualSeed(1n)).toBe(generator);
      expect([generator.position, generator.next(), generator.next()]).toEqual([0, ...first]);
    });
  });

  describe('Arena', () => {
    it('hands out arrays one after the other, aligned to their elements', () => {
      const arena = new Arena({ bytes: 100 });
      const bytes = arena.uint8(3);
      const floats = arena.float32(2);
      const doubles = arena.float64(5);
      expect([bytes.byteOffset, floats.byteOffset, doubles.byteOffset]).toEqual([0, 4, 16]);
      expect(arena.bytesFree).toBe(44);
      expect(floats.buffer).toBe(arena.memory.buffer);
      arena.reset();
      expect(arena.bytesFree).toBe(100);
      expect(arena.float32(25).byteOffset).toBe(0);
    });

    it('keeps results of arena arrays in the arena, and mixes with plain arrays', () => {
      const arena = new Arena({ bytes: 4096 });
      const x = arena.float32(100);
      x.set(ramp(100));
      const expected = dropout(ramp(100), { p: 0.5, key });
      const y = dropout(x, { p: 0.5, key });
      expect(y.buffer).toBe(arena.memory.buffer);
      expect(y).toEqual(expected);
      expect(dropout(x.subarray(50), { p: 0.5, key, offset: 50 }).buffer).toBe(arena.memory.buffer);
      expect(dropout(x, { p: 0.5, key, out: new Float32Array(100) })).toEqual(expected);
      expect(dropout(ramp(100), { p: 0.5, key, out: y })).toEqual(expected);
      const other = new Arena({ bytes: 400 }).float32(100);
      expect(dropout(x, { p: 0.5, key, out: other })).toEqual(expected);
      const wide = new Arena({ bytes: 800 }).float64(50);
      expect(
        dropout({ data: wide, shape: [50] }, { p: 0.5, key, out: { data: new Float64Array(50), shape: [50] } }).data,
      ).toEqual(wide);
      const bits = arena.uint8(13);
      expect(mask(100, { p: 0.5, key, format: 'bits', out: bits })).toBe(bits);
      expect(applyMask(x, bits, { p: 0.5, format: 'bits' })).toEqual(expected);
    });

    it('works on tensors larger than any tile, in place', () => {
      const n = 300_000;
      const arena = new Arena({ bytes: 4 * n });
      const x = arena.float32(n).fill(1);
      const plain = new Float32Array(n).fill(1);
      expect(dropout(x, { p: 0.1, key, offset: 5, out: x })).toEqual(
        dropout(plain, { p: 0.1, key, offset: 5, out: plain }),
      );
    });
  });
});

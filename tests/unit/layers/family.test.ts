/** What is each layer's and function's own, over both backends: which elements share a draw, formulas, and errors. */
import { describe, expect, it } from 'vitest';
import { packages } from '../../support/backends.js';

const size = (shape: readonly number[]) => shape.reduce((n, axis) => n * axis, 1);
const tensor = (shape: number[], value: (i: number) => number = (i) => Math.sin(i + 1) + 2) => ({
  data: Float32Array.from({ length: size(shape) }, (_, i) => value(i)),
  shape,
});
const { fround } = Math;

describe.each(packages)('on %s', (_, make) => {
  const { Arena, Generator, alphaDropout, alphaDropoutBackward, applyMask, dropout, mask } = make;
  const { biasDropoutResidual, biasDropoutResidualBackward, dropBlock2d, gaussianDropout } = make;
  const key = new Generator(42).next();
  const p = 0.4;

  /** A call has to throw this, and out of 7s has to hold 7s afterwards. */
  const refuses = (call: (out: Float32Array) => unknown, type: ErrorConstructor, message: RegExp | string) => {
    const out = new Float32Array(24).fill(7);
    expect(() => call(out)).toThrow(type);
    expect(() => call(out)).toThrow(message);
    expect(out.every((v) => v === 7)).toBe(true);
  };

  describe('noiseShape', () => {
    // [shape, noise shape, which element of the noise serves element i]
    const cases: [number[], (number | null)[], number[], (index: number[]) => number][] = [
      [[4, 6], [4, 1], [4, 1], ([a]) => a!],
      [[4, 6], [null, 1], [4, 1], ([a]) => a!],
      [[4, 6], [1, null], [1, 6], ([, b]) => b!],
      [[4, 6], [6], [1, 6], ([, b]) => b!],
      [[4, 6], [1], [1, 1], () => 0],
      [[4, 6], [], [1, 1], () => 0],
      [[3, 4, 5], [3, 1, 5], [3, 1, 5], ([a, , c]) => 5 * a! + c!],
      [[3, 4, 5], [1, 4, 1], [1, 4, 1], ([, b]) => b!],
      [[2, 3, 4, 5], [null, 1, null, 1], [2, 1, 4, 1], ([a, , c]) => 4 * a! + c!],
      [[2, 3, 4, 5, 6], [1, 3, 1, 5, 1], [1, 3, 1, 5, 1], ([, b, , d]) => 5 * b! + d!],
      [[2, 3, 2, 3, 2, 3], [1, 3, 1, 3, 1, 3], [1, 3, 1, 3, 1, 3], ([, b, , d, , f]) => 9 * b! + 3 * d! + f!],
      [[2, 3, 2, 3, 2, 3], [2, 1, 2, 1, 2, 1], [2, 1, 2, 1, 2, 1], ([a, , c, , e]) => 4 * a! + 2 * c! + e!],
    ];

    it.each(cases)('of %j by %j is the mask of the noise, broadcast', (shape, noiseShape, resolved, noiseOf) => {
      const x = tensor(shape);
      const noise = mask(size(resolved), { p, key, offset: 3 });
      const scale = fround(1 / (1 - p));
      const expected = x.data.map((v, i) => {
        const index: number[] = [];
        for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
          index[axis] = rest % shape[axis]!;
          rest = Math.floor(rest / shape[axis]!);
        }
        return noise[noiseOf(index)] ? v * scale : 0;
      });
      expect([...dropout(x, { p, key, offset: 3, noiseShape }).data]).toEqual([...expected]);
    });

    it('takes a plain array as one axis, and null for none', () => {
      const x = tensor([8]).data;
      expect(dropout(x, { p, key, noiseShape: [null] })).toEqual(dropout(x, { p, key }));
      expect(dropout(x, { p, key, noiseShape: null })).toEqual(dropout(x, { p, key }));
      expect(new Set(dropout(x.fill(1), { p, key, noiseShape: [1] })).size).toBe(1);
    });

    it.each([
      [
        [4, 6],
        [5, 6],
      ],
      [
        [4, 6],
        [4, 6, 1],
      ],
      [
        [4, 6],
        [1, 4, 6],
      ],
      [[4], [2]],
      [[], [1]],
      [[], [3]],
    ])('refuses for %j what cannot be broadcast: %j', (shape, noiseShape) => {
      const message = `noiseShape has to be one that can be broadcast to [${shape}], but got [${noiseShape}]`;
      const x = tensor(shape);
      refuses(
        (out) => dropout(x, { p, key, noiseShape, out: { data: out.subarray(0, size(shape)), shape } }),
        RangeError,
        message,
      );
      const generator = new Generator(1);
      expect(() => new make.Dropout(p, { noiseShape, generator }).forward(x)).toThrow(message);
      expect(generator.position).toBe(0);
    });

    it('takes hardly more memory than its arguments: no mask of the size of x', () => {
      const shape = [4096, 1024];
      const x = { data: new Float32Array(size(shape)).fill(1), shape };
      const out = { data: new Float32Array(size(shape)), shape };
      const before = process.memoryUsage().arrayBuffers;
      dropout(x, { p, key, noiseShape: [4096, 1], out });
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size(shape) / 8);
    });
  });

  describe('Dropout1d, Dropout2d and Dropout3d', () => {
    const kinds = [
      ['Dropout1d', ['length'], [5]],
      ['Dropout2d', ['height', 'width'], [5, 3]],
      ['Dropout3d', ['depth', 'height', 'width'], [2, 5, 3]],
    ] as const;

    it.each(kinds)('%s is dropout with one draw a channel, first or last, with a batch or not', (name, _, inner) => {
      const Layer = make[name];
      for (const batch of [[], [4]])
        for (const channels of ['first', 'last'] as const) {
          const shape = channels === 'first' ? [...batch, 6, ...inner] : [...batch, ...inner, 6];
          const ones = inner.map(() => 1);
          const noise = channels === 'first' ? [6, ...ones] : [...ones, 6];
          const layer = new Layer(p, { channels, generator: new Generator(42) });
          const x = tensor(shape);
          expect(layer.forward(x)).toEqual(dropout(x, { p, key, noiseShape: [...batch, ...noise] }));
        }
    });

    it.each(kinds)('%s says which ranks serve', (name, axes, inner) => {
      const Layer = make[name];
      const names = ['channels', ...axes].join(', ');
      for (const channels of ['first', 'last'] as const) {
        const layer = new Layer(p, { channels, generator: new Generator(42) });
        const expected = channels === 'first' ? names : [...axes, 'channels'].join(', ');
        for (const shape of [[24], [2, 2, ...inner, 2, 2]])
          for (const mode of [true, false])
            expect(() => layer.train(mode).forward(tensor(shape))).toThrow(
              `x.shape has to be [batch, ${expected}] or [${expected}], but got [${shape}]`,
            );
        expect(() => layer.forward(new Float32Array(24) as never)).toThrow(
          new TypeError('x has to be { data, shape }, but got Float32Array'),
        );
        expect(layer.generator.position).toBe(0);
      }
      expect(() => new Layer(p, { channels: 'middle' as never })).toThrow(
        'channels has to be "first" or "last", but got "middle"',
      );
    });
  });

  describe('AlphaDropout and FeatureAlphaDropout', () => {
    it('have the constants of Klambauer et al. and PyTorch', () => {
      const saturated = -1.7580993408473766;
      for (const p of [0.05, 0.5, 0.9]) {
        const a = 1 / Math.sqrt((saturated ** 2 * p + 1) * (1 - p));
        const b = -a * saturated * p;
        const x = tensor([500]).data;
        const kept = mask(500, { p, key });
        expect([...alphaDropout(x, { p, key })]).toEqual(
          [...x].map((v, i) => (kept[i] ? fround(fround(v * fround(a)) + fround(b)) : fround(a * saturated + b))),
        );
        const wide = Float64Array.from(x);
        expect([...alphaDropout(wide, { p, key })]).toEqual(
          [...wide].map((v, i) => (kept[i] ? v * a + b : a * saturated + b)),
        );
        expect([...alphaDropoutBackward(wide, { p, key })]).toEqual([...wide].map((v, i) => (kept[i] ? v * a : 0)));
      }
    });

    it('are exact at 0 and at 1', () => {
      const x = Float32Array.of(-0, 1, Number.NaN);
      expect(alphaDropout(x, { p: 0, key: undefined })).toEqual(x);
      expect([...alphaDropout(x, { p: 1, key: undefined })]).toEqual([0, 0, 0]);
    });

    it('drop channels of any rank from 2 on, and say so', () => {
      const layer = () => new make.FeatureAlphaDropout(p, { generator: new Generator(42) });
      for (const shape of [
        [3, 4],
        [3, 4, 5],
        [3, 4, 2, 2, 2],
      ]) {
        const x = tensor(shape);
        const noiseShape = [3, 4, ...shape.slice(2).map(() => 1)];
        expect(layer().forward(x)).toEqual(alphaDropout(x, { p, key, noiseShape }));
      }
      expect(() => layer().forward(tensor([4]))).toThrow(
        'x.shape has to be [batch, channels, …] of rank 2 or more, but got [4]',
      );
    });

    it('apply a mask of the caller to a gradient too', () => {
      const layer = new make.AlphaDropout(p, { generator: new Generator(42) });
      const x = tensor([40]).data;
      layer.forward(x);
      expect(applyMask(x, layer.mask(), { layer, gradient: true })).toEqual(layer.backward(x));
    });
  });

  describe('DropPath', () => {
    it('drops whole samples, scaled or not', () => {
      const x = tensor([50, 3, 2]);
      const kept = mask(50, { p, key });
      for (const scaleByKeep of [true, false]) {
        const layer = new make.DropPath(p, { scaleByKeep, generator: new Generator(42) });
        const scale = scaleByKeep ? fround(1 / (1 - p)) : 1;
        expect([...layer.forward(x).data]).toEqual(
          [...x.data].map((v, i) => (kept[Math.floor(i / 6)] ? fround(v * scale) : 0)),
        );
      }
      expect(() => new make.DropPath(p).forward({ data: Float32Array.of(1), shape: [] })).toThrow(
        'x.shape has to be [batch, …], but got []',
      );
      expect(() => new make.DropPath(p, { scaleByKeep: 1 as never })).toThrow(TypeError);
    });
  });

  describe('DropBlock2d', () => {
    /** torchvision's: corners by the stream, each grown to a block, everything by brute force. */
    const brute = (batch: number, channels: number, height: number, width: number, blockSize: number, p: number) => {
      const b = Math.min(blockSize, height, width);
      const [rows, columns] = [height - b + 1, width - b + 1];
      const gamma = (p * height * width) / (b * b * rows * columns);
      const corners = mask(batch * channels * rows * columns, { p: gamma, key });
      return Uint8Array.from({ length: batch * channels * height * width }, (_, i) => {
        const [plane, row, column] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
        for (let r = Math.max(0, row - b + 1); r <= Math.min(row, rows - 1); r++)
          for (let c = Math.max(0, column - b + 1); c <= Math.min(column, columns - 1); c++)
            if (!corners[(plane * rows + r) * columns + c]) return 0;
        return 1;
      });
    };

    it.each([
      [[2, 3, 9, 8], 3, 0.3],
      [[2, 3, 4, 5], 7, 0.5],
      [[1, 2, 6, 6], 1, 0.2],
      [[1, 1, 30, 20], 5, 0.1],
    ])('of %j by blocks of %i, p = %f, is that of brute force', (shape, blockSize, p) => {
      const [batch, channels, height, width] = shape as [number, number, number, number];
      const kept = brute(batch, channels, height, width, blockSize, p);
      const x = tensor(shape);
      const scale = fround(kept.length / kept.reduce((sum, flag) => sum + flag, 0));
      const y = dropBlock2d(x, { p, key, blockSize });
      expect([...y.data]).toEqual([...x.data].map((v, i) => (kept[i] ? fround(v * scale) : 0)));
      const layer = new make.DropBlock2d(p, { blockSize, generator: new Generator(42) });
      expect(layer.forward(x)).toEqual(y);
      expect(layer.mask()).toEqual(kept);
      if (batch === 1)
        expect(dropBlock2d({ data: x.data, shape: shape.slice(1) }, { p, key, blockSize }).data).toEqual(y.data);
    });

    it('drops blocks of a channel in channels last too', () => {
      const shape = [2, 12, 10, 4];
      const layer = new make.DropBlock2d(0.3, { blockSize: 3, channels: 'last', generator: new Generator(42) });
      layer.forward(tensor(shape));
      const kept = layer.mask();
      const at = (n: number, h: number, w: number, c: number) => kept[((n * 12 + h) * 10 + w) * 4 + c];
      let dropped = 0;
      kept.forEach((flag, i) => {
        if (flag) return;
        dropped++;
        const [n, h, w, c] = [Math.floor(i / 480), Math.floor(i / 40) % 12, Math.floor(i / 4) % 10, i % 4] as const;
        // Some 3 × 3 square of the same channel that holds it is dropped whole.
        const whole = [0, 1, 2].some((r) =>
          [0, 1, 2].some((s) =>
            [0, 1, 2].every((i) => [0, 1, 2].every((j) => at(n, h - r + i, w - s + j, c) === 0 && w - s + j >= 0)),
          ),
        );
        expect(whole).toBe(true);
      });
      expect(dropped).toBeGreaterThan(100);
    });

    it('drops about p of a large image', () => {
      const layer = new make.DropBlock2d(0.1, { blockSize: 7, generator: new Generator(1) });
      layer.forward(tensor([8, 16, 56, 56], () => 1));
      const kept = layer.mask();
      const share = 1 - kept.reduce((sum, flag) => sum + flag, 0) / kept.length;
      expect(Math.abs(share - 0.1)).toBeLessThan(0.02); // overlaps take a little of it
    });

    it('refuses other sizes and ranks', () => {
      for (const bad of [0, 1.5, -1, Number.NaN])
        expect(() => new make.DropBlock2d(p, { blockSize: bad })).toThrow(
          /^blockSize has to be a positive whole number/,
        );
      expect(() => new make.DropBlock2d(p, { blockSize: '3' as never })).toThrow(TypeError);
      const shape = [2, 12];
      refuses(
        (data) => dropBlock2d(tensor(shape), { p, key, blockSize: 2, out: { data, shape } }),
        RangeError,
        'x.shape has to be [batch, channels, height, width] or [channels, height, width], but got [2,12]',
      );
    });
  });

  describe('LockedDropout', () => {
    const layer = (options = {}) => new make.LockedDropout(p, { generator: new Generator(42), ...options });

    it('has one mask for all time steps and calls until reset', () => {
      const one = layer();
      const x = tensor([5, 3, 7], () => 1);
      const kept = mask(21, { p, key });
      const first = one.forward(x);
      const scale = fround(1 / (1 - p));
      expect([...first.data]).toEqual([...x.data].map((_, i) => (kept[i % 21] ? scale : 0)));
      expect(one.forward(x)).toEqual(first);
      expect(one.forward(tensor([1, 3, 7], () => 1)).data).toEqual(first.data.slice(0, 21));
      expect(one.generator.position).toBe(1);
      one.reset();
      expect(one.forward(x)).not.toEqual(first);
      expect(one.generator.position).toBe(2);
    });

    it('takes the batch first', () => {
      const x = tensor([3, 5, 7], () => 1);
      const kept = mask(21, { p, key });
      const y = layer({ batchFirst: true }).forward(x);
      expect([...y.data].map((v) => Number(v > 0))).toEqual(
        [...y.data].map((_, i) => kept[Math.floor(i / 35) * 7 + (i % 7)]),
      );
    });

    it('refuses another batch or number of features until reset, and other ranks', () => {
      const one = layer();
      one.forward(tensor([2, 3, 4]));
      expect(() => one.forward(tensor([2, 4, 4]))).toThrow(
        'x.shape has to be of batch 3 and features 4 until reset(), but got [2,4,4]',
      );
      one.reset();
      one.forward(tensor([2, 4, 4]));
      expect(() => one.forward(tensor([2, 4]))).toThrow('x.shape has to be [time, batch, features], but got [2,4]');
      expect(() => layer({ batchFirst: true }).forward(tensor([2, 4]))).toThrow('[batch, time, features]');
      expect(one.eval().forward(tensor([9, 9, 9])).shape).toEqual([9, 9, 9]);
    });

    it('is stored with the mask in force', () => {
      const one = layer();
      const x = tensor([2, 3, 4]);
      const y = one.forward(x);
      const json = JSON.parse(JSON.stringify(one));
      const again = make.LockedDropout.fromJSON(json);
      expect(again.forward(x)).toEqual(y);
      again.reset();
      one.reset();
      expect(again.forward(x)).toEqual(one.forward(x));
      expect(() => make.LockedDropout.fromJSON({ ...json, lock: { ...json.lock, batch: -1 } })).toThrow(/^lock\.batch/);
    });
  });

  describe('biasDropoutResidual', () => {
    const [rows, features] = [5, 7];
    const n = rows * features;
    const x = tensor([n]).data;
    const residual = tensor([n], Math.cos).data;
    const bias = tensor([features], Math.cos).data;
    const kept = mask(n, { p, key });
    const scale = fround(1 / (1 - p));

    it('is residual + dropout(x + bias), rounded at each step', () => {
      const dropped = [...x].map((v, i) => (kept[i] ? fround(fround(v + bias[i % features]!) * scale) : 0));
      expect([...biasDropoutResidual(x, { bias, p, key })]).toEqual(dropped);
      const y = biasDropoutResidual(x, { bias, residual, p, key });
      expect([...y]).toEqual(dropped.map((v, i) => fround(v + residual[i]!)));
      const place = residual.slice();
      expect(biasDropoutResidual(x, { bias, residual: place, p, key, out: place })).toBe(place);
      expect(place).toEqual(y);
      const inplace = x.slice();
      expect(biasDropoutResidual(inplace, { bias, residual, p, key, out: inplace })).toEqual(y);
      const shape = [rows, features];
      expect(biasDropoutResidual({ data: x, shape }, { bias, residual: { data: residual, shape }, p, key })).toEqual({
        data: y,
        shape,
      });
      const arena = new Arena({ bytes: 8 * n * 4 });
      const [ax, ar, ab] = [arena.float32(n), arena.float32(n), arena.float32(features)];
      ax.set(x);
      ar.set(residual);
      ab.set(bias);
      const ay = biasDropoutResidual(ax, { bias: ab, residual: ar, p, key });
      expect(ay.buffer).toBe(arena.memory.buffer);
      expect([...ay]).toEqual([...y]);
    });

    it('drops nothing at 0 and all at 1, where the residual stays', () => {
      const bad = x.map(() => Number.NaN);
      expect(biasDropoutResidual(bad, { bias, residual, p: 1, key: undefined })).toEqual(residual);
      expect([...biasDropoutResidual(x, { bias, residual, p: 0, key: undefined })]).toEqual(
        [...x].map((v, i) => fround(fround(v + bias[i % features]!) + residual[i]!)),
      );
    });

    it('has the gradients of its parts', () => {
      const dy = tensor([n], Math.cos).data;
      const { dx, dbias } = biasDropoutResidualBackward(dy, { p, key, features });
      expect(dx).toEqual(dropout(dy, { p, key }));
      const sums = new Float32Array(features);
      dx.forEach((v, i) => {
        sums[i % features]! += v;
      });
      expect(dbias).toEqual(sums);
      const out = { dx: new Float32Array(n), dbias: new Float32Array(features).fill(9) };
      expect(biasDropoutResidualBackward(dy, { p, key, features, out })).toEqual({ dx, dbias });
      expect(out.dbias).toEqual(sums);
      const shaped = biasDropoutResidualBackward({ data: dy, shape: [rows, features] }, { p, key });
      expect([shaped.dx.shape, shaped.dbias]).toEqual([[rows, features], sums]);
    });

    it('refuses what does not fit, before anything is written', () => {
      const call = (options: object) => (out: Float32Array) =>
        biasDropoutResidual(x.subarray(0, 21), { bias, residual: residual.subarray(0, 21), p, key, out, ...options });
      refuses(call({ p: 1.5 }), RangeError, 'dropout probability has to be between 0 and 1, but got 1.5');
      refuses(call({ key: 1 }), TypeError, 'key has to be a bigint, but got 1');
      refuses(call({ bias: bias.subarray(1) }), RangeError, 'bias.length has to be a divisor of 21');
      refuses(call({ bias: new Float64Array(7) }), TypeError, 'bias has to be an array of the type of x');
      refuses(call({ bias: undefined }), TypeError, 'bias has to be a Float32Array');
      refuses(call({ residual: residual.subarray(1) }), RangeError, 'residual.length has to be 21, but got 34');
      refuses(call({ residual: new Float64Array(21) }), TypeError, 'residual has to be an array of the type of x');
      refuses((out) => call({ bias: out.subarray(0, 7) })(out), RangeError, 'out overlaps bias');
      refuses((out) => call({ residual: out.subarray(1, 22) })(out), RangeError, 'out overlaps residual in part');
      refuses((out) => call({ out: out.subarray(0, 20) })(out), RangeError, 'out.length has to be at least 21');
      expect(() => biasDropoutResidualBackward(x, { p, key })).toThrow(TypeError);
      expect(() => biasDropoutResidualBackward(x, { p, key, features: 2.5 })).toThrow(/^features/);
      expect(() => biasDropoutResidualBackward(x, { p, key, features: 6 })).toThrow(
        /^features has to be a divisor of 35/,
      );
      expect(() => biasDropoutResidualBackward({ data: x, shape: [5, 7] }, { p, key, features: 5 })).toThrow(
        'features has to be 7, the last axis, but got 5',
      );
      refuses(
        (dx) =>
          biasDropoutResidualBackward(x.slice(0, 21), { p, key, features, out: { dx, dbias: dx.subarray(0, 7) } }),
        RangeError,
        'out.dbias overlaps another argument',
      );
    });
  });

  it('options are an object, and those of forward are known ones', () => {
    const x = new Float32Array(4);
    const calls = [dropout, alphaDropout, gaussianDropout, biasDropoutResidual, make.gaussianNoise, dropBlock2d];
    for (const bad of [null, 5, 'p', x])
      for (const call of calls as unknown as ((x: Float32Array, options: unknown) => unknown)[])
        expect(() => call(x, bad)).toThrow(/^options has to be an object, but got /);
    expect(() => new make.Dropout(0.5, null as never)).toThrow('options has to be an object, but got null');
    expect(() => new Arena(undefined as never)).toThrow('bytes has to be a number, but got undefined');
    const layer = new make.Dropout(0.5, { generator: new Generator(1) });
    expect(() => layer.forward(x, { trainng: false } as never)).toThrow('has to be out or training, but got "trainng"');
    for (const out of [null, 5, [1]]) {
      expect(() => layer.forward(x, out as never)).toThrow(/^out has to be a Float32Array/);
      expect(() => layer.forward(x, { out } as never)).toThrow(/^out has to be a Float32Array/);
    }
    for (const name of ['inplace', 'always'] as const)
      expect(() => {
        layer[name] = 'no' as never;
      }).toThrow(`${name} has to be a boolean, but got "no"`);
    expect(() => biasDropoutResidualBackward(x, { p, key, features: 2, out: x as never })).toThrow(
      'out has to be an object, but got Float32Array',
    );
    expect(layer.generator.position).toBe(0);
  });

  it('what was stored and changed is refused by name', () => {
    const { layersFromJSON, layersToJSON, GaussianNoise, LockedDropout, Dropout } = make;
    const json = JSON.parse(JSON.stringify(new Dropout(0.5, { generator: new Generator(1) })));
    const refused = (change: object, message: string) =>
      expect(() => Dropout.fromJSON({ ...json, ...change })).toThrow(message);
    refused({ p: undefined }, 'p has to be a number, but got undefined');
    refused({ training: 'no' }, 'training has to be a boolean');
    refused({ generator: null }, 'generator has to be an object, but got null');
    refused({ generator: { seed: 'zz', position: 0 } }, 'seed has to be a whole number in a string, but got "zz"');
    refused({ noiseShape: 0 }, 'noiseShape has to be an array, but got 0');
    const noise = new GaussianNoise(0.5, { generator: new Generator(1) }).toJSON();
    expect(() => GaussianNoise.fromJSON({ ...noise, stddev: undefined, p: 1 })).toThrow('stddev has to be a number');
    const locked = new LockedDropout(0.5, { generator: new Generator(1) }).toJSON();
    for (const key of ['zz', true, '0x1ffffffffffffffff'])
      expect(() => LockedDropout.fromJSON({ ...locked, lock: { key, batch: 1, features: 1 } })).toThrow(/^lock\.key/);
    for (const bad of [null, {}, { generators: [], layers: null }, { generators: [], layers: [null] }])
      expect(() => layersFromJSON(bad as never)).toThrow(TypeError);
    for (const bad of [null, [5]])
      expect(() => layersToJSON(bad as never)).toThrow('layers has to be an array of layers');
  });

  it('an alpha layer at 0 applies a mask of ones as it would its own', () => {
    const x = Float32Array.of(-0, 1);
    expect(applyMask(x, Uint8Array.of(1, 1), { layer: new make.AlphaDropout(0) })).toEqual(x);
  });

  it('a call without options says what it misses', () => {
    const x = new Float32Array(4);
    for (const call of [dropout, alphaDropout, gaussianDropout, biasDropoutResidual] as ((
      x: Float32Array,
    ) => unknown)[])
      expect(() => call(x)).toThrow(new TypeError('dropout probability has to be a number, but got undefined'));
  });
});

/** The functions `biasDropoutResidual` and `biasDropoutResidualBackward`. */
import { describe, expect, it } from 'vitest';
import { tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { refuses, refusesBeforeWriting } from '../../support/expect.js';

const { fround } = Math;

describe.each(packages)('on %s', (_, pkg) => {
  const { Arena, Generator, biasDropoutResidual, biasDropoutResidualBackward, dropout, mask } = pkg;
  const key = new Generator(42).next();
  const p = 0.4;
  const [rows, features] = [5, 7];
  const n = rows * features;
  const x = tensor([n]).data;
  const residual = tensor([n], Math.cos).data;
  const bias = tensor([features], Math.cos).data;

  describe('biasDropoutResidual', () => {
    const kept = mask(n, { p, key });
    const scale = fround(1 / (1 - p));
    const dropped = [...x].map((v, i) => (kept[i] ? fround(fround(v + bias[i % features]!) * scale) : 0));
    const y = Float32Array.from(dropped, (v, i) => v + residual[i]!);

    it('is residual + dropout(x + bias), rounded at each step', () => {
      expect([...biasDropoutResidual(x, { bias, p, key })]).toEqual(dropped);
      expect(biasDropoutResidual(x, { bias, residual, p, key })).toEqual(y);
    });

    it('may write over the residual or over x', () => {
      const place = residual.slice();
      expect(biasDropoutResidual(x, { bias, residual: place, p, key, out: place })).toBe(place);
      expect(place).toEqual(y);
      const inplace = x.slice();
      expect(biasDropoutResidual(inplace, { bias, residual, p, key, out: inplace })).toEqual(y);
    });

    it('takes { data, shape }', () => {
      const shape = [rows, features];
      const result = biasDropoutResidual({ data: x, shape }, { bias, residual: { data: residual, shape }, p, key });
      expect(result).toEqual({ data: y, shape });
    });

    it('works within an arena', () => {
      const arena = new Arena({ bytes: 8 * n * 4 });
      const [ax, ar, ab] = [arena.float32(n), arena.float32(n), arena.float32(features)];
      ax.set(x);
      ar.set(residual);
      ab.set(bias);
      const ay = biasDropoutResidual(ax, { bias: ab, residual: ar, p, key });
      expect(ay.buffer).toBe(arena.memory.buffer);
      expect([...ay]).toEqual([...y]);
    });

    it('drops nothing at p = 0, and leaves only the residual at p = 1', () => {
      const bad = x.map(() => Number.NaN);
      expect(biasDropoutResidual(bad, { bias, residual, p: 1, key: undefined })).toEqual(residual);
      expect([...biasDropoutResidual(x, { bias, residual, p: 0, key: undefined })]).toEqual(
        [...x].map((v, i) => fround(fround(v + bias[i % features]!) + residual[i]!)),
      );
    });

    it('refuses arguments that do not fit, before anything is written', () => {
      const call = (options: object) => (out: Float32Array) =>
        biasDropoutResidual(x.subarray(0, 21), { bias, residual: residual.subarray(0, 21), p, key, out, ...options });
      const refused = (options: object, type: typeof Error, message: string | RegExp) =>
        refusesBeforeWriting(call(options), type, message);
      refused({ p: 1.5 }, RangeError, 'p has to be between 0 and 1, but got 1.5: 0.015 is 1.5 %');
      refused({ key: 1 }, TypeError, /^key has to be a bigint from 0n .*, but got 1: new Generator/);
      refused({ bias: bias.subarray(1) }, RangeError, 'bias.length has to be a divisor of 21');
      refused({ bias: new Float64Array(7) }, TypeError, 'bias has to be an array of the type of x');
      refused({ bias: undefined }, TypeError, 'bias has to be a Float32Array');
      refused({ residual: residual.subarray(1) }, RangeError, 'residual.length has to be 21, but got 34');
      refused({ residual: new Float64Array(21) }, TypeError, 'residual has to be an array of the type of x');
      refusesBeforeWriting((out) => call({ bias: out.subarray(0, 7) })(out), RangeError, 'out overlaps bias');
      refusesBeforeWriting(
        (out) => call({ residual: out.subarray(1, 22) })(out),
        RangeError,
        'out overlaps residual in part',
      );
      refusesBeforeWriting(
        (out) => call({})(out.subarray(0, 20)),
        RangeError,
        'out.length has to be at least 21, but got 20',
      );
    });
  });

  describe('biasDropoutResidualBackward', () => {
    const dy = tensor([n], Math.cos).data;
    const { dx, dbias } = biasDropoutResidualBackward(dy, { p, key, features });

    it('gives dropout of dy, and its sum over the rows', () => {
      expect(dx).toEqual(dropout(dy, { p, key }));
      const sums = new Float32Array(features);
      dx.forEach((v, i) => {
        sums[i % features]! += v;
      });
      expect(dbias).toEqual(sums);
    });

    it('writes to out', () => {
      const out = { dx: new Float32Array(n), dbias: new Float32Array(features).fill(9) };
      expect(biasDropoutResidualBackward(dy, { p, key, features, out })).toEqual({ dx, dbias });
      expect(out).toEqual({ dx, dbias });
    });

    it('takes { data, shape }, whose last axis is features', () => {
      const shape = [rows, features];
      expect(biasDropoutResidualBackward({ data: dy, shape }, { p, key })).toEqual({ dx: { data: dx, shape }, dbias });
    });

    it('takes the last of any number of axes as the features, and one feature', () => {
      const shape = [rows, 1, features];
      expect(biasDropoutResidualBackward({ data: dy, shape }, { p, key })).toEqual({ dx: { data: dx, shape }, dbias });
      expect(biasDropoutResidual({ data: x, shape }, { bias, p, key }).data).toEqual(
        biasDropoutResidual(x, { bias, p, key }),
      );
      refuses(
        () => biasDropoutResidual({ data: x, shape: [1, features, rows] }, { bias, p, key }),
        RangeError,
        `bias.length has to be ${rows}, the last axis, but got ${features}`,
      );
      const column = biasDropoutResidualBackward(dy, { p, key, features: 1 });
      expect(column.dx).toEqual(dx);
      expect(column.dbias).toEqual(Float32Array.of(dx.reduce((sum, v) => fround(sum + v), 0)));
    });

    it('names an argument that does not fit in full', () => {
      const call = (options: object) => () => biasDropoutResidualBackward(dy, { p, key, features, ...options });
      const f64 = (length: number) => new Float64Array(length) as never;
      const f32 = (length: number) => new Float32Array(length);
      refuses(call({ features: 6 }), RangeError, 'features has to be a divisor of 35, the length of dy, but got 6');
      refuses(call({ out: { dbias: f64(7) } }), TypeError, 'out.dbias has to be an array of the type of dy');
      refuses(call({ out: { dbias: f32(8) } }), RangeError, 'out.dbias.length has to be 7, but got 8');
      refuses(call({ out: { dbias: [1] } }), TypeError, /^out\.dbias has to be a Float32Array/);
      refuses(call({ out: { dx: f64(35) } }), TypeError, 'out.dx has to be an array of the type of dy');
      refuses(call({ out: { dx: f32(34) } }), RangeError, 'out.dx.length has to be at least 35, but got 34');
      refuses(call({ out: { dx: [1] } }), TypeError, /^out\.dx has to be a Float32Array/);
      const both = f32(36);
      refuses(
        () => biasDropoutResidualBackward(both.subarray(1), { p, key, features, out: { dx: both.subarray(0, 35) } }),
        RangeError,
        'out overlaps dy in part',
      );
    });

    it('refuses arguments that do not fit', () => {
      refuses(() => biasDropoutResidualBackward(x, { p, key }), TypeError, 'features has to be a whole number');
      refuses(() => biasDropoutResidualBackward(x, { p, key, features: 2.5 }), RangeError, /^features/);
      refuses(
        () => biasDropoutResidualBackward(x, { p, key, features: 6 }),
        RangeError,
        'features has to be a divisor of 35',
      );
      refuses(
        () => biasDropoutResidualBackward({ data: x, shape: [5, 7] }, { p, key, features: 5 }),
        RangeError,
        'features has to be 7, the last axis, but got 5',
      );
      refuses(
        () => biasDropoutResidualBackward(x, { p, key, features, out: x as never }),
        TypeError,
        'out has to be an object, but got Float32Array',
      );
      refusesBeforeWriting(
        (dx) =>
          biasDropoutResidualBackward(x.slice(0, 21), { p, key, features, out: { dx, dbias: dx.subarray(0, 7) } }),
        RangeError,
        'out.dbias overlaps another argument',
      );
    });
  });
});

/**
 * ONNX Runtime's tests of dropout (orttraining/test/training_ops/cpu/nn/dropout_op_test.cc), by their upstream names, on
 * upstream's data 1, 2, 3, … Dropout stands for `onnxDropout`, `dropout` and the layer; DropoutGrad for `dropout` on dy
 * with the key of the forward, and `applyMask` with its mask; BiasDropout for `biasDropoutResidual`.
 */
import { describe, expect, it } from 'vitest';
import { full, rampTensor, size } from '../support/arrays.js';
import { expectSameBits } from '../support/expect.js';
import { onnxEntries } from '../support/onnx.js';
import { zeros } from '../support/statistics.js';

const { fround } = Math;

describe.each(onnxEntries)('ONNX Runtime, on %s', (_, { onnxDropout }, pkg) => {
  const { Dropout, Generator, applyMask, biasDropoutResidual, biasDropoutResidualBackward, dropout, mask } = pkg;
  const seed = 42;
  const key = new Generator(seed).next();

  describe('DropoutTest.Basic: [10, 10, 10], ratio 0.75', () => {
    it.each([
      ['onnxDropout', () => onnxDropout(rampTensor([10, 10, 10]), 0.75, true, { seed }).output],
      ['dropout', () => dropout(rampTensor([10, 10, 10]), { p: 0.75, key })],
      ['Dropout', () => new Dropout(0.75, { seed }).forward(rampTensor([10, 10, 10]))],
    ])('%s drops 0.75 ± 0.1 of the elements, and the others are exactly 4 x', (_, run) => {
      const { data, shape } = run();
      expect(shape).toEqual([10, 10, 10]);
      expect(Math.abs(zeros(data) / 1000 - 0.75)).toBeLessThan(0.1);
      expect(data.every((v, i) => v === 0 || v === 4 * (i + 1))).toBe(true);
    });
  });

  describe('DropoutTest.Mask: [1000], ratio 0.25', () => {
    it('the mask is true where the output is not 0', () => {
      const { output, mask } = onnxDropout(rampTensor([1000]), 0.25, true, { seed });
      expect(Math.abs(zeros(output.data) / 1000 - 0.25)).toBeLessThan(0.1);
      expect(zeros(mask)).toBe(zeros(output.data));
      expect([...mask]).toEqual([...output.data].map((v) => Number(v !== 0)));
      const scale = fround(1 / (1 - 0.25));
      expect([...output.data]).toEqual([...mask].map((kept, i) => (kept ? fround((i + 1) * scale) : 0)));
    });

    it('the layer and the functions have the same mask', () => {
      const layer = new Dropout(0.25, { seed });
      const y = layer.forward(rampTensor([1000]));
      expect([...layer.mask()]).toEqual([...y.data].map((v) => Number(v !== 0)));
      expect(mask(1000, { p: 0.25, key })).toEqual(layer.mask());
      expect(onnxDropout(rampTensor([1000]), 0.25, true, { seed }).mask).toEqual(layer.mask());
    });
  });

  describe('DropoutTest, without dropped elements or without a ratio', () => {
    const kept = new Uint8Array(1000).fill(1);

    it.each([
      ['BasicTrainingFalse', [10, 10, 10], 0.75, false],
      ['BasicNoTraining', [10, 10, 10], 0.75, undefined],
      ['MaskTrainingFalse', [1000], 0.25, false],
      ['MaskNoTraining', [1000], 0.25, undefined],
      ['RatioLimit', [1000], 0, false],
      ['RatioLimit, in training', [1000], 0, true],
    ])('%s: the output is the data, and the mask is all true', (_, shape, ratio, training) => {
      expect(onnxDropout(rampTensor(shape), ratio, training, { seed })).toEqual({
        output: rampTensor(shape),
        mask: kept,
      });
      const layer = new Dropout(ratio).train(training ?? false);
      expect(layer.forward(rampTensor(shape))).toEqual(rampTensor(shape));
      expect(layer.mask()).toEqual(kept);
    });

    it('EmptyRatio: the default ratio is 0.5', () => {
      const { output, mask } = onnxDropout(rampTensor([1000]), undefined, true, { seed });
      expect(Math.abs(zeros(output.data) / 1000 - 0.5)).toBeLessThan(0.1);
      expect([...output.data]).toEqual([...mask].map((kept, i) => (kept ? 2 * (i + 1) : 0)));
      expect(new Dropout().p).toBe(0.5);
      expect(new Dropout(undefined, { seed }).forward(rampTensor([1000]))).toEqual(output);
    });
  });

  describe('DropoutGradTest.Basic, RatioLimit: dx is exactly dy · mask / (1 − ratio)', () => {
    it.each([
      [0.2, [16]],
      [0.3, [8, 2]],
      [0.4, [2, 4, 2]],
      [0.5, [2, 4, 2]],
      [0, [16]],
      [0.3, [1003]],
      [0.4, [7, 11, 13]],
    ])('ratio %s, shape %j', (ratio, shape) => {
      const layer = new Dropout(ratio, { seed });
      layer.forward(rampTensor(shape));
      const kept = mask(size(shape), { p: ratio, key });
      expect(layer.mask()).toEqual(kept);

      for (const dy of [full(shape, 3), rampTensor(shape)]) {
        const scale = fround(1 / (1 - ratio));
        const dx = { data: dy.data.map((v, i) => (kept[i] ? fround(v * scale) : 0)), shape };
        expect(dropout(dy, { p: ratio, key })).toEqual(dx);
        expect(applyMask(dy, kept, { p: ratio })).toEqual(dx);
        expect(layer.backward(dy)).toEqual(dx);
        expect(applyMask(dy, onnxDropout(rampTensor(shape), ratio, true, { seed }).mask, { p: ratio })).toEqual(dx);
      }
    });

    it('these ratios drop some elements and keep some', () => {
      for (const p of [0.2, 0.3, 0.4, 0.5]) expect(new Set(mask(16, { p, key }))).toEqual(new Set([0, 1]));
    });
  });

  describe('BiasDropoutTest: residual + dropout(data + bias), with bias 2, 3, 4, …', () => {
    const cases = [
      ['Basic', [10, 10, 10], 0.75],
      ['Mask', [3, 5, 768], 0.25],
      ['RatioLimit', [4, 8, 1024], 0],
      ['EmptyRatio', [2, 7, 1024], 0.5],
      ['BasicTrainingFalse', [10, 10, 10], 0],
    ] as const;
    const rows = cases.flatMap(([name, shape, p]) => [true, false].map((has) => [name, shape, p, has] as const));

    it.each(rows)('%s, shape %j, p = %s, with a residual: %s', (_, shape, p, has) => {
      const x = rampTensor(shape);
      const bias = Float32Array.from({ length: shape[2] }, (_, i) => i + 2);
      // Upstream's residual is 1 everywhere. Fractions also show where results are rounded.
      for (const residual of has ? [x.data.map(() => 1), x.data.map((v) => Math.sin(v))] : [undefined]) {
        const kept = mask(x.data.length, { p, key });
        const scale = fround(1 / (1 - p));
        const expected = x.data.map((v, i) => {
          const dropped = kept[i] ? fround(fround(v + bias[i % bias.length]!) * scale) : 0;
          return residual ? fround(dropped + residual[i]!) : dropped;
        });
        const y = biasDropoutResidual(x, { bias, p, key, ...(residual && { residual: { data: residual, shape } }) });
        expect(y.shape).toEqual(shape);
        expectSameBits(y.data, expected);
        expect(Math.abs(zeros(kept) / kept.length - p)).toBeLessThan(0.1);
        expectSameBits(x.data, rampTensor(shape).data);

        const flat = biasDropoutResidual(x.data, { bias, p, key, ...(residual && { residual }) });
        expectSameBits(flat, expected);
      }
    });

    it.each(cases)('%s, shape %j, p = %s: the gradients', (_, shape, p) => {
      const dy = { data: rampTensor(shape).data.map((v) => fround(Math.cos(v))), shape };
      const { dx, dbias } = biasDropoutResidualBackward(dy, { p, key });
      expect(dx.shape).toEqual(shape);
      expectSameBits(dx.data, dropout(dy, { p, key }).data);
      const sums = new Float32Array(shape[2]);
      dx.data.forEach((v, i) => {
        sums[i % sums.length]! += v;
      });
      expectSameBits(dbias, sums);
    });
  });
});

/**
 * ONNX Runtime's own checks (orttraining/test/training_ops/cpu/nn/dropout_op_test.cc), by their numbers in the list of
 * peers' checks. Dropout here is `onnxDropout`, `dropout` and the layer alike; DropoutGrad is `dropout` on dy with the
 * key of the forward, or `applyMask` with its mask; BiasDropout is `biasDropoutResidual`. Data is 1, 2, 3, … as there.
 */
import { describe, expect, it } from 'vitest';
import { load, type Package } from '../support/backends.js';

type Face = typeof import('../../src/onnx/index.js');

/** `load` empties the registry of modules, so each of these imports draws on the package loaded just before it. */
async function face(name: Parameters<typeof load>[0]): Promise<[string, Face, Package]> {
  const fresh = await load(name);
  return [name, await import('../../src/onnx/index.js'), fresh];
}

const faces = [await face('wasm-simd'), await face('reference')];

const { fround } = Math;
const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const ramp = (shape: readonly number[]) => ({
  data: Float32Array.from({ length: count(shape) }, (_, i) => i + 1),
  shape,
});
const zeros = (data: Float32Array | Uint8Array) => [...data].filter((v) => v === 0).length;
/** Where two arrays first differ, or −1: a matcher's own diff of thousands of numbers takes minutes. */
const difference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from({ length: Math.max(a.length, b.length) }).findIndex((_, i) => !Object.is(a[i], b[i]));

describe.each(faces)('ONNX Runtime, on %s', (_, { onnxDropout }, api) => {
  const { Dropout, Generator, applyMask, biasDropoutResidual, biasDropoutResidualBackward, dropout, mask } = api;
  const seed = 42;
  const key = new Generator(seed).next();

  describe('(26) DropoutTest.Basic: [10, 10, 10], ratio .75', () => {
    it.each([
      ['onnxDropout', () => onnxDropout(ramp([10, 10, 10]), 0.75, true, { seed }).output],
      ['dropout', () => dropout(ramp([10, 10, 10]), { p: 0.75, key })],
      ['Dropout', () => new Dropout(0.75, { generator: new Generator(seed) }).forward(ramp([10, 10, 10]))],
    ])('%s drops a fraction of .75 ± .1, and what survives is exactly 4 x', (_, run) => {
      const { data, shape } = run();
      expect(shape).toEqual([10, 10, 10]);
      expect(Math.abs(zeros(data) / 1000 - 0.75)).toBeLessThan(0.1);
      expect(data.every((v, i) => v === 0 || v === 4 * (i + 1))).toBe(true);
    });
  });

  describe('(27) DropoutTest.Mask: [1000], ratio .25', () => {
    it('the mask is true exactly where the output is not 0', () => {
      const { output, mask } = onnxDropout(ramp([1000]), 0.25, true, { seed });
      expect(Math.abs(zeros(output.data) / 1000 - 0.25)).toBeLessThan(0.1);
      expect(zeros(mask)).toBe(zeros(output.data));
      expect([...mask]).toEqual([...output.data].map((v) => Number(v !== 0)));
      const scale = fround(1 / (1 - 0.25));
      expect([...output.data]).toEqual([...mask].map((kept, i) => (kept ? fround((i + 1) * scale) : 0)));
    });

    it('the mask of the layer and that of the function are the same', () => {
      const layer = new Dropout(0.25, { generator: new Generator(seed) });
      const y = layer.forward(ramp([1000]));
      expect([...layer.mask()]).toEqual([...y.data].map((v) => Number(v !== 0)));
      expect(mask(1000, { p: 0.25, key })).toEqual(layer.mask());
      expect(onnxDropout(ramp([1000]), 0.25, true, { seed }).mask).toEqual(layer.mask());
    });
  });

  describe('(28) where nothing is dropped, or no ratio is given', () => {
    const kept = new Uint8Array(1000).fill(1);

    it.each([
      ['BasicTrainingFalse', [10, 10, 10], 0.75, false],
      ['BasicNoTraining', [10, 10, 10], 0.75, undefined],
      ['MaskTrainingFalse', [1000], 0.25, false],
      ['MaskNoTraining', [1000], 0.25, undefined],
      ['RatioLimit', [1000], 0, false],
      ['RatioLimit, in training', [1000], 0, true],
    ])('DropoutTest.%s: the output is the data, the mask all true', (_, shape, ratio, training) => {
      expect(onnxDropout(ramp(shape), ratio, training, { seed })).toEqual({ output: ramp(shape), mask: kept });
      const layer = new Dropout(ratio).train(training ?? false);
      expect(layer.forward(ramp(shape))).toEqual(ramp(shape));
      expect(layer.mask()).toEqual(kept);
    });

    it('DropoutTest.EmptyRatio: it is .5', () => {
      const { output, mask } = onnxDropout(ramp([1000]), undefined, true, { seed });
      expect(Math.abs(zeros(output.data) / 1000 - 0.5)).toBeLessThan(0.1);
      expect([...output.data]).toEqual([...mask].map((kept, i) => (kept ? 2 * (i + 1) : 0)));
      expect(new Dropout().p).toBe(0.5);
      expect(new Dropout(undefined, { generator: new Generator(seed) }).forward(ramp([1000]))).toEqual(output);
    });
  });

  describe('(29) DropoutGradTest.Basic, RatioLimit: dx = dy · mask / (1 − ratio) exactly', () => {
    it.each([
      [0.2, [16]],
      [0.3, [8, 2]],
      [0.4, [2, 4, 2]],
      [0.5, [2, 4, 2]],
      [0, [16]],
      [0.3, [1003]],
      [0.4, [7, 11, 13]],
    ])('ratio %s, shape %j', (ratio, shape) => {
      const layer = new Dropout(ratio, { generator: new Generator(seed) });
      layer.forward(ramp(shape));
      const kept = mask(count(shape), { p: ratio, key });
      expect(layer.mask()).toEqual(kept);

      for (const dy of [{ data: new Float32Array(count(shape)).fill(3), shape }, ramp(shape)]) {
        const scale = fround(1 / (1 - ratio));
        const dx = { data: dy.data.map((v, i) => (kept[i] ? fround(v * scale) : 0)), shape };
        expect(dropout(dy, { p: ratio, key })).toEqual(dx);
        expect(applyMask(dy, kept, { p: ratio })).toEqual(dx);
        expect(layer.backward(dy)).toEqual(dx);
        expect(applyMask(dy, onnxDropout(ramp(shape), ratio, true, { seed }).mask, { p: ratio })).toEqual(dx);
      }
    });

    it('the masks of these ratios are none that keep or drop everything', () => {
      for (const [ratio, n] of [
        [0.2, 16],
        [0.3, 16],
        [0.4, 16],
        [0.5, 16],
      ] as const)
        expect(new Set(mask(n, { p: ratio, key }))).toEqual(new Set([0, 1]));
    });
  });

  describe('(30) BiasDropoutTest: residual + dropout(data + bias), bias 2, 3, 4, …', () => {
    const cases = [
      ['Basic', [10, 10, 10], 0.75],
      ['Mask', [3, 5, 768], 0.25],
      ['RatioLimit', [4, 8, 1024], 0],
      ['EmptyRatio', [2, 7, 1024], 0.5],
      ['BasicTrainingFalse', [10, 10, 10], 0],
    ] as const;
    const rows = cases.flatMap(([name, shape, p]) => [true, false].map((has) => [name, shape, p, has] as const));

    it.each(rows)('%s, shape %j, p = %s, with a residual: %s', (_, shape, p, has) => {
      const x = ramp(shape);
      const bias = Float32Array.from({ length: shape[2] }, (_, i) => i + 2);
      // Upstream's residual is 1 everywhere; fractions show that nothing is rounded on the way but in its place.
      for (const residual of has ? [x.data.map(() => 1), x.data.map((v) => Math.sin(v))] : [undefined]) {
        const kept = mask(x.data.length, { p, key });
        const scale = fround(1 / (1 - p));
        const expected = x.data.map((v, i) => {
          const dropped = kept[i] ? fround(fround(v + bias[i % bias.length]!) * scale) : 0;
          return residual ? fround(dropped + residual[i]!) : dropped;
        });
        const y = biasDropoutResidual(x, { bias, p, key, ...(residual && { residual: { data: residual, shape } }) });
        expect(y.shape).toEqual(shape);
        expect(difference(y.data, expected)).toBe(-1);
        expect(Math.abs(zeros(kept) / kept.length - p)).toBeLessThan(0.1);
        expect(difference(x.data, ramp(shape).data)).toBe(-1);

        const flat = biasDropoutResidual(x.data, { bias, p, key, ...(residual && { residual }) });
        expect(difference(flat, expected)).toBe(-1);
      }
    });

    it.each(cases)('%s, shape %j, p = %s: its gradients', (_, shape, p) => {
      const dy = { data: ramp(shape).data.map((v) => fround(Math.cos(v))), shape };
      const { dx, dbias } = biasDropoutResidualBackward(dy, { p, key });
      expect(dx.shape).toEqual(shape);
      expect(difference(dx.data, dropout(dy, { p, key }).data)).toBe(-1);
      const sums = new Float32Array(shape[2]);
      dx.data.forEach((v, i) => {
        sums[i % sums.length]! += v;
      });
      expect(difference(dbias, sums)).toBe(-1);
    });
  });
});

/**
 * The node tests of ONNX for Dropout (onnx/backend/test/case/node/dropout.py), by their upstream names. Inference has
 * exact values. In training, upstream's values come from NumPy's generator, so the tests check the definition, which
 * holds for any mask: output = scale · data · mask, with scale = 1 / (1 − ratio).
 */
import { describe, expect, it } from 'vitest';
import { randn } from '../support/arrays.js';
import { expectCount, expectSameBits } from '../support/expect.js';
import { onnxEntries } from '../support/onnx.js';
import { zeros } from '../support/statistics.js';

describe.each(onnxEntries)('ONNX, on %s', (name, { onnxDropout }, { Generator, backend, manualSeed }) => {
  const shape = [3, 4, 5];
  const x = () => randn(shape, new Generator(0));
  const allTrue = new Uint8Array(60).fill(1);

  it('draws from the default generator of the package, on the named backend', () => {
    expect(backend().name).toBe(name);
    const generator = manualSeed(1);
    onnxDropout(x(), 0.5, true);
    expect(generator.toJSON().children).toBe(1);
  });

  describe('inference', () => {
    it('test_dropout_default: y = x', () => {
      const { output } = onnxDropout(x());
      expect(output).toEqual(x());
    });

    it('test_dropout_default_ratio: y = x with r = 0.1', () => {
      const { output } = onnxDropout(x(), 0.1, undefined, { seed: 0 });
      expect(output).toEqual(x());
    });

    it('test_dropout_default_mask: y = x, z all true', () => {
      expect(onnxDropout(x(), undefined, undefined, { seed: 0 })).toEqual({ output: x(), mask: allTrue });
    });

    it('test_dropout_default_mask_ratio: y = x, z all true with r = 0.1', () => {
      expect(onnxDropout(x(), 0.1, false, { seed: 0 })).toEqual({ output: x(), mask: allTrue });
    });
  });

  describe('training', () => {
    /** Expects the definition to hold in f32 arithmetic. No element of data is 0. */
    function expectDropout(data: Float32Array, output: Float32Array, mask: Uint8Array, ratio: number): void {
      const scale = Math.fround(1 / (1 - ratio));
      expect(mask).toHaveLength(data.length);
      expectSameBits(
        mask,
        output.map((v) => Number(v !== 0)),
      );
      expectSameBits(
        output,
        data.map((v, i) => (mask[i] ? v * scale : 0)),
      );
    }

    it.each([
      ['test_training_dropout_default', 0.5],
      ['test_training_dropout_default_mask', 0.5],
      ['test_training_dropout', 0.75],
      ['test_training_dropout_mask', 0.75],
    ])('%s: y = x · z / (1 − r), and z is true where y is not 0, r = %s', (_, ratio) => {
      const { output, mask } = onnxDropout(x(), ratio, true, { seed: 0 });
      expect(output.shape).toEqual(shape);
      expectDropout(x().data, output.data, mask, ratio);
      expect(mask).toContain(0);
      expect(mask).toContain(1);
      expect(onnxDropout(x(), ratio, true, { seed: 0 })).toEqual({ output, mask });
    });

    it.each([0.1, 0.25, 0.5, 0.75, 0.9])('the dropped count of 100,000 is within 4 sigma, r = %s', (ratio) => {
      const { data } = randn([100_000], new Generator(0));
      const { output, mask } = onnxDropout(data, ratio, true, { seed: 0 });
      expectDropout(data, output, mask, ratio);
      expectCount(zeros(mask), 100_000, ratio);
    });

    it('the default ratio is 0.5', () => {
      const { output, mask } = onnxDropout(x(), undefined, true, { seed: 0 });
      expect({ output, mask }).toEqual(onnxDropout(x(), 0.5, true, { seed: 0 }));
      expectDropout(x().data, output.data, mask, 0.5);
    });

    it.each(['test_training_dropout_zero_ratio', 'test_training_dropout_zero_ratio_mask'])(
      '%s: y = x, z all true',
      () => {
        expect(onnxDropout(x(), 0, true, { seed: 0 })).toEqual({ output: x(), mask: allTrue });
      },
    );
  });

  describe('opset 11 and older', () => {
    it.each([7, 10, 11])('test_dropout_default_old, opset %i: y = x', (opset) => {
      const { output } = onnxDropout(Float32Array.of(-1, 0, 1), undefined, undefined, { opset });
      expect(output).toEqual(Float32Array.of(-1, 0, 1));
    });

    it.each([7, 10, 11])('test_dropout_random_old, opset %i: y = x with ratio = 0.2', (opset) => {
      const { output } = onnxDropout(x(), 0.2, undefined, { opset });
      expect(output).toEqual(x());
    });
  });
});

/**
 * The node tests of ONNX for Dropout (onnx/backend/test/case/node/dropout.py), by their upstream names and their numbers
 * in the list of peers' checks. Inference has exact values; the training ones of upstream come from NumPy's generator,
 * so here they are what the definition says of any mask: output = scale · data · mask, scale = 1 / (1 − ratio).
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

/** Inputs as upstream's: x = randn(3, 4, 5), here by Box and Muller from a fixed seed, so that none is 0. */
function randn({ Generator }: Package, shape: readonly number[], seed = 0) {
  const generator = new Generator(seed);
  const uniform = () => (Number(generator.next() >> 11n) + 0.5) / 2 ** 53;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return { data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, normal), shape };
}
/** Where two arrays first differ, or −1: a matcher's own diff of thousands of numbers takes minutes. */
const difference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from({ length: Math.max(a.length, b.length) }).findIndex((_, i) => !Object.is(a[i], b[i]));

describe.each(faces)('ONNX, on %s', (name, { onnxDropout }, fresh) => {
  const shape = [3, 4, 5];
  const x = () => randn(fresh, shape);
  const allTrue = new Uint8Array(60).fill(1);

  it('runs on the backend that it says', () => {
    expect(fresh.backend().name).toBe(name);
    const generator = fresh.manualSeed(1);
    onnxDropout(x(), 0.5, true);
    expect(generator.position).toBe(1);
  });

  describe('(31) inference', () => {
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

  describe('(32) training', () => {
    /** The definition, in the arithmetic of float32. */
    function holds(data: Float32Array, output: Float32Array, mask: Uint8Array, ratio: number) {
      const scale = Math.fround(1 / (1 - ratio));
      expect(mask).toHaveLength(data.length);
      expect(mask.every((kept) => kept === 0 || kept === 1)).toBe(true);
      expect(
        difference(
          output.map((v) => Number(v !== 0)),
          mask,
        ),
      ).toBe(-1);
      expect(
        difference(
          output,
          data.map((v, i) => (mask[i] ? v * scale : 0)),
        ),
      ).toBe(-1);
    }

    it.each([
      ['test_training_dropout_default', 0.5],
      ['test_training_dropout_default_mask', 0.5],
      ['test_training_dropout', 0.75],
      ['test_training_dropout_mask', 0.75],
    ])('%s: y = x · z / (1 − r), z is true where y is not 0, with r = %s', (_, ratio) => {
      const { output, mask } = onnxDropout(x(), ratio, true, { seed: 0 });
      expect(output.shape).toEqual(shape);
      holds(x().data, output.data, mask, ratio);
      expect(mask).toContain(0);
      expect(mask).toContain(1);
      expect(onnxDropout(x(), ratio, true, { seed: 0 })).toEqual({ output, mask });
    });

    it.each([0.1, 0.25, 0.5, 0.75, 0.9])('with r = %s, that fraction of 100,000 is dropped within 4 sigma', (ratio) => {
      const { data } = randn(fresh, [100_000]);
      const { output, mask } = onnxDropout(data, ratio, true, { seed: 0 });
      holds(data, output, mask, ratio);
      const dropped = mask.filter((kept) => !kept).length / 100_000;
      expect(Math.abs(dropped - ratio)).toBeLessThan(4 * Math.sqrt((ratio * (1 - ratio)) / 100_000));
    });

    it('without a ratio it is .5', () => {
      const { output, mask } = onnxDropout(x(), undefined, true, { seed: 0 });
      expect({ output, mask }).toEqual(onnxDropout(x(), 0.5, true, { seed: 0 }));
      holds(x().data, output.data, mask, 0.5);
    });

    it.each(['test_training_dropout_zero_ratio', 'test_training_dropout_zero_ratio_mask'])(
      '%s: y = x, z all true',
      () => {
        expect(onnxDropout(x(), 0, true, { seed: 0 })).toEqual({ output: x(), mask: allTrue });
      },
    );
  });

  describe('(33) opset 11 and older', () => {
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

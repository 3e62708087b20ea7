/** PyTorch's own checks of plain dropout (test/nn/test_dropout.py), by their numbers in the list of peers' checks. */
import { describe, expect, it } from 'vitest';
import { packages } from '../backends.js';

const mean = (x: ArrayLike<number>) => Array.from(x).reduce((sum, v) => sum + v, 0) / x.length;

describe.each(packages)('PyTorch, on %s', (_, { Dropout, Generator, dropout }) => {
  const generator = new Generator(20261123);

  it.each([true, false])(
    '(3) train = %s with p 0 and 1: output and gradient are those of plain multiplication',
    (training) => {
      for (const p of [0, 1]) {
        const layer = new Dropout(p, { generator }).train(training);
        const x = Float32Array.from({ length: 25 }, () => 1);
        const factor = training ? 1 - p : 1;
        expect([...layer.forward(x)]).toEqual(new Array(25).fill(factor));
        expect([...layer.backward(x)]).toEqual(new Array(25).fill(factor));
      }
    },
  );

  it.each([-0.1, 1.1])('(4) p = %s is refused by Dropout and by the function', (p) => {
    const message = `dropout probability has to be between 0 and 1, but got ${p}`;
    expect(() => new Dropout(p)).toThrow(new RangeError(message));
    expect(() => dropout(new Float32Array(5), { p, key: 1n })).toThrow(new RangeError(message));
  });

  describe.each([
    ['1-D', [1000]],
    ['2-D', [100, 100]],
    ['4-D', [10, 10, 10, 10]],
  ])('(5) input .8, p .2, %s', (_, shape) => {
    const n = shape.reduce((a, b) => a * b);
    const input = () => ({ data: new Float32Array(n).fill(0.8), shape });

    it.each([false, true])('keeps the means of output and gradient within .05, inplace = %s', (inplace) => {
      const layer = new Dropout(0.2, { generator, inplace });
      const x = input();
      const y = layer.forward(x);
      expect(Math.abs(mean(y.data) - 0.8)).toBeLessThan(0.05);
      expect(y === x).toBe(inplace);
      const dx = layer.backward(y);
      expect(Math.abs(mean(dx.data) - 0.8 * 1.25)).toBeLessThan(0.05 * 1.25);
    });

    it('is the input in evaluation, and has a text form', () => {
      const layer = new Dropout(0.2, { generator }).eval();
      const x = input();
      expect(layer.forward(x)).toBe(x);
      expect(`${layer}`).toBe('Dropout(p=0.2, inplace=false)');
    });
  });

  it.each([0, 1e-10])('(6) p = %s leaves the data equal', (p) => {
    const x = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
    expect(new Dropout(p, { generator }).forward(x)).toEqual(x);
  });

  it.each([0.3, 0.5, 0.7])('(7) p = %s keeps the mean', (p) => {
    const y = new Dropout(p, { generator }).forward(new Float32Array(100_000).fill(1));
    expect(Math.abs(mean(y) - 1)).toBeLessThan(0.05);
  });

  it('(9) empty tensors keep their shape', () => {
    for (const shape of [[0], [0, 3], [2, 0, 4]])
      expect(new Dropout(0.5, { generator }).forward({ data: new Float32Array(0), shape }).shape).toEqual(shape);
  });
});

/** Noise shapes: which elements share a draw. */
import { describe, expect, it } from 'vitest';
import { full, size, tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { bitAt } from '../../support/bits.js';
import { refuses, refusesBeforeWriting } from '../../support/expect.js';

describe.each(packages)('a noise shape on %s', (_, { Dropout, Generator, dropout, mask }) => {
  const key = new Generator(42).next();
  const p = 0.4;

  // the shape of x, a noise shape, the shape of the draws, and which draw decides the element at an index
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

  it.each(cases)('is broadcast to x: x of %j, draws of %j', (shape, noiseShape, resolved, drawOf) => {
    const x = tensor(shape);
    /** The mask of x, from the draws of this offset. */
    const keptFrom = (offset: number) => {
      const draws = mask(size(resolved), { p, key, offset });
      return Uint8Array.from(x.data, (_, i) => {
        const index: number[] = [];
        for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
          index[axis] = rest % shape[axis]!;
          rest = Math.floor(rest / shape[axis]!);
        }
        return draws[drawOf(index)]!;
      });
    };
    const scale = Math.fround(1 / (1 - p));
    const at3 = keptFrom(3);
    expect([...dropout(x, { p, key, offset: 3, noiseShape }).data]).toEqual(
      [...x.data].map((v, i) => (at3[i] ? Math.fround(v * scale) : 0)),
    );
    const layer = new Dropout(p, { noiseShape, seed: 42 });
    layer.forward(x);
    const kept = keptFrom(0);
    expect(layer.mask()).toEqual(kept);
    const bits = layer.mask('bits');
    expect(bits).toHaveLength(Math.ceil(kept.length / 8));
    expect(kept.map((_, i) => bitAt(bits, i))).toEqual(kept);
  });

  it('of a layer is a copy: the caller may change its own', () => {
    const noiseShape = [null, 1];
    const layer = new Dropout(p, { noiseShape, seed: 42 });
    const expected = layer.forward(tensor([4, 6]));
    noiseShape[1] = 6;
    noiseShape.push(1);
    expect(layer.noiseShape).toEqual([null, 1]);
    expect(Object.isFrozen(layer.noiseShape)).toBe(true);
    expect(new Dropout(p, { noiseShape: [null, 1], seed: 42 }).forward(tensor([4, 6]))).toEqual(expected);
  });

  it.each<[unknown, typeof Error]>([
    [[0], RangeError],
    [[-1, 4], RangeError],
    [[1.5], RangeError],
    [[Number.NaN], RangeError],
    [['1'], TypeError],
    [[undefined], TypeError],
    [new Array(2), TypeError],
    [[[1]], TypeError],
    [4, TypeError],
    ['4', TypeError],
    [Int32Array.of(1), TypeError],
    [{ length: 1, 0: 1 }, TypeError],
  ])('of other values is refused by the constructor, and by a call: %j', (noiseShape, type) => {
    const options = { noiseShape: noiseShape as never };
    refuses(() => new Dropout(p, options), type, /^noiseShape has to be an array/);
    refuses(() => dropout(tensor([4]), { p, key, ...options }), type, /^noiseShape has to be an array/);
  });

  it('treats a plain array as one axis, and may be null or [null]', () => {
    const x = tensor([8]).data;
    expect(dropout(x, { p, key, noiseShape: [null] })).toEqual(dropout(x, { p, key }));
    expect(dropout(x, { p, key, noiseShape: null })).toEqual(dropout(x, { p, key }));
    expect(new Set(dropout(x.fill(1), { p, key, noiseShape: [1] })).size).toBe(1);
  });

  it.each([
    { shape: [4, 6], noiseShape: [5, 6] },
    { shape: [4, 6], noiseShape: [4, 6, 1] },
    { shape: [4, 6], noiseShape: [1, 4, 6] },
    { shape: [4], noiseShape: [2] },
    { shape: [], noiseShape: [1] },
    { shape: [], noiseShape: [3] },
  ])('is refused where it cannot be broadcast: $noiseShape to $shape', ({ shape, noiseShape }) => {
    const message = `noiseShape has to be one that can be broadcast to [${shape}], but got [${noiseShape}]`;
    const x = tensor(shape);
    refusesBeforeWriting(
      (out) => dropout(x, { p, key, noiseShape, out: { data: out.subarray(0, size(shape)), shape } }),
      RangeError,
      message,
    );
    const generator = new Generator(1);
    refuses(() => new Dropout(p, { noiseShape, generator }).forward(x), RangeError, message);
    expect(generator.position).toBe(0);
  });

  it('does not allocate a mask the size of x', () => {
    const shape = [4096, 1024];
    const [x, out] = [full(shape, 1), full(shape, 0)];
    const before = process.memoryUsage().arrayBuffers;
    dropout(x, { p, key, noiseShape: [4096, 1], out });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size(shape) / 8);
  });
});

/** The layer `LockedDropout`. */
import { describe, expect, it } from 'vitest';
import { ones, tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { refuses } from '../../support/expect.js';

describe.each(packages)('LockedDropout on %s', (_, { Generator, LockedDropout, manualSeed, mask }) => {
  const p = 0.4;
  const create = (options = {}) => new LockedDropout(p, { seed: 42, ...options });
  const kept = mask(21, { p, key: new Generator(42).next() });

  it('has one mask for all time steps and calls until reset', () => {
    const layer = create();
    const x = ones([5, 3, 7]);
    const first = layer.forward(x);
    const scale = Math.fround(1 / (1 - p));
    expect([...first.data]).toEqual([...x.data].map((_, i) => (kept[i % 21] ? scale : 0)));
    expect(layer.forward(x)).toEqual(first);
    expect(layer.forward(ones([1, 3, 7])).data).toEqual(first.data.slice(0, 21));
    expect(layer.generator.position).toBe(1);
    layer.reset();
    expect(layer.forward(x)).not.toEqual(first);
    expect(layer.generator.position).toBe(2);
  });

  it('takes the batch axis first with batchFirst', () => {
    const y = create({ batchFirst: true }).forward(ones([3, 5, 7]));
    expect([...y.data].map((v) => Number(v > 0))).toEqual(
      [...y.data].map((_, i) => kept[Math.floor(i / 35) * 7 + (i % 7)]),
    );
  });

  it('refuses a different batch size until reset, and other ranks', () => {
    const layer = create();
    layer.forward(tensor([2, 3, 4]));
    refuses(
      () => layer.forward(tensor([2, 4, 4])),
      RangeError,
      'x.shape has to be of batch 3 and features 4 until reset(), but got [2,4,4]',
    );
    for (const shape of [
      [2, 3, 5],
      [2, 4, 3],
      [3, 2, 4],
    ])
      refuses(
        () => layer.forward(tensor(shape)),
        RangeError,
        `x.shape has to be of batch 3 and features 4 until reset(), but got [${shape}]`,
      );
    const batchFirst = create({ batchFirst: true });
    batchFirst.forward(tensor([2, 3, 4]));
    batchFirst.forward(tensor([2, 7, 4]));
    refuses(() => batchFirst.forward(tensor([3, 3, 4])), RangeError, 'of batch 2 and features 4 until reset()');
    refuses(() => batchFirst.forward(tensor([2, 3, 5])), RangeError, 'of batch 2 and features 4 until reset()');
    expect([layer.generator.position, batchFirst.generator.position]).toEqual([1, 1]);
    layer.reset();
    layer.forward(tensor([2, 4, 4]));
    refuses(
      () => layer.forward(tensor([2, 4])),
      RangeError,
      'x.shape has to be [time, batch, features], but got [2,4]',
    );
    refuses(
      () => create({ batchFirst: true }).forward(tensor([2, 4])),
      RangeError,
      'x.shape has to be [batch, time, features], but got [2,4]',
    );
    expect(layer.eval().forward(tensor([9, 9, 9])).shape).toEqual([9, 9, 9]);
  });

  it('is stored with the mask in use', () => {
    const layer = create();
    const x = tensor([2, 3, 4]);
    const y = layer.forward(x);
    const restored = LockedDropout.fromJSON(JSON.parse(JSON.stringify(layer)));
    expect(restored.forward(x)).toEqual(y);
    restored.reset();
    layer.reset();
    expect(restored.forward(x)).toEqual(layer.forward(x));
  });

  it('draws a new mask after manualSeed has started its stream over', () => {
    const x = ones([5, 3, 7]);
    manualSeed(3);
    const [first, second] = [new LockedDropout(p), new LockedDropout(p)];
    const before = first.forward(x);
    manualSeed(3);
    second.forward(x);
    expect(first.toJSON().lock).toBe(undefined);
    const after = first.forward(x);
    expect(first.key).not.toBe(second.key);
    expect(after).not.toEqual(before);
    expect(first.forward(x)).toEqual(after);
    const seeded = create();
    const locked = seeded.forward(x);
    manualSeed(4);
    expect(seeded.forward(x)).toEqual(locked);
  });

  it('refuses an invalid stored mask', () => {
    const layer = create();
    layer.forward(tensor([2, 3, 4]));
    const json = layer.toJSON();
    const lock = json.lock as object;
    refuses(() => LockedDropout.fromJSON({ ...json, lock: { ...lock, batch: -1 } }), RangeError, /^lock\.batch/);
    const restore = (change: object) => () => LockedDropout.fromJSON({ ...json, lock: { ...lock, ...change } });
    refuses(restore({ features: 0.5 }), RangeError, /^lock\.features/);
    for (const name of ['batch', 'features'])
      refuses(restore({ [name]: '3' }), TypeError, new RegExp(`^lock\\.${name}`));
    for (const key of [true, 5n, undefined])
      refuses(restore({ key }), TypeError, /^lock\.key has to be a string of hex digits, but got /);
    for (const key of ['zz', '1f', '0x1ffffffffffffffff', `0x${'f'.repeat(1e6)}`])
      refuses(restore({ key }), RangeError, /^lock\.key/);
    refuses(restore({ time: 1 }), TypeError, 'unknown option "time": the options are key, batch, features');
    for (const bad of [null, 5, [1]])
      refuses(() => LockedDropout.fromJSON({ ...json, lock: bad }), TypeError, /^lock has to be an object/);
  });
});

/** The layer `DropPath`. */
import { describe, expect, it } from 'vitest';
import { tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { refuses } from '../../support/expect.js';

describe.each(packages)('DropPath on %s', (_, { DropPath, Generator, mask }) => {
  const p = 0.4;

  it.each([true, false])('drops whole samples, scaleByKeep: %s', (scaleByKeep) => {
    const x = tensor([50, 3, 2]);
    const kept = mask(50, { p, key: new Generator(42).next() });
    const layer = new DropPath(p, { scaleByKeep, seed: 42 });
    const scale = scaleByKeep ? Math.fround(1 / (1 - p)) : 1;
    expect([...layer.forward(x).data]).toEqual(
      [...x.data].map((v, i) => (kept[Math.floor(i / 6)] ? Math.fround(v * scale) : 0)),
    );
  });

  it('refuses a scalar, and an option of the wrong type', () => {
    const scalar = { data: Float32Array.of(1), shape: [] };
    refuses(() => new DropPath(p).forward(scalar), RangeError, 'x.shape has to be [batch, …], but got []');
    refuses(() => new DropPath(p, { scaleByKeep: 1 as never }), TypeError, /^scaleByKeep has to be a boolean/);
  });
});

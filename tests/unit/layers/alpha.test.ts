/** The layer `AlphaDropout`. `FeatureAlphaDropout` is in channels.test.ts. */
import { describe, expect, it } from 'vitest';
import { tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';

describe.each(packages)('AlphaDropout on %s', (_, { AlphaDropout, Generator, alphaDropout, applyMask }) => {
  const x = tensor([40]).data;

  it('is alphaDropout with the key that it draws', () => {
    const layer = new AlphaDropout(0.4, { seed: 42 });
    expect(layer.forward(x)).toEqual(alphaDropout(x, { p: 0.4, key: new Generator(42).next() }));
  });

  it('has a gradient that applyMask computes from its mask', () => {
    const layer = new AlphaDropout(0.4, { seed: 42 });
    layer.forward(x);
    expect(applyMask(x, layer.mask(), { layer, gradient: true })).toEqual(layer.backward(x));
  });
});

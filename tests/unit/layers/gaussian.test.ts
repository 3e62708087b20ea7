/** The layers `GaussianDropout` and `GaussianNoise`. */
import { describe, expect, it } from 'vitest';
import { tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { refuses } from '../../support/expect.js';

describe.each(packages)('on %s', (_, pkg) => {
  const { GaussianDropout, GaussianNoise, Generator, gaussianDropout, gaussianNoise } = pkg;
  const seeded = () => ({ seed: 42 });
  const key = new Generator(42).next();
  const x = tensor([40]).data;

  it('GaussianDropout is gaussianDropout with the key that it draws', () => {
    const layer = new GaussianDropout(0.4, seeded());
    expect(layer.forward(x)).toEqual(gaussianDropout(x, { p: 0.4, key }));
    expect(layer.backward(x)).toEqual(gaussianDropout(x, { p: 0.4, key }));
  });

  it('GaussianNoise is gaussianNoise with the key that it draws, and passes its gradient on', () => {
    const layer = new GaussianNoise(0.4, seeded());
    expect(layer.forward(x)).toEqual(gaussianNoise(x, { stddev: 0.4, key }));
    expect(layer.backward(x)).toEqual(x);
  });

  it.each([0.5, 1, 2.5, 1e6])('GaussianNoise draws a key for each forward, stddev = %d', (stddev) => {
    const layer = new GaussianNoise(stddev, seeded());
    for (let call = 0; call < 3; call++) {
      const key = new Generator(42).keyAt(call);
      expect(layer.forward(x)).toEqual(gaussianNoise(x, { stddev, key }));
      expect([layer.key, layer.generator.position]).toEqual([key, call + 1]);
    }
  });

  it('GaussianNoise refuses a deviation that is not a number', () => {
    refuses(() => new GaussianNoise('1' as never), TypeError, /^stddev has to be a finite number/);
  });
});

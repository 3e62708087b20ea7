/** The layers that drop whole channels: `Dropout1d`, `Dropout2d`, `Dropout3d` and `FeatureAlphaDropout`. */
import { describe, expect, it } from 'vitest';
import { tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { refuses } from '../../support/expect.js';

describe.each(packages)('on %s', (_, pkg) => {
  const { Generator, alphaDropout, dropout } = pkg;
  const key = new Generator(42).next();
  const p = 0.4;
  const seeded = () => ({ seed: 42 });

  describe.each([
    ['Dropout1d', ['length'], [5]],
    ['Dropout2d', ['height', 'width'], [5, 3]],
    ['Dropout3d', ['depth', 'height', 'width'], [2, 5, 3]],
  ] as const)('%s', (name, axes, spatial) => {
    const Layer = pkg[name];

    it.each(['first', 'last'] as const)('draws once for each channel of each sample, channels %s', (channels) => {
      const shared = spatial.map(() => 1);
      for (const batch of [[], [4]]) {
        const shape = channels === 'first' ? [...batch, 6, ...spatial] : [...batch, ...spatial, 6];
        const noiseShape = channels === 'first' ? [...batch, 6, ...shared] : [...batch, ...shared, 6];
        const x = tensor(shape);
        expect(new Layer(p, { channels, ...seeded() }).forward(x)).toEqual(dropout(x, { p, key, noiseShape }));
      }
    });

    it.each(['first', 'last'] as const)('names the ranks that it takes, channels %s', (channels) => {
      const layer = new Layer(p, { channels, ...seeded() });
      const names = (channels === 'first' ? ['channels', ...axes] : [...axes, 'channels']).join(', ');
      for (const shape of [[24], [2, 2, ...spatial, 2, 2]])
        for (const training of [true, false])
          refuses(
            () => layer.train(training).forward(tensor(shape)),
            RangeError,
            `x.shape has to be [batch, ${names}] or [${names}], but got [${shape}]`,
          );
      refuses(
        () => layer.forward(new Float32Array(24)),
        TypeError,
        'x has to be { data, shape }, but got Float32Array',
      );
      expect(layer.generator.position).toBe(0);
    });

    it('refuses an unknown `channels`', () => {
      refuses(
        () => new Layer(p, { channels: 'middle' as never }),
        RangeError,
        'channels has to be "first" or "last", but got "middle"',
      );
    });
  });

  describe('FeatureAlphaDropout', () => {
    it.each([[[3, 4]], [[3, 4, 5]], [[3, 4, 2, 2, 2]]])('drops channels of shape %j', (shape) => {
      const x = tensor(shape);
      const noiseShape = [3, 4, ...shape.slice(2).map(() => 1)];
      const layer = new pkg.FeatureAlphaDropout(p, seeded());
      expect(layer.forward(x)).toEqual(alphaDropout(x, { p, key, noiseShape }));
    });

    it('names the ranks that it takes', () => {
      refuses(
        () => new pkg.FeatureAlphaDropout(p, seeded()).forward(tensor([4])),
        RangeError,
        'x.shape has to be [batch, channels, …] of rank 2 or more, but got [4]',
      );
    });
  });
});

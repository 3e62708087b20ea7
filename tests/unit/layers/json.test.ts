/** Lists of layers as JSON, and invalid JSON. */
import { describe, expect, it } from 'vitest';
import type { Layer } from '../../../src/index.js';
import { tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { tensorDigest } from '../../support/bits.js';
import { refuses } from '../../support/expect.js';
import { layersOf } from '../../support/layers.js';

describe.each(packages)('on %s', (_, pkg) => {
  const { Dropout, GaussianNoise, Generator, layersFromJSON, layersToJSON } = pkg;
  const generator = new Generator(1);

  describe('layersToJSON and layersFromJSON', () => {
    it('restore every layer, with the generators that layers shared', () => {
      const shared = new Generator(7, 3);
      const own = shared.fork('head');
      const cases = layersOf(pkg);
      const layers = cases.map(([, , create], i) => create(pkg, 0.3, { generator: i % 3 ? shared : own }));
      const draw = (layers: Layer[]) => layers.map((layer, i) => tensorDigest(layer.forward(tensor(cases[i]![1]))));
      draw(layers);
      const restored = layersFromJSON(JSON.parse(JSON.stringify(layersToJSON(layers))));
      expect(restored.map((layer) => layer.constructor)).toEqual(layers.map((layer) => layer.constructor));
      expect(new Set(restored.map(({ generator }) => generator)).size).toBe(2);
      expect(draw(restored)).toEqual(draw(layers));
      expect(restored[1]!.generator.position).toBe(shared.position);
    });

    it('refuse an unknown generator and an unknown type', () => {
      const json = { ...new Dropout(0.5, { generator }).toJSON(), generator: 0 };
      refuses(
        () => layersFromJSON({ generators: [], layers: [json] }),
        TypeError,
        'generator has to be the place of one in generators',
      );
      refuses(
        () => layersFromJSON({ generators: [generator.toJSON()], layers: [{ ...json, type: 'Zoneout' }] }),
        TypeError,
        /^type has to be one of Dropout, .*, but got "Zoneout"$/,
      );
    });

    it('refuse values that are not lists of layers', () => {
      for (const bad of [null, {}, { generators: [], layers: null }, { generators: [], layers: [null] }])
        refuses(() => layersFromJSON(bad as never), TypeError, /has to be/);
      for (const bad of [null, [5]])
        refuses(() => layersToJSON(bad as never), TypeError, 'layers has to be an array of layers');
    });
  });

  it.each<[string, unknown, string]>([
    ['p', undefined, 'p has to be a number, but got undefined'],
    ['training', 'no', 'training has to be a boolean'],
    ['generator', null, 'generator has to be an object, but got null'],
    ['generator', { seed: 'zz', position: 0 }, 'seed has to be a whole number in a string, but got "zz"'],
    ['noiseShape', 0, 'noiseShape has to be an array, but got 0'],
  ])('fromJSON names the invalid field, %s: %j', (field, value, message) => {
    const json = new Dropout(0.5, { generator }).toJSON();
    refuses(() => Dropout.fromJSON({ ...json, [field]: value }), TypeError, message);
  });

  it('fromJSON does not accept p in place of stddev', () => {
    const json = new GaussianNoise(0.5, { generator }).toJSON();
    refuses(() => GaussianNoise.fromJSON({ ...json, stddev: undefined, p: 1 }), TypeError, 'stddev has to be a number');
  });
});

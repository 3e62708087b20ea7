/** Calls whose results have to agree. */
import fc from 'fast-check';
import { lengths } from '../../support/arbitraries.js';
import { size } from '../../support/arrays.js';
import { arrayText, inputs, layouts, optionsText } from './arrays.js';
import { draws, parts, partText } from './functions.js';
import { kind } from './program.js';

export const pieces = kind(
  'pieces',
  2,
  fc.record({ n: lengths, cut: fc.nat(9000), draws, layout: layouts }),
  ({ n, cut, draws: { p, key, offset }, layout }, model) => {
    const x = `x${model.names}`;
    const at = cut % (n + 1);
    const from = offset % 2 ** 52;
    const dropped = (x: string, offset: number) => `dropout(${x}, { p: ${p}, key: ${key}, offset: ${offset} })`;
    return {
      setup: [`const ${x} = ${arrayText({ ...layout, places: ['plain'], skews: [0] }, 0, n)}`],
      call: `same(${dropped(x, from)}.subarray(${at}), ${dropped(`${x}.subarray(${at})`, from + at)})`,
      is: true,
    };
  },
);

export const backwardOfFused = kind(
  'backward of fused',
  1,
  fc.record({ features: fc.integer({ min: 1, max: 70 }), rows: fc.nat(40), draws, layout: layouts }),
  ({ features, rows, draws: { p, key, offset }, layout }, model) => {
    const x = `x${model.names}`;
    const options = { p: `${p}`, key, offset: `${offset}` };
    const backward = `biasDropoutResidualBackward(${x}, ${optionsText({ ...options, features: `${features}` })})`;
    return {
      setup: [`const ${x} = ${arrayText({ ...layout, places: ['plain'], skews: [0] }, 0, rows * features)}`],
      call: `same(${backward}.dx, dropout(${x}, ${optionsText(options)}))`,
      is: true,
    };
  },
);

export const maskOfDropout = kind(
  'mask of dropout',
  2,
  fc.record({ input: inputs, draws, part: parts }),
  ({ input, draws, part }) => {
    const n = size(input.shape);
    const options = optionsText({
      p: `${draws.p}`,
      key: draws.key,
      ...partText({ ...part, noise: part.noise === 'none' ? 'none' : 'shared' }, input, draws, true),
    });
    const shape = JSON.stringify(input.shape);
    const ones = `{ data: new Float32Array(${n}).fill(1), shape: ${shape} }`;
    return {
      call: `same(mask(${shape}, ${options}), dropout(${ones}, ${options}).data.map(Math.sign))`,
      is: true,
    };
  },
);

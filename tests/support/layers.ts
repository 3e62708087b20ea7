/** Every layer, for the suites that run over all of them, in vitest and in other runtimes. */
import type * as dropoutWasm from '../../src/index.js';
import type { Layer, LayerOptions } from '../../src/index.js';

type Make = (make: typeof dropoutWasm, p: number, options: LayerOptions) => Layer;

/** Every layer with a mask, on a shape that it takes. */
export const MASKED: [string, readonly number[], Make][] = [
  ['Dropout', [6, 35], (make, p, options) => new make.Dropout(p, options)],
  [
    'Dropout with noiseShape',
    [6, 5, 7],
    (make, p, options) => new make.Dropout(p, { ...options, noiseShape: [null, 1, 7] }),
  ],
  ['Dropout1d', [8, 24, 9], (make, p, options) => new make.Dropout1d(p, options)],
  ['Dropout2d', [8, 24, 5, 7], (make, p, options) => new make.Dropout2d(p, options)],
  [
    'Dropout2d, channels last',
    [8, 5, 7, 24],
    (make, p, options) => new make.Dropout2d(p, { ...options, channels: 'last' }),
  ],
  ['Dropout3d', [4, 24, 2, 3, 4], (make, p, options) => new make.Dropout3d(p, options)],
  ['AlphaDropout', [6, 35], (make, p, options) => new make.AlphaDropout(p, options)],
  ['FeatureAlphaDropout', [8, 24, 5], (make, p, options) => new make.FeatureAlphaDropout(p, options)],
  ['DropPath', [40, 9], (make, p, options) => new make.DropPath(p, options)],
  ['DropPath, unscaled', [40, 9], (make, p, options) => new make.DropPath(p, { ...options, scaleByKeep: false })],
  ['DropBlock2d', [2, 3, 9, 8], (make, p, options) => new make.DropBlock2d(p, { ...options, blockSize: 3 })],
  ['LockedDropout', [5, 4, 40], (make, p, options) => new make.LockedDropout(p, options)],
  [
    'LockedDropout, batch first',
    [4, 5, 40],
    (make, p, options) => new make.LockedDropout(p, { ...options, batchFirst: true }),
  ],
];

export const LAYERS: [string, readonly number[], Make][] = [
  ...MASKED,
  ['GaussianDropout', [6, 35], (make, p, options) => new make.GaussianDropout(p, options)],
  ['GaussianNoise', [6, 35], (make, p, options) => new make.GaussianNoise(p, options)],
];

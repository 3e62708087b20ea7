/**
 * Every layer of the package, for the suites that run over all of them. A new layer is picked up automatically from its
 * export, and runs on DEFAULT_SHAPE without options. If it needs another shape or has variants, add it to CASES. It
 * imports neither Node nor vitest.
 */
import type { Layer, LayerOptions, MaskLayer } from '../../src/index.js';

export type Package = typeof import('../../src/index.js');

export type CreateLayer<L extends Layer = Layer> = (pkg: Package, p: number, options: LayerOptions) => L;

/** The name begins with the layer's class. The shape is one that the layer takes. */
export type LayerCase<L extends Layer = Layer> = [name: string, shape: readonly number[], create: CreateLayer<L>];

const DEFAULT_SHAPE = [8, 24, 5];

/** The golden digests of tests/runtimes depend on their order. */
const CASES: [name: string, shape: readonly number[], options?: object][] = [
  ['Dropout', [6, 35]],
  ['Dropout with noiseShape', [6, 5, 7], { noiseShape: [null, 1, 7] }],
  ['Dropout1d', [8, 24, 9]],
  ['Dropout2d', [8, 24, 5, 7]],
  ['Dropout2d, channels last', [8, 5, 7, 24], { channels: 'last' }],
  ['Dropout3d', [4, 24, 2, 3, 4]],
  ['AlphaDropout', [6, 35]],
  ['FeatureAlphaDropout', [8, 24, 5]],
  ['DropPath', [40, 9]],
  ['DropPath, unscaled', [40, 9], { scaleByKeep: false }],
  ['DropBlock2d', [2, 3, 9, 8], { blockSize: 3 }],
  ['LockedDropout', [5, 4, 40]],
  ['LockedDropout, batch first', [4, 5, 40], { batchFirst: true }],
  ['GaussianDropout', [6, 35]],
  ['GaussianNoise', [6, 35]],
];

type LayerClass = new (amount: number, options: object) => Layer;

/** The names of the layer classes that the package exports. */
export const layerNames = (pkg: Package): string[] =>
  Object.entries(pkg).flatMap(([name, value]) =>
    typeof value === 'function' && 'parameter' in value && 'fromJSON' in value ? [name] : [],
  );

/** The class that the name of a case begins with. */
export const classNameOf = (name: string): string => name.match(/^\w+/)![0];

const classOf = (pkg: Package, name: string): LayerClass => pkg[classNameOf(name) as keyof Package] as never;

/** A case for every layer, and for its variants. */
export function layersOf(pkg: Package): LayerCase[] {
  const known = new Set(CASES.map(([name]) => classNameOf(name)));
  const others = layerNames(pkg).filter((name) => !known.has(name));
  return [...CASES, ...others.map((name): [string, number[]] => [name, DEFAULT_SHAPE])].map(([name, shape, own]) => [
    name,
    shape,
    (pkg, p, options) => new (classOf(pkg, name))(p, { ...options, ...own }),
  ]);
}

/** The cases of the layers that have a mask. */
export const maskedLayersOf = (pkg: Package): LayerCase<MaskLayer>[] =>
  layersOf(pkg).filter(([name]) => 'mask' in classOf(pkg, name).prototype) as LayerCase<MaskLayer>[];

/**
 * Every layer of the package, for the exports of `dropout-wasm` and for restoring from JSON. Add new layers here.
 * @module
 */
import { checkOptions, wrongType } from '../core/check.js';
import { Generator, type GeneratorJSON } from '../generator.js';
import { Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout } from './channels.js';
import { DropBlock2d } from './drop-block.js';
import { DropPath } from './drop-path.js';
import { AlphaDropout, Dropout } from './dropout.js';
import { GaussianDropout, GaussianNoise } from './gaussian.js';
import { Layer, type LayerJSON } from './layer.js';
import { LockedDropout } from './locked.js';

export type { ChannelOptions } from './channels.js';
export type { DropBlockLayerOptions } from './drop-block.js';
export type { DropPathOptions } from './drop-path.js';
export type { DropoutLayerOptions } from './dropout.js';
export type { ForwardOptions, Layer, LayerJSON, LayerOptions } from './layer.js';
export type { LockedDropoutOptions } from './locked.js';
export type { MaskLayer } from './mask-layer.js';

export {
  AlphaDropout,
  DropBlock2d,
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  DropPath,
  FeatureAlphaDropout,
  GaussianDropout,
  GaussianNoise,
  LockedDropout,
};

// An array, not a namespace import: bundlers cannot tree-shake a namespace that is enumerated.
const CLASSES = [
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  AlphaDropout,
  FeatureAlphaDropout,
  GaussianDropout,
  GaussianNoise,
  DropPath,
  DropBlock2d,
  LockedDropout,
];

/** Layers as `layersToJSON` returns them. Each names its generator by its index in `generators`. */
export interface LayersJSON {
  /** The generators, each once. */
  generators: GeneratorJSON[];
  /** The layers, in the order in which they were passed. */
  layers: (Omit<LayerJSON, 'generator'> & { generator: number })[];
}

/**
 * Stores layers together with the generators that they share, each generator once.
 *
 * @throws TypeError unless layers is an array of layers
 * @example
 * const stored = JSON.stringify(layersToJSON([conv.dropout, head.dropout]));
 * const [first, second] = layersFromJSON(JSON.parse(stored)); // they continue with the next masks
 */
export function layersToJSON(layers: readonly Layer[]): LayersJSON {
  if (!Array.isArray(layers) || !layers.every((layer) => layer instanceof Layer))
    throw wrongType('layers', 'an array of layers', layers);
  const generators = [...new Set(layers.map(({ generator }) => generator))];
  return {
    generators: generators.map((generator) => generator.toJSON()),
    layers: layers.map((layer) => ({ ...layer.toJSON(), generator: generators.indexOf(layer.generator) })),
  };
}

/**
 * Restores layers from the output of `layersToJSON`. They share generators as the originals did. Layers that drew from
 * the default generator share a new one with its stored state.
 *
 * @throws TypeError, RangeError unless json is from `layersToJSON`
 * @example
 * const layers = layersFromJSON(JSON.parse(stored));
 */
export function layersFromJSON(json: LayersJSON): Layer[] {
  const { generators, layers } = checkOptions(json, 'json');
  if (!Array.isArray(generators)) throw wrongType('generators', 'an array', generators);
  if (!Array.isArray(layers)) throw wrongType('layers', 'an array', layers);
  const sources = generators.map((json) => Generator.fromJSON(json));
  return layers.map((json) => layerFromJSON(json as unknown as LayerJSON, sources[json?.generator]));
}

function layerFromJSON(json: LayerJSON, generator: Generator | undefined): Layer {
  const found = CLASSES.find(({ type }) => type === json?.type);
  if (!found) throw wrongType('type', `one of ${CLASSES.map(({ type }) => type).join(', ')}`, json?.type);
  if (!generator) throw wrongType('generator', 'the place of one in generators', json.generator);
  return (found.fromJSON as (json: LayerJSON, generator: Generator) => Layer).call(found, json, generator);
}

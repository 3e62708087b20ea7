/**
 * Storing and restoring the layers of a whole model.
 * @module
 */
import { given, wrongType } from '../core/check.js';
import { Generator, type GeneratorJSON } from '../generator.js';
import { AlphaDropout } from './alpha.js';
import { Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout } from './channels.js';
import { DropBlock2d } from './drop-block.js';
import { DropPath } from './drop-path.js';
import { Dropout } from './dropout.js';
import { GaussianDropout, GaussianNoise } from './gaussian.js';
import { Layer, type LayerJSON } from './layer.js';
import { LockedDropout } from './locked.js';

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

/** Layers as `layersToJSON` writes them: each names its generator by its place in the list of them. */
export interface LayersJSON {
  generators: GeneratorJSON[];
  layers: (Omit<LayerJSON, 'generator'> & { generator: number })[];
}

/**
 * Writes down layers with the generators that they share, each once.
 *
 * @example
 * const stored = JSON.stringify(layersToJSON([conv.dropout, head.dropout]));
 * const [first, second] = layersFromJSON(JSON.parse(stored)); // go on with the masks that come next
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
 * The layers that `layersToJSON` wrote down, which share generators as the originals did. Those that drew from the
 * default generator share one in its stored state.
 * @throws TypeError, RangeError if json is not of layers
 */
export function layersFromJSON(json: LayersJSON): Layer[] {
  const { generators, layers } = given(json, 'json');
  if (!Array.isArray(generators)) throw wrongType('generators', 'an array', generators);
  if (!Array.isArray(layers)) throw wrongType('layers', 'an array', layers);
  const sources = generators.map((json) => Generator.fromJSON(json));
  return layers.map((json) => layerFromJSON(json as unknown as LayerJSON, sources[json?.generator]));
}

/** The layer of any class that `toJSON` wrote down. */
function layerFromJSON(json: LayerJSON, generator: Generator | undefined): Layer {
  const found = CLASSES.find(({ type }) => type === json?.type);
  if (!found) throw wrongType('type', `one of ${CLASSES.map(({ type }) => type).join(', ')}`, json?.type);
  if (!generator) throw wrongType('generator', 'the place of one in generators', json.generator);
  return (found.fromJSON as (json: LayerJSON, generator: Generator) => Layer).call(found, json, generator);
}

/**
 * Every layer of the package, for the exports of `dropout-wasm` and for restoring from JSON. Add new layers here.
 * @module
 */
import { checkBoolean, checkOptions, checkWord, isOptions, wrongType } from '../core/check.js';
import { Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout } from './channels.js';
import { DropBlock2d } from './drop-block.js';
import { DropPath } from './drop-path.js';
import { AlphaDropout, Dropout } from './dropout.js';
import { GaussianDropout, GaussianNoise } from './gaussian.js';
import { checkLayers, type Layer, type LayerJSON, restore } from './layer.js';
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

/** Layers as `layersToJSON` returns them. */
export interface LayersJSON {
  /** The layers, in the order in which they were passed, each with its own stream. */
  layers: LayerJSON[];
}

/**
 * Stores layers. Each has a stream of its own, so storing them one by one does as well.
 *
 * @throws TypeError unless layers is an array of layers
 * @example
 * import { Dropout, DropPath, layersToJSON } from 'dropout-wasm';
 *
 * const json = layersToJSON([new Dropout(0.5, { seed: 1 }), new DropPath(0.1, { seed: 2 })]);
 * console.log(json.layers.map(({ type }) => type)); // [ 'Dropout', 'DropPath' ]
 */
export function layersToJSON(layers: readonly Layer[]): LayersJSON {
  return { layers: checkLayers(layers).map((layer) => layer.toJSON()) };
}

/**
 * Restores layers from the output of `layersToJSON`. They draw the masks that the originals would have drawn next.
 *
 * @throws TypeError, RangeError unless json is from `layersToJSON`; Error if it is from version 0.1.0
 * @example
 * import { Dropout, layersFromJSON, layersToJSON } from 'dropout-wasm';
 *
 * const layer = new Dropout(0.5, { seed: 42 });
 * const stored = JSON.stringify(layersToJSON([layer]));
 * const [restored] = layersFromJSON(JSON.parse(stored));
 * const x = Float32Array.of(1, 2, 3, 4);
 * console.log(layer.forward(x)); // Float32Array(4) [ 2, 0, 0, 8 ]
 * console.log(restored.forward(x)); // Float32Array(4) [ 2, 0, 0, 8 ]
 */
export function layersFromJSON(json: LayersJSON): Layer[] {
  if (isOptions(json) && 'generators' in json)
    throw new Error(
      'json is from layersToJSON of dropout-wasm 0.1.0, whose layers shared generators: restore it with that version',
    );
  const { layers } = checkOptions(json, ['layers'], 'json');
  if (!Array.isArray(layers)) throw wrongType('layers', 'an array', layers);
  const types = CLASSES.map(({ type }) => type);
  // Not `map`, which skips holes.
  return Array.from(layers as (LayerJSON | undefined)[], (json) => {
    const type = json?.type as string;
    checkWord(type, 'type', types);
    return restore(CLASSES.find((found) => found.type === type) as never, json!);
  });
}

/**
 * Switches every layer of a list to training mode, or to evaluation if mode is false.
 *
 * @param mode true for training, false for evaluation
 * @throws TypeError unless layers is an array of layers and mode a boolean, before any layer is switched
 * @example
 * import { Dropout, setTraining } from 'dropout-wasm';
 *
 * const layers = [new Dropout(0.5), new Dropout(0.2)];
 * setTraining(layers, false);
 * console.log(layers.map(({ training }) => training)); // [ false, false ]
 */
export function setTraining(layers: readonly Layer[], mode: boolean): void {
  checkLayers(layers);
  checkBoolean(mode, 'mode');
  for (const layer of layers) layer.train(mode);
}

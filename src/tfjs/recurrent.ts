/**
 * Reproducible dropout in TensorFlow.js's recurrent layers, whose own has no seed.
 * @module
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import type { Generator, GeneratorJSON } from 'dropout-wasm';
import { drawFrom } from './ops.js';
import {
  brandOf,
  checkOptions,
  checkProbability,
  storedStream,
  streamFor,
  tf,
  wrongType,
  wrongValue,
} from './shared.js';
import { checkTensor } from './tensors.js';

/** Options of `recurrentDropout`. Null counts as not given. */
export interface RecurrentDropoutOptions {
  /** Seed of the stream: a bigint from 0 to 2^64 − 1 or an integer from 0 to 2^53. */
  seed?: number | bigint | null | undefined;
  /**
   * Instead of `seed`: a generator whose next child becomes the stream, or the stored state of the stream itself. By
   * default the stream is a child of the default generator, which `manualSeed` reseeds.
   */
  generator?: Generator | GeneratorJSON | null | undefined;
}

/** Options of `setRecurrentDropout`. Null counts as not given. */
export interface SetRecurrentDropoutOptions {
  /** Each cell gets a child of the generator of this seed: a bigint from 0 to 2^64 − 1 or an integer from 0 to 2^53. */
  seed?: number | bigint | null | undefined;
  /**
   * Instead of `seed`: a generator whose next children become the streams, or their stored states, one for each cell.
   * By default the streams are children of the default generator, which `manualSeed` reseeds.
   */
  generator?: Generator | GeneratorJSON | readonly GeneratorJSON[] | null | undefined;
}

/** A function for the argument `dropoutFunc` of a recurrent layer. */
export interface RecurrentDropout {
  /** @throws TypeError unless ones is a float32 tensor; RangeError unless rate is between 0 and 1 */
  (ones: Tensor, rate: number): Tensor;
  /** The stream of the masks. `JSON.stringify` stores its state. */
  readonly generator: Generator;
}

/** What all recurrent cells of TF.js have. */
export interface Cell {
  dropout: number;
  recurrentDropout: number;
  dropoutFunc: unknown;
  dropoutMask: Tensor | Tensor[] | null;
  recurrentDropoutMask: Tensor | Tensor[] | null;
}

/** What wrappers, recurrent layers, models and stacked cells consist of. */
type Parts = Partial<
  Record<'forwardLayer' | 'backwardLayer' | 'layer' | 'cell', object> & Record<'layers' | 'cells', object[]>
>;

const NAMES = ['seed', 'generator'];

/**
 * Makes the function that LSTM, GRU, SimpleRNN, ConvLSTM2D and their cells take as `dropoutFunc`. It draws the masks of
 * their `dropout` and `recurrentDropout`, one key for each mask: an LSTM takes four for each of the two in a training
 * call, a GRU three, a SimpleRNN one. The masks are the same in every run and on every backend, which TF.js's own are not.
 *
 * A stored model contains no functions, and `bidirectional` drops that of its layer: use `setRecurrentDropout` for both.
 *
 * @throws TypeError, RangeError for an unknown option or a wrong seed or generator
 * @example
 * import '@tensorflow/tfjs-backend-cpu';
 * import { ones } from '@tensorflow/tfjs-core';
 * import { layers } from '@tensorflow/tfjs-layers';
 * import { recurrentDropout } from 'dropout-wasm/tfjs';
 *
 * const dropoutFunc = recurrentDropout({ seed: 42 });
 * const lstm = layers.lstm({ units: 2, dropout: 0.2, recurrentInitializer: 'zeros', dropoutFunc });
 * lstm.apply(ones([1, 3, 4]), { training: true });
 * const state = JSON.stringify(dropoutFunc.generator);
 * console.log(state); // {"seed":"0x2a","position":4,"children":0}
 * recurrentDropout({ generator: JSON.parse(state) }); // continues with the next mask
 */
export function recurrentDropout(options?: RecurrentDropoutOptions): RecurrentDropout {
  return functionOf(streamOf(checkOptions(options, NAMES)));
}

/**
 * Sets `recurrentDropout` on every recurrent cell of a model whose `dropout` or `recurrentDropout` is greater than 0,
 * nested models, wrappers and stacked cells included. Each cell gets a stream of its own. Masks that a cell still holds
 * are disposed of.
 *
 * @param model a model, such as a loaded one, or a single layer
 * @returns the streams of the cells, in the order of `model.layers`, since a model stores no stream of a recurrent layer:
 *   `JSON.stringify` stores them beside the model, and `{ generator: JSON.parse(…) }` lets the loaded model continue
 * @throws TypeError for a model without such a cell, and for anything else; RangeError unless there is a stored state
 *   for each cell
 * @example
 * import '@tensorflow/tfjs-backend-cpu';
 * import { layers, sequential } from '@tensorflow/tfjs-layers';
 * import { setRecurrentDropout } from 'dropout-wasm/tfjs';
 *
 * const model = sequential({
 *   layers: [layers.gru({ units: 2, dropout: 0.2, recurrentInitializer: 'zeros', inputShape: [3, 4] })],
 * });
 * const streams = setRecurrentDropout(model, { seed: 42 });
 * console.log(streams.length); // 1
 */
export function setRecurrentDropout(model: layers.Layer, options?: SetRecurrentDropoutOptions): Generator[] {
  const { seed, generator } = checkOptions(options, NAMES);
  const cells = [...new Set(cellsOf(model))].filter((cell) => cell.dropout > 0 || cell.recurrentDropout > 0);
  if (!cells.length) throw wrongType('model', 'one with recurrent dropout', model, 'lstm({ units, dropout: 0.2 })');
  // A seed is that of a parent.
  const source = seed == null ? generator : streamOf({ seed, generator: generator as Generator });
  const states = source == null || brandOf(source) === 'Generator' ? cells.map(() => source) : [source].flat();
  if (states.length !== cells.length)
    throw wrongValue('generator', `a state for each of ${cells.length} cells`, source);
  const streams = states.map((state) => streamOf({ generator: state as Generator }));
  for (const [i, cell] of cells.entries()) {
    disposeMasks(cell);
    cell.dropoutFunc = functionOf(streams[i]!);
  }
  return streams;
}

/** Disposes of the masks that a cell holds. */
export function disposeMasks(cell: Cell): void {
  for (const name of ['dropoutMask', 'recurrentDropoutMask'] as const) {
    tf.dispose(cell[name] ?? []);
    cell[name] = null;
  }
}

/** The stream of these options, by the rule of layers. */
const streamOf = ({ seed, generator }: RecurrentDropoutOptions): Generator =>
  (seed == null && storedStream(generator)) || streamFor(seed ?? undefined, (generator ?? undefined) as Generator);

function functionOf(generator: Generator): RecurrentDropout {
  const draw = (ones: Tensor, rate: number) => drawFrom(generator, checkTensor(ones), checkProbability(rate, 'rate'));
  return Object.assign(draw, { generator });
}

/** A layer and its parts, in order. TF.js runs copies of the layer that a bidirectional one was made from. */
export function partsOf(layer: object | undefined): object[] {
  if (Object(layer) !== layer) return [];
  const { forwardLayer, backwardLayer, layer: inner, cell, layers = [], cells = [] } = layer as Parts;
  const parts = [...(forwardLayer ? [forwardLayer, backwardLayer] : [inner, cell]), ...layers, ...cells];
  return [layer!, ...parts.flatMap(partsOf)];
}

/** The recurrent cells of a layer, in order. */
export const cellsOf = (layer: object): Cell[] => partsOf(layer).filter(isCell);

/** Whether a part of a model is a recurrent cell of TF.js. */
export const isCell = (part: object): part is Cell => 'dropoutFunc' in part;

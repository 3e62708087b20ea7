/**
 * Monte-Carlo dropout of TF.js models.
 * @module
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel, layers } from '@tensorflow/tfjs-layers';
import type { Layer } from 'dropout-wasm';
import { type Kind, type MonteCarloOptions, monteCarlo, type ResultOf } from 'dropout-wasm/monte-carlo';
import type { Broadcast } from '../core/shapes.js';
import type { FloatArray } from '../core/tensor.js';
import type { ElementwiseMap } from '../layers/maps.js';
import { builtinFor, callOf, delegateOf, override, type Patched } from './builtins.js';
import { elementwise } from './kernel.js';
import { modeOf, type RunOptions } from './layer.js';
import { drawFrom } from './ops.js';
import { type Cell, cellsOf, disposeMasks, isCell, partsOf } from './recurrent.js';
import { arrays, brandOf, checkOptions, checkWord, layerMap, tf, wrongType } from './shared.js';
import { checkFloats, checkTensor } from './tensors.js';

/**
 * Options of `monteCarloPredict`: those of `monteCarlo` but for `layers`, which are found in the model, and `masks`.
 */
export interface MonteCarloPredictOptions<K extends Kind = Kind> extends Omit<MonteCarloOptions<K>, 'layers'> {
  /**
   * 'each' (the default): each row of x, an index along its first axis, has its own masks and noise. 'shared': all rows
   * of a sample have the same, so a sample is one function of the inputs, and a row has the same bits in a run of its
   * own.
   */
  masks?: 'each' | 'shared';
}

/** Options of `monteCarloPredict.stream`. */
export interface PredictStreamOptions<K extends Kind = Kind> extends MonteCarloPredictOptions<K> {
  /** The number of samples from one partial result to the next, from 1. Default 1. The last result has all samples. */
  every?: number;
}

/** `monteCarloPredict`, and `monteCarloPredict.stream`. */
export interface MonteCarloPredict {
  /**
   * Runs `model.predict` for a number of samples with dropout and noise active, and returns the mean, variance and, for
   * classes, entropies: Monte-Carlo dropout (Gal and Ghahramani 2016). The active layers are those of this package,
   * TF.js's own Dropout, SpatialDropout1D, AlphaDropout, GaussianDropout and GaussianNoise, and the dropout of
   * recurrent cells, also in nested models and wrappers. A layer that was applied with `training: false` stays off.
   * Batch normalization and all other layers run as in `predict`, and afterwards the model is as before.
   *
   * Sample i depends only on i and the streams, so it can be recomputed by its number. A layer draws from
   * ``fork(`sample ${i}`)`` of its own stream. If the run has a seed or generator, layer k of the model's dropout and
   * noise layers draws from the same fork of that generator's child k instead. TF.js's own layers have the streams that
   * `replaceBuiltins` gives them.
   *
   * @param model a tf.LayersModel of one output, such as a Sequential
   * @param x what `model.predict` takes: a tensor, or an array with a tensor for each input. A sample is one batch of
   *   all rows, since another batch size would give other masks
   * @returns the statistics of all samples, in the shape of the model's output. Outputs of int32 and bool count as
   *   numbers
   * @throws (as a rejection) TypeError or RangeError that names the argument, before anything is drawn; TypeError
   *   unless the model has one output and a dropout or noise layer that is on; what `monteCarlo` rejects with; what
   *   `predict` throws
   * @example
   * import '@tensorflow/tfjs-backend-cpu';
   * import { ones } from '@tensorflow/tfjs-core';
   * import { sequential } from '@tensorflow/tfjs-layers';
   * import { Dropout, monteCarloPredict } from 'dropout-wasm/tfjs';
   *
   * const model = sequential({ layers: [new Dropout({ rate: 0.5, inputShape: [2] })] });
   * const { mean, std } = await monteCarloPredict(model, ones([1, 2]), { samples: 1000, seed: 42 });
   * console.log(Array.from(mean, Math.round), Array.from(std, Math.round)); // [ 1, 1 ] [ 1, 1 ]
   */
  <K extends Kind = 'values'>(
    model: LayersModel,
    x: Tensor | Tensor[],
    options: MonteCarloPredictOptions<K>,
  ): Promise<ResultOf<K>>;

  /**
   * Runs like `monteCarloPredict`, and yields a result of the samples so far after every `every` samples, and at the
   * end.
   *
   * @param model as for `monteCarloPredict`
   * @param x as for `monteCarloPredict`
   * @throws (as a rejection of `next()`) what `monteCarloPredict` rejects with
   * @example
   * import '@tensorflow/tfjs-backend-cpu';
   * import { ones } from '@tensorflow/tfjs-core';
   * import { sequential } from '@tensorflow/tfjs-layers';
   * import { Dropout, monteCarloPredict } from 'dropout-wasm/tfjs';
   *
   * const model = sequential({ layers: [new Dropout({ rate: 0.5, inputShape: [2] })] });
   * const counts = [];
   * const options = { samples: 100, every: 40, seed: 42 };
   * for await (const { count } of monteCarloPredict.stream(model, ones([1, 2]), options)) {
   *   counts.push(count); // in a page, also: await tf.nextFrame()
   * }
   * console.log(counts); // [ 40, 80, 100 ]
   */
  stream<K extends Kind = 'values'>(
    model: LayersModel,
    x: Tensor | Tensor[],
    options: PredictStreamOptions<K>,
  ): AsyncGenerator<ResultOf<K>, void>;
}

/** Runs a model with dropout active and returns statistics of its outputs. `.stream` also yields partial results. */
export const monteCarloPredict: MonteCarloPredict = /* @__PURE__ */ Object.assign(
  async <K extends Kind = 'values'>(
    model: LayersModel,
    x: Tensor | Tensor[],
    options: MonteCarloPredictOptions<K>,
  ): Promise<ResultOf<K>> => monteCarlo<K>(...argumentsFor(model, x, options, NAMES)),
  {
    async *stream<K extends Kind = 'values'>(
      model: LayersModel,
      x: Tensor | Tensor[],
      options: PredictStreamOptions<K>,
    ): AsyncGenerator<ResultOf<K>, void> {
      yield* monteCarlo.stream<K>(...argumentsFor(model, x, options, [...NAMES, 'every']));
    },
  },
);

const NAMES = ['samples', 'masks', 'from', 'seed', 'generator', 'kind', 'until', 'keep', 'signal', 'onSample'];

type Call = layers.Layer['call'];

/** A dropout or noise layer of the model, or a recurrent cell with dropout. */
interface RandomLayer {
  /** The layer for arrays that draws for it, which `monteCarlo` takes. */
  readonly source: Layer;
  /** Whether it is on, and its outputs differ between samples. */
  readonly isRandom: boolean;
  /** Makes it active until the returned function is called. */
  activate(): () => void;
}

/** The arguments of `monteCarlo`. @throws TypeError, RangeError that names the argument */
function argumentsFor<K extends Kind>(
  model: LayersModel,
  x: Tensor | Tensor[],
  options: MonteCarloPredictOptions<K>,
  names: string[],
) {
  const { layers, predict, executeAsync, outputs } = Object(model);
  if (!Array.isArray(layers) || !predict)
    throw wrongType(
      'model',
      'a tf.LayersModel',
      model,
      executeAsync && 'a graph model has no dropout left. Convert with --output_format tfjs_layers_model',
    );
  const { layers: given } = Object(options);
  if (given !== undefined) throw wrongType('layers', 'left out, since those of the model are found', given);
  const { masks = 'each', ...rest } = checkOptions(options, names);
  checkWord(masks, 'masks', ['each', 'shared']);
  const [first, ...others] = [x].flat();
  for (const each of [first, ...others]) checkTensor(each);
  const parts = [...new Set(partsOf(model))];
  const randomLayers = randomLayersOf(parts, masks === 'shared');
  if (!randomLayers.some(({ isRandom }) => isRandom))
    throw wrongType('model', 'one with a dropout or noise layer that is on', model, 'new Dropout({ rate: 0.5 })');
  if (outputs.length !== 1)
    throw wrongType('model', 'one of a single output', outputs.length, 'tf.model({ inputs, outputs: outputs[0] })');
  const run = async () => {
    const undos: (() => void)[] = [];
    let y: Tensor;
    try {
      for (const { activate } of randomLayers) undos.push(activate());
      for (const part of parts) undos.push(keepStates(part));
      y = model.predict(x, { batchSize: first!.shape[0]! }) as Tensor;
    } finally {
      // In reverse, since layers of one class change that class one after the other.
      for (const undo of undos.reverse()) undo();
    }
    try {
      const data = await y.data();
      // int32 and bool have arrays that monteCarlo refuses.
      return { data: data instanceof Float32Array ? data : Float64Array.from(data), shape: y.shape };
    } finally {
      y.dispose();
    }
  };
  return [run, { ...rest, layers: randomLayers.map(({ source }) => source) }] as const;
}

/** The layers that a run makes active, in the order of the model. */
function randomLayersOf(parts: object[], isShared: boolean): RandomLayer[] {
  // A cell has no node of its own: the layer around it has.
  const off = new Set<object>(parts.filter((part) => 'cell' in part && isOff(part)).flatMap(cellsOf));
  return parts.flatMap(
    (part) => (isCell(part) ? randomCell(part, off.has(part), isShared) : randomLayer(part, isShared)) ?? [],
  );
}

const isOff = (layer: object): boolean => modeOf(layer as layers.Layer) === false;

/** The layer for arrays in a layer of this package, with the members that are used here. All are protected. */
interface Delegate {
  readonly arrays: { readonly amount: number; needsKey(amount: number): boolean };
}

/** Undefined unless the layer is of this package, or one of TF.js's that this package replaces. */
function randomLayer(part: object, isShared: boolean): RandomLayer | undefined {
  const layer = part as Patched & Partial<Delegate>;
  // Of any copy of the package.
  const builtin = brandOf(layer.arrays) === 'Layer' ? undefined : builtinFor(layer);
  const { arrays: source = undefined } = (builtin ? delegateOf(layer, builtin.type) : layer) as Partial<Delegate>;
  return (
    source && {
      source: source as unknown as Layer,
      isRandom: !isOff(layer) && source.needsKey(source.amount),
      activate() {
        // The `call` of the class, since that of a derived class calls it.
        const undoClass = builtin && override(builtin.prototype, { call: callOf(builtin.type) });
        // Not a `call` of the layer of TF.js itself: the usual one keeps dropout on, with TF.js's draws.
        const { call } = builtin ? Object.getPrototypeOf(layer) : layer;
        const undo = override(layer, { call: active(layer, call, isShared ? sharedForward : undefined) });
        return () => {
          undo();
          undoClass?.();
        };
      },
    }
  );
}

/** A `call` with dropout active. */
const active =
  (layer: object, call: Call, forward?: RunOptions['forward']) =>
  (inputs: Tensor | Tensor[], kwargs: object): ReturnType<Call> =>
    call.call(layer as layers.Layer, inputs, { ...kwargs, training: true, forward });

/**
 * A layer for arrays for each recurrent cell, since `monteCarlo` takes layers. It has the stream, and draws nothing.
 */
const sources = /* @__PURE__ */ new WeakMap<Cell, Layer>();

/** Undefined for a cell without dropout. */
function randomCell(cell: Cell, isOff: boolean, isShared: boolean): RandomLayer | undefined {
  const { dropout, recurrentDropout, dropoutFunc } = cell;
  const rates = [dropout, recurrentDropout];
  if (isOff || !rates.some((rate) => rate > 0)) return undefined;
  const source = sources.get(cell) ?? new arrays.Dropout();
  sources.set(cell, source);
  const { generator } = Object(dropoutFunc);
  if (brandOf(generator) === 'Generator') source.restoreState({} as never, generator);
  const draw = (ones: Tensor, rate: number): Tensor =>
    drawFrom(source.generator, ones, rate, isShared ? ones.shape.map((_, axis) => (axis ? null : 1)) : undefined);
  return {
    source,
    isRandom: rates.some((rate) => rate > 0 && rate < 1),
    activate() {
      const { dropoutMask, recurrentDropoutMask } = cell;
      const undo = override(cell, { call: active(cell, (cell as never as layers.Layer).call), dropoutFunc: draw });
      Object.assign(cell, { dropoutMask: null, recurrentDropoutMask: null });
      return () => {
        undo();
        disposeMasks(cell);
        Object.assign(cell, { dropoutMask, recurrentDropoutMask });
      };
    },
  };
}

/** Gives a stateful recurrent layer a copy of its states, until the returned function is called. */
function keepStates(layer: { states_?: Tensor[] | null }): () => void {
  const { states_ } = layer;
  if (!states_) return () => {};
  layer.states_ = states_.map((state) => tf.keep(state.clone()));
  return () => {
    tf.dispose(layer.states_!);
    layer.states_ = states_;
  };
}

/** A training forward that draws masks and noise for one row, and uses them for all rows. */
function sharedForward(layer: Layer, x: Tensor): Tensor {
  const [rows = 1, ...rest] = checkFloats(x).shape;
  const shape = [1, ...rest];
  const row = { data: { length: rest.reduce((n, size) => n * size, 1) } as FloatArray, shape };
  const { noiseShape } = layer as arrays.Dropout;
  // A noise shape may begin with the number of rows, which is 1 here.
  const one =
    noiseShape?.length === x.rank
      ? (Object.create(layer, { noiseShape: { value: [1, ...noiseShape.slice(1)] } }) as Layer)
      : layer;
  const context = one.begin(row);
  const y = elementwise(x, repeated(layerMap(one, context), rows, row.data.length));
  one.finish(row, context);
  return y;
}

/** The draws of a row, for a number of rows. */
const sharedBy = (rows: number, { sizes, strides }: Broadcast): Broadcast => ({
  sizes: [1, rows, ...sizes],
  strides: [0, 0, ...strides],
});

/** The map of a row of n elements, repeated for a number of rows. */
function repeated(map: ElementwiseMap, rows: number, n: number): ElementwiseMap {
  return {
    write(x, out) {
      for (let at = 0; at < rows * n; at += n) map.write(x.subarray(at, at + n), out.subarray(at, at + n));
    },
    factors() {
      const factors = map.factors();
      if ('noise' in factors) {
        const noise = new Float32Array(rows * n);
        for (let at = 0; at < rows * n; at += n) noise.set(factors.noise, at);
        return { ...factors, noise };
      }
      const { draws, bits: rowBits } = factors;
      return {
        ...factors,
        bits() {
          const row = rowBits();
          const bits = new Uint8Array(Math.ceil((rows * n) / 8));
          for (let i = 0; i < rows * n; i++) {
            const from = i % n;
            bits[i >> 3]! |= ((row[from >> 3]! >> (from & 7)) & 1) << (i & 7);
          }
          return bits;
        },
        draws: draws && { ...draws, broadcast: sharedBy(rows, draws.broadcast ?? { sizes: [n, 1], strides: [1, 0] }) },
      };
    },
    gradient() {
      const gradient = map.gradient();
      return gradient && repeated(gradient, rows, n);
    },
  };
}

/**
 * The base classes of the TF.js layers: a layer of dropout-wasm runs on a tensor.
 * @module
 */
import type { serialization, Tensor } from '@tensorflow/tfjs-core';
import type { InputSpec } from '@tensorflow/tfjs-layers';
import type { Generator, GeneratorJSON, Layer } from 'dropout-wasm';
import { forward } from './kernel.js';
import {
  checkBoolean,
  checkNames,
  checkOptions,
  checkProbability,
  layers,
  SymbolicTensor,
  storedStream,
  tf,
  withoutNulls,
  wrongType,
} from './shared.js';
import { checkTensor } from './tensors.js';

/** Constructor arguments and stored configuration of every layer. Null counts as not given, as in stored models. */
export interface LayerArgs extends NonNullable<ConstructorParameters<typeof layers.Layer>[0]> {
  /** Seed of the layer's stream: a bigint from 0 to 2^64 − 1 or an integer from 0 to 2^53. */
  seed?: number | bigint | null | undefined;
  /**
   * Instead of `seed`: a generator whose next child becomes the layer's stream, or the stored state of the stream
   * itself, as in `getConfig()`. By default the stream is a child of the default generator, which `manualSeed` reseeds.
   */
  generator?: Generator | GeneratorJSON | null | undefined;
  /** Whether the layer is active in `predict` and `evaluate` too, for Monte-Carlo dropout. Default false. */
  always?: boolean | null | undefined;
}

/** Arguments of a layer with a drop probability. */
export interface RateArgs extends LayerArgs {
  /** Probability that an element is dropped, from 0 to 1. */
  rate: number;
}

/** A layer class of dropout-wasm. */
interface WrappedClass {
  readonly type: string;
  readonly parameter: 'p' | 'stddev';
  readonly options: object;
  readonly state: readonly string[];
  new (amount: number, options: object): Layer;
}

/** Options of `run`: those of TF.js's `call`, and more. */
export interface RunOptions {
  training?: boolean | null;
  /** Replaces the training forward, in a Monte-Carlo run with shared masks. */
  forward?: typeof forward;
}

/** The rank of x, which can be checked when a model is built. The batch axis is always present. */
export type Rank = ConstructorParameters<typeof InputSpec>[0];

export type Inputs = Parameters<layers.Layer['apply']>[0];
export type Outputs = ReturnType<layers.Layer['apply']>;

/** The names of TF.js's own LayerArgs, and of what it adds to a stored configuration. */
const TFJS_ARGS = [
  'customObjects',
  'name',
  'trainable',
  'inputShape',
  'batchInputShape',
  'batchSize',
  'dtype',
  'inputDType',
  'weights',
];

/** TF.js's name of p or stddev. */
const parameterOf = ({ parameter }: WrappedClass): string => (parameter === 'p' ? 'rate' : parameter);

/** The names of all arguments of the layer that wraps this class. */
export const argsOf = (type: WrappedClass): string[] => [
  parameterOf(type),
  ...Object.keys(type.options),
  'seed',
  'generator',
  'always',
  ...TFJS_ARGS,
  ...type.state,
];

/** Wraps a layer of dropout-wasm. */
export abstract class ArrayLayer<L extends Layer, A extends LayerArgs = LayerArgs> extends layers.Layer {
  /** @internal The layer class of dropout-wasm. */
  declare static readonly wrapped: WrappedClass;
  /** @internal Options whose defaults differ from those of the wrapped layer. */
  static readonly defaults: object = { channels: 'last', batchFirst: true };
  /** @internal Undefined for any rank. */
  static readonly rank: Rank | undefined;
  /** @internal The seed of the stream for a seed as it was given. */
  static readonly seedOf: (seed: number | bigint) => number | bigint = (seed) => seed;
  protected readonly arrays: L;
  /** The seed as it was given. `seedOf` may have turned it into another. */
  declare private readonly seed: number | bigint | undefined;

  /** @throws TypeError, RangeError that names the argument, before a child of the generator is taken */
  constructor(args: A) {
    const { wrapped: type, defaults, rank, seedOf } = new.target as unknown as typeof ArrayLayer;
    const parameter = parameterOf(type);
    const given = withoutNulls(checkNames(args, argsOf(type), 'args', SYNONYMS));
    const { [parameter]: amount, seed, generator, always } = given;
    if (parameter === 'rate') checkProbability(amount as number, parameter, `new ${type.type}({ rate: 0.5 })`);
    const stream = storedStream(generator);
    const word = seed === undefined ? undefined : seedOf(seed as number | bigint);
    // A stored layer has both: the state of the stream, and the seed that it started from. Numbers, since JSON rounds it.
    if (word !== undefined && generator && (Object(word) === word || Number(stream?.seed) !== Number(word)))
      throw wrongType('generator', 'left out beside a seed', generator);
    super(args);
    this.seed = seed as number | bigint | undefined;
    this.supportsMasking = true;
    if (rank) this.inputSpec = [rank as InputSpec];
    const all: Record<string, unknown> = { ...defaults, ...given };
    const options: Record<string, unknown> = stream ? { always } : { always, seed: word, generator };
    for (const name of Object.keys(type.options)) options[name] = all[name];
    this.arrays = new type(amount as number, options) as L;
    this.arrays.restoreState(given as never, stream ?? this.arrays.generator);
  }

  /** Whether the layer is active in `predict` and `evaluate` too. */
  get always(): boolean {
    return this.arrays.always;
  }

  set always(always: boolean) {
    this.arrays.always = always;
  }

  /**
   * Applies the layer. `{ training }` on a symbolic tensor fixes the mode: true makes the layer active in `predict` too,
   * false never, as in a stored Keras model.
   *
   * @throws TypeError unless inputs is a single tensor; Error if another call has fixed another mode
   */
  override apply(inputs: Inputs, kwargs?: { training?: boolean | null }): Outputs {
    return this.checkedApply(inputs, kwargs, () => super.apply(inputs, kwargs));
  }

  /** @internal Checks the arguments of `apply`, also in place of a layer of TF.js, and runs it. */
  checkedApply(
    inputs: Inputs,
    kwargs: { training?: boolean | null } | undefined,
    apply: () => Outputs,
    layer: layers.Layer = this,
  ): Outputs {
    const x = single(inputs);
    // A mask is what TF.js passes on from a Masking layer.
    const { training: mode } = checkOptions(kwargs ?? {}, ['training', 'mask'], 'kwargs');
    if (mode != null) checkBoolean(mode, 'training');
    if (!(x instanceof SymbolicTensor)) return apply();
    const training = mode ?? null;
    const fixed = modeOf(layer);
    if (fixed !== undefined && fixed !== training)
      throw new Error(`${layer.name} is applied with training: ${fixed} and ${training}: make two layers`);
    return apply();
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: boolean | null }): Tensor {
    this.invokeCallHook(inputs, kwargs);
    return this.run(inputs, kwargs);
  }

  /** @internal `call` in place of a layer of TF.js, without the hook. */
  run(inputs: Tensor | Tensor[], kwargs?: RunOptions, layer: layers.Layer = this): Tensor {
    const x = single(inputs) as Tensor;
    const training = modeOf(layer) ?? (kwargs?.training || this.always);
    // p or stddev, whichever the layer has. It is protected.
    const { amount } = this.arrays as unknown as { amount: number };
    return training && amount ? this.forward(x, kwargs?.forward) : x;
  }

  /** A training call. */
  protected forward(x: Tensor, run = forward): Tensor {
    return run(this.arrays, x);
  }

  /**
   * All constructor arguments, the seed as it was given (a bigint as the nearest number), the state of the stream, unless
   * nobody chose its seed, and the mask in use.
   */
  override getConfig(): serialization.ConfigDict {
    const { type, training, inplace, p, generator, ...options } = this.arrays.toJSON();
    const rate = p === undefined ? {} : { rate: p };
    let source: Generator = this.arrays.generator;
    while (source.parent) source = source.parent;
    return {
      ...super.getConfig(),
      ...rate,
      ...options,
      // JSON holds no bigint. The generator has all digits, for this package.
      seed: this.seed === undefined ? null : Number(this.seed),
      generator: source.isSeeded ? generator : null,
    } as never;
  }
}

/** A layer with a drop probability, which TF.js calls rate. */
export abstract class RateLayer<L extends Layer & { p: number }, A extends RateArgs = RateArgs> extends ArrayLayer<
  L,
  A
> {
  /**
   * Probability that an element is dropped.
   * @throws TypeError, RangeError when set to anything but a number from 0 to 1
   */
  get rate(): number {
    return this.arrays.p;
  }

  set rate(rate: number) {
    this.arrays.p = checkProbability(rate, 'rate');
  }
}

/** The `training` with which a layer was applied to symbolic tensors: null for none, undefined before that. */
export const modeOf = ({ inboundNodes: [node] }: layers.Layer): boolean | null | undefined =>
  node && (node.callArgs?.training ?? null);

/** @throws TypeError unless inputs is a tensor, or an array of one */
function single(inputs: Inputs): Tensor | SymbolicTensor {
  const x = Array.isArray(inputs) && inputs.length === 1 ? inputs[0]! : inputs;
  // Not the array itself, since a message would read the values of the tensors.
  if (Array.isArray(x) && x.some((item) => Object(item).shape))
    throw wrongType('x', 'a single tensor', x.length, 'concatenate them');
  return x instanceof SymbolicTensor ? x : checkTensor(x);
}

/** Names that this package and PyTorch have for arguments that TF.js calls otherwise. */
const SYNONYMS: Record<string, string> = { p: 'rate', std: 'stddev' };

/** Makes `loadLayersModel` build this class for its name. TF.js's types do not cover constructor arguments. */
export const registerLayer = (type: unknown): void => {
  tf.serialization.registerClass(type as serialization.SerializableConstructor<serialization.Serializable>);
};

/**
 * The base classes of the TF.js layers: a layer of dropout-wasm runs on the values of a tensor.
 * @module
 */
import { serialization, type Tensor } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { Dropout, Generator, type GeneratorJSON, type Layer, type LayerJSON } from 'dropout-wasm';
import { wrongType } from '../core/check.js';
import { elementwise } from './ops.js';

/** Constructor arguments and stored configuration of every layer. Null counts as not given, as in stored models. */
export interface LayerArgs extends NonNullable<ConstructorParameters<typeof layers.Layer>[0]> {
  /** Seed of the layer's own generator, at position 0. It takes precedence over `generator`. */
  seed?: number | bigint | null;
  /**
   * Source of the keys: a generator or its stored state. Default: the default generator. A model is stored with a copy
   * of the state for each layer, so layers that shared a generator draw equal masks after loading. Give each layer a
   * fork instead.
   */
  generator?: Generator | GeneratorJSON | null;
  /** Whether the layer is active in `predict` and `evaluate` too, for Monte-Carlo dropout. Default false. */
  always?: boolean;
}

/** Arguments of a layer with a drop probability. */
export interface RateArgs extends LayerArgs {
  /** Probability that an element is dropped, from 0 to 1. */
  rate: number;
}

/** A layer class of dropout-wasm. */
export interface ArrayLayerClass<L extends Layer> {
  readonly type: string;
  readonly parameter: 'p' | 'stddev';
  fromJSON(json: LayerJSON, generator: Generator): L;
}

/** Wraps a layer of dropout-wasm. Its options are passed on and stored as the JSON of that layer. */
export abstract class ArrayLayer<L extends Layer> extends layers.Layer {
  protected readonly arrays: L;
  private readonly ownGenerator: Generator | undefined;

  /**
   * @param amount p or stddev
   * @param defaults options whose defaults differ from those of the wrapped layer
   */
  constructor(arrays: ArrayLayerClass<L>, amount: number, args: LayerArgs, defaults: Record<string, unknown> = {}) {
    const name = arrays.parameter === 'p' ? 'rate' : 'stddev';
    if (typeof amount !== 'number') throw wrongType(name, 'a number', amount);
    super(args);
    this.supportsMasking = true;
    const { seed, generator, ...options } = withoutNulls(args);
    if (seed !== undefined) this.ownGenerator = new Generator(seed);
    else if (generator) this.ownGenerator = generator instanceof Generator ? generator : Generator.fromJSON(generator);
    // Never in place: the values may live in a backend's own memory.
    const fixed = { type: arrays.type, [arrays.parameter]: amount, training: true, inplace: false };
    const json = { always: false, ...defaults, ...options, ...fixed } as unknown as LayerJSON;
    this.arrays = arrays.fromJSON(json, this.ownGenerator ?? new Dropout().generator);
  }

  /** Whether the layer is active in `predict` and `evaluate` too. */
  get always(): boolean {
    return this.arrays.always;
  }

  set always(always: boolean) {
    this.arrays.always = always;
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: boolean }): Tensor {
    this.invokeCallHook(inputs, kwargs);
    const x = Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs;
    if (!(kwargs.training || this.always) || this.amount === 0) return x;
    return elementwise(x, (data) => {
      const y = this.arrays.forward({ data, shape: x.shape }, { training: true });
      return [y.data, this.arrays.pullback()];
    });
  }

  /** All constructor arguments, with the generator's state and the mask in use. */
  override getConfig(): serialization.ConfigDict {
    const { type, training, inplace, p, generator, ...options } = this.arrays.toJSON();
    const rate = p === undefined ? {} : { rate: p };
    return { ...super.getConfig(), ...rate, ...options, generator: this.ownGenerator ? generator : null } as never;
  }

  /** p or stddev. */
  protected abstract get amount(): number;
}

/** A layer with a drop probability, which TF.js calls rate. */
export abstract class RateLayer<L extends Layer & { p: number }> extends ArrayLayer<L> {
  /** @throws TypeError, RangeError unless args.rate is a number from 0 to 1 and every other argument is valid */
  constructor(arrays: ArrayLayerClass<L>, args: RateArgs, defaults?: Record<string, unknown>) {
    super(arrays, args.rate, args, defaults);
  }

  /** Probability that an element is dropped. */
  get rate(): number {
    return this.arrays.p;
  }

  protected get amount(): number {
    return this.rate;
  }
}

type WithoutNulls<T> = { [K in keyof T]: NonNullable<T[K]> };

/** Removes null and undefined arguments. */
const withoutNulls = <T extends object>(args: T): WithoutNulls<T> =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value != null)) as WithoutNulls<T>;

/** Makes `loadLayersModel` build this class for its name. TF.js's types do not cover constructor arguments. */
export const register = (type: unknown): void => {
  serialization.registerClass(type as serialization.SerializableConstructor<serialization.Serializable>);
};

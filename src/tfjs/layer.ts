/**
 * What every TF.js layer of this package is: a layer of arrays, run on the values of tensors.
 * @module
 */
import type { serialization, Tensor } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { Dropout, Generator, type GeneratorJSON, type Layer, type LayerJSON } from 'dropout-wasm';
import { wrongType } from '../core/check.js';
import { elementwise } from './ops.js';

/** Constructor arguments and stored configuration of every layer. Null is as good as none, as TF.js stores it. */
export interface LayerArgs extends NonNullable<ConstructorParameters<typeof layers.Layer>[0]> {
  /** Gives the layer a generator of its own, at position 0, in place of `generator`. */
  seed?: number | bigint | null;
  /**
   * Where keys come from: a generator, or the stored state of one; null or none: the default generator. A model
   * is stored with a copy of the state for each layer, so layers that shared a generator draw the same masks when
   * they are loaded: give each a fork of it instead.
   */
  generator?: Generator | GeneratorJSON | null;
  /** Active in `predict` and `evaluate` too, for Monte-Carlo use: each of their batches draws a key. */
  always?: boolean;
}

export interface RateArgs extends LayerArgs {
  /** Probability of a drop, from 0 to 1: p of the layer of arrays. */
  rate: number;
}

export interface ArrayLayerClass<L extends Layer> {
  readonly type: string;
  readonly amount: 'p' | 'stddev';
  fromJSON(json: LayerJSON, generator: Generator): L;
}

/** A layer over one of arrays, whose options are its own: they are passed and stored as that one's JSON. */
export abstract class ArrayLayer<L extends Layer> extends layers.Layer {
  protected readonly arrays: L;
  readonly #own: Generator | undefined;

  /**
   * @param amount p or stddev
   * @param defaults of options, where they are not those of the layer of arrays
   */
  constructor(arrays: ArrayLayerClass<L>, amount: number, args: LayerArgs, defaults: Record<string, unknown> = {}) {
    const name = arrays.amount === 'p' ? 'rate' : 'stddev';
    if (typeof amount !== 'number') throw wrongType(name, 'a number', amount);
    super(args);
    this.supportsMasking = true;
    const { seed, generator, ...options } = given(args);
    if (seed !== undefined) this.#own = new Generator(seed);
    else if (generator) this.#own = generator instanceof Generator ? generator : Generator.fromJSON(generator);
    // Values may lie in a backend's own memory, so never in place.
    const fixed = { type: arrays.type, [arrays.amount]: amount, training: true, inplace: false };
    const json = { always: false, ...defaults, ...options, ...fixed } as unknown as LayerJSON;
    this.arrays = arrays.fromJSON(json, this.#own ?? new Dropout().generator);
  }

  /** Whether it is active in `predict` and `evaluate` too. */
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

  /** Everything that the constructor takes, the generator's state and a mask in force included. */
  override getConfig(): serialization.ConfigDict {
    const { type, training, inplace, p, generator, ...options } = this.arrays.toJSON();
    const rate = p === undefined ? {} : { rate: p };
    return { ...super.getConfig(), ...rate, ...options, generator: this.#own ? generator : null } as never;
  }

  /** p or stddev. */
  protected abstract get amount(): number;
}

/** A layer that drops, with TF.js's word for p. */
export abstract class RateLayer<L extends Layer & { p: number }> extends ArrayLayer<L> {
  /** @throws TypeError, RangeError for a rate that is no number from 0 to 1, or other arguments of another type */
  constructor(arrays: ArrayLayerClass<L>, args: RateArgs, defaults?: Record<string, unknown>) {
    super(arrays, args.rate, args, defaults);
  }

  get rate(): number {
    return this.arrays.p;
  }

  protected get amount(): number {
    return this.rate;
  }
}

type Given<T> = { [K in keyof T]: NonNullable<T[K]> };

/** Arguments without the null and undefined ones. */
const given = <T extends object>(args: T): Given<T> =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value != null)) as Given<T>;

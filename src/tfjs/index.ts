/**
 * dropout-wasm/tfjs: the dropout of this package inside TensorFlow.js gradients and models.
 *
 * Values are read from a tensor's backend and written to a new tensor, so every backend serves.
 * Importing this registers the layer for `loadLayersModel`, as TF.js registers its own.
 * @module
 */
import { customGrad, serialization, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { Dropout as ArrayDropout, dropout as dropoutArray, Generator, type GeneratorJSON } from 'dropout-wasm';

/** Constructor arguments and stored configuration of the layer; `rate` is TF.js's word for p. */
export interface DropoutArgs extends NonNullable<ConstructorParameters<typeof layers.Layer>[0]> {
  /** Probability that an element is dropped, from 0 to 1. */
  rate: number;
  /** Gives the layer a generator of its own, at position 0. */
  seed?: number | bigint;
  /**
   * Where keys come from: a generator, or the stored state of one; null or none: the default generator. A model
   * is stored with a copy of the state for each layer, so layers that shared a generator draw the same masks when
   * they are loaded: give each a fork of it instead.
   */
  generator?: Generator | GeneratorJSON | null;
}

/**
 * `dropout` on a tensor, with its gradient: the same mask and scale on dy, to any order.
 *
 * @param x a float32 tensor of any shape
 * @param options p, key and offset as for `dropout` of dropout-wasm
 * @throws TypeError for another dtype; TypeError, RangeError that names the argument otherwise
 * @example
 * const options = { p: 0.5, key: new Generator(42).next() };
 * const y = dropout(x, options);
 * const dx = tf.grad((x) => dropout(x, options))(x);
 */
export function dropout<T extends Tensor>(
  x: T,
  { p, key, offset = 0 }: { p: number; key: bigint | undefined; offset?: number },
): T {
  return masked(
    x,
    (data) => dropoutArray(data, { p, key, offset }),
    (dy) => dropout(dy, { p, key, offset }),
  );
}

/**
 * Dropout as a TF.js layer: in training each call draws one key, also with a seed (TF.js's own layer
 * then repeats a single mask for ever); otherwise the input passes through.
 *
 * @example
 * import { Dropout } from 'dropout-wasm/tfjs';
 * model.add(new Dropout({ rate: 0.5, seed: 1 }));
 */
export class Dropout extends layers.Layer {
  /** The name under which models are stored. */
  static readonly className = 'DropoutWasm';
  readonly #own: Generator | undefined;
  readonly #arrays: ArrayDropout;

  /** @throws TypeError, RangeError for a rate that is no number from 0 to 1, or another seed or generator */
  constructor({ rate, seed, generator, ...args }: DropoutArgs) {
    super(args);
    this.supportsMasking = true;
    if (seed !== undefined) this.#own = new Generator(seed);
    else if (generator) this.#own = generator instanceof Generator ? generator : Generator.fromJSON(generator);
    this.#arrays = new ArrayDropout(0, this.#own && { generator: this.#own });
    this.#arrays.p = rate;
  }

  get rate(): number {
    return this.#arrays.p;
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: boolean }): Tensor {
    return tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const x = Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs;
      if (!kwargs.training || this.rate === 0) return x;
      const y = masked(
        x,
        (data) => this.#arrays.forward(data),
        (dy) => dropout(dy, { p: this.rate, key }),
      );
      const { key } = this.#arrays;
      return y;
    });
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...super.getConfig(),
      rate: this.rate,
      generator: (this.#own?.toJSON() ?? null) as serialization.ConfigDict | null,
    };
  }
}

serialization.registerClass(Dropout as unknown as serialization.SerializableConstructor<Dropout>);

/** An operation on a float32 tensor's values, and its gradient. */
function masked<T extends Tensor>(
  x: T,
  run: (data: Float32Array) => Float32Array,
  gradient: (dy: Tensor) => Tensor,
): T {
  if (x.dtype !== 'float32') throw new TypeError(`x has to be a float32 tensor, but got ${x.dtype}`);
  return customGrad((input) => ({
    value: tensor(run((input as Tensor).dataSync<'float32'>()), x.shape, 'float32'),
    gradFunc: gradient,
  }))(x) as T;
}

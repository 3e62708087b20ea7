/**
 * The Dropout layer: a module that holds p, a mode and a generator over the stateless functions.
 * @module
 */
import { checkBoolean, checkProbability, wrongType } from '../check.js';
import { draws, drop, type MaskFormat, maskOf } from '../functional.js';
import { defaultGenerator, drawKey, Generator, type GeneratorJSON } from '../generator.js';
import {
  checkInput,
  checkLength,
  checkShape,
  dataOf,
  type Input,
  type Like,
  type Result,
  resultFor,
} from '../tensor.js';
import { toBigInt, type U64 } from '../u64.js';

export interface DropoutLayerOptions {
  /** Training writes the result over x. */
  inplace?: boolean;
  /** Where keys come from; without it, the default generator that `manualSeed` reseeds. */
  generator?: Generator;
}

export interface DropoutJSON {
  type: 'Dropout';
  p: number;
  inplace: boolean;
  training: boolean;
  generator: GeneratorJSON;
}

/** What `backward` and `mask` have to know of the latest forward: no mask among it. */
interface Pass {
  training: boolean;
  p: number;
  key: U64 | undefined;
  length: number;
  shape: readonly number[] | undefined;
}

/**
 * Dropout (Srivastava et al. 2014), inverted, as PyTorch's `nn.Dropout`: while training, each forward
 * zeroes elements with probability p by a new mask and scales the rest by 1 / (1 − p); in evaluation it
 * returns its input itself.
 *
 * @example
 * const layer = new Dropout(0.5, { generator: new Generator(42) });
 * const y = layer.forward(x);   // draws one key
 * const dx = layer.backward(dy); // the same mask, made again
 * layer.eval().forward(x) === x; // true
 */
export class Dropout {
  inplace: boolean;
  #p: number;
  #training = true;
  readonly #generator: Generator;
  #latest: Pass | undefined;
  #key: U64 | undefined;

  /** @throws TypeError, RangeError for a p that is no number from 0 to 1, or options of another type */
  constructor(p = 0.5, { inplace = false, generator = defaultGenerator }: DropoutLayerOptions = {}) {
    if (!(generator instanceof Generator)) throw wrongType('generator', 'a Generator', generator);
    this.#p = checkProbability(p);
    this.inplace = checkBoolean(inplace, 'inplace');
    this.#generator = generator;
  }

  /** Probability that an element is dropped. Setting it is checked like the constructor. */
  get p(): number {
    return this.#p;
  }

  set p(p: number) {
    this.#p = checkProbability(p);
  }

  get training(): boolean {
    return this.#training;
  }

  /** The key of the latest training forward; undefined before one, or where p was 0 or 1. */
  get key(): bigint | undefined {
    return this.#key && toBigInt(this.#key);
  }

  train(mode = true): this {
    this.#training = checkBoolean(mode, 'mode');
    return this;
  }

  eval(): this {
    return this.train(false);
  }

  /**
   * @param x an array, or `{ data, shape }` around one; any shape
   * @param out where the result goes; x itself works in place
   * @returns training: `out`, x if in place, or a new array of the kind of x. Evaluation: x itself,
   *   copied to `out` if that is given
   * @throws TypeError, RangeError that names the argument; no key is drawn then, nothing written
   */
  forward<X extends Input>(x: X, out?: Like<X>): Result<X> {
    const training = this.#training;
    const p = training ? this.#p : 0;
    const result = resultOf(training, x, out ?? (this.inplace ? (x as unknown as Like<X>) : undefined), 'x');
    const key = draws(p) ? drawKey(this.#generator) : undefined;
    drop(x, result, p, key);
    if (training) this.#key = key;
    this.#latest = {
      training,
      p,
      key,
      length: dataOf(x).length,
      shape: ArrayBuffer.isView(x) ? undefined : [...x.shape],
    };
    return result;
  }

  /**
   * The gradient with respect to the input of the latest forward: its mask and scale, on dy.
   *
   * @param dy the gradient with respect to its result, of the same number of elements
   * @returns `out` or a new array of the kind of dy; after an evaluation forward, dy itself
   * @throws Error before any forward; TypeError, RangeError that names the argument
   */
  backward<X extends Input>(dy: X, out?: Like<X>): Result<X> {
    const { training, p, key, length, shape } = this.#passed('backward');
    checkLength(checkInput(dy, 'dy'), length, 'dy');
    if (shape && !ArrayBuffer.isView(dy)) checkShape(dy.shape, shape, 'dy');
    const result = resultOf(training, dy, out, 'dy');
    drop(dy, result, p, key);
    return result;
  }

  /**
   * The mask of the latest forward, 1 = kept; all kept after an evaluation forward.
   * @throws Error before any forward; TypeError, RangeError for another format
   */
  mask(format: MaskFormat = 'bytes'): Uint8Array {
    const { p, key, length } = this.#passed('mask');
    return maskOf(length, format, p, key);
  }

  toString(): string {
    return `Dropout(p=${this.#p}, inplace=${this.inplace})`;
  }

  /** Options, mode and the generator's state. */
  toJSON(): DropoutJSON {
    return {
      type: 'Dropout',
      p: this.#p,
      inplace: this.inplace,
      training: this.#training,
      generator: this.#generator.toJSON(),
    };
  }

  /**
   * The layer that `toJSON` wrote down: its next masks are the ones the original would have drawn.
   *
   * @param generator what to draw from instead of the stored state: layers that shared a generator have
   *   to be given one to share again, or each draws the same masks from a copy of its own
   * @throws TypeError, RangeError if json is not of a Dropout
   */
  static fromJSON(json: DropoutJSON, generator?: Generator): Dropout {
    if (json?.type !== 'Dropout') throw wrongType('type', '"Dropout"', json?.type);
    const { p, inplace, training } = json;
    return new Dropout(p, { inplace, generator: generator ?? Generator.fromJSON(json.generator) }).train(training);
  }

  #passed(method: string): Pass {
    if (!this.#latest) throw new Error(`${method} needs a forward first`);
    return this.#latest;
  }
}

/** Evaluation returns its input itself, unless it is told where else. */
function resultOf<X extends Input>(training: boolean, x: X, out: Like<X> | undefined, name: string): Result<X> {
  if (training || out !== undefined) return resultFor(x, out, name);
  checkInput(x, name);
  return x as unknown as Result<X>;
}

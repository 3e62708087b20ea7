/**
 * The LockedDropout layer.
 * @module
 */

import type { Nest } from '../backend/interface.js';
import { checkBoolean, checkWhole, checkWord, given, wrongType, wrongValue } from '../core/check.js';
import { nestOf } from '../core/shapes.js';
import { type Input, tensorShape } from '../core/tensor.js';
import { toBigInt, type U64 } from '../core/u64.js';
import type { LayerJSON, LayerOptions } from './layer.js';
import { MaskLayer } from './mask-layer.js';

export interface LockedDropoutOptions extends LayerOptions {
  /** Whether x is [batch, time, features] and not [time, batch, features]. */
  batchFirst?: boolean;
}

/** A mask in force: its key, and the sizes of batch and features that it is for. */
interface Lock {
  key: U64;
  batch: number;
  features: number;
}

/**
 * Variational dropout for recurrent networks (Gal and Ghahramani 2016), as the locked dropout of AWD-LSTM: one mask
 * of [batch, features] for all time steps, of this forward and of the following ones until `reset()`.
 *
 * @example
 * const layer = new LockedDropout(0.3);
 * for (const x of steps) h = cell(layer.forward({ data: x, shape: [1, 32, 256] }), h); // one mask
 * layer.reset(); // the next sequence draws another
 */
export class LockedDropout extends MaskLayer {
  static override readonly type: string = 'LockedDropout';
  readonly batchFirst: boolean;
  #lock: Lock | undefined;

  /** @throws TypeError, RangeError for a p that is no number from 0 to 1, or options of another type */
  constructor(p = 0.5, options: LockedDropoutOptions = {}) {
    super(p, options);
    this.batchFirst = checkBoolean(options.batchFirst === undefined ? false : options.batchFirst, 'batchFirst');
  }

  /** Lets go of the mask: the next training forward draws another, for a batch of any size. */
  reset(): void {
    this.#lock = undefined;
  }

  /** As for every layer, and the mask in force. */
  override toJSON(): LayerJSON {
    const lock = this.#lock && { ...this.#lock, key: `0x${toBigInt(this.#lock.key).toString(16)}` };
    return { ...super.toJSON(), ...(lock && { lock }) };
  }

  protected override options(): Record<string, unknown> {
    return { p: this.p, batchFirst: this.batchFirst };
  }

  protected override nest(x: Input): Nest | undefined {
    const shape = tensorShape(x);
    if (shape.length !== 3)
      throw wrongValue('x.shape', this.batchFirst ? '[batch, time, features]' : '[time, batch, features]', shape);
    return nestOf(this.batchFirst ? [null, 1, null] : [1, null, null], shape);
  }

  /** The key of the mask in force, or a new one. */
  protected override draw(x: Input): U64 {
    const shape = tensorShape(x);
    const batch = shape[this.batchFirst ? 0 : 1]!;
    const features = shape[2]!;
    const lock = this.#lock;
    if (lock && (lock.batch !== batch || lock.features !== features))
      throw wrongValue('x.shape', `of batch ${lock.batch} and features ${lock.features} until reset()`, shape);
    this.#lock = lock ?? { key: super.draw(x), batch, features };
    return this.#lock.key;
  }

  protected override restore({ lock }: LayerJSON): void {
    if (!lock) return;
    const { key, batch, features } = given(lock as { key: string; batch: number; features: number }, 'lock');
    if (typeof key !== 'string' || !/^0x[\da-f]+$/.test(key)) throw wrongType('lock.key', 'a key in hex', key);
    checkWhole(batch, 'lock.batch');
    checkWhole(features, 'lock.features');
    this.#lock = { key: checkWord(BigInt(key), 'lock.key'), batch, features };
  }
}

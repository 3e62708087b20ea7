/**
 * The LockedDropout layer.
 * @module
 */
import { checkBoolean, checkOptions, checkU64, checkWhole, wrongType, wrongValue } from '../core/check.js';
import { type Broadcast, broadcastOf } from '../core/shapes.js';
import { type OpenInput, requireShape } from '../core/tensor.js';
import { toHex, type U64 } from '../core/u64.js';
import type { LayerJSON, LayerOptions } from './layer.js';
import { MaskLayer } from './mask-layer.js';

/** Options of LockedDropout. */
export interface LockedDropoutOptions extends LayerOptions {
  /** Whether x is [batch, time, features] instead of [time, batch, features]. Default false. */
  batchFirst?: boolean;
}

/** The mask in use: its key, and the batch and feature sizes that it fits. */
interface Lock {
  key: U64;
  batch: number;
  features: number;
}

/**
 * Variational dropout for recurrent networks (Gal and Ghahramani 2016), like the locked dropout of AWD-LSTM: one mask
 * of [batch, features] for all time steps, used by this forward and later ones until `reset()`.
 *
 * @example
 * const layer = new LockedDropout(0.3);
 * for (const x of steps) h = cell(layer.forward({ data: x, shape: [1, 32, 256] }), h); // one mask
 * layer.reset(); // the next sequence draws a new mask
 */
export class LockedDropout extends MaskLayer {
  static override readonly type: string = 'LockedDropout';
  /** Whether x is [batch, time, features] instead of [time, batch, features]. */
  declare readonly batchFirst: boolean;
  private lock: Lock | undefined;

  /**
   * @param p probability that an element is dropped, from 0 to 1. Default 0.5
   * @throws TypeError, RangeError unless p is a number from 0 to 1 and every option is valid
   */
  constructor(p = 0.5, options: LockedDropoutOptions = {}) {
    super(p, options);
    const { batchFirst = false } = options;
    this.batchFirst = checkBoolean(batchFirst, 'batchFirst');
  }

  /** Discards the mask. The next training forward draws a new one, for a batch of any size. */
  reset(): void {
    this.lock = undefined;
  }

  /** The options, the mode, the state of the generator, and the mask in use. */
  override toJSON(): LayerJSON {
    const lock = this.lock && { ...this.lock, key: toHex(this.lock.key) };
    return { ...super.toJSON(), ...(lock && { lock }) };
  }

  protected override options(): Record<string, unknown> {
    return { p: this.p, batchFirst: this.batchFirst };
  }

  protected override broadcast(x: OpenInput): Broadcast | undefined {
    const shape = requireShape(x);
    if (shape.length !== 3)
      throw wrongValue('x.shape', this.batchFirst ? '[batch, time, features]' : '[time, batch, features]', shape);
    return broadcastOf(this.batchFirst ? [null, 1, null] : [1, null, null], shape);
  }

  /** The key of the mask in use, or a new one. */
  protected override drawKey(x: OpenInput): U64 {
    const shape = x.shape!;
    const batch = shape[this.batchFirst ? 0 : 1]!;
    const features = shape[2]!;
    const { lock } = this;
    if (lock && (lock.batch !== batch || lock.features !== features))
      throw wrongValue('x.shape', `of batch ${lock.batch} and features ${lock.features} until reset()`, shape);
    this.lock = lock ?? { key: super.drawKey(x), batch, features };
    return this.lock.key;
  }

  protected override restore({ lock }: LayerJSON): void {
    if (!lock) return;
    const { key, batch, features } = checkOptions(lock as { key: string; batch: number; features: number }, 'lock');
    if (typeof key !== 'string' || !/^0x[\da-f]+$/.test(key)) throw wrongType('lock.key', 'a key in hex', key);
    checkWhole(batch, 'lock.batch');
    checkWhole(features, 'lock.features');
    this.lock = { key: checkU64(BigInt(key), 'lock.key'), batch, features };
  }
}

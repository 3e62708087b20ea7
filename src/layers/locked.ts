/**
 * The LockedDropout layer.
 * @module
 */
import { checkBoolean, checkKey, checkOptions, checkWhole, wrongType, wrongValue } from '../core/check.js';
import { type Broadcast, broadcastOf } from '../core/shapes.js';
import { type OpenInput, requireShape } from '../core/tensor.js';
import { toHex, type U64 } from '../core/u64.js';
import type { Generator } from '../generator.js';
import type { LayerJSON, LayerOptions, LayerOptionTable } from './layer.js';
import { MaskLayer } from './mask-layer.js';

/** Options of LockedDropout. */
export interface LockedDropoutOptions extends LayerOptions {
  /** Whether x is [batch, time, features] instead of [time, batch, features]. Default false. */
  batchFirst?: boolean;
}

/** The batch and feature sizes that a mask fits. */
interface Sizes {
  batch: number;
  features: number;
}

/** The mask in use. */
interface Lock extends Sizes {
  key: U64;
  /** The seed of the stream that the key is from; undefined for a stored mask whose stream was not seeded. */
  seed: U64 | undefined;
}

/** A lock as JSON holds it. */
interface StoredLock extends Sizes {
  key: string;
}

/**
 * Variational dropout for recurrent networks (Gal and Ghahramani 2016), like the locked dropout of AWD-LSTM: one mask
 * of [batch, features] for all time steps, used by this forward and later ones until `reset()`, or until `manualSeed`
 * starts the layer's stream over.
 *
 * @example
 * import { LockedDropout } from 'dropout-wasm';
 *
 * const layer = new LockedDropout(0.5, { seed: 42 });
 * const step = { data: new Float32Array(8).fill(1), shape: [1, 1, 8] };
 * console.log(layer.forward(step).data); // Float32Array(8) [ 2, 0, 0, 2, 0, 0, 2, 0 ]
 * console.log(layer.forward(step).data); // Float32Array(8) [ 2, 0, 0, 2, 0, 0, 2, 0 ]
 * layer.reset(); // the next sequence draws a new mask
 * console.log(layer.forward(step).data); // Float32Array(8) [ 2, 0, 0, 2, 0, 0, 0, 2 ]
 */
export class LockedDropout extends MaskLayer {
  static override readonly type: string = 'LockedDropout';
  static override readonly options: LayerOptionTable = { batchFirst: { default: false, check: checkBoolean } };
  static override readonly state: readonly string[] = ['lock'];
  /** Whether x is [batch, time, features] instead of [time, batch, features]. */
  declare readonly batchFirst: boolean;
  private lock: Lock | undefined;

  /**
   * @param p probability that an element is dropped, from 0 to 1. Default 0.5
   * @throws TypeError, RangeError unless p is a number from 0 to 1 and every option is valid
   */
  constructor(p = 0.5, options: LockedDropoutOptions = {}) {
    super(p, options);
  }

  /** Discards the mask. The next training forward draws a new one, for a batch of any size. */
  reset(): void {
    this.lock = undefined;
  }

  /** @internal Also sets the lock aside, so that the sample draws its own mask. */
  override borrow(sample: Generator): () => void {
    const { lock } = this;
    const giveBack = super.borrow(sample);
    this.lock = undefined;
    return () => {
      giveBack();
      this.lock = lock;
    };
  }

  /** The options, the mode, the state of the generator, and the mask in use. */
  override toJSON(): LayerJSON {
    const json = super.toJSON();
    const lock = this.currentLock();
    if (!lock) return json;
    const { key, batch, features } = lock;
    return { ...json, lock: { key: toHex(key), batch, features } };
  }

  protected override broadcast(x: OpenInput): Broadcast | undefined {
    const shape = requireShape(x);
    if (shape.length !== 3)
      throw wrongValue('x.shape', this.batchFirst ? '[batch, time, features]' : '[time, batch, features]', shape);
    return broadcastOf(this.batchFirst ? [null, 1, null] : [1, null, null], shape);
  }

  /** The key of the mask in use, or a new one. */
  protected override nextKey(x: OpenInput): U64 {
    const lock = this.currentLock();
    const { batch, features } = this.sizesOf(x);
    if (lock && (lock.batch !== batch || lock.features !== features))
      throw wrongValue('x.shape', `of batch ${lock.batch} and features ${lock.features} until reset()`, x.shape);
    return lock ? lock.key : super.nextKey(x);
  }

  protected override useKey(x: OpenInput, key: U64): void {
    if (this.currentLock()) return;
    super.useKey(x, key);
    this.lock = { key, seed: this.generator.seedWord(), ...this.sizesOf(x) };
  }

  /** @internal */
  override restoreState(json: LayerJSON, stream: Generator): void {
    super.restoreState(json, stream);
    if (json.lock === undefined) return;
    const { key, batch, features } = checkOptions(json.lock as StoredLock, ['key', 'batch', 'features'], 'lock');
    // Not a bigint, which JSON cannot hold.
    if (typeof key !== 'string') throw wrongType('lock.key', 'a string of hex digits', key);
    this.lock = {
      key: checkKey(key, 'lock.key'),
      seed: stream.parent ? undefined : stream.seedWord(),
      batch: checkWhole(batch, 'lock.batch'),
      features: checkWhole(features, 'lock.features'),
    };
  }

  /** The mask in use, unless the stream has started over since it was drawn. */
  private currentLock(): Lock | undefined {
    const { lock, generator } = this;
    const isCurrent = lock?.seed === undefined || (!generator.isStale() && generator.seedWord() === lock.seed);
    return isCurrent ? lock : undefined;
  }

  private sizesOf({ shape }: OpenInput): Sizes {
    return { batch: shape![this.batchFirst ? 0 : 1]!, features: shape![2]! };
  }
}

/**
 * The DropPath layer.
 * @module
 */
import { checkBoolean, wrongValue } from '../core/check.js';
import { type Broadcast, broadcastOf } from '../core/shapes.js';
import { type OpenInput, requireShape } from '../core/tensor.js';
import { INVERTED, type Scaling, scaleBy } from '../functional/common.js';
import type { LayerOptions, LayerOptionTable } from './layer.js';
import { MaskLayer } from './mask-layer.js';

/** Options of DropPath. */
export interface DropPathOptions extends LayerOptions {
  /** Whether kept samples are scaled by 1 / (1 − p). Default true. */
  scaleByKeep?: boolean;
}

const UNSCALED: Scaling = { forward: () => scaleBy(1), gradient: () => scaleBy(1) };

/**
 * Stochastic depth (Huang et al. 2016), like timm's `DropPath` and torchvision's `StochasticDepth(mode="row")`: one
 * draw for each sample, for the branch of a residual block. The first axis of x is the batch.
 *
 * @example
 * import { DropPath } from 'dropout-wasm';
 *
 * const layer = new DropPath(0.5, { seed: 42 });
 * const branch = { data: new Float32Array(8).fill(1), shape: [4, 2] };
 * console.log(layer.forward(branch).data); // Float32Array(8) [ 2, 2, 0, 0, 0, 0, 2, 2 ]
 */
export class DropPath extends MaskLayer {
  static override readonly type: string = 'DropPath';
  static override readonly options: LayerOptionTable = { scaleByKeep: { default: true, check: checkBoolean } };
  /** Whether kept samples are scaled by 1 / (1 − p). */
  declare readonly scaleByKeep: boolean;
  /** @internal */
  declare readonly scaling: Scaling;

  /**
   * @param p probability that a sample is dropped, from 0 to 1. Default 0.1
   * @throws TypeError, RangeError unless p is a number from 0 to 1 and every option is valid
   */
  constructor(p = 0.1, options: DropPathOptions = {}) {
    super(p, options);
    this.scaling = this.scaleByKeep ? INVERTED : UNSCALED;
  }

  protected override broadcast(x: OpenInput): Broadcast | undefined {
    const shape = requireShape(x);
    if (shape.length === 0) throw wrongValue('x.shape', '[batch, …]', shape);
    return broadcastOf(
      shape.map((_, axis) => (axis ? 1 : null)),
      shape,
    );
  }
}

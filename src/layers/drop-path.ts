/**
 * The DropPath layer.
 * @module
 */

import type { Affine, Nest } from '../backend/interface.js';
import { checkBoolean, wrongValue } from '../core/check.js';
import { nestOf } from '../core/shapes.js';
import { type Input, tensorShape } from '../core/tensor.js';
import { inverted, scaled } from '../functional/common.js';
import type { LayerOptions } from './layer.js';
import { MaskLayer } from './mask-layer.js';

export interface DropPathOptions extends LayerOptions {
  /** Whether kept samples are scaled by 1 / (1 − p). True without it. */
  scaleByKeep?: boolean;
}

/**
 * Stochastic depth (Huang et al. 2016), as timm's `DropPath` and torchvision's `StochasticDepth(mode="row")`: one
 * draw a sample, for the branch of a residual block. The first axis of x is the batch.
 *
 * @example
 * const layer = new DropPath(0.1);
 * const y = layer.forward({ data, shape: [8, 196, 768] }); // zeroes whole samples
 */
export class DropPath extends MaskLayer {
  static override readonly type: string = 'DropPath';
  readonly scaleByKeep: boolean;

  /** @throws TypeError, RangeError for a p that is no number from 0 to 1, or options of another type */
  constructor(p = 0.1, options: DropPathOptions = {}) {
    super(p, options);
    this.scaleByKeep = checkBoolean(options.scaleByKeep === undefined ? true : options.scaleByKeep, 'scaleByKeep');
  }

  protected override options(): Record<string, unknown> {
    return { p: this.p, scaleByKeep: this.scaleByKeep };
  }

  protected override nest(x: Input): Nest | undefined {
    const shape = tensorShape(x);
    if (shape.length === 0) throw wrongValue('x.shape', '[batch, …]', shape);
    return nestOf(
      shape.map((_, axis) => (axis ? 1 : null)),
      shape,
    );
  }

  protected override numbers(p: number): Affine {
    return this.scaleByKeep ? inverted(p) : scaled(1);
  }
}

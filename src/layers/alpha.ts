/**
 * The AlphaDropout layer.
 * @module
 */

import type { Affine } from '../backend/interface.js';
import { alpha, alphaGradient } from '../functional/alpha.js';
import { Dropout } from './dropout.js';

/**
 * Alpha dropout (Klambauer et al. 2017), as PyTorch's `nn.AlphaDropout`, for networks of SELU: dropped elements take
 * the value that SELU saturates at, and an affine step keeps the mean and variance of x.
 *
 * @example
 * const layer = new AlphaDropout(0.1, { generator: new Generator(42) });
 * const y = layer.forward(x);
 */
export class AlphaDropout extends Dropout {
  static override readonly type: string = 'AlphaDropout';

  protected override numbers(p: number): Affine {
    return alpha(p);
  }

  protected override gradientNumbers(p: number): Affine {
    return alphaGradient(p);
  }
}

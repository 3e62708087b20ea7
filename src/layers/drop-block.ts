/**
 * The DropBlock2d layer.
 * @module
 */

import type { Affine } from '../backend/interface.js';
import { type Channels, checkChannels } from '../core/axes.js';
import { checkPositive } from '../core/check.js';
import { type Input, type Tensor, tensorShape } from '../core/tensor.js';
import { scaled } from '../functional/common.js';
import { block, blockMask, imagesOf, keptScale } from '../functional/drop-block.js';
import { formatted, type MaskFormat } from '../functional/mask.js';
import type { LayerOptions, Pass } from './layer.js';
import { MaskLayer } from './mask-layer.js';

export interface DropBlockLayerOptions extends LayerOptions {
  /** Height and width of a block, a positive whole number; 7 without it. No more than the image has is taken. */
  blockSize?: number;
  /** 'first' without it: shape [batch, channels, height, width]; 'last': [batch, height, width, channels]. */
  channels?: Channels;
}

/**
 * DropBlock (Ghiasi et al. 2018), as torchvision's `DropBlock2d`: while training, squares of blockSize are dropped
 * in each channel, and the rest is scaled by the fraction really kept.
 *
 * @example
 * const layer = new DropBlock2d(0.1, { blockSize: 7 });
 * const y = layer.forward({ data, shape: [8, 64, 28, 28] });
 */
export class DropBlock2d extends MaskLayer {
  static override readonly type: string = 'DropBlock2d';
  readonly blockSize: number;
  readonly channels: Channels;

  /** @throws TypeError, RangeError for a p that is no number from 0 to 1, or options of another type */
  constructor(p = 0.1, options: DropBlockLayerOptions = {}) {
    super(p, options);
    this.blockSize = checkPositive(options.blockSize === undefined ? 7 : options.blockSize, 'blockSize');
    this.channels = checkChannels(options.channels === undefined ? 'first' : options.channels);
  }

  /** @internal Scaled by the fraction that the mask keeps. */
  override numbersOf(_gradient: boolean, mask: Uint8Array, bits: boolean, n: number): Affine | undefined {
    return this.p === 1 ? undefined : scaled(keptScale(mask, bits, n));
  }

  protected override options(): Record<string, unknown> {
    return { p: this.p, blockSize: this.blockSize, channels: this.channels };
  }

  protected override nest(x: Input): undefined {
    imagesOf(tensorShape(x), this.channels);
    return undefined;
  }

  protected override apply(x: Input, out: Input, { amount, key, shape }: Pass): void {
    block(x as Tensor, out as Tensor, imagesOf(shape!, this.channels), this.blockSize, amount, key);
  }

  protected override gradient(dy: Input, out: Input, pass: Pass): void {
    this.apply(dy, out, pass);
  }

  protected override maskOf(pass: Pass, format: MaskFormat): Uint8Array {
    const { training, amount, key, shape } = pass;
    if (!training) return super.maskOf(pass, format);
    return formatted(blockMask(imagesOf(shape!, this.channels), this.blockSize, amount, key), format);
  }
}

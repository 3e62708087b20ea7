/**
 * The DropBlock2d layer.
 * @module
 */
import { checkPositive } from '../core/check.js';
import { drawsFor } from '../core/draws.js';
import { type Channels, checkChannels } from '../core/shapes.js';
import { type FloatArray, type OpenInput, requireShape } from '../core/tensor.js';
import type { Scaling } from '../functional/common.js';
import { blockMask, dropBlockInto, type Images, imagesOf, keptAffine } from '../functional/drop-block.js';
import { formatMask, type MaskFormat } from '../functional/mask.js';
import type { ForwardContext, LayerOptions, LayerOptionTable } from './layer.js';
import { MaskLayer } from './mask-layer.js';

/** Options of DropBlock2d. */
export interface DropBlockLayerOptions extends LayerOptions {
  /** Height and width of a block, a positive integer. Default 7; it is clamped to the image. */
  blockSize?: number;
  /** 'first' (the default): shape [batch, channels, height, width]. 'last': [batch, height, width, channels]. */
  channels?: Channels;
}

/**
 * DropBlock (Ghiasi et al. 2018), like torchvision's `DropBlock2d`. In training, squares of blockSize are dropped in
 * each channel, and the rest is divided by the fraction that was kept. x is of rank 4, or of rank 3 without the batch.
 *
 * @example
 * import { DropBlock2d } from 'dropout-wasm';
 *
 * const layer = new DropBlock2d(0.2, { blockSize: 3, seed: 42 });
 * const x = { data: new Float32Array(64).fill(1), shape: [1, 1, 8, 8] };
 * console.log(layer.forward(x).data.filter((value) => value === 0).length); // 18
 */
export class DropBlock2d extends MaskLayer {
  static override readonly type: string = 'DropBlock2d';
  static override readonly options: LayerOptionTable = {
    blockSize: { default: 7, check: checkPositive },
    channels: { default: 'first', check: checkChannels },
  };
  /** Height and width of a block. */
  declare readonly blockSize: number;
  /** Position of the channel axis. */
  declare readonly channels: Channels;
  /** @internal The scale is 1 divided by the fraction that the mask keeps. */
  override readonly scaling: Scaling = { forward: keptAffine, gradient: keptAffine };
  /** @internal Whether the mask is computed from the draws, instead of a draw for each element or group of them. */
  readonly isDerived = true;

  /**
   * @param p approximate probability that an element is dropped, from 0 to 1. Default 0.1
   * @throws TypeError, RangeError unless p is a number from 0 to 1 and every option is valid
   */
  constructor(p = 0.1, options: DropBlockLayerOptions = {}) {
    super(p, options);
  }

  protected override broadcast(x: OpenInput): undefined {
    this.imagesOf(requireShape(x));
  }

  protected override apply(x: FloatArray, out: FloatArray, { amount, key, shape }: ForwardContext): void {
    dropBlockInto(x, out, this.imagesOf(shape!), amount, drawsFor(amount, key));
  }

  protected override gradient(dy: FloatArray, out: FloatArray, context: ForwardContext): void {
    this.apply(dy, out, context);
  }

  protected override maskOf(context: ForwardContext, format: MaskFormat): Uint8Array {
    const { training, amount, key, shape } = context;
    if (!training) return super.maskOf(context, format);
    return formatMask(blockMask(this.imagesOf(shape!), amount, drawsFor(amount, key)), format);
  }

  private imagesOf(shape: readonly number[]): Images {
    return imagesOf(shape, this.channels, this.blockSize);
  }
}

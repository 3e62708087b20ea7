/**
 * The Dropout layer on buffers of a WebGPU device.
 * @module
 */
import type { Dropout as CpuDropout, Generator, LayerJSON, LayerOptions } from 'dropout-wasm';
import type { FloatArray } from '../core/tensor.js';
import { toBigInt } from '../core/u64.js';
import { type BufferOrRange, rangeOf } from './buffers.js';
import type { Gpu } from './gpu.js';
import { brandOf, checkOptions, Dropout, wrongType, wrongValue } from './shared.js';
import type { GpuEncoder } from './types.js';

/** Options of GpuDropout: those of Dropout, without `inplace` and `noiseShape`. */
export interface GpuDropoutOptions extends Omit<LayerOptions, 'inplace'> {
  /** What `create(device)` has returned. */
  gpu: Gpu;
}

/** The latest forward. In evaluation p is 0. */
interface Forward {
  readonly length: number;
  readonly p: number;
  readonly key: bigint | undefined;
}

/**
 * Dropout on f32 buffers. It draws the masks of `Dropout` with the same seed, and is stored as a `Dropout`, so a run can
 * move between CPU and GPU. Each call records commands and never waits.
 *
 * A buffer counts as a whole: `{ buffer, offset, size }` is a part of it. Buffers need the usage STORAGE.
 *
 * @example
 * import { create, GpuDropout } from 'dropout-wasm/webgpu';
 *
 * const adapter = await globalThis.navigator?.gpu?.requestAdapter();
 * if (adapter) {
 *   const device = await adapter.requestDevice();
 *   const layer = new GpuDropout(0.5, { gpu: create(device), seed: 42 });
 *   const { STORAGE, COPY_DST } = GPUBufferUsage;
 *   const [x, dy] = [0, 1].map(() => device.createBuffer({ size: 4000, usage: STORAGE | COPY_DST }));
 *   const encoder = device.createCommandEncoder();
 *   layer.forward(encoder, x); // in place
 *   layer.backward(encoder, dy);
 *   device.queue.submit([encoder.finish()]);
 * }
 */
export class GpuDropout {
  /** What records the commands. */
  readonly gpu: Gpu;
  private cpu: CpuDropout;
  private latest: Forward | undefined;

  /**
   * @param p probability that an element is dropped, from 0 to 1. Default 0.5
   * @throws TypeError, RangeError unless p is a number from 0 to 1 and every option is valid
   */
  constructor(p = 0.5, options: GpuDropoutOptions) {
    const { gpu, ...rest } = checkOptions(options, ['gpu', 'always', 'seed', 'generator']);
    if (brandOf(gpu) !== 'Gpu') throw wrongType('gpu', 'what create(device) returns', gpu);
    this.gpu = gpu;
    this.cpu = new Dropout(p, rest);
  }

  /** The p, mode and stream of this layer, as a layer for arrays. `setTraining` and `monteCarlo` take it. */
  get layer(): CpuDropout {
    return this.cpu;
  }

  /**
   * Probability that an element is dropped, from 0 to 1.
   * @throws TypeError, RangeError when set to anything else
   */
  get p(): number {
    return this.layer.p;
  }

  set p(p: number) {
    this.layer.p = p;
  }

  /** Whether the layer is in training mode. Default true; `train` and `eval` set it. */
  get training(): boolean {
    return this.layer.training;
  }

  /** The layer's own stream of keys. */
  get generator(): Generator {
    return this.layer.generator;
  }

  /** The key of the latest training forward. Undefined before the first, and where p needed no key. */
  get key(): bigint | undefined {
    return this.layer.key;
  }

  /**
   * Switches to training mode, or to evaluation if mode is false. Default true.
   * @throws TypeError unless mode is a boolean
   */
  train(mode = true): this {
    this.layer.train(mode);
    return this;
  }

  /** Switches to evaluation mode. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Records a forward. In training it draws one key, unless p needs none. In evaluation it copies x to `out`, and records
   * nothing in place.
   *
   * @param encoder a GPUCommandEncoder of the device, with no open pass
   * @param out where the result goes, at least as large as x. By default x, in place
   * @returns out
   * @throws TypeError or RangeError that names the argument, Error if the device is lost, before a key is drawn
   */
  forward<Out extends BufferOrRange>(encoder: GpuEncoder, x: BufferOrRange, out: Out = x as Out): Out {
    const { layer } = this;
    const length = lengthOf(x, 'x');
    const input = { data: { length } as FloatArray, shape: undefined };
    const context = layer.training || layer.always ? layer.begin(input) : undefined;
    const forward = { length, p: context?.amount ?? 0, key: context?.key && toBigInt(context.key) };
    this.record(encoder, x, out, forward, 'x');
    if (context) layer.finish(input, context);
    this.latest = forward;
    return out;
  }

  /**
   * Records the gradient with respect to the input of the latest forward.
   *
   * @param encoder a GPUCommandEncoder of the device, with no open pass
   * @param dy the gradient with respect to its result, of the same size
   * @param out where the gradient goes. By default dy, in place
   * @returns out
   * @throws Error before any forward, and if the device is lost; TypeError or RangeError that names the argument
   */
  backward<Out extends BufferOrRange>(encoder: GpuEncoder, dy: BufferOrRange, out: Out = dy as Out): Out {
    return this.backwardOf(this.latestForward('backward'), encoder, dy, out);
  }

  /**
   * Returns the `backward` of the latest forward as a function that later forwards do not change, for a layer that is
   * used twice in one step.
   * @throws Error before any forward
   */
  pullback(): <Out extends BufferOrRange>(encoder: GpuEncoder, dy: BufferOrRange, out?: Out) => Out {
    const forward = this.latestForward('pullback');
    return (encoder, dy, out = dy as never) => this.backwardOf(forward, encoder, dy, out);
  }

  /**
   * Records the mask of the latest forward, like `gpu.mask`. After an evaluation forward every element is kept.
   *
   * @param encoder a GPUCommandEncoder of the device, with no open pass
   * @param out where the mask goes: 4 · ⌈n / 32⌉ bytes for n elements
   * @returns out
   * @throws Error before any forward, and if the device is lost; TypeError or RangeError that names the argument
   */
  mask<Out extends BufferOrRange>(encoder: GpuEncoder, out: Out): Out {
    this.gpu.mask(encoder, { out, ...this.latestForward('mask') });
    return out;
  }

  /** The options, the mode and the stream, such as `GpuDropout(p=0.5, training, seed 42 at 3)`. */
  toString(): string {
    return `Gpu${this.layer}`;
  }

  /** The options, the mode and the state of the stream, as those of a `Dropout`. */
  toJSON(): LayerJSON {
    return this.layer.toJSON();
  }

  /**
   * Restores a layer from the output of `toJSON`, of this class or of `Dropout`. It draws the masks that the original
   * would have drawn next.
   *
   * @param gpu what `create(device)` has returned
   * @throws TypeError, RangeError unless json is from a Dropout without a noise shape
   */
  static fromJSON(json: LayerJSON, gpu: Gpu): GpuDropout {
    const layer = Dropout.fromJSON(json);
    if (layer.noiseShape)
      throw wrongValue('noiseShape', 'undefined on a GPU, where every element has its own draw', layer.noiseShape);
    const restored = instance(layer.p, { gpu, seed: 0 });
    restored.cpu = layer;
    return restored;
  }

  private latestForward(method: string): Forward {
    if (!this.latest) throw new Error(`${method} needs a forward first`);
    return this.latest;
  }

  private backwardOf<Out extends BufferOrRange>(
    forward: Forward,
    encoder: GpuEncoder,
    dy: BufferOrRange,
    out: Out,
  ): Out {
    const length = lengthOf(dy, 'dy');
    if (length !== forward.length) throw wrongValue('dy', `of ${forward.length} elements, like x`, length);
    this.record(encoder, dy, out, forward, 'dy');
    return out;
  }

  private record(encoder: GpuEncoder, x: BufferOrRange, out: BufferOrRange, forward: Forward, name: 'x' | 'dy'): void {
    this.gpu.dropoutOf(encoder, { x, out, ...forward }, name);
  }
}

/** Outside of the class: bundlers rename a class that refers to itself. */
const instance = (p: number, options: GpuDropoutOptions) => new GpuDropout(p, options);

/** @throws TypeError, RangeError unless x is a buffer of whole elements */
function lengthOf(x: BufferOrRange, name: string): number {
  const { size } = rangeOf(x, name);
  if (size % 4) throw wrongValue(`${name}.size`, 'a multiple of 4', size);
  return size / 4;
}

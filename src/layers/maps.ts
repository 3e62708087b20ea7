/**
 * What a call does to the elements of a tensor of another library, in forms that suit any of its backends: a function of
 * arrays, and a mask or noise that can be uploaded.
 * @module
 */
import type { Affine } from '../backend/interface.js';
import { checkDraws, type Draws, drawsFor } from '../core/draws.js';
import { type Broadcast, broadcastOf, type NoiseShape } from '../core/shapes.js';
import type { FloatArray } from '../core/tensor.js';
import { inverted, scaleBy } from '../functional/common.js';
import { dropout } from '../functional/dropout.js';
import { type MaskFormat, mask } from '../functional/mask.js';
import type { ForwardContext, Layer } from './layer.js';
import type { MaskLayer } from './mask-layer.js';

/** A map of elements. It draws its random numbers again at each use, so nothing is stored for the gradient. */
export interface ElementwiseMap {
  /** Writes the map of x to out. @throws TypeError, RangeError before anything is written */
  write(x: Float32Array, out: Float32Array): void;
  /** The same for a backend whose elements lie elsewhere. */
  factors(): Masked | Noise;
  /**
   * The gradient with respect to x, as a map of dy. Undefined where it is dy itself. Not an accessor: each
   * literal with one gets a hidden class of its own, which makes a small call 3 times slower.
   */
  gradient(): ElementwiseMap | undefined;
}

/**
 * Kept elements become x · scale + shift, dropped ones fill. A shift of −0 changes no product, also where a device
 * contracts the product and the sum to one operation.
 */
export interface Masked {
  /** Draws the mask: element i is bit i % 8 of byte ⌊i / 8⌋. A function, for backends that draw it themselves. */
  bits(): Uint8Array;
  readonly affine: Affine;
  /** The draws of the elements. Undefined where the mask is computed from them in another way. */
  readonly draws?: MaskDraws | undefined;
}

/** With `broadcast`, draw d of the call is draw `offset + d` of the stream. */
export interface MaskDraws extends Draws {
  readonly broadcast?: Broadcast | undefined;
}

/** x + noise if `additive`, x · noise otherwise. */
export interface Noise {
  readonly noise: Float32Array;
  readonly additive: boolean;
}

/** Options of a `dropout` on arrays. */
interface DropoutCall {
  readonly p: number;
  readonly key: bigint | string | undefined;
  readonly offset?: number;
  readonly noiseShape?: NoiseShape | null | undefined;
}

/** The map of `dropout` on a tensor of this shape. It is linear, so it is its own gradient. */
export function dropoutMap(shape: readonly number[], options: DropoutCall): ElementwiseMap {
  const { p, key, offset = 0, noiseShape: draws } = options;
  // A copy, because the gradient may run after the caller has changed the array.
  const noiseShape = Array.isArray(draws) ? [...draws] : draws;
  const map: ElementwiseMap = {
    write(x, out) {
      // Not a spread: each copy gets a hidden class of its own, which makes a small call 3 times slower.
      dropout({ data: x, shape }, { p, key, offset, noiseShape, out: { data: out, shape } });
    },
    factors: () => ({
      bits: () => mask(shape, { p, key, offset, noiseShape, format: 'bits' }),
      affine: p === 1 ? scaleBy(0) : inverted(p),
      draws: { ...checkDraws(p, key, offset), broadcast: noiseShape ? broadcastOf(noiseShape, shape) : undefined },
    }),
    gradient: () => map,
  };
  return map;
}

/** The parts of a layer that maps use. They are protected, since users call forward. */
interface Internals {
  apply(x: FloatArray, out: FloatArray, context: ForwardContext): void;
  gradient(dy: FloatArray, out: FloatArray, context: ForwardContext): void;
  maskOf?(context: ForwardContext, format: MaskFormat): Uint8Array;
  readonly scaling: MaskLayer['scaling'];
  readonly isDerived?: boolean;
}

/** The map of a forward that `layer.begin` has started. */
export function layerMap(layer: Layer, context: ForwardContext): ElementwiseMap {
  const internals = layer as unknown as Internals;
  const { amount, length, key, broadcast } = context;
  // x + noise; the gradient is dy.
  const additive = (layer.constructor as typeof Layer).parameter === 'stddev';

  /** The factors of a map that applies one of the two affine maps, or noise. */
  const factors = (direction: 'forward' | 'gradient') => (): Masked | Noise => {
    const draws = { ...drawsFor(amount, key), broadcast };
    // Zeros, not products with 0, which keep NaN.
    if (amount === 1 && !additive)
      return { bits: () => new Uint8Array(Math.ceil(length / 8)), affine: scaleBy(0), draws };
    if (internals.maskOf) {
      const affineFor = internals.scaling[direction];
      const bits = () => internals.maskOf!(context, 'bits');
      if (!internals.isDerived) return { bits, affine: affineFor(amount), draws };
      const derived = bits();
      return { bits: () => derived, affine: affineFor(amount, derived, true, length) };
    }
    const noise = new Float32Array(length).fill(additive ? 0 : 1);
    internals.apply(noise, noise, context);
    return { noise, additive };
  };
  const gradient: ElementwiseMap = {
    write: (dy, out) => internals.gradient(dy, out, context),
    factors: factors('gradient'),
    gradient: () => gradient,
  };
  return {
    write: (data, out) => internals.apply(data, out, context),
    factors: factors('forward'),
    gradient: () => (additive ? undefined : gradient),
  };
}

/** What the layers of this section have in common. */

export interface Settings {
  /** Probability that an element is dropped; stddev for GaussianNoise. */
  p: number;
  /** Seeds the layer: its first mask is the one shown. */
  seed: bigint;
  /** Block size of DropBlock2d. */
  block: number;
}

/** The arrays of one forward, each of a whole picture, in an arena: nothing is copied or allocated. */
export interface Arrays {
  x: Float32Array;
  /** What biasDropoutResidual adds. */
  residual: Float32Array;
  out: Float32Array;
  ones: Float32Array;
  /** The gradient of `out` for ones: 0 where x is dropped. Where nothing is dropped, what the layer makes of ones. */
  mask: Float32Array;
}

/** A layer, or a function that is used like one, with what it does to a picture. */
export interface Member {
  /** Its name in the address. */
  name: string;
  title: string;
  /** How the picture becomes x, what is dropped, and what becomes of the rest. */
  says: string;
  /** The side of the tiles into which the picture is cut; SIDE if it stays whole. */
  tile: number;
  /** Whether x has mean 0 and variance 1, as the layers for SELU expect. */
  isStandardized: boolean;
  /** What is kept or dropped as one, as a plural, and how many there are. Undefined where nothing is dropped. */
  units: [count: number, name: string] | undefined;
  /** Whether the three colors of a pixel are kept or dropped together, so the mask is black and white. */
  isColorless: boolean;
  /** The fraction that is kept in expectation, if it is not 1 − p. */
  expectedKept?: ((settings: Settings) => number) | undefined;
  /** Splits the picture in x into x and residual. */
  split?(arrays: Arrays): void;
  /** Writes the result to `out`. Returns the mask, which is `arrays.mask` unless it is not a mask of x. */
  draw(arrays: Arrays, settings: Settings): Uint8Array | Float32Array;
  /** The exports that `code` needs. */
  imports: readonly string[];
  /** The same for Node, from `seed` to `kept`, the mask, or to `noise`, what the layer makes of ones. */
  code(settings: Settings): string;
}

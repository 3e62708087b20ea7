/** Two classes of points in the plane: two curves and normal noise. */
import { type Generator, gaussianNoise } from 'dropout-wasm';

export interface Data {
  /** Rows of two coordinates. */
  readonly x: Float32Array;
  /** The class of each row, 0 or 1. */
  readonly labels: Uint8Array;
}

/** What the maps show: both coordinates from −SIDE to SIDE. */
export const SIDE = 2;

/** A point on the curve of each class, for t from 0 to 1. */
const CURVES = {
  moons: (t: number, label: number) => {
    const [x, y] = turn(t / 2);
    return label ? [0.5 - x!, 0.25 - y!] : [x! - 0.5, y! - 0.25];
  },
  spirals: (t: number, label: number) => turn(t + label / 2).map((v) => (0.2 + 1.3 * t) * v),
  circles: (t: number, label: number) => turn(t).map((v) => (label ? 1.2 : 0.5) * v),
};

export type Curves = keyof typeof CURVES;
export const DATA = Object.keys(CURVES) as Curves[];

/** A point of the unit circle after so many turns. */
const turn = (turns: number) => [Math.cos(2 * Math.PI * turns), Math.sin(2 * Math.PI * turns)];

/**
 * @param points of both classes together, an even number
 * @param noise standard deviation
 * @param generator draws the noise by its next key
 */
export function makeData(curves: Curves, points: number, noise: number, generator: Generator): Data {
  const labels = Uint8Array.from({ length: points }, (_, i) => i % 2);
  const clean = Array.from(labels, (label, i) => CURVES[curves]((i - label + 1) / points, label));
  return { x: gaussianNoise(Float32Array.from(clean.flat()), { stddev: noise, key: generator.next() }), labels };
}

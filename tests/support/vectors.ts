/** The test vectors, which implementations outside this project produced. It imports neither Node nor vitest. */
import noise from '../../docs/normal-noise-v1.json' with { type: 'json' };
import stream from '../vectors/mask-stream-v1.json' with { type: 'json' };
import monteCarlo from '../vectors/monte-carlo-v1.json' with { type: 'json' };

/** tests/vectors/mask-stream-v1.json, the vectors of docs/SPEC.md. */
export interface StreamVectors {
  keys: { seed: string; keys: string[] }[];
  forks: { seed: string; label: string; childSeed: string; firstKey: string }[];
  blocks: { key: string; block: number; roundingWord: string; laneOutputs: string[]; lastLaneOutput: string }[];
  /** Digests of bit masks by their number of elements. */
  masks: {
    seed: string;
    position: number;
    p: number;
    offset: number;
    bits: string;
    digests: { [n: string]: string };
  }[];
}

/** docs/normal-noise-v1.json, the vectors of docs/normal-noise.md. */
export interface NoiseVectors {
  quantile: { v: string; z: string }[];
  sweep: string;
  noise: { seed: string; position: number; offset: number; length: number; first: string[]; digest: string }[];
}

export const streamVectors: StreamVectors = stream as StreamVectors;
export const noiseVectors: NoiseVectors = noise;

/** tests/vectors/monte-carlo-v1.json, the vectors of docs/uncertainty.md. */
export interface MonteCarloVectors {
  /** x and its logarithm, as 16 hex digits of f64. */
  log: { x: string; y: string }[];
  /** x and its exponential. */
  exp: { x: string; y: string }[];
  /** Samples in the order of their numbers, and the bytes of the result. */
  runs: {
    name: string;
    kind: 'values' | 'probabilities' | 'logits';
    shape: number[];
    ranges: { from: number; to: number }[];
    samples: number[][];
    bytes: string;
  }[];
}

export const monteCarloVectors: MonteCarloVectors = monteCarlo as MonteCarloVectors;

/** A number from its 16 hex digits. */
export function float64Of(hex: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${hex}`));
  return view.getFloat64(0);
}

/** The 16 hex digits of a number. */
export function hexOf64(x: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}

/** The test vectors, which implementations outside this project produced. It imports neither Node nor vitest. */
import noise from '../../docs/normal-noise-v1.json' with { type: 'json' };
import stream from '../vectors/mask-stream-v1.json' with { type: 'json' };

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

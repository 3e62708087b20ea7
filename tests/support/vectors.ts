/** The test vectors of SPEC.md, version 1: made by implementations that are not part of this project. */
import { readFileSync } from 'node:fs';

interface Vectors {
  keys: { seed: string; keys: string[] }[];
  forks: { seed: string; label: string; childSeed: string; firstKey: string }[];
  blocks: { key: string; block: number; roundingWord: string; laneOutputs: string[]; lastLaneOutput: string }[];
  masks: { seed: string; position: number; p: number; offset: number; bits: string; digests: Record<string, string> }[];
}

export const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../vectors/mask-stream-v1.json', import.meta.url), 'utf8'),
);

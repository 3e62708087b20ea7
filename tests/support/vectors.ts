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

/** FNV-1a 64 as the vectors give it: 16 hex digits. */
export function digest(bytes: Uint8Array): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}

/** The digest of the standard stream: the masks of tests/vectors/mask-stream-v1.json. It needs no page. */
import { Generator, mask } from 'dropout-wasm';
import { digestOf } from '../../../tests/support/digest.js';
import { streamVectors } from '../../../tests/support/vectors.js';

export interface Vector {
  seed: string;
  position: number;
  p: number;
  offset: number;
  /** The number of elements, the most that the vectors have. */
  n: number;
  /** The digest that the vectors state. */
  expected: string;
}

export const vectors: readonly Vector[] = streamVectors.masks.map(({ seed, position, p, offset, digests }) => {
  const [n, expected] = Object.entries(digests).at(-1)!;
  return { seed, position, p, offset, n: Number(n), expected };
});

/** One digest of many, one a line. */
export const digestOfAll = (digests: readonly string[]): string =>
  digestOf(new TextEncoder().encode(`${digests.join('\n')}\n`));

/** Whether the digests of the masks are those of the vectors, in a sentence. */
export function answerOf(digests: readonly string[]): string {
  const wrong = vectors.filter(({ expected }, i) => digests[i] !== expected).length;
  return wrong === 0 ? '✓ The same bits.' : `✗ Other bits: ${wrong} of ${vectors.length} masks differ.`;
}

export const expectedDigest = digestOfAll(vectors.map(({ expected }) => expected));

/** Computes the masks, and yields the digests so far after each. */
export async function* digests(): AsyncGenerator<string[]> {
  const all: string[] = [];
  for (const { seed, position, p, offset, n } of vectors) {
    const key = new Generator(BigInt(seed)).keyAt(position);
    all.push(digestOf(mask(n, { p, key, offset, format: 'bits' })));
    yield all;
  }
}

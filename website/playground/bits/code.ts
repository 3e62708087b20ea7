/** A program for Node that computes the same digest. */
import { vectors } from './stream.js';

/** Masks in one line of the program. */
const COLUMNS = 2;

export function code(): string {
  const items = vectors.map(({ seed, position, p, offset, n }) => {
    return `[${BigInt(seed) < 100n ? BigInt(seed) : seed}n, ${[position, p, offset, n].join(', ')}],`;
  });
  const lines = items.flatMap((_, i) => (i % COLUMNS === 0 ? [items.slice(i, i + COLUMNS).join(' ')] : []));
  return `\
import { backend, Generator, mask } from 'dropout-wasm';

/** FNV-1a 64 */
const digestOf = (bytes) => {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
};

// The masks of the test vectors: seed, position, p, offset, number of elements.
const vectors = [
${lines.map((line) => `  ${line}`).join('\n')}
];
const digests = vectors.map(([seed, position, p, offset, n]) => {
  const key = new Generator(seed).keyAt(position);
  return digestOf(mask(n, { p, key, offset, format: 'bits' }));
});
console.log('the digest is', digestOf(new TextEncoder().encode(\`\${digests.join('\\n')}\\n\`)));
console.log('computed by', backend().name);
`;
}

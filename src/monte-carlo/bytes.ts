/**
 * Sums as bytes: f64 numbers, little-endian on every machine.
 *
 *   magic "DROPOUTM" | version | kind: 0 values, 1 probabilities, 2 logits | number of axes | size of each axis
 *   number of nodes | of each node: from | size | sums (sums.ts)
 *   votes of each class of each row
 *   checksum: FNV-1a 32 of the bytes before it, as a signed integer
 * @module
 */
import { POWERS } from './numerics.js';
import { checkMask, checkWhole, wrongValue } from './shared.js';
import { KINDS, push, type Sums, sumsFor } from './sums.js';

/** The number whose bytes are the ASCII letters DROPOUTM. */
const MAGIC = 3.345844152238763e64;
const VERSION = 1;

export function encode({ kind, shape, nodes, votes }: Sums): Uint8Array {
  const arrays = [
    [MAGIC, VERSION, KINDS.indexOf(kind), shape.length, ...shape, nodes.length],
    ...nodes.flatMap(({ from, size, parts }) => [[from, size], parts]),
    votes,
  ];
  const bytes = new Uint8Array(8 + 8 * arrays.reduce((sum, { length }) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const array of arrays) for (let i = 0; i < array.length; at += 8) view.setFloat64(at, array[i++]!, true);
  view.setFloat64(at, checksum(bytes), true);
  return bytes;
}

/** @throws TypeError unless value is a Uint8Array; RangeError unless it is complete, intact and of this version */
export function decode(value: Uint8Array): Sums {
  const bytes = checkMask(value, 0, 'bytes', true);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const numbers = new Float64Array(bytes.length / 8).map((_, i) => view.getFloat64(8 * i, true));
  // Not a whole number, and so no index, if bytes are missing.
  const end = bytes.length / 8 - 1;
  let at = 0;
  const take = (n: number): Float64Array => {
    at += n;
    return numbers.slice(at - n, at);
  };
  const [magic, version, kindAt, rank] = take(4) as unknown as [number, number, number, number];
  const kind = KINDS[kindAt];
  const invalid = wrongValue('bytes', `whole and from toBytes() of version ${VERSION}`, value);
  if (magic !== MAGIC || version !== VERSION || !kind || numbers[end] !== checksum(bytes)) throw invalid;
  const sums = sumsFor(kind, Array.from(take(rank)), 'bytes', bytes.length);
  let count = take(1)[0]!;
  // At least one, and up to the end, since adding forged nodes without sums could take minutes.
  do {
    const [from, size] = take(2) as unknown as [number, number];
    // A power of two, and a multiple of it.
    if (POWERS.indexOf(size) < 1022) throw invalid;
    checkWhole(from / size, 'bytes');
    push(sums, { from, size, parts: take(2 * sums.length + sums.rows) });
  } while (--count > 0 && at < end);
  sums.votes.set(take(sums.votes.length));
  if (count !== 0 || at !== end) throw invalid;
  return sums;
}

/**
 * The checksum of all bytes but the last eight. FNV-1a of words would miss a change of the highest bits of two words.
 */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length - 8; i++) hash = Math.imul(hash ^ bytes[i]!, 16777619);
  return hash;
}

/**
 * Sums as bytes: numbers in f64, little-endian on any machine.
 *
 *   magic "DROPOUTM" | version | kind: 0 values, 1 probabilities, 2 logits | number of axes | size of each axis
 *   number of nodes | from and size of each node | sums of each node (sums.ts) | votes of each class of each row
 *   checksum: FNV-1a of the 32-bit words before it
 * @module
 */
import { checkMask, wrongValue } from './shared.js';
import { KINDS, push, type Sums, sumsFor } from './sums.js';

/** The number whose bytes are the ASCII letters DROPOUTM. */
const MAGIC = 3.345844152238763e64;
const VERSION = 1;

export function encode({ kind, shape, nodes, votes }: Sums): Uint8Array {
  const numbers = [MAGIC, VERSION, KINDS.indexOf(kind), shape.length, ...shape, nodes.length];
  for (const { from, size } of nodes) numbers.push(from, size);
  const arrays = [numbers, ...nodes.map(({ parts }) => parts), votes];
  const view = new DataView(new ArrayBuffer(8 + 8 * arrays.reduce((sum, { length }) => sum + length, 0)));
  let at = 0;
  for (const array of arrays) for (let i = 0; i < array.length; i++, at += 8) view.setFloat64(at, array[i]!, true);
  view.setFloat64(at, checksum(view), true);
  return new Uint8Array(view.buffer);
}

/** @throws TypeError unless value is a Uint8Array; RangeError unless it is whole and of this version */
export function decode(value: Uint8Array): Sums {
  const { buffer, byteOffset, length } = checkMask(value, 0, 'bytes', true);
  const view = new DataView(buffer, byteOffset, length);
  const numbers = new Float64Array(length / 8).map((_, i) => view.getFloat64(8 * i, true));
  const [magic, version, kind, rank] = numbers as unknown as [number, number, number, number];
  if (magic !== MAGIC || version !== VERSION || length % 8 || numbers.at(-1) !== checksum(view))
    throw wrongValue('bytes', `whole and from toBytes() of version ${VERSION}`, value);
  let at = 4;
  const take = (n: number): Float64Array => {
    at += n;
    return numbers.slice(at - n, at);
  };
  const sums = sumsFor(KINDS[kind]!, Array.from(take(rank)), 'bytes');
  const ranges = take(2 * take(1)[0]!);
  for (let i = 0; i < ranges.length; i += 2) {
    const parts = take(2 * sums.length + sums.rows);
    push(sums, { from: ranges[i]!, size: ranges[i + 1]!, parts });
  }
  sums.votes.set(take(sums.votes.length));
  return sums;
}

/** Of all words but the last two. */
function checksum(view: DataView): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < view.byteLength - 8; at += 4) hash = Math.imul(hash ^ view.getInt32(at, true), 16777619);
  return hash;
}

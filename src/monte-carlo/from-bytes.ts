/**
 * Reads the bytes of a result (to-bytes.ts).
 * @module
 */
import { KINDS } from './classes.js';
import { type ClassResult, type MonteCarloResult, resultOf } from './result.js';
import { checkMask, wrongValue } from './shared.js';
import { HEADER, MAGIC, VERSION } from './to-bytes.js';
import { Tree } from './tree.js';

/**
 * Restores a result from the bytes of `toBytes`.
 *
 * @throws TypeError unless bytes is a Uint8Array; RangeError unless it is whole and from `toBytes` of this version
 * @example
 * worker.on('message', (bytes) => results.push(fromBytes(bytes)));
 */
export function fromBytes(bytes: Uint8Array): ClassResult | MonteCarloResult<'values'> {
  const reader = new Reader(checkMask(bytes, 0, 'bytes', true));
  const [magic, version, kindIndex, rank] = [0, 4, 8, 12].map((at) => reader.word(at)) as Four;
  if (magic !== MAGIC) throw reader.error();
  if (version !== VERSION)
    throw wrongValue('the version of bytes', `${VERSION}`, version, 'read them by the dropout-wasm that made them');
  const kind = KINDS[kindIndex];
  const shape = reader.wholes(rank);
  const length = shape.reduce((a, b) => a * b, 1);
  const classes = kind === 'values' ? 0 : shape.at(-1);
  if (!kind || !length || classes === undefined) throw reader.error();
  const rows = classes && length / classes;
  const [count = 0] = reader.wholes(1);
  const ranges = reader.wholes(2 * count);
  const tree = new Tree({ length, rows });
  for (let i = 0, end = 0; i < ranges.length; i += 2) {
    const [from, size] = ranges.slice(i) as [number, number];
    if (!isPowerOfTwo(size) || from % size || from < end) throw reader.error();
    end = from + size;
    const mean = reader.floats(length);
    const squares = size > 1 ? reader.floats(length) : mean;
    const entropies = reader.floats(rows);
    const sums = tree.allocate();
    sums.set(mean);
    sums.set(squares, length);
    sums.set(entropies, 2 * length);
    tree.push({ from, size, sums, isShared: false });
  }
  const votes = reader.floats(rows && length);
  if (!count || !reader.isAtEnd()) throw reader.error();
  return resultOf({ kind, shape, extent: tree.extent, nodes: tree.share(), votes }) as never;
}

type Four = [number, number, number, number];

function isPowerOfTwo(n: number): boolean {
  while (n > 1) n /= 2;
  return n === 1;
}

class Reader {
  declare private readonly view: DataView;
  private at = HEADER;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEADER) throw this.error();
  }

  word(at: number): number {
    return this.view.getUint32(at, true);
  }

  floats(n: number): Float64Array {
    // Before they are allocated: foreign bytes may ask for more than there is memory.
    if (8 * n > this.bytes.length - this.at) throw this.error();
    const out = new Float64Array(n);
    for (let i = 0; i < n; i++, this.at += 8) out[i] = this.view.getFloat64(this.at, true);
    return out;
  }

  wholes(n: number): number[] {
    const numbers = Array.from(this.floats(n));
    if (!numbers.every((n) => Number.isSafeInteger(n) && n >= 0)) throw this.error();
    return numbers;
  }

  isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  error(): RangeError {
    return wrongValue('bytes', 'whole and from toBytes()', this.bytes);
  }
}

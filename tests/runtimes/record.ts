/** What a test leaves behind: a digest of everything it saw, in order, the same in every engine. */
import { Digest, digestOf } from '../support/digest.js';

export type Seen = Float32Array | Float64Array | Uint8Array | string | number | bigint | boolean | undefined;

/** The cases of one test on one backend. */
export class Record {
  readonly #digest = new Digest();
  /** What each case was, and the digest of everything up to it. */
  readonly cases: { what: string; digest: string }[] = [];

  get digest(): string {
    return `${this.#digest}`;
  }

  /** @param what names the case in an error message */
  add(what: string, ...seen: Seen[]): void {
    for (const value of seen) this.#digest.add(bytesOf(value));
    this.cases.push({ what, digest: this.digest });
  }

  /** Adds a case and @throws Error unless what was seen is what the vectors say. */
  expect(what: string, seen: Seen, expected: Seen): void {
    this.add(what, seen);
    const [got, wanted] = [seen, expected].map((value) => digestOf(bytesOf(value)));
    if (got !== wanted) throw new Error(`${what}: ${shown(seen)}, but it has to be ${shown(expected)}`);
  }
}

const shown = (value: Seen) =>
  ArrayBuffer.isView(value) ? `[${value.slice(0, 16).join()}${value[16] ? ',…' : ''}]` : value;

/** The bits of a value, with one NaN for all: engines choose its sign and payload. */
export function bytesOf(value: Seen): Uint8Array {
  if (!ArrayBuffer.isView(value)) return new TextEncoder().encode(`${typeof value} ${value}`);
  if (value instanceof Uint8Array) return value;
  const bits = value.slice();
  const bytes = new Uint8Array(bits.buffer);
  const size = bits.BYTES_PER_ELEMENT;
  // As bytes: a NaN that is written as a number is no surer to have these bits.
  const nan = size === 4 ? [0, 0, 0xc0, 0x7f] : [0, 0, 0, 0, 0, 0, 0xf8, 0x7f];
  for (let i = 0; i < bits.length; i++) if (Number.isNaN(bits[i])) bytes.set(nan, i * size);
  return bytes;
}

/** What a test leaves behind: a digest of everything it saw, in order, the same in every engine. */
export type Seen = Float32Array | Float64Array | Uint8Array | string | number | bigint | boolean | undefined;

/** FNV-1a 64, in 32-bit integers alone: with BigInt it would take more time than all that is tested. */
export class Digest {
  #hi = 0xcbf29ce4 | 0;
  #lo = 0x84222325 | 0;

  add(bytes: Uint8Array): this {
    let hi = this.#hi;
    let lo = this.#lo;
    for (let i = 0; i < bytes.length; i++) {
      lo ^= bytes[i]!;
      // The prime is 2^40 + 0x1b3.
      const low = (lo & 0xffff) * 0x1b3;
      const high = (lo >>> 16) * 0x1b3 + (low >>> 16);
      hi = (Math.imul(hi, 0x1b3) + (high >>> 16) + (lo << 8)) | 0;
      lo = (high << 16) | (low & 0xffff);
    }
    this.#hi = hi;
    this.#lo = lo;
    return this;
  }

  toString(): string {
    return [this.#hi, this.#lo].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

export const digestOf = (bytes: Uint8Array): string => `${new Digest().add(bytes)}`;

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

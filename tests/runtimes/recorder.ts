/** Digest of the values a test records, in order. It is the same in every engine. */
import { bitsOf } from '../support/bits.js';
import { Digest, digestOf } from '../support/digest.js';

export type Value = Float32Array | Float64Array | Uint8Array | string | number | bigint | boolean | undefined;

/** Records the cases of one test on one backend. */
export class Recorder {
  private readonly running = new Digest();
  /** The label of each case, and the digest of all values up to it. */
  readonly cases: { label: string; digest: string }[] = [];

  get digest(): string {
    return `${this.running}`;
  }

  /** @param label names the case in error messages */
  add(label: string, ...values: Value[]): void {
    for (const value of values) this.running.add(encode(value));
    this.cases.push({ label, digest: this.digest });
  }

  /** Adds a case. @throws Error unless the value has the bits of the expected one */
  expect(label: string, value: Value, expected: Value): void {
    this.add(label, value);
    if (digestOf(encode(value)) !== digestOf(encode(expected)))
      throw new Error(`${label}: ${format(value)}, but expected ${format(expected)}`);
  }
}

const format = (value: Value) =>
  ArrayBuffer.isView(value) ? `[${value.slice(0, 16).join()}${value.length > 16 ? ',…' : ''}]` : value;

/** The bytes of a value, treating all NaNs as equal. */
const encode = (value: Value): Uint8Array =>
  ArrayBuffer.isView(value) ? bitsOf(value) : new TextEncoder().encode(`${typeof value} ${value}`);

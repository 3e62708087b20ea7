/** Digests of results: one short string that is the same in every engine. */

/** FNV-1a 64 in 32-bit integers. With BigInt it would take longer than the code under test. */
export class Digest {
  private hi = 0xcbf29ce4 | 0;
  private lo = 0x84222325 | 0;

  add(bytes: Uint8Array): this {
    let hi = this.hi;
    let lo = this.lo;
    for (let i = 0; i < bytes.length; i++) {
      lo ^= bytes[i]!;
      // The prime is 2^40 + 0x1b3.
      const low = (lo & 0xffff) * 0x1b3;
      const high = (lo >>> 16) * 0x1b3 + (low >>> 16);
      hi = (Math.imul(hi, 0x1b3) + (high >>> 16) + (lo << 8)) | 0;
      lo = (high << 16) | (low & 0xffff);
    }
    this.hi = hi;
    this.lo = lo;
    return this;
  }

  toString(): string {
    return [this.hi, this.lo].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

/** The digest of bytes as 16 hex digits, as the vectors state it. */
export const digestOf = (bytes: Uint8Array): string => `${new Digest().add(bytes)}`;

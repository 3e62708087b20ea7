/** Random test data, the same in every runtime. It avoids Math.sin and the like, whose last bit varies by engine. */
import { LENGTHS, PROBABILITIES, SPECIAL } from '../support/edge-cases.js';

type Floats = Float32Array | Float64Array;

/** xorshift32 (Marsaglia 2003). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed;
  }

  word(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return x >>> 0;
  }

  /** From 0 up to, but not including, 1. */
  unit(): number {
    return this.word() / 2 ** 32;
  }

  below(n: number): number {
    return Math.floor(this.unit() * n);
  }

  chance(): boolean {
    return this.word() % 2 === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  key(): bigint {
    return (BigInt(this.word()) << 32n) | BigInt(this.word());
  }

  length(): number {
    return this.pick([() => this.below(200), () => this.below(9000), () => this.pick(LENGTHS)])();
  }

  p(): number {
    return this.chance() ? this.unit() : this.pick(PROBABILITIES);
  }

  offset(): number {
    return this.pick([
      () => 0,
      () => this.below(10_000),
      () => this.word() * 2 ** 21 + this.below(2 ** 21),
      () => 2 ** 53 - this.below(9000),
    ])();
  }

  /** Ordinary numbers and each kind of special value. */
  fill(x: Floats): void {
    for (let i = 0; i < x.length; i++) {
      const word = this.word();
      x[i] = word % 7 ? (word - 2 ** 31) / 2 ** 28 : SPECIAL[(word >>> 8) % 8]!;
    }
  }
}

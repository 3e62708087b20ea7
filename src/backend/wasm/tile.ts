/**
 * A piece of the kernel's own memory that other arrays pass through.
 * @module
 */
import type { FloatArray } from '../../core/tensor.js';

type Numbers = FloatArray | Uint8Array;

export class Tile {
  readonly length: number;
  readonly #whole: Numbers;
  #head: Numbers;

  constructor(whole: Numbers) {
    this.length = whole.length;
    this.#whole = this.#head = whole;
  }

  /** Copies up to n elements of x, from i on, into the tile; returns how many fit. */
  load(x: Numbers, i: number, n: number): number {
    n = Math.min(n, this.length);
    this.#whole.set(n === x.length ? x : x.subarray(i, i + n));
    return n;
  }

  /** Copies the tile's first n elements to out, from i on. */
  store(out: Numbers, i: number, n: number): void {
    // The latest view is kept: a model asks for the same sizes again and again, and a view costs 35 ns.
    if (n < this.length && n !== this.#head.length) this.#head = this.#whole.subarray(0, n);
    out.set(n < this.length ? this.#head : this.#whole, i);
  }
}

/** Draws a picture with any member, without the DOM. */
import { Arena, Generator } from 'dropout-wasm';
import { momentsOf } from '../moments.js';
import { four, grouped } from '../text.js';
import type { Member, Settings } from './member.js';
import { cut, type Range, VALUES } from './tiles.js';

/** The seed of mask number n of this section. */
export const seedOf = (seed: number, number: number): bigint => new Generator(seed).fork('family').keyAt(number);

export interface Drawn {
  /** In the order of the member's tiles. The next call overwrites it, and the mask. */
  result: Float32Array;
  /** How the result becomes a picture again. */
  range: Range;
  /** 0 where x is dropped or, where nothing is dropped, what the layer makes of ones. */
  mask: Uint8Array | Float32Array;
  /** The time that the calls of the library took. */
  milliseconds: number;
}

export class Family {
  private readonly arrays;
  private picture!: Float32Array;
  private standard!: Range;
  /** Whose input `arrays` hold. */
  private prepared: Member | undefined;

  /** @param picture of values from 0 to 1 */
  constructor(picture: Float32Array) {
    const arena = new Arena({ bytes: 5 * VALUES * Float32Array.BYTES_PER_ELEMENT });
    const take = () => arena.float32(VALUES);
    this.arrays = { x: take(), residual: take(), out: take(), ones: take().fill(1), mask: take() };
    this.load(picture);
  }

  load(picture: Float32Array): void {
    this.picture = picture;
    const { mean, std } = momentsOf(picture);
    // A picture of one color has no deviation.
    this.standard = { scale: std || 1, shift: mean };
    this.prepared = undefined;
  }

  draw(member: Member, settings: Settings): Drawn {
    if (this.prepared !== member) this.prepare(member);
    const start = performance.now();
    const mask = member.draw(this.arrays, settings);
    const milliseconds = performance.now() - start;
    return { result: this.arrays.out, range: this.rangeOf(member), mask, milliseconds };
  }

  private prepare(member: Member): void {
    const { x } = this.arrays;
    const { scale, shift } = this.rangeOf(member);
    cut(this.picture, member.tile, x);
    if (member.isStandardized) for (let i = 0; i < VALUES; i++) x[i] = (x[i]! - shift) / scale;
    member.split?.(this.arrays);
    this.prepared = member;
  }

  private rangeOf({ isStandardized }: Member): Range {
    return isStandardized ? this.standard : { scale: 1, shift: 0 };
  }
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

/** What was measured, as text: the units kept, or the moments of the noise. */
export function measured({ units }: Member, mask: Uint8Array | Float32Array): string {
  if (!units) {
    const { mean, std } = momentsOf(mask);
    return `mean ${four(mean)}, standard deviation ${four(std)}`;
  }
  const [count, name] = units;
  const kept = (count * countKept(mask)) / mask.length;
  return `${grouped(kept)} of ${grouped(count)} ${name} kept: ${percent(kept / count)}`;
}

/** What theory expects in its place. */
export function expected({ name, units, expectedKept }: Member, settings: Settings): string {
  const { p } = settings;
  if (expectedKept) return `${percent(expectedKept(settings))}, because blocks overlap (1 − p = ${percent(1 - p)})`;
  if (units) return `1 − p = ${percent(1 - p)}`;
  const deviation = name === 'gaussian-noise' ? p : Math.sqrt(p / (1 - p));
  return `mean 1, standard deviation ${four(deviation)}`;
}

function countKept(mask: Uint8Array | Float32Array): number {
  let kept = 0;
  for (let i = 0; i < mask.length; i++) kept += Number(mask[i] !== 0);
  return kept;
}

/** Shared by the specs: the expected mask, guarded memory, typed access, and calls with defaults. */
import { Sink } from "../dropout";
import { affine } from "../extras";
import { dropout } from "../kernel";
import { noise } from "../noise";
import { FusedMode, fused } from "../rows";

/** Key 0 of seed 42. */
const KEY_LO: u32 = 0x2feb6e95;
const KEY_HI: u32 = 0xbdd73226;

/** P for p = 0.5. */
const HALF: f64 = 2147483648;

/** The first 64 mask elements of that key for p = 0.5 (tests/vectors/mask-stream-v1.json), 1 = kept. */
const MASK = "1001001011100100100010100001101110000101010011110110101101100111";

export function kept(i: i32): bool {
  return MASK.charCodeAt(i) == 0x31;
}

const GUARD: u8 = 0xa5;
/** Guard bytes on each side of an allocation. */
const GUARDS = 16;

/** Allocates `bytes` between guard bytes, `misalignment` bytes past a multiple of 16. */
export function guarded(bytes: i32, misalignment: i32 = 0): usize {
  const size = misalignment + GUARDS + bytes + GUARDS;
  const block = heap.alloc(size);
  memory.fill(block, GUARD, size);
  return block + misalignment + GUARDS;
}

/** Whether the guard bytes around `bytes` at `start` are still there. */
export function isIntact(start: usize, bytes: i32): bool {
  for (let i = 0; i < GUARDS; ++i)
    if (load<u8>(start - 1 - i) != GUARD || load<u8>(start + bytes + i) != GUARD) return false;
  return true;
}

/** Element i of an f64 or f32 array. */
export function get(array: usize, i: i32, isF64: bool): f64 {
  return isF64 ? load<f64>(array + 8 * i) : f64(load<f32>(array + 4 * i));
}

export function set(array: usize, i: i32, isF64: bool, value: f64): void {
  if (isF64) store<f64>(array + 8 * i, value);
  else store<f32>(array + 4 * i, f32(value));
}

/** Writes 1, 2, 3 … n. */
export function ramp(array: usize, n: i32, isF64: bool): void {
  for (let i = 0; i < n; ++i) set(array, i, isF64, i + 1);
}

/**
 * A call of `dropout` with key 0 of seed 42, or of `affine` if isAffine. Defaults: plain dropout from stream element 0,
 * p = 0.5.
 */
export class DropoutCall {
  offset: f64 = 0;
  first: f64 = 0;
  P: f64 = HALF;
  scale: f64 = 2;
  shift: f64 = -0.0;
  fill: f64 = 0;
  repeats: i32 = 1;
  row: i32;
  run: i32 = 1;
  isAffine: bool = false;

  constructor(public sink: Sink, public src: usize, public dst: usize, public n: i32) {
    this.row = n;
  }

  invoke(): void {
    const call = this.isAffine ? affine : dropout;
    call(
      this.sink, this.src, this.dst, this.n, KEY_LO, KEY_HI, this.offset, this.first, this.P,
      this.scale, this.shift, this.fill, this.repeats, this.row, this.run,
    );
  }
}

/** Calls `fused` with key 0 of seed 42 from column 0, with p = 0.5. */
export function callFused(
  mode: FusedMode, src: usize, bias: usize, residual: usize, dst: usize, n: i32, features: i32, isF64: bool,
  offset: f64 = 0, first: f64 = 0,
): void {
  fused(mode, src, bias, residual, dst, n, features, 0, isF64, KEY_LO, KEY_HI, offset, first, HALF, 2);
}

/** Calls `noise` in place with key 0 of seed 42 and a stddev of 1. */
export function callNoise(
  x: usize, n: i32, isF64: bool = false, additive: bool = true, first: f64 = 0, offset: f64 = 2000,
): void {
  noise(x, x, n, isF64, additive, KEY_LO, KEY_HI, offset, first, 1);
}

/** 2^32 and 2^53: the first integers that do not fit u32, and whose successor does not fit f64. */
export const TWO32: f64 = 4294967296;
export const TWO53: f64 = 9007199254740992;

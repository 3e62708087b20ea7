/**
 * What the kernel exports: pure functions of pointers and numbers on the memory it is given.
 * Pointers are byte addresses of any alignment. A key comes as two halves, since a 64-bit integer
 * would be a BigInt in JavaScript. Element 0 of a call is element `offset + first` of the stream: two
 * f64 that are whole and at most 2^53, so that a tensor can be worked off in pieces without their sum being
 * rounded. P, the drop probability in units of 2^-32, is a whole f64 from 0 to 2^32.
 */
import { Sink, run } from "./dropout";
import { applyMask } from "./mask";

// @ts-ignore: decorator
@inline
function word(lo: u32, hi: u32): u64 {
  return (u64(hi) << 32) | u64(lo);
}

export function dropoutF32(src: usize, dst: usize, n: i32, keyLo: u32, keyHi: u32, offset: f64, first: f64, P: f64, scale: f64): void {
  run(Sink.F32, src, dst, n, word(keyLo, keyHi), u64(offset) + u64(first), u64(P), scale);
}

export function dropoutF64(src: usize, dst: usize, n: i32, keyLo: u32, keyHi: u32, offset: f64, first: f64, P: f64, scale: f64): void {
  run(Sink.F64, src, dst, n, word(keyLo, keyHi), u64(offset) + u64(first), u64(P), scale);
}

export function maskBytes(dst: usize, n: i32, keyLo: u32, keyHi: u32, offset: f64, first: f64, P: f64): void {
  run(Sink.Bytes, 0, dst, n, word(keyLo, keyHi), u64(offset) + u64(first), u64(P), 0);
}

export function maskBits(dst: usize, n: i32, keyLo: u32, keyHi: u32, offset: f64, first: f64, P: f64): void {
  run(Sink.Bits, 0, dst, n, word(keyLo, keyHi), u64(offset) + u64(first), u64(P), 0);
}

export function applyMaskF32(src: usize, mask: usize, dst: usize, n: i32, bits: bool, scale: f32): void {
  applyMask<f32>(src, mask, dst, n, bits, scale);
}

export function applyMaskF64(src: usize, mask: usize, dst: usize, n: i32, bits: bool, scale: f64): void {
  applyMask<f64>(src, mask, dst, n, bits, scale);
}

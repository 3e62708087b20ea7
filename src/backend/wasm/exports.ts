/**
 * The exports of the WebAssembly modules, as assembly/ declares them. Parameters stay flat: a struct would need space
 * in the memory, which may belong to another module.
 *
 * Flags are 0 or 1, and the halves of a key are signed: JavaScriptCore converts booleans, and integers of 2^31 or more,
 * to i32 in a slow call.
 * @module
 */

/** Where `dropout` writes: activations of f32 or f64, or a mask (assembly/dropout.ts). */
export enum Sink {
  F32 = 0,
  F64 = 1,
  Bytes = 2,
  Bits = 3,
}

/** What `fused` computes (assembly/rows.ts). */
export enum FusedMode {
  Bias = 0,
  Residual = 1,
  Backward = 2,
}

/** `draw` of assembly/dropout.ts. */
export type Draw = (
  sink: Sink,
  src: number,
  dst: number,
  n: number,
  keyLo: number,
  keyHi: number,
  offset: number,
  first: number,
  P: number,
  scale: number,
  shift: number,
  fill: number,
  repeats: number,
  row: number,
  run: number,
) => void;

/** The export of kernel.wasm (assembly/kernel.ts), bound to one memory. */
export interface KernelExports {
  /** Plain dropout and masks: shift and fill are ignored. */
  readonly dropout: Draw;
}

/** The exports of extras.wasm (assembly/extras.ts), bound to one memory. */
export interface ExtrasExports {
  /** Dropout with shift and fill, but no masks. */
  readonly affine: Draw;
  applyMask(
    src: number,
    mask: number,
    dst: number,
    n: number,
    isF64: number,
    isBits: number,
    scale: number,
    shift: number,
    fill: number,
  ): void;
}

/** The export of fused.wasm (assembly/fused.ts), bound to one memory. */
export interface FusedExports {
  fused(
    mode: FusedMode,
    src: number,
    bias: number,
    residual: number,
    dst: number,
    n: number,
    features: number,
    column: number,
    isF64: number,
    keyLo: number,
    keyHi: number,
    offset: number,
    first: number,
    P: number,
    scale: number,
  ): void;
}

/** The export of gaussian.wasm (assembly/gaussian.ts), bound to one memory. */
export interface GaussianExports {
  noise(
    src: number,
    dst: number,
    n: number,
    isF64: number,
    additive: number,
    keyLo: number,
    keyHi: number,
    offset: number,
    first: number,
    stddev: number,
  ): void;
}

/** The exports that draw, of all modules. */
export type DrawExports = KernelExports & Pick<ExtrasExports, 'affine'>;

/**
 * Which WebAssembly memory an array lives in. One instance of each module serves each memory, since engines
 * reserve some 10 GB of address space for every memory but next to nothing for an instance.
 * @module
 */

import type { FloatArray } from '../../core/tensor.js';
import type { WasmMemory, WasmModule } from './types.js';

/** What `dropout` makes of the drop flags (assembly/dropout.ts). */
export enum Sink {
  F32 = 0,
  F64 = 1,
  Bytes = 2,
  Bits = 3,
}

/** What `fused` does (assembly/fused.ts). */
export enum FusedPass {
  Bias = 0,
  Residual = 1,
  Backward = 2,
}

/** The exports of kernel.wasm (assembly/index.ts), bound to one memory. */
export interface KernelExports {
  dropout(
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
  ): void;
}

/** The exports of extras.wasm (assembly/extras.ts), bound to one memory. */
export interface ExtrasExports {
  applyMask(
    src: number,
    mask: number,
    dst: number,
    n: number,
    wide: boolean,
    bits: boolean,
    scale: number,
    shift: number,
    fill: number,
  ): void;
  fused(
    pass: FusedPass,
    src: number,
    bias: number,
    residual: number,
    dst: number,
    n: number,
    features: number,
    column: number,
    wide: boolean,
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
    wide: boolean,
    additive: boolean,
    keyLo: number,
    keyHi: number,
    offset: number,
    first: number,
    stddev: number,
  ): void;
}

/** A memory that the kernel may work in. */
export interface Home {
  readonly memory: WasmMemory;
  /** Made by the wasm backend when they are first worked with. */
  kernel?: KernelExports;
  extras?: ExtrasExports;
  gaussian?: GaussianExports;
  /** Where several threads work: makes calls in a row, of which none needs what another writes, side by side. */
  together?(calls: () => void): void;
}

/** Makes calls of which none needs what another writes. */
export const together = (home: Home | undefined, calls: () => void): void =>
  home?.together ? home.together(calls) : calls();

const homes = /* @__PURE__ */ new WeakMap<WasmMemory, Home>();

/** The one home of a memory, for as long as that is there. */
export function homeOn(memory: WasmMemory): Home {
  const home = homes.get(memory) ?? { memory };
  homes.set(memory, home);
  return home;
}

/** Where arrays lie: an Arena. Without a home, in memory that no kernel can work in. */
export interface Place {
  readonly home?: Home | undefined;
}

const places = /* @__PURE__ */ new WeakMap<ArrayBufferLike | ArrayBufferView, Place>();

/** Makes a buffer's arrays known, or a single array, which is found faster. All others are copied. */
export function adopt(found: ArrayBufferLike | ArrayBufferView, place: Place): void {
  places.set(found, place);
}

/** Where an array lies, if that was adopted. To ask it for its buffer costs 15 ns or more, so that comes last. */
export const placeOf = (array: ArrayBufferView): Place | undefined => places.get(array) ?? places.get(array.buffer);

export const homeOf = (array: ArrayBufferView): Home | undefined => placeOf(array)?.home;

/** The memory that all of these live in, if they are of a type that the kernel works on where it lies. */
export function sharedHome(x: FloatArray, out: FloatArray, ...others: ArrayBufferView[]): Home | undefined {
  const home = x.BYTES_PER_ELEMENT > 2 ? homeOf(x) : undefined;
  if (!home || (out !== x && homeOf(out) !== home)) return undefined;
  return others.every((other) => homeOf(other) === home) ? home : undefined;
}

/** The exports of a module on a home's memory. */
export const instantiate = <E>(module: WasmModule, { memory }: Home): E =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as E;

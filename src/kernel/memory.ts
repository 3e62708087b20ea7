/**
 * Which WebAssembly memory an array lives in. One kernel instance serves each memory, since engines
 * reserve some 10 GB of address space for every memory but next to nothing for an instance.
 * @module
 */

/** What `dropout` makes of the drop flags (assembly/dropout.ts). */
export enum Sink {
  F32 = 0,
  F64 = 1,
  Bytes = 2,
  Bits = 3,
}

/** The kernel's exports (assembly/index.ts), bound to one memory. */
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
  ): void;
  applyMask(src: number, mask: number, dst: number, n: number, wide: boolean, bits: boolean, scale: number): void;
}

/** A memory that the kernel may work in: an Arena. */
export interface Home {
  readonly memory: WebAssembly.Memory;
  /** Made by the wasm backend when the memory is first worked on. */
  kernel?: KernelExports;
}

let homes: WeakMap<ArrayBufferLike | ArrayBufferView, Home> | undefined;

/** Makes a buffer's arrays known, or a single array, which is found faster. All others are copied. */
export function adopt(place: ArrayBufferLike | ArrayBufferView, home: Home): void {
  homes ??= new WeakMap();
  homes.set(place, home);
}

/** Where an array lives, if that was adopted. To ask it for its buffer costs 15 ns or more, so that comes last. */
export const homeOf = (array: ArrayBufferView): Home | undefined => homes?.get(array) ?? homes?.get(array.buffer);

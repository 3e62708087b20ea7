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

export interface Home {
  readonly memory: WebAssembly.Memory;
  /** Made by the wasm backend when the memory is first worked on. */
  kernel?: KernelExports;
}

let homes: WeakMap<ArrayBufferLike, Home> | undefined;

/** Makes the arrays of a memory known; those of any other are copied, with the same result. */
export function adopt(memory: WebAssembly.Memory): void {
  homes ??= new WeakMap();
  homes.set(memory.buffer, { memory });
}

/** The memory that two arrays live in, if it is one and it was adopted. */
export function homeOf(a: ArrayBufferView, b: ArrayBufferView): Home | undefined {
  // Asking an array for its buffer costs 15 ns, and programs without an arena need not.
  if (!homes) return undefined;
  const { buffer } = a;
  return buffer === b.buffer ? homes.get(buffer) : undefined;
}

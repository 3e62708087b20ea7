/**
 * Which WebAssembly memory an array lives in. One kernel instance serves each memory, since engines
 * reserve some 10 GB of address space for every memory but next to nothing for an instance.
 * @module
 */

/** The kernel's exports (assembly/index.ts), bound to one memory. */
export interface KernelExports {
  dropoutF32(src: number, dst: number, n: number, keyLo: number, keyHi: number, offset: number, first: number, P: number, scale: number): void;
  dropoutF64: KernelExports['dropoutF32'];
  maskBytes(dst: number, n: number, keyLo: number, keyHi: number, offset: number, first: number, P: number): void;
  maskBits: KernelExports['maskBytes'];
  applyMaskF32(src: number, mask: number, dst: number, n: number, bits: boolean, scale: number): void;
  applyMaskF64: KernelExports['applyMaskF32'];
}

export interface Home {
  readonly memory: WebAssembly.Memory;
  /** Made by the wasm backend when the memory is first worked on. */
  kernel?: KernelExports;
}

const homes = /* @__PURE__ */ new WeakMap<WebAssembly.Memory, Home>();
const homesByBuffer = /* @__PURE__ */ new WeakMap<ArrayBufferLike, Home>();

/**
 * Makes arrays on the memory's present buffer known. A memory that grows gets a new buffer and has to
 * be adopted again; arrays on a buffer that nobody adopted are copied, with the same result.
 */
export function adopt(memory: WebAssembly.Memory): void {
  let home = homes.get(memory);
  if (!home) homes.set(memory, (home = { memory }));
  homesByBuffer.set(memory.buffer, home);
}

export const homeOf = (array: ArrayBufferView): Home | undefined => homesByBuffer.get(array.buffer);

/**
 * Which WebAssembly memory an array lives in. Each memory gets one instance of each module: engines reserve some 10 GB
 * of address space for a memory and next to nothing for an instance.
 * @module
 */
import type { FloatArray } from '../../core/tensor.js';
import type { ExtrasExports, GaussianExports, KernelExports } from './exports.js';
import type { WasmMemory, WasmModule } from './types.js';

/** A memory that the kernel can work in, with its instances, which are created on first use. */
export interface LinearMemory {
  readonly memory: WasmMemory;
  kernel?: KernelExports;
  extras?: ExtrasExports;
  gaussian?: GaussianExports;
  /** Where threads work on this memory: throws, once, if one was lost since the last call. */
  ready?(): void;
  /** Where threads work on this memory: runs the calls that `calls` makes to the given kernel as one parallel batch. */
  batch?(calls: (kernel: KernelExports) => void): void;
}

const linearMemories = /* @__PURE__ */ new WeakMap<WasmMemory, LinearMemory>();

/** The LinearMemory of a WebAssembly.Memory: one for as long as the memory lives. */
export function linearMemoryFor(memory: WasmMemory): LinearMemory {
  const linear = linearMemories.get(memory) ?? { memory };
  linearMemories.set(memory, linear);
  return linear;
}

/** An owner of arrays: an Arena. Without a linear memory, the kernel cannot work on its arrays in place. */
export interface Allocator {
  readonly linearMemory?: LinearMemory | undefined;
}

const allocators = /* @__PURE__ */ new WeakMap<ArrayBufferLike | ArrayBufferView, Allocator>();

/** Registers all arrays on a buffer, or a single array, which is faster to look up. Unregistered arrays are copied. */
export function register(owned: ArrayBufferLike | ArrayBufferView, allocator: Allocator): void {
  allocators.set(owned, allocator);
}

/** The owner of an array. The array itself is looked up first, since reading its buffer costs 15 ns or more. */
export const allocatorOf = (array: ArrayBufferView): Allocator | undefined =>
  allocators.get(array) ?? allocators.get(array.buffer);

export const linearMemoryOf = (array: ArrayBufferView): LinearMemory | undefined => allocatorOf(array)?.linearMemory;

/** The memory that all arrays live in, if the kernel can work on their type in place. */
export function commonMemory(x: FloatArray, out: FloatArray, ...others: ArrayBufferView[]): LinearMemory | undefined {
  const memory = x.BYTES_PER_ELEMENT > 2 ? linearMemoryOf(x) : undefined;
  if (!memory || (out !== x && linearMemoryOf(out) !== memory)) return undefined;
  return others.every((other) => linearMemoryOf(other) === memory) ? memory : undefined;
}

/** Instantiates a module on a memory. */
export const instantiate = <E>(module: WasmModule, { memory }: LinearMemory): E =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as E;

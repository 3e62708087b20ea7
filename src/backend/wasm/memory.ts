/**
 * Which WebAssembly memory an array lives in. Each memory gets one instance of each module: engines reserve some 10 GB
 * of address space for a memory and next to nothing for an instance.
 * @module
 */
import type { FloatArray } from '../../core/tensor.js';
import type { DrawExports, ExtrasExports, FusedExports, GaussianExports, KernelExports } from './exports.js';
import { reasonOf, type WasmMemory, type WasmModule } from './types.js';

/** A memory that the kernel can work in, with its instances, which are created on first use. */
export interface LinearMemory {
  readonly memory: WasmMemory;
  /** The arenas on this memory. Their parts do not overlap. */
  allocators?: readonly Allocator[];
  kernel?: KernelExports | undefined;
  extras?: ExtrasExports | undefined;
  fused?: FusedExports | undefined;
  gaussian?: GaussianExports | undefined;
  /** Why the kernel cannot work in this memory after all. Its arrays are then copied, like those outside of any. */
  reason?: string;
  /** Where threads work on this memory: throws, once, if one was lost since the last call. */
  ready?(): void;
  /** Where threads work on this memory: runs the calls that `calls` makes to the given exports as one parallel batch. */
  batch?(calls: (exports: DrawExports) => void): void;
}

/** An owner of the bytes from `start` to `end` of a memory: an Arena. */
export interface Allocator {
  readonly linearMemory: LinearMemory;
  readonly start: number;
  end: number;
}

/** The linear memories of WebAssembly.Memory objects and of their buffers. */
interface Registry extends WeakMap<object, LinearMemory> {
  /** Whether threads work on any memory. Where none do, calls on plain arrays look for no memory of out. */
  hasThreads?: boolean;
}

/**
 * The name of the registry among the globals, where all copies of the package in a program find it, so that they know
 * each other's arenas. The number changes with LinearMemory, Allocator and the exports of the modules: copies of other
 * versions take the arrays for plain ones.
 */
const REGISTRY: unique symbol = /* @__PURE__ */ Symbol.for('dropout-wasm/memories/2') as never;

/** This copy's own, where the global object is frozen. */
let ownRegistry: Registry | undefined;

/** Undefined until a copy registers a memory. */
const registry = (): Registry | undefined => ownRegistry ?? (globalThis as { [REGISTRY]?: Registry })[REGISTRY];

function registered(): Registry {
  ownRegistry = registry() ?? new WeakMap();
  Reflect.defineProperty(globalThis, REGISTRY, { value: ownRegistry, configurable: true });
  return ownRegistry;
}

const owners = /* @__PURE__ */ new WeakMap<ArrayBufferView, Allocator>();

/** The LinearMemory of a WebAssembly.Memory: one for as long as the memory lives. */
export function linearMemoryFor(memory: WasmMemory): LinearMemory {
  const map = registered();
  const linear = map.get(memory) ?? { memory };
  map.set(memory, linear);
  return linear;
}

/** Memory that the kernel can work in, or an ArrayBuffer where the engine refuses. */
export function createMemory(bytes: number): LinearMemory {
  const pages = Math.ceil(bytes / 65536);
  try {
    return linearMemoryFor(new WebAssembly.Memory({ initial: pages, maximum: pages }));
  } catch (error) {
    return { memory: { buffer: new ArrayBuffer(bytes) } as WasmMemory, reason: reasonOf(error) };
  }
}

/** Has the kernel work on all arrays on the memory's current buffer in place. */
export function register(linear: LinearMemory): void {
  const map = registered();
  if (linear.ready) map.hasThreads = true;
  map.set(linear.memory.buffer, linear);
}

/** Registers an allocator. Allocators whose bytes it takes over have none left. */
export function registerAllocator(allocator: Allocator): void {
  const { linearMemory, start, end } = allocator;
  register(linearMemory);
  // An empty one takes over no bytes, and no array lies in it.
  if (start === end) return;
  for (const other of linearMemory.allocators ?? [])
    if (other.start < end && other.end > start) other.end = other.start;
  linearMemory.allocators = [...(linearMemory.allocators ?? []).filter((other) => other.start < other.end), allocator];
}

/** Registers an array that an allocator hands out. Such an array is found faster than others on its buffer. */
export function registerArray(array: ArrayBufferView, allocator: Allocator): void {
  owners.set(array, allocator);
}

/** The allocator in whose bytes an array lies. */
export function allocatorOf(array: ArrayBufferView): Allocator | undefined {
  const owner = owners.get(array);
  if (owner) return owner;
  const { byteOffset } = array;
  return linearMemoryOf(array)?.allocators?.find(
    ({ start, end }) => start <= byteOffset && byteOffset + array.byteLength <= end,
  );
}

/** The memory that an array lives in. The array itself is looked up first, since reading its buffer takes 15 ns. */
export const linearMemoryOf = (array: ArrayBufferView): LinearMemory | undefined =>
  owners.get(array)?.linearMemory ?? registry()?.get(array.buffer);

/**
 * Waits until no thread is at work on the array, as after an interrupted call.
 * @throws Error, before anything is written, if a thread that works on its memory was lost
 */
export const settle = (array: ArrayBufferView): void => linearMemoryOf(array)?.ready?.();

/**
 * The memory that all arrays live in, if the kernel can work on their type in place.
 * @throws Error like `settle`
 */
export function commonMemory(x: FloatArray | Uint8Array, ...others: ArrayBufferView[]): LinearMemory | undefined {
  if (registry()?.hasThreads) for (const array of [x, ...others]) settle(array);
  const memory = x.BYTES_PER_ELEMENT !== 2 && linearMemoryOf(x);
  if (memory && !memory.reason && others.every((other) => other === x || linearMemoryOf(other) === memory))
    return memory;
  return undefined;
}

/** Instantiates a module on a memory. */
export const instantiate = <E>(module: WasmModule, { memory }: { readonly memory: WasmMemory }): E =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as E;

/** Whether threads share a memory or buffer. */
export const isShared = (buffer: object): boolean =>
  Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';

/**
 * Instantiates a module on a memory that may be shared. Where the engine refuses, the result is undefined, and the
 * memory's arrays are copied from now on.
 *
 * @param module the module for unshared memory
 * @param load returns the module for shared memory
 */
export function tryInstantiate<E>(
  module: WasmModule,
  load: (isShared: boolean) => WasmModule,
  linear: LinearMemory,
): E | undefined {
  try {
    return instantiate(isShared(linear.memory.buffer) ? load(true) : module, linear);
  } catch (error) {
    linear.reason = String(error);
    return undefined;
  }
}

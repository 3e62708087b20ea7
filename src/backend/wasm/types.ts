/**
 * The types of WebAssembly where the TypeScript library declares them. The library for Node alone does not.
 * @module
 */
export type WasmMemory = typeof globalThis extends { WebAssembly: { Memory: { prototype: infer T } } }
  ? T
  : { readonly buffer: ArrayBuffer };

export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer T } } } ? T : object;

/** Why the engine refuses WebAssembly: its error, which may be that of a getter. */
export function reasonOf(error: unknown): string {
  try {
    if (!(globalThis as { WebAssembly?: unknown }).WebAssembly) return 'no WebAssembly here';
  } catch {}
  return String(error);
}

/**
 * Types of WebAssembly for the public face. They come with the compiler's library for browsers, which a program for
 * Node may leave out: there the declarations of this package have to hold without it.
 * @module
 */

/** WebAssembly.Memory, or what an Arena shows of it. */
export type Memory = typeof globalThis extends { WebAssembly: { Memory: { prototype: infer T } } }
  ? T
  : { readonly buffer: ArrayBuffer; grow(delta: number): number };

/** WebAssembly.Module, which has no members. */
export type Module = typeof globalThis extends { WebAssembly: { Module: { prototype: infer T } } } ? T : object;

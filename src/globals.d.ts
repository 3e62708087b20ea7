/**
 * What src/ uses beyond ES2022. The build compiles it with the library of ES2022 and these declarations alone
 * (tsconfig.build.json), so that any other global is an error.
 *
 * Engines may lack each of them: React Native's Hermes and QuickJS have next to none. So a use is tested before, by
 * `typeof`, or its ReferenceError is caught where it becomes an error or a reason that tells the user what is missing.
 * Globals that a plain `undefined` serves for are read from globalThis instead.
 */

/** `reasonOf` (backend/wasm/types.ts) says that it is missing. */
declare const WebAssembly: {
  Module: { new (bytes: Uint8Array<ArrayBuffer>): object; exports(module: object): { name: string }[] };
  Instance: new (module: object, imports: { env: { memory: object } }) => { exports: object };
  Memory: {
    new (size: { initial: number; maximum: number; shared?: boolean }): { readonly buffer: ArrayBuffer };
    prototype: object;
  };
};

/** `randomSeed` (generator.ts) catches its absence. */
declare const crypto: { getRandomValues(words: Int32Array): Int32Array };

// threads/ tests for Worker and the timers. Without URL or Blob, a way to start a worker fails and the next one is tried.
declare const Worker: {
  new (url: URL | string, options?: { type: 'module' }): import('./threads/crew.js').WorkerLike;
  prototype: object;
};
interface URL {
  readonly href: string;
}
declare const URL: {
  new (url: string, base?: string): URL;
  createObjectURL(blob: object): string;
  revokeObjectURL(url: string): void;
};
declare const Blob: new (parts: string[], options: { type: string }) => object;
declare function setTimeout(callback: (value?: unknown) => void, ms: number): number;
declare function clearTimeout(timer: number | undefined): void;
interface ImportMeta {
  url: string;
}

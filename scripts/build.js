/** Builds dist/ from nothing: the WebAssembly modules, the bundles and their declarations. Each step prints a line. */
import { rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
await import('./build-kernel.js');
await import('./build-shaders.js');
await import('./build-js.js');
await import('./build-types.js');

/** Training stores no mask: memory in use is the same before and after 10,000 steps of 1,048,576 elements. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

type Held = Record<'heapUsed' | 'external' | 'arrayBuffers' | 'wasm', number>;

const script = fileURLToPath(new URL('../../bench/memory.js', import.meta.url));

it.each(['arena', 'array'])(
  'training on an %s keeps heap, buffers and WebAssembly memory flat and stores no mask',
  (kind) => {
    const printed = execFileSync(process.execPath, ['--expose-gc', script, kind, '10000', '1048576'], {
      encoding: 'utf8',
    });
    const { before, after, kept }: { before: Held; after: Held; kept: number } = JSON.parse(printed);
    expect(kept).toBe(0);
    expect([after.arrayBuffers, after.wasm]).toEqual([before.arrayBuffers, before.wasm]);
    // The engine's own heap use varies by some KB. The mask of a single step would take 128 KB, at one bit per element.
    expect(after.heapUsed - before.heapUsed).toBeLessThan(128 * 1024);
  },
);

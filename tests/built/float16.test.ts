/** Float16Array, in Deno because Node 20 lacks it. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const deno = join(dirname(createRequire(import.meta.url).resolve('deno/package.json')), 'bin.cjs');
const script = fileURLToPath(new URL('float16.ts', import.meta.url));

it.each(['wasm-simd', 'reference'])('f16 results are f32 results rounded to f16, on %s', (backend) => {
  const args = [deno, 'run', '--no-lock', '--allow-read', script, backend];
  expect(execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' })).toBe('');
});

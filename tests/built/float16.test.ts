/** Float16Array, in Deno and in the newer versions of Node that are installed, because Node 20 lacks it. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { binaries, commandOf } from '../runtimes/binaries.js';

const deno = join(dirname(createRequire(import.meta.url).resolve('deno/package.json')), 'bin.cjs');
const script = fileURLToPath(new URL('float16.ts', import.meta.url));

const commands: [string, string[]][] = [
  ['Deno', [process.execPath, deno, 'run', '--no-lock', '--allow-read']],
  ...binaries
    .filter(({ name }) => name === 'Node 24' || name === 'Node 26')
    .flatMap((binary): [string, string[]][] => {
      const command = commandOf(binary);
      return command ? [[binary.name, command]] : [];
    }),
];

describe.each(commands)('%s', (_, [program, ...args]) => {
  it.each(['wasm-simd', 'reference'])('f16 results are f32 results rounded to f16, on %s', (backend) => {
    expect(execFileSync(program!, [...args, script, backend], { encoding: 'utf8', stdio: 'pipe' })).toBe('');
  });
});

/** Builds are reproducible: anyone can build the binaries again and compare them with those published. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT, run, tool } from './project.js';

it.each(['kernel', 'extras', 'fused', 'gaussian'])('a second build of %s.wasm has the same bytes', async (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'reproducible-'));
  try {
    const rebuilt = join(folder, `${name}.wasm`);
    const options = [`assembly/${name}.ts`, '--target', 'release', '--outFile', rebuilt];
    await run(process.execPath, [tool('assemblyscript/bin/asc.js'), ...options], ROOT);
    expect(readFileSync(rebuilt).equals(readFileSync(join(ROOT, `dist/${name}.wasm`)))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Building twice gives identical bytes: what ships can be made again from its source, and compared. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT, run, tool } from './project.js';

it.each(['kernel', 'extras', 'gaussian'])('%s.wasm', async (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'reproducible-'));
  try {
    const again = join(folder, `${name}.wasm`);
    const options = [`assembly/${name}.ts`, '--target', 'release', '--outFile', again];
    await run(process.execPath, [tool('assemblyscript/bin/asc.js'), ...options], ROOT);
    expect(readFileSync(again).equals(readFileSync(join(ROOT, `dist/${name}.wasm`)))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

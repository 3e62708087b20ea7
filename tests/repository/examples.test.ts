/** examples/minimal.js runs on the built package and prints exactly what its comments say. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const minimal = fileURLToPath(new URL('../../examples/minimal.js', import.meta.url));

it('minimal.js prints the values in its comments', () => {
  const comments = readFileSync(minimal, 'utf8').matchAll(/^console\.log\(.*\); \/\/ (.*)$/gm);
  const promised = Array.from(comments, ([, value]) => value);
  expect(promised).toHaveLength(4);

  const env = { ...process.env, FORCE_COLOR: '0' }; // Node 22 would color the output if this were 1.
  const printed = execFileSync(process.execPath, [minimal], { encoding: 'utf8', env });
  expect(printed.trimEnd().split('\n')).toEqual(promised);
});

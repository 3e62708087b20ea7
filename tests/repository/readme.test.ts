/** Every JavaScript snippet of the README runs as it stands, and prints what its comments say. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const snippets = [...readFileSync(new URL('README.md', root), 'utf8').matchAll(/```js\n([\s\S]*?)```/g)].map(
  ([, code]) => code!,
);

it('has snippets', () => {
  expect(snippets.length).toBeGreaterThanOrEqual(4);
});

it.each(snippets.map((code, i): [number, string] => [i + 1, code]))('snippet %i', (_, code) => {
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: root,
    encoding: 'utf8',
  });
  const words = printed.replace(/\s+/g, ' ');
  for (const [, promised] of code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)) {
    const value = promised!.match(/^(true|(\w+Array\(\d+\) )?\[.*\])/)?.[0];
    if (value) expect(words).toContain(value);
  }
});

/** Every JavaScript snippet of the README runs unchanged on the built package and prints what its comments state. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { expectPrinted, runNode, snippetsOf } from './snippets.js';

const snippets = snippetsOf(readFileSync(new URL('../../README.md', import.meta.url), 'utf8'));

it('the README has snippets', () => {
  expect(snippets.length).toBeGreaterThanOrEqual(4);
});

it.each(snippets.map(({ name, code }) => [name, code]))('%s', (_, code) => {
  expectPrinted({ code, printed: runNode('--input-type=module', '--eval', code) });
});

/** examples/minimal.js runs on the built package and prints what its comments state. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { expectPrinted, runNode } from './snippets.js';

const minimal = fileURLToPath(new URL('../../examples/minimal.js', import.meta.url));

it('examples/minimal.js prints four values', () => {
  const printed = runNode(minimal);
  expect(printed).toHaveLength(4);
  expectPrinted({ code: readFileSync(minimal, 'utf8'), printed });
});

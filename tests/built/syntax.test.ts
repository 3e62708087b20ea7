/** dist has no syntax that users' bundlers reject or that breaks its objects behind a Proxy. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { describe, expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));

/** Whether the code uses one of these features: esbuild then rewrites it for an engine without them. */
async function uses(code: string, features: string[]): Promise<boolean> {
  const supported = Object.fromEntries(features.map((feature) => [feature, false]));
  const [as, without] = await Promise.all([transform(code), transform(code, { supported })]);
  return as.code !== without.code;
}

const STATIC_BLOCKS = ['class-static-blocks'];
const PRIVATE_NAMES = [
  'field',
  'method',
  'accessor',
  'static-field',
  'static-method',
  'static-accessor',
  'brand-check',
].map((kind) => `class-private-${kind}`);

it('the check detects every feature', async () => {
  expect(await uses('class A { static { A.x = 1; } }', STATIC_BLOCKS)).toBe(true);
  for (const member of [
    '#x = 1;',
    '#x() {}',
    'get #x() {}',
    'static #x = 1;',
    'static #x() {}',
    '#x; f(a) { #x in a; }',
  ])
    expect(await uses(`class A { ${member} }`, PRIVATE_NAMES)).toBe(true);
  expect(await uses('class A { static x = "#x"; y = 1; f() {} }', [...STATIC_BLOCKS, ...PRIVATE_NAMES])).toBe(false);
});

describe.each(files)('dist/%s', (file) => {
  const code = readFileSync(dist + file, 'utf8');

  it('has no class static blocks, which the Babel preset of React Native rejects', async () => {
    expect(await uses(code, STATIC_BLOCKS)).toBe(false);
  });

  it('has no private names (#x), which a Proxy does not forward', async () => {
    expect(await uses(code, PRIVATE_NAMES)).toBe(false);
  });
});

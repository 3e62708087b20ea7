/** examples/minimal.js prints what its comments state; the packages of the other examples have the versions of the root. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { expectPrinted, runNode } from './snippets.js';

const folder = new URL('../../examples/', import.meta.url);
const minimal = fileURLToPath(new URL('minimal.js', folder));
const manifests = readdirSync(folder)
  .map((name) => new URL(`${name}/package.json`, folder))
  .filter((file) => existsSync(file))
  .map((file) => JSON.parse(readFileSync(file, 'utf8')));

it('examples/minimal.js prints four values', () => {
  const printed = runNode(minimal);
  expect(printed).toHaveLength(4);
  expectPrinted({ code: readFileSync(minimal, 'utf8'), printed });
});

it.each(manifests.map(({ name, dependencies, devDependencies }) => [name, { ...dependencies, ...devDependencies }]))(
  '%s has exact versions of its packages, those of the root where it has them',
  (_, dependencies) => {
    const root: Record<string, string> = manifest.devDependencies;
    const { 'dropout-wasm': link, ...others } = dependencies;
    expect(link).toBe('file:../..');
    for (const [name, version] of Object.entries(others)) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
      expect([name, version]).toEqual([name, root[name] ?? version]);
    }
  },
);

it('three examples have packages of their own', () => expect(manifests).toHaveLength(3));

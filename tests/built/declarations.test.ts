/** The declarations in dist: one file for each module, complete in itself. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8');

const files = readdirSync(`${ROOT}dist`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.d.ts'))
  .map((name) => `dist/${name.replaceAll('\\', '/')}`);
const entries = Object.values(manifest.exports).flatMap((target) => (typeof target === 'object' ? target.types : []));

it('every entry has declarations, and every file of declarations a module', () => {
  for (const path of entries) expect(files).toContain(path.slice(2));
  for (const path of files) expect(existsSync(`${ROOT}${path.replace(/d\.ts$/, 'js')}`), path).toBe(true);
});

it.each(files)('%s imports nothing but packages', (path) => {
  const statements = read(path).replace(/\/\*.*?\*\//gs, '');
  const imports = [...statements.matchAll(/\b(?:from|import|require)\b[\s(]*['"](.*?)['"]/g)].map(([, name]) => name);
  // Two declarations of a class with private members would be different types, so the other entries import the main one.
  for (const name of imports) expect(name).toMatch(/^(dropout-wasm(\/monte-carlo)?|@tensorflow\/tfjs-(core|layers))$/);
  expect(statements).not.toContain('<reference');
});

it.each(entries)('%s declares as values what the module exports, and nothing else', async (path) => {
  const [, names] = read(path).match(/^export \{ (?:(.*) )?\};$/m)!;
  const values = names?.split(', ').filter((name) => !name.startsWith('type ')) ?? [];
  const module = (await import(`${ROOT}${path.slice(2).replace(/d\.ts$/, 'js')}`)) as object;
  // What dropout-wasm/tfjs shares with the main entry (src/internals.ts).
  const exported = Object.keys(module).filter((name) => !name.startsWith('internal'));
  expect(values.map((name) => name.replace(/^.* as /, '')).sort()).toEqual(exported.sort());
});

it.each(files)('%s declares nothing that is marked @internal', (path) => {
  expect(read(path)).not.toContain('@internal');
});

it.each(entries)('%s describes the entry and each export', (path) => {
  const code = read(path);
  expect(code).toMatch(/^\/\*\*\n \* dropout-wasm(\/[\w-]+)*: /);
  expect(code.match(/@module/g)).toHaveLength(1);
  const exported = [...code.matchAll(/^export (?:type )?\{(.*)\};$/gm)].flatMap(([, names]) =>
    names!.split(',').map((name) => name.trim().replace(/^type /, '')),
  );
  if (exported.join() === '') {
    // Imported for what it does.
    expect(manifest.sideEffects).toContain(path.replace(/d\.ts$/, 'js'));
    return;
  }
  for (const name of exported.map((name) => name.split(' ')[0]!))
    expect(code).toMatch(new RegExp(`\\*/\n(declare (abstract )?(class|function|const)|interface|type) ${name}\\b`));
});

/** The code of other packages in dist: docs/third-party.txt, which is published, has their licenses and notices. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** From the metafiles of the bundler (scripts/build-js.js): the files in each bundle that are not of this repository. */
const bundled: Record<string, string[]> = JSON.parse(read('build/bundled.json'));

/** A sentence of each license that its text alone has. */
const SENTENCES: Record<string, RegExp> = {
  'Apache-2.0': /TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION.*END OF TERMS AND CONDITIONS/s,
  'BSD-3-Clause': /Neither the name of .* may be used to endorse or promote products/s,
  MIT: /The above copyright notice and this permission notice shall be included in all/,
  ISC: /Permission to use, copy, modify, and\/or distribute this software for any purpose/,
};

/** The text of a license without its line breaks and indents. */
const words = (text: string) => text.replace(/\s+/g, ' ');

/** What the notices lack for the packages of these files. */
function missing(files: string[], notices: string): string[] {
  const packages = new Set(files.map((file) => file.match(/.*node_modules\/((@[^/]+\/)?[^/]+)/)![0]));
  return [...packages].flatMap((folder) => {
    const { name, version, license = '' } = JSON.parse(read(`${folder}/package.json`));
    const ids: string[] = license.match(/[\w.-]+/g)?.filter((word: string) => !/^(AND|OR|WITH)$/.test(word)) ?? [];
    const texts = readdirSync(join(ROOT, folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
    return [
      ...(notices.includes(`${name} ${version}`) ? [] : [`${name} ${version}`]),
      ...(ids.length ? ids.filter((id) => !SENTENCES[id]?.test(notices)) : [`the license of ${name}`]),
      ...texts.filter((file) => !words(notices).includes(words(read(`${folder}/${file}`)).trim())),
    ];
  });
}

describe('docs/third-party.txt', () => {
  const notices = read('docs/third-party.txt');
  const files = Object.values(bundled).flat();

  it('has every package in the bundles, with its version and its licenses', () => {
    const bundles = readdirSync(join(ROOT, 'dist'), { recursive: true, encoding: 'utf8' });
    expect(Object.keys(bundled).sort()).toEqual(
      bundles
        .filter((file) => file.endsWith('.js'))
        .map((file) => `dist/${file.replaceAll('\\', '/')}`)
        .sort(),
    );
    expect(files).not.toEqual([]);
    expect(missing(files, notices)).toEqual([]);
  });

  it('lacks what a package that is not listed would need', () => {
    expect(missing(files, '')).toEqual([
      expect.stringMatching(/^@bufbuild\/protobuf \d/),
      'Apache-2.0',
      'BSD-3-Clause',
    ]);
    expect(missing(['node_modules/esbuild/lib/main.js'], notices)).toEqual([
      expect.stringMatching(/^esbuild \d/),
      'MIT',
      'LICENSE.md',
    ]);
  });

  it('names each bundle that has them', () => {
    for (const [bundle, inputs] of Object.entries(bundled))
      expect(notices.includes(`${bundle} contains`), bundle).toBe(inputs.length > 0);
  });
});

it.each(['kernel', 'extras', 'fused', 'gaussian'])('%s.wasm has no function of AssemblyScript’s library', (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'licenses-'));
  try {
    const asc = join(ROOT, 'node_modules/assemblyscript/bin/asc.js');
    // Unoptimized, so that every function keeps its name.
    const options = [`assembly/${name}.ts`, '--target', 'debug', '--textFile', join(folder, 'text.wat')];
    execFileSync(process.execPath, [asc, ...options], { cwd: ROOT, stdio: 'pipe' });
    const functions = readFileSync(join(folder, 'text.wat'), 'utf8').match(/^ \(func \$\S+/gm)!;
    expect(functions.length).toBeGreaterThanOrEqual(2);
    expect(functions.filter((text) => !text.startsWith(' (func $assembly/'))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/**
 * Every snippet of docs/coming-from.md, layers.md, machines.md, reproducibility.md, stream.md, tfjs.md and
 * uncertainty.md runs and prints what its comments state. The pages name every export of their entries; layers.md has a
 * section on every layer, and tfjs.md has the arguments of every layer. The links of all pages lead somewhere.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as dropoutWasm from 'dropout-wasm';
import * as monteCarlo from 'dropout-wasm/monte-carlo';
import * as tfjs from 'dropout-wasm/tfjs';
import { describe, expect, it } from 'vitest';
import { layerNames } from '../support/layers.js';
import { expectPrinted, lineOf, runBody, runNode, snippetsOf, withoutSnippets } from './snippets.js';

const page = readFileSync(new URL('../../docs/layers.md', import.meta.url), 'utf8');

/** Runs a snippet in this process, on the source of the package. Returns a line for each console.log. */
async function run(code: string): Promise<string[]> {
  const body = code.replace(/^import (\{[^}]*\}) from 'dropout-wasm';$/gm, 'const $1 = dropoutWasm;');
  const printed: string[] = [];
  const log = (...values: unknown[]) => printed.push(lineOf(...values));
  await runBody(body, { dropoutWasm, console: { log } });
  return printed;
}

describe.each(['layers', 'reproducibility', 'stream'])('the snippets of docs/%s.md', (name) => {
  const snippets = snippetsOf(readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8'));

  it.each(snippets.map(({ name, code }) => [name, code]))('%s', async (_, code) => {
    expectPrinted({ code, printed: await run(code) });
  });
});

describe.each([
  ['tfjs', tfjs],
  ['uncertainty', monteCarlo],
])('docs/%s.md', (name, entry) => {
  const page = readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8');
  const snippets = snippetsOf(page);

  // In programs of their own, on the built package, since those with TensorFlow.js change what it has registered.
  it.each(snippets.map(({ name, code }) => [name, code]))('%s', (_, code) => {
    expectPrinted({ code, printed: runNode('--input-type=module', '--eval', code) });
  });

  it('contains no code blocks other than snippets', () => {
    expect(page.match(/^ *(```|~~~)/gm)).toHaveLength(2 * snippets.length);
  });

  it.each(Object.keys(entry))('names %s', (name) => {
    expect([...withoutSnippets(page).matchAll(/`[^`]*`/g)].join().match(/\w+/g)).toContain(name);
  });
});

describe.each(['machines', 'coming-from'])('the snippets of docs/%s.md', (name) => {
  const snippets = snippetsOf(readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8'));

  it.each(snippets.map(({ name, code }) => [name, code]))('%s', (_, code) => {
    expectPrinted({ code, printed: runNode('--input-type=module', '--eval', code) });
  });
});

describe('docs/stream.md', () => {
  const page = readFileSync(new URL('../../docs/stream.md', import.meta.url), 'utf8');

  it('has the table of repeats that its snippet prints', () => {
    const printed = [...page.matchAll(/^console\.log\(row\(1e(\d)\)\); \/\/ (.*)$/gm)];
    const rows = [...page.matchAll(/^\| 10\^(\d) \| (.*) \|$/gm)];
    expect(rows).toHaveLength(5);
    expect(rows.map(([, calls, cells]) => [calls, cells!.replaceAll(' | ', ' ')])).toEqual(
      printed.map(([, calls, line]) => [calls, line]),
    );
  });
});

describe('docs/tfjs.md', () => {
  const page = readFileSync(new URL('../../docs/tfjs.md', import.meta.url), 'utf8');

  it.each(layerNames(dropoutWasm))('has the arguments of %s and their defaults', (name) => {
    const [, documented] = page.match(new RegExp(`^\\| \`${name}\` \\| \`\\{ (.*) \\}\` \\|`, 'm'))!;
    const amount = name === 'GaussianNoise' ? 'stddev' : 'rate';
    const layer = new (tfjs as unknown as Record<string, LayerClass>)[name]!({ [amount]: 0.5 });
    const { wrapped } = layer.constructor as LayerClass;
    // Those of all layers have a table of their own.
    const config = layer.getConfig();
    const options = [...Object.keys(wrapped.options), ...wrapped.state];
    const defaults = options.map((option) => `${option} = ${JSON.stringify(config[option] ?? null)}`);
    expect(documented!.split(', ').sort()).toEqual([amount, ...defaults].sort());
  });
});

/** A layer class of dropout-wasm/tfjs. */
interface LayerClass {
  wrapped: { options: object; state: readonly string[] };
  new (args: object): { getConfig(): Record<string, unknown> };
}

describe('docs/layers.md', () => {
  const snippets = snippetsOf(page);

  it('contains no code blocks other than snippets', () => {
    expect(page.match(/^ *(```|~~~)/gm)).toHaveLength(2 * snippets.length);
  });

  const text = withoutSnippets(page);
  const named = [...text.matchAll(/^#+ .*$|`[^`]*`/gm)].join('\n').match(/\w+/g);

  // useModule is not about layers.
  it.each(Object.keys(dropoutWasm).filter((name) => !/^(useModule|internals|internalMaps)$/.test(name)))(
    'names %s',
    (name) => {
      expect(named, `docs/layers.md does not name ${name}`).toContain(name);
    },
  );

  it.each(layerNames(dropoutWasm))('has a section on %s, with an example', (name) => {
    const headings = text
      .match(/^#+ .*$/gm)!
      .join('\n')
      .match(/\w+/g);
    expect(headings, `docs/layers.md has no section on ${name}`).toContain(name);
    const examples = snippets.flatMap(({ name: heading }) => heading.match(/\w+/g));
    expect(examples, `docs/layers.md has no example in the section on ${name}`).toContain(name);
  });
});

/** The anchors of a page's headings, as on GitHub. */
const anchorsOf = (text: string) =>
  withoutSnippets(text)
    .match(/(?<=^#+ ).*$/gm)!
    .map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replace(/ /g, '-'),
    );

const root = new URL('../../', import.meta.url);
const docs = readdirSync(new URL('docs', root)).filter((name) => name.endsWith('.md'));

const examples = readdirSync(new URL('examples', root))
  .map((name) => `examples/${name}/README.md`)
  .filter((path) => existsSync(new URL(path, root)));

const pages = ['README.md', 'AGENTS.md', 'CONTRIBUTING.md', 'website/tour.md', ...examples];
it.each([...pages, ...docs.map((name) => `docs/${name}`)])('%s links to files and headings that exist', (path) => {
  const text = readFileSync(new URL(path, root), 'utf8');
  for (const [, file, anchor] of text.matchAll(/\]\((?!\w+:)([^)#]*)#?([^)]*)\)/g)) {
    // The pictures of the tour are drawn when the site is built.
    const source = file!.replace(/^(figures\/.*)\.svg$/, '$1.js');
    const target = new URL(source, new URL(path, root));
    expect(existsSync(target), `${path} links to ${file}`).toBe(true);
    if (anchor) expect(anchorsOf(readFileSync(target, 'utf8')), `${path} links to ${file}#${anchor}`).toContain(anchor);
  }
});

describe('docs/install.md', () => {
  const text = readFileSync(new URL('docs/install.md', root), 'utf8');
  const manifests = ['', ...readdirSync(new URL('tests/tools', root)).map((name) => `tests/tools/${name}/`)];
  const versions = manifests
    .map((folder) => new URL(`${folder}package.json`, root))
    .filter((file) => existsSync(file))
    .flatMap((file) => Object.entries<string>(JSON.parse(readFileSync(file, 'utf8')).devDependencies));

  it.each([
    ['Deno', 'deno'],
    ['Bun', 'bun'],
    ['TypeScript', 'typescript'],
    ['esbuild', 'esbuild'],
    ['Rollup', 'rollup'],
    ['Vite', 'vite'],
    ['webpack', 'webpack'],
    ['Parcel', 'parcel'],
    ['Metro', 'metro'],
    ['Jest', 'jest'],
    ['ts-jest', 'ts-jest'],
    ['ESLint', 'eslint'],
    ['Vue', 'vue'],
  ])('names the versions of %s that are tested', (tool, dependency) => {
    const row = text.match(new RegExp(`^\\| (.*, )?${tool}\\b.*$`, 'm'))![0];
    const tested = versions
      .filter(([name]) => name === dependency)
      .map(([, version]) => version.match(/^\d+\.\d+/)![0]);
    expect(tested).not.toEqual([]);
    for (const version of tested) expect(row).toMatch(new RegExp(` ${version.replace('.', '\\.')}[, ]`));
  });
});

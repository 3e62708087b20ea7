/** Every example of docs/layers.md runs and prints what its comments say, and the page leaves no export out. */
import { readFileSync } from 'node:fs';
import { formatWithOptions } from 'node:util';
import * as dropoutWasm from 'dropout-wasm';
import { describe, expect, it } from 'vitest';

const page = readFileSync(new URL('../../docs/layers.md', import.meta.url), 'utf8');
const EXAMPLE = /^```js\n([\s\S]*?)^```$/gm;
const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => (...args: unknown[]) => Promise<void>;

/** Node breaks and aligns long arrays over several lines, a comment does not. */
const oneLine = (text: string) => text.replace(/\s+/g, ' ');

/** What an example prints, an entry for each console.log. The source stands in for the package. */
async function run(code: string): Promise<string[]> {
  const body = code.replace(/^import (\{[^}]*\}) from 'dropout-wasm';$/gm, 'const $1 = dropoutWasm;');
  const printed: string[] = [];
  const log = (...values: unknown[]) => printed.push(oneLine(formatWithOptions({ breakLength: Infinity }, ...values)));
  await new AsyncFunction('dropoutWasm', 'console', `'use strict';\n${body}`)(dropoutWasm, { log });
  return printed;
}

/** The comments behind each console.log(…), or below it. */
const promises = (code: string) =>
  [...code.matchAll(/console\.log\(.*\);\s+\/\/ (.*)$/gm)].map(([, promised]) => promised!);

describe('docs/layers.md', () => {
  const examples = [...page.matchAll(EXAMPLE)].map(({ 1: code, index }): [string, string] => {
    const heading = page
      .slice(0, index)
      .match(/^#+ .*$/gm)!
      .at(-1)!;
    return [`${heading.replace(/^#+ /, '')}, line ${page.slice(0, index).split('\n').length}`, code!];
  });

  it('holds no block that is no example', () => {
    expect(page.match(/^ *(```|~~~)/gm)).toHaveLength(2 * examples.length);
  });

  it.each(examples)('%s', async (_, code) => {
    const promised = promises(code);
    expect(promised).not.toEqual([]);
    expect(await run(code)).toEqual(promised);
  });

  const text = page.replace(EXAMPLE, '');
  const named = [...text.matchAll(/^#+ .*$|`[^`]*`/gm)].join('\n').match(/\w+/g);

  // Where the kernel comes from is no matter of layers.
  it.each(Object.keys(dropoutWasm).filter((name) => name !== 'useModule'))('names %s', (name) => {
    expect(named).toContain(name);
  });

  it('has no link to a heading that is missing', () => {
    const anchors = text.match(/(?<=^#+ ).*$/gm)!.map((heading) => heading.toLowerCase().replace(/[^\w -]/g, ''));
    const links = [...text.matchAll(/\]\(#(.*?)\)/g)].map(([, link]) => link);
    expect(anchors.map((anchor) => anchor.replace(/ /g, '-'))).toEqual(expect.arrayContaining(links));
  });
});

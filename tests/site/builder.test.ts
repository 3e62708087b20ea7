/** The builder of the site, website/: how it reads Markdown, and what it refuses to build. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { examplesOf, faultOf } from '../../website/api/examples.js';
import { readReference } from '../../website/api/reference.js';
import { checkLinks } from '../../website/links.js';
import { render } from '../../website/markdown.js';
import { PAGES } from '../../website/pages.js';
import { ROOT } from '../../website/paths.js';
import { serve } from '../../website/serve.js';

let folder: string | undefined;
afterEach(() => {
  if (folder) rmSync(folder, { recursive: true });
  folder = undefined;
});

/** Writes files into a temporary folder. */
function write(files: Record<string, string>): string {
  folder = mkdtempSync(join(tmpdir(), 'site-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe('Markdown', () => {
  const ADDRESSES: Record<string, string> = {
    'docs/layers.md': 'docs/layers.html',
    'README.md': 'docs/overview.html',
    'assembly/dropout.ts': 'source/assembly/dropout.ts.html',
  };
  const toHtml = (text: string) =>
    render(text, {
      source: 'docs/page.md',
      address: 'docs/page.html',
      addressOf: (path) => ADDRESSES[path]!,
      figure: async (name) => `<svg id="${name}"></svg>`,
    });

  it.each([
    ['layers.md', 'layers.html'],
    ['layers.md#dropout', 'layers.html#dropout'],
    ['../README.md', 'overview.html'],
    ['../assembly/dropout.ts', '../source/assembly/dropout.ts.html'],
    ['#here', '#here'],
    ['https://example.com/a.md', 'https://example.com/a.md'],
  ])('a link to %s becomes one to %s', async (from, to) => {
    expect((await toHtml(`[text](${from})`)).html).toBe(`<p><a href="${to}">text</a></p>\n`);
  });

  it('headings have the anchors that they have on GitHub', async () => {
    const { html, headings } = await toHtml("# A page\n## `mask(x)`, or what?\n## Twice\n## Twice\n### GPU's");
    expect(headings.map(({ id }) => id)).toEqual(['a-page', 'maskx-or-what', 'twice', 'twice-1', 'gpus']);
    expect(headings[1]).toEqual({ level: 2, id: 'maskx-or-what', text: 'mask(x), or what?' });
    for (const { id } of headings) expect(html).toContain(`id="${id}"`);
  });

  it('a table scrolls in a box of its own', async () => {
    expect((await toHtml('| a |\n|---|\n| b |')).html).toMatch(
      /^<div class="scroll" tabindex="0"><table>[\s\S]*<\/table><\/div>\n$/,
    );
  });

  it('a picture of website/figures is drawn in place', async () => {
    const { html } = await toHtml('One.\n\n![a "mask"](figures/mask.svg)\n\nTwo.');
    expect(html).toContain('<figure><div class="scroll"><svg id="mask"></svg></div></figure>');
    expect(html.match(/<p>/g)).toHaveLength(2);
  });
});

describe('links', () => {
  const page = (body: string) => `<!doctype html><html><body id="top">${body}</body></html>`;

  it('that lead to pages, files and anchors of the site, or out of it, are right', () => {
    const site = write({
      'index.html': page('<a href="docs/a.html#b">a</a> <a href="#top">top</a> <a href="https://example.com">out</a>'),
      'docs/a.html': page('<h2 id="b">b</h2> <a href="../index.html?seed=1#top">home</a> <img src="a.png">'),
      'docs/a.png': '',
    });
    expect(checkLinks(site)).toEqual({ pages: 2, links: 5, faults: [] });
  });

  it.each([
    ['<a href="b.html">b</a>', 'b.html leads nowhere'],
    ['<a href="docs">docs</a>', 'docs leads nowhere'],
    ['<a href="../b.html">b</a>', '../b.html leads nowhere'],
    ['<a href="#b">b</a>', '#b leads to no element of that page'],
    ['<a href="/a.html">a</a>', '/a.html is not relative, so the site would work in the root of a host only'],
    ['<script src="https://example.com/a.js"></script>', 'https://example.com/a.js is loaded from another host'],
    ['<script>let a;</script>', 'a script is inline'],
    ['<p onclick="a()">a</p>', 'the handler onclick of an element p is inline'],
  ])('%s is found', (body, fault) => {
    const site = write({ 'a.html': page(body), 'docs/index.html': page('') });
    expect(checkLinks(site).faults).toEqual([`a.html: ${fault}`]);
  });
});

describe('the API reference', () => {
  it('fails for a name without a docstring, and for a {@link} to nothing', async () => {
    const entries = new Map([['tests/site/fixture/reference/index.ts', 'fixture']]);
    const read = readReference({ entries, tsconfig: `${ROOT}tests/site/fixture/reference/tsconfig.json` });
    const { message } = await read.then(
      () => expect.unreachable(),
      (error: Error) => error,
    );
    expect(message).toMatch(/undocumented \(Variable\), .* does not have any documentation/);
    expect(message).toMatch(/Failed to resolve link to "nothing"/);
    expect(message).toMatch(/the docstrings have 2 faults$/);
  });
});

describe('an example of a docstring', () => {
  const source = (...lines: string[]) =>
    `/**\n * Text.\n *\n * @example\n${lines.map((line) => ` * ${line}\n`).join('')} */\n`;

  it('is all of its lines, up to the next tag', () => {
    const text = source('const a = 1;', '', 'console.log(a); // 1').replace(' */', ' * @returns 1\n */');
    const [example, ...others] = examplesOf('a.ts', text);
    expect(example).toEqual({ name: 'a.ts:4', code: 'const a = 1;\n\nconsole.log(a); // 1\n' });
    expect(others).toEqual([]);
  });

  it.each([
    ["import { mask } from 'dropout-wasm'; console.log(mask(1, { p: 0 })); // Uint8Array(1) [ 1 ]", undefined],
    ['console.log(2); // 1', /^a\.ts:4: the example prints\n {2}2\nbut its comments state\n {2}1$/],
    ["throw new Error('no'); console.log(1); // 1", /^a\.ts:4: the example fails\n[\s\S]*Error: no/],
    ['const a = 1;', /^a\.ts:4: the example needs a console\.log/],
  ])('%s', (line, fault) => {
    const found = faultOf(examplesOf('a.ts', source(line))[0]!);
    if (fault) expect(found).toMatch(fault);
    else expect(found).toBeUndefined();
  });
});

describe('the command', () => {
  const run = promisify(execFile);
  const build = (...args: string[]) => run(process.execPath, ['website/build.js', ...args], { cwd: ROOT });

  it('prints its options', async () => {
    expect((await build('--help')).stdout).toMatch(/--serve \[--port/);
  });

  it.each([
    [['--sevre'], /^Unknown option '--sevre'/],
    [['--serve', '--port', 'x'], /^--port takes a whole number from 0 to 65535, but got "x"$/m],
    [['--port', '80'], /add --serve/],
  ])('refuses %j', async (args, message) => {
    await expect(build(...args)).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
  });

  it('serves an isolated site, and says which port is in use', async () => {
    const site = write({ 'index.html': 'first', '404.html': 'none' });
    const server = await serve(site, 0);
    const { port } = server.address() as AddressInfo;
    try {
      const first = await fetch(`http://localhost:${port}/`);
      expect(await first.text()).toBe('first');
      expect(first.headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(first.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
      const none = await fetch(`http://localhost:${port}/a.html`);
      expect([none.status, await none.text()]).toEqual([404, 'none']);
      await expect(serve(site, port)).rejects.toThrow(`port ${port} is in use: choose another with --port`);
    } finally {
      server.close();
    }
  });
});

describe('the pages', () => {
  const docs = readdirSync(`${ROOT}docs`).filter((name) => name.endsWith('.md'));
  const examples = readdirSync(`${ROOT}examples`).filter((name) => existsSync(`${ROOT}examples/${name}/README.md`));

  it.each([...docs.map((name) => `docs/${name}`), ...examples.map((name) => `examples/${name}/README.md`)])(
    '%s is one of them',
    (path) => expect(PAGES.map(({ source }) => source)).toContain(path),
  );
});

/**
 * docs/webgpu.md: its page runs in Chromium, and its programs, with the examples of the docstrings, in Chromium and in
 * Deno, on SwiftShader and on the built package. That with ONNX Runtime runs in tests/packaging/onnxruntime.test.ts.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as webgpu from 'dropout-wasm/webgpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, findSwiftShader } from '../../scripts/programs.js';
import { statedBy } from '../../scripts/snippets.js';
import { examplesOf, isForGpu } from '../../website/api/examples.js';
import { type Chromium, launch } from '../packaging/chromium.js';
import { ROOT, tool } from '../packaging/project.js';
import { type Server, serveFiles } from '../packaging/servers.js';
import { requiresAll } from '../runtimes/mode.js';
import { lineOf, snippetsOf, withoutSnippets } from './snippets.js';

const page = readFileSync(join(ROOT, 'docs/webgpu.md'), 'utf8');
const snippets = snippetsOf(page);
const examples = ['gpu', 'gpu-dropout']
  .map((name) => `src/webgpu/${name}.ts`)
  .flatMap((file) => examplesOf(file, readFileSync(join(ROOT, file), 'utf8')));
const programs = [...snippets.filter(({ code }) => !code.includes('onnxruntime')), ...examples];
const [, html] = page.match(/^```html\n([\s\S]*?)^```$/m)!;

const imports = { 'dropout-wasm': './dist/index.js', 'dropout-wasm/webgpu': './dist/webgpu/index.js' };

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'webgpu-'));
  symlinkSync(join(ROOT, 'dist'), join(directory, 'dist'), 'junction');
  writeFileSync(join(directory, 'index.html'), html!.replaceAll('BASE', '.'));
  writeFileSync(join(directory, 'imports.json'), JSON.stringify({ imports }));
  for (const [i, { code }] of programs.entries()) {
    writeFileSync(join(directory, `program-${i}.js`), code);
    writeFileSync(
      join(directory, `program-${i}.html`),
      `<!doctype html>
      <link rel="icon" href="data:," />
      <script type="importmap">${JSON.stringify({ imports })}</script>
      <script type="module">
        const { title } = await import('./program-${i}.js').then(() => ({ title: 'done' }), (e) => ({ title: String(e) }));
        document.title = title;
      </script>`,
    );
  }
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const chromium = findChromium();

if (chromium || requiresAll)
  describe('docs/webgpu.md in Chromium', () => {
    let browser: Chromium;
    let server: Server;
    beforeAll(async () => {
      if (!chromium) throw new Error('Chromium is not installed');
      browser = await launch(chromium, ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']);
      server = await serveFiles(directory);
    });
    afterAll(async () => {
      await browser?.close();
      await server?.close();
    });

    const resultAfter = async (script: string) => {
      const tab = await browser.newPage();
      await tab.addInitScript(script);
      await tab.goto(`${server.url}/index.html`);
      await tab.waitForFunction('document.querySelector("#result").textContent !== ""');
      return tab.textContent('#result');
    };

    it('the page gives the bits of the CPU', async () => {
      expect(await resultAfter('')).toBe('0 of 1048576 elements differ from those on the CPU');
    });

    it.each([
      ['navigator.gpu', "Object.defineProperty(navigator, 'gpu', { value: undefined })"],
      ['an adapter', 'navigator.gpu.requestAdapter = async () => null'],
    ])('the page says that there is no WebGPU, without %s', async (_, script) => {
      expect(await resultAfter(script)).toBe('This browser has no WebGPU here.');
    });

    it.each(programs.map(({ name }, i) => [name, i] as const))('%s', async (_, i) => {
      const tab = await browser.newPage();
      const printed: Promise<string>[] = [];
      tab.on('console', (message) =>
        printed.push(Promise.all(message.args().map((value) => value.jsonValue())).then((values) => lineOf(...values))),
      );
      await tab.goto(`${server.url}/program-${i}.html`);
      await tab.waitForFunction('document.title !== ""');
      expect(await tab.title()).toBe('done');
      expect(await Promise.all(printed)).toEqual(statedBy(programs[i]!.code));
      await tab.close();
    });
  });

const swiftShader = findSwiftShader();

if (swiftShader || requiresAll)
  describe('docs/webgpu.md in Deno', () => {
    it.each(programs.map(({ name }, i) => [name, i] as const))('%s', async (_, i) => {
      const args = ['run', '-A', '--quiet', '--unstable-webgpu', '--import-map=imports.json', `program-${i}.js`];
      // The driver writes to stderr.
      const { stdout } = await promisify(execFile)(process.execPath, [tool('deno/bin.cjs'), ...args], {
        cwd: directory,
        env: { ...process.env, ...swiftShader, NO_COLOR: '1' },
      });
      expect(stdout.split('\n').filter(Boolean)).toEqual(statedBy(programs[i]!.code));
    });
  });

it('each program of docs/webgpu.md prints something, and each example of the docstrings needs a GPU', () => {
  for (const { name, code } of snippets) expect(statedBy(code), name).not.toEqual([]);
  expect(examples.filter(isForGpu)).toHaveLength(2);
  expect(examples).toHaveLength(2);
});

it('docs/webgpu.md has no code blocks other than its page and its programs', () => {
  expect(page.match(/^ *(```|~~~)/gm)).toHaveLength(2 * snippets.length + 2);
});

it.each(Object.keys(webgpu))('docs/webgpu.md names %s', (name) => {
  expect([...withoutSnippets(page).matchAll(/`[^`\n]*`/g)].join().match(/\w+/g)).toContain(name);
});

/**
 * The packed package with ONNX Runtime: the checks of tests/onnxruntime in Node and in Chromium, the types, the programs
 * of docs/onnx.md, and that of docs/webgpu.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as onnx from 'dropout-wasm/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { weightsFromBytes } from '../../examples/digits/classifier.js';
import { findChromium } from '../../scripts/programs.js';
import { bundlePage, bundleProgram } from '../onnxruntime/bundle.js';
import { checksOf, type Row, type SettingName } from '../onnxruntime/checks.js';
import { digitsModel, encoderModel, headModel } from '../onnxruntime/digits.js';
import { expectPrinted, runNodeIn, snippetsOf, withoutSnippets } from '../repository/snippets.js';
import { requiresAll } from '../runtimes/mode.js';
import { encode } from '../support/onnx-models.js';
import { type Chromium, launch } from './chromium.js';
import { install, installTool, type Project, ROOT, run, tool } from './project.js';
import { serveFiles } from './servers.js';

const chromium = findChromium();

let project: Project;
let directory: string;
beforeAll(async () => {
  project = await install();
  directory = await installTool(project, 'onnxruntime');
  // The models of the docs.
  const weights = weightsFromBytes(readFileSync(join(ROOT, 'examples/digits/weights.bin')));
  for (const [file, model] of Object.entries({
    'model.onnx': digitsModel(weights, false),
    'encoder.onnx': encoderModel(weights),
    'head.onnx': headModel(weights),
  }))
    writeFileSync(join(directory, file), encode(model));
});
afterAll(() => project?.remove());

/** The options of `onnxMonteCarlo`. */
const OPTIONS = [
  'samples',
  'from',
  'seed',
  'generator',
  'kind',
  'until',
  'keep',
  'signal',
  'onSample',
  'masks',
  'output',
];

/** The digests of the checks on onnxruntime-node. Those of all other settings have to be equal. */
const digests = new Map<string, string>();

/** The warnings of ONNX Runtime that are expected: off WebGPU, and on it. docs/onnx.md names the first. */
const UNUSED = /\[W:.* Removing initializer '(ratio|training)\d?'\. It is not used by any node/;
const KNOWN = [UNUSED, /Removing initializer '(ratio|training)\d?'|VerifyEachNodeIsAssignedToAnEp/];

function describeChecks(name: SettingName, start: () => Promise<string>): void {
  describe(name, () => {
    let rows: Map<string, Row>;
    let logged: string;
    beforeAll(async () => {
      const [json, ...others] = (await start()).split('\n');
      rows = new Map(JSON.parse(json!).map((row: Row) => [row[0], row]));
      logged = others.join('\n');
    });

    it.each(checksOf(name))('%s', (check) => {
      const [, error, digest] = rows.get(check)!;
      if (error) throw new Error(error);
      if (!digest) return;
      if (name === 'node') digests.set(check, digest);
      expect(digest).toBe(digests.get(check));
    });

    it('logs nothing but that initializers of Dropout are not used', () => {
      const lines = logged.split('\n').filter((line) => line && !KNOWN[Number(name.endsWith('WebGPU'))]!.test(line));
      expect(lines).toEqual([]);
    });
  });
}

describeChecks('node', async () =>
  run(process.execPath, [await bundleProgram(directory, 'onnxruntime-node'), 'node'], directory),
);
describeChecks('web in Node', async () =>
  run(process.execPath, [await bundleProgram(directory, 'onnxruntime-web'), 'web in Node'], directory),
);

describe('TypeScript', () => {
  it.each([
    ['5.9', 'typescript5', 'nodenext'],
    ['7', 'typescript', 'nodenext'],
    ['7', 'typescript', 'esnext --moduleResolution bundler'],
  ])('%s takes sessions and tensors without a cast (%s, %s)', async (_, compiler, module) => {
    const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', '--target', 'es2022'];
    const args = [...options, '--lib', 'es2022,dom', '--module', ...module.split(' '), 'types.ts'];
    expect(await run(process.execPath, [tool(`${compiler}/bin/tsc`), ...args], directory)).toBe('');
  });
});

describe('docs/onnx.md', () => {
  const page = readFileSync(join(ROOT, 'docs/onnx.md'), 'utf8');
  const snippets = snippetsOf(page);

  // In the order of the page, since one writes the files of the next.
  it.each(snippets.map(({ name, code }) => [name, code]))('%s', (_, code) => {
    expectPrinted({ code, printed: runNodeIn(directory, '--input-type=module', '--eval', code) });
  });

  it('contains no code blocks other than snippets and the export from PyTorch', () => {
    expect(page.match(/^ *(```|~~~)/gm)).toHaveLength(2 * snippets.length + 2);
    expect(page.match(/^```python$/gm)).toHaveLength(1);
  });

  it.each([...Object.keys(onnx), 'prepare', ...OPTIONS])('names %s', (name) => {
    expect([...withoutSnippets(page).matchAll(/`[^`\n]*`/g)].join().match(/\w+/g)).toContain(name);
  });

  it('names the version that is tested', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'tests/tools/onnxruntime/package.json'), 'utf8'));
    for (const version of Object.values<string>(devDependencies))
      expect(page).toContain(`ONNX Runtime ${version.replace(/\.0$/, '')}:`);
  });
});

if (chromium || requiresAll)
  describe('Chromium', () => {
    let browser: Chromium;
    beforeAll(async () => {
      if (!chromium) throw new Error('Chromium is not installed');
      // WebGPU by SwiftShader, as on a machine without a GPU.
      browser = await launch(chromium, ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']);
    });
    afterAll(() => browser?.close());

    const inPage = (name: SettingName, variant: 'wasm' | 'webgpu') =>
      describeChecks(name, async () => {
        const server = await serveFiles(await bundlePage(directory, variant));
        try {
          return await browser.titleOf(`${server.url}/index.html?${encodeURIComponent(name)}`, 110_000);
        } finally {
          await server.close();
        }
      });
    inPage('web in Chromium', 'wasm');
    inPage('web in Chromium on WebGPU', 'webgpu');

    it('docs/webgpu.md: With ONNX Runtime', async () => {
      const page = readFileSync(join(ROOT, 'docs/webgpu.md'), 'utf8');
      const { code } = snippetsOf(page).find(({ code }) => code.includes('onnxruntime'))!;
      const imports = {
        'dropout-wasm': './node_modules/dropout-wasm/dist/index.js',
        'dropout-wasm/webgpu': './node_modules/dropout-wasm/dist/webgpu/index.js',
        'onnxruntime-web/webgpu': './node_modules/onnxruntime-web/dist/ort.webgpu.bundle.min.mjs',
      };
      writeFileSync(
        join(directory, 'webgpu.html'),
        `<!doctype html>
        <link rel="icon" href="data:," />
        <script type="importmap">${JSON.stringify({ imports })}</script>
        <script type="module">
          const printed = [];
          console.log = (...values) => printed.push(values.join(' '));
          await import('./webgpu.js').catch((error) => printed.push(String(error)));
          document.title = printed.join();
        </script>`,
      );
      writeFileSync(join(directory, 'webgpu.js'), code);
      const server = await serveFiles(directory);
      try {
        const [title] = (await browser.titleOf(`${server.url}/webgpu.html`, 110_000)).split('\n');
        expectPrinted({ code, printed: [title!] });
      } finally {
        await server.close();
      }
    });
  });

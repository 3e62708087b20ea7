/**
 * The packed package with ONNX Runtime: the checks of tests/onnxruntime in Node and in Chromium, the types, and the
 * programs of docs/onnx.md.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundlePage, bundleProgram } from '../onnxruntime/bundle.js';
import { checksOf, type Row, type SettingName } from '../onnxruntime/checks.js';
import { requiresAll } from '../runtimes/mode.js';
import { findChromium } from '../support/programs.js';
import { type Chromium, launch } from './chromium.js';
import { install, installTool, type Project, run } from './project.js';
import { serveFiles } from './servers.js';

const chromium = findChromium();

let project: Project;
let directory: string;
beforeAll(async () => {
  project = await install();
  directory = await installTool(project, 'onnxruntime');
});
afterAll(() => project?.remove());

/** The digests of the checks in Node by ONNX Runtime for Node. All others have to be the same. */
const digests = new Map<string, string>();

/** What ONNX Runtime warns of, and on WebGPU too. docs/onnx.md names the first. */
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
  });

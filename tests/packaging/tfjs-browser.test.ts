/** The checks of tests/tfjs in Chromium: TensorFlow.js on webgl, webgpu and threaded wasm, with the built package. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../scripts/programs.js';
import { requiresAll } from '../runtimes/mode.js';
import type { SettingName } from '../tfjs/check.js';
import { checksOf } from '../tfjs/checks.js';
import { bundlePage } from '../tools/tfjs/install.js';
import { type Chromium, launch } from './chromium.js';
import { ROOT } from './project.js';
import { type Server, serveFiles } from './servers.js';

/** WebGPU by SwiftShader, as on a machine without a GPU. */
const FLAGS = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

const chromium = findChromium();

if (chromium || requiresAll)
  describe('TensorFlow.js in Chromium', () => {
    const outdir = mkdtempSync(join(tmpdir(), 'tfjs-'));
    let browser: Chromium;
    let server: Server;
    beforeAll(async () => {
      if (!chromium) throw new Error('Chromium is not installed');
      await bundlePage(join(ROOT, 'tests/tfjs/page.ts'), outdir);
      server = await serveFiles(outdir);
      browser = await launch(chromium, FLAGS);
    });
    afterAll(async () => {
      await browser?.close();
      await server?.close();
      rmSync(outdir, { recursive: true, force: true });
    });

    describe.each<SettingName>(['wasm with threads', 'webgl', 'webgpu', 'webgpu drawing'])('%s', (name) => {
      let results: Map<string, string>;
      let logged: string[];
      beforeAll(async () => {
        const [title, ...errors] = (
          await browser.titleOf(`${server.url}/index.html?${encodeURIComponent(name)}`, 110_000)
        ).split('\n');
        results = new Map(JSON.parse(title!));
        logged = errors;
      });

      it.each(checksOf(name))('%s', (check) => {
        const error = results.get(check);
        expect(error, 'the page has run it').toBeDefined();
        if (error) throw new Error(error);
      });

      it('the page logs no error', () => {
        expect(logged).toEqual([]);
      });
    });
  });

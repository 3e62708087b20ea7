/**
 * Every entry in pages of Chromium under content security policies: without 'wasm-unsafe-eval' the reference serves, with
 * the same bits, and nothing else is asked for.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../scripts/programs.js';
import { bitsOfResults } from '../faults/programs/results.js';
import { requiresAll } from '../runtimes/mode.js';
import { packages } from '../support/backends.js';
import { type Chromium, launch } from './chromium.js';
import { LINE } from './fixtures/report.js';
import { ROOT } from './project.js';

const POLICIES: Record<string, string> = {
  self: "script-src 'self'",
  wasm: "script-src 'self' 'wasm-unsafe-eval'",
  'self-alone':
    "default-src 'none'; script-src 'self'; worker-src 'self'; require-trusted-types-for 'script'; trusted-types dropout-wasm",
  'wasm-alone':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; require-trusted-types-for 'script'; trusted-types dropout-wasm",
};

const FILES = ['/page.js', '/worker.js'];

/** Serves a page, its bundle and worker.js, each with the policy that its folder names. */
async function serve(folder: string): Promise<Server> {
  const server = createServer(({ url = '' }, response) => {
    const [, policy = '', file = ''] = url.match(/^\/([\w-]+)(\/.*)$/) ?? [];
    response.setHeader('content-security-policy', POLICIES[policy] ?? "default-src 'none'");
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    if (file === '/')
      response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><title></title><script type="module" src="page.js"></script>');
    else if (FILES.includes(file))
      response.setHeader('content-type', 'text/javascript').end(readFileSync(join(folder, file)));
    else response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const chromium = findChromium();

if (chromium || requiresAll)
  describe('content security policies in Chromium', () => {
    const folder = mkdtempSync(join(tmpdir(), 'csp-'));
    let browser: Chromium;
    let server: Server;
    beforeAll(async () => {
      if (!chromium) throw new Error('Chromium is not installed');
      await build({
        entryPoints: { page: join(ROOT, 'tests/packaging/csp-page.js'), worker: join(ROOT, 'dist/threads/worker.js') },
        outdir: folder,
        bundle: true,
        format: 'esm',
        logLevel: 'error',
        // The built package: the paths of tsconfig.json lead to the source.
        tsconfigRaw: '{}',
      });
      server = await serve(folder);
      browser = await launch(chromium);
    });
    afterAll(async () => {
      await browser?.close();
      server?.closeAllConnections();
      server?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it.each(Object.entries(POLICIES))('%s: %s', async (name, policy) => {
      const { port } = server.address() as AddressInfo;
      const [title] = (await browser.titleOf(`http://127.0.0.1:${port}/${name}/`)).split('\n');
      const page = JSON.parse(title!);
      const bits = bitsOfResults(packages[1]![1]);
      const mayCompile = policy.includes('wasm-unsafe-eval');
      expect([page.bits, page.inArena, page.tfjs]).toEqual([bits, bits, [2, 0, 0, 2, 0, 0, 2, 0]]);
      expect(page.report).toBe(mayCompile ? LINE : LINE.replace('wasm-simd', 'reference'));
      if (mayCompile) {
        expect(page.reason).toBeUndefined();
        expect(page.threads).toBe('2 true');
        expect(page.violated).toEqual([]);
      } else {
        expect(page.reason).toMatch(/^CompileError: /);
        expect(page.threads).toMatch(/^Error: SharedArena needs .*: use (an Arena|threads: 1)$/);
        // Chromium reports a refused module or not; the page asks for nothing else.
        expect(page.violated.filter((directive: string) => directive !== 'script-src')).toEqual([]);
      }
    });
  });

/** dropout-wasm/threads in pages of Chromium: security policies, sandboxed frames, arenas that are dropped. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../scripts/programs.js';
import { requiresAll } from '../runtimes/mode.js';
import { type Chromium, launch } from './chromium.js';
import { ROOT } from './project.js';

/** Isolates a page, and lets sandboxed frames, whose origin is opaque, load files. */
const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'cross-origin',
  'access-control-allow-origin': '*',
};

/** A page whose title tells the number of threads and whether a call gives the right bits, or the error. */
const page = (options: string, before = '', threads = '/dist/threads/index.js') => `<!doctype html>
<title></title>
<link rel="icon" href="data:," />
<script type="importmap">{ "imports": { "dropout-wasm": "/dist/index.js", "dropout-wasm/threads": "${threads}" } }</script>
<script type="module">
  import { dropout } from 'dropout-wasm';
  import { SharedArena } from 'dropout-wasm/threads';
  try {
    ${before}
    const arena = await SharedArena.create({ bytes: 2 ** 23, threads: 3, timeout: 20_000, ...${options} });
    const x = arena.float32(2 ** 20).fill(1);
    const y = dropout(x, { p: 0.5, key: 1n });
    const expected = dropout(new Float32Array(2 ** 20).fill(1), { p: 0.5, key: 1n });
    document.title = arena.threads + ' ' + (y.buffer === arena.memory.buffer && y.every((v, i) => v === expected[i]));
  } catch (error) {
    document.title = String(error);
  }
  if (parent !== self) parent.postMessage(document.title, '*');
</script>`;

const csp = (policy: string) => ({ 'content-security-policy': policy });
const SCRIPTS = "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'";
const TRUSTED = "require-trusted-types-for 'script'";

const PAGES: Record<string, [html: string, headers?: Record<string, string>]> = {
  '/plain': [page('{}')],
  '/missing': [page('{}', '', '/elsewhere/threads/index.js')],
  '/module-refused': [
    page(
      '{}',
      `const Original = Worker;
       globalThis.Worker = class extends Original {
         constructor(url, options) {
           if (options?.type === 'module') throw new TypeError('no modules');
           super(url, options);
         }
       };`,
    ),
  ],
  '/no-worker': [page('{ threads: undefined }', 'delete globalThis.Worker;')],
  '/csp-self': [page('{}'), csp(`${SCRIPTS}; worker-src 'self'`)],
  '/csp-blob': [page("{ worker: 'blob' }"), csp(`${SCRIPTS}; worker-src blob:`)],
  '/csp-none': [page('{}'), csp(`${SCRIPTS}; worker-src 'none'`)],
  '/trusted-url': [page("{ worker: 'url' }"), csp(`${TRUSTED}; trusted-types dropout-wasm`)],
  '/trusted-blob': [page("{ worker: 'blob' }"), csp(`${TRUSTED}; trusted-types dropout-wasm`)],
  '/trusted-other': [page('{}'), csp(`${TRUSTED}; trusted-types other`)],
  '/framed': [
    `<!doctype html>
    <title></title>
    <link rel="icon" href="data:," />
    <iframe sandbox="allow-scripts" allow="cross-origin-isolated" src="/plain"></iframe>
    <script>onmessage = ({ data }) => { document.title = data; };</script>`,
  ],
  // Chromium allows some 125 memories in a process.
  '/dropped': [
    page(
      '{}',
      `const use = async () => {
         const arena = await SharedArena.create({ bytes: 2 ** 16, threads: 2 });
         dropout(arena.float32(16), { p: 0.5, key: 1n });
       };
       for (let i = 0; i < 130; i++) await use();`,
    ),
  ],
};

async function serve(): Promise<Server> {
  const server = createServer(async ({ url = '' }, response) => {
    const [html, headers] = PAGES[url] ?? [];
    for (const [name, value] of Object.entries({ ...HEADERS, ...headers })) response.setHeader(name, value);
    const path = /^\/dist\/(threads\/)?(index|worker)\.js$/.test(url)
      ? url
      : url.match(/^\/elsewhere(\/threads\/index.*)/)?.[1];
    if (html) response.setHeader('content-type', 'text/html').end(html);
    else if (path)
      response
        .setHeader('content-type', 'text/javascript')
        .end(await readFile(`${ROOT}/${path.startsWith('/dist') ? '' : 'dist'}${path}`));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const chromium = findChromium();

if (chromium || requiresAll)
  describe('threads in Chromium', () => {
    let browser: Chromium;
    let server: Server;
    beforeAll(async () => {
      if (!chromium) throw new Error('Chromium is not installed');
      server = await serve();
      browser = await launch(chromium);
    });
    afterAll(async () => {
      await browser?.close();
      server?.closeAllConnections();
      server?.close();
    });

    const titleOf = (path: string) =>
      browser.titleOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);

    it.each([
      ['a page', '/plain'],
      ['a page where worker.js is missing', '/missing'],
      ['a page where Worker refuses modules', '/module-refused'],
      ["worker-src 'self'", '/csp-self'],
      ['worker-src blob:, from a blob', '/csp-blob'],
      ['Trusted Types that allow our policy, from a URL', '/trusted-url'],
      ['Trusted Types that allow our policy, from a blob', '/trusted-blob'],
      ['a sandboxed frame', '/framed'],
      ['a page that drops 130 arenas without close()', '/dropped'],
    ])('start in %s, without an error in the console', async (_, path) => {
      expect(await titleOf(path)).toBe('3 true');
    });

    it('are not used by default where there is no Worker', async () => {
      expect(await titleOf('/no-worker')).toBe('1 true');
    });

    it("name every way that worker-src 'none' refuses", async () => {
      expect(await titleOf('/csp-none')).toMatch(
        /did not start: url: its program could not be loaded; blob: its program .*; data: URL: its program/,
      );
    });

    it('name the policy that Trusted Types have to allow', async () => {
      expect(await titleOf('/trusted-other')).toMatch(/trusted-types directive does not allow dropout-wasm/);
    });
  });

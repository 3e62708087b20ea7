/**
 * Serves the site below a sub-path, so an absolute link fails. The first part of an address chooses the headers, the
 * second one the folder: `/strict/site/index.html`. Each HTML page gets recorder.js as its first script.
 */
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HEADERS: Record<string, Record<string, string>> = {
  /** As most static hosts serve it. */
  plain: {},
  /** With shared memory, which threads need. */
  isolated: { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' },
  /** Without WebAssembly, which would need 'wasm-unsafe-eval', and without inline scripts. */
  strict: { 'content-security-policy': "script-src 'self'" },
};
export type Headers = 'plain' | 'isolated' | 'strict';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const FOLDERS: Record<string, string> = { site: path('../../site'), fixture: path('fixture') };
/** Scripts of the tests. */
const HARNESS: Record<string, string> = {
  '/harness/recorder.js': path('recorder.js'),
  '/harness/axe.js': createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
};
/** An empty page, from which `Tab.open` starts. */
export const BLANK = '/harness/blank';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.wasm': 'application/wasm',
};

/** The path of a file, or of the index of a folder. */
async function fileOf(pathname: string): Promise<string> {
  const [, , folder = '', ...rest] = decodeURIComponent(pathname).split('/');
  const file = HARNESS[pathname] ?? join(FOLDERS[folder] ?? '', ...rest);
  return (await stat(file)).isDirectory() ? join(file, 'index.html') : file;
}

export interface Server {
  /** Without a slash at the end. */
  origin: string;
  /** The requests that failed. */
  failed: string[];
  close(): void;
}

export async function serve(): Promise<Server> {
  const failed: string[] = [];
  const server = createServer(async ({ url = '' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const [, headers = ''] = pathname.split('/');
    try {
      const file = pathname === BLANK ? undefined : await fileOf(pathname);
      const type = file ? extname(file) : '.html';
      let body: string | Buffer = file
        ? await readFile(file)
        : '<!doctype html><title>blank</title><link rel="icon" href="data:,">';
      if (file && type === '.html')
        body = String(body).replace(/<!doctype html>/i, '$&<script src="/harness/recorder.js"></script>');
      const own = { 'content-type': TYPES[type] ?? 'application/octet-stream', 'cache-control': 'no-store' };
      response.writeHead(200, { ...own, ...HEADERS[headers] }).end(body);
    } catch {
      // Also /favicon.ico, which browsers ask for unless a page names its icon.
      failed.push(`404: ${url}`);
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    failed,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * A page on loopback that runs the suite and posts the report back. Any browser that opens an address does, with no
 * driver in between.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Report } from './report.js';

/** Scripts of ours, and no WebAssembly: that takes 'wasm-unsafe-eval'. */
export const NO_WASM = { 'content-security-policy': "script-src 'self' 'unsafe-inline'" };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { exports } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
/** As a bundler would resolve the names of the package: "./dist/…", and the page lies beside dist. */
const imports = {
  'dropout-wasm': exports['.'].default,
  'dropout-wasm/reference': exports['./reference'].default,
  'dropout-wasm/threads': exports['./threads'].default,
};

const page = (module: string) => `<!doctype html>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
  const send = (body) => fetch('/report', { method: 'POST', body: JSON.stringify(body) });
  import('/build/runtimes/${module}.js').then(({ ${module} }) => ${module}()).then(send, (error) => send({ error: error + '' }));
</script>`;

/** What the page may ask for. */
const FILES = /^\/(dist\/index(\.\w+)?|dist\/threads\/(index|worker)|build\/runtimes\/(report|threads))\.js$/;

/** By which a page is isolated, and may share memory. */
export const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** What each needs to start unattended, with a profile of its own. */
const FLAGS = {
  // Its sandbox refuses to run as root; what it opens is this page alone.
  chromium: (profile: string) => ['--headless', '--no-sandbox', '--no-first-run', `--user-data-dir=${profile}`],
  firefox: (profile: string) => ['--headless', '--no-remote', '--profile', profile],
  webkit: () => [],
};

/**
 * @param headers of everything that is served
 * @param module the file of build/runtimes, and the function of that name, which answers
 */
export async function inBrowser<Answer = Report>(
  kind: keyof typeof FLAGS,
  command: string[],
  headers: Record<string, string> = {},
  module = 'report',
): Promise<Answer> {
  let answered: (body: string) => void;
  const posted = new Promise<string>((resolve) => {
    answered = resolve;
  });
  const server = createServer((request, response) => {
    const { method, url = '' } = request;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (method === 'POST') {
      text(request).then(answered);
      response.end();
    } else if (url === '/') response.setHeader('content-type', 'text/html').end(page(module));
    else if (FILES.test(url)) response.setHeader('content-type', 'text/javascript').end(readFileSync(`${ROOT}${url}`));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const home = mkdtempSync(join(tmpdir(), 'runtimes-'));
  const [program, ...args] = [...command, ...FLAGS[kind](home), `http://127.0.0.1:${port}/`];
  // A group of its own, to be ended as a whole; WebKitGTK shares memory by that variable alone.
  const options = {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, HOME: home, JSC_useSharedArrayBuffer: '1' },
  } as const;
  const browser = spawn(program!, args, options);
  const ended = new Promise<string>((resolve) => {
    browser.on('exit', (code, signal) => resolve(`it ended with ${code ?? signal}`));
    browser.on('error', (error) => resolve(String(error)));
  });
  const failed = Promise.race([ended, sleep(100_000, 'no report came', { ref: false })]).then((why) => {
    throw new Error(`${program}: ${why}`);
  });
  try {
    const report = JSON.parse(await Promise.race([posted, failed]));
    if (report.error) throw new Error(report.error);
    return report;
  } finally {
    if (browser.pid && browser.exitCode === null) process.kill(-browser.pid, 'SIGTERM');
    await ended;
    server.closeAllConnections();
    server.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

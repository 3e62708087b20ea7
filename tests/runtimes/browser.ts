/**
 * A browser with one tab, which runs one page after another. The pages come from a server on loopback and post their
 * answers back to it, so any browser that can open an address will do, without a driver.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Allows our scripts but no WebAssembly, which would need 'wasm-unsafe-eval'. */
export const NO_WASM = { 'content-security-policy': "script-src 'self' 'unsafe-inline'" };

/** Isolates a page, so it may share memory between threads. */
export const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** Arguments for an unattended start with a fresh profile. */
const FLAGS = {
  chromium: (profile: string) => [
    // Chromium's sandbox refuses to run as root. It opens nothing but our page.
    ...['--headless', '--no-sandbox', '--no-first-run', `--user-data-dir=${profile}`],
    // WebGPU by SwiftShader, on every machine.
    ...['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
  ],
  firefox(profile: string) {
    // WebGPU on Linux.
    const prefs = ['dom.webgpu.enabled', 'gfx.webgpu.ignore-blocklist'];
    writeFileSync(join(profile, 'user.js'), prefs.map((name) => `user_pref('${name}', true);\n`).join(''));
    return ['--headless', '--no-remote', '--profile', profile];
  },
  webkit: () => [],
};

export interface Page {
  /** A file of build/runtimes, and the function that it exports under the same name. */
  module: string;
  argument?: string;
  /** Headers of the page and of every file that it loads. */
  headers?: Record<string, string>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { exports } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
/** Resolves the package's names as a bundler would, to "./dist/…": the page is served from beside dist. */
const imports = {
  'dropout-wasm': exports['.'].default,
  'dropout-wasm/monte-carlo': exports['./monte-carlo'].default,
  'dropout-wasm/reference': exports['./reference'].default,
  'dropout-wasm/threads': exports['./threads'].default,
  'dropout-wasm/webgpu': exports['./webgpu'].default,
};

/** Runs a function, posts what it returns, and moves on to the next page as soon as there is one. */
const htmlOf = ({ module, argument }: Page) => `<!doctype html>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
  const post = (answer) => fetch('/answer', { method: 'POST', body: JSON.stringify(answer) });
  await import('/build/runtimes/${module}.js')
    .then(({ ${module} }) => ${module}(${JSON.stringify(argument)}))
    .then((value) => post({ value }), (error) => post({ error: String(error) }));
  location.replace(await (await fetch('/next')).text());
</script>`;

/** The first page, which only waits for the next one. */
const IDLE = `<!doctype html>
<script type="module">location.replace(await (await fetch('/next')).text());</script>`;

/** The files that a page may load. */
const FILES =
  /^\/(dist\/index(\.\w+)?|dist\/monte-carlo\/index|dist\/threads\/(index|worker)|dist\/webgpu\/index|build\/runtimes\/(report|threads|webgpu|bench))\.js$/;

/** A browser that starts when the first page runs, and again after a page that gave no answer. */
export class Browser {
  private session: Session | undefined;

  /** @param command undefined if the browser is not installed */
  constructor(
    private readonly kind: keyof typeof FLAGS,
    readonly command: string[] | undefined,
  ) {}

  /** Runs a page. @throws Error if it fails, the browser ends or is not installed, or after 100 s without an answer */
  async run<T>(page: Page): Promise<T> {
    if (!this.command) throw new Error(`${this.kind} is not installed`);
    this.session ??= await Session.start(this.command, FLAGS[this.kind]);
    const answer = await this.session.run(page).catch(async (error) => {
      await this.close();
      throw error;
    });
    if ('error' in answer) throw new Error(answer.error);
    return answer.value as T;
  }

  async close(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    await session?.end();
  }
}

type Answer = { value: unknown } | { error: string };

/** A running browser and its server. */
class Session {
  private page: Page | undefined;
  private pages = 0;
  private answered: (answer: Answer) => void = () => {};
  /** The tab's pending request for the address of its next page. */
  private waiting: Promise<ServerResponse>;
  private waits!: (response: ServerResponse) => void;

  private constructor(
    private readonly server: Server,
    private readonly browser: ChildProcess,
    private readonly home: string,
    /** Resolves to the reason when the browser has ended. */
    private readonly ended: Promise<string>,
  ) {
    this.waiting = this.nextWait();
    server.on('request', (request, response) => this.respond(request, response));
  }

  static async start([program, ...args]: string[], flags: (profile: string) => string[]): Promise<Session> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const home = mkdtempSync(join(tmpdir(), 'runtimes-'));
    const browser = spawn(program!, [...args, ...flags(home), `http://127.0.0.1:${port}/`], {
      stdio: 'ignore',
      // A process group of its own, which end() can signal as a whole.
      detached: true,
      // WebKitGTK shares memory only if the last variable is set.
      env: { ...process.env, HOME: home, JSC_useSharedArrayBuffer: '1' },
    });
    const ended = new Promise<string>((resolve) => {
      browser.on('exit', (code, signal) => resolve(`${program} ended with ${code ?? signal}`));
      browser.on('error', (error) => resolve(String(error)));
    });
    return new Session(server, browser, home, ended);
  }

  async run(page: Page): Promise<Answer> {
    const failed = Promise.race([this.ended, sleep(100_000, `no answer from ${page.module}`, { ref: false })]);
    const answer = new Promise<Answer>((resolve) => {
      this.answered = resolve;
    });
    const shown = this.waiting.then((response) => {
      this.waiting = this.nextWait();
      this.page = page;
      response.end(`/page-${++this.pages}`);
      return answer;
    });
    const first = await Promise.race([shown, failed]);
    if (typeof first === 'string') throw new Error(first);
    return first;
  }

  async end(): Promise<void> {
    if (this.browser.pid && this.browser.exitCode === null) process.kill(-this.browser.pid, 'SIGTERM');
    await this.ended;
    this.server.closeAllConnections();
    this.server.close();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  private nextWait(): Promise<ServerResponse> {
    return new Promise((resolve) => {
      this.waits = resolve;
    });
  }

  private respond(request: IncomingMessage, response: ServerResponse): void {
    const { url = '' } = request;
    for (const [name, value] of Object.entries(this.page?.headers ?? {})) response.setHeader(name, value);
    if (url === '/answer') {
      text(request).then((body) => this.answered(JSON.parse(body)));
      response.end();
    } else if (url === '/next') this.waits(response);
    else if (url === '/') response.setHeader('content-type', 'text/html').end(IDLE);
    else if (url.startsWith('/page-')) response.setHeader('content-type', 'text/html').end(htmlOf(this.page!));
    else if (FILES.test(url)) response.setHeader('content-type', 'text/javascript').end(readFileSync(`${ROOT}${url}`));
    else response.writeHead(404).end();
  }
}

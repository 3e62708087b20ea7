/** Which runtimes there are, where they are found and how each runs the suite of build/runtimes. */
import { type ExecFileOptions, execFile, execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ISOLATED, inBrowser, NO_WASM } from './browser.js';
import type { Report } from './report.js';
import { inWorkerd } from './workerd.js';

export interface Runtime {
  name: string;
  /** Its command with arguments that come before all others, or undefined if it is not installed. */
  command: string[] | undefined;
  run: (command: string[]) => Promise<Report>;
  /** Whether it has to fall back to the reference. */
  falls?: boolean;
}

const require = createRequire(import.meta.url);
const within = (name: string, path: string) => join(dirname(require.resolve(`${name}/package.json`)), path);

/** The first of these programs that is on PATH. */
function which(...names: string[]): string[] | undefined {
  const paths = names.flatMap((name) => process.env.PATH!.split(delimiter).map((folder) => join(folder, name)));
  const found = paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return found === undefined ? undefined : [found];
}

/** WebKitGTK's own browser, which lies beside its library and needs a display. */
function miniBrowser(): string[] | undefined {
  const xvfb = which('xvfb-run');
  try {
    const files = execFileSync('dpkg', ['-L', 'libwebkit2gtk-4.1-0'], { encoding: 'utf8', stdio: 'pipe' });
    const found = files.split('\n').find((file) => file.endsWith('/MiniBrowser'));
    return xvfb && found ? [...xvfb, '-a', found] : undefined;
  } catch {
    return undefined;
  }
}

const output = async ([program, ...args]: string[], options: ExecFileOptions = {}) =>
  `${(await promisify(execFile)(program!, args, { encoding: 'utf8', maxBuffer: 2 ** 24, timeout: 100_000, ...options })).stdout}`;

/** A number with dots or a date, as it says itself. */
export const versionOf = async (command: string[]): Promise<string> =>
  (await output([...command, '--version'])).match(/\d+(\.\d+)+|\d{4}-\d\d-\d\d/)![0];

const script = fileURLToPath(new URL('../../build/runtimes/console.js', import.meta.url));
const inConsole =
  (args: string[] = [], env: NodeJS.ProcessEnv = {}) =>
  async (command: string[]): Promise<Report> =>
    JSON.parse(await output([...command, ...args, script], { env: { ...process.env, ...env } }));

const deno = [process.execPath, within('deno', 'bin.cjs')];
const bun = [within('bun', 'bin/bun.exe')];
const workerd: string[] = [require('workerd').default];
const chromium = which('chromium', 'chromium-browser', 'google-chrome');

/** Compatibility dates are dates of releases: the newest that a workerd takes is its version. */
const newest: string = require('workerd').compatibilityDate;

const threads = fileURLToPath(new URL('../../build/runtimes/threads-console.js', import.meta.url));
const threadsInConsole =
  (...args: string[]) =>
  async (command: string[]): Promise<string> =>
    JSON.parse(await output([...command, ...args, threads]));

const firefox = which('firefox-esr', 'firefox');
const webkit = miniBrowser();

/** Where threads share memory: in a page, if that is isolated. */
export const threaded: { name: string; command: string[] | undefined; run: (command: string[]) => Promise<string> }[] =
  [
    { name: 'Node', command: [process.execPath], run: threadsInConsole() },
    { name: 'Deno', command: deno, run: threadsInConsole('run', '--no-prompt', '--no-lock', '--allow-read') },
    { name: 'Bun', command: bun, run: threadsInConsole() },
    { name: 'Chromium', command: chromium, run: (command) => inBrowser('chromium', command, ISOLATED, 'threads') },
    { name: 'Firefox', command: firefox, run: (command) => inBrowser('firefox', command, ISOLATED, 'threads') },
    { name: 'WebKit', command: webkit, run: (command) => inBrowser('webkit', command, ISOLATED, 'threads') },
  ];

/** A page that is not isolated, and so has no shared memory. */
export const unshared = {
  command: chromium,
  run: (command: string[]) => inBrowser('chromium', command, {}, 'threads'),
};

export const runtimes: Runtime[] = [
  { name: 'Node', command: [process.execPath], run: inConsole() },
  // No permission is given: an import needs none.
  { name: 'Deno', command: deno, run: inConsole(['run', '--no-prompt', '--no-lock']) },
  { name: 'Bun', command: bun, run: inConsole() },
  ...['2024-09-23', newest].map((date) => ({
    name: `workerd, compatibility date ${date}`,
    command: workerd,
    run: (command: string[]) => inWorkerd(command, date),
  })),
  { name: 'Chromium', command: chromium, run: (command) => inBrowser('chromium', command) },
  { name: 'Firefox', command: firefox, run: (command) => inBrowser('firefox', command) },
  { name: 'WebKit', command: webkit, run: (command) => inBrowser('webkit', command) },
  // Where the engine takes no WebAssembly, or not this one.
  { name: 'Node, --no-expose-wasm', command: [process.execPath], run: inConsole(['--no-expose-wasm']), falls: true },
  { name: 'Bun, no WebAssembly SIMD', command: bun, run: inConsole([], { BUN_JSC_useWasmSIMD: '0' }), falls: true },
  {
    name: "Chromium, CSP without 'wasm-unsafe-eval'",
    command: chromium,
    run: (command) => inBrowser('chromium', command, NO_WASM),
    falls: true,
  },
];

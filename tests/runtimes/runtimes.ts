/** The runtimes, where they are found, and how each runs the suite of build/runtimes. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Result } from '../../bench/core.js';
import {
  findChromium,
  findFirefox,
  findLavapipe,
  findMiniBrowser,
  findSwiftShader,
  which,
} from '../../scripts/programs.js';
import type { Extent } from '../webgpu/suite.js';
import { type Binary, binaries, commandOf } from './binaries.js';
import { Browser, ISOLATED, NO_WASM } from './browser.js';
import type { Report } from './report.js';
import type { List } from './suite.js';
import type { GpuReport } from './webgpu.js';
import { inWorkerd } from './workerd.js';

export interface Runtime {
  name: string;
  /** The program and its first arguments. Undefined if it is not installed. */
  command: string[] | undefined;
  report(list: List): Promise<Report>;
  /** Runs threads.ts, where the runtime has threads that share memory. */
  threads?(): Promise<string>;
  /** Runs bench/core.js, where the clock of the runtime is of use. */
  bench?(argument: string, command: string[]): Promise<Result>;
  /** Whether the package must fall back to the reference. */
  fallsBack?: boolean;
  /** Whether qemu-user runs it, which takes some 30 times as long. */
  emulated?: boolean;
}

const require = createRequire(import.meta.url);
const fileOf = (name: string, path: string) => join(dirname(require.resolve(`${name}/package.json`)), path);

const installed = (path: string | undefined) => (path === undefined ? undefined : [path]);

/** WebKitGTK's own browser, which needs a display. */
function miniBrowser(): string[] | undefined {
  const [xvfb, found] = [which('xvfb-run'), findMiniBrowser()];
  return xvfb && found ? [xvfb, '-a', found] : undefined;
}

/** Milliseconds that an emulated runtime may take, on a machine that is busy with other work. */
export const EMULATED_LIMIT = 1_200_000;

interface Limits {
  env?: NodeJS.ProcessEnv;
  /** Milliseconds after which the program is ended. */
  timeout?: number;
}

async function output([program, ...args]: string[], { env, timeout = 100_000 }: Limits = {}): Promise<string> {
  const options = { maxBuffer: 2 ** 24, timeout, env: { ...process.env, ...env } };
  return (await promisify(execFile)(program!, args, options)).stdout;
}

/** The version that a program prints: a number with dots, or a date. */
export const versionOf = async (command: string[]): Promise<string> =>
  (await output([...command, '--version'])).match(/\d+(\.\d+)+|\d{4}-\d\d-\d\d/)![0];

const script = fileURLToPath(new URL('../../build/runtimes/console.js', import.meta.url));

/** Runs console.ts in a runtime with a command line. */
async function inConsole<T>(
  command: string[],
  task: List | 'threads' | readonly ['webgpu', Extent],
  limits?: Limits,
): Promise<T> {
  return JSON.parse(await output([...command, script, ...[task].flat()], limits));
}

const benchScript = fileURLToPath(new URL('../../build/runtimes/bench-console.js', import.meta.url));

const benchInConsole = async (argument: string, command: string[]): Promise<Result> =>
  JSON.parse(await output([...command, benchScript, argument]));

const node = [process.execPath];
const deno = [process.execPath, fileOf('deno', 'bin.cjs')];
const denoRun = [...deno, 'run', '--no-prompt', '--no-lock'];
const bun = [fileOf('bun', 'bin/bun.exe')];
const workerd: string[] = [require('workerd').default];
/** The newest compatibility date that this workerd accepts: the date of its release. */
const newest: string = require('workerd').compatibilityDate;
const chromium = new Browser('chromium', installed(findChromium()));
const firefox = new Browser('firefox', installed(findFirefox()));
const webkit = new Browser('webkit', miniBrowser());

const browserRuntime = (name: string, browser: Browser): Runtime => ({
  name,
  command: browser.command,
  report: (list) => browser.run({ module: 'report', argument: list }),
  threads: () => browser.run({ module: 'threads', headers: ISOLATED }),
  // Isolated pages have the finer clock.
  bench: (argument) => browser.run({ module: 'bench', argument, headers: ISOLATED }),
});

function binaryRuntime(binary: Binary): Runtime {
  const { name, processor, fallsBack = false } = binary;
  const command = commandOf(binary);
  const emulated = processor !== undefined;
  const run = <T>(task: List | 'threads') => inConsole<T>(command!, task, emulated ? { timeout: EMULATED_LIMIT } : {});
  // Threads share the memory of the wasm backend alone.
  return {
    name,
    command,
    emulated,
    fallsBack,
    report: run,
    ...(!fallsBack && { threads: () => run('threads') }),
    ...(!emulated && { bench: benchInConsole }),
  };
}

export const nodeRuntime: Runtime = {
  name: 'Node',
  command: node,
  report: (list) => inConsole(node, list),
  threads: () => inConsole(node, 'threads'),
  bench: benchInConsole,
};

export const runtimes: Runtime[] = [
  nodeRuntime,
  {
    name: 'Deno',
    command: deno,
    // Without permissions, because an import needs none.
    report: (list) => inConsole(denoRun, list),
    threads: () => inConsole([...denoRun, '--allow-read'], 'threads'),
    bench: (argument) => benchInConsole(argument, denoRun),
  },
  {
    name: 'Bun',
    command: bun,
    report: (list) => inConsole(bun, list),
    threads: () => inConsole(bun, 'threads'),
    bench: benchInConsole,
  },
  ...['2024-09-23', newest].map((date) => ({
    name: `workerd, compatibility date ${date}`,
    command: workerd,
    report: (list: List) => inWorkerd(workerd, date, list),
  })),
  browserRuntime('Chromium', chromium),
  browserRuntime('Firefox', firefox),
  browserRuntime('WebKit', webkit),
  ...binaries.map(binaryRuntime),
  // Engines without WebAssembly, or without the part of it that the kernel needs.
  {
    name: 'Node, --no-expose-wasm',
    command: node,
    report: (list) => inConsole([...node, '--no-expose-wasm'], list),
    fallsBack: true,
  },
  {
    name: 'Bun, no WebAssembly SIMD',
    command: bun,
    report: (list) => inConsole(bun, list, { env: { BUN_JSC_useWasmSIMD: '0' } }),
    fallsBack: true,
  },
  {
    name: "Chromium, CSP without 'wasm-unsafe-eval'",
    command: chromium.command,
    report: (list) => chromium.run({ module: 'report', argument: list, headers: NO_WASM }),
    fallsBack: true,
  },
];

/** A WebGPU implementation on a driver that computes on the CPU. */
export interface GpuRuntime {
  name: string;
  /** Undefined if it is not installed. */
  command: string[] | undefined;
  report(extent: Extent): Promise<GpuReport>;
  /** Whether .ci/run leaves it out where it is not installed. */
  optional?: boolean;
}

const [swiftShader, lavapipe] = [findSwiftShader(), findLavapipe()];

const denoGpu = (driver: string, env: NodeJS.ProcessEnv | undefined): Omit<GpuRuntime, 'optional'> => ({
  name: `Deno, ${driver}`,
  command: env && deno,
  report: (extent) => inConsole([...denoRun, '--unstable-webgpu'], ['webgpu', extent], { env: env! }),
});

const browserGpu = (name: string, browser: Browser): Omit<GpuRuntime, 'optional'> => ({
  name,
  command: browser.command,
  report: (extent) => browser.run({ module: 'webgpu', argument: extent }),
});

export const gpuRuntimes: GpuRuntime[] = [
  browserGpu('Chromium, SwiftShader', chromium),
  denoGpu('SwiftShader', swiftShader),
  { ...denoGpu('lavapipe', lavapipe), optional: true },
  // Its only driver without a GPU.
  { ...browserGpu('Firefox, lavapipe', firefox), ...(!lavapipe && { command: undefined }), optional: true },
];

/** Runs threads.ts in a non-isolated page, which has no shared memory. */
export const threadsUnisolated = (): Promise<string> => chromium.run({ module: 'threads' });

export const chromiumFound: boolean = chromium.command !== undefined;

export const closeBrowsers = (): Promise<unknown> => Promise.all([chromium, firefox, webkit].map((b) => b.close()));

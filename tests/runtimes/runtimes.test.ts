/** One suite in every runtime, with the same bits in all of them. mode.ts lists the ways to run it. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { differences, goldenOf, readGolden, writeGolden } from './golden.js';
import { mode, requiresAll } from './mode.js';
import type { Report } from './report.js';
import {
  chromiumFound,
  closeBrowsers,
  EMULATED_LIMIT,
  type GpuRuntime,
  gpuRuntimes,
  nodeRuntime,
  type Runtime,
  runtimes,
  threadsUnisolated,
  versionOf,
} from './runtimes.js';
import type { List } from './suite.js';
import type { GpuReport } from './webgpu.js';

const file = (path: string) => new URL(`../../${path}`, import.meta.url);

const missing = [...runtimes, ...gpuRuntimes].filter(({ command }) => !command);
if (missing.length) console.log(`not installed: ${missing.map(({ name }) => name).join('; ')}`);
const tested = mode === 'golden' ? [] : runtimes.filter(({ command }) => command || requiresAll);

beforeAll(async () => {
  await build({
    entryPoints: ['report', 'console', 'worker', 'threads', 'webgpu'].map((name) => `tests/runtimes/${name}.ts`),
    outdir: 'build/runtimes',
    bundle: true,
    packages: 'external',
    // Ignores the paths of tsconfig.json, which map the package's name to its source.
    tsconfigRaw: {},
    format: 'esm',
    target: 'es2022',
  });
  // Bun follows those paths too, unless it finds a nearer tsconfig.json.
  writeFileSync(file('build/runtimes/tsconfig.json'), '{}');
});

afterAll(closeBrowsers);

const kernelDigest = createHash('sha256')
  .update(readFileSync(file('dist/kernel.wasm')))
  .digest('hex');

/** Runs a list in a runtime. @throws unless all its tests pass, on the backend that the runtime should use */
async function reportOf(runtime: Runtime, list: List): Promise<Report> {
  const report = await runtime.report(list);
  const { cases, digest, backend, milliseconds, results } = report;
  console.log(`${runtime.name}, ${list} list: ${cases} cases, ${digest}, ${backend.name}, ${milliseconds} ms`);
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
  const { fallsBack = false } = runtime;
  expect(backend).toMatchObject({ name: fallsBack ? 'reference' : 'wasm-simd', kernelDigest });
  expect(backend.reason !== undefined).toBe(fallsBack);
  return report;
}

const reportsOfNode = new Map<List, Promise<Report>>();

function reportOfNode(list: List): Promise<Report> {
  const report = reportsOfNode.get(list) ?? reportOf(nodeRuntime, list);
  reportsOfNode.set(list, report);
  return report;
}

it.each<List>(['full', 'short', 'monte-carlo'])('Node gives the golden digests of the %s list', async (list) => {
  const golden = goldenOf(await reportOfNode(list));
  const changes = differences(readGolden()[list], golden).join('\n');
  if (mode === 'golden') {
    console.log(`golden.json, ${list} list:\n${changes || 'no changes'}`);
    writeGolden(list, golden);
  } else if (changes)
    throw new Error(
      `golden.json has other digests for the ${list} list:\n${changes}\nIf every change is intended, renew it: npm run golden`,
    );
});

const list: List = mode === 'everywhere' ? 'full' : 'short';
const reports = new Map<Runtime, Report>();

for (const runtime of tested) {
  const { name, emulated, threads } = runtime;
  // Emulated runtimes take long, so they run side by side, as many as vitest.config.ts allows.
  const test = emulated ? it.concurrent : it;
  const options = emulated ? { timeout: EMULATED_LIMIT } : {};
  if (runtime !== nodeRuntime)
    test(`${name} gives the digests of Node`, options, async () => {
      for (const name of ['monte-carlo', list] as const) {
        const report = await reportOf(runtime, name);
        expect(differences(goldenOf(await reportOfNode(name)), goldenOf(report))).toEqual([]);
        reports.set(runtime, report);
      }
    });
  if (threads)
    test(`${name} gives the same bits with any number of threads`, options, async () => {
      expect(await threads()).toBe('1:url 2:url 3:url 2:blob');
    });
}

if (chromiumFound && mode !== 'golden')
  it('a non-isolated page gets an error that names the headers it needs', async () => {
    await expect(threadsUnisolated()).rejects.toThrow(
      /Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder-Policy: require-corp/,
    );
  });

const extent = mode === 'everywhere' ? 'full' : 'short';
const gpuReports = new Map<GpuRuntime, GpuReport>();

for (const gpu of gpuRuntimes) {
  const isLeftOut = !gpu.command && (!requiresAll || (gpu.optional && mode === 'required'));
  if (isLeftOut || mode === 'golden') continue;
  it(`WebGPU in ${gpu.name}: the bits of the calls on arrays`, { timeout: 300_000 }, async () => {
    const report = await gpu.report(extent);
    const { adapter, cases, digest, milliseconds, errors } = report;
    console.log(`WebGPU in ${gpu.name}, ${extent} list: ${cases} cases, ${digest}, ${adapter}, ${milliseconds} ms`);
    expect(errors).toEqual([]);
    gpuReports.set(gpu, report);
    // Each has compared its values with its own backend. This compares that the same cases have run.
    expect(new Set(Array.from(gpuReports.values(), ({ digest }) => digest)).size).toBe(1);
  });
}

/** A row of the table in docs/runtimes.md. */
async function rowOf(runtime: Runtime): Promise<string[]> {
  const { backend, float16, cases, digest } = reports.get(runtime)!;
  const version = await versionOf(runtime.command!);
  return [runtime.name, version, backend.name, float16 ? 'yes' : 'no', `${cases}`, `\`${digest}\``];
}

async function gpuRowOf(gpu: GpuRuntime): Promise<string[]> {
  const { adapter, cases, digest } = gpuReports.get(gpu)!;
  return [gpu.name, await versionOf(gpu.command!), adapter, `${cases}`, `\`${digest}\``];
}

if (mode === 'everywhere')
  it('writes the table of docs/runtimes.md', async () => {
    reports.set(nodeRuntime, await reportOfNode(list));
    expect(runtimes.filter((runtime) => !reports.has(runtime)).map(({ name }) => name)).toEqual([]);
    const head = ['Runtime', 'Version', 'Backend', 'Float16Array', 'Cases', 'Digest'];
    const rows = [head, head.map(() => '---'), ...(await Promise.all(runtimes.map(rowOf)))];
    const gpuHead = ['WebGPU in', 'Version', 'Adapter', 'Cases', 'Digest'];
    const gpuRows = [gpuHead, gpuHead.map(() => '---'), ...(await Promise.all(gpuRuntimes.map(gpuRowOf)))];
    const monteCarlo = await reportOfNode('monte-carlo');
    const reasons = runtimes
      .filter(({ fallsBack }) => fallsBack)
      .map((runtime) => `- ${runtime.name}: \`${reports.get(runtime)!.backend.reason}\`\n`);
    const text = [
      '\n',
      ...rows.map((cells) => `| ${cells.join(' | ')} |\n`),
      '\n`dropout-wasm/webgpu` against the calls on arrays, on software adapters:\n\n',
      ...gpuRows.map((cells) => `| ${cells.join(' | ')} |\n`),
      `\nThe ${monteCarlo.cases} cases of Monte-Carlo runs give \`${monteCarlo.digest}\` in all of them.\n`,
      '\nThe reasons that `backend()` gives for the reference:\n\n',
      ...reasons,
      `\n\`kernel.wasm\`, the same file in all of them, has the SHA-256 \`${kernelDigest}\`.\n\n`,
    ].join('');
    const page = readFileSync(file('docs/runtimes.md'), 'utf8');
    const place = /(?<=<!-- written by npm run test:everywhere -->\n)[\s\S]*(?=<!-- end -->)/;
    expect(page).toMatch(place);
    writeFileSync(
      file('docs/runtimes.md'),
      page.replace(place, () => text),
    );
  });

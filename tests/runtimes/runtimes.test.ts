/**
 * One suite, every runtime, one digest. What is not installed is named in a line; with RUNTIMES=all it fails, and the
 * table of docs/runtimes.md is written. RUNTIMES=golden writes golden.json from what Node gives.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';
import type { Report } from './report.js';
import { type Runtime, runtimes, threaded, unshared, versionOf } from './runtimes.js';

const file = (path: string) => new URL(`../../${path}`, import.meta.url);
const GOLDEN = file('tests/runtimes/golden.json');
const PAGE = file('docs/runtimes.md');
const TABLE = /(?<=<!-- written by npm run test:browsers -->\n)[\s\S]*(?=<!-- end -->)/;

const mode = process.env.RUNTIMES;
const missing = runtimes.filter(({ command }) => !command);
if (missing.length) console.log(`not installed: ${missing.map(({ name }) => name).join('; ')}`);

/** Everything that is the same in all runtimes. */
interface Golden {
  digest: string;
  cases: number;
  tests: { [name: string]: string };
}

const goldenOf = ({ digest, cases, results }: Report): Golden => ({
  digest,
  cases,
  tests: Object.fromEntries(results.map(({ name, digest }) => [name, digest])),
});

const kernelDigest = createHash('sha256')
  .update(readFileSync(file('dist/kernel.wasm')))
  .digest('hex');
const rows: string[][] = [];
const reasons: string[] = [];

beforeAll(async () => {
  await build({
    entryPoints: ['report', 'console', 'worker', 'threads', 'threads-console'].map(
      (name) => `tests/runtimes/${name}.ts`,
    ),
    outdir: 'build/runtimes',
    bundle: true,
    packages: 'external',
    // Without the paths of tsconfig.json, by which the package's name stands for its source.
    tsconfigRaw: {},
    format: 'esm',
    target: 'es2022',
  });
  // Bun follows those paths too, unless there is a nearer file.
  writeFileSync(file('build/runtimes/tsconfig.json'), '{}');
});

const shared = mode === 'all' ? threaded : threaded.filter(({ command }) => command);
it.each(shared.map((runtime): [string, (typeof threaded)[number]] => [runtime.name, runtime]))(
  'threads give the bits of one in %s',
  async (name, { command, run }) => {
    if (!command) throw new Error(`${name} is not installed`);
    expect(await run(command)).toBe('1:url 2:url 3:url 2:blob');
  },
);

if (unshared.command)
  it('threads say what a page misses that is not isolated', async () => {
    await expect(unshared.run(unshared.command!)).rejects.toThrow(
      /Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder-Policy: require-corp/,
    );
  });

const tested = mode === 'all' ? runtimes : runtimes.filter(({ command }) => command);
it.each(tested.map((runtime): [string, Runtime] => [runtime.name, runtime]))(
  '%s gives the one digest',
  async (name, { command, run, falls = false }) => {
    if (!command) throw new Error(`${name} is not installed`);
    const version = await versionOf(command);
    const report = await run(command);
    const { backend, digest, cases, float16, milliseconds, results } = report;
    console.log(`${name} (${version}): ${cases} cases, digest ${digest}, ${backend.name}, ${milliseconds} ms`);
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    if (mode === 'golden' && name === 'Node') writeFileSync(GOLDEN, `${JSON.stringify(goldenOf(report), null, 2)}\n`);
    expect(goldenOf(report)).toEqual(JSON.parse(readFileSync(GOLDEN, 'utf8')));
    expect(backend).toMatchObject({ name: falls ? 'reference' : 'wasm-simd', kernelDigest });
    expect(backend.reason !== undefined).toBe(falls);
    rows.push([name, version, backend.name, float16 ? 'yes' : 'no', `${cases}`, `\`${digest}\``]);
    if (falls) reasons.push(`- ${name}: \`${backend.reason}\`\n`);
  },
);

it('docs/runtimes.md shows it', () => {
  if (mode === 'all' && rows.length === runtimes.length) {
    const head = ['Runtime', 'Version', 'Backend', 'Float16Array', 'Cases', 'Digest'];
    const text = [
      ...[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`),
      '\nThe reasons that `backend()` gives for the reference:\n\n',
      ...reasons,
      `\n\`kernel.wasm\`, the same file in all of them, has the SHA-256 \`${kernelDigest}\`.\n\n`,
    ];
    const page = readFileSync(PAGE, 'utf8');
    const written = page.replace(TABLE, () => `\n${text.join('')}`);
    if (written !== page) writeFileSync(PAGE, written);
  }
  expect(readFileSync(PAGE, 'utf8')).toContain(JSON.parse(readFileSync(GOLDEN, 'utf8')).digest);
});

/** No entry grows beyond its limit. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { ROOT } from '../packaging/project.js';
import { LIMITS } from '../packaging/sizes.js';

const { exports } = manifest as { exports: Record<string, string | Record<string, string>> };

it('every entry has a limit, under every condition', () => {
  const entries = Object.entries(exports).flatMap(([entry, target]) =>
    Object.keys(target === Object(target) ? target : { default: '' })
      .filter((condition) => condition !== 'types')
      .map((condition) => (condition === 'default' ? entry : `${entry} ${condition}`)),
  );
  expect(Object.keys(LIMITS).sort()).toEqual(entries.sort());
});

const rows = Object.entries(LIMITS).flatMap(([entry, names]) =>
  Object.entries(names).map(([name, limit]): [string, string, number] => [entry, name, limit]),
);

it.each(rows)('%s %s costs at most %i bytes', async (entry, names, limit) => {
  const [path, condition = 'default'] = entry.split(' ');
  const target = exports[path!]!;
  const file = typeof target === 'string' ? target : target[condition]!;
  const bytes = names ? await bundled(file, names) : readFileSync(join(ROOT, file));
  const size = gzipSync(bytes, { level: 9 }).length;
  const hint = 'the limits are in tests/packaging/sizes.ts; a new layer takes about 45 bytes';
  expect(size, `${entry} ${names} is ${size} bytes, minified and gzipped: ${hint}`).toBeLessThanOrEqual(limit);
});

// A namespace that is destructured, for example, keeps every layer in the bundle.
it.each([
  ['onnx', 'onnxDropout', 'mutualInformation'],
  ['onnx', 'onnxMonteCarlo', 'DropBlock2d'],
  ['monte-carlo', 'monteCarlo', 'DropBlock2d'],
])('a program with dropout-wasm/%s { %s } leaves out %s', async (entry, name, other) => {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${name} } from 'dropout-wasm/${entry}'`, resolveDir: ROOT },
    bundle: true,
    format: 'esm',
    // The paths of the root's tsconfig.json lead to src.
    tsconfigRaw: {},
    write: false,
  });
  expect(outputFiles[0]!.text).toContain(name);
  expect(outputFiles[0]!.text).not.toContain(other);
});

it('README.md names the limits of the main entry', () => {
  const kilobytes = (bytes: number) => Number((bytes / 1024).toFixed(1));
  const { '{ Dropout }': dropout, '*': all } = LIMITS['.'];
  expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain(
    `at most ${kilobytes(dropout)} KB and everything ${kilobytes(all)} KB`,
  );
});

async function bundled(file: string, names: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: `export ${names} from '${file}'`, resolveDir: ROOT },
    bundle: true,
    minify: true,
    format: 'esm',
    external: ['dropout-wasm', '@tensorflow/*', '*.wasm'],
    write: false,
  });
  return outputFiles[0]!.contents;
}

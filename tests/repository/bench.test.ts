/** The command line of the benchmark. No test asserts a time. */
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { CORE } from '../../bench/core.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const script = fileURLToPath(new URL('../../bench/index.js', import.meta.url));
const bench = (...args: string[]) =>
  execFileSync(process.execPath, [script, ...args], { encoding: 'utf8', stdio: 'pipe' });

it('--json prints name, n, p, both times and their ratio for each measurement', () => {
  const rows: Record<string, number | string>[] = JSON.parse(bench('--quick', '--json', '--only', 'arena-vs-copy'));
  const sizes = [128, 4096, 65536, 1048576, 16777216];
  expect(rows.map(({ name, n, p }) => [name, n, p])).toEqual(
    sizes.flatMap((n) => [0.5, 0.1].map((p) => ['arena-vs-copy', n, p])),
  );
  for (const { oursNsPerElement: ours, peerNsPerElement: peer, ratio } of rows) {
    expect(ours).toBeGreaterThan(0);
    expect(ratio).toBeCloseTo(Number(peer) / Number(ours), 6);
  }
});

it('--against prints three times, their ratios and the spread for each measurement, in 80 columns', () => {
  const lines = bench('--quick', '--against', root, '--only', 'backward').trimEnd().split('\n');
  const cells = lines.filter((line) => line.startsWith('│')).map((line) => line.split('│').map((cell) => cell.trim()));
  const [header, ...rows] = cells.map((row) => row.slice(1, 9));
  expect(header).toEqual(['n', 'p', 'this', 'copy', 'before', 'ratio', 'A/A', 'spread']);
  expect(rows.map(([n, p]) => [n, p])).toEqual(
    ['4,096', '65,536', '1,048,576'].flatMap((n) => ['0.5', '0.1'].map((p) => [n, p])),
  );
  for (const row of rows) for (const cell of row.slice(2)) expect(Number.parseFloat(cell)).toBeGreaterThanOrEqual(0);
  expect(lines.find((line) => line.startsWith('6 rows, '))).toMatch(/^6 rows, \d slower; \d with a spread above 3 %$/);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

it('--against refuses a folder without a build', () => {
  expect(() => bench('--against', `${root}/tests`)).toThrow(
    /tests has no dist\/index\.js\. Build it first: npm run build/,
  );
});

it('rejects unknown names and options, and lists the valid names', () => {
  expect(() => bench('--only', 'nothing')).toThrow(/--only has to be one of arena-vs-copy, arena-vs-loop/);
  expect(() => bench('--fast')).toThrow(/Unknown option '--fast'/);
});

it('--runtime prints both times of every row, in a runtime that is not this one', () => {
  const [result] = JSON.parse(bench('--runtime', 'deno', '--quick', '--json'));
  expect(result).toMatchObject({ id: 'deno', name: 'Deno', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  expect(result).not.toHaveProperty('error');
  expect(result.results.map(({ name }: { name: string }) => name)).toEqual(CORE.map(({ name }) => name));
  for (const { ours, loop } of result.results) {
    expect(ours).toBeGreaterThan(0);
    expect(loop).toBeGreaterThan(0);
  }
});

it('--runtime says why a runtime has no rows, in 80 columns', () => {
  // No program on PATH, so no browser.
  const { status, stdout } = spawnSync(process.execPath, [script, '--runtime', 'firefox', '--quick'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: '' },
  });
  expect(status).toBe(1);
  expect(stdout).toMatch(/^firefox\nnot timed: not installed$/m);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

it('--runtime rejects unknown names, and options that it has no use for', () => {
  expect(() => bench('--runtime', 'netscape')).toThrow(/--runtime has to be one of node20, .*, but got netscape/);
  expect(() => bench('--runtime', 'bun', '--only', 'size')).toThrow(
    /--runtime has rows of its own: leave --against and --only out/,
  );
});

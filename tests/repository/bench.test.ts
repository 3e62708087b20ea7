/** The benchmark's contract: the rows that `--json` prints. Times are for reading, not for asserting. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../bench/index.js', import.meta.url));
const bench = (...args: string[]) =>
  execFileSync(process.execPath, [script, ...args], { encoding: 'utf8', stdio: 'pipe' });

it('prints rows of name, n, p, both times and their ratio', () => {
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

it('refuses what it does not know, and says what it does', () => {
  expect(() => bench('--only', 'nothing')).toThrow(/--only has to be one of arena-vs-copy, arena-vs-loop/);
  expect(() => bench('--fast')).toThrow(/Unknown option '--fast'/);
});

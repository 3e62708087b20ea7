/** golden.json: the digests that each list of cases must give in every runtime. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Report } from './report.js';
import type { List } from './suite.js';

export interface Golden {
  digest: string;
  cases: number;
  tests: { [name: string]: string };
}

const FILE = new URL('golden.json', import.meta.url);

export const readGolden = (): { [list in List]?: Golden } => JSON.parse(readFileSync(FILE, 'utf8'));

export function writeGolden(list: List, golden: Golden): void {
  writeFileSync(FILE, `${JSON.stringify({ ...readGolden(), [list]: golden }, null, 2)}\n`);
}

/** The part of a report that must be the same in every runtime. */
export const goldenOf = ({ digest, cases, results }: Report): Golden => ({
  digest,
  cases,
  tests: Object.fromEntries(results.map(({ name, digest }) => [name, digest])),
});

/** The differences between two runs, one line per difference. Empty if there are none. */
export function differences(before: Golden | undefined, after: Golden): string[] {
  if (!before) return ['the whole list added'];
  const lines: string[] = [];
  for (const name of new Set([...Object.keys(before.tests), ...Object.keys(after.tests)])) {
    const [old, now] = [before.tests[name], after.tests[name]];
    if (old === undefined) lines.push(`${name}: added (${now})`);
    else if (now === undefined) lines.push(`${name}: removed (${old})`);
    else if (old !== now) lines.push(`${name}: changed (${old} → ${now})`);
  }
  if (before.cases !== after.cases) lines.push(`cases: ${before.cases} → ${after.cases}`);
  // The digest of the list also depends on the order of its tests.
  if (before.digest !== after.digest) lines.push(`digest of the list: ${before.digest} → ${after.digest}`);
  return lines;
}

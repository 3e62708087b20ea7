/** Arenas that are made and dropped: the engine collects them, and no call remembers them. */
import { expect, it } from 'vitest';
import { runProgram } from './run.js';

const MB = 2 ** 20;

it('10,000 arenas leave no memory behind, and each works in place', async () => {
  // Each writes 128 KB, so arenas that stayed would hold 1.3 GB, of 100 TB of address space.
  const { copied, wrong, early, peak, last, reason } = await runProgram<Record<string, number>>('arenas', {
    flags: ['--expose-gc'],
    args: [10_000],
  });
  expect({ copied, wrong, reason }).toEqual({ copied: 0, wrong: 0, reason: undefined });
  expect(peak! - early!).toBeLessThan(128 * MB);
  expect(last! - early!).toBeLessThan(64 * MB);
});

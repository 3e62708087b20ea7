/** 10^9 elements in pieces take the memory of one piece. tests/built/memory.test.ts counts the bytes of single objects. */
import { expect, it } from 'vitest';
import { runProgram } from './run.js';

const MB = 2 ** 20;

it.each(['array', 'new arrays', 'arena', 'shared arena', 'layer', 'mask bits', 'noise', 'Monte-Carlo'])(
  '10^9 elements: %s',
  async (kind) => {
    const { elements, right, early, peak } = await runProgram<Record<string, number>>('flat', {
      args: [kind, 1e9],
    });
    expect(elements).toBeGreaterThanOrEqual(1e9);
    expect(right).toBe(true);
    // All masks as bits would take 119 MB, all results 4 GB. New arrays wait for the engine to collect them.
    expect(peak! - early!).toBeLessThan((kind === 'new arrays' ? 512 : 64) * MB);
  },
);

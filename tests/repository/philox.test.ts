/** `npm run philox`: its Philox is the published one, its masks have the right p, and a small run prints all tables. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PhiloxDropout, pairedDifference, philox4x32 } from '../../scripts/philox.js';
import { nonzeros } from '../support/statistics.js';

const script = fileURLToPath(new URL('../../scripts/philox.js', import.meta.url));
const philox = (...args: string[]): string =>
  execFileSync(process.execPath, [script, ...args], { encoding: 'utf8', stdio: 'pipe' });

/** Philox4x32-10 in the known-answer file of Random123. */
it.each([
  [['00000000', '00000000', '00000000', '00000000'], ['00000000', '00000000'], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  [['ffffffff', 'ffffffff', 'ffffffff', 'ffffffff'], ['ffffffff', 'ffffffff'], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  [['243f6a88', '85a308d3', '13198a2e', '03707344'], ['a4093822', '299f31d0'], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
])('counter %j and key %j give the published words', (counter, key, words) => {
  const read = (hex: string[]) => hex.map((word) => BigInt(`0x${word}`));
  const drawn = philox4x32(read(counter), read(key));
  expect(drawn.map((word) => word.toString(16).padStart(8, '0')).join(' ')).toBe(words);
});

describe('PhiloxDropout', () => {
  const ones = new Float32Array(10_001).fill(1);

  it('drops with probability p, scales what it keeps, and repeats the mask in backward', () => {
    const layer = new PhiloxDropout(0.2, 7n);
    const y = layer.forward(ones);
    expect(new Set(y)).toEqual(new Set([0, 1.25]));
    expect(nonzeros(y) / ones.length).toBeCloseTo(0.8, 2);
    expect(layer.backward(ones)).toEqual(y);
  });

  it('draws a new mask at each forward, which its key determines', () => {
    const draw = (key: bigint) => {
      const layer = new PhiloxDropout(0.5, key);
      return [layer.forward(ones), layer.forward(ones)];
    };
    const [first, second] = draw(1n);
    expect(first).not.toEqual(second);
    expect(draw(1n)).toEqual([first, second]);
    expect(draw(2n)[0]).not.toEqual(first);
  });

  it('returns x itself in evaluation', () => {
    const layer = new PhiloxDropout(0.5, 1n);
    layer.eval();
    expect(layer.forward(ones)).toBe(ones);
  });
});

it('the interval of a difference is that of a paired t test', () => {
  // Differences 1, 2, 3: mean 2, standard deviation 1; t(0.975, 2) = 4.302653.
  const { mean, half } = pairedDifference([2, 4, 6], [1, 2, 3]);
  expect(mean).toBe(2);
  expect(half).toBeCloseTo(4.302653 / Math.sqrt(3), 5);
});

it('trains each seed with three kinds of masks, in 80 columns', () => {
  const lines = philox('--seeds', '2', '--steps', '100').split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  const rows = lines.filter((line) => /^│ seed/.test(line)).map((line) => line.split('│').slice(2, 5).map(Number));
  expect(rows).toHaveLength(2);
  for (const accuracies of rows) {
    // Better than guessing, and different masks train to different weights.
    expect(Math.min(...accuracies)).toBeGreaterThan(15);
    expect(new Set(accuracies).size).toBeGreaterThan(1);
  }
  const ours = rows.map(([first]) => first!);
  const other = rows.map(([, second]) => second!);
  const { mean, half } = pairedDifference(ours, other);
  expect(lines).toContain(`  dropout-wasm − Philox4x32-10: ${mean.toFixed(2)} ± ${half.toFixed(2)}`);
});

it.each([
  [['--seeds', '1'], '--seeds has to be a whole number from 2 to 1000000, but got 1'],
  [['--steps', 'many'], '--steps has to be a whole number from 1 to 1000000, but got many'],
  [['--fast'], "Unknown option '--fast'"],
])('%j is an error with the usage', (args, message) => {
  expect(() => philox(...args)).toThrow(message);
  expect(() => philox(...args)).toThrow('npm run philox -- [options]');
});

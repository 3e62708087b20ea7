/**
 * The tests of randomness as one family. A stream without structure fails `npm run test:statistics` with a probability
 * of at most ALPHA: by Bonferroni, every p-value is compared with ALPHA / FAMILY. Holm's method rejects something in
 * exactly the same cases. The seeds are fixed, so a run that has passed passes again.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { mode } from '../runtimes/mode.js';

/** `npm run test:statistics`. The short form runs in `npm test`. */
export const isLong: boolean = mode === 'statistics';

export const ALPHA = 1e-3;

/** The number of p-values of all tests of randomness in the long form; the short form has a few less. */
export const FAMILY = 112;

/** A p-value below is a failure. */
export const LEVEL: number = ALPHA / FAMILY;

/** What one test measures. */
interface Randomness<Data> {
  /** Draws from the built package. `scale` multiplies the amount. */
  draw(scale: number): Data | Promise<Data>;
  pValues(data: Data): number[];
  /** A stream with a known defect, in the amount of the short form. */
  damage: string;
  damaged(): Data | Promise<Data>;
}

const found: { test: string; 'p-values': number; smallest: number }[] = [];

/**
 * A test that the stream has to pass and that a damaged stream fails at the same level.
 *
 * @param long the amount of draws of the long form, in those of the short form
 */
export function randomness<Data>(name: string, test: Randomness<Data>, long = 16): void {
  describe(name, () => {
    it('shows no structure', async () => {
      const values = test.pValues(await test.draw(isLong ? long : 1));
      const smallest = Math.min(...values);
      found.push({ test: name, 'p-values': values.length, smallest: Number(smallest.toPrecision(2)) });
      expect(values.filter(Number.isNaN)).toEqual([]);
      expect(smallest).toBeGreaterThan(LEVEL);
    });

    it(`finds ${test.damage}`, async () => {
      expect(Math.min(...test.pValues(await test.damaged()))).toBeLessThan(LEVEL);
    });
  });
}

/** To be called after all tests of randomness. */
export function closeFamily(): void {
  afterAll(() => {
    const total = found.reduce((sum, row) => sum + row['p-values'], 0);
    if (isLong) {
      console.table(Object.fromEntries(found.map(({ test, ...row }) => [test, row])));
      console.log(`${total} p-values, each compared with ${ALPHA} / ${FAMILY} = ${LEVEL.toPrecision(2)}`);
    }
    const message = 'FAMILY in tests/statistics/family.ts is the number of p-values of the long form';
    if (isLong) expect(total, message).toBe(FAMILY);
    else expect(total, message).toBeLessThanOrEqual(FAMILY);
  });
}

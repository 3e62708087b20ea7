/** Seeds, positions and the default generator. The keys themselves are checked in vectors.test.ts. */
import { describe, expect, it } from 'vitest';
import { packages } from '../support/backends.js';

describe.each(packages)('Generator on %s', (_, { Generator, manualSeed }) => {
  it('draws a random 64-bit seed if none is given, and keeps it', () => {
    const [a, b] = [new Generator(), new Generator()];
    expect(a.seed).not.toBe(b.seed);
    expect(a.seed).toBe(a.seed);
    expect(a.next()).toBe(new Generator(a.seed).next());
  });

  it('takes integers and bigints alike', () => {
    expect(new Generator(2 ** 53).keyAt(3)).toBe(new Generator(2n ** 53n).keyAt(3));
  });

  it('continues from its JSON with the next keys', () => {
    const generator = new Generator(2n ** 64n - 1n, 2 ** 40);
    const restored = Generator.fromJSON(JSON.parse(JSON.stringify(generator)));
    expect([restored.seed, restored.position]).toEqual([2n ** 64n - 1n, 2 ** 40]);
    expect([restored.next(), restored.next()]).toEqual([generator.next(), generator.next()]);
  });

  it('has no keys left at position 2^53', () => {
    const generator = new Generator(1, 2 ** 53);
    expect(generator.position).toBe(2 ** 53);
    expect(generator.keyAt(2 ** 53)).toBeTypeOf('bigint');
    expect(() => generator.next()).toThrow(RangeError);
    const last = new Generator(1, 2 ** 53 - 1);
    expect(last.next()).toBe(last.keyAt(2 ** 53 - 1));
    expect(() => last.next()).toThrow(/^position has to be a whole number from 0 to 9007199254740991/);
  });

  it('manualSeed reseeds the default generator in place', () => {
    const generator = manualSeed(1);
    const first = [generator.next(), generator.next()];
    expect(manualSeed(1n)).toBe(generator);
    expect([generator.position, generator.next(), generator.next()]).toEqual([0, ...first]);
  });
});

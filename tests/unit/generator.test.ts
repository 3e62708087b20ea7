/** Seeds, positions and the default generator. The keys themselves are checked in vectors.test.ts. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { packages } from '../support/backends.js';
import { refuses } from '../support/expect.js';
import { mix } from '../support/splitmix.js';

const MASK = 2n ** 64n - 1n;

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
    generator.spawn();
    generator.spawn();
    const json = JSON.parse(JSON.stringify(generator));
    expect(json).toEqual({ seed: '0xffffffffffffffff', position: 2 ** 40 + 2, children: 2 });
    expect(Generator.fromJSON(json).spawn().seed).toBe(generator.spawn().seed);
    expect(Generator.fromJSON({ seed: '18446744073709551615', position: 0 }).seed).toBe(2n ** 64n - 1n);
    expect(Generator.fromJSON({ seed: '42', position: 0 }).spawn().seed).toBe(new Generator(42).fork('#0').seed);
  });

  it.each<[unknown, typeof Error, string]>([
    [{ seed: `0x${'f'.repeat(1e6)}`, position: 0 }, RangeError, 'seed has to be a whole number below 2^64 in a string'],
    [{ seed: '9'.repeat(1e6), position: 0 }, RangeError, 'seed has to be a whole number below 2^64 in a string'],
    [{ seed: '18446744073709551616', position: 0 }, RangeError, 'seed has to be'],
    [{ seed: '-1', position: 0 }, RangeError, 'seed has to be'],
    [{ seed: 1, position: 0 }, TypeError, 'seed has to be'],
    [{ seed: '1' }, TypeError, 'position has to be'],
    [{ seed: '1', position: -1 }, RangeError, 'position has to be'],
    [{ seed: '1', position: 0, children: 0.5 }, RangeError, 'children has to be'],
    [{ seed: '1', position: 0, children: null }, TypeError, 'children has to be'],
    [
      { seed: '1', position: 0, child: 1 },
      TypeError,
      'unknown option "child": the options are seed, position, children',
    ],
    ['{"seed":"1"}', TypeError, 'generator has to be an object, but got "{\\"seed\\":\\"1\\"}": JSON.parse it'],
    [[], TypeError, 'generator has to be an object, but got []'],
  ])('refuses invalid JSON at once, in a short message', (json, type, message) => {
    refuses(() => Generator.fromJSON(json as never), type, message);
    let text = '';
    try {
      Generator.fromJSON(json as never);
    } catch (error) {
      text = String(error);
    }
    expect(text.length).toBeLessThan(200);
  });

  it('has children by number, each of them fork("#k") at position 0', () => {
    const generator = new Generator(42);
    for (let k = 0; k < 12; k++) {
      const child = generator.spawn();
      expect([child.seed, child.position]).toEqual([new Generator(42).fork(`#${k}`).seed, 0]);
    }
    expect([generator.position, generator.toJSON().children]).toEqual([0, 12]);
    const last = Generator.fromJSON({ seed: '1', position: 0, children: 2 ** 53 - 1 });
    expect(last.spawn().seed).toBe(new Generator(1).fork('#9007199254740991').seed);
    refuses(() => last.spawn(), RangeError, /^children has to be/);
  });

  it('prints its state, and draws no seed for that', () => {
    const generator = new Generator(42, 3);
    expect([String(generator), inspect([generator])]).toEqual([
      'Generator(seed 42 at 3)',
      '[ Generator(seed 42 at 3) ]',
    ]);
    expect(String(new Generator())).toBe('Generator(unseeded)');
    const random = new Generator();
    expect(String(random)).toBe('Generator(unseeded)');
    expect(random.seed.toString()).toBe(String(random).match(/\d+/)![0]);
  });

  it.each(['', 'a', 'é', '€', '😀', 'a\ud800b', '\udc00', '\u07ff\u0800\uffff\u{10000}\u{10ffff}'])(
    'forks by the UTF-8 bytes of %j, without TextEncoder',
    (label) => {
      let hash = 0xcbf29ce484222325n;
      for (const byte of new TextEncoder().encode(label)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & MASK;
      const { TextEncoder: Encoder } = globalThis;
      globalThis.TextEncoder = undefined as never;
      try {
        expect(new Generator(7).fork(label).seed).toBe(mix(7n ^ mix(hash)));
      } finally {
        globalThis.TextEncoder = Encoder;
      }
    },
  );

  it('manualSeed with a bad seed changes nothing', () => {
    const generator = manualSeed(5);
    generator.next();
    const child = generator.spawn();
    for (const seed of [-1, 2n ** 64n]) refuses(() => manualSeed(seed), RangeError, /^seed has to be/);
    refuses(() => manualSeed('1' as never), TypeError, /^seed has to be/);
    refuses(() => manualSeed(undefined as never), TypeError, /^seed has to be/);
    expect([generator.position, generator.seed, generator.toJSON().children]).toEqual([1, 5n, 1]);
    expect(child.seed).toBe(new Generator(5).fork('#0').seed);
  });

  it('has no keys left at position 2^53', () => {
    const generator = new Generator(1, 2 ** 53);
    expect(generator.position).toBe(2 ** 53);
    // Position + 1 is no f64 there.
    expect(generator.keyAt(2 ** 53)).toBe(mix((1n + (2n ** 53n + 1n) * 0x9e3779b97f4a7c15n) & MASK));
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

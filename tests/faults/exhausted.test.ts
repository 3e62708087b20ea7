/** No memory left: the reference or a copy serves where WebAssembly gets none, and what cannot be served is an error. */
import { describe, expect, it } from 'vitest';
import { packages } from '../support/backends.js';
import { refuses } from '../support/expect.js';
import { bitsOfResults } from './programs/results.js';
import { runProgram } from './run.js';

interface Small {
  plain: number[];
  inArena: number[];
  reason?: string;
}

interface Report {
  bits: Record<'before' | 'during' | 'after', Small>;
  errors: Record<string, string>;
  position: number;
  next: number[];
  expected: number[];
  inPlace: boolean;
  bytesFree: number;
  backend: { name: string; reason?: string };
}

// V8 reserves 10 GB of address space for every memory. No other system limits it by a shell command.
describe.runIf(process.platform === 'linux')('without address space', () => {
  /** Whether the kernel gets its pages, and an arena its memory when all other memory is free again. */
  const LIMITS = [
    [3, false, false],
    [12, false, true],
    [36, true, true],
  ] as const;
  const NO_MEMORY = /^RangeError: WebAssembly\.Memory\(\): /;

  it.each(LIMITS)('of more than %i GB: kernel %s, arenas in place %s', async (addressSpace, hasKernel, hasArena) => {
    const expectedBits = bitsOfResults(packages[1]![1]);
    const limited = await runProgram<Report>('exhausted', { flags: ['--expose-gc'], addressSpace });
    const { bits, errors, position, next, expected, inPlace, bytesFree, backend } = limited;
    for (const { plain, inArena } of Object.values(bits))
      expect([plain, inArena]).toEqual([expectedBits, expectedBits]);
    expect(bits.during.reason).toMatch(NO_MEMORY);
    if (hasArena) expect(bits.before.reason).toBeUndefined();
    else expect(bits.before.reason).toMatch(NO_MEMORY);
    if (hasKernel) expect(bits.after.reason).toBeUndefined();
    if (hasKernel) expect(backend).toMatchObject({ name: 'wasm-simd' });
    else expect(backend).toMatchObject({ name: 'reference', reason: expect.stringMatching(NO_MEMORY) });
    for (const [call, error] of Object.entries(errors)) expect(error, call).toMatch(/^RangeError: .*allocat/);
    // The forward that failed drew no key.
    expect([position, next]).toEqual([0, expected]);
    expect([inPlace, bytesFree]).toEqual([true, 32]);
  });
});

describe.each(packages)('memories that do not grow on %s', (_, pkg) => {
  const { Arena, dropout, useMemory } = pkg;
  const options = { p: 0.5, key: 5n };

  it.each([
    ['an arena of its own', () => new Arena({ bytes: 65536 })],
    [
      'an arena on a memory at its maximum',
      () =>
        new Arena({
          memory: new WebAssembly.Memory({ initial: 1, maximum: 1 }),
          byteOffset: 0,
          byteLength: 65536,
        }),
    ],
  ])('%s: growing and taking too much are errors, and the next call is right', (_, create) => {
    const arena = create();
    const x = arena.float32(8192).fill(1);
    const expected = dropout(new Float32Array(8192).fill(1), options);
    expect(() => arena.memory.grow(1)).toThrow(RangeError);
    refuses(() => arena.float32(8193), RangeError, 'n has to be at most 8192 in the rest of the arena, but got 8193');
    refuses(() => arena.float64(2 ** 53), RangeError, /^n has to be at most 4096 in the rest/);
    expect(arena.bytesFree).toBe(32768);
    expect(dropout(x, options)).toEqual(expected);
    refuses(() => dropout(x, options), RangeError, 'out has to be given: the arena has 0 of 32768 bytes');
    expect(dropout(x, { ...options, out: x })).toEqual(expected);
    expect(arena.bytesFree).toBe(0);
  });

  it('a memory of others that cannot grow any further stays in use', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
    const serve = () => {
      useMemory(memory);
      const x = new Float32Array(memory.buffer, 64, 100).fill(1);
      expect([...dropout(x, { ...options, out: x })]).toEqual([...dropout(new Float32Array(100).fill(1), options)]);
    };
    serve();
    memory.grow(1);
    serve();
    expect(() => memory.grow(1)).toThrow(RangeError);
    serve();
  });
});

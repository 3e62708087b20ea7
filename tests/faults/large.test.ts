/** More than 4 GiB of bytes, and arenas of exactly as much, which is the most that one may have. */
import { freemem } from 'node:os';
import { dropout as dropoutOf, Generator, mask as maskOf } from 'dropout-wasm';
import { SharedArena } from 'dropout-wasm/threads';
import { describe, expect, it } from 'vitest';
import { ones } from '../support/arrays.js';
import { packages } from '../support/backends.js';
import { expectSameBits, refuses } from '../support/expect.js';
import { runProgram } from './run.js';

const MAX = 2 ** 32;
const key = new Generator(42).next();
const options = { p: 0.5, key };

it.runIf(freemem() > 1.5 * MAX)(
  'calls on arrays of more than 4 GiB have the bits of calls on their parts',
  async () => {
    const { right, backend } = await runProgram<{ right: Record<string, boolean>; backend: { name: string } }>('large');
    expect(backend.name).toBe('wasm-simd');
    expect(Object.keys(right)).toHaveLength(9);
    expect(Object.entries(right).filter(([, isRight]) => !isRight)).toEqual([]);
  },
  600_000,
);

// Only the pages that the tests write take memory.
describe.each(packages)('an arena of 4 GiB on %s', (_, { Arena, biasDropoutResidual, dropout, mask }) => {
  it('has right results in its last bytes, and refuses one more', () => {
    const arena = new Arena({ bytes: MAX });
    const start = arena.float32(2 ** 30 - 4096).subarray(0, 4096);
    const [x, out] = [arena.float32(2048).fill(1), arena.float32(2048)];
    expect([x.byteOffset, out.byteOffset + out.byteLength, arena.bytesFree]).toEqual([MAX - 16384, MAX, 0]);
    const expected = dropout(ones([2048]).data, options);
    dropout(x, { ...options, out });
    expectSameBits(out, expected);
    expect(x.every((value) => value === 1)).toBe(true);
    dropout(out.fill(1), { ...options, out });
    expectSameBits(out, expected);
    // From the last bytes to the first.
    dropout(x, { ...options, out: start.subarray(0, 2048) });
    expectSameBits(start, [...expected, ...new Float32Array(2048)]);
    biasDropoutResidual(x, { ...options, bias: new Float32Array(64), residual: start.subarray(2048), out });
    expectSameBits(out, expected);
    const bytes = new Uint8Array(arena.memory.buffer, MAX - 2048, 2048);
    expect(mask(2048, { ...options, out: bytes })).toEqual(mask(2048, options));
    refuses(() => arena.uint8(1), RangeError, 'n has to be at most 0 in the rest of the arena, but got 1');
    refuses(() => dropout(x, options), RangeError, 'out has to be given: the arena has 0 of 8192 bytes');
  });

  it.each([MAX + 1, MAX + 65536, 2 ** 53, 2 ** 60, Number.POSITIVE_INFINITY])('takes no %d bytes', (bytes) => {
    refuses(() => new Arena({ bytes }), RangeError, /^bytes has to be a whole number from 0 to 4294967296, but got /);
  });

  it('refuses lengths whose bytes pass 2^32', () => {
    const arena = new Arena({ bytes: MAX });
    const { bytesFree } = arena;
    for (const n of [2 ** 30 + 1, MAX, MAX + 8, 2 ** 53])
      refuses(() => arena.float32(n), RangeError, /^n has to be at most 1073741824 in the rest of the arena, but got /);
    for (const n of [2 ** 29 + 1, 2 ** 30, 2 ** 53])
      refuses(() => arena.float64(n), RangeError, /^n has to be at most 536870912 in the rest of the arena, but got /);
    expect(arena.bytesFree).toBe(bytesFree);
    expectSameBits(dropout(arena.float32(64).fill(1), options), dropout(ones([64]).data, options));
  });
});

it('threads work in the last bytes of a SharedArena of 4 GiB', async () => {
  const arena = await SharedArena.create({ bytes: MAX, threads: 2, worker: 'blob', timeout: 60_000 });
  const n = 2 ** 20;
  arena.uint8(MAX - 8 * n);
  const [x, out] = [arena.float32(n).fill(1), arena.float32(n)];
  expectSameBits(dropoutOf(x, { ...options, out }), dropoutOf(ones([n]).data, options));
  const bits = new Uint8Array(arena.memory.buffer, MAX - n / 8, n / 8);
  expectSameBits(maskOf(n, { ...options, format: 'bits', out: bits }), maskOf(n, { ...options, format: 'bits' }));
  expect(arena.threads).toBe(2);
  arena.close();
  for (const bytes of [MAX + 1, 2 ** 53])
    await expect(SharedArena.create({ bytes })).rejects.toThrow(
      /^bytes has to be a whole number from 0 to 4294967296, but got /,
    );
});

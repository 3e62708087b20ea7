/** Any split and order of merges gives the same bytes, and bytes give the same result. */

import { Dropout } from 'dropout-wasm';
import { fromBytes, merge, monteCarlo, type Sample } from 'dropout-wasm/monte-carlo';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../support/digest.js';
import { refuses } from '../../support/expect.js';

const KINDS = ['values', 'probabilities', 'logits'] as const;
type Kind = (typeof KINDS)[number];

/** Samples that only + − × ÷ compute, so that every engine computes the same. */
function predictOf(kind: Kind) {
  return ({ generator }: { generator: { next(): bigint } }): Sample => {
    const data = Float64Array.from({ length: 6 }, () => Number(generator.next() >> 11n) / 2 ** 53);
    if (kind === 'probabilities')
      for (const row of [data.subarray(0, 3), data.subarray(3)]) {
        const sum = row[0]! + row[1]! + row[2]!;
        for (let i = 0; i < 3; i++) row[i]! /= sum;
      }
    return { data, shape: [2, 3] };
  };
}

const run = (kind: Kind, from: number, samples: number) =>
  monteCarlo(predictOf(kind), { from, samples, seed: 42, kind });

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe.each(KINDS)('merge of %s', (kind) => {
  it('gives the bytes of a single run for any split, in any order and nesting', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(70),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 7 }),
        fc.infiniteStream(fc.nat()),
        async (from, sizes, numbers) => {
          const parts: Awaited<ReturnType<typeof run>>[] = [];
          let at = from;
          for (const size of sizes) {
            parts.push(await run(kind, at, size));
            at += size;
          }
          const whole = hex((await run(kind, from, at - from)).toBytes());
          while (parts.length > 1) {
            const take = () => parts.splice(numbers.next().value % parts.length, 1)[0]!;
            const [a, b] = [take(), take()];
            const part = merge(a, b);
            parts.push(numbers.next().value % 2 ? part : (fromBytes(part.toBytes()) as typeof part));
          }
          const [merged] = parts;
          expect(merged!.ranges).toEqual([[from, at]]);
          expect(hex(merged!.toBytes())).toBe(whole);
          const { mean, variance, standardError } = await run(kind, from, at - from);
          expect([merged!.mean, merged!.variance, merged!.standardError]).toEqual([mean, variance, standardError]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('leaves its arguments as they were', async () => {
    // In the second split, the sums of a pair are computed, then joined with those of [2, 4), then others need room.
    for (const sizes of [
      [5, 11],
      [1, 1, 2, 1, 1],
    ]) {
      const parts: Awaited<ReturnType<typeof run>>[] = [];
      for (const [i, size] of sizes.entries())
        parts.push(
          await run(
            kind,
            sizes.slice(0, i).reduce((a, b) => a + b, 0),
            size,
          ),
        );
      const before = parts.map((part) => hex(part.toBytes()));
      merge(...parts);
      merge(...parts);
      expect(parts.map((part) => hex(part.toBytes()))).toEqual(before);
    }
  });

  it('of results with a gap has both ranges, and takes the rest later', async () => {
    const [a, b, c] = [await run(kind, 0, 3), await run(kind, 3, 6), await run(kind, 9, 2)];
    const ends = merge(c, a);
    expect([ends.count, ends.ranges]).toEqual([
      5,
      [
        [0, 3],
        [9, 11],
      ],
    ]);
    expect(hex(merge(ends, b).toBytes())).toBe(hex((await run(kind, 0, 11)).toBytes()));
  });

  it('partial results stay as they are while the run goes on', async () => {
    const options = { samples: 21, seed: 42, kind };
    const partials = [];
    const bytes: string[] = [];
    for await (const partial of monteCarlo.stream(predictOf(kind), options)) {
      partials.push(partial);
      bytes.push(hex(partial.toBytes()));
    }
    for (const [i, partial] of partials.entries()) {
      expect(hex(partial.toBytes())).toBe(bytes[i]);
      expect(bytes[i]).toBe(hex((await run(kind, 0, i + 1)).toBytes()));
    }
    expect(partials).toHaveLength(21);
  });

  it('bytes restore every statistic', async () => {
    const result = await run(kind, 3, 14);
    const { sums: _, ...restored } = fromBytes(result.toBytes()) as unknown as { sums: unknown };
    const { sums: __, ...original } = result as unknown as { sums: unknown };
    expect(restored).toEqual(original);
  });
});

it('bytes are the same in every runtime', async () => {
  const digests = [];
  for (const kind of KINDS) digests.push(digestOf((await run(kind, 0, 77)).toBytes()));
  expect(digests).toEqual(['687a3345888c05db', 'f235524f068fc517', '2b0cef9d33fc030a']);
});

it('bytes are little-endian, with magic and version', async () => {
  const bytes = (await run('logits', 0, 2)).toBytes();
  expect(Buffer.from(bytes.subarray(0, 8)).toString('latin1')).toBe('DROPOUTM');
  const view = new DataView(bytes.buffer);
  expect([1, 2, 3, 4, 5, 6, 7].map((i) => view.getFloat64(8 * i, true))).toEqual([1, 2, 2, 2, 3, 1, 0]);
});

it('bytes may lie anywhere, and be a Buffer', async () => {
  const result = await run('values', 0, 3);
  const bytes = result.toBytes();
  const moved = new Uint8Array(bytes.length + 9);
  moved.set(bytes, 3);
  for (const copy of [moved.subarray(3, -6), Buffer.from(bytes)]) expect(fromBytes(copy).mean).toEqual(result.mean);
});

it('kept samples are merged in the order of their numbers, if all results have them', async () => {
  const predict = ({ index, generator }: { index: number; generator: { next(): bigint } }) => {
    generator.next();
    return Float32Array.of(index);
  };
  const part = (from: number, samples: number, keep = true) => monteCarlo(predict, { from, samples, keep });
  const parts = [await part(9, 2), await part(0, 3), await part(3, 5)];
  expect(merge(...parts).kept!.map(([x]) => x)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 9, 10]);
  for (const from of [3, 20]) expect(merge(parts[1]!, await part(from, 1, false)).kept).toBeUndefined();
});

it('refuses what does not belong together', async () => {
  const a = await run('values', 0, 4);
  refuses(() => merge(a, a), RangeError, 'results share sample 0');
  const late = await run('values', 3, 4);
  refuses(() => merge(a, late), RangeError, 'results share sample');
  refuses(() => merge(late, a), RangeError, 'results share sample');
  const logits = await run('logits', 4, 4);
  refuses(() => merge(a, logits as never), RangeError, 'kind of result 1 has to be "values", but got "logits"');
  const other = await monteCarlo(
    ({ generator }) => new Float32Array(3).fill(generator.position + Number(generator.next() % 9n)),
    {
      samples: 1,
      from: 4,
    },
  );
  refuses(() => merge(a, other), RangeError, 'result 1.shape has to be [2,3], but got [3]');
  for (const value of [undefined, null, {}, a.toBytes(), [a]])
    refuses(() => merge(a, value as never), TypeError, 'result 1 has to be from monteCarlo');
  refuses(() => (merge as () => void)(), TypeError, 'result 0 has to be from monteCarlo');
});

it('refuses truncated, foreign and changed bytes, and those of another version', async () => {
  const bytes = (await run('probabilities', 1, 6)).toBytes();
  const message = /^bytes has to be whole and from toBytes\(\) of version 1, but got Uint8Array$/;
  for (let length = 0; length < bytes.length; length += length < 64 ? 1 : 8)
    refuses(() => fromBytes(bytes.slice(0, length)), RangeError, message);
  for (let at = 0; at < bytes.length; at += 3) {
    const changed = bytes.slice();
    changed[at]! ^= 16;
    refuses(() => fromBytes(changed), RangeError, message);
  }
  const longer = new Uint8Array(bytes.length + 8);
  longer.set(bytes);
  refuses(() => fromBytes(longer), RangeError, message);
  const next = bytes.slice();
  new DataView(next.buffer).setFloat64(8, 2, true);
  refuses(() => fromBytes(next), RangeError, message);
  for (const value of [undefined, 'DROPOUTM', bytes.buffer, [...bytes], new Float64Array(8)])
    refuses(() => fromBytes(value as never), TypeError, 'bytes has to be a Uint8Array');
});

/** These numbers as bytes, with their checksum. */
function forged(numbers: number[]): Uint8Array {
  const bytes = new Uint8Array(8 * numbers.length + 8);
  const view = new DataView(bytes.buffer);
  let hash = 0x811c9dc5;
  for (const [i, number] of numbers.entries()) view.setFloat64(8 * i, number, true);
  for (const byte of bytes.subarray(0, -8)) hash = Math.imul(hash ^ byte, 16777619);
  view.setFloat64(8 * numbers.length, hash, true);
  return bytes;
}

it('refuses any two changed signs, and bytes behind the end', async () => {
  const bytes = (await run('values', 0, 3)).toBytes();
  const flip = (copy: Uint8Array, at: number) => {
    copy[at]! ^= 128;
    return copy;
  };
  for (let a = 7; a < bytes.length; a += 8)
    for (let b = 7; b < a; b += 8)
      refuses(() => fromBytes(flip(flip(bytes.slice(), a), b)), RangeError, 'bytes has to be whole');
  for (let n = 1; n < 9; n++) refuses(() => fromBytes(Buffer.concat([bytes, Buffer.alloc(n)])), RangeError, 'bytes');
});

it('refuses counts that do not fit the length', async () => {
  const bytes = (await run('values', 0, 1)).toBytes();
  const magic = new DataView(bytes.buffer).getFloat64(0, true);
  const sound = [magic, 1, 0, 1, 2, 1, 0, 1, 5, 6, 0, 0];
  expect([...fromBytes(forged(sound)).mean]).toEqual([5, 6]);
  const at = (i: number, value: number) => sound.map((number, k) => (k === i ? value : number));
  const lies = [
    at(0, 2 * magic),
    ...[0, 2, 1.5, Number.NaN].map((version) => at(1, version)),
    ...[-1, 0.5, 2, 1e9, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY].map((rank) => at(3, rank)),
    ...[1, 3, 1e9, 2 ** 31, 2 ** 53, 1e300, Number.NaN, Number.POSITIVE_INFINITY].map((size) => at(4, size)),
    ...[0, 0.5, 2, 1e9, 2 ** 53, Number.NaN].map((nodes) => at(5, nodes)),
    [magic, 1, 0, 1, 2, 0],
    [magic, 1, 0, 1, 2, Number.NaN],
    [...sound, 7],
    sound.slice(0, -1),
    // Adding these nodes, whose sums are missing, would take minutes.
    [magic, 1, 0, 1, 1e6, 5e4, ...Array.from({ length: 5e4 }, (_, i) => [i, 1]).flat()],
    [magic, 1],
    [magic, 1, 1, 1, 3e9, 0],
    [magic, 1, 1, 2, 2 ** 53, 2 ** 53, 0],
  ];
  // One that allocated by the count first would throw another message, or run out of time.
  for (const lie of lies) refuses(() => fromBytes(forged(lie)), RangeError, /^(bytes|results share)/);
});

it('refuses bytes of another kind, and of nodes that no run has', async () => {
  const bytes = (await run('values', 0, 1)).toBytes();
  const magic = new DataView(bytes.buffer).getFloat64(0, true);
  const of = ({ kind = 0, from = 8, size = 4 }) => forged([magic, 1, kind, 1, 1, 1, from, size, 5, 0]);
  expect(fromBytes(of({})).ranges).toEqual([[8, 12]]);
  for (const kind of [3, -1, 0.5, Number.NaN]) refuses(() => fromBytes(of({ kind })), RangeError, /^bytes/);
  for (const from of [5, 10, 8.5, -4, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY])
    refuses(() => fromBytes(of({ from })), RangeError, /^bytes/);
  for (const size of [0, 3, 0.5, -4, 16, Number.NaN, Number.POSITIVE_INFINITY])
    refuses(() => fromBytes(of({ size })), RangeError, /^bytes/);
});

it('the bytes grow with the logarithm of the number of samples', async () => {
  const length = async (samples: number) => (await run('values', 0, samples)).toBytes().length;
  expect(await length(1024)).toBe(await length(2));
  expect((await length(1023)) / (await length(1))).toBeLessThan(10);
});

it('layers draw the same samples in any split', async () => {
  const x = new Float32Array(100).fill(1);
  const layer = new Dropout(0.5, { seed: 1 });
  const part = (from: number, samples: number) =>
    monteCarlo(() => layer.forward(x), { from, samples, layers: [layer] });
  const parts = [await part(7, 6), await part(0, 7)];
  expect(hex(merge(...parts).toBytes())).toBe(hex((await part(0, 13)).toBytes()));
});

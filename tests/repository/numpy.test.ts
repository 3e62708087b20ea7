/**
 * The NumPy version of the stream in docs/reproducibility.md gives the test vectors and the bits of the package, and the
 * Python of docs/machines.md gives the samples of `monteCarlo`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Dropout, dropout, Generator, mask } from 'dropout-wasm';
import { monteCarlo } from 'dropout-wasm/monte-carlo';
import { describe, expect, it } from 'vitest';
import { whichAll } from '../../scripts/programs.js';
import { requiresAll } from '../runtimes/mode.js';
import { Random } from '../runtimes/random.js';
import { bitsOf, bytesOf } from '../support/bits.js';
import { digestOf } from '../support/digest.js';
import { streamVectors } from '../support/vectors.js';

/** The blocks of Python on a page of docs. */
function blocksOf(page: string): string[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^```python\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);
}

const blocks = blocksOf('reproducibility.md');

const python = whichAll('python3').find((path) => spawnSync(path, ['-c', 'import numpy']).status === 0);
if (!python) console.log('not installed: python3 with NumPy');

/** The name of a function of the block, and its arguments. */
type Call = [name: string, ...args: unknown[]];

const word = (value: bigint | string) => ({ word: BigInt(value).toString(16) });
const array = (x: Float32Array | Float64Array) => ({
  dtype: x instanceof Float32Array ? '<f4' : '<f8',
  bytes: Buffer.from(bytesOf(x)).toString('hex'),
});

// A result of ±∞ is no fault, but words have to wrap around without a warning.
const WARNINGS = ['-W', 'error', '-W', 'ignore:overflow encountered in multiply'];

/** Runs calls of the block. Returns the results in hex. */
function run(calls: Call[], block = blocks[0]): string[] {
  const script = fileURLToPath(new URL('numpy-calls.py', import.meta.url));
  const input = JSON.stringify({ block, calls });
  const options = { input, encoding: 'utf8', maxBuffer: 2 ** 28 } as const;
  return JSON.parse(execFileSync(python ?? 'python3', [...WARNINGS, script], options));
}

const bytesIn = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const hexOf = (value: bigint | string) => BigInt(value).toString(16).padStart(16, '0');

/** A mask of bytes as bits. */
function packed(kept: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(kept.length / 8));
  kept.forEach((bit, i) => {
    bits[i >> 3]! |= bit << (i & 7);
  });
  return bits;
}

it('the page has one block of Python, of some 40 lines', () => {
  expect(blocks).toHaveLength(1);
  expect(blocks[0]!.match(/\n(?!\n)/g)!.length).toBeLessThanOrEqual(45);
});

if (python || requiresAll)
  describe('the NumPy version gives', () => {
    it('the vectors of keys and forks', () => {
      const { keys, forks } = streamVectors;
      const rows = [
        ...keys.flatMap(({ seed, keys }) => keys.map((key, c): [Call, string] => [['key', word(seed), c], key])),
        ...forks.flatMap(({ seed, label, childSeed, firstKey }): [Call, string][] => [
          [['fork', word(seed), label], childSeed],
          [['key', word(childSeed), 0], firstKey],
        ]),
      ];
      expect(run(rows.map(([call]) => call))).toEqual(rows.map(([, expected]) => hexOf(expected)));
    });

    it('the vectors of lanes', () => {
      const results = run(streamVectors.blocks.map(({ key, block }): Call => ['lanes', word(key), block]));
      streamVectors.blocks.forEach(({ roundingWord, laneOutputs, lastLaneOutput }, i) => {
        const words = [...new BigUint64Array(bytesIn(results[i]!).buffer)].map((word) => hexOf(word));
        expect(words).toHaveLength(1 + 1024);
        const shown = [words[0], ...words.slice(1, 1 + laneOutputs.length), words.at(-1)];
        expect(shown).toEqual([roundingWord, ...laneOutputs, lastLaneOutput].map(hexOf));
      });
    });

    it('the vectors of masks', () => {
      const keys = run(streamVectors.masks.map(({ seed, position }): Call => ['key', word(seed), position]));
      const rows = streamVectors.masks.map(({ p, offset, bits, digests }, i) => {
        const key = word(`0x${keys[i]}`);
        const lengths = [bits.length, ...Object.keys(digests).map(Number)];
        return { bits, digests, calls: lengths.map((n): Call => ['mask', key, p, n, offset]) };
      });
      const results = run(rows.flatMap(({ calls }) => calls)).map(bytesIn);
      for (const { bits, digests, calls } of rows) {
        const [first, ...masks] = results.splice(0, calls.length);
        expect(first!.join(''), `${calls[0]}`).toBe(bits);
        expect(
          masks.map((kept) => digestOf(packed(kept))),
          `${calls[0]}`,
        ).toEqual(Object.values(digests));
      }
      expect(rows).toHaveLength(25);
    });

    it('the bits of the package, in random calls', () => {
      const random = new Random(20261126);
      const cases = Array.from({ length: 200 }, (_, i) => {
        const Floats = i % 2 ? Float64Array : Float32Array;
        const x = new Floats(random.length());
        random.fill(x);
        const seed = random.key();
        const position = random.offset();
        const label = random.pick(['', 'encoder', '#7', 'café', '층-3', '\u{1f600}']);
        const p = random.p();
        return { x, seed, position, label, p, offset: random.offset(), key: new Generator(seed).keyAt(position) };
      });
      const results = run(
        cases.flatMap(({ x, seed, position, label, p, offset, key }): Call[] => [
          ['key', word(seed), position],
          ['fork', word(seed), label],
          ['mask', word(key), p, x.length, offset],
          ['dropout', array(x), word(key), p, offset],
        ]),
      );
      cases.forEach(({ x, seed, label, p, offset, key }, i) => {
        const [keyHex, seedHex, kept, y] = results.slice(4 * i, 4 * i + 4);
        const call = `call ${i}: ${x.constructor.name} of ${x.length}, p = ${p}, offset ${offset}`;
        expect([keyHex, seedHex], call).toEqual([hexOf(key), hexOf(new Generator(seed).fork(label).seed)]);
        expect(digestOf(bytesIn(kept!)), call).toBe(digestOf(mask(x.length, { p, key, offset })));
        const Floats = x.constructor as Float32ArrayConstructor;
        const ours = dropout(x as Float32Array, { p, key, offset });
        expect(digestOf(bitsOf(new Floats(bytesIn(y!).buffer))), call).toBe(digestOf(bitsOf(ours)));
      });
    });

    describe('with docs/machines.md,', () => {
      // Calls the tasks at once, in this process.
      const ray = `
import sys, types
sys.modules["ray"] = types.SimpleNamespace(remote=lambda task: types.SimpleNamespace(remote=task), get=list)
`;
      const block = [...blocks, ray, ...blocksOf('machines.md'), 'def result(name): return np.array(globals()[name])'];

      it('the samples of monteCarlo', async () => {
        const layer = new Dropout(0.5);
        const predict = () => layer.forward(Float32Array.of(1, 2, 3, 4));
        const options = { samples: 60, seed: 42, layers: [layer], keep: true };
        const { kept, mean } = await monteCarlo(predict, options);
        const [samples, means] = run(
          [
            ['result', 'samples'],
            ['result', 'mean'],
          ],
          block.join('\n'),
        );
        expect([...new Float32Array(bytesIn(samples!).buffer)]).toEqual(kept!.flatMap((sample) => [...sample]));
        expect([...new Float32Array(bytesIn(means!).buffer)]).toEqual([...mean].map((v) => expect.closeTo(v, 5)));
      });

      it('the masks of each layer', async () => {
        const layers = [new Dropout(0.2), new Dropout(0.7)];
        const x = { data: new Float32Array(15).fill(1), shape: [3, 5] };
        const masks: string[] = [];
        const predict = () => {
          for (const layer of layers) {
            layer.forward(x);
            masks.push(Buffer.from(layer.mask()).toString('hex'));
          }
          return x;
        };
        await monteCarlo(predict, { from: 7, samples: 3, seed: 42, layers });
        const calls = [7, 8, 9].flatMap((i) =>
          layers.map(({ p }, k): Call => ['sample_mask', word('42'), k, i, p, [3, 5]]),
        );
        expect(run(calls, block.join('\n'))).toEqual(masks);
      });
    });
  });

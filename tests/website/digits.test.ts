/** The section "Draw a digit" without the page: drawings as text, their centering, and what the network reads. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { weightsFromBytes } from '../../examples/digits/classifier.js';
import { loadDigits, PIXELS } from '../../examples/digits/data.js';
import { code } from '../../website/playground/digits/code.js';
import examples from '../../website/playground/digits/examples.json' with { type: 'json' };
import { centered, decode, drawing, encode, INK, SIDE } from '../../website/playground/digits/image.js';
import { best, evaluate, sample } from '../../website/playground/digits/predict.js';
import { last } from '../support/last.js';
import { printed } from './state.js';

const weights = weightsFromBytes(readFileSync(new URL('../../examples/digits/weights.bin', import.meta.url)));

/** Images of the test set, which the network has not seen: one of each digit, and some that it finds hard. */
const EASY = [1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1018, 1029];
const HARD = [1008, 1015, 1032, 1054, 1078, 1084];

const read = (pixels: Uint8Array, options = { seed: 1, samples: 50 }) => last(sample(weights, pixels, options));

describe('examples', () => {
  it('are images of MNIST. `npx vitest run tests/website/digits.test.ts -u` writes the file again', async () => {
    const { images, labels } = loadDigits(1100, 0).train;
    const list = [...EASY, ...HARD].map((index) => {
      const image = images.subarray(index * PIXELS, (index + 1) * PIXELS);
      const text = encode(Uint8Array.from(image, (value) => Math.round(value * INK)));
      return { index, digit: labels[index], isHard: HARD.includes(index), text };
    });
    await expect(`${JSON.stringify(list, null, 2)}\n`).toMatchFileSnapshot(
      '../../website/playground/digits/examples.json',
    );
  });

  it.each(examples.filter(({ isHard }) => !isHard))('the network reads $digit in image $index', async (example) => {
    const pixels = decode(example.text)!;
    expect(best(evaluate(weights, pixels))).toBe(example.digit);
    expect(best((await read(pixels)).mean)).toBe(example.digit);
  });

  it('the samples disagree more about the hard ones', async () => {
    const informations = { easy: [] as number[], hard: [] as number[] };
    for (const { isHard, text } of examples) {
      const { mutualInformation } = await read(decode(text)!);
      informations[isHard ? 'hard' : 'easy'].push(mutualInformation[0]!);
    }
    expect(Math.min(...informations.hard)).toBeGreaterThan(Math.min(...informations.easy));
    expect(average(informations.hard)).toBeGreaterThan(2 * average(informations.easy));
  });
});

const average = (values: number[]) => values.reduce((a, b) => a + b) / values.length;

describe('drawings as text', () => {
  const pixels = (...values: [number, number][]) => {
    const image = new Uint8Array(SIDE * SIDE);
    for (const [i, value] of values) image[i] = value;
    return image;
  };

  it.each([
    ['paper', pixels()],
    ['the first pixel', pixels([0, 1])],
    ['the last pixel', pixels([783, 15])],
    ['a run of 16', pixels([16, 3])],
    ['a run of 17', pixels([17, 3])],
    ['ink everywhere', new Uint8Array(784).fill(15)],
    ['every value', Uint8Array.from({ length: 784 }, (_, i) => (i * 7) % 16)],
  ])('%s is restored', (_, image) => expect(decode(encode(image))).toEqual(image));

  it('paper is the empty text', () => expect(encode(pixels())).toBe(''));

  it('an example takes less than 300 characters', () => {
    for (const { text } of examples) expect(text.length).toBeLessThan(300);
  });

  it.each(['*', 'A', 'AA', 'ü', 'EA==', '_'.repeat(2000), `${examples[0]!.text}AA`])(
    '%s is refused by the address',
    (text) => expect(drawing.parse(text)).toBeUndefined(),
  );
});

describe('centering', () => {
  /** A square drawing with a bar of ink. */
  const bar = (side: number, left: number, top: number, width: number, height: number) =>
    Uint8Array.from({ length: side * side }, (_, i) => {
      const [x, y] = [i % side, Math.floor(i / side)];
      return x >= left && x < left + width && y >= top && y < top + height ? 255 : 0;
    });
  const inked = (pixels: Uint8Array) => Array.from(pixels.keys()).filter((i) => pixels[i]! > 0);

  it('a bar anywhere, of any size, is 20 pixels high in the middle', () => {
    const expected = centered(bar(280, 130, 40, 20, 200));
    expect(expected).toEqual(bar(28, 13, 4, 2, 20).map((value) => value && INK));
    expect(centered(bar(280, 3, 7, 20, 200))).toEqual(expected);
    expect(centered(bar(280, 250, 100, 10, 100))).toEqual(expected);
  });

  it('paper stays paper', () => expect(inked(centered(new Uint8Array(100)))).toEqual([]));
});

it('the program prints what the page shows', async () => {
  const state = { drawing: examples.at(-1)!.text, seed: 7, samples: 30 };
  const pixels = decode(state.drawing)!;
  const { mean, std, entropy, mutualInformation } = await read(pixels, state);
  const off = evaluate(weights, pixels);
  const lines = printed(code(state));
  expect(lines.slice(0, 10)).toEqual(
    off.map((p, digit) => `${digit}: ${mean[digit]!.toFixed(3)} ± ${std[digit]!.toFixed(3)}, off ${p.toFixed(3)}`),
  );
  expect(lines.slice(10)).toEqual([
    `entropy ${entropy[0]!.toFixed(3)} mutual information ${mutualInformation[0]!.toFixed(3)}`,
  ]);
});

/** The digits example on a small run: its data, its reproducibility and its self-contained report. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { softmax, type Tensor, tensor, tensor2d } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { Sequential } from '@tensorflow/tfjs-layers';
import { Generator } from 'dropout-wasm';
import { calibration, monteCarlo } from 'dropout-wasm/monte-carlo';
import { monteCarloPredict } from 'dropout-wasm/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClassifier, weightsFromBytes, weightsToBytes } from '../../examples/digits/classifier.js';
import { CLASSES, loadDigits, PIXELS } from '../../examples/digits/data.js';
import { buildModel } from '../../examples/digits/model.js';
import { digitPng } from '../../examples/digits/report/pictures.js';
import { accuracyOfSurest, decide, SHARES, score } from '../../examples/digits/scores.js';
import { findChromium } from '../../scripts/programs.js';
import { launch } from '../packaging/chromium.js';
import { requiresAll } from '../runtimes/mode.js';

const chromium = findChromium();
if (!chromium) console.log('not installed: Chromium');

const main = fileURLToPath(new URL('../../examples/digits/main.js', import.meta.url));
const WEIGHTS_FILE = fileURLToPath(new URL('../../examples/digits/weights.bin', import.meta.url));
const runWith = (path: string, ...args: string[]) =>
  execFileSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    stdio: 'pipe',
    env: { ...process.env, PATH: path },
  });
/** Without any python3. */
const run = (...args: string[]) => runWith('', ...args);

describe('loadDigits', () => {
  const { train, test } = loadDigits();

  it('returns 1,000 training and 2,000 test images, equally many of each digit', () => {
    for (const [{ images, labels }, n] of [
      [train, 1000],
      [test, 2000],
    ] as const) {
      expect([labels.length, images.length]).toEqual([n, n * PIXELS]);
      for (let digit = 0; digit < 10; digit++) expect(labels.filter((v) => v === digit)).toHaveLength(n / 10);
      expect(images.every((v) => v >= 0 && v <= 1)).toBe(true);
    }
  });

  it('returns the same images in every call', () => {
    const again = loadDigits();
    expect(again.train.images.every((v, i) => v === train.images[i])).toBe(true);
    expect(again.test.images.every((v, i) => v === test.images[i])).toBe(true);
  });

  it('returns no training image as a test image', () => {
    const imagesOf = ({ images, labels }: typeof train) =>
      Array.from(labels, (_, i) => images.subarray(i * PIXELS, (i + 1) * PIXELS).join());
    const trainImages = new Set(imagesOf(train));
    expect(imagesOf(test).filter((image) => trainImages.has(image))).toEqual([]);
  });
});

describe('accuracyOfSurest', () => {
  const decisions = (...list: [confidence: number, isRight: boolean][]) =>
    list.map(([confidence, isRight]) => ({ confidence, isRight }));

  it('looks at the highest confidences, in any order', () => {
    const list = decisions([0.3, false], [0.9, true], [0.5, false], [0.7, true]);
    for (const order of [list, list.toReversed()]) {
      expect([0.25, 0.5, 0.75, 1].map((share) => accuracyOfSurest(order, share))).toEqual([1, 1, 2 / 3, 0.5]);
    }
  });

  it('is the mean over the orders of equal confidences', () => {
    const list = decisions([0.9, true], [0.6, true], [0.6, false], [0.6, false], [0.6, false], [0.2, true]);
    for (const order of [list, list.toReversed()]) {
      // One of one, then a quarter of a right one for each that is added.
      expect([1, 2, 3, 5, 6].map((n) => accuracyOfSurest(order, n / 6))).toEqual([1, 1.25 / 2, 0.5, 2 / 5, 0.5]);
    }
    expect(accuracyOfSurest(decisions([1, true], [1, false]), 0.5)).toBe(0.5);
  });

  it('rounds the number of decisions, to at least one', () => {
    const list = decisions([0.9, true], [0.8, false], [0.7, false]);
    expect([0.01, 0.49, 0.51, 0.8, 0.9].map((share) => accuracyOfSurest(list, share))).toEqual([
      1,
      1,
      1 / 2,
      1 / 2,
      1 / 3,
    ]);
    // 0.55 · 100 is 55.00000000000001.
    const hundred = Array.from({ length: 100 }, (_, i) => ({ confidence: 1 - i / 100, isRight: i < 55 }));
    expect(accuracyOfSurest(hundred, 0.55)).toBe(1);
  });
});

describe('score', () => {
  const labels = Uint8Array.of(3, 0, 7);
  // The digits 3 and 5 are equally probable, then 9 is certain, then all are equally probable.
  const rows = [
    [0, 0, 0, 0.5, 0, 0.5, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    Array.from({ length: CLASSES }, () => 0.1),
  ];
  const probabilities = Float64Array.from(rows.flat());

  it('decides for the first of equally probable digits', () => {
    expect(decide(probabilities, labels)).toEqual([
      { predicted: 3, confidence: 0.5, isRight: true },
      { predicted: 9, confidence: 1, isRight: false },
      { predicted: 0, confidence: 0.1, isRight: false },
    ]);
  });

  it('agrees with calibration on the accuracy of all digits', () => {
    const { accuracies, confidence, calibrationError, negativeLogLikelihood } = score(probabilities, labels);
    const expected = calibration({ data: probabilities, shape: [3, CLASSES] }, labels);
    expect(SHARES.at(-1)).toBe(1);
    expect(accuracies).toEqual([0.5, 0.5, expected.accuracy]);
    expect(confidence).toBeCloseTo(1.6 / 3, 15);
    expect(calibrationError).toBe(expected.expectedCalibrationError);
    expect(negativeLogLikelihood).toBe(expected.negativeLogLikelihood);
  });
});

describe('the classifier on arrays', () => {
  const file = readFileSync(WEIGHTS_FILE);
  const images = loadDigits().test.images.subarray(0, 30 * PIXELS);
  const { predict, layers, kind } = createClassifier(weightsFromBytes(file), images);
  let model: Sequential;
  let x: Tensor;
  beforeAll(() => {
    model = buildModel(new Generator(1), true);
    const all = weightsFromBytes(file);
    let at = 0;
    const parts = model.getWeights().map(({ shape, size }) => {
      at += size;
      return tensor(all.subarray(at - size, at), shape);
    });
    model.setWeights(parts);
    x = tensor2d(images, [30, PIXELS]);
  });

  it('predicts as the model of TensorFlow.js does', () => {
    const { data, shape } = predict();
    const expected = (model.predict(x) as Tensor).dataSync();
    expect([...softmax(tensor2d(data, shape)).dataSync()]).toEqual(Array.from(expected, (v) => expect.closeTo(v, 5)));
  });

  it('has the Monte-Carlo samples of the model of TensorFlow.js', async () => {
    const options = { samples: 5, seed: 42 };
    const [own, expected] = [
      await monteCarlo(predict, { ...options, layers, kind }),
      await monteCarloPredict(model, x, { ...options, kind: 'probabilities' }),
    ];
    expect([...own.mean]).toEqual(Array.from(expected.mean, (v) => expect.closeTo(v, 5)));
    expect([...own.std]).toEqual(Array.from(expected.std, (v) => expect.closeTo(v, 5)));
  });

  it('writes the file that it reads, and refuses one of another length', () => {
    const parts = model.getWeights().map((weight) => weight.dataSync());
    expect(file.equals(weightsToBytes(parts))).toBe(true);
    for (const wrong of [file.subarray(4), Buffer.concat([file, Buffer.of(0)])])
      expect(() => weightsFromBytes(wrong)).toThrow('a file of 407080 bytes holds the weights');
  });
});

/** The rows of a printed table, without its head. */
const printedRows = (text: string) =>
  text
    .match(/^│.*│$/gm)!
    .map((line) => line.split('│').map((cell) => cell.trim()))
    .map((cells) => cells.slice(1, -1))
    .filter((cells) => /\d/.test(cells[1]!));

/** The rows of a table in HTML, without its head. */
const htmlRows = (html: string) =>
  [...html.matchAll(/<tr><th scope="row">(.*?)<\/tr>/g)].map(([, row]) =>
    row!
      .replaceAll('&nbsp;', ' ')
      .split(/(?:<[^>]*>)+/)
      .slice(0, -1),
  );

describe('npm start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'digits-'));
  const out = join(folder, 'report.html');
  const weights = join(folder, 'weights.bin');
  const runTo = (...args: string[]) => run(...args, '--out', out, '--weights', weights);
  const SMALL = ['--seeds', '7', '--epochs', '1', '--samples', '3'];
  /** The printed results, and the seed experiment, of which two rows draw from Math.random. */
  const results = () =>
    runTo(...SMALL)
      .split(/After 1 epoch|\nSeed experiment: /)
      .slice(1) as [string, string];
  let first: string;
  let seedExperiment: string;
  beforeAll(() => {
    [first, seedExperiment] = results();
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints the same numbers for the same seed in every process', () => {
    expect(first).toMatch(/without .*\d\d\.\d\d/);
    expect(results()[0]).toBe(first);
  });

  it('writes a report with no external resources', () => {
    const report = readFileSync(out, 'utf8');
    expect(report).toMatch(/^<!doctype html>/i);
    expect(report).toContain('<svg');
    expect(report).toContain('data:image/png;base64,');
    expect(report).not.toMatch(/(src|href)="(?!data:|#)|@import|url\((?!['"]?(data:|#))/);
  });

  it('prints scores with dropout off and by Monte-Carlo', () => {
    const [results, uncertainty] = first.split('\nUncertainty').map(printedRows);
    expect(first).toContain('\nUncertainty with dropout: 3 Monte-Carlo samples of each test image\n');
    for (const line of `${first}\n${seedExperiment.split('\nReport')[0]}`.split('\n')) {
      expect(line.length).toBeLessThanOrEqual(80);
    }
    expect(uncertainty!.map(([name]) => name)).toEqual([
      'accuracy %, surest 50 %',
      'accuracy %, surest 80 %',
      'accuracy %, surest 100 %',
      'mean confidence %',
      'calibration error %',
      'negative log-likelihood',
    ]);
    const [half, most, all, confidence, error, loss] = uncertainty!.map((cells) => cells.slice(1).map(Number));
    for (const way of [0, 1]) {
      expect(half![way]).toBeGreaterThan(most![way]!);
      expect(most![way]).toBeGreaterThan(all![way]!);
      // The error of a model is at least that of all images taken together.
      expect(error![way]).toBeGreaterThanOrEqual(Math.abs(confidence![way]! - all![way]!) - 0.02);
    }
    const evaluated = results!.find(([name]) => name === 'with')!;
    expect([all![0], loss![0]]).toEqual([Number(evaluated[2]), Number(evaluated[4])]);
    expect(confidence![1]).not.toBe(confidence![0]);
  });

  it('prints the table that the README shows, but for the numbers', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const block = /^After 16 epochs[\s\S]*?(?=^```$)/m.exec(readme)![0];
    const namesOf = (text: string) => printedRows(text).map(([name]) => name);
    expect(namesOf(block)).toEqual(namesOf(first.split('\nUncertainty')[0]!));
  });

  describe('the section on uncertainty', () => {
    let section: string;
    beforeAll(() => {
      section = readFileSync(out, 'utf8').match(/<h2>Uncertainty<\/h2>[\s\S]*?(?=<h2>)/)![0];
    });

    it('has the printed numbers', () => {
      expect(htmlRows(section)).toEqual(printedRows(first.split('\nUncertainty')[1]!));
      expect(section).toContain('mean of 3 samples');
      const [verb] = /(raises|lowers)(?= the calibration error)/.exec(section)!;
      const difference = htmlRows(section).find(([name]) => name === 'calibration error %')![3]!;
      expect(verb).toBe(difference.startsWith('+') ? 'raises' : 'lowers');
    });

    it('has a reliability plot with both curves, described by the printed numbers', () => {
      const [, description, svg] = /<div role="img" aria-label="([^"]*)">(<svg[\s\S]*?<\/svg>)<\/div>/.exec(section)!;
      const [, , all, confidence] = htmlRows(section);
      expect(description).toBe(
        `Dropout off: mean confidence ${confidence![1]} %, accuracy ${all![1]} %. ` +
          `Monte-Carlo: mean confidence ${confidence![2]} %, accuracy ${all![2]} %.`,
      );
      for (const color of ['--off', '--sampled']) {
        expect(svg).toMatch(new RegExp(`stroke="var\\(${color}\\)"`));
        expect(svg).toMatch(new RegExp(`fill="var\\(${color}\\)"`));
        expect(section).toContain(`<li style="--color: var(${color})`);
      }
    });

    it('shows the ten digits of the highest entropy, the most uncertain first', () => {
      const { images, labels } = loadDigits().test;
      const entries = section.match(/<li><img [\s\S]*?<\/li>/g)!.map((entry) => {
        const [, src, label, index] = /src="(.*?)" alt="handwritten (\d), test image (\d+)"/.exec(entry)!;
        const from = Number(index) * PIXELS;
        expect(src).toBe(digitPng(images.subarray(from, from + PIXELS)));
        const [, named, predicted] = /<b>(\d), predicted (\d)<\/b>/.exec(entry)!;
        expect([label, named]).toEqual([`${labels[Number(index)]}`, `${labels[Number(index)]}`]);
        expect(predicted).toMatch(/^\d$/);
        const [probability, std, entropy, information] = entry
          .replaceAll(/<[^>]*>/g, ' ')
          .match(/\d+\.\d\d/g)!
          .map(Number) as [number, number, number, number];
        expect(probability).toBeGreaterThanOrEqual(0.1);
        expect(probability).toBeLessThan(1);
        expect(std).toBeGreaterThan(0);
        expect(information).toBeLessThan(entropy);
        return { index, entropy };
      });
      expect(entries).toHaveLength(10);
      expect(new Set(entries.map(({ index }) => index)).size).toBe(10);
      const entropies = entries.map(({ entropy }) => entropy);
      expect(entropies).toEqual(entropies.toSorted((a, b) => b - a));
      expect(entropies[9]).toBeGreaterThan(1);
      expect(entropies[0]).toBeLessThanOrEqual(2.3);
    });
  });

  describe('the figures', () => {
    let captions: string[];
    beforeAll(() => {
      const figures = readFileSync(out, 'utf8').match(/<figure>[\s\S]*?<\/figure>/g)!;
      captions = figures.map((figure) => /<figcaption>([\s\S]*)<\/figcaption>/.exec(figure)![1]!);
    });

    it('each say what to try', () => {
      expect(captions).toHaveLength(6);
      for (const caption of captions) expect(caption).toMatch(/ Try <code>[^<]*<\/code>(\sin\s<code>[^<]*<\/code>)?: /);
    });

    it('name commands that run and lines that exist', () => {
      const tries = captions.map((caption) => [...caption.matchAll(/<code>(.*?)<\/code>/g)].map(([, code]) => code!));
      const options: string[] = [];
      for (const [code, file] of tries as [string, string?][]) {
        if (file) {
          const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
          expect(source).toContain(`const ${code.split(' = ')[0]} = `);
        } else options.push(...code.replace('npm start -- ', '').split(' '));
      }
      expect(run(...options, '--help')).toContain('Usage');
    });

    if (chromium || requiresAll)
      it('and the tables fit a phone', async () => {
        // Cells are as wide as in the default run: over several seeds, they have a standard deviation.
        runTo('--seeds', '7,8', '--epochs', '1', '--samples', '2');
        const browser = await launch(chromium ?? 'chromium');
        try {
          const page = await browser.newPage();
          await page.goto(`file://${out}`);
          for (const width of [390, 360]) {
            await page.setViewportSize({ width, height: 844 });
            const beyond = await page.evaluate(() =>
              [...document.querySelectorAll('body *')]
                .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth)
                .map((element) => `${element.tagName}: ${element.textContent}`),
            );
            expect(beyond, `${width} px`).toEqual([]);
            expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
          }
        } finally {
          await browser.close();
        }
      });
  });

  it('writes the weights that weights.bin has', () => {
    const printed = runTo('--seeds', '1', '--samples', '2');
    expect(printed).toContain(`\nWeights: ${weights}\n`);
    expect(readFileSync(weights).equals(readFileSync(WEIGHTS_FILE))).toBe(true);
  });

  it('rejects bad values and unknown options', () => {
    expect(() => run('--epochs', 'many')).toThrow(/--epochs takes a whole number from 1 to \d+, but got "many"/);
    expect(() => run('--samples', '1')).toThrow(/--samples takes a whole number from 2 to \d+, but got "1"/);
    expect(() => run('--epoch', '1')).toThrow(/Unknown option '--epoch'/);
  });
});

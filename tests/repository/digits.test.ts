/** The digits example on a small run: its data, its reproducibility and its self-contained report. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadDigits, PIXELS } from '../../examples/digits/data.js';

const main = fileURLToPath(new URL('../../examples/digits/main.js', import.meta.url));
const run = (...args: string[]) => execFileSync(process.execPath, [main, ...args], { encoding: 'utf8', stdio: 'pipe' });

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

describe('npm start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'digits-'));
  const out = join(folder, 'report.html');
  const results = () => run('--seeds', '7', '--epochs', '1', '--out', out).split('After 1 epoch')[1]!;
  let first: string;
  beforeAll(() => {
    first = results();
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints the same numbers for the same seed in every process', () => {
    expect(first).toMatch(/without .*\d\d\.\d\d/);
    expect(results()).toBe(first);
  });

  it('writes a report with no external resources', () => {
    const report = readFileSync(out, 'utf8');
    expect(report).toMatch(/^<!doctype html>/i);
    expect(report).toContain('<svg');
    expect(report).toContain('data:image/png;base64,');
    expect(report).not.toMatch(/(src|href)="(?!data:|#)|@import|url\((?!['"]?(data:|#))/);
  });

  it('rejects bad values and unknown options', () => {
    expect(() => run('--epochs', 'many')).toThrow(/--epochs takes whole numbers from 1 up, but got "many"/);
    expect(() => run('--epoch', '1')).toThrow(/Unknown option '--epoch'/);
  });
});

/** The main job in small: the same digits and numbers in every run, and one report that needs nothing else. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadDigits, PIXELS } from '../../examples/digits/data.js';

const main = fileURLToPath(new URL('../../examples/digits/main.js', import.meta.url));
const run = (...args: string[]) => execFileSync(process.execPath, [main, ...args], { encoding: 'utf8', stdio: 'pipe' });

describe('digits', () => {
  const { train, test } = loadDigits();

  it('are 1,000 to train on and 2,000 to test on, with as many of each digit', () => {
    for (const [{ images, labels }, n] of [
      [train, 1000],
      [test, 2000],
    ] as const) {
      expect([labels.length, images.length]).toEqual([n, n * PIXELS]);
      for (let digit = 0; digit < 10; digit++) expect(labels.filter((v) => v === digit)).toHaveLength(n / 10);
      expect(images.every((v) => v >= 0 && v <= 1)).toBe(true);
    }
  });

  it('are the same in every call, and no test image is a training image', () => {
    const again = loadDigits();
    expect(again.train.images.every((v, i) => v === train.images[i])).toBe(true);
    expect(again.test.images.every((v, i) => v === test.images[i])).toBe(true);
    const each = ({ images, labels }: typeof train) =>
      Array.from(labels, (_, i) => images.subarray(i * PIXELS, (i + 1) * PIXELS).join());
    const known = new Set(each(train));
    expect(each(test).filter((image) => known.has(image))).toEqual([]);
  });
});

describe('npm start', () => {
  it('gives the same numbers for the same seed, in another process too', () => {
    const out = join(mkdtempSync(join(tmpdir(), 'digits-')), 'report.html');
    const results = () => run('--seeds', '7', '--epochs', '1', '--out', out).split('After 1 epoch')[1]!;
    const first = results();
    expect(first).toMatch(/without .*\d\d\.\d\d/);
    expect(results()).toBe(first);

    const report = readFileSync(out, 'utf8');
    expect(report).toMatch(/^<!doctype html>/i);
    expect(report).toContain('<svg');
    expect(report).toContain('data:image/png;base64,');
    expect(report).not.toMatch(/(src|href)="(?!data:|#)|@import|url\((?!['"]?(data:|#))/);
  });

  it('refuses arguments it does not know', () => {
    expect(() => run('--epochs', 'many')).toThrow(/--epochs takes whole numbers from 1 up, but got "many"/);
    expect(() => run('--epoch', '1')).toThrow(/Unknown option '--epoch'/);
  });
});

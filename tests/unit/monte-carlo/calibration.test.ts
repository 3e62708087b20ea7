/** Calibration against bins computed by hand. */
import { calibration } from 'dropout-wasm/monte-carlo';
import { describe, expect, it } from 'vitest';
import { refuses } from '../../support/expect.js';

const rows = (...data: number[]) => ({ data: Float64Array.from(data), shape: [data.length / 2, 2] });

describe('calibration', () => {
  it('equals values computed by hand', () => {
    // Confidences 0.9 right, 0.8 wrong, 0.75 right, 0.55 right.
    const result = calibration(rows(0.9, 0.1, 0.2, 0.8, 0.75, 0.25, 0.45, 0.55), [0, 0, 0, 1], { bins: 5 });
    expect(result.accuracy).toBe(0.75);
    expect(result.bins.map(({ from, to, count }) => [from, to, count])).toEqual([
      [0, 0.2, 0],
      [0.2, 0.4, 0],
      [0.4, 0.6, 1],
      [0.6, 0.8, 2],
      [0.8, 1, 1],
    ]);
    expect(result.bins[0]).toEqual({ from: 0, to: 0.2, count: 0, confidence: Number.NaN, accuracy: Number.NaN });
    expect(result.bins[3]).toMatchObject({ confidence: 1.55 / 2, accuracy: 0.5 });
    expect(result.expectedCalibrationError).toBeCloseTo((0.45 + 2 * 0.275 + 0.1) / 4, 14);
    expect(result.maximumCalibrationError).toBeCloseTo(0.45, 14);
    expect(result.brierScore).toBeCloseTo((2 * 0.01 + 2 * 0.64 + 2 * 0.0625 + 2 * 0.2025) / 4, 14);
    const logs = Math.log(0.9) + Math.log(0.2) + Math.log(0.75) + Math.log(0.55);
    expect(result.negativeLogLikelihood).toBeCloseTo(-logs / 4, 14);
  });

  it('puts a confidence at the end of a bin into that bin', () => {
    const confidences = Array.from({ length: 10 }, (_, i) => (i + 1) / 10);
    for (const [i, confidence] of confidences.entries()) {
      const others = Array(20).fill((1 - confidence) / 20);
      const { bins } = calibration(Float64Array.of(confidence, ...others), [0], { bins: 10 });
      expect(bins.findIndex(({ count }) => count === 1)).toBe(i);
    }
  });

  it('is perfect for certain and right rows, and worst for certain and wrong ones', () => {
    expect(calibration(rows(1, 0, 0, 1), [0, 1])).toMatchObject({
      accuracy: 1,
      expectedCalibrationError: 0,
      maximumCalibrationError: 0,
      brierScore: 0,
      negativeLogLikelihood: 0,
    });
    expect(calibration(rows(1, 0, 0, 1), Uint8Array.of(1, 0))).toMatchObject({
      accuracy: 0,
      expectedCalibrationError: 1,
      maximumCalibrationError: 1,
      brierScore: 2,
      negativeLogLikelihood: Number.POSITIVE_INFINITY,
    });
  });

  it('has 15 bins by default, the last of which takes a confidence above 1', () => {
    const { bins } = calibration(Float32Array.of(1.0005, 0), [0]);
    expect([bins.length, bins[14]!.count]).toEqual([15, 1]);
  });

  it('refuses what is no distribution, and labels that are no classes of the rows', () => {
    const p = rows(0.5, 0.5, 1, 0);
    const bad: [() => unknown, new (...args: never[]) => Error, string][] = [
      [() => calibration(rows(0.5, 0.4), [0]), RangeError, 'the sum of row 0 of probabilities has to be 1'],
      [() => calibration(rows(0.5, 0.5, 2, -1), [0, 0]), RangeError, 'probabilities[3] has to be a probability'],
      [() => calibration(rows(Number.NaN, 1), [0]), RangeError, 'probabilities[0] has to be a probability'],
      [() => calibration([0.5, 0.5] as never, [0]), TypeError, 'probabilities has to be a Float32Array'],
      [() => calibration(new Float32Array(), []), RangeError, 'probabilities.shape has to be non-empty'],
      [() => calibration(p, [0]), RangeError, 'labels.length has to be 2, but got 1'],
      ...[undefined, null, 1, new Set([0, 1]), { data: [0, 1] }].map((labels): (typeof bad)[number] => [
        () => calibration(p, labels as never),
        TypeError,
        'labels.length has to be 2, but got undefined',
      ]),
      [() => calibration(p, [0, 2]), RangeError, 'labels[1] has to be a whole number from 0 to 1, but got 2'],
      [() => calibration(p, ['0', 0] as never), TypeError, 'labels[0] has to be a whole number'],
      [() => calibration(p, [0, 0], { bins: 0 }), RangeError, 'bins has to be a whole number from 1 to 1000'],
      [() => calibration(p, [0, 0], { n: 5 } as never), TypeError, 'unknown option "n": the options are bins'],
    ];
    for (const [call, type, message] of bad) refuses(call, type, message);
  });
});

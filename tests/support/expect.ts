/** Expectations that several suites share. */
import { assert, expect } from 'vitest';
import { firstDifference } from './bits.js';

/**
 * Expects two arrays to hold the same values, treating all NaNs as equal and −0 as different from 0. `toEqual` would take
 * seconds for 300,000 elements, and minutes to print a difference.
 */
export function expectSameBits(got: ArrayLike<number>, expected: ArrayLike<number>): void {
  const i = firstDifference(got, expected);
  if (i < 0) return;
  const around = (x: ArrayLike<number>) => Array.from({ length: 8 }, (_, j) => x[i + j]).join(', ');
  assert.fail(`from element ${i} of ${got.length} on [${around(got)}, …], but expected [${around(expected)}, …]`);
}

/** Expects `count` of n trials of probability p to succeed, within `sigmas` standard deviations. */
export function expectCount(count: number, n: number, p: number, sigmas = 4): void {
  expect(Math.abs(count - n * p)).toBeLessThan(sigmas * Math.sqrt(n * p * (1 - p)));
}

type ErrorClass = new (...args: never[]) => Error;

/** Expects a call to throw an error of this class, with this message or a part of it. */
export function refuses(call: () => unknown, type: ErrorClass, message: string | RegExp): void {
  let error: unknown;
  try {
    call();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(type);
  expect((error as Error).message).toEqual(
    typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
  );
}

/** Expects a promise to reject with an error of this class, with this message or a part of it. */
export async function rejects(run: Promise<unknown>, type: ErrorClass, message: string | RegExp): Promise<void> {
  const error = await run.then(
    () => undefined,
    (thrown) => thrown,
  );
  refuses(
    () => {
      if (error) throw error;
    },
    type,
    message,
  );
}

/** `refuses` for a call that writes to `out`, a Float32Array of 24 elements, which has to stay as it was. */
export function refusesBeforeWriting(
  call: (out: Float32Array) => unknown,
  type: ErrorClass,
  message: string | RegExp,
): void {
  if (call.length !== 1) throw new Error('the call has to use out; refuses() is for calls that do not');
  const out = new Float32Array(24).fill(7);
  refuses(() => call(out), type, message);
  expectSameBits(out, new Float32Array(24).fill(7));
}

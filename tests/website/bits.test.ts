/** The section "The same bits on your device" without the page. */
import { expect, it } from 'vitest';
import { code } from '../../website/playground/bits/code.js';
import { answerOf, digestOfAll, digests, expectedDigest, vectors } from '../../website/playground/bits/stream.js';
import { last } from '../support/last.js';
import { printed } from './state.js';

it('Node gives the digests of the vectors', async () => {
  expect(await last(digests())).toEqual(vectors.map(({ expected }) => expected));
});

it('another bit gives another digest', () => {
  const expected = vectors.map(({ expected }) => expected);
  expect(digestOfAll(expected)).toBe(expectedDigest);
  const other = expected.with(3, '0000000000000000');
  expect(digestOfAll(other)).not.toBe(expectedDigest);
  expect([expected, other].map(answerOf)).toEqual(['✓ The same bits.', '✗ Other bits: 1 of 25 masks differ.']);
});

it('25 masks, of 100,000 elements but for one', () => {
  expect(vectors.map(({ n }) => n)).toEqual([...new Array(24).fill(100_000), 4096]);
});

it('the program prints the digest', () => {
  const [digest, name] = printed(code());
  expect(digest).toBe(`the digest is ${expectedDigest}`);
  expect(name).toBe('computed by wasm-simd');
  expect(code().split('\n').length).toBeLessThanOrEqual(40);
});

/** How the playground prints numbers. */
import { expect, it } from 'vitest';
import { factor, grouped, significant } from '../../website/playground/text.js';

it.each([
  [0.004126, '0.0041'],
  [0.41, '0.41'],
  [1, '1.0'],
  [99.6, '100'],
  [141.3, '140'],
  [12_345, '12,000'],
  [1e-9, '0.0000000010'],
])('%d with two digits is %s', (value, text) => expect(significant(value, 2)).toBe(text));

it.each([
  [0, '0'],
  [999, '999'],
  [551_389, '551,389'],
  [2 ** 32, '4,294,967,296'],
])('the count %d is %s', (value, text) => expect(grouped(value)).toBe(text));

it.each([
  [2, '2'],
  [0.5, '0.5'],
  [1 / 0.7, '1.4286'],
  [1 - 0.9, '0.1'],
])('the factor %d is %s', (value, text) => expect(factor(value)).toBe(text));

/** All layers on one picture: its layers, its numbers and its programs. */
import { describe, expect, it } from 'vitest';
import * as pkg from '../../src/index.js';
import { code } from '../../website/playground/family/code.js';
import { expected, Family, measured, seedOf } from '../../website/playground/family/family.js';
import { MEMBERS, memberOf } from '../../website/playground/family/members.js';
import { builtInPicture } from '../../website/playground/family/picture.js';
import { CHANNELS, cut, PIXELS, paint, SIDE, TILE, VALUES } from '../../website/playground/family/tiles.js';
import { layerNames } from '../support/layers.js';
import { printed, stateOf } from './state.js';

const picture = builtInPicture();
const family = new Family(picture);
const settings = (p: number, number = 1) => ({ p, seed: seedOf(1, number), block: 24 });

describe('every layer of the package is in the family', () => {
  const used = MEMBERS.flatMap(({ imports }) => imports);
  it.each(layerNames(pkg))('%s', (name) => expect(used).toContain(name));
});

describe.each(MEMBERS.map((member) => [member.name, member] as const))('%s', (name, member) => {
  // The others blur the picture and tint it.
  if (name !== 'drop-connect' && name !== 'residual')
    it('p = 0 gives the picture back', () => {
      const { result, range } = family.draw(member, settings(0));
      const rgba = new Uint8ClampedArray(4 * PIXELS);
      paint(result, member.tile, range, rgba);
      const wrong = rgba.findIndex((v, i) => Math.abs(v - (i % 4 === 3 ? 255 : 255 * picture[i - (i >> 2)]!)) > 1);
      expect(wrong).toBe(-1);
    });

  it('keeps 1 − p, within five standard errors', () => {
    const { mask } = family.draw(member, settings(0.3));
    if (!member.units) {
      const [, mean, deviation] = measured(member, mask).match(/^mean (.*), standard deviation (.*)$/)!;
      expect(Math.abs(Number(mean) - 1)).toBeLessThan(0.005);
      expect(Math.abs(Number(deviation) - Number(expected(member, settings(0.3)).split(' ').at(-1)))).toBeLessThan(
        0.005,
      );
      return;
    }
    const [count] = member.units;
    const [kept] = measured(member, mask).replaceAll(',', '').split(' ').map(Number);
    expect(Number.isInteger(kept)).toBe(true);
    // The squares of DropBlock2d overlap.
    const [least, most] = name === 'drop-block' ? [0.7, 0.78] : [0.7, 0.7];
    const error = 5 * Math.sqrt((0.3 * 0.7) / count);
    expect(kept! / count).toBeGreaterThan(least - error);
    expect(kept! / count).toBeLessThan(most + error);
  });

  it('says truly whether the mask has colors', () => {
    if (!member.units) return;
    const { mask } = family.draw(member, settings(0.5));
    const colored = mask.findIndex((value, i) => (value === 0) !== (mask[i - (i % CHANNELS)] === 0));
    expect(colored === -1).toBe(member.isColorless);
  });

  it('its program prints the numbers of the page', () => {
    const state = stateOf(`?layer=${name}&layerP=0.35&layerMask=7&seed=5&block=31`);
    const { mask } = family.draw(member, { p: 0.35, seed: seedOf(5, 7), block: 31 });
    expect(code(state).split('\n').length).toBeLessThanOrEqual(40);
    expect(printed(code(state))).toEqual([measured(member, mask)]);
  });
});

it.each([8, 24, 128])('DropBlock2d keeps what is expected, with blocks of %i', (block) => {
  const member = memberOf('drop-block');
  const kept = Array.from({ length: 20 }, (_, number) => {
    const { mask } = family.draw(member, { p: 0.3, seed: seedOf(1, number), block });
    return Float32Array.from(mask).filter((value) => value !== 0).length / VALUES;
  });
  const mean = kept.reduce((sum, value) => sum + value) / kept.length;
  const error = Math.sqrt(kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / kept.length / (kept.length - 1));
  expect(Math.abs(member.expectedKept!({ p: 0.3, seed: 0n, block }) - mean)).toBeLessThan(5 * error);
  expect(expected(member, { p: 0.3, seed: 0n, block })).toContain('1 − p = 70.00 %');
});

it('a mask has a number: the same number gives the same mask, another number another one', () => {
  const draw = (number: number) => family.draw(memberOf('dropout'), settings(0.5, number)).mask.join();
  expect(draw(3)).toBe(draw(3));
  expect(draw(3)).not.toBe(draw(4));
});

it('tiles: all tiles of LockedDropout have the mask of the first', () => {
  const { mask } = family.draw(memberOf('locked'), settings(0.5));
  const features = TILE * TILE * CHANNELS;
  for (let tile = 0; tile < VALUES / features; tile++)
    expect(mask.subarray(tile * features, (tile + 1) * features).join('')).toBe(mask.subarray(0, features).join(''));
});

it('tiles: the second tile begins at the first row, column 64', () => {
  const out = new Float32Array(VALUES);
  cut(picture, TILE, out);
  const start = TILE * TILE * CHANNELS;
  expect(out.subarray(start, start + 3)).toEqual(picture.subarray(TILE * CHANNELS, TILE * CHANNELS + 3));
  expect(out.at(-1)).toBe(picture.at(-1));
  expect(out[TILE * CHANNELS]).toBe(picture[SIDE * CHANNELS]);
});

it('AlphaDropout keeps the mean and the standard deviation of the picture', () => {
  const { result } = family.draw(memberOf('alpha'), settings(0.5));
  const mean = result.reduce((sum, value) => sum + value, 0) / VALUES;
  const variance = result.reduce((sum, value) => sum + (value - mean) ** 2, 0) / VALUES;
  expect([mean, Math.sqrt(variance)].map((value) => Number(value.toFixed(2)))).toEqual([0, 1]);
});

it('a picture of one color works with every layer', () => {
  const plain = new Family(new Float32Array(VALUES).fill(0.5));
  for (const member of MEMBERS) expect(plain.draw(member, settings(0.3)).result.every(Number.isFinite)).toBe(true);
});

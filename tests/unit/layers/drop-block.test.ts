/** The layer `DropBlock2d`. Its blocks are checked in functional/drop-block.test.ts. */
import { describe, expect, it } from 'vitest';
import { ones, tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { refuses } from '../../support/expect.js';
import { zeros } from '../../support/statistics.js';

describe.each(packages)('DropBlock2d on %s', (_, { DropBlock2d }) => {
  it('drops squares within a channel, with channels last too', () => {
    const [batch, height, width, channels] = [2, 12, 10, 4];
    const layer = new DropBlock2d(0.3, { blockSize: 3, channels: 'last', seed: 42 });
    layer.forward(tensor([batch, height, width, channels]));
    const kept = layer.mask();
    const offsets = [0, 1, 2];
    let dropped = 0;
    kept.forEach((flag, i) => {
      if (flag) return;
      dropped++;
      const channel = i % channels;
      const column = Math.floor(i / channels) % width;
      const line = Math.floor(i / (channels * width));
      const isDropped = (line: number, column: number) =>
        column >= 0 && column < width && kept[(line * width + column) * channels + channel] === 0;
      // One of the 3 × 3 squares that contain the element is dropped as a whole.
      const inBlock = offsets.some((top) =>
        offsets.some((left) =>
          offsets.every((r) => offsets.every((c) => isDropped(line - top + r, column - left + c))),
        ),
      );
      expect(inBlock).toBe(true);
    });
    expect(dropped).toBeGreaterThan(100);
  });

  it('drops about p of a large image', () => {
    const layer = new DropBlock2d(0.1, { blockSize: 7, seed: 1 });
    layer.forward(ones([8, 16, 56, 56]));
    const kept = layer.mask();
    // Where blocks overlap, fewer elements are dropped.
    expect(Math.abs(zeros(kept) / kept.length - 0.1)).toBeLessThan(0.02);
  });

  it('refuses a block size that is not a positive integer', () => {
    for (const blockSize of [0, 1.5, -1, Number.NaN])
      refuses(() => new DropBlock2d(0.4, { blockSize }), RangeError, /^blockSize has to be a whole number from 1 to/);
    refuses(() => new DropBlock2d(0.4, { blockSize: '3' as never }), TypeError, /^blockSize has to be/);
  });
});

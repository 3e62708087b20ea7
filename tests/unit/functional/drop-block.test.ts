/** The function `dropBlock2d`, against a search for the blocks around each element. */
import { describe, expect, it } from 'vitest';
import { tensor } from '../../support/arrays.js';
import { packages } from '../../support/backends.js';
import { refusesBeforeWriting } from '../../support/expect.js';
import { nonzeros } from '../../support/statistics.js';

describe.each(packages)('dropBlock2d on %s', (_, { DropBlock2d, Generator, dropBlock2d, mask }) => {
  const key = new Generator(42).next();

  /** torchvision's mask: the stream draws the corners of the blocks. An element in any block is dropped. */
  function blockMask([batch, channels, height, width]: number[], blockSize: number, p: number): Uint8Array {
    const side = Math.min(blockSize, height!, width!);
    const [rows, columns] = [height! - side + 1, width! - side + 1];
    const gamma = (p * height! * width!) / (side * side * rows * columns);
    const corners = mask(batch! * channels! * rows * columns, { p: gamma, key });
    return Uint8Array.from({ length: batch! * channels! * height! * width! }, (_, i) => {
      const [plane, row, column] = [Math.floor(i / (height! * width!)), Math.floor(i / width!) % height!, i % width!];
      for (let r = Math.max(0, row - side + 1); r <= Math.min(row, rows - 1); r++)
        for (let c = Math.max(0, column - side + 1); c <= Math.min(column, columns - 1); c++)
          if (!corners[(plane * rows + r) * columns + c]) return 0;
      return 1;
    });
  }

  it.each([
    { shape: [2, 3, 9, 8], blockSize: 3, p: 0.3 },
    { shape: [2, 3, 4, 5], blockSize: 7, p: 0.5 },
    { shape: [2, 3, 6, 3], blockSize: 5, p: 0.5 },
    { shape: [1, 2, 6, 6], blockSize: 1, p: 0.2 },
    { shape: [1, 1, 30, 20], blockSize: 5, p: 0.1 },
  ])('drops the same blocks as torchvision: $shape, blocks of $blockSize, p = $p', ({ shape, blockSize, p }) => {
    const kept = blockMask(shape, blockSize, p);
    const x = tensor(shape);
    const scale = Math.fround(kept.length / nonzeros(kept));
    const y = dropBlock2d(x, { p, key, blockSize });
    expect([...y.data]).toEqual([...x.data].map((v, i) => (kept[i] ? Math.fround(v * scale) : 0)));
    const layer = new DropBlock2d(p, { blockSize, seed: 42 });
    expect(layer.forward(x)).toEqual(y);
    expect(layer.mask()).toEqual(kept);
  });

  it('with channels last, each channel of each position is a corner, in row-major order', () => {
    const [batch, height, width, channels] = [2, 6, 7, 3];
    const [side, p] = [2, 0.3];
    const [rows, columns] = [height - side + 1, width - side + 1];
    const gamma = (p * height * width) / (side * side * rows * columns);
    const corners = mask(batch * rows * columns * channels, { p: gamma, key });
    const kept = new Uint8Array(batch * height * width * channels).fill(1);
    corners.forEach((isKept, draw) => {
      if (isKept) return;
      const channel = draw % channels;
      const column = Math.floor(draw / channels) % columns;
      const row = Math.floor(draw / channels / columns) % rows;
      const image = Math.floor(draw / channels / columns / rows);
      for (let r = row; r < row + side; r++)
        for (let c = column; c < column + side; c++) kept[((image * height + r) * width + c) * channels + channel] = 0;
    });
    const x = tensor([batch, height, width, channels]);
    const layer = new DropBlock2d(p, { blockSize: side, channels: 'last', seed: 42 });
    const { data } = layer.forward(x);
    expect(layer.mask()).toEqual(kept);
    expect(data).toEqual(dropBlock2d(x, { p, key, blockSize: side, channels: 'last' }).data);
  });

  it('takes images without a batch axis', () => {
    const [batched, single] = [tensor([1, 2, 6, 6]), tensor([2, 6, 6])];
    const options = { p: 0.3, key, blockSize: 2 };
    expect(dropBlock2d(single, options).data).toEqual(dropBlock2d(batched, options).data);
  });

  it.each([
    ['first', '[batch, channels, height, width] or [channels, height, width]'],
    ['last', '[batch, height, width, channels] or [height, width, channels]'],
  ] as const)('refuses other ranks, channels %s', (channels, expected) => {
    for (const shape of [[2, 12], [24], [1, 2, 3, 2, 2]])
      refusesBeforeWriting(
        (data) => dropBlock2d(tensor(shape), { p: 0.4, key, blockSize: 2, channels, out: { data, shape } }),
        RangeError,
        `x.shape has to be ${expected}, but got [${shape}]`,
      );
  });

  it.each([
    [0, RangeError],
    [1.5, RangeError],
    ['2', TypeError],
    [undefined, TypeError],
  ] as const)('refuses blocks of %s', (blockSize, type) => {
    const shape = [1, 4, 6];
    refusesBeforeWriting(
      (data) => dropBlock2d(tensor(shape), { p: 0.4, key, blockSize: blockSize as number, out: { data, shape } }),
      type,
      /^blockSize has to be a whole number from 1/,
    );
  });
});

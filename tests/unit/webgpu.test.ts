/**
 * What dropout-wasm/webgpu records, on a stand-in for a device. tests/runtimes/webgpu.ts runs it on devices, whose results
 * tests/webgpu/suite.ts checks.
 */
import { describe, expect, it } from 'vitest';
import { Dropout, Generator, setTraining } from '../../src/index.js';
import { monteCarlo } from '../../src/monte-carlo/index.js';
import * as entry from '../../src/webgpu/index.js';
import { FakeDevice, fakeEncoder } from '../support/fake-gpu.js';
import { BAD, wrongWith } from '../webgpu/errors.js';

const { create, GpuDropout } = entry;

const GAMMA = 0x9e3779b97f4a7c15n;
const PART = 2 ** 23;

function setUp() {
  const device = new FakeDevice();
  const gpu = create(device);
  const buffer = (size: number) => device.createBuffer({ size, usage: 128 });
  return { device, gpu, buffer, ...fakeEncoder() };
}

/** struct Call of shaders/stream.wgsl. */
function uniformsOf({ bindings: [set] }: ReturnType<typeof fakeEncoder>['dispatches'][number]) {
  const [baseLow, baseHigh, low, high, scale, first, n, xStart, outStart] = set!.buffer.written.get(set!.offset!)!;
  return {
    base: (BigInt(baseHigh!) << 32n) | BigInt(baseLow!),
    P: high! * 65536 + low!,
    scale: new Float32Array(Uint32Array.of(scale!).buffer)[0],
    first,
    n,
    xStart,
    outStart,
  };
}

describe('errors', () => {
  it.each(BAD)('%s', (...bad) => {
    expect(wrongWith(bad, setUp().gpu, entry)).toBeUndefined();
  });

  it('a lost device', async () => {
    const { device, gpu, buffer, encoder, dispatches } = setUp();
    const out = buffer(400);
    device.lose({ reason: 'destroyed', message: 'Device was destroyed.' });
    await device.lost;
    for (const call of [
      () => gpu.dropout(encoder, { out, length: 100, p: 0.5, key: 1n }),
      () => gpu.mask(encoder, { out, length: 100, p: 0.5, key: 1n }),
    ])
      expect(call).toThrow(
        new Error('the device is lost (destroyed, Device was destroyed.): create another, and its buffers'),
      );
    const layer = new GpuDropout(0.5, { gpu, seed: 1 });
    expect(() => layer.forward(encoder, out)).toThrow(/^the device is lost/);
    expect(layer.generator.position).toBe(0);
    expect(dispatches).toEqual([]);
  });

  it('a device that is lost for no reason', async () => {
    const { device, gpu, buffer, encoder } = setUp();
    device.lose({ message: '' });
    await device.lost;
    expect(() => gpu.mask(encoder, { out: buffer(4), length: 1, p: 0, key: undefined })).toThrow(
      'the device is lost (unknown)',
    );
  });

  it('x and out farther apart in one buffer than the device can bind', () => {
    const { gpu, buffer, encoder, dispatches } = setUp();
    const all = buffer(2 ** 28);
    const call = (offset: number) =>
      gpu.dropout(encoder, { x: all, out: { buffer: all, offset }, length: 4, p: 0.5, key: 1n });
    expect(() => call(2 ** 27)).toThrow(
      new RangeError(
        'out has to be so near its input in the same buffer that one binding of 134217728 bytes holds both, ' +
          'but got 134217744: ' +
          'use another buffer, or requestDevice({ requiredLimits: { maxStorageBufferBindingSize: 134217744 } })',
      ),
    );
    expect(dispatches).toEqual([]);
    call(2 ** 27 - 16);
    expect(dispatches).toHaveLength(2);
  });
});

describe('what is recorded', () => {
  it('the uniforms of a call, from its block on', () => {
    const { gpu, buffer, encoder, dispatches } = setUp();
    const key = 0xfedcba9876543210n;
    gpu.dropout(encoder, { x: buffer(400), out: buffer(400), length: 100, p: 0.25, key, offset: 2 ** 53 - 100 });
    expect(dispatches.map(({ entryPoint, groups }) => [entryPoint, groups])).toEqual([
      ['main', 1],
      ['between', 1],
    ]);
    const block = (2n ** 53n - 100n) / 4096n;
    const expected = {
      base: BigInt.asUintN(64, key + 17n * block * GAMMA),
      P: 2 ** 30,
      scale: Math.fround(4 / 3),
      first: 4096 - 100,
      n: 100,
      xStart: 0,
      outStart: 0,
    };
    for (const dispatch of dispatches) expect(uniformsOf(dispatch)).toEqual(expected);
  });

  it.each([
    [0, 0, 1],
    [1, 2 ** 32, Number.POSITIVE_INFINITY],
  ])('p = %d is a call like any other, without a key', (p, P, scale) => {
    const { gpu, buffer, encoder, dispatches } = setUp();
    gpu.dropout(encoder, { x: buffer(400), out: buffer(400), length: 100, p, key: undefined });
    expect(dispatches).toHaveLength(2);
    expect(uniformsOf(dispatches[1]!)).toMatchObject({ P, scale, base: 0n });
  });

  it('ranges at any multiple of 4, bound at multiples of the alignment', () => {
    const { gpu, buffer, encoder, dispatches } = setUp();
    const [x, out] = [buffer(4000), buffer(4000)];
    gpu.dropout(encoder, {
      x: { buffer: x, offset: 260 },
      out: { buffer: out, offset: 508, size: 400 },
      length: 100,
      p: 0.5,
      key: 1n,
    });
    expect(dispatches[1]!.bindings.slice(2)).toEqual([
      { buffer: out, offset: 256, size: 652 },
      { buffer: x, offset: 256, size: 404 },
    ]);
    expect(uniformsOf(dispatches[1]!)).toMatchObject({ xStart: 1, outStart: 63 });
  });

  it('one binding for x and out in one buffer, in place and apart', () => {
    const { gpu, buffer, encoder, dispatches } = setUp();
    const all = buffer(4000);
    const call = { length: 100, p: 0.5, key: 1n };
    gpu.dropout(encoder, { out: { buffer: all, offset: 1000 }, ...call });
    gpu.dropout(encoder, { x: { buffer: all, offset: 2000 }, out: { buffer: all, offset: 1600 }, ...call });
    gpu.dropout(encoder, { x: all, out: { buffer: all }, ...call });
    const [inPlace, apart, whole] = dispatches.filter(({ entryPoint }) => entryPoint === 'within');
    expect(inPlace!.bindings.slice(2)).toEqual([{ buffer: all, offset: 768, size: 632 }]);
    expect(uniformsOf(inPlace!)).toMatchObject({ xStart: 58, outStart: 58 });
    expect(apart!.bindings.slice(2)).toEqual([{ buffer: all, offset: 1536, size: 864 }]);
    expect(uniformsOf(apart!)).toMatchObject({ xStart: 116, outStart: 16 });
    expect(whole!.bindings.slice(2)).toEqual([{ buffer: all, offset: 0, size: 400 }]);
  });

  it('a long call in parts, each within the limits of every device', () => {
    const { gpu, buffer, encoder, dispatches } = setUp();
    const length = 3 * PART + 5;
    const out = buffer(4 * length);
    gpu.dropout(encoder, { x: buffer(4 * length), out, length, p: 0.5, key: 7n, offset: 5000 });
    const parts = dispatches.filter(({ entryPoint }) => entryPoint === 'between');
    expect(parts.map((part) => uniformsOf(part).n)).toEqual([PART, PART, PART, 5]);
    parts.forEach((part, i) => {
      expect(uniformsOf(part)).toMatchObject({
        base: BigInt.asUintN(64, 7n + 17n * BigInt(1 + i * (PART / 4096)) * GAMMA),
        first: 5000 - 4096,
      });
      expect(part.bindings[2]!.offset).toBe(4 * i * PART);
    });
    for (const { groups, bindings } of dispatches) {
      expect(groups).toBeLessThanOrEqual(65_535);
      for (const { size = 0 } of bindings) expect(size).toBeLessThanOrEqual(2 ** 27);
    }
  });

  it('a long mask in parts of whole words', () => {
    const { gpu, buffer, encoder, dispatches } = setUp();
    const length = PART + 33;
    gpu.mask(encoder, { out: buffer(PART / 8 + 8), length, p: 0.5, key: 7n, offset: 1 });
    const masks = dispatches.filter((_, i) => i % 2);
    expect(masks.map(({ bindings: [, , out] }) => [out!.offset, out!.size])).toEqual([
      [0, PART / 8],
      [PART / 8, 8],
    ]);
  });

  it('no uniforms twice, and nothing is destroyed: an encoder may be submitted at any later time', () => {
    const { device, gpu, buffer, encoder, dispatches } = setUp();
    const out = buffer(400);
    for (let i = 0; i < 600; i++) gpu.dropout(encoder, { out, length: 1, p: 0.5, key: BigInt(i) });
    const sets = dispatches.filter((_, i) => i % 2).map(({ bindings: [set] }) => set!);
    expect(sets.map(({ buffer, offset }) => buffer.written.get(offset!)![0])).toEqual(
      Array.from({ length: 600 }, (_, i) => i),
    );
    expect(device.buffers.some(({ isDestroyed }) => isDestroyed)).toBe(false);
    expect(new Set(dispatches.map(({ bindings: [, flags] }) => flags!.buffer)).size).toBe(1);
  });

  it('length 0: nothing', () => {
    const { gpu, buffer, encoder, dispatches } = setUp();
    gpu.dropout(encoder, { out: buffer(4), length: 0, p: 0.5, key: 1n });
    gpu.mask(encoder, { out: buffer(4), length: 0, p: 0.5, key: 1n });
    expect(dispatches).toEqual([]);
  });

  it('shaders without comments', () => {
    const { device } = setUp();
    for (const code of device.shaders) expect(code).not.toMatch(/\/\/|^\s/m);
  });
});

describe('GpuDropout', () => {
  const layerOf = (options: object = { seed: 42 }, p?: number) => {
    const all = setUp();
    return { ...all, layer: new GpuDropout(p, { gpu: all.gpu, ...options }), x: all.buffer(400) };
  };

  it('draws the keys of Dropout, one for each training forward', () => {
    const { layer, x, encoder } = layerOf();
    const cpu = new Dropout(0.5, { seed: 42 });
    expect([layer.p, layer.training, layer.key]).toEqual([0.5, true, undefined]);
    for (let i = 0; i < 3; i++) {
      expect(layer.forward(encoder, x)).toBe(x);
      cpu.forward(new Float32Array(100));
      expect([layer.key, layer.generator.position]).toEqual([cpu.key, i + 1]);
    }
    expect(`${layer}`).toBe('GpuDropout(p=0.5, training, seed 42 at 3)');
  });

  it('takes the next child of a generator, like Dropout', () => {
    const { layer } = layerOf({ generator: new Generator(5) });
    expect(layer.generator.seed).toBe(new Dropout(0.5, { generator: new Generator(5) }).generator.seed);
  });

  it('backward repeats the latest forward, pullback its own', () => {
    const { layer, x, buffer, encoder, dispatches } = layerOf();
    const bases = () => dispatches.filter((_, i) => i % 2).map((dispatch) => uniformsOf(dispatch).base);
    const dy = buffer(400);
    layer.forward(encoder, x);
    const pullback = layer.pullback();
    layer.forward(encoder, x);
    expect(layer.backward(encoder, dy)).toBe(dy);
    expect(pullback(encoder, dy)).toBe(dy);
    const out = buffer(400);
    expect(pullback(encoder, dy, out)).toBe(out);
    layer.mask(encoder, out);
    const [first, second, ...rest] = bases();
    expect(rest).toEqual([second, first, first, second]);
    expect(first).not.toBe(second);
  });

  it('evaluation records nothing in place, copies to out, and passes gradients through', () => {
    const { layer, x, buffer, encoder, dispatches } = layerOf();
    const out = buffer(400);
    setTraining([layer.layer], false);
    expect(layer.training).toBe(false);
    layer.forward(encoder, x);
    layer.backward(encoder, x);
    expect(dispatches).toEqual([]);
    expect(() => layer.forward(undefined as never, x)).toThrow(/^encoder/);
    expect(() => layer.forward(encoder, x, { buffer: x, size: 4 })).toThrow(/^out has to be at least 400/);
    expect(layer.forward(encoder, x, out)).toBe(out);
    expect(uniformsOf(dispatches[1]!)).toMatchObject({ P: 0, scale: 1 });
    expect([layer.generator.position, layer.key]).toEqual([0, undefined]);
    expect(layer.train().training).toBe(true);
    expect(layer.eval().training).toBe(false);
  });

  it('always is active in evaluation', () => {
    const { layer, x, encoder, dispatches } = layerOf({ seed: 1, always: true });
    layer.eval().forward(encoder, x);
    expect(dispatches).toHaveLength(2);
  });

  it('runs in monteCarlo by its layer', async () => {
    const { layer, x, encoder } = layerOf({ seed: 42 });
    const keys: unknown[] = [];
    await monteCarlo(
      async () => {
        layer.forward(encoder, x);
        keys.push(layer.key);
        return Float32Array.of(1);
      },
      { layers: [layer.layer], samples: 3 },
    );
    expect(keys).toEqual([0, 1, 2].map((i) => new Generator(42).fork(`sample ${i}`).keyAt(0)));
    expect(layer.generator.position).toBe(0);
  });

  it('p may be set, and is checked', () => {
    const { layer } = layerOf();
    layer.p = 0.25;
    expect([layer.p, layer.layer.p]).toEqual([0.25, 0.25]);
    expect(() => {
      layer.p = 3;
    }).toThrow(RangeError);
  });

  it('a forward that throws draws no key and leaves the latest forward', () => {
    const { layer, x, buffer, encoder } = layerOf();
    layer.forward(encoder, x);
    const { key } = layer;
    expect(() => layer.forward(encoder, x, buffer(396))).toThrow(
      new RangeError('out has to be at least 400 bytes long for 100 elements, but got 396'),
    );
    expect([layer.key, layer.generator.position]).toEqual([key, 1]);
  });

  it.each([
    ['dy of another size', 396, 'dy has to be of 100 elements, like x, but got 99'],
    ['dy of no whole elements', 402, 'dy.size has to be a multiple of 4, but got 402'],
  ])('%s', (_, size, message) => {
    const { layer, x, buffer, encoder } = layerOf();
    layer.forward(encoder, x);
    expect(() => layer.backward(encoder, buffer(size))).toThrow(new RangeError(message));
  });

  it('errors name dy', () => {
    const { layer, x, device, encoder } = layerOf();
    layer.forward(encoder, x);
    const dy = device.createBuffer({ size: 400, usage: 8 });
    expect(() => layer.backward(encoder, dy)).toThrow(/^dy.usage/);
    const all = device.createBuffer({ size: 800, usage: 128 });
    expect(() => layer.backward(encoder, { buffer: all, size: 400 }, { buffer: all, offset: 200 })).toThrow(
      /^out.offset has to be 0, like that of dy, or at least 400 bytes away/,
    );
  });

  it('is stored as a Dropout, and restored from one', () => {
    const { layer, gpu, x, encoder } = layerOf({ seed: 42, always: true }, 0.3);
    layer.forward(encoder, x);
    const cpu = Dropout.fromJSON(JSON.parse(JSON.stringify(layer)));
    expect(JSON.stringify(cpu)).toBe(JSON.stringify(layer));
    cpu.forward(new Float32Array(100));
    const moved = GpuDropout.fromJSON(cpu.toJSON(), gpu);
    expect(moved.toJSON()).toEqual(cpu.toJSON());
    moved.forward(encoder, x);
    cpu.forward(new Float32Array(100));
    expect(moved.key).toBe(cpu.key);
  });

  it('refuses JSON with a noise shape, and of other layers', () => {
    const { gpu } = setUp();
    const json = new Dropout(0.5, { seed: 1, noiseShape: [1, 8] }).toJSON();
    expect(() => GpuDropout.fromJSON(json, gpu)).toThrow(
      new RangeError('noiseShape has to be undefined on a GPU, where every element has its own draw, but got [1,8]'),
    );
    expect(() => GpuDropout.fromJSON({ ...json, type: 'DropPath' }, gpu)).toThrow(RangeError);
    expect(() => GpuDropout.fromJSON(undefined as never, gpu)).toThrow(TypeError);
    const plain = new Dropout(0.5, { seed: 1 }).toJSON();
    expect(() => GpuDropout.fromJSON(plain, undefined as never)).toThrow(/^gpu has to be/);
  });
});

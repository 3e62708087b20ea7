/**
 * The checks of dropout-wasm/webgpu on a device: what it writes has the bits of the calls on arrays. They run in pages and
 * in Deno, so nothing here imports Node or vitest.
 */

import { Random } from '../runtimes/random.js';
import type { Recorder } from '../runtimes/recorder.js';
import { bitsOf, bytesOf } from '../support/bits.js';
import { digestOf } from '../support/digest.js';
import { GUARD, guardsIntact } from '../support/guards.js';
import { streamVectors } from '../support/vectors.js';
import { BAD, wrongWith } from './errors.js';
import { allocate, download, floatsOf, type Setting, submit, upload } from './setting.js';

/** How many random cases run. */
export type Extent = 'short' | 'full';

export type Check = readonly [
  name: string,
  run: (setting: Setting, recorder: Recorder, extent: Extent) => Promise<void> | void,
];

/** The result of `gpu.dropout` on the elements of an array. */
async function dropped(setting: Setting, x: Float32Array, call: Call): Promise<Float32Array> {
  const buffer = upload(setting, x.length ? x : new Float32Array(1));
  submit(setting.device, (encoder) => setting.gpu.dropout(encoder, { out: buffer, length: x.length, ...call }));
  const y = await floatsOf(setting, buffer);
  buffer.destroy();
  return y.subarray(0, x.length);
}

interface Call {
  p: number;
  key: bigint | undefined;
  offset?: number;
}

/** The bytes of `gpu.mask`. */
async function maskOf(setting: Setting, length: number, call: Call): Promise<Uint8Array> {
  const buffer = allocate(setting, 4 * Math.max(1, Math.ceil(length / 32)));
  submit(setting.device, (encoder) => setting.gpu.mask(encoder, { out: buffer, length, ...call }));
  const bytes = new Uint8Array(await download(setting, buffer));
  buffer.destroy();
  return bytes.subarray(0, Math.ceil(length / 8));
}

/** Floats of any bits: denormals, infinities and NaN among them. */
const anyFloats = (random: Random, n: number) =>
  new Float32Array(Uint32Array.from({ length: n }, () => patternOf(random)).buffer);

/** Any bits, or those of a number at an end of an interval of denormals, normals or infinities. */
function patternOf(random: Random): number {
  const word = random.word();
  if (random.below(4)) return word;
  const edge = random.pick([0, 0x00800000, 0x7f000000, 0x7f800000]);
  return ((word & 0x80000000) | ((edge + random.below(7) - 3) & 0x7fffffff)) >>> 0;
}

const anyCall = (random: Random): Required<Call> => ({
  p: random.p(),
  key: random.pick([random.key(), random.key(), random.key(), 0n]),
  offset: random.offset(),
});

const textOf = ({ p, key, offset }: Call) => `p ${p}, key ${key}, offset ${offset}`;

/** A buffer of guard bytes with room for parts of these many words, and where they start: at any word. */
function room(random: Random, ...words: number[]): { memory: Uint8Array<ArrayBuffer>; starts: number[] } {
  const starts: number[] = [];
  let end = 0;
  for (const size of words) {
    starts.push(4 * (end + random.below(100)));
    end = starts.at(-1)! / 4 + size;
  }
  return { memory: new Uint8Array(4 * (end + 1 + random.below(100))).fill(GUARD), starts };
}

/**
 * Runs cases side by side, since Firefox looks for a result ten times a second. Each resolves to what records it, which
 * runs in the order of the cases.
 */
async function together<T>(cases: readonly T[], run: (value: T, i: number) => Promise<() => void>): Promise<void> {
  for (let i = 0; i < cases.length; i += 50)
    for (const record of await Promise.all(cases.slice(i, i + 50).map((value, j) => run(value, i + j)))) record();
}

const count = (n: number) => Array.from({ length: n }, (_, i) => i);

export const CHECKS: readonly Check[] = [
  [
    'vectors: masks',
    async (setting, recorder) => {
      await together(streamVectors.masks, async ({ seed, position, p, offset, bits, digests }) => {
        const call = { p, offset, key: new setting.arrays.Generator(BigInt(seed), position).next() };
        const lengths = Object.keys(digests);
        const y = await dropped(setting, new Float32Array(bits.length).fill(1), call);
        const masks = await Promise.all(lengths.map((n) => maskOf(setting, Number(n), call)));
        return () => {
          const label = `${seed} at ${position}, p ${p}, offset ${offset}`;
          // Not a product with 1 / (1 − p), which is infinite at p = 1.
          recorder.expect(
            label,
            y,
            Float32Array.from(bits, (bit) => (bit === '1' ? 1 / (1 - p) : 0)),
          );
          lengths.forEach((n, i) => {
            recorder.expect(`${n} elements of ${label}`, digestOf(masks[i]!), digests[n]);
          });
        };
      });
    },
  ],
  [
    'random dropout: two buffers, one buffer, in place',
    async (setting, recorder, extent) => {
      const random = new Random(1);
      await together(count(extent === 'full' ? 1500 : 150), async (i) => {
        const n = random.length();
        const call = anyCall(random);
        const x = anyFloats(random, n);
        const expected = setting.arrays.dropout(x, call);
        const label = `case ${i}: ${n} elements, ${textOf(call)}`;
        const place = random.pick(['two', 'one', 'in place'] as const);
        const { memory, starts } = place === 'one' ? room(random, n, n) : room(random, n);
        if (place === 'one' && random.chance()) starts.reverse();
        const at = starts.at(-1)!;
        const own = room(random, n);
        memory.set(bytesOf(x), starts[0]!);
        own.memory.set(bytesOf(x), own.starts[0]!);
        const buffer = upload(setting, memory);
        const source = upload(setting, own.memory);
        const size = 4 * n;
        submit(setting.device, (encoder) =>
          setting.gpu.dropout(encoder, {
            ...(place === 'two' && { x: { buffer: source, offset: own.starts[0]! } }),
            ...(place === 'one' && { x: { buffer, offset: starts[0]!, size } }),
            out: { buffer, offset: at, size },
            length: n,
            ...call,
          }),
        );
        const result = await download(setting, buffer);
        for (const each of [buffer, source]) each.destroy();
        return () => {
          recorder.expect(label, new Float32Array(result.slice(at, at + size)), expected);
          const written = [new Uint8Array(result, at, size)];
          if (place === 'one') {
            const kept = new Uint8Array(result, starts[0]!, size);
            recorder.expect(`x of ${label}`, digestOf(kept), digestOf(bytesOf(x)));
            written.push(kept);
          }
          recorder.expect(`guards of ${label}`, guardsIntact(new Uint8Array(result), written), true);
        };
      });
    },
  ],
  [
    'random masks',
    async (setting, recorder, extent) => {
      const random = new Random(2);
      await together(count(extent === 'full' ? 1000 : 100), async (i) => {
        const n = random.length();
        const call = anyCall(random);
        const size = 4 * Math.ceil(n / 32);
        const { memory, starts } = room(random, size / 4);
        const buffer = upload(setting, memory);
        const out = { buffer, offset: starts[0]! };
        submit(setting.device, (encoder) => setting.gpu.mask(encoder, { out, length: n, ...call }));
        const result = await download(setting, buffer);
        const label = `case ${i}: ${n} elements, ${textOf(call)}`;
        const expected = new Uint8Array(size);
        expected.set(setting.arrays.mask(n, { ...call, format: 'bits' }));
        buffer.destroy();
        return () => {
          const written = new Uint8Array(result, starts[0]!, size);
          recorder.expect(label, written, expected);
          recorder.expect(`guards of ${label}`, guardsIntact(new Uint8Array(result), [written]), true);
        };
      });
    },
  ],
  [
    'products of any bits',
    async (setting, recorder, extent) => {
      const random = new Random(3);
      const key = random.key();
      const scales = [
        2 ** -24,
        2 ** -20,
        0.1,
        0.25,
        0.3,
        1 / 3,
        0.5,
        0.7,
        0.75,
        0.9,
        0.999,
        1 - 2 ** -20,
        1 - 2 ** -31,
      ];
      await together(count(extent === 'full' ? 100 : 20), async (i) => {
        const p = scales[i] ?? random.unit();
        const x = anyFloats(random, 65536);
        const result = await dropped(setting, x, { p, key });
        return () => recorder.expect(`p ${p}`, result, setting.arrays.dropout(x, { p, key }));
      });
    },
  ],
  [
    'a dropped NaN or infinity is +0, a kept NaN stays one',
    async (setting, recorder) => {
      const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, -0];
      const x = Float32Array.from({ length: 500 }, (_, i) => values[i % 5]!);
      const call = { p: 0.5, key: 42n };
      const mask = setting.arrays.mask(x.length, call);
      const y = await dropped(setting, x, call);
      recorder.expect(
        'all',
        y,
        Float32Array.from(x, (value, i) => (mask[i] ? value * 2 : 0)),
      );
    },
  ],
  [
    'p = 0 and p = 1 need no key',
    async (setting, recorder) => {
      const x = anyFloats(new Random(4), 5000);
      recorder.expect('p = 0', await dropped(setting, x, { p: 0, key: undefined }), x);
      recorder.expect('p = 1', await dropped(setting, x, { p: 1, key: undefined }), new Float32Array(5000));
      recorder.expect(
        'mask',
        await maskOf(setting, 41, { p: 0, key: undefined }),
        Uint8Array.of(255, 255, 255, 255, 255, 1),
      );
      recorder.expect('no mask', await maskOf(setting, 41, { p: 1, key: undefined }), new Uint8Array(6));
    },
  ],
  [
    'STORAGE is the only usage that p = 0 and p = 1 need',
    async (setting, recorder) => {
      const { device, gpu } = setting;
      const errors: string[] = [];
      device.pushErrorScope('validation');
      const buffers = [0, 1].map(() => device.createBuffer({ size: 400, usage: 128 }));
      submit(device, (encoder) => {
        for (const p of [0, 0.5, 1])
          gpu.dropout(encoder, { x: buffers[0]!, out: buffers[1]!, length: 100, p, key: 1n });
      });
      const error = await device.popErrorScope();
      if (error) errors.push(error.message);
      recorder.expect('errors', errors.join(), '');
    },
  ],
  [
    'many calls in one encoder, and encoders that are submitted in another order',
    async (setting, recorder) => {
      const { device, gpu, arrays } = setting;
      const x = anyFloats(new Random(5), 3000);
      const buffers = [0, 1, 2].map(() => upload(setting, x));
      const encoders = buffers.map(() => device.createCommandEncoder());
      const expected = buffers.map(() => x.slice());
      // More than a buffer of uniforms holds.
      for (let key = 0n; key < 400n; key++)
        buffers.forEach((buffer, i) => {
          const call = { p: 0.001 * (i + 1), key: key + 1000n * BigInt(i), offset: 1234 };
          gpu.dropout(encoders[i]!, { out: buffer, length: x.length, ...call });
          arrays.dropout(expected[i]!, { ...call, out: expected[i]! });
        });
      device.queue.submit(encoders.reverse().map((encoder) => encoder.finish()));
      for (const [i, buffer] of buffers.entries())
        recorder.expect(`encoder ${i}`, await floatsOf(setting, buffer), expected[i]);
    },
  ],
  [
    'calls of more than one part',
    async (setting, recorder) => {
      const n = 2 ** 23 + 12345;
      const call = { p: 0.3, key: 7n, offset: 2 ** 40 + 4095 };
      const x = Float32Array.from({ length: n }, (_, i) => i - 1000);
      const y = await dropped(setting, x, call);
      recorder.expect('dropout', digestOf(bitsOf(y)), digestOf(bitsOf(setting.arrays.dropout(x, call))));
      const bits = 3 * 2 ** 23 + 77;
      const mask = await maskOf(setting, bits, { ...call, offset: 3 });
      const expected = setting.arrays.mask(bits, { ...call, offset: 3, format: 'bits' });
      recorder.expect('mask', digestOf(mask), digestOf(expected));
    },
  ],
  [
    'length 0 records nothing',
    (setting, recorder) => {
      const encoder = setting.device.createCommandEncoder();
      const out = allocate(setting, 4);
      setting.gpu.dropout(encoder, { out, length: 0, p: 0.5, key: 1n });
      setting.gpu.mask(encoder, { out, length: 0, p: 0.5, key: 1n });
      recorder.add('finished', typeof encoder.finish());
    },
  ],
  [
    'GpuDropout: the masks of Dropout, forward and backward, moved between them by JSON',
    async (setting, recorder) => {
      const { arrays, device, entry, gpu } = setting;
      const cpu = new arrays.Dropout(0.3, { seed: 42 });
      let layer = new entry.GpuDropout(0.3, { gpu, seed: 42 });
      const x = anyFloats(new Random(6), 5000);
      for (let step = 0; step < 4; step++) {
        const [input, out, dy, mask] = [
          upload(setting, x),
          allocate(setting, 20000),
          upload(setting, x),
          allocate(setting, 628),
        ];
        submit(device, (encoder) => {
          layer.forward(encoder, input, out);
          layer.backward(encoder, dy);
          layer.mask(encoder, mask);
        });
        recorder.expect(`forward ${step}`, await floatsOf(setting, out), cpu.forward(x));
        recorder.expect(`x ${step} stays`, await floatsOf(setting, input), x);
        recorder.expect(`backward ${step}`, await floatsOf(setting, dy), cpu.backward(x));
        recorder.expect(
          `mask ${step}`,
          new Uint8Array(await download(setting, mask)).subarray(0, 625),
          cpu.mask('bits'),
        );
        recorder.expect(`key ${step}`, layer.key, cpu.key);
        recorder.expect(`JSON ${step}`, JSON.stringify(layer), JSON.stringify(cpu));
        // A step on the CPU, and back.
        const moved = arrays.Dropout.fromJSON(layer.toJSON());
        recorder.expect(`moved ${step}`, moved.forward(x), cpu.forward(x));
        layer = entry.GpuDropout.fromJSON(moved.toJSON(), gpu);
      }
    },
  ],
  [
    'GpuDropout: evaluation copies, and records nothing in place',
    async (setting, recorder) => {
      const { device, entry, gpu } = setting;
      const layer = new entry.GpuDropout(0.3, { gpu, seed: 42 }).eval();
      const x = anyFloats(new Random(7), 100);
      const [input, out] = [upload(setting, x), allocate(setting, 400)];
      submit(device, (encoder) => layer.forward(encoder, input, out));
      recorder.expect('copy', await floatsOf(setting, out), x);
      // An encoder of a device that is gone would record an error.
      layer.forward(
        {
          beginComputePass: () => {
            throw new Error('a pass');
          },
        } as never,
        input,
      );
      recorder.expect('position', layer.generator.position, 0);
    },
  ],
  [
    'bad arguments are errors before a command is recorded',
    ({ gpu, entry }, recorder) => {
      for (const each of BAD) recorder.expect(each[0], wrongWith(each, gpu, entry), undefined);
    },
  ],
  [
    'a buffer of another device is an error of the device',
    async (setting, recorder) => {
      const { device, gpu } = setting;
      const other = await setting.newDevice();
      const call = { length: 1, p: 0.5, key: 1n };
      const errorOf = async (run: (encoder: GPUCommandEncoder) => void) => {
        device.pushErrorScope('validation');
        submit(device, run);
        return (await device.popErrorScope()) !== null;
      };
      recorder.expect(
        'none',
        await errorOf((encoder) => gpu.dropout(encoder, { ...call, out: allocate(setting, 4) })),
        false,
      );
      const foreign = allocate({ ...setting, device: other }, 4);
      recorder.expect(
        'a buffer of another device',
        await errorOf((encoder) => gpu.dropout(encoder, { ...call, out: foreign })),
        true,
      );
      other.destroy();
    },
  ],
  [
    'a lost device is an error before a command is recorded',
    async (setting, recorder) => {
      const device = await setting.newDevice();
      const other = { ...setting, device, gpu: setting.entry.create(device) };
      const out = allocate(other, 400);
      const encoder = device.createCommandEncoder();
      other.gpu.dropout(encoder, { out, length: 100, p: 0.5, key: 1n });
      device.destroy();
      await device.lost;
      let message = '';
      try {
        other.gpu.dropout(encoder, { out, length: 100, p: 0.5, key: 1n });
      } catch (error) {
        message = String(error).replace(/\(.*\)/, '(…)');
      }
      recorder.expect('error', message, 'Error: the device is lost (…): create another, and its buffers');
    },
  ],
];

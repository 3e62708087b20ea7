/** Bad arguments of dropout-wasm/webgpu, on a device or a stand-in for one. Nothing here imports Node or vitest. */
import type * as Entry from '../../src/webgpu/index.js';
import type { GpuBuffer, GpuDevice, GpuDropoutCall, GpuEncoder } from '../../src/webgpu/index.js';

interface Buffers {
  /** 400 bytes each, for shaders. */
  x: GpuBuffer;
  out: GpuBuffer;
  /** 400 bytes that shaders may not use. */
  copied: GpuBuffer;
}

type Bad = readonly [
  name: string,
  call: (gpu: Entry.Gpu, encoder: GpuEncoder, buffers: Buffers, entry: typeof Entry) => unknown,
  type: 'TypeError' | 'RangeError' | 'Error',
  message: RegExp,
];

const good = { length: 100, p: 0.5, key: 1n };

const bad = (
  name: string,
  options: (buffers: Buffers) => object,
  type: 'TypeError' | 'RangeError',
  message: RegExp,
): Bad => [
  name,
  (gpu, encoder, buffers) =>
    gpu.dropout(encoder, { ...good, ...buffersOf(buffers), ...options(buffers) } as GpuDropoutCall),
  type,
  message,
];

const buffersOf = ({ x, out }: Buffers) => ({ x, out });

/** Every call must throw this error, and neither record a command nor draw a key. */
export const BAD: readonly Bad[] = [
  bad(
    'no out',
    () => ({ out: undefined }),
    'TypeError',
    /^out has to be a GPUBuffer or { buffer, offset, size }, but got undefined/,
  ),
  bad('an array', () => ({ x: new Float32Array(100) }), 'TypeError', /^x has to be a GPUBuffer .*but got Float32Array/),
  bad('a range without a buffer', () => ({ x: { offset: 4 } }), 'TypeError', /^x has to be a GPUBuffer/),
  bad('a misspelled range', ({ x }) => ({ x: { buffer: x, ofset: 4 } }), 'TypeError', /^unknown option "ofset"/),
  bad(
    'x without STORAGE',
    ({ copied }) => ({ x: copied }),
    'RangeError',
    /^x.usage has to be with GPUBufferUsage.STORAGE, but got \d+: create/,
  ),
  bad('out without STORAGE', ({ copied }) => ({ out: copied }), 'RangeError', /^out.usage/),
  bad(
    'x too small',
    ({ out }) => ({ x: { buffer: out, size: 396 } }),
    'RangeError',
    /^x has to be at least 400 bytes long for 100 elements, but got 396/,
  ),
  bad(
    'out too small',
    () => ({ length: 101 }),
    'RangeError',
    /^out has to be at least 404 bytes long for 101 elements, but got 400/,
  ),
  bad(
    'offset 2',
    ({ x }) => ({ x: { buffer: x, offset: 2 } }),
    'RangeError',
    /^x.offset has to be a multiple of 4, but got 2/,
  ),
  bad(
    'offset beyond the buffer',
    ({ x }) => ({ x: { buffer: x, offset: 404 } }),
    'RangeError',
    /^x.offset has to be .* from 0 to 400/,
  ),
  bad('offset -4', ({ x }) => ({ x: { buffer: x, offset: -4 } }), 'RangeError', /^x.offset/),
  bad('offset "4"', ({ x }) => ({ x: { buffer: x, offset: '4' } }), 'TypeError', /^x.offset/),
  bad('size null', ({ x }) => ({ x: { buffer: x, size: null } }), 'TypeError', /^x.size/),
  bad(
    'a size beyond the buffer',
    ({ x }) => ({ x: { buffer: x, offset: 4, size: 400 } }),
    'RangeError',
    /^x.size has to be .* from 0 to 396/,
  ),
  bad(
    'ranges that overlap in part',
    ({ x }) => ({ length: 50, x, out: { buffer: x, offset: 196 } }),
    'RangeError',
    /^out.offset has to be 0, like that of x, or at least 200 bytes away from it, but got 196/,
  ),
  bad(
    'x after out, overlapping',
    ({ x }) => ({ length: 50, x: { buffer: x, offset: 196 }, out: x }),
    'RangeError',
    /^out.offset/,
  ),
  bad('no length', () => ({ length: undefined }), 'TypeError', /^length has to be a whole number/),
  bad('length 1.5', () => ({ length: 1.5 }), 'RangeError', /^length/),
  bad('length -1', () => ({ length: -1 }), 'RangeError', /^length/),
  bad('no p', () => ({ p: undefined }), 'TypeError', /^p has to be/),
  bad('p 50', () => ({ p: 50 }), 'RangeError', /^p has to be between 0 and 1, but got 50: 0.5 is 50 %/),
  bad('no key', () => ({ key: undefined }), 'TypeError', /^key has to be a bigint/),
  bad('a key of 65 bits', () => ({ key: 2n ** 64n }), 'RangeError', /^key/),
  bad('a negative offset', () => ({ offset: -1 }), 'RangeError', /^offset/),
  bad(
    'a misspelled option',
    () => ({ lenght: 100 }),
    'TypeError',
    /^unknown option "lenght": the options are x, out, length, p, key, offset/,
  ),
  [
    'no options',
    (gpu, encoder) => gpu.dropout(encoder, undefined as never),
    'TypeError',
    /^out has to be|^length has to be|^p has to be/,
  ],
  [
    'no encoder',
    (gpu, _, { x }) => gpu.dropout(undefined as never, { ...good, out: x }),
    'TypeError',
    /^encoder has to be a GPUCommandEncoder, but got undefined: device.createCommandEncoder/,
  ],
  [
    'a pass as encoder',
    (gpu, _, { x }) => gpu.mask({ dispatchWorkgroups() {} } as never, { ...good, out: x }),
    'TypeError',
    /^encoder/,
  ],
  [
    'a mask that is too small',
    (gpu, encoder, { x }) => gpu.mask(encoder, { ...good, length: 3201, out: x }),
    'RangeError',
    /^out has to be at least 404 bytes long for 3201 elements/,
  ],
  [
    'a mask with x',
    (gpu, encoder, { x }) => gpu.mask(encoder, { ...good, x, out: x } as never),
    'TypeError',
    /^unknown option "x": the options are out, length/,
  ],
  [
    'no device',
    (_gpu, _encoder, _buffers, { create }) => create(undefined as never),
    'TypeError',
    /^device has to be a GPUDevice, but got undefined: await \(await navigator.gpu.requestAdapter\(\)\).requestDevice\(\)/,
  ],
  ['null for a device', (_gpu, _encoder, _buffers, { create }) => create(null as never), 'TypeError', /^device/],
  [
    'an adapter',
    (_gpu, _encoder, _buffers, { create }) => create({ requestDevice() {} } as never),
    'TypeError',
    /await adapter.requestDevice\(\)/,
  ],
  [
    'navigator.gpu',
    (_gpu, _encoder, _buffers, { create }) => create({ requestAdapter() {} } as never),
    'TypeError',
    /await \(await gpu.requestAdapter\(\)\).requestDevice\(\)/,
  ],
  [
    'a promise',
    (_gpu, _encoder, _buffers, { create }) => create(Promise.resolve() as never),
    'TypeError',
    /but got Promise: await it/,
  ],
  [
    'GpuDropout without gpu',
    (_gpu, _encoder, _buffers, { GpuDropout }) => new GpuDropout(0.5, {} as never),
    'TypeError',
    /^gpu has to be what create\(device\) returns/,
  ],
  [
    'GpuDropout without options',
    (_gpu, _encoder, _buffers, { GpuDropout }) => new (GpuDropout as never as new (p: number) => object)(0.5),
    'TypeError',
    /^gpu/,
  ],
  [
    'GpuDropout of a device',
    (gpu, _encoder, _buffers, { GpuDropout }) => new GpuDropout(0.5, { gpu: gpu.device as never }),
    'TypeError',
    /^gpu/,
  ],
  [
    'GpuDropout with a noise shape',
    (gpu, _encoder, _buffers, { GpuDropout }) => new GpuDropout(0.5, { gpu, noiseShape: [1] } as never),
    'TypeError',
    /^unknown option "noiseShape": the options are gpu, always, seed, generator/,
  ],
  ['p 2', (gpu, _encoder, _buffers, { GpuDropout }) => new GpuDropout(2, { gpu }), 'RangeError', /^p/],
  [
    'backward before forward',
    (gpu, encoder, { x }, { GpuDropout }) => new GpuDropout(0.5, { gpu }).backward(encoder, x),
    'Error',
    /^backward needs a forward first/,
  ],
  [
    'mask before forward',
    (gpu, encoder, { x }, { GpuDropout }) => new GpuDropout(0.5, { gpu }).mask(encoder, x),
    'Error',
    /^mask needs a forward first/,
  ],
  [
    'pullback before forward',
    (gpu, _encoder, _buffers, { GpuDropout }) => new GpuDropout(0.5, { gpu }).pullback(),
    'Error',
    /^pullback needs a forward first/,
  ],
];

const buffersFor = (device: GpuDevice): Buffers => {
  const create = (usage: number) => device.createBuffer({ size: 400, usage });
  return { x: create(128), out: create(128), copied: create(8) };
};

/** What is wrong with a bad call's error; undefined if it is right. */
export function wrongWith([name, call, type, message]: Bad, gpu: Entry.Gpu, entry: typeof Entry): string | undefined {
  let passes = 0;
  const beginComputePass = () => {
    passes++;
    throw new Error('recorded');
  };
  try {
    call(gpu, { beginComputePass }, buffersFor(gpu.device), entry);
  } catch (error) {
    if (passes) return `${name}: a command was recorded`;
    const isRight = error instanceof Error && error.name === type && message.test(error.message);
    return isRight ? undefined : `${name}: ${error}`;
  }
  return `${name}: no error`;
}

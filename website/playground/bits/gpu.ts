/** The masks of the test vectors, drawn on a GPU. Loaded where there is one. */
import { Generator } from 'dropout-wasm';
import { create } from 'dropout-wasm/webgpu';
import { digestOf } from '../../../tests/support/digest.js';
import { vectors } from './stream.js';

/** GPUBufferUsage, which TypeScript does not declare. MAP_READ is also GPUMapMode.READ. */
const [MAP_READ, COPY_SRC, COPY_DST, STORAGE] = [1, 4, 8, 128];

/** The digests of the masks, all in one buffer. @throws Error if the device refuses */
export async function gpuDigests(adapter: GPUAdapter): Promise<string[]> {
  const device = await adapter.requestDevice();
  device.pushErrorScope('validation');
  const gpu = create(device);
  const words = vectors.map(({ n }) => Math.ceil(n / 32));
  const starts = words.map((_, i) => 4 * words.slice(0, i).reduce((sum, each) => sum + each, 0));
  const size = starts.at(-1)! + 4 * words.at(-1)!;
  const buffer = device.createBuffer({ size, usage: STORAGE | COPY_SRC });
  const readable = device.createBuffer({ size, usage: COPY_DST | MAP_READ });
  const encoder = device.createCommandEncoder();
  for (const [i, { seed, position, p, offset, n }] of vectors.entries()) {
    const key = new Generator(BigInt(seed)).keyAt(position);
    gpu.mask(encoder, { out: { buffer, offset: starts[i]! }, length: n, p, key, offset });
  }
  encoder.copyBufferToBuffer(buffer, 0, readable, 0, size);
  device.queue.submit([encoder.finish()]);
  const error = await device.popErrorScope();
  if (error) throw new Error(error.message);
  await readable.mapAsync(MAP_READ);
  const bytes = readable.getMappedRange();
  const digests = vectors.map(({ n }, i) => digestOf(new Uint8Array(bytes, starts[i], Math.ceil(n / 8))));
  device.destroy();
  return digests;
}

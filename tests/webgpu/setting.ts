/** What the checks of dropout-wasm/webgpu need. They run in pages and in Deno, so nothing here imports Node or vitest. */
import type * as Arrays from '../../src/index.js';
import type * as Entry from '../../src/webgpu/index.js';
import { bytesOf } from '../support/bits.js';

export interface Setting {
  device: GPUDevice;
  gpu: Entry.Gpu;
  /** dropout-wasm/webgpu. */
  entry: typeof Entry;
  /** dropout-wasm, whose calls on arrays are the truth. */
  arrays: typeof Arrays;
  /** Another device. */
  newDevice(): Promise<GPUDevice>;
}

/** STORAGE alone, which is what the entry asks for, and what tests need to read and write. */
export const STORAGE = 128;
const COPY_SRC = 4;
const COPY_DST = 8;
const MAP_READ = 1;

/** A buffer with the bytes of an array. */
export function upload({ device }: Setting, data: ArrayBufferView): GPUBuffer {
  const buffer = device.createBuffer({ size: data.byteLength, usage: STORAGE | COPY_SRC | COPY_DST });
  device.queue.writeBuffer(buffer, 0, bytesOf(data) as Uint8Array<ArrayBuffer>);
  return buffer;
}

/** A buffer of zeros. */
export const allocate = ({ device }: Setting, size: number): GPUBuffer =>
  device.createBuffer({ size, usage: STORAGE | COPY_SRC });

/** The bytes of a buffer, after all that was submitted before. */
export async function download({ device }: Setting, buffer: GPUBuffer): Promise<ArrayBuffer> {
  const { size } = buffer;
  const readable = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  submit(device, (encoder) => encoder.copyBufferToBuffer(buffer, 0, readable, 0, size));
  await readable.mapAsync(MAP_READ);
  const bytes = readable.getMappedRange().slice(0);
  readable.destroy();
  return bytes;
}

export function submit(device: GPUDevice, record: (encoder: GPUCommandEncoder) => void): void {
  const encoder = device.createCommandEncoder();
  record(encoder);
  device.queue.submit([encoder.finish()]);
}

export const floatsOf = async (setting: Setting, buffer: GPUBuffer): Promise<Float32Array> =>
  new Float32Array(await download(setting, buffer));

/**
 * The buffers of a call, as the shaders may bind them.
 * @module
 */
import { checkOptions, checkWhole, isOptions, wrongType, wrongValue } from './shared.js';
import type { GpuBuffer, GpuBufferRange, GpuDevice } from './types.js';

/** What users pass: a buffer, or a part of one. */
export type BufferOrRange = GpuBuffer | GpuBufferRange;

/** A part of a buffer, in bytes. */
export type Range = Required<GpuBufferRange>;

/** GPUBufferUsage, which is no global in Node. */
export const USAGE = { COPY_DST: 8, UNIFORM: 64, STORAGE: 128 };

const isBuffer = (value: unknown): value is GpuBuffer =>
  typeof (value as GpuBuffer)?.size === 'number' && typeof (value as GpuBuffer).usage === 'number';

const checkRange = (value: GpuBufferRange, name: string): GpuBufferRange =>
  checkOptions(value, ['buffer', 'offset', 'size'], name);

/** @throws TypeError, RangeError unless value is a buffer for shaders, or a part of one that starts at a multiple of 4 */
export function rangeOf(value: BufferOrRange, name: string): Range {
  const {
    buffer,
    offset = 0,
    size,
  } = isOptions(value) && !isBuffer(value) ? checkRange(value, name) : { buffer: value };
  if (!isBuffer(buffer)) throw wrongType(name, 'a GPUBuffer or { buffer, offset, size }', buffer);
  if (!(buffer.usage & USAGE.STORAGE))
    throw wrongValue(`${name}.usage`, 'with GPUBufferUsage.STORAGE', buffer.usage, 'create it with that usage');
  checkWhole(offset, `${name}.offset`, buffer.size);
  if (offset % 4) throw wrongValue(`${name}.offset`, 'a multiple of 4', offset);
  const rest = buffer.size - offset;
  return { buffer, offset, size: size === undefined ? rest : checkWhole(size, `${name}.size`, rest) };
}

/** The first `bytes` of a range. @throws RangeError if it has fewer */
export function startOf({ buffer, offset, size }: Range, bytes: number, name: string, length: number): Range {
  if (size < bytes) throw wrongValue(name, `at least ${bytes} bytes long for ${length} elements`, size);
  return { buffer, offset, size: bytes };
}

/** @throws RangeError if the ranges, of equal size, overlap without being the same */
export function checkOverlap(x: Range, out: Range, name: string): void {
  if (x.buffer === out.buffer && x.offset !== out.offset && Math.abs(x.offset - out.offset) < out.size)
    throw wrongValue(
      'out.offset',
      `${x.offset}, like that of ${name}, or at least ${out.size} bytes away from it`,
      out.offset,
    );
}

/** A range as a bind group takes it, and where its elements start in it. */
export interface Binding {
  readonly resource: Range;
  readonly starts: number[];
}

/**
 * Binds the smallest range that the device allows and that has all ranges, which lie in one buffer: a binding starts at
 * a multiple of the alignment, usually 256 bytes.
 *
 * @throws RangeError if the device cannot bind as much
 */
export function bind({ limits }: GpuDevice, ...ranges: Range[]): Binding {
  const alignment = limits.minStorageBufferOffsetAlignment;
  const offset = Math.floor(Math.min(...ranges.map((range) => range.offset)) / alignment) * alignment;
  const size = Math.max(...ranges.map((range) => range.offset + range.size)) - offset;
  if (size > limits.maxStorageBufferBindingSize)
    throw wrongValue(
      'out',
      `so near its input in the same buffer that one binding of ${limits.maxStorageBufferBindingSize} bytes holds both`,
      size,
      `use another buffer, or requestDevice({ requiredLimits: { maxStorageBufferBindingSize: ${size} } })`,
    );
  return {
    resource: { buffer: ranges[0]!.buffer, offset, size },
    starts: ranges.map((range) => (range.offset - offset) / 4),
  };
}

/**
 * Dropout and masks on buffers of a WebGPU device, by the shaders of shaders/.
 * @module
 */
import { brand } from '../core/brand.js';
import type { Draws } from '../core/draws.js';
import { add, fromNumber, GAMMA, mul, type U64 } from '../core/u64.js';
import {
  type Binding,
  type BufferOrRange,
  bind,
  checkOverlap,
  type Range,
  rangeOf,
  startOf,
  USAGE,
} from './buffers.js';
import { drawShader, dropoutShader, maskShader, streamShader } from './inlined.js';
import { checkDraws, checkOptions, checkWhole, wrongType } from './shared.js';
import type { GpuBuffer, GpuDevice, GpuEncoder, GpuPipeline } from './types.js';

/** The draws of a call, like those of the calls on arrays. */
export interface GpuCallOptions {
  /** The number of elements. */
  length: number;
  /** Probability that an element is dropped, from 0 to 1. */
  p: number;
  /**
   * Key of the call's stream, from a Generator or `layer.key`, or the same as a string of hex digits. It may be undefined
   * where p is 0 or 1.
   */
  key: bigint | string | undefined;
  /** Element i takes draw `offset + i` of the stream. An integer up to 2^53, default 0. */
  offset?: number;
}

/** Options of `gpu.dropout`. */
export interface GpuDropoutCall extends GpuCallOptions {
  /** f32 elements. By default `out`, in place. */
  x?: BufferOrRange;
  /** Where the result goes, `length` f32 elements: x itself or clear of it. Both may lie in one buffer. */
  out: BufferOrRange;
}

/** Options of `gpu.mask`. */
export interface GpuMaskCall extends GpuCallOptions {
  /** Where the mask goes: whole 32-bit words, 4 · ⌈length / 32⌉ bytes. */
  out: BufferOrRange;
}

/** Elements in a block, and the words of their flags. */
const BLOCK = 4096;
const BLOCK_WORDS = BLOCK / 32;
const WORDS = fromNumber(17);

/**
 * Elements for which one pair of passes runs. It bounds the flags to 1 MB, and every binding and dispatch to what each
 * device allows: 128 MiB and 65,535 workgroups.
 */
const PART = 2 ** 23;

/** Bytes from one set of uniforms to the next, the largest alignment that a device may ask for, and sets in a buffer. */
const UNIFORMS = 256;
const SETS = 256;

/** Invocations in a workgroup of shaders/. */
const DRAW_GROUP = 32;
const GROUP = 64;

/** A part of a call: the uniforms of shaders/stream.wgsl without the places of x and out. */
interface Part {
  /** Element 0 of the part in the call. */
  readonly from: number;
  readonly base: U64;
  /** The place of element 0 in its block. */
  readonly first: number;
  readonly n: number;
}

/** Dropout on buffers of one device. `create` makes it. */
export class Gpu {
  private readonly pipelines: Record<'draw' | 'between' | 'within' | 'mask', GpuPipeline>;
  /** The flags of one part. Every part writes them before it reads them, so calls and encoders may share them. */
  private readonly flags: GpuBuffer;
  /** Uniforms for the next calls. A set is used once, since an encoder may be submitted at any later time. */
  private uniforms: GpuBuffer | undefined;
  private sets = 0;
  private lost: string | undefined;

  /** @internal */
  constructor(
    /** The device. */
    readonly device: GpuDevice,
  ) {
    const pipeline = (code: string, entryPoint: string) =>
      device.createComputePipeline({
        label: LABEL,
        layout: 'auto',
        compute: { module: device.createShaderModule({ label: LABEL, code: streamShader + code }), entryPoint },
      });
    this.pipelines = {
      draw: pipeline(drawShader, 'main'),
      between: pipeline(dropoutShader, 'between'),
      within: pipeline(dropoutShader, 'within'),
      mask: pipeline(maskShader, 'main'),
    };
    const size = 4 * BLOCK_WORDS * (PART / BLOCK + 1);
    this.flags = device.createBuffer({ label: LABEL, size, usage: USAGE.STORAGE });
    device.lost.then(({ reason, message }) => {
      this.lost = `${reason || 'unknown'}${message && `, ${message}`}`;
    });
    brand(this, 'Gpu');
  }

  /**
   * Records dropout on f32 elements: each becomes +0 with probability p and x / (1 − p) otherwise. The bits are those of
   * `dropout` on arrays, except for the payloads of NaN. The gradient with respect to x is the same call on dy.
   *
   * The buffers need the usage STORAGE. They may start at any multiple of 4 bytes. Nothing is written outside of `out`.
   *
   * @param encoder a GPUCommandEncoder of the device, with no open pass
   * @throws TypeError or RangeError that names the argument, Error if the device is lost, before a command is recorded
   */
  dropout(encoder: GpuEncoder, options: GpuDropoutCall): void {
    this.dropoutOf(encoder, options, 'x');
  }

  /** @internal `dropout`, where errors call x by another name. */
  dropoutOf(encoder: GpuEncoder, options: GpuDropoutCall, name: 'x' | 'dy'): void {
    const { x, out, length, ...call } = checkOptions(options, ['x', 'out', 'length', 'p', 'key', 'offset']);
    const draws = this.check(encoder, call, length);
    const bytes = 4 * length;
    const target = startOf(rangeOf(out, 'out'), bytes, 'out', length);
    const source = x === undefined ? target : startOf(rangeOf(x, name), bytes, name, length);
    checkOverlap(source, target, name);
    const isApart = source.buffer !== target.buffer;
    // Nothing changes, as in evaluation.
    if (call.p === 0 && !isApart && source.offset === target.offset) return;
    const scale = 1 / (1 - call.p);
    this.record(encoder, draws, length, (part) => {
      const [from, to] = [source, target].map((range) => partOf(range, 4 * part.from, 4 * part.n)) as [Range, Range];
      const bindings = isApart ? [bind(this.device, to), bind(this.device, from)] : [bind(this.device, from, to)];
      const [xStart, outStart] = isApart ? [bindings[1]!.starts[0]!, bindings[0]!.starts[0]!] : bindings[0]!.starts;
      return {
        pipeline: this.pipelines[isApart ? 'between' : 'within'],
        bindings,
        uniforms: { scale, xStart: xStart!, outStart: outStart! },
        groups: Math.ceil((Math.ceil((part.first + part.n) / 4) - Math.floor(part.first / 4)) / GROUP),
      };
    });
  }

  /**
   * Records the mask of a call: element i is bit i % 32 of word ⌊i / 32⌋, 1 = kept. Those are the bytes of `mask` on
   * arrays with `format: 'bits'`, followed by zeros to a whole word.
   *
   * @param encoder a GPUCommandEncoder of the device, with no open pass
   * @throws TypeError or RangeError that names the argument, Error if the device is lost, before a command is recorded
   */
  mask(encoder: GpuEncoder, options: GpuMaskCall): void {
    const { out, length, ...call } = checkOptions(options, ['out', 'length', 'p', 'key', 'offset']);
    const draws = this.check(encoder, call, length);
    const target = startOf(rangeOf(out, 'out'), 4 * Math.ceil(length / 32), 'out', length);
    this.record(encoder, draws, length, (part) => {
      const words = Math.ceil(part.n / 32);
      const binding = bind(this.device, partOf(target, part.from / 8, 4 * words));
      return {
        pipeline: this.pipelines.mask,
        bindings: [binding],
        uniforms: { scale: 0, xStart: 0, outStart: binding.starts[0]! },
        groups: Math.ceil(words / GROUP),
      };
    });
  }

  private check(encoder: GpuEncoder, { p, key, offset }: Omit<GpuCallOptions, 'length'>, length: number): Draws {
    if (typeof encoder?.beginComputePass !== 'function')
      throw wrongType('encoder', 'a GPUCommandEncoder', encoder, 'device.createCommandEncoder() gives one');
    const draws = checkDraws(p, key, offset);
    checkWhole(length, 'length');
    if (this.lost !== undefined) throw new Error(`the device is lost (${this.lost}): create another, and its buffers`);
    return draws;
  }

  /** Records both passes for each part of a call. */
  private record(
    encoder: GpuEncoder,
    draws: Draws,
    length: number,
    prepare: (part: Part) => {
      pipeline: GpuPipeline;
      bindings: Binding[];
      uniforms: { scale: number; xStart: number; outStart: number };
      groups: number;
    },
  ): void {
    const parts = partsOf(draws, length).map((part) => ({ part, ...prepare(part) }));
    for (const { part, pipeline, bindings, uniforms, groups } of parts) {
      const set = this.nextUniforms(part, draws.P, uniforms);
      const pass = encoder.beginComputePass({ label: LABEL });
      const run = (pipeline: GpuPipeline, groups: number, ...resources: Range[]) => {
        const entries = [set, { buffer: this.flags }, ...resources].map((resource, binding) => ({ binding, resource }));
        const layout = pipeline.getBindGroupLayout(0);
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, this.device.createBindGroup({ label: LABEL, layout, entries }));
        pass.dispatchWorkgroups(groups);
      };
      const lanes = 8 * Math.ceil((part.first + part.n) / BLOCK);
      run(this.pipelines.draw, Math.ceil(lanes / DRAW_GROUP));
      run(pipeline, groups, ...bindings.map(({ resource }) => resource));
      pass.end();
    }
  }

  /** Writes the uniforms of a part, struct Call of shaders/stream.wgsl. */
  private nextUniforms(
    { base, first, n }: Part,
    P: number,
    { scale, xStart, outStart }: { scale: number; xStart: number; outStart: number },
  ): Range {
    const { device } = this;
    if (this.sets % SETS === 0)
      // The one before is not destroyed: an encoder may still hold it.
      this.uniforms = device.createBuffer({
        label: LABEL,
        size: SETS * UNIFORMS,
        usage: USAGE.UNIFORM | USAGE.COPY_DST,
      });
    const [bits] = new Uint32Array(Float32Array.of(scale).buffer);
    const words = Uint32Array.of(base.lo, base.hi, P % 65536, P / 65536, bits!, first, n, xStart, outStart, 0, 0, 0);
    const set = { buffer: this.uniforms!, offset: (this.sets++ % SETS) * UNIFORMS, size: words.byteLength };
    device.queue.writeBuffer(set.buffer, set.offset, words);
    return set;
  }
}

/** The name of every object, in the messages of WebGPU. */
const LABEL = 'dropout-wasm';

const partOf = ({ buffer, offset }: Range, from: number, size: number): Range => ({
  buffer,
  offset: offset + from,
  size,
});

/** Cuts a call into parts of at most PART elements. */
function partsOf({ key, offset }: Draws, length: number): Part[] {
  const block = Math.floor(offset / BLOCK);
  return Array.from({ length: Math.ceil(length / PART) }, (_, i) => {
    const from = i * PART;
    return {
      from,
      // PART is a number of whole blocks.
      base: add(key, mul(fromNumber(block + from / BLOCK), mul(WORDS, GAMMA))),
      first: offset % BLOCK,
      n: Math.min(PART, length - from),
    };
  });
}

/**
 * Prepares dropout on buffers of a device. It compiles the shaders and takes 1 MB of the device's memory, so keep it.
 *
 * @param device a GPUDevice
 * @throws TypeError unless device is a GPUDevice
 * @example
 * import { Generator } from 'dropout-wasm';
 * import { create } from 'dropout-wasm/webgpu';
 *
 * const adapter = await globalThis.navigator?.gpu?.requestAdapter();
 * if (adapter) {
 *   const device = await adapter.requestDevice();
 *   const gpu = create(device);
 *   const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
 *   const x = device.createBuffer({ size: 4 * 1000, usage: STORAGE | COPY_SRC | COPY_DST });
 *   device.queue.writeBuffer(x, 0, new Float32Array(1000).fill(1));
 *   const encoder = device.createCommandEncoder();
 *   gpu.dropout(encoder, { out: x, length: 1000, p: 0.5, key: new Generator(42).next() });
 *   device.queue.submit([encoder.finish()]);
 * }
 */
export function create(device: GpuDevice): Gpu {
  if (typeof device?.createComputePipeline !== 'function')
    throw wrongType('device', 'a GPUDevice', device, remedyFor(device));
  return new Gpu(device);
}

function remedyFor(value: unknown): string {
  const { then, requestDevice, requestAdapter } = Object(value);
  if (then) return 'await it';
  if (requestDevice) return 'await adapter.requestDevice() gives one';
  if (requestAdapter) return 'await (await gpu.requestAdapter()).requestDevice() gives one';
  return 'await (await navigator.gpu.requestAdapter()).requestDevice() gives one, where there is WebGPU';
}

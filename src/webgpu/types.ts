/**
 * What is used of WebGPU, since TypeScript's libraries declare it in its newest versions alone. The objects of browsers,
 * Deno and Node fit these types.
 * @module
 */

/** A GPUBuffer. */
export interface GpuBuffer {
  /** In bytes. */
  readonly size: number;
  readonly usage: number;
}

/** A range of a GPUBuffer, in bytes, as `createBindGroup` takes it. */
export interface GpuBufferRange {
  buffer: GpuBuffer;
  /** A multiple of 4, default 0. */
  offset?: number;
  /** By default the rest of the buffer. */
  size?: number;
}

/** A GPUCommandEncoder. */
export interface GpuEncoder {
  beginComputePass(descriptor: object): GpuPass;
}

/** A GPUComputePassEncoder. */
export interface GpuPass {
  // biome-ignore lint/suspicious/noExplicitAny: WebGPU's own declarations brand these objects
  setPipeline(pipeline: any): void;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  setBindGroup(index: number, group: any): void;
  dispatchWorkgroups(count: number): void;
  end(): void;
}

/** A GPUDevice. */
export interface GpuDevice {
  readonly limits: { readonly maxStorageBufferBindingSize: number; readonly minStorageBufferOffsetAlignment: number };
  readonly lost: Promise<{ readonly reason?: string | undefined; readonly message: string }>;
  readonly queue: { writeBuffer(buffer: object, offset: number, data: Uint32Array): void };
  createBuffer(descriptor: object): GpuBuffer;
  createBindGroup(descriptor: object): object;
  createComputePipeline(descriptor: object): GpuPipeline;
  createShaderModule(descriptor: object): object;
}

/** A GPUComputePipeline. */
export interface GpuPipeline {
  getBindGroupLayout(index: number): object;
}

/**
 * dropout-wasm/webgpu: the masks of this package, and dropout by them, on buffers of a WebGPU device. The bits are those
 * of the calls on arrays. Calls record commands into an encoder and never wait.
 * @module
 */
export type { BufferOrRange } from './buffers.js';
export { create, type Gpu, type GpuCallOptions, type GpuDropoutCall, type GpuMaskCall } from './gpu.js';
export { GpuDropout, type GpuDropoutOptions } from './gpu-dropout.js';
export type { GpuBuffer, GpuBufferRange, GpuDevice, GpuEncoder, GpuPass, GpuPipeline } from './types.js';

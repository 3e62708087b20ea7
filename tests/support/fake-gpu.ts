/** A stand-in for a WebGPU device, which shows what is recorded and computes nothing. It fits no real encoder. */
import type { GpuBuffer, GpuDevice, GpuEncoder } from '../../src/webgpu/index.js';

interface FakeBuffer extends GpuBuffer {
  label?: string;
  /** What `writeBuffer` has written, by its offset. */
  written: Map<number, Uint32Array>;
  isDestroyed: boolean;
  destroy(): void;
}

/** A dispatch, with the entry point of its pipeline and what its bind group holds. */
export interface Dispatch {
  entryPoint: string;
  groups: number;
  bindings: { buffer: FakeBuffer; offset?: number; size?: number }[];
}

export class FakeDevice implements GpuDevice {
  readonly limits = { maxStorageBufferBindingSize: 2 ** 27, minStorageBufferOffsetAlignment: 256 };
  readonly lost: GpuDevice['lost'];
  /** Loses the device. */
  lose!: (info: { reason?: string; message: string }) => void;
  readonly buffers: FakeBuffer[] = [];
  readonly shaders: string[] = [];
  readonly queue = {
    writeBuffer: (buffer: FakeBuffer, offset: number, data: Uint32Array<ArrayBuffer>) => {
      buffer.written.set(offset, data.slice());
    },
  };

  constructor() {
    this.lost = new Promise((resolve) => {
      this.lose = resolve;
    });
  }

  createBuffer({ size, usage }: { size: number; usage: number }): FakeBuffer {
    const buffer: FakeBuffer = {
      size,
      usage,
      written: new Map(),
      isDestroyed: false,
      destroy() {
        buffer.isDestroyed = true;
      },
    };
    this.buffers.push(buffer);
    return buffer;
  }

  createShaderModule({ code }: { code: string }): object {
    this.shaders.push(code);
    return {};
  }

  createComputePipeline({ compute: { entryPoint } }: { compute: { entryPoint: string } }) {
    return { entryPoint, getBindGroupLayout: () => ({}) };
  }

  createBindGroup({ entries }: { entries: { resource: Dispatch['bindings'][number] }[] }): object {
    return entries.map(({ resource }) => resource);
  }
}

/** An encoder, and the dispatches that are recorded in it. */
export function fakeEncoder(): { encoder: GpuEncoder; dispatches: Dispatch[] } {
  const dispatches: Dispatch[] = [];
  let current: Omit<Dispatch, 'groups'> = { entryPoint: '', bindings: [] };
  const encoder: GpuEncoder = {
    beginComputePass: () => ({
      setPipeline: ({ entryPoint }: { entryPoint: string }) => {
        current = { ...current, entryPoint };
      },
      setBindGroup: (_index: number, bindings: Dispatch['bindings']) => {
        current = { ...current, bindings };
      },
      dispatchWorkgroups: (groups: number) => dispatches.push({ ...current, groups }),
      end() {},
    }),
  };
  return { encoder, dispatches };
}

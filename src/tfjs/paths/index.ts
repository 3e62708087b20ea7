/**
 * Which way serves a backend. It is chosen once for each backend, by what the backend can do.
 * @module
 */
import { env, getKernel } from '@tensorflow/tfjs-core';
import { type HeapBackend, heapPath } from './heap.js';
import type { Backend, Path, Select } from './path.js';
import { applyNoise, copyValues, selectByWhere } from './public.js';
import { selectOnWebgl, type WebglBackend } from './webgl.js';
import { proveWebgpu, selectOnWebgpu, type WebgpuBackend } from './webgpu.js';

const paths = /* @__PURE__ */ new WeakMap<object, Path>();

/** @param name the backend's name in TensorFlow.js */
export function pathFor(backend: object, name: string): Path {
  const path = paths.get(backend) ?? choose(backend as AnyBackend, name);
  paths.set(backend, path);
  return path;
}

/** A backend with the members of all. */
type AnyBackend = Partial<HeapBackend & WebglBackend & WebgpuBackend> &
  Backend & {
    /** Of the cpu backend: the arrays. */
    readonly data?: { get?: unknown };
  };

function choose(backend: AnyBackend, name: string): Path {
  const copyPath = (kind: 'values' | 'copy', reason?: string): Path => ({
    name: kind,
    reason,
    run: (x, map) => copyValues(backend, x, map),
  });
  if (backend.wasm)
    return heapPath(backend as HeapBackend) ?? copyPath('copy', 'the heap is not where TensorFlow.js 4 has it');
  if (backend.runWebGLProgram) return webglPath(backend as WebglBackend, name);
  if (backend.runWebGPUProgram) return webgpuPath(backend as WebgpuBackend, name);
  if (backend.data?.get) return copyPath('values');
  const reason = 'the backend is not known';
  const hasOps = ['Select', 'Multiply', 'Add', 'Fill'].every((kernel) => getKernel(kernel, name));
  return hasOps ? new UploadPath(name, reason) : copyPath('copy', reason);
}

/** Uploads a mask or noise. Nothing is read back, so nothing waits for the device. */
class UploadPath implements Path {
  name: 'webgl' | 'webgpu' | 'where' = 'where';
  /** Selects on the device. Without it, `tf.where` does. */
  select: Select | undefined;
  /** Why the device is lost. */
  lost: () => string | undefined | false = () => undefined;

  constructor(
    readonly backend: string,
    public reason?: string,
  ) {}

  /** From now on, selects by a program of the device. */
  use(name: 'webgl' | 'webgpu', select: Select): void {
    Object.assign(this, { name, select, reason: undefined });
  }

  run(...[x, map]: Parameters<Path['run']>): ReturnType<Path['run']> {
    this.check();
    const factors = map.factors();
    if (!('bits' in factors)) return applyNoise(x, factors);
    try {
      if (this.select) return this.select(x, factors);
    } catch (error) {
      this.check();
      Object.assign(this, { name: 'where', select: undefined, reason: String(error) });
    }
    return selectByWhere(x, factors);
  }

  private check(): void {
    const reason = this.lost();
    if (reason)
      throw new Error(`the backend ${this.backend} has lost its device (${reason}): choose another by tf.setBackend`);
  }
}

function webglPath(backend: WebglBackend, name: string): Path {
  const path = new UploadPath(name);
  path.lost = () => backend.gpgpu?.gl?.isContextLost?.() && 'context lost';
  // GLSL ES 1.00 has no shifts, and a half float holds no 16 bits.
  if (env().getNumber('WEBGL_VERSION') !== 2) path.reason = 'WebGL 2 is missing';
  else if (!env().getBool('WEBGL_RENDER_FLOAT32_ENABLED')) path.reason = 'textures of floats are missing';
  else path.use('webgl', (x, masked) => selectOnWebgl(backend, x, masked));
  return path;
}

function webgpuPath(backend: WebgpuBackend, name: string): Path {
  const path = new UploadPath(name, 'the shader is being compiled');
  let lost: string | undefined;
  path.lost = () => lost;
  backend.device.lost.then(({ message }) => {
    lost = message || 'destroyed';
  });
  proveWebgpu(backend).then(
    () => path.use('webgpu', (x, masked) => selectOnWebgpu(backend, x, masked)),
    (error) => {
      path.reason = String(error);
    },
  );
  return path;
}

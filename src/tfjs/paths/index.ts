/**
 * Which way serves a backend. It is chosen once for each backend, by what the backend can do.
 * @module
 */
import { env, getKernel, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import type { ElementwiseMap, Masked } from '../maps.js';
import { type HeapBackend, heapPath } from './heap.js';
import type { Backend, Path } from './path.js';
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
  if (backend.wasm)
    return (
      heapPath(backend as HeapBackend) ?? copyPath('copy', backend, 'the heap is not where TensorFlow.js 4 has it')
    );
  if (typeof backend.runWebGLProgram === 'function') return webglPath(backend as WebglBackend, name);
  if (typeof backend.runWebGPUProgram === 'function') return webgpuPath(backend as WebgpuBackend, name);
  if (typeof backend.data?.get === 'function') return copyPath('values', backend);
  const reason = `the backend ${name} is not known`;
  const hasOps = ['Select', 'Multiply', 'Add', 'Fill'].every((kernel) => getKernel(kernel, name));
  return hasOps ? uploadPath('where', selectByWhere, reason) : copyPath('copy', backend, reason);
}

const copyPath = (name: 'values' | 'copy', backend: Backend, reason?: string): Path => ({
  name,
  reason,
  run: (x, map) => copyValues(backend, x, map),
});

/** Uploads a mask or noise. */
const uploadPath = (
  name: 'webgl' | 'webgpu' | 'where',
  select: (x: Tensor, masked: Masked) => TensorInfo,
  reason?: string,
): Path => ({
  name,
  reason,
  run(x: Tensor, map: ElementwiseMap) {
    const factors = map.factors(name === 'where' ? 'bytes' : 'bits');
    return 'mask' in factors ? select(x, factors) : applyNoise(x, factors);
  },
});

/** A path that a backend takes unless its device is lost. */
const onDevice = (name: string, lost: () => string | undefined, path: () => Path): Path => ({
  get name() {
    return path().name;
  },
  get reason() {
    return path().reason;
  },
  run(x, map) {
    const reason = lost();
    if (reason !== undefined)
      throw new Error(`the backend ${name} has lost its device (${reason}): choose another by tf.setBackend`);
    return path().run(x, map);
  },
});

function webglPath(backend: WebglBackend, name: string): Path {
  const select = (x: Tensor, masked: Masked): TensorInfo => {
    try {
      return selectOnWebgl(backend, x, masked);
    } catch (error) {
      if (isLost()) throw error;
      path = uploadPath('where', selectByWhere, String(error));
      return selectByWhere(x, masked);
    }
  };
  const isLost = () => backend.gpgpu?.gl?.isContextLost?.() ?? false;
  // GLSL ES 1.00 has no shifts, and a half float holds no 16 bits.
  const reason =
    env().getNumber('WEBGL_VERSION') !== 2
      ? 'WebGL 2 is missing'
      : env().getBool('WEBGL_RENDER_FLOAT32_ENABLED')
        ? undefined
        : 'textures of floats are missing';
  let path = reason === undefined ? uploadPath('webgl', select) : uploadPath('where', selectByWhere, reason);
  return onDevice(
    name,
    () => (isLost() ? 'context lost' : undefined),
    () => path,
  );
}

function webgpuPath(backend: WebgpuBackend, name: string): Path {
  let lost: string | undefined;
  const where = (reason: string) => uploadPath('where', selectByWhere, reason);
  let path = where('the shader is being compiled');
  backend.device.lost.then(({ message }) => {
    lost = message;
  });
  proveWebgpu(backend).then(
    (reason) => {
      path =
        reason === undefined ? uploadPath('webgpu', (x, masked) => selectOnWebgpu(backend, x, masked)) : where(reason);
    },
    (error) => {
      path = where(String(error));
    },
  );
  return onDevice(
    name,
    () => lost,
    () => path,
  );
}

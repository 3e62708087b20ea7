/**
 * Which way serves a backend. It is chosen once for each backend, by what the backend can do.
 * @module
 */
import { tf } from '../shared.js';
import { type HeapBackend, heapPath } from './heap.js';
import type { Backend, Path, Select } from './path.js';
import { applyNoise, copyValues, selectByWhere } from './public.js';
import { selectOnWebgl, type WebglBackend } from './webgl.js';
import { compileOnWebgpu, selectOnWebgpu, type WebgpuBackend } from './webgpu.js';

const paths = /* @__PURE__ */ new WeakMap<object, Path>();

/** @param name the backend's name in TensorFlow.js */
export function pathFor(backend: object, name: string): Path {
  const path = paths.get(backend) ?? choose(backend as AnyBackend, name);
  paths.set(backend, path);
  return path;
}

/** A backend with the members of all. */
type AnyBackend = Backend &
  Partial<HeapBackend & WebglBackend & WebgpuBackend> & {
    /** Of the cpu backend: the arrays. Its `get` moves a tensor here from another backend first, as `readSync` does. */
    readonly data?: { get?(dataId: object): { values: ArrayLike<number> } };
  };

function choose(backend: AnyBackend, name: string): Path {
  if (backend.wasm)
    return (
      heapPath(backend as HeapBackend) ??
      copyPath('no heap as in TensorFlow.js 4', (dataId) => backend.readSync(dataId))
    );
  if (backend.runWebGLProgram) {
    const isLost = () => backend.gpgpu?.gl?.isContextLost?.();
    // GLSL ES 1.00 has no shifts, and a half float holds no 16 bits.
    const serves = tf.env().getNumber('WEBGL_VERSION') === 2 && tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED');
    const reason = serves ? undefined : 'no float textures';
    return uploadPath('webgl', name, reason, isLost, (x, masked) => selectOnWebgl(backend as WebglBackend, x, masked));
  }
  if (backend.runWebGPUProgram) {
    let isLost = false;
    backend.device?.lost.then(() => {
      isLost = true;
    });
    const select: Select = (x, masked) => selectOnWebgpu(backend as WebgpuBackend, x, masked);
    const path = uploadPath('webgpu', name, 'compiling the shader', () => isLost, select);
    compileOnWebgpu(backend as WebgpuBackend).then(
      () => Object.assign(path, { name: 'webgpu', reason: undefined }),
      (error) => Object.assign(path, { reason: `${error}` }),
    );
    return path;
  }
  const { data } = backend;
  if (data?.get) return copyPath(undefined, (dataId) => data.get!(dataId).values);
  return uploadPath('where', name, 'unknown backend');
}

const copyPath = (reason: string | undefined, read: Parameters<typeof copyValues>[0]): Path => ({
  name: reason ? 'copy' : 'values',
  reason,
  run: (x, map) => copyValues(read, x, map),
});

/**
 * Uploads a mask or noise. Nothing is read back, so nothing waits for the device.
 *
 * @param reason why `tf.where` has to select
 */
function uploadPath(
  name: Path['name'],
  backend: string,
  reason: string | undefined,
  isLost: () => boolean | undefined = () => false,
  select: Select = selectByWhere,
): Path {
  const check = () => {
    if (isLost()) throw new Error(`the backend ${backend} has lost its device: use another`);
  };
  const path: Path = {
    name: reason ? 'where' : name,
    reason,
    run(x, map) {
      check();
      const factors = map.factors();
      if (!('bits' in factors)) return applyNoise(x, factors);
      try {
        if (!path.reason) return select(x, factors);
      } catch (error) {
        check();
        Object.assign(path, { name: 'where', reason: `${error}` });
      }
      return selectByWhere(x, factors);
    },
  };
  return path;
}

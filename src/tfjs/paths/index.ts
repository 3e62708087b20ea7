/**
 * Which path serves a backend. It is chosen once for each backend, by what the backend can do.
 * @module
 */
import { tf } from '../shared.js';
import { type HeapBackend, heapPath } from './heap.js';
import type { Backend, Path, Select } from './path.js';
import { applyNoise, copyValues, selectByWhere } from './public.js';
import { selectOnWebgl, type WebglBackend } from './webgl.js';
import { compileOnWebgpu, selectOnWebgpu, type WebgpuBackend } from './webgpu.js';

const paths = /* @__PURE__ */ new WeakMap<object, Path>();

/** The path of the backend in use. */
export function pathFor(backend: object): Path {
  const path = paths.get(backend) ?? choose(backend as AnyBackend);
  paths.set(backend, path);
  return path;
}

/** A backend with the members of all. */
type AnyBackend = Backend &
  Partial<HeapBackend & WebglBackend & WebgpuBackend> & {
    /** Of the cpu backend: the arrays. Its `get` moves a tensor here from another backend first, as `readSync` does. */
    readonly data?: { get?(dataId: object): { values: ArrayLike<number> } };
  };

function choose(backend: AnyBackend): Path {
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
    return uploadPath('webgl', reason, isLost, (x, masked) => selectOnWebgl(backend as WebglBackend, x, masked));
  }
  if (backend.runWebGPUProgram) {
    let isLost = false;
    backend.device?.lost.then(() => {
      isLost = true;
    });
    const select: Select = (x, masked) => selectOnWebgpu(backend as WebgpuBackend, x, masked);
    const path = uploadPath('webgpu', 'compiling', () => isLost, select);
    compileOnWebgpu(backend as WebgpuBackend).then(
      () => Object.assign(path, { name: 'webgpu', reason: undefined }),
      (error) => Object.assign(path, { reason: `${error}` }),
    );
    return path;
  }
  const { data } = backend;
  if (data?.get) return copyPath(undefined, (dataId) => data.get!(dataId).values);
  return uploadPath('where', 'unknown backend');
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
 * @param select selects by a program of the device
 */
function uploadPath(
  name: Path['name'],
  reason: string | undefined,
  isLost?: () => boolean | undefined,
  select?: Select,
): Path {
  const backend = tf.getBackend();
  const check = () => {
    if (isLost?.()) throw new Error(`the backend ${backend} has lost its device: use another`);
  };
  const path: Path = {
    name: reason ? 'where' : name,
    reason,
    run(x, map) {
      check();
      const factors = map.factors();
      if (!('bits' in factors)) return applyNoise(x, factors);
      try {
        // TensorFlow.js has no shaders for more axes.
        if (select && !path.reason && x.rank < 7) return select(x, factors);
      } catch (error) {
        check();
        const y = selectByWhere(x, factors);
        // Only now: if that throws too, the call is at fault.
        Object.assign(path, { name: 'where', reason: `${error}` });
        return y;
      }
      return selectByWhere(x, factors);
    },
  };
  return path;
}

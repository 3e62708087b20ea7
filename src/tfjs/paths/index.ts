/**
 * Which path serves a backend. It is chosen once for each backend, by what the backend can do.
 * @module
 */
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Masked } from '../../layers/maps.js';
import { tf } from '../shared.js';
import { type HeapBackend, heapPath } from './heap.js';
import type { Backend, Path, Way } from './path.js';
import { applyNoise, copyValues, selectByWhere } from './public.js';
import { selectOnWebgl, type WebglBackend } from './webgl.js';
import { type WebgpuBackend, waysOnWebgpu } from './webgpu.js';

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
    const select: Way = {
      name: 'webgl',
      reason: serves ? undefined : 'no float textures',
      run: (x, masked) => selectOnWebgl(backend as WebglBackend, x, masked),
    };
    return devicePath([select], isLost);
  }
  if (backend.runWebGPUProgram) {
    let isLost = false;
    backend.device?.lost.then(() => {
      isLost = true;
    });
    return devicePath(waysOnWebgpu(backend as WebgpuBackend), () => isLost);
  }
  const { data } = backend;
  if (data?.get) return copyPath(undefined, (dataId) => data.get!(dataId).values);
  return devicePath([], undefined, 'unknown backend');
}

const copyPath = (reason: string | undefined, read: Parameters<typeof copyValues>[0]): Path => ({
  name: reason ? 'copy' : 'values',
  reason,
  run: (x, map) => copyValues(read, x, map),
});

/**
 * Uploads noise, and applies masks in the first way that serves, or else by `tf.where`. Nothing is read back, so nothing
 * waits for the device.
 *
 * @param reason why there is no way
 */
function devicePath(ways: Way[], isLost?: () => boolean | undefined, reason?: string): Path {
  const backend = tf.getBackend();
  const check = () => {
    if (isLost?.()) throw new Error(`the backend ${backend} has lost its device: use another`);
  };
  const apply = (x: Tensor, masked: Masked, [way, ...slower]: Way[]): TensorInfo => {
    if (!way) return selectByWhere(x, masked);
    let y: TensorInfo | undefined;
    // TensorFlow.js has no shaders for more axes.
    if (!way.reason && x.rank < 7)
      try {
        y = way.run(x, masked);
      } catch (error) {
        check();
        y = apply(x, masked, slower);
        // Only now: if that throws too, the call is at fault.
        way.reason = `${error}`;
      }
    return y ?? apply(x, masked, slower);
  };
  const failed = () => {
    const serving = ways.findIndex((way) => !way.reason);
    return serving < 0 ? ways : ways.slice(0, serving);
  };
  return {
    get name() {
      return ways[failed().length]?.name ?? 'where';
    },
    get reason() {
      // Of the next faster way.
      return failed().at(-1)?.reason ?? reason;
    },
    run(x, map) {
      check();
      const factors = map.factors();
      return 'noise' in factors ? applyNoise(x, factors) : apply(x, factors, ways);
    },
  };
}

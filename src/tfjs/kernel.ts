/**
 * The kernel that all layers and functions run, and its gradient. The engine of TensorFlow.js runs it, so tidy, the tape
 * and memory are the engine's.
 * @module
 */
import type { NamedAttrMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Layer } from 'dropout-wasm';
import type { FloatArray } from '../core/tensor.js';
import type { ElementwiseMap } from '../layers/maps.js';
import { pathFor } from './paths/index.js';
import type { Path } from './paths/path.js';
import { layerMap, tf } from './shared.js';
import { checkFloats } from './tensors.js';

const KERNEL = 'DropoutWasm';

/** Which path serves a backend of TensorFlow.js. */
export interface TfjsPath {
  /** The name of the backend in use. */
  backend: string;
  /**
   * 'heap': the kernel works in the memory of the wasm backend. 'values': the kernel works on the arrays of the cpu
   * backend. 'webgpu-draw': programs of the device draw the mask and select. 'webgl' and 'webgpu': a program of the device
   * works on uploaded bits. 'where': `tf.where` works on an uploaded mask. 'copy': the kernel works on a copy of the
   * values.
   */
  path: Path['name'];
  /** Why a faster path does not serve. */
  reason?: string;
}

/**
 * Tells which path serves the backend in use, and why no faster one does. On webgpu, the GPU draws the masks unless the
 * adapter is a software adapter. TensorFlow.js's flag `DROPOUT_WASM_WEBGPU_DRAW` forces either: true, false or 'auto'.
 *
 * @throws Error from TensorFlow.js if no backend is ready; TypeError for another value of the flag
 * @example
 * import '@tensorflow/tfjs-backend-wasm';
 * import { setBackend } from '@tensorflow/tfjs-core';
 * import { tfjsPath } from 'dropout-wasm/tfjs';
 *
 * await setBackend('wasm');
 * console.log(tfjsPath()); // { backend: 'wasm', path: 'heap' }
 */
export function tfjsPath(): TfjsPath {
  const { name: path, reason } = pathFor(tf.backend());
  return { backend: tf.getBackend(), path, ...(reason && { reason }) };
}

/**
 * Applies a map to a tensor.
 *
 * @throws TypeError unless x is of float32; Error if x is disposed, or on a backend that was removed
 */
export function elementwise(x: Tensor, map: ElementwiseMap): Tensor {
  checkFloats(x);
  if (x.size === 0) {
    // Backends differ in what they do with an empty tensor. This only checks the arguments.
    map.factors();
    return x.clone();
  }
  registerFor(tf.backend());
  // Functions, so that a kernel that another copy of the package has registered serves this one.
  const attrs: Attrs = {
    run: (backend) => pathFor(backend).run(x, map),
    gradient(dy) {
      const gradient = map.gradient();
      return gradient ? elementwise(dy, gradient) : dy.clone();
    },
  };
  try {
    return tf.engine().runKernel(KERNEL, { x }, attrs as unknown as NamedAttrMap) as Tensor;
  } catch (error) {
    const { registry, state } = tf.engine();
    const owner = state.tensorInfo.get(x.dataId)?.backend;
    if (owner && !Object.values(registry).includes(owner)) throw new Error('x is on a removed backend');
    throw error;
  }
}

/** The attributes of the kernel. */
interface Attrs {
  run(backend: object): TensorInfo;
  gradient(dy: Tensor): Tensor;
}

/**
 * A training forward of a layer on a tensor.
 * @throws like `elementwise`; TypeError, RangeError for a shape that does not fit, before a key is drawn
 */
export function forward(layer: Layer, x: Tensor): Tensor {
  const { size, shape } = checkFloats(x);
  const input = { data: { length: size } as FloatArray, shape };
  const context = layer.begin(input);
  const y = elementwise(x, layerMap(layer, context));
  layer.finish(input, context);
  return y;
}

/** The backend that served last. */
let latest: object | undefined;

/** Registers the kernel for the backend in use, and its gradient. */
function registerFor(backend: object): void {
  // A lookup takes 0.4 µs, a fifth of a small call.
  if (backend === latest) return;
  latest = backend;
  const backendName = tf.getBackend();
  if (tf.getKernel(KERNEL, backendName)) return;
  tf.registerKernel({
    kernelName: KERNEL,
    backendName,
    kernelFunc: ({ attrs, backend }) => (attrs as unknown as Attrs).run(backend as object),
  });
  // The same for every backend.
  tf.registerGradient({
    kernelName: KERNEL,
    gradFunc: (dy, _saved, attrs) => ({ x: () => (attrs as unknown as Attrs).gradient(dy as Tensor) }),
  });
}

/**
 * The kernel that all layers and functions run, and its gradient. The engine of TensorFlow.js runs it, so tidy, the tape
 * and memory are the engine's.
 * @module
 */
import type { NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import type { Layer } from 'dropout-wasm';
import type { FloatArray } from '../core/tensor.js';
import type { ElementwiseMap } from '../layers/maps.js';
import { pathFor } from './paths/index.js';
import type { Path } from './paths/path.js';
import { layerMap, tf } from './shared.js';
import { checkFloats } from './tensors.js';

const KERNEL = 'DropoutWasm';

/** Which way serves a backend of TensorFlow.js. */
export interface TfjsPath {
  /** The name of the backend in use. */
  backend: string;
  /**
   * 'heap': the kernel works in the memory of the wasm backend. 'values': on the arrays of the cpu backend. 'webgl' and
   * 'webgpu': a program on uploaded bits. 'where': `tf.where` on an uploaded mask. 'copy': on a copy of the values.
   */
  path: Path['name'];
  /** Why a faster way does not serve. */
  reason?: string;
}

/**
 * Tells which way serves the backend in use, and why no faster one does.
 *
 * @throws Error from TensorFlow.js if no backend is ready
 * @example
 * tfjsPath(); // { backend: 'wasm', path: 'heap' }
 */
export function tfjsPath(): TfjsPath {
  const { name: path, reason } = pathFor(tf.backend(), tf.getBackend());
  return { backend: tf.getBackend(), path, ...(reason && { reason }) };
}

/**
 * Applies a map to a tensor.
 *
 * @throws TypeError unless x is of float32; Error if x is disposed, or on a backend that was removed
 */
export function elementwise(x: Tensor, map: ElementwiseMap): Tensor {
  checkFloats(x);
  // Backends differ in what they do with an empty tensor.
  if (x.size === 0) return x.clone();
  register();
  try {
    return tf.engine().runKernel(KERNEL, { x }, { map } as unknown as NamedAttrMap) as Tensor;
  } catch (cause) {
    const { registry, state } = tf.engine();
    const owner = state.tensorInfo.get(x.dataId)?.backend;
    if (owner && !Object.values(registry).includes(owner)) throw new Error('x is on a removed backend', { cause });
    throw cause;
  }
}

/**
 * A training forward of a layer on a tensor.
 * @throws like `elementwise`; TypeError, RangeError for a shape that does not fit, before a key is drawn
 */
export function forward(layer: Layer, x: Tensor): Tensor {
  const { size, shape } = checkFloats(x);
  const input = { data: { length: size } as FloatArray, shape };
  const context = layer.begin(input);
  const y = elementwise(x, layerMap(layer, input, context));
  layer.finish(input, context);
  return y;
}

/** The name of the backend that served last. */
let ready: string | undefined;

/** Registers the kernel for the backend in use, and its gradient. */
function register(): void {
  // Starts the backend, if that has not happened yet.
  tf.backend();
  const backendName = tf.getBackend();
  // A lookup takes 0.4 µs, a fifth of a small call.
  if (backendName === ready) return;
  ready = backendName;
  if (tf.getKernel(KERNEL, backendName)) return;
  tf.registerKernel({
    kernelName: KERNEL,
    backendName,
    kernelFunc({ inputs, attrs, backend }) {
      const { map } = attrs as unknown as { map: ElementwiseMap };
      return pathFor(backend as object, tf.getBackend()).run(inputs.x as Tensor, map);
    },
  });
  if (tf.getGradient(KERNEL)) return;
  tf.registerGradient({
    kernelName: KERNEL,
    gradFunc(dy, _saved, attrs) {
      const gradient = (attrs as unknown as { map: ElementwiseMap }).map.gradient();
      return { x: () => (gradient ? elementwise(dy as Tensor, gradient) : (dy as Tensor).clone()) };
    },
  });
}

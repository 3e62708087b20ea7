/**
 * The layers of this package in place of TF.js's and Keras's own.
 * @module
 */
import type { serialization, Tensor } from '@tensorflow/tfjs-core';
import { argsOf, type Inputs, type Outputs, type RunOptions } from './layer.js';
import * as wrappers from './layers.js';
import { layers, seedFor, tf } from './shared.js';

type Config = serialization.ConfigDict;
/** Stands for the class of any wrapper. Declared, since the class of `builtin` has no name. */
type Wrapper = typeof wrappers.Dropout;

/** Makes the class of a built-in layer. A subclass, so that a layer loaded under its name is stored under it again. */
const builtin = (wrapper: unknown, className: string): Wrapper =>
  class extends (wrapper as Wrapper) {
    static override readonly className = className;
    /** @internal */
    static override readonly seedOf = seedFor;

    static override fromConfig<T extends serialization.Serializable>(
      type: serialization.SerializableConstructor<T>,
      config: Config,
    ): T {
      return new type(argsFrom(config, argsOf((wrapper as Wrapper).wrapped)));
    }
  };

/** Each class, with the function of `tf.layers` that it replaces, if there is one. */
const BUILTINS: [Wrapper, (keyof typeof layers)?][] = [
  // Before Dropout, from which it inherits the methods that are saved.
  [builtin(wrappers.Dropout1d, 'SpatialDropout1D'), 'spatialDropout1d'],
  [builtin(wrappers.Dropout, 'Dropout'), 'dropout'],
  [builtin(wrappers.Dropout2d, 'SpatialDropout2D')],
  [builtin(wrappers.Dropout3d, 'SpatialDropout3D')],
  [builtin(wrappers.AlphaDropout, 'AlphaDropout'), 'alphaDropout'],
  [builtin(wrappers.GaussianDropout, 'GaussianDropout'), 'gaussianDropout'],
  [builtin(wrappers.GaussianNoise, 'GaussianNoise'), 'gaussianNoise'],
];

/** Undoes the replacement that is in force. */
let undo: (() => void) | undefined;

/**
 * Makes existing models and code draw from the streams of this package: TF.js's (and Keras's) Dropout,
 * SpatialDropout1D, AlphaDropout, GaussianDropout and GaussianNoise, with their rate, noise shape and seed.
 *
 * - Stored models load the layers of this package in their place, and in place of SpatialDropout2D and 3D, which TF.js
 *   does not have. A layer that Keras called with `training=True` is active in `predict` too.
 * - What `tf.layers.dropout()` and the like make, before or after, runs the layers of this package.
 *
 * Any seed that TF.js or Keras accepts is reproducible. A seeded layer draws a new mask at every step. Models are stored
 * under TF.js's layer names. Loaded with `replaceBuiltins`, they continue with the next masks. Loaded without it, or
 * without this package, they get TF.js's own layers, which ignore the options that they do not know.
 *
 * @returns a function that undoes it. Layers loaded before stay those of this package. A second call in between changes
 *   nothing and returns the same function
 * @example
 * import '@tensorflow/tfjs-backend-cpu';
 * import { ones } from '@tensorflow/tfjs-core';
 * import { layers } from '@tensorflow/tfjs-layers';
 * import { replaceBuiltins } from 'dropout-wasm/tfjs';
 *
 * const undo = replaceBuiltins();
 * const layer = layers.dropout({ rate: 0.5, seed: 42 });
 * const forward = () => `${layer.apply(ones([8]), { training: true }).dataSync()}`;
 * console.log(forward() === forward()); // false
 * undo();
 */
export function replaceBuiltins(): () => void {
  if (undo) return undo;
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const undos = BUILTINS.flatMap(([type, make]) => [
    override(classNameMap, { [type.className]: [type, type.fromConfig] }),
    ...(make ? [patch(type, make)] : []),
  ]);
  undo = () => {
    // Once, since the layers may have been replaced again.
    if (undos.length) undo = undefined;
    for (const each of undos.splice(0)) each();
  };
  return undo;
}

/** Sets properties of an object. Returns what sets them back. */
export function override<T extends object>(object: T, values: object): () => void {
  const before = Object.getOwnPropertyDescriptors(object);
  Object.assign(object, values);
  return () => {
    // Unless somebody else has set it since.
    for (const name of Object.keys(values) as (keyof T)[])
      if (object[name] === (values as T)[name]) {
        if (before[name]) Object.defineProperty(object, name, before[name]);
        else delete object[name];
      }
  };
}

/** The layers that run in place of TF.js's. Undoing and replacing again continues their streams. */
const delegates = /* @__PURE__ */ new WeakMap<object, wrappers.Dropout>();

/** A layer of TF.js, with the properties that some of them have. */
export type Patched = layers.Layer &
  Partial<Record<'rate' | 'stddev' | 'noiseShape' | 'seed', never>> & { invokeCallHook(...args: unknown[]): void };

/** What the layers that TF.js makes by a name inherit from, for the names that have been asked for. */
const prototypes: Partial<Record<keyof typeof layers, Patched>> = {};

/** What the layers that TF.js makes by this name inherit from. With a name, since TF.js counts the layers without. */
const prototypeOf = (make: keyof typeof layers): Patched =>
  (prototypes[make] ??= Object.getPrototypeOf((layers[make] as (args: object) => object)({ rate: 0, name: 'x' })));

/**
 * The class that replaces the class of a layer of TF.js, from which the layer may be derived, and what that layer
 * inherits `call` from. Undefined if no class does.
 */
export function builtinFor(layer: object): { type: Wrapper; prototype: Patched } | undefined {
  for (const [type, make] of BUILTINS) {
    const prototype = make && prototypeOf(make);
    if (prototype && Object.prototype.isPrototypeOf.call(prototype, layer)) return { type, prototype };
  }
  return undefined;
}

/** The layer that runs in place of a layer of TF.js, with the current rate or stddev of that layer. */
export function delegateOf(layer: Patched, type: Wrapper): wrappers.Dropout {
  const { name, rate, stddev, noiseShape, seed } = layer;
  const delegate =
    delegates.get(layer) ?? new type(argsFrom({ name, rate, stddev, noiseShape, seed }, argsOf(type.wrapped)) as never);
  delegates.set(layer, delegate);
  Object.assign(delegate, rate === undefined ? { stddev } : { rate });
  return delegate;
}

/** The `call` that runs a layer of this class in place of a layer of TF.js. */
export const callOf = (type: Wrapper) =>
  function (this: Patched, inputs: Tensor | Tensor[], kwargs?: RunOptions): Tensor {
    this.invokeCallHook(inputs, kwargs);
    return delegateOf(this, type).run(inputs, kwargs, this);
  };

/** Makes the layers that TF.js makes by this name run a layer of this package. Returns what undoes it. */
function patch(type: Wrapper, make: keyof typeof layers): () => void {
  const prototype = prototypeOf(make);
  const { apply, getConfig } = prototype;
  const methods: ThisType<Patched> = {
    apply(inputs: Inputs, kwargs?: { training?: boolean | null }): Outputs {
      const run = () => apply.call(this, inputs, kwargs as never);
      return delegateOf(this, type).checkedApply(inputs, kwargs, run, this);
    },
    call: callOf(type),
    /** With what TF.js ignores: the state of the stream, and the noise shape of AlphaDropout. */
    getConfig(): Config {
      return { ...delegateOf(this, type).getConfig(), ...getConfig.call(this) };
    },
  };
  return override(prototype, methods);
}

/**
 * Translates what TF.js, Keras or a layer of `replaceBuiltins` has stored to the arguments that the layer knows. The
 * rest, such as the noise shape of a spatial layer, is ignored, as in TF.js.
 */
function argsFrom({ dataFormat, dtype, p, ...config }: Record<string, unknown>, known: readonly string[]): Config {
  const translated: Record<string, unknown> = {
    // The name in Keras 1.
    rate: p,
    channels: dataFormat === 'channelsFirst' ? 'first' : undefined,
    ...config,
  };
  // Keras has float16, mixed policies and, from version 3 on, objects. TF.js has one type of floats.
  if (dtype != null) translated.dtype = typeof dtype === 'string' && !/float/i.test(dtype) ? dtype : 'float32';
  return Object.fromEntries(Object.entries(translated).filter(([name]) => known.includes(name))) as Config;
}

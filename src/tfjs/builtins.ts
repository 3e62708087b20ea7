/**
 * The layers of this package under the names of TF.js's and Keras's own.
 * @module
 */
import type { serialization } from '@tensorflow/tfjs-core';
import { argsOf, register } from './layer.js';
import * as wrappers from './layers.js';

type Config = serialization.ConfigDict;

/** Makes the class of a built-in layer. A subclass, so that a layer loaded under its name is stored under it again. */
const builtin = (wrapper: unknown, className: string) =>
  class extends (wrapper as typeof wrappers.Dropout) {
    static override readonly className = className;

    static override fromConfig<T extends serialization.Serializable>(
      type: serialization.SerializableConstructor<T>,
      config: Config,
    ): T {
      return new type(translate(config, argsOf((wrapper as typeof wrappers.Dropout).wrapped)));
    }
  };

const BUILTINS = [
  builtin(wrappers.Dropout, 'Dropout'),
  builtin(wrappers.Dropout1d, 'SpatialDropout1D'),
  builtin(wrappers.Dropout2d, 'SpatialDropout2D'),
  builtin(wrappers.Dropout3d, 'SpatialDropout3D'),
  builtin(wrappers.AlphaDropout, 'AlphaDropout'),
  builtin(wrappers.GaussianDropout, 'GaussianDropout'),
  builtin(wrappers.GaussianNoise, 'GaussianNoise'),
];

/**
 * Makes stored models load the layers of this package in place of TF.js's (or Keras's) Dropout, SpatialDropout1D, 2D and
 * 3D, AlphaDropout, GaussianDropout and GaussianNoise, with their rate, noise shape and seed. A layer that Keras called
 * with `training=True` is active in `predict` too. Layers that `tf.layers.dropout()` and the like create stay TF.js's.
 *
 * The model is stored under TF.js's layer names again. Loaded with `replaceBuiltins`, it continues with the next masks.
 * Loaded without it, or without this package, it gets TF.js's own layers, which ignore the options they do not know.
 *
 * @example
 * replaceBuiltins();
 * const model = await loadLayersModel('https://example.com/model.json');
 */
export function replaceBuiltins(): void {
  BUILTINS.forEach(register);
}

/**
 * Translates what TF.js, Keras or a layer of `replaceBuiltins` has stored to the known arguments. What else TF.js and
 * Keras store, such as the noise shape of a spatial layer, has no meaning for these layers, and TF.js ignores it too.
 */
function translate({ seed, dataFormat, dtype, ...config }: Config, known: readonly string[]): Config {
  const translated: Config = { ...config, seed: seedFor(seed) as never };
  if (dataFormat === 'channelsFirst') translated.channels = 'first';
  // Keras has float16, mixed policies and, from version 3 on, objects. TF.js has one type of floats.
  if (dtype != null) translated.dtype = typeof dtype === 'string' && !/float/i.test(dtype) ? dtype : 'float32';
  return Object.fromEntries(Object.entries(translated).filter(([name]) => known.includes(name)));
}

/** TF.js takes any number as a seed, and Keras any integer: the bits of those that are no seed here are the seed. */
function seedFor(seed: unknown): unknown {
  if (typeof seed !== 'number' || (Number.isInteger(seed) && seed >= 0 && seed <= 2 ** 53)) return seed;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, seed);
  return view.getBigUint64(0);
}

/**
 * Stored models in TensorFlow.js's own names, for programs without this package.
 * @module
 */
import type { io } from '@tensorflow/tfjs-core';
import { LAYERS } from './layers.js';
import { checkBoolean, checkOptions, isOptions, wrongType } from './shared.js';

/** Options of `toBuiltins`. */
export interface ToBuiltinsOptions {
  /**
   * Whether the model will only be evaluated. Layers that TF.js does not have then become linear activations, which pass
   * their input through as the layers do in evaluation. Default false: such a layer is an error.
   */
  inferenceOnly?: boolean | undefined;
}

/** A layer in a topology, in the spelling of Keras or of TF.js. */
interface StoredLayer {
  class_name?: string;
  className?: string;
  config?: Record<string, unknown>;
  inbound_nodes?: unknown;
  inboundNodes?: unknown;
}

/** The layers of TF.js, and the arguments that they keep. An activation has none of the third group. */
const BUILTIN = /^((Alpha|Gaussian)?Dropout|SpatialDropout1D|GaussianNoise)$/;
const ARGS = /^(name|trainable|dtype|(batch_?)?input_?shape|(rate|noise_?shape|seed|stddev))$/i;

/**
 * Rewrites the topology of a stored model so that it loads without this package, in TF.js and by the Keras converter of
 * TF.js: the layers of this package, and those that `replaceBuiltins` stored, become TF.js's own Dropout,
 * SpatialDropout1D, AlphaDropout, GaussianDropout and GaussianNoise, without the state of their streams. From the same
 * seed TF.js draws other masks. Nested models and wrappers are rewritten too, and all else is copied. The weights of the
 * model stay as they are.
 *
 * @param modelTopology the `modelTopology` of a model.json or of `ModelArtifacts`, parsed
 * @returns a new topology; the argument is not changed
 * @throws TypeError unless modelTopology is an object; Error for a layer that TF.js does not have,
 *   unless `inferenceOnly` is true, and for one that is active in evaluation
 * @example
 * import '@tensorflow/tfjs-backend-cpu';
 * import { sequential } from '@tensorflow/tfjs-layers';
 * import { Dropout, toBuiltins } from 'dropout-wasm/tfjs';
 *
 * const model = sequential({ layers: [new Dropout({ rate: 0.5, seed: 1, inputShape: [4] })] });
 * const { config } = toBuiltins(model.toJSON(null, false));
 * console.log(config.layers[0].class_name); // Dropout
 */
export function toBuiltins(modelTopology: io.ModelArtifacts['modelTopology'], options?: ToBuiltinsOptions): object {
  const { inferenceOnly = false } = checkOptions(options, ['inferenceOnly']);
  checkBoolean(inferenceOnly, 'inferenceOnly');
  checkOptions(modelTopology ?? (null as never), Object.keys(Object(modelTopology)), 'modelTopology');
  if ('toJSON' in modelTopology!) throw wrongType('modelTopology', 'JSON', modelTopology, 'toJSON(null, false)');
  return JSON.parse(JSON.stringify(modelTopology), (_, value) =>
    isOurs(value) ? toBuiltin(value, inferenceOnly) : value,
  );
}

/** Whether this is a layer of this package. Those of `replaceBuiltins` have options that TF.js and Keras do not have. */
function isOurs(value: unknown): value is StoredLayer {
  const { class_name, className = class_name, config } = Object(value);
  return (
    typeof className === 'string' &&
    isOptions(config) &&
    (LAYERS.some((type) => type.className === className) ||
      (/Dropout|Noise/.test(className) && 'generator' in config && 'always' in config))
  );
}

/** Makes a layer of ours, in a copy of the topology, the layer of TF.js that does the same. */
function toBuiltin(layer: StoredLayer, inferenceOnly: boolean): StoredLayer {
  const key = layer.class_name ? 'class_name' : 'className';
  const config = layer.config!;
  const className = layer[key]!;
  const title = `layer ${`${JSON.stringify(config.name)}`.slice(0, 80)} (${className})`;
  const nodes = [layer.inbound_nodes, layer.inboundNodes].flat(4).map(Object);
  // TensorFlow.js ignores the mode of a node. False: never active.
  const isFrozen = nodes.some(({ training }) => training === false);
  if (config.always ? !isFrozen : nodes.some(({ training }) => training))
    throw new Error(`${title} is active in predict. TensorFlow.js has no equal: load it with dropout-wasm/tfjs`);
  const builtin = className.replace('Wasm', '').replace('Dropout1d', 'SpatialDropout1D');
  const noiseShape = config.noise_shape ?? config.noiseShape;
  const isMissing =
    !BUILTIN.test(builtin) ||
    config.channels === 'first' ||
    config.rate === 1 ||
    // It takes no null.
    (builtin === 'AlphaDropout' && Array.isArray(noiseShape) && noiseShape.includes(null));
  if (isMissing && !inferenceOnly && !isFrozen)
    throw new Error(`${title}: TensorFlow.js has no equal: load it with dropout-wasm/tfjs, or set inferenceOnly`);
  const isLinear = isMissing || isFrozen;
  for (const name of Object.keys(config)) {
    const match = ARGS.exec(name);
    if (!match || (isLinear && match[3])) delete config[name];
  }
  if (isLinear) {
    config.activation = 'linear';
    // Keras's Activation takes no `training`.
    for (const kwargs of nodes) delete kwargs.training;
  }
  layer[key] = isLinear ? 'Activation' : builtin;
  return layer;
}

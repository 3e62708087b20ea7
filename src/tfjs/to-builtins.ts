/**
 * Stored models in TensorFlow.js's own names, for programs without this package.
 * @module
 */
import type { io } from '@tensorflow/tfjs-core';
import { checkBoolean, checkOptions, isOptions, wrongType } from '../core/check.js';

/** Options of `toBuiltins`. */
export interface ToBuiltinsOptions {
  /**
   * Whether the model will only be evaluated. Layers that TF.js does not have then become linear activations, which pass
   * their input through as the layers do in evaluation. Default false: such a layer is an error.
   */
  inferenceOnly?: boolean;
}

type Dict = Record<string, unknown>;

/** An input of a layer at a node of a graph: a name, two numbers, and the arguments of the call. */
type NodeInput = [string, number, number, { training?: boolean | null }?];

/** A layer in a topology, in the spelling of Keras or of TF.js. */
interface StoredLayer {
  class_name?: unknown;
  className?: unknown;
  config: Dict;
  inbound_nodes?: NodeInput[][];
  inboundNodes?: NodeInput[][];
}

/** The eleven layers of this package. */
const OURS = /^((Alpha|FeatureAlpha|Gaussian|Locked)?Dropout|Dropout[123]d|GaussianNoise|DropPath|DropBlock2d)Wasm$/;
/** What `replaceBuiltins` stores them as. TF.js has these, except for two. */
const BUILTIN = /^((Alpha|Gaussian)?Dropout|SpatialDropout[123]D|GaussianNoise)$/;
/** What TF.js's activation stores, and what its dropout layers store, in both spellings. */
const LINEAR_ARGS = /^(name|trainable|dtype|(batch_?)?input_?shape)$/i;
const ARGS = /^(name|trainable|dtype|(batch_?)?input_?shape|rate|noise_?shape|seed|stddev)$/i;

/**
 * Rewrites the topology of a stored model so that it loads without this package, in TF.js and by the Keras converter of
 * TF.js: the layers of this package, and those that `replaceBuiltins` stored, become TF.js's own Dropout,
 * SpatialDropout1D, AlphaDropout, GaussianDropout and GaussianNoise, without the state of their streams. From the same
 * seed TF.js draws other masks. Nested models and wrappers are rewritten too, and all else is copied. The weights of the
 * model stay as they are.
 *
 * @param modelTopology the `modelTopology` of a model.json or of `ModelArtifacts`, parsed
 * @returns a new topology; the argument is not changed
 * @throws TypeError unless modelTopology is the topology of a LayersModel; Error for a layer that TF.js does not have,
 *   unless `inferenceOnly` is true, and for one that is active in evaluation
 * @example
 * const stored = JSON.parse(await readFile('model.json', 'utf8'));
 * stored.modelTopology = toBuiltins(stored.modelTopology);
 */
export function toBuiltins(modelTopology: io.ModelArtifacts['modelTopology'], options?: ToBuiltinsOptions): object {
  const { inferenceOnly = false } = checkOptions(options, ['inferenceOnly']);
  checkBoolean(inferenceOnly, 'inferenceOnly');
  const { model_config, modelConfig, modelTopology: inner } = Object(modelTopology);
  const model = model_config ?? modelConfig ?? modelTopology;
  if (!isOptions(model) || typeof nameOf(model as StoredLayer) !== 'string')
    throw wrongType(
      'modelTopology',
      'the topology of a LayersModel',
      model,
      typeof model === 'string' ? 'JSON.parse it' : inner && 'pass its modelTopology',
    );
  const rewrite = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewrite);
    if (!isOptions(value)) return value;
    const copy = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, rewrite(each)]));
    return isOurs(copy) ? translate(copy, inferenceOnly) : copy;
  };
  return rewrite(modelTopology) as object;
}

const nameOf = ({ class_name, className }: { class_name?: unknown; className?: unknown }): unknown =>
  class_name ?? className;

/** Whether this is a layer of this package. Those of `replaceBuiltins` have options that TF.js and Keras do not have. */
function isOurs(value: Dict): value is Dict & StoredLayer {
  const [name, { config }] = [String(nameOf(value)), value];
  return (
    isOptions(config) && (OURS.test(name) || (BUILTIN.test(name) && ('generator' in config || 'always' in config)))
  );
}

/** Makes a layer of ours, in a copy of the topology, the layer of TF.js that does the same. */
function translate(layer: StoredLayer, inferenceOnly: boolean): StoredLayer {
  const { config } = layer;
  const className = nameOf(layer) as string;
  const title = `layer "${config.name}" (${className})`;
  const calls = [layer.inbound_nodes, layer.inboundNodes].flat(2).map((input) => input?.[3] ?? {});
  if (config.always || calls.some(({ training }) => training))
    throw new Error(`${title} is active in predict, as no layer of TensorFlow.js is: load it with dropout-wasm/tfjs`);
  let builtin = className.replace('Wasm', '').replace(/^Dropout(\d)d/, 'SpatialDropout$1D');
  const difference = differenceOf(builtin, config);
  if (difference && !inferenceOnly)
    throw new Error(
      `${title}: TensorFlow.js has ${difference}: load it with dropout-wasm/tfjs, or pass { inferenceOnly: true }`,
    );
  // False at a node, which TF.js ignores: never active.
  const isLinear = difference || calls.some(({ training }) => training === false);
  if (isLinear) builtin = 'Activation';
  const args = Object.entries(config).filter(([name]) => (isLinear ? LINEAR_ARGS : ARGS).test(name));
  layer[layer.class_name ? 'class_name' : 'className'] = builtin;
  layer.config = Object.fromEntries(args);
  if (isLinear) {
    layer.config.activation = 'linear';
    // Keras's Activation takes no `training`.
    for (const call of calls) delete call.training;
  }
  return layer;
}

/** What keeps TF.js from doing the same in training, if anything. */
function differenceOf(builtin: string, { channels, rate, noise_shape, noiseShape }: Dict): string | undefined {
  if (!BUILTIN.test(builtin) || /[23]D/.test(builtin)) return 'no such layer';
  if (channels === 'first') return 'it for channels last alone';
  if (rate === 1) return 'it for rates below 1 alone';
  const shape = noise_shape ?? noiseShape;
  if (builtin === 'AlphaDropout' && Array.isArray(shape) && shape.includes(null))
    return 'it for noise shapes without null alone';
  return undefined;
}

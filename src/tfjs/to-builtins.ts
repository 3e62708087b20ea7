/**
 * Stored models in TensorFlow.js's own names, for programs without this package.
 * @module
 */
import type { io } from '@tensorflow/tfjs-core';
import { Generator } from 'dropout-wasm';
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

/** A layer of TF.js: its name, and its arguments besides those of every layer. */
interface Builtin {
  className: string;
  args: readonly string[];
}

const DROPOUT: Builtin = { className: 'Dropout', args: ['rate', 'noiseShape', 'seed'] };
const SPATIAL: Builtin = { className: 'SpatialDropout1D', args: ['rate', 'seed'] };
const ALPHA: Builtin = { className: 'AlphaDropout', args: ['rate', 'noiseShape'] };
const GAUSSIAN: Builtin = { className: 'GaussianDropout', args: ['rate'] };
const NOISE: Builtin = { className: 'GaussianNoise', args: ['stddev'] };
const LINEAR: Builtin = { className: 'Activation', args: [] };

/** The layers of this package, and of `replaceBuiltins`, with those of TF.js that do the same in training. */
const COUNTERPARTS = new Map<unknown, Builtin | undefined>([
  ['DropoutWasm', DROPOUT],
  ['Dropout1dWasm', SPATIAL],
  ['Dropout2dWasm', undefined],
  ['Dropout3dWasm', undefined],
  ['AlphaDropoutWasm', ALPHA],
  ['FeatureAlphaDropoutWasm', undefined],
  ['GaussianDropoutWasm', GAUSSIAN],
  ['GaussianNoiseWasm', NOISE],
  ['DropPathWasm', undefined],
  ['DropBlock2dWasm', undefined],
  ['LockedDropoutWasm', undefined],
  ...[DROPOUT, SPATIAL, ALPHA, GAUSSIAN, NOISE].map((builtin): [string, Builtin] => [builtin.className, builtin]),
  ['SpatialDropout2D', undefined],
  ['SpatialDropout3D', undefined],
]);

/** The arguments of every layer of TF.js. */
const COMMON = ['name', 'trainable', 'inputShape', 'batchInputShape', 'batchSize', 'dtype', 'inputDType', 'weights'];

/**
 * Rewrites the topology of a stored model so that it loads without this package, in TF.js and by the Keras converter of
 * TF.js: the layers of this package, and those that `replaceBuiltins` stored, become TF.js's own Dropout,
 * SpatialDropout1D, AlphaDropout, GaussianDropout and GaussianNoise, with the arguments that TF.js has. So the state of
 * a stream is lost, and TF.js draws other masks from the same seed. Nested models and wrappers are rewritten too, and
 * all else is copied as it is. The weights of the model stay the same.
 *
 * @param modelTopology the `modelTopology` of a model.json or of `ModelArtifacts`, parsed
 * @returns a new topology; the argument is not changed
 * @throws TypeError unless modelTopology is the topology of a LayersModel; Error for a layer that TF.js does not have,
 *   unless `inferenceOnly` is true, and for one that is active in evaluation
 * @example
 * const modelJSON = JSON.parse(await readFile('model.json', 'utf8'));
 * modelJSON.modelTopology = toBuiltins(modelJSON.modelTopology);
 */
export function toBuiltins(modelTopology: io.ModelArtifacts['modelTopology'], options?: ToBuiltinsOptions): object {
  const { inferenceOnly = false } = checkOptions(options, ['inferenceOnly']);
  checkBoolean(inferenceOnly, 'inferenceOnly');
  checkTopology(modelTopology);
  const rewrite = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewrite);
    if (!isOptions(value)) return value;
    const copy = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, rewrite(each)]));
    return isOurs(copy) ? translate(copy, inferenceOnly) : copy;
  };
  return rewrite(modelTopology) as object;
}

/** The value under a name that Keras and stored models write in snake case. */
const get = (dict: Dict, name: string): unknown => dict[name] ?? dict[toSnakeCase(name)];

const toSnakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const toCamelCase = (name: string): string => name.replace(/_+(\w)/g, (_, letter) => letter.toUpperCase());

/** @throws TypeError unless value is the topology of a LayersModel */
function checkTopology(value: unknown): void {
  const model = isOptions(value) ? (get(value as Dict, 'modelConfig') ?? value) : value;
  if (isOptions(model) && typeof get(model as Dict, 'className') === 'string') return;
  let remedy = 'loadGraphModel and model.toJSON() of a GraphModel know no layers';
  if (typeof model === 'string') remedy = 'JSON.parse it';
  else if (isOptions(model) && 'modelTopology' in model) remedy = 'pass its modelTopology';
  throw wrongType('modelTopology', 'the topology of a LayersModel', value, remedy);
}

/** Whether this is a layer of this package. Those of `replaceBuiltins` have options that TF.js and Keras do not have. */
function isOurs(value: Dict): boolean {
  const [className, { config }] = [get(value, 'className'), value];
  if (!COUNTERPARTS.has(className) || !isOptions(config)) return false;
  return /Wasm$/.test(className as string) || 'generator' in config || 'always' in config;
}

/** The layer of TF.js in place of one of ours. */
function translate(layer: Dict, inferenceOnly: boolean): Dict {
  const config = layer.config as Dict;
  const className = get(layer, 'className') as string;
  const title = `layer ${JSON.stringify(config.name)} (${className})`;
  const modes = nodesOf(layer).map((node) => (node[3] as Dict | null | undefined)?.training);
  if (config.always || modes.includes(true))
    throw new Error(
      `${title} is active in predict (${config.always ? 'always' : 'training'}: true), and no layer of TensorFlow.js is: ` +
        'load the model with dropout-wasm/tfjs, or store it without',
    );
  // False at a node: never active, which TF.js ignores.
  let builtin = modes.includes(false) ? LINEAR : COUNTERPARTS.get(className);
  const difference = builtin === LINEAR ? undefined : differenceOf(config, builtin);
  if (difference && !inferenceOnly)
    throw new Error(
      `${title}: TensorFlow.js ${difference}: load the model with dropout-wasm/tfjs, or pass { inferenceOnly: true }, ` +
        'which makes it a linear activation',
    );
  if (difference || !builtin) builtin = LINEAR;
  const { className: name, args } = builtin;
  const known = [...COMMON, ...args];
  const entries = Object.entries(config).filter(([key]) => known.includes(toCamelCase(key)));
  const kept = entries.map(([key, value]) => [key, key === 'seed' ? numberFor(value) : value]);
  if (builtin === LINEAR) {
    kept.push(['activation', 'linear']);
    // Keras's Activation takes no `training`.
    for (const node of nodesOf(layer)) delete (node[3] as Dict | null | undefined)?.training;
  }
  return {
    ...layer,
    ['className' in layer ? 'className' : 'class_name']: name,
    config: Object.fromEntries(kept),
  };
}

/** The inputs of the layer at all nodes of the graph: a name, two numbers and the arguments of the call. */
function nodesOf(layer: Dict): unknown[][] {
  const nodes = get(layer, 'inboundNodes');
  return Array.isArray(nodes) ? nodes.flat().filter(Array.isArray) : [];
}

/** What keeps TF.js from doing the same in training, if anything. */
function differenceOf(config: Dict, builtin: Builtin | undefined): string | undefined {
  const noiseShape = get(config, 'noiseShape');
  if (!builtin) return 'has no such layer';
  if (config.channels === 'first') return 'has it for channels last alone';
  if (config.rate === 1) return 'drops nothing at rate 1';
  if (builtin === ALPHA && Array.isArray(noiseShape) && noiseShape.includes(null))
    return 'has it for noise shapes without null alone';
  return undefined;
}

/** A seed as a number: larger ones keep the 53 bits that a number holds. */
function numberFor(seed: unknown): unknown {
  const word = typeof seed === 'string' ? Generator.fromJSON({ seed, position: 0 }).seed : seed;
  return typeof word === 'bigint' ? Number(BigInt.asUintN(53, word)) : word;
}

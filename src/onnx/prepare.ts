/**
 * dropout-wasm/onnx/prepare: replaces the Dropout nodes of an ONNX model by products with masks that are inputs. ONNX
 * Runtime removes a Dropout between two nodes, even in training mode, but keeps a product with an input.
 * @module
 */
import { wrongType } from '../core/check.js';
import { CONVERT, isDropout, maskTypeOf, readDropout, refusal, rewrite } from './model/dropout.js';
import { int, join, Message, message, noModel, type Parts, text } from './model/message.js';
import { DATA, GRAPH, MODEL, OPSET, SHAPE, TENSOR_TYPE, TYPE, VALUE_INFO } from './model/schema.js';
import { isDefaultDomain, Survey } from './model/survey.js';
import { Values } from './model/values.js';

/** A Dropout node of a model that `prepare` has rewritten. */
export interface PreparedDropout {
  /** The name of the node, or of its output if the node has none. */
  name: string;
  /**
   * The name of the input for the mask: the scalar 1 in evaluation mode, or 0 and 1 / (1 − ratio) in any shape that
   * broadcasts to that of the data. Its elements are double for double data, else float.
   */
  mask: string;
  /** The name of the output that has the shape of the data, as int64. */
  shape: string;
  /** The probability that an element is dropped, exactly as it is in the model: at least 0 and below 1. */
  ratio: number;
}

/** A model whose dropout masks are inputs. */
export interface PreparedModel {
  /** The bytes of the new model. */
  model: Uint8Array;
  /** Its dropouts, in the order of their nodes. */
  dropouts: PreparedDropout[];
}

/**
 * Rewrites each Dropout of a model to a product with a mask, which is a new input, and adds the shape of its data as an
 * output. If all masks are the scalar 1, the new model is the old one in evaluation mode. A mask of 0 and
 * 1 / (1 − ratio) gives what Dropout gives in training mode, in every runtime and on every device. The model's own
 * training_mode makes no difference.
 *
 * Everything else keeps its bytes: other nodes, initializers, metadata, references to weights in other files, and
 * unknown fields. If the mask output of a Dropout is used, the new model computes it from the input. Graphs in
 * training_info, which inference never runs, stay as they are.
 *
 * @param modelBytes the contents of an .onnx file of opset 7 or later. They are copied
 * @returns the new model and its dropouts, in the order of their nodes
 * @throws TypeError or RangeError for bytes that are no model
 * @throws RangeError for a model without Dropout, and by name for a Dropout in a subgraph or function, one whose ratio
 *   or training_mode is no constant, and one whose data may be of several types
 * @example
 * import { prepare } from 'dropout-wasm/onnx/prepare';
 *
 * // In place of the bytes of a file: a model of one node, y = Dropout(x).
 * const base64 =
 *   'CAg6PAoVCgF4EgF5GgRkcm9wIgdEcm9wb3V0EgFnWg8KAXgSCgoICAESBAoCCARiDwoBeRIKCggIARIECgIIBEICEBE=';
 * const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
 * const { dropouts } = prepare(bytes);
 * console.log(dropouts); // [ { name: 'drop', mask: 'drop_mask', shape: 'drop_shape', ratio: 0.5 } ]
 */
export function prepare(modelBytes: Uint8Array | ArrayBuffer): PreparedModel {
  const model = new Message([bytesOf(modelBytes)]);
  const graph = model.message(MODEL.graph);
  if (!graph) throw noModel('it has no graph');
  const survey = new Survey(model, graph);
  const [nested] = survey.nested;
  if (nested)
    throw refusal(
      nested.name,
      `is in ${nested.where}`,
      'prepare rewrites the main graph alone; inline functions by onnx.inliner.inline_local_functions, and export the ' +
        'model without control flow around the node',
    );
  const nodes = graph.messages(GRAPH.node);
  if (!nodes.some(isDropout))
    throw new RangeError(
      'modelBytes has to be a model with Dropout nodes, but it has none: exports leave them out by default, so do the ' +
        'models of transformers.js; use torch.onnx.export with training=TrainingMode.PRESERVE, the dropout modules in train()',
    );

  const opset = opsetOf(model);
  const values = new Values(graph, nodes);
  const dropouts: PreparedDropout[] = [];
  const added: Parts[] = [];
  const fields = graph.replace((no, value) => {
    const node = no === GRAPH.node ? new Message([value]) : undefined;
    if (!node || !isDropout(node)) return;
    const dropout = readDropout(node, opset, values, survey);
    const { name, ratio } = dropout;
    const mask = survey.fresh(`${name}_mask`);
    const shape = survey.fresh(`${name}_shape`);
    dropouts.push({ name, mask, shape, ratio });
    added.push(
      message(GRAPH.input, valueInfo(mask, maskTypeOf(dropout))),
      // A vector: one dimension, whose size is the rank of x.
      message(GRAPH.output, valueInfo(shape, DATA.int64, message(TENSOR_TYPE.shape, message(SHAPE.dim, [])))),
    );
    return rewrite(node, dropout, mask, shape, survey);
  });
  // If the graph came in several parts, they are written as one.
  const rest = [message(MODEL.graph, [...fields, ...added.flat()])];
  const parts = model.replace((no) => (no === MODEL.graph ? (rest.pop() ?? []) : undefined));
  return { model: join(parts), dropouts };
}

const valueInfo = (name: string, elemType: number, shape: Parts = []): Parts => [
  ...text(VALUE_INFO.name, name),
  ...message(VALUE_INFO.type, message(TYPE.tensor, [...int(TENSOR_TYPE.elemType, elemType), ...shape])),
];

/** The opset that a model imports from ONNX itself. */
function opsetOf(model: Message): number {
  const versions = model
    .messages(MODEL.opsetImport)
    .filter((opset) => isDefaultDomain(opset.text(OPSET.domain)))
    .map((opset) => opset.number(OPSET.version));
  const [version = 0] = versions;
  if (new Set(versions).size !== 1)
    throw new RangeError(
      `modelBytes has to import one opset of ONNX, but it imports ${versions.join(' and ') || 'none'}: is the file complete?`,
    );
  if (version < 7)
    throw new RangeError(
      `modelBytes has to be a model of opset 7 or later, but it has opset ${version}, whose Dropout takes is_test: ${CONVERT}`,
    );
  return version;
}

/** The bytes as a plain Uint8Array of this realm, since subclasses differ: the slice of a Buffer is no copy. */
function bytesOf(value: unknown): Uint8Array {
  const type = Object.prototype.toString.call(value).slice(8, -1);
  const isView = ArrayBuffer.isView(value);
  if (!(isView ? type === 'Uint8Array' : /^(Shared)?ArrayBuffer$/.test(type)))
    throw wrongType('modelBytes', 'a Uint8Array or ArrayBuffer', value, 'pass the contents of an .onnx file');
  const { byteLength } = value as Uint8Array | ArrayBuffer;
  if (byteLength === 0)
    throw new RangeError(
      'modelBytes has to be a model, but it is empty: was it read to the end, or moved to a worker?',
    );
  return isView
    ? new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, byteLength)
    : new Uint8Array(value as ArrayBuffer);
}

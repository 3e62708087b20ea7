/**
 * What a graph states about its values: which are constant, and the types of their elements.
 * @module
 */
import { fromFloat16 } from '../float16.js';
import type { Message } from './message.js';
import { ATTRIBUTE, DATA, GRAPH, KIND, NODE, TENSOR, TENSOR_TYPE, TYPE, VALUE_INFO } from './schema.js';
import { isOperator } from './survey.js';

/** A constant of one element, with its type. */
export interface Scalar {
  type: number;
  value: number;
}

/** Why a value is no constant of one element, and the remedy. */
export type Problem = [problem: string, remedy: string];

export class Values {
  declare private readonly inputs: Set<string>;
  private readonly initializers = new Map<string, Message>();
  /** The attributes of Constant nodes by their outputs. */
  private readonly constants = new Map<string, Message[]>();
  private readonly types = new Map<string, number>();

  constructor(graph: Message, nodes: readonly Message[]) {
    const inputs = graph.messages(GRAPH.input);
    this.inputs = new Set(inputs.map((input) => input.text(VALUE_INFO.name)));
    for (const tensor of graph.messages(GRAPH.initializer)) {
      this.initializers.set(tensor.text(TENSOR.name), tensor);
      this.types.set(tensor.text(TENSOR.name), tensor.number(TENSOR.dataType));
    }
    for (const value of [...graph.messages(GRAPH.valueInfo), ...inputs, ...graph.messages(GRAPH.output)]) {
      const type = value.message(VALUE_INFO.type)?.message(TYPE.tensor)?.number(TENSOR_TYPE.elemType);
      if (type) this.types.set(value.text(VALUE_INFO.name), type);
    }
    for (const node of nodes)
      if (isOperator(node, 'Constant')) this.constants.set(node.text(NODE.output), node.messages(NODE.attribute));
  }

  /** The type of a value's elements, if the graph states it. */
  typeOf(name: string): number | undefined {
    return this.types.get(name);
  }

  /** A constant of one element. */
  scalar(name: string): Scalar | Problem {
    const initializer = this.initializers.get(name);
    if (this.inputs.has(name))
      return [
        `${initializer ? 'can be set by' : 'is'} the input ${JSON.stringify(name)} of the model`,
        'make it an initializer that is no input, as torch.onnx.export does with keep_initializers_as_inputs=False',
      ];
    if (initializer) return tensorScalar(initializer);
    const constant = this.constants.get(name);
    for (const attribute of constant ?? []) {
      const tensor = attribute.message(ATTRIBUTE.t);
      if (attribute.text(ATTRIBUTE.name) === 'value' && tensor) return tensorScalar(tensor);
      const value = floatAttribute(attribute, 'value_float');
      if (value !== undefined) return { type: DATA.float, value };
    }
    const problem = constant ? 'is a Constant of another form' : 'is computed in the graph';
    return [problem, 'make it an initializer, or the value or value_float of a Constant node'];
  }
}

/** The value of an attribute of this name if it is a float. */
export function floatAttribute(attribute: Message, name: string): number | undefined {
  const isFloat = attribute.number(ATTRIBUTE.type) === KIND.float && !attribute.text(ATTRIBUTE.refAttrName);
  return isFloat && attribute.text(ATTRIBUTE.name) === name ? attribute.number(ATTRIBUTE.f, 'float') : undefined;
}

const NO_SCALAR = 'the ratio has to be one float, and training_mode one bool';

function tensorScalar(tensor: Message): Scalar | Problem {
  // 1 is data in another file. 0, or no number, is data in the tensor.
  if (tensor.number(TENSOR.dataLocation) !== 0)
    return ['is in another file', 'keep small tensors in the model, as onnx.save does by its default size_threshold'];
  const type = tensor.number(TENSOR.dataType);
  const format = FORMATS[type];
  if (!format) return [`has the element type ${type} of TensorProto`, NO_SCALAR];
  const raw = tensor.bytes(TENSOR.rawData);
  const count = raw ? raw.length / format.size : format.list(tensor).length;
  if (count !== 1) return [`has ${count} elements`, NO_SCALAR];
  const value = raw ? format.read(new DataView(raw.buffer, raw.byteOffset)) : format.list(tensor)[0]!;
  return { type, value };
}

/** How to read elements by type: from raw_data, or from the list of their type. */
const FORMATS: Record<number, { size: number; read(raw: DataView): number; list(tensor: Message): number[] }> = {
  [DATA.float]: {
    size: 4,
    read: (raw) => raw.getFloat32(0, true),
    list: (tensor) => tensor.numbers(TENSOR.floatData, 'float'),
  },
  [DATA.double]: {
    size: 8,
    read: (raw) => raw.getFloat64(0, true),
    list: (tensor) => tensor.numbers(TENSOR.doubleData, 'double'),
  },
  [DATA.bool]: {
    size: 1,
    read: (raw) => raw.getUint8(0),
    list: (tensor) => tensor.numbers(TENSOR.int32Data, 'int64'),
  },
  [DATA.float16]: {
    size: 2,
    read: (raw) => fromFloat16(raw.getUint16(0, true)),
    list: (tensor) => tensor.numbers(TENSOR.int32Data, 'int64').map(fromFloat16),
  },
  [DATA.bfloat16]: {
    size: 2,
    read: (raw) => fromBFloat16(raw.getUint16(0, true)),
    list: (tensor) => tensor.numbers(TENSOR.int32Data, 'int64').map(fromBFloat16),
  },
};

/** The value of a bfloat16 by its bits, which are the upper half of a float. */
const fromBFloat16 = (bits: number): number => new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;

/**
 * Everything that `prepare` has to know of a whole model, subgraphs and functions included: the names that are taken,
 * the values that are used, Dropout nodes that it cannot rewrite, and signs of element types other than float.
 * @module
 */
import { type Message, noModel } from './message.js';
import {
  ANNOTATION,
  ATTRIBUTE,
  DATA,
  ENTRY,
  FUNCTION,
  GRAPH,
  MAP_TYPE,
  MODEL,
  NODE,
  SEQUENCE_TYPE,
  SPARSE_TENSOR,
  TENSOR,
  TENSOR_TYPE,
  TRAINING,
  TYPE,
  VALUE_INFO,
} from './schema.js';

export const isDefaultDomain = (domain: string): boolean => domain === '' || domain === 'ai.onnx';

/** Whether a node is an operator of ONNX itself. */
export const isOperator = (node: Message, opType: string): boolean =>
  node.text(NODE.opType) === opType && isDefaultDomain(node.text(NODE.domain));

/** The name of a node, or of its first output that has one. */
export const nameOf = (node: Message): string => node.text(NODE.name) || node.texts(NODE.output).find(Boolean) || '';

/** Where Dropout nodes are left as they are: inference never runs training_info. */
const TRAINING_INFO = 'training_info';

/** Parsers of protobuf allow 100 nested messages, and a graph in a graph takes three. */
const MAX_DEPTH = 100;

export class Survey {
  /** Of nodes and values. */
  readonly names: Set<string> = new Set();
  /** Values that a node takes or a graph returns. */
  readonly used: Set<string> = new Set();
  /** The Dropout nodes that are not in the model's graph, by where they are. */
  readonly nested: { name: string; where: string }[] = [];
  /** Whether anything may have elements of a floating type other than float. */
  hasOtherFloats = false;
  /** The next number behind each wish: from 1 for all of them, many nodes of one name would take hours. */
  private readonly numbers = new Map<string, number>();

  constructor(model: Message, graph: Message) {
    this.graph(graph, '', 0);
    for (const body of model.messages(MODEL.functions)) {
      const where = `the function ${JSON.stringify(body.text(FUNCTION.name))}`;
      this.add(body.texts(FUNCTION.input), body.texts(FUNCTION.output));
      this.values(body.messages(FUNCTION.valueInfo));
      this.attributes(body.messages(FUNCTION.attributeProto), where, 1);
      this.nodes(body.messages(FUNCTION.node), where, 1);
    }
    for (const training of model.messages(MODEL.trainingInfo))
      for (const no of [TRAINING.initialization, TRAINING.algorithm])
        for (const body of training.messages(no)) this.graph(body, TRAINING_INFO, 1);
  }

  /** A name that is not taken, which is taken from now on: `wish`, or with a number behind it. */
  fresh(wish: string): string {
    let name = wish;
    let i = this.numbers.get(wish) ?? 1;
    for (; this.names.has(name); i++) name = `${wish}_${i}`;
    this.numbers.set(wish, i);
    this.names.add(name);
    return name;
  }

  private add(...lists: string[][]): void {
    for (const name of lists.flat()) this.names.add(name);
  }

  private graph(graph: Message, where: string, depth: number): void {
    if (depth > MAX_DEPTH) throw noModel(`more than ${MAX_DEPTH} nested graphs`);
    const outputs = graph.messages(GRAPH.output);
    for (const output of outputs) this.used.add(output.text(VALUE_INFO.name));
    this.values([...graph.messages(GRAPH.input), ...outputs, ...graph.messages(GRAPH.valueInfo)]);
    this.tensors(graph.messages(GRAPH.initializer));
    this.sparseTensors(graph.messages(GRAPH.sparseInitializer));
    for (const annotation of graph.messages(GRAPH.quantizationAnnotation)) {
      const parameters = annotation.messages(ANNOTATION.parameters);
      this.add(
        annotation.texts(ANNOTATION.tensorName),
        parameters.flatMap((entry) => entry.texts(ENTRY.value)),
      );
    }
    this.nodes(graph.messages(GRAPH.node), where, depth);
  }

  private nodes(nodes: Message[], where: string, depth: number): void {
    for (const node of nodes) {
      const inputs = node.texts(NODE.input);
      this.add(inputs, node.texts(NODE.output), node.texts(NODE.name));
      for (const input of inputs) this.used.add(input);
      if (where && where !== TRAINING_INFO && isOperator(node, 'Dropout'))
        this.nested.push({ name: nameOf(node), where });
      const inside = where || `a subgraph of the ${node.text(NODE.opType)} node ${JSON.stringify(nameOf(node))}`;
      this.attributes(node.messages(NODE.attribute), inside, depth);
    }
  }

  private attributes(attributes: Message[], where: string, depth: number): void {
    for (const attribute of attributes) {
      // Such as `to` of Cast, `dtype` of RandomNormal and `stash_type` of LayerNormalization.
      if (/^to$|type$|precision$/.test(attribute.text(ATTRIBUTE.name))) this.type(attribute.number(ATTRIBUTE.i));
      this.tensors([...attribute.messages(ATTRIBUTE.t), ...attribute.messages(ATTRIBUTE.tensors)]);
      this.sparseTensors([
        ...attribute.messages(ATTRIBUTE.sparseTensor),
        ...attribute.messages(ATTRIBUTE.sparseTensors),
      ]);
      this.types([...attribute.messages(ATTRIBUTE.tp), ...attribute.messages(ATTRIBUTE.typeProtos)], depth);
      for (const body of [...attribute.messages(ATTRIBUTE.g), ...attribute.messages(ATTRIBUTE.graphs)])
        this.graph(body, where, depth + 1);
    }
  }

  private values(values: Message[]): void {
    for (const value of values) {
      this.add(value.texts(VALUE_INFO.name));
      this.types(value.messages(VALUE_INFO.type), 0);
    }
  }

  private types(types: Message[], depth: number): void {
    if (depth > MAX_DEPTH) throw noModel(`more than ${MAX_DEPTH} nested types`);
    for (const type of types) {
      for (const no of [TYPE.tensor, TYPE.sparseTensor])
        for (const tensor of type.messages(no)) this.type(tensor.number(TENSOR_TYPE.elemType));
      for (const no of [TYPE.sequence, TYPE.optional])
        for (const list of type.messages(no)) this.types(list.messages(SEQUENCE_TYPE.elemType), depth + 1);
      for (const map of type.messages(TYPE.map)) this.types(map.messages(MAP_TYPE.valueType), depth + 1);
    }
  }

  private tensors(tensors: Message[]): void {
    for (const tensor of tensors) {
      this.add(tensor.texts(TENSOR.name));
      this.type(tensor.number(TENSOR.dataType));
    }
  }

  private sparseTensors(tensors: Message[]): void {
    for (const tensor of tensors) this.tensors(tensor.messages(SPARSE_TENSOR.values));
  }

  private type(type: number): void {
    // From 17 on there are 8-bit and 4-bit types, floating ones among them.
    if (type === DATA.float16 || type === DATA.double || type >= DATA.bfloat16) this.hasOtherFloats = true;
  }
}

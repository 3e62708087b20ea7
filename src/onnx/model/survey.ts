/**
 * What `prepare` has to know of a whole model, including its subgraphs and functions: the names in use, the values that
 * are read, the Dropout nodes it cannot rewrite, and whether there may be floating types other than float.
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

/** Stands for graphs in training_info, whose Dropout nodes are no error, because inference never runs them. */
const TRAINING_INFO = 'training_info';

/** No parser of protobuf reads more: they allow 100 nested messages, and a graph in a graph takes three. */
const MAX_DEPTH = 100;

export class Survey {
  /** The names of nodes and values. */
  readonly names: Set<string> = new Set();
  /** The values that a node reads or a graph returns. */
  readonly used: Set<string> = new Set();
  /** The Dropout nodes in subgraphs and functions, and where they are. */
  readonly nested: { name: string; where: string }[] = [];
  /** Whether anything may have elements of a floating type other than float. */
  hasOtherFloats = false;
  /** The next number behind each wish: from 1 for all of them, many nodes of one name would take hours. */
  private readonly numbers = new Map<string, number>();

  constructor(model: Message, graph: Message) {
    this.visitGraph(graph, '', 0);
    for (const body of model.messages(MODEL.functions)) {
      const where = `the function ${JSON.stringify(body.text(FUNCTION.name))}`;
      this.add(body.texts(FUNCTION.input), body.texts(FUNCTION.output));
      this.visitValues(body.messages(FUNCTION.valueInfo));
      this.visitAttributes(body.messages(FUNCTION.attributeProto), where, 1);
      this.visitNodes(body.messages(FUNCTION.node), where, 1);
    }
    for (const training of model.messages(MODEL.trainingInfo))
      for (const no of [TRAINING.initialization, TRAINING.algorithm])
        for (const body of training.messages(no)) this.visitGraph(body, TRAINING_INFO, 1);
  }

  /** Takes a name that is not in use: `wish`, or `wish` and a number. */
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

  private visitGraph(graph: Message, where: string, depth: number): void {
    if (depth > MAX_DEPTH) throw noModel(`more than ${MAX_DEPTH} nested graphs`);
    const outputs = graph.messages(GRAPH.output);
    for (const output of outputs) this.used.add(output.text(VALUE_INFO.name));
    this.visitValues([...graph.messages(GRAPH.input), ...outputs, ...graph.messages(GRAPH.valueInfo)]);
    this.visitTensors(graph.messages(GRAPH.initializer));
    this.visitSparseTensors(graph.messages(GRAPH.sparseInitializer));
    for (const annotation of graph.messages(GRAPH.quantizationAnnotation)) {
      const parameters = annotation.messages(ANNOTATION.parameters);
      this.add(
        annotation.texts(ANNOTATION.tensorName),
        parameters.flatMap((entry) => entry.texts(ENTRY.value)),
      );
    }
    this.visitNodes(graph.messages(GRAPH.node), where, depth);
  }

  private visitNodes(nodes: Message[], where: string, depth: number): void {
    for (const node of nodes) {
      const inputs = node.texts(NODE.input);
      this.add(inputs, node.texts(NODE.output), node.texts(NODE.name));
      for (const input of inputs) this.used.add(input);
      if (where && where !== TRAINING_INFO && isOperator(node, 'Dropout'))
        this.nested.push({ name: nameOf(node), where });
      const inside = where || `a subgraph of the ${node.text(NODE.opType)} node ${JSON.stringify(nameOf(node))}`;
      this.visitAttributes(node.messages(NODE.attribute), inside, depth);
    }
  }

  private visitAttributes(attributes: Message[], where: string, depth: number): void {
    for (const attribute of attributes) {
      // For example `to` of Cast, `dtype` of RandomNormal and `stash_type` of LayerNormalization.
      if (/^to$|type$|precision$/.test(attribute.text(ATTRIBUTE.name))) this.visitType(attribute.number(ATTRIBUTE.i));
      this.visitTensors([...attribute.messages(ATTRIBUTE.t), ...attribute.messages(ATTRIBUTE.tensors)]);
      this.visitSparseTensors([
        ...attribute.messages(ATTRIBUTE.sparseTensor),
        ...attribute.messages(ATTRIBUTE.sparseTensors),
      ]);
      this.visitTypes([...attribute.messages(ATTRIBUTE.tp), ...attribute.messages(ATTRIBUTE.typeProtos)], depth);
      for (const body of [...attribute.messages(ATTRIBUTE.g), ...attribute.messages(ATTRIBUTE.graphs)])
        this.visitGraph(body, where, depth + 1);
    }
  }

  private visitValues(values: Message[]): void {
    for (const value of values) {
      this.add(value.texts(VALUE_INFO.name));
      this.visitTypes(value.messages(VALUE_INFO.type), 0);
    }
  }

  private visitTypes(types: Message[], depth: number): void {
    if (depth > MAX_DEPTH) throw noModel(`more than ${MAX_DEPTH} nested types`);
    for (const type of types) {
      for (const no of [TYPE.tensor, TYPE.sparseTensor])
        for (const tensor of type.messages(no)) this.visitType(tensor.number(TENSOR_TYPE.elemType));
      for (const no of [TYPE.sequence, TYPE.optional])
        for (const list of type.messages(no)) this.visitTypes(list.messages(SEQUENCE_TYPE.elemType), depth + 1);
      for (const map of type.messages(TYPE.map)) this.visitTypes(map.messages(MAP_TYPE.valueType), depth + 1);
    }
  }

  private visitTensors(tensors: Message[]): void {
    for (const tensor of tensors) {
      this.add(tensor.texts(TENSOR.name));
      this.visitType(tensor.number(TENSOR.dataType));
    }
  }

  private visitSparseTensors(tensors: Message[]): void {
    for (const tensor of tensors) this.visitTensors(tensor.messages(SPARSE_TENSOR.values));
  }

  private visitType(type: number): void {
    // From 17 on there are 8-bit and 4-bit types, floating ones among them.
    if (type === DATA.float16 || type === DATA.double || type >= DATA.bfloat16) this.hasOtherFloats = true;
  }
}

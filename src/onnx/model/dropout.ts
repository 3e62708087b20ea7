/**
 * Reads the Dropout nodes of a graph, and writes the nodes that replace them.
 *
 * Versions 7 and 10 of the operator have the ratio as an attribute; from version 12 on, it and training_mode are inputs.
 * The mask output has the type of x in version 7, and is bool from version 10 on.
 * Source: https://onnx.ai/onnx/operators/onnx__Dropout.html
 * @module
 */
import { int, type Message, message, type Parts, text } from './message.js';
import { ATTRIBUTE, DATA, GRAPH, KIND, NODE } from './schema.js';
import { isOperator, nameOf, type Survey } from './survey.js';
import { floatAttribute, type Values } from './values.js';

/** A Dropout node that can be rewritten. */
export interface DropoutNode {
  name: string;
  ratio: number;
  x: string;
  y: string;
  /** The name of the mask output. Empty if nothing uses it. */
  mask: string;
  /** The type of the elements of x. */
  type: number;
  /** Whether the mask output has the type of x, not bool. */
  isMaskLikeX: boolean;
}

export const isDropout = (node: Message): boolean => isOperator(node, 'Dropout');

/** The error for a node that cannot be rewritten. */
export const refusal = (name: string, problem: string, remedy: string): Error =>
  new RangeError(`the Dropout node ${JSON.stringify(name)} ${problem}: ${remedy}`);

/** The remedy for a node of an opset before 7. */
export const CONVERT = 'convert the model by onnx.version_converter.convert_version(model, 13)';

/**
 * Reads a Dropout node.
 * @throws RangeError that names the node if it does not fit its opset, if its ratio or training_mode is no constant, or
 *   if its data are of no type that Dropout takes
 */
export function readDropout(node: Message, opset: number, values: Values, survey: Survey): DropoutNode {
  const name = nameOf(node);
  const [x = '', ratioInput = '', modeInput = '', ...inputs] = node.texts(NODE.input);
  const [y = '', mask = '', ...outputs] = node.texts(NODE.output);
  const refuse = (problem: string, remedy: string): never => {
    throw refusal(name, problem, remedy);
  };
  const scalarOf = (role: string, input: string, isType: (type: number) => boolean): number => {
    const scalar = values.scalar(input);
    if (Array.isArray(scalar)) return refuse(`has a ${role} that ${scalar[0]}`, scalar[1]);
    if (isType(scalar.type)) return scalar.value;
    return refuse(
      `has a ${role} of the element type ${scalar.type} of TensorProto`,
      'the ratio has to be a float, training_mode a bool',
    );
  };

  const hasInputs = opset >= 12;
  const surplus = hasInputs ? inputs : [ratioInput, modeInput, ...inputs].filter(Boolean);
  if (!x || !y || surplus.length + outputs.length > 0)
    refuse(`does not have the inputs and outputs of Dropout of opset ${opset}`, CONVERT);

  let ratio = 0.5;
  for (const attribute of node.messages(NODE.attribute)) {
    const key = attribute.text(ATTRIBUTE.name);
    if (key !== (hasInputs ? 'seed' : 'ratio'))
      refuse(`has an attribute ${JSON.stringify(key)}, which Dropout of opset ${opset} does not have`, CONVERT);
    if (!hasInputs) ratio = floatAttribute(attribute, key) ?? refuse('has a ratio that is not a float', 'make it one');
  }
  if (hasInputs && ratioInput) ratio = scalarOf('ratio', ratioInput, (type) => type !== DATA.bool);
  // Its value makes no difference: the masks decide.
  if (hasInputs && modeInput) scalarOf('training_mode', modeInput, (type) => type === DATA.bool);
  if (!(ratio >= 0 && ratio < 1)) refuse(`has the ratio ${ratio}`, 'a ratio is at least 0 and below 1');

  const type = values.typeOf(x) ?? values.typeOf(y) ?? (survey.hasOtherFloats ? 0 : DATA.float);
  if (type === 0)
    refuse(
      'has data of a type that the model does not state, and other values are not float',
      'run onnx.shape_inference.infer_shapes(model) first, which states it',
    );
  if (!FLOATS.includes(type))
    refuse(`has data of the element type ${type} of TensorProto`, 'it has to be float, double, float16 or bfloat16');
  return { name, ratio, x, y, mask: survey.used.has(mask) ? mask : '', type, isMaskLikeX: opset < 10 };
}

const FLOATS = [DATA.float, DATA.double, DATA.float16, DATA.bfloat16];

/** The type of the mask input. JavaScript has no array for bfloat16, and not every runtime has one for float16. */
export const maskTypeOf = ({ type }: DropoutNode): number => (type === DATA.double ? DATA.double : DATA.float);

/**
 * The nodes that replace a Dropout node, as fields of the graph:
 *
 *     shape = Shape(x)
 *     y = Mul(x, mask)                                    mask is first cast to the type of x if that is another one
 *
 * If the mask output is used, it is computed too. Less(x, x) gives it all dimensions of x, even for a scalar mask:
 *
 *     mask output = Or(Cast(mask), Less(x, x))            in version 7 this is cast to the type of x
 *
 * @param input the name of the new input for the mask
 * @param shape the name of the new output for the shape of x
 */
export function rewrite(node: Message, dropout: DropoutNode, input: string, shape: string, survey: Survey): Parts {
  const { name, x, y, mask, type, isMaskLikeX } = dropout;
  // A model may import ONNX's operators under either name of their domain.
  const domain = node.text(NODE.domain);
  const parts: Parts[] = [];
  /** Adds a node with one output, whose name is also that of the node. */
  const add = (opType: string, inputs: string[], output: string, castTo?: number): string => {
    parts.push(
      nodeField(opType, inputs, output, [
        ...text(NODE.name, output),
        ...(domain ? text(NODE.domain, domain) : []),
        ...attributeTo(castTo),
      ]),
    );
    return output;
  };
  const fresh = (ending: string) => survey.fresh(`${name}_${ending}`);

  add('Shape', [x], shape);
  const factor = type === maskTypeOf(dropout) ? input : add('Cast', [input], fresh('mask_cast'), type);
  const replaced = [NODE.input, NODE.output, NODE.opType, NODE.attribute];
  const kept = node.replace((no) => (replaced.includes(no) ? [] : undefined));
  parts.push(nodeField('Mul', [x, factor], y, kept));
  if (mask) {
    const isKept = add('Cast', [input], fresh('kept'), DATA.bool);
    const isFalse = add('Less', [x, x], fresh('all_false'));
    if (isMaskLikeX) add('Cast', [add('Or', [isKept, isFalse], fresh('kept_like_x'))], mask, type);
    else add('Or', [isKept, isFalse], mask);
  }
  return parts.flat();
}

const nodeField = (opType: string, inputs: string[], output: string, rest: Parts): Parts =>
  message(GRAPH.node, [
    ...inputs.flatMap((input) => text(NODE.input, input)),
    ...text(NODE.output, output),
    ...text(NODE.opType, opType),
    ...rest,
  ]);

/** The attribute of Cast, or nothing for other operators. */
const attributeTo = (type: number | undefined): Parts =>
  type === undefined
    ? []
    : message(NODE.attribute, [
        ...text(ATTRIBUTE.name, 'to'),
        ...int(ATTRIBUTE.i, type),
        ...int(ATTRIBUTE.type, KIND.int),
      ]);

/**
 * ONNX models for tests, written by onnx-proto: the full schema on protobufjs, which shares no code with
 * `dropout-wasm/onnx/prepare`.
 */
import proto, { type onnx } from 'onnx-proto';

const { ModelProto, AttributeProto } = proto.onnx;

export type Model = onnx.IModelProto;
export type Graph = onnx.IGraphProto;
export type Node = onnx.INodeProto;
export type TensorValue = onnx.ITensorProto;

/** The numbers of the element types. */
export const FLOAT = 1;
export const INT64 = 7;
export const BOOL = 9;
export const FLOAT16 = 10;
export const DOUBLE = 11;
export const BFLOAT16 = 16;

/** The field of a tensor that holds its values. */
export type Place = 'rawData' | 'floatData' | 'doubleData' | 'int32Data' | 'int64Data';

const SCRATCH = new DataView(new ArrayBuffer(8));

/** The bits of a number as f32. */
function bits32(x: number): number {
  SCRATCH.setFloat32(0, x);
  return SCRATCH.getUint32(0);
}

/** The bits of the bfloat16 below a number in magnitude. */
export const bfloat16Bits = (x: number): number => bits32(x) >>> 16;

/** The bits of the float16 below a positive number that is normal in float16. */
export const float16Bits = (x: number): number => (x === 0 ? 0 : ((bits32(x) >>> 13) - ((127 - 15) << 10)) & 0xffff);

/** The values of a tensor as raw_data has them: in little-endian order. */
function rawBytes(type: number, values: readonly number[]): Uint8Array {
  const size = { [FLOAT]: 4, [INT64]: 8, [BOOL]: 1, [FLOAT16]: 2, [DOUBLE]: 8, [BFLOAT16]: 2 }[type] ?? 4;
  const view = new DataView(new ArrayBuffer(size * values.length));
  values.forEach((value, i) => {
    if (type === FLOAT) view.setFloat32(4 * i, value, true);
    else if (type === DOUBLE) view.setFloat64(8 * i, value, true);
    else if (type === FLOAT16) view.setUint16(2 * i, float16Bits(value), true);
    else if (type === BFLOAT16) view.setUint16(2 * i, bfloat16Bits(value), true);
    else if (type === BOOL) view.setUint8(i, value);
    else if (type === INT64) view.setBigInt64(8 * i, BigInt(value), true);
    else view.setInt32(4 * i, value, true);
  });
  return new Uint8Array(view.buffer);
}

/** A tensor. `dims` is by default that of a scalar for one value, and that of a vector for several. */
export function tensor(
  name: string,
  type: number,
  values: readonly number[],
  { place = 'rawData', dims = values.length === 1 ? [] : [values.length] }: { place?: Place; dims?: number[] } = {},
): TensorValue {
  const bits = { [FLOAT16]: float16Bits, [BFLOAT16]: bfloat16Bits }[type] ?? ((x: number) => x);
  const data = place === 'rawData' ? rawBytes(type, values) : place === 'int32Data' ? values.map(bits) : [...values];
  return { name, dataType: type, dims, [place]: data };
}

/** The name and type of a value. Without dims nothing is said about its shape; a string names a dimension. */
export const value = (name: string, type: number, dims?: (number | string)[]): onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType: type,
      ...(dims && { shape: { dim: dims.map((d) => (typeof d === 'string' ? { dimParam: d } : { dimValue: d })) } }),
    },
  },
});

type AttributeValue = number | bigint | string | TensorValue | Graph | onnx.IAttributeProto;

/** An attribute: a number is a float, a bigint an int, and an object with nodes a graph. */
function attribute(name: string, value: AttributeValue): onnx.IAttributeProto {
  const { FLOAT, INT, STRING, TENSOR, GRAPH } = AttributeProto.AttributeType;
  if (typeof value === 'number') return { name, type: FLOAT, f: value };
  if (typeof value === 'bigint') return { name, type: INT, i: Number(value) };
  if (typeof value === 'string') return { name, type: STRING, s: new TextEncoder().encode(value) };
  if ('node' in value) return { name, type: GRAPH, g: value };
  if ('dataType' in value) return { name, type: TENSOR, t: value };
  return { name, ...value };
}

/** A node. Inputs and outputs are lists of names, separated by spaces; "" stands for one that is left out. */
export const node = (
  opType: string,
  inputs: string | string[],
  outputs: string | string[],
  { name, domain, ...attributes }: { name?: string; domain?: string } & Record<string, AttributeValue> = {},
): Node => ({
  opType,
  input: typeof inputs === 'string' ? inputs.split(' ') : inputs,
  output: typeof outputs === 'string' ? outputs.split(' ') : outputs,
  ...(name !== undefined && { name }),
  ...(domain !== undefined && { domain }),
  attribute: Object.entries(attributes).map(([key, v]) => attribute(key, v)),
});

/** A model of one graph that imports one opset. */
export const model = (opset: number, graph: Graph, rest: Model = {}): Model => ({
  irVersion: opset < 19 ? 8 : 10,
  producerName: 'dropout-wasm',
  opsetImport: [{ domain: '', version: opset }],
  graph: { name: 'main', ...graph },
  ...rest,
});

export const encode = (model: Model): Uint8Array => new Uint8Array(ModelProto.encode(model).finish());

/** A model as plain objects: numbers for int64, and no default values. */
export const decode = (bytes: Uint8Array): Model =>
  ModelProto.toObject(ModelProto.decode(bytes), { longs: Number }) as Model;

export interface DropoutModel {
  opset: number;
  /** Default 0.5, which the model does not state. */
  ratio?: number;
  /** Where the ratio is. Default "attribute" before opset 12, else "initializer". */
  from?: 'attribute' | 'initializer' | 'constant' | 'value_float';
  /** The type of a ratio that is a tensor. Default: like x, but FLOAT for BFLOAT16, which it may have from opset 22 on. */
  ratioType?: number;
  place?: Place;
  /** From opset 12. By default the input is missing. */
  training?: boolean;
  /** What uses the mask output. By default it is left out. */
  mask?: 'unused' | 'node' | 'output';
  /** The type of x and y. Default FLOAT. */
  type?: number;
  /** The dimensions of x. Default ["batch", 4]. */
  dims?: (number | string)[];
}

/**
 * x → Identity → h → Dropout, named "drop" → d → Identity → y. The mask, if it is used, is the graph's output "m"; where
 * a node uses it, by an Identity.
 */
export function dropoutModel({
  opset,
  ratio,
  from = opset < 12 ? 'attribute' : 'initializer',
  type = FLOAT,
  ratioType = type === BFLOAT16 ? FLOAT : type,
  place = 'rawData',
  training,
  mask,
  dims = ['batch', 4],
}: DropoutModel): Model {
  const initializer: TensorValue[] = [];
  const nodes: Node[] = [];
  const inputs = ['h'];
  if (ratio !== undefined && from !== 'attribute') {
    inputs.push('ratio');
    const t = tensor('ratio', ratioType, [ratio], { place });
    if (from === 'initializer') initializer.push(t);
    else nodes.push(node('Constant', [], 'ratio', from === 'constant' ? { value: t } : { value_float: ratio }));
  }
  if (training !== undefined) {
    inputs.push(...(inputs.length < 2 ? [''] : []), 'training');
    nodes.push(node('Constant', [], 'training', { value: tensor('', BOOL, [Number(training)]) }));
  }
  const maskName = mask === 'output' ? 'm' : 'mask';
  nodes.push(
    node('Identity', 'x', 'h'),
    node('Dropout', inputs, mask ? ['d', maskName] : 'd', {
      name: 'drop',
      ...(ratio !== undefined && from === 'attribute' && { ratio }),
    }),
    node('Identity', 'd', 'y'),
  );
  if (mask === 'node') nodes.push(node('Identity', 'mask', 'm'));
  return model(opset, {
    node: nodes,
    initializer,
    input: [value('x', type, dims)],
    output: [
      value('y', type, dims),
      ...(mask === 'node' || mask === 'output' ? [value('m', opset < 10 ? type : BOOL, dims)] : []),
    ],
    // States the type of the data, which prepare has to know.
    valueInfo: [value('h', type, dims)],
  });
}

/** Every form of the operator that has a ratio, a mask and a type of its own. */
export const dropoutModels = (): { title: string; options: DropoutModel }[] =>
  [7, 8, 9, 10, 11, 12, 13, 16, 20, 22].flatMap((opset) => {
    const froms = opset < 12 ? (['attribute'] as const) : (['initializer', 'constant', 'value_float'] as const);
    const types = opset < 13 ? [FLOAT, FLOAT16, DOUBLE] : [FLOAT, FLOAT16, DOUBLE, BFLOAT16];
    const modes = opset < 12 ? [] : [false, true];
    const masks = [undefined, 'unused', 'node', 'output'] as const;
    const forms: DropoutModel[] = [
      { opset },
      ...froms.map((from) => ({ opset, ratio: 0.25, from })),
      ...types.map((type) => ({ opset, ratio: 0.25, type })),
      ...modes.map((training) => ({ opset, training })),
      ...types.flatMap((type) => masks.map((mask) => ({ opset, type, ratio: 0.75, ...(mask && { mask }) }))),
    ];
    return forms.map((options) => ({ title: JSON.stringify(options), options }));
  });

/**
 * The fields of onnx.proto that `prepare` reads or writes, by message. Other fields are copied.
 *
 * Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 * @module
 */
export const MODEL = { graph: 7, opsetImport: 8, trainingInfo: 20, functions: 25 };
export const OPSET = { domain: 1, version: 2 };
export const TRAINING = { initialization: 1, algorithm: 2 };
export const FUNCTION = { name: 1, input: 4, output: 5, node: 7, attributeProto: 11, valueInfo: 12 };
export const GRAPH = {
  node: 1,
  initializer: 5,
  input: 11,
  output: 12,
  valueInfo: 13,
  quantizationAnnotation: 14,
  sparseInitializer: 15,
};
export const NODE = { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 };
export const ATTRIBUTE = {
  name: 1,
  f: 2,
  i: 3,
  t: 5,
  g: 6,
  tensors: 10,
  graphs: 11,
  tp: 14,
  typeProtos: 15,
  type: 20,
  refAttrName: 21,
  sparseTensor: 22,
  sparseTensors: 23,
};
export const TENSOR = {
  dataType: 2,
  floatData: 4,
  int32Data: 5,
  name: 8,
  rawData: 9,
  doubleData: 10,
  dataLocation: 14,
};
export const SPARSE_TENSOR = { values: 1 };
export const ANNOTATION = { tensorName: 1, parameters: 2 };
export const ENTRY = { value: 2 };
export const VALUE_INFO = { name: 1, type: 2 };
export const TYPE = { tensor: 1, sequence: 4, map: 5, sparseTensor: 8, optional: 9 };
export const TENSOR_TYPE = { elemType: 1, shape: 2 };
/** The messages TypeProto.Sequence and TypeProto.Optional, whose element is a type. */
export const SEQUENCE_TYPE = { elemType: 1 };
export const MAP_TYPE = { valueType: 2 };
export const SHAPE = { dim: 1 };

/** The numbers of TensorProto.DataType. */
export const DATA = { float: 1, int64: 7, bool: 9, float16: 10, double: 11, bfloat16: 16 };

/** The numbers of AttributeProto.AttributeType. */
export const KIND = { float: 1, int: 2 };

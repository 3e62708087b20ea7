/** The digit classifier of examples/digits as ONNX. It runs in Node and in pages. */
import { BOOL, FLOAT, type Model, model, node, type TensorValue, tensor, value } from '../support/onnx-models.js';

const [PIXELS, HIDDEN, CLASSES] = [784, 128, 10];

/** The kernel and bias of a dense layer, whose numbers begin at `at`. */
const dense = (k: number, weights: Float32Array, at: number, ins: number, outs: number): TensorValue[] => [
  tensor(`kernel${k}`, FLOAT, [...weights.subarray(at, at + ins * outs)], { dims: [ins, outs] }),
  tensor(`bias${k}`, FLOAT, [...weights.subarray(at + ins * outs, at + (ins + 1) * outs)]),
];

const first = (weights: Float32Array) => dense(1, weights, 0, PIXELS, HIDDEN);
const second = (weights: Float32Array) => dense(2, weights, (PIXELS + 1) * HIDDEN, HIDDEN, CLASSES);
const X = value('x', FLOAT, ['batch', PIXELS]);
const FEATURES = value('features', FLOAT, ['batch', HIDDEN]);
const LOGITS = value('logits', FLOAT, ['batch', CLASSES]);

/** x → Dropout 0.2 → Gemm → Relu → Dropout 0.5 → Gemm → logits, in training mode, with the masks as outputs on demand. */
export const digitsModel = (weights: Float32Array, hasMasks: boolean): Model =>
  model(17, {
    node: [
      node('Dropout', 'x ratio1 training', 'd1 m1', { name: 'input' }),
      node('Gemm', 'd1 kernel1 bias1', 'h'),
      node('Relu', 'h', 'features'),
      node('Dropout', 'features ratio2 training', 'd2 m2', { name: 'hidden' }),
      node('Gemm', 'd2 kernel2 bias2', 'logits'),
    ],
    initializer: [
      tensor('ratio1', FLOAT, [0.2]),
      tensor('ratio2', FLOAT, [0.5]),
      tensor('training', BOOL, [1]),
      ...first(weights),
      ...second(weights),
    ],
    input: [X],
    output: [LOGITS, ...(hasMasks ? [value('m1', BOOL, ['batch', PIXELS]), value('m2', BOOL, ['batch', HIDDEN])] : [])],
  });

/** The first half without Dropout: x → features. */
export const encoderModel = (weights: Float32Array): Model =>
  model(17, {
    node: [node('Gemm', 'x kernel1 bias1', 'h'), node('Relu', 'h', 'features')],
    initializer: first(weights),
    input: [X],
    output: [FEATURES],
  });

/** The second half without Dropout: features → logits. */
export const headModel = (weights: Float32Array): Model =>
  model(17, {
    node: [node('Gemm', 'features kernel2 bias2', 'logits')],
    initializer: second(weights),
    input: [FEATURES],
    output: [LOGITS],
  });

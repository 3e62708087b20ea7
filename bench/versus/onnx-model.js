/** A model of one Dropout node in training mode. */
import proto from 'onnx-proto';

const { ModelProto, TensorProto } = proto.onnx;
const { FLOAT, BOOL } = TensorProto.DataType;

/**
 * @param {number} p
 * @returns {Uint8Array} x → Dropout → y, mask
 */
export function dropoutModel(p) {
  const value = (/** @type {string} */ name, /** @type {number} */ elemType) => ({
    name,
    type: { tensorType: { elemType, shape: { dim: [{ dimParam: 'n' }] } } },
  });
  const model = {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'main',
      node: [{ opType: 'Dropout', input: ['x', 'ratio', 'training_mode'], output: ['y', 'mask'] }],
      initializer: [
        { name: 'ratio', dataType: FLOAT, floatData: [p] },
        { name: 'training_mode', dataType: BOOL, int32Data: [1] },
      ],
      input: [value('x', FLOAT)],
      output: [value('y', FLOAT), value('mask', BOOL)],
    },
  };
  return new Uint8Array(ModelProto.encode(model).finish());
}

/**
 * Messages field by field, read and written by protobufjs: for tests of fields that a schema does not name, and of the
 * order of fields.
 */
import protobuf from 'protobufjs/minimal.js';

/** A field: its number, its wire type, and its bytes in hex or, for a nested message, its fields. */
export type Field = [no: number, wireType: number, value: string | Field[]];

/** Which fields are messages, by their numbers. */
export interface Nesting {
  [no: number]: Nesting;
}

/** The nesting of ONNX models, down to subgraphs of subgraphs. */
export function modelNesting(): Nesting {
  const tensor = { 13: {} };
  const shape = { 1: {} };
  const valueInfo = { 2: { 1: { 2: shape } } };
  const attribute: Nesting = { 5: tensor };
  const node = { 5: attribute };
  const graph = { 1: node, 5: tensor, 11: valueInfo, 12: valueInfo, 13: valueInfo, 14: { 2: {} }, 15: { 1: tensor } };
  attribute[6] = graph;
  return { 7: graph, 8: {}, 14: {}, 20: { 1: graph, 2: graph }, 25: { 7: node, 9: {} } };
}

export function fieldsOf(bytes: Uint8Array, nesting: Nesting): Field[] {
  const reader = new protobuf.Reader(bytes);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const [no, wireType] = [tag >>> 3, tag & 7];
    const start = reader.pos;
    const nested = wireType === 2 ? nesting[no] : undefined;
    if (nested) fields.push([no, wireType, fieldsOf(reader.bytes(), nested)]);
    else {
      reader.skipType(wireType);
      fields.push([no, wireType, Buffer.from(bytes.subarray(start, reader.pos)).toString('hex')]);
    }
  }
  return fields;
}

export function bytesOf(fields: Field[]): Uint8Array {
  const parts = fields.map(([no, wireType, value]) => {
    const tag = protobuf.Writer.create().uint32((no << 3) | wireType);
    if (typeof value === 'string') return Buffer.concat([tag.finish(), Buffer.from(value, 'hex')]);
    return tag.bytes(bytesOf(value)).finish();
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** Fields of every wire type under numbers that no message of ONNX has. */
const UNKNOWN: Field[] = [
  [900, 0, '8001'],
  [901, 1, '0102030405060708'],
  [902, 2, '03616263'],
  [903, 5, '01020304'],
  // A group, which holds a field and ends with its own tag.
  [904, 3, '0801c438'],
];

/** The same fields, with unknown ones before and behind those of every message. */
export const withUnknown = (fields: Field[]): Field[] => [
  ...UNKNOWN,
  ...fields.map(
    ([no, wireType, value]): Field => [no, wireType, typeof value === 'string' ? value : withUnknown(value)],
  ),
  ...UNKNOWN,
];

/**
 * Protobuf messages as lists of their fields, over the wire format of @bufbuild/protobuf. A field that is not rewritten
 * keeps its bytes and its place, whether or not schema.ts has it. The library's own messages keep unknown fields too,
 * but they take 18 KB gzipped, whereas its wire format takes 3.5 KB.
 * @module
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A field of a message. Both arrays are parts of the model's bytes. */
interface Field {
  readonly no: number;
  readonly wireType: WireType;
  /** Without the length. */
  readonly value: Uint8Array;
  /** The value with its tag and length. */
  readonly bytes: Uint8Array;
}

/**
 * A message that has been read. As protobuf requires, the last value of a field that is not repeated counts, messages
 * in such a field are merged, and a field of another wire type than expected is unknown.
 */
export class Message {
  declare private readonly fields: readonly Field[];

  constructor(parts: Parts) {
    this.fields = parts.flatMap(fieldsOf);
  }

  /** The parts of the message with some fields replaced. `rewrite` returns new fields, or undefined to keep a field. */
  replace(rewrite: (no: number, value: Uint8Array) => Parts | undefined): Parts {
    return this.fields.flatMap(({ no, wireType, value, bytes }) => {
      const parts = wireType === WireType.LengthDelimited ? rewrite(no, value) : undefined;
      return parts ?? [bytes];
    });
  }

  /** The messages of a repeated field. */
  messages(no: number): Message[] {
    return this.values(no, WireType.LengthDelimited).map((value) => new Message([value]));
  }

  message(no: number): Message | undefined {
    const values = this.values(no, WireType.LengthDelimited);
    return values.length > 0 ? new Message(values) : undefined;
  }

  /** The strings of a repeated field. */
  texts(no: number): string[] {
    return this.values(no, WireType.LengthDelimited).map(decodeUtf8);
  }

  text(no: number): string {
    return last(this.texts(no)) ?? '';
  }

  bytes(no: number): Uint8Array | undefined {
    return last(this.values(no, WireType.LengthDelimited));
  }

  /** The numbers of a repeated field, packed or not. */
  numbers(no: number, type: 'int64' | 'float' | 'double'): number[] {
    const wireType = { int64: WireType.Varint, float: WireType.Bit32, double: WireType.Bit64 }[type];
    return this.fields
      .filter(
        (field) => field.no === no && (field.wireType === wireType || field.wireType === WireType.LengthDelimited),
      )
      .flatMap(({ value }) => {
        const reader = new BinaryReader(value, decodeUtf8);
        const numbers: number[] = [];
        while (reader.pos < reader.len) numbers.push(Number(parse(() => reader[type]())));
        return numbers;
      });
  }

  number(no: number, type: 'int64' | 'float' = 'int64'): number {
    return last(this.numbers(no, type)) ?? 0;
  }

  private values(no: number, wireType: WireType): Uint8Array[] {
    return this.fields.filter((field) => field.no === no && field.wireType === wireType).map(({ value }) => value);
  }
}

/** Not `at(-1)`, which the Hermes of older React Native does not have. */
const last = <T>(list: readonly T[]): T | undefined => list[list.length - 1];

function fieldsOf(bytes: Uint8Array): Field[] {
  const reader = new BinaryReader(bytes, decodeUtf8);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [no, wireType] = parse(() => reader.tag());
    const value = parse(() => (wireType === WireType.LengthDelimited ? reader.bytes() : reader.skip(wireType, no)));
    fields.push({ no, wireType, value, bytes: bytes.subarray(start, reader.pos) });
  }
  return fields;
}

/** Calls the library, which throws only if the bytes are no message. @throws RangeError */
function parse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw noModel((error as Error).message);
  }
}

/** The error for bytes that are no model. */
export const noModel = (reason: string): Error =>
  new RangeError(
    `modelBytes has to be the bytes of an ONNX model, but they cannot be read as one (${reason}): is the file complete, ` +
      'and not an error page or a pointer of Git LFS?',
  );

/** A message to be written: its parts, which `join` copies once. */
export type Parts = readonly Uint8Array[];

// UTF-8 by the functions that every engine has, since Hermes and jsdom have no TextDecoder.

/** @throws RangeError if the bytes are not UTF-8 */
function decodeUtf8(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte < 0x80 && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16)}`;
  try {
    return decodeURIComponent(text);
  } catch {
    throw noModel('a name is not UTF-8');
  }
}

function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const bytes = encodeURIComponent(text).match(/%..|./g) ?? [];
  return Uint8Array.from(bytes, (byte) => (byte.length > 1 ? Number.parseInt(byte.slice(1), 16) : byte.charCodeAt(0)));
}

/** A field to be written that holds a number. */
export const int = (no: number, value: number): Parts => [
  new BinaryWriter(encodeUtf8).tag(no, WireType.Varint).uint32(value).finish(),
];

/** A field to be written that holds a string. */
export const text = (no: number, value: string): Parts => [
  new BinaryWriter(encodeUtf8).tag(no, WireType.LengthDelimited).string(value).finish(),
];

/** A field to be written that holds a message. */
export const message = (no: number, parts: Parts): Parts => [
  new BinaryWriter(encodeUtf8).tag(no, WireType.LengthDelimited).uint32(lengthOf(parts)).finish(),
  ...parts,
];

/** The bytes of a message. */
export function join(parts: Parts): Uint8Array {
  const bytes = new Uint8Array(lengthOf(parts));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

const lengthOf = (parts: Parts): number => parts.reduce((sum, { length }) => sum + length, 0);

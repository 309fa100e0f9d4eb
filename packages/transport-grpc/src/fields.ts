import { DecodeError } from '@raft/proto';
import { bytesFieldBytes, stringBytes, WireReader, WireType, writeString, writeVarint } from '@raft/proto/wire';

// Just enough of the Protocol Buffers encoding for the small messages of the standard services.

/** A field of bytes, a string or a message. The field numbers here are below 16: one byte with the wire type. */
export function bytesField(field: number, value: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytesFieldBytes(value.length));
  out[0] = field * 8 + WireType.bytes;
  out.set(value, writeVarint(out, 1, value.length));
  return out;
}

export function stringField(field: number, value: string): Uint8Array {
  const bytes = new Uint8Array(stringBytes(value));
  writeString(bytes, 0, value, bytes.length);
  return bytesField(field, bytes);
}

/** A number below 128; written even when it is 0. */
export function smallField(field: number, value: number): Uint8Array {
  return Uint8Array.of(field * 8 + WireType.varint, value);
}

export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

/** The fields of bytes, strings and messages, in order; the others are left out. Throws `DecodeError`. */
export function bytesFields(bytes: Uint8Array): { readonly field: number; readonly value: Uint8Array }[] {
  const reader = new WireReader(bytes);
  const fields = [];
  while (!reader.done) {
    const tag = reader.varint();
    if (tag % 8 === WireType.bytes) fields.push({ field: Math.floor(tag / 8), value: reader.bytes() });
    else reader.skip(tag % 8);
  }
  return fields;
}

/** The last value of a string field, as proto3 reads it; empty without one. Throws `DecodeError`. */
export function stringOf(bytes: Uint8Array, field: number): string {
  const last = bytesFields(bytes).findLast((each) => each.field === field);
  return last === undefined ? '' : text(last.value);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws `DecodeError`. */
export function text(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new DecodeError('a string is not UTF-8', { cause });
  }
}

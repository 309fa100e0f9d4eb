import { InvalidArgumentError } from '@raft/core';
import { DecodeError, kvV1 } from '@raft/proto';
import { bytesFieldBytes, WireReader, writeVarint } from '@raft/proto/wire';
import { type Bytes, toBytes } from './bytes.js';

/** What must be there for a compare-and-set; a string is taken as UTF-8. */
export type Expected =
  | { readonly absent: true }
  | { readonly value: Bytes }
  /** The log index of the key's last write. */
  | { readonly revision: number };

/** Field number and wire type in kv.proto's Command and Request, which are the same. */
export const BodyTag = {
  get: 0x12,
  set: 0x1a,
  delete: 0x22,
  compareAndSet: 0x2a,
  list: 0x32,
  status: 0x3a,
  watch: 0x42,
  openSession: 0x4a,
  keepSession: 0x52,
  closeSession: 0x5a,
  members: 0x62,
  previewMembers: 0x6a,
  changeMembers: 0x72,
  transferLeadership: 0x82,
  snapshot: 0x8a,
} as const;

const Tag = {
  key: 0x0a,
  value: 0x12,
  absent: 0x10,
  expectedValue: 0x1a,
  expectedRevision: 0x20,
  compareAndSetValue: 0x2a,
} as const;

export function encodeSet(key: Bytes, value: Bytes): Uint8Array {
  return encodeKeyValue(BodyTag.set, toBytes(key), toBytes(value), 0);
}

export function encodeDelete(key: Bytes): Uint8Array {
  return encodeKeyValue(BodyTag.delete, toBytes(key), undefined, 0);
}

export function encodeCompareAndSet(key: Bytes, expected: Expected, value: Bytes): Uint8Array {
  return kvV1.Command.encode({ compareAndSet: compareAndSetRequest(key, expected, value) }).finish();
}

/** Throws {@link InvalidArgumentError} for a revision that is none. */
export function compareAndSetRequest(
  key: Bytes,
  expected: Expected,
  value: Bytes,
): kvV1.CompareAndSetRequest.$Properties {
  const fields = { key: toBytes(key), value: toBytes(value) };
  if ('absent' in expected) return { ...fields, absent: true };
  if ('value' in expected) return { ...fields, expectedValue: toBytes(expected.value) };
  const { revision } = expected;
  if (!Number.isSafeInteger(revision) || revision < 0) {
    throw new InvalidArgumentError(`the expected revision is ${revision}: give the log index of a write`);
  }
  return { ...fields, expectedRevision: revision };
}

/** A Get, Set or Delete as the field `tag`, behind `before` bytes that are left to the caller. */
export function encodeKeyValue(
  tag: number,
  key: Uint8Array,
  value: Uint8Array | undefined,
  before: number,
): Uint8Array {
  const keyBytes = key.length === 0 ? 0 : bytesFieldBytes(key.length);
  const valueBytes = value === undefined || value.length === 0 ? 0 : bytesFieldBytes(value.length);
  const bodyBytes = keyBytes + valueBytes;
  const out = new Uint8Array(before + bytesFieldBytes(bodyBytes));
  out[before] = tag;
  let at = writeVarint(out, before + 1, bodyBytes);
  if (keyBytes > 0) at = writeBytesField(out, at, Tag.key, key);
  if (valueBytes > 0) writeBytesField(out, at, Tag.value, value!);
  return out;
}

function writeBytesField(out: Uint8Array, at: number, tag: number, bytes: Uint8Array): number {
  out[at] = tag;
  const start = writeVarint(out, at + 1, bytes.length);
  out.set(bytes, start);
  return start + bytes.length;
}

/** Makes a serialized SetRequest, DeleteRequest or CompareAndSetRequest a Command. */
export function wrapCommand(tag: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytesFieldBytes(body.length));
  writeBytesField(out, 0, tag, body);
  return out;
}

/** Where a command's parts lie in its bytes. */
export interface CommandSpans {
  readonly type: 'set' | 'delete' | 'compareAndSet';
  readonly keyStart: number;
  readonly keyEnd: number;
  /** An empty span in a delete. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Of a compare-and-set only. */
  readonly expected: ExpectedSpans | undefined;
}

export type ExpectedSpans =
  | { readonly type: 'absent' }
  | { readonly type: 'value'; readonly start: number; readonly end: number }
  | { readonly type: 'revision'; readonly revision: number };

/** Throws {@link DecodeError} for what is no command, has an empty key, or expects nothing. */
export function parseCommand(bytes: Uint8Array): CommandSpans {
  const reader = new WireReader(bytes);
  let command: CommandSpans | undefined;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === BodyTag.set) command = parseFields('set', reader.message());
    else if (tag === BodyTag.delete) command = parseFields('delete', reader.message());
    else if (tag === BodyTag.compareAndSet) command = parseFields('compareAndSet', reader.message());
    else reader.skip(tag % 8);
  }
  if (command === undefined) throw new DecodeError('malformed command: it says nothing to do');
  return command;
}

function parseFields(type: CommandSpans['type'], reader: WireReader): CommandSpans {
  const valueTag = type === 'set' ? Tag.value : type === 'compareAndSet' ? Tag.compareAndSetValue : undefined;
  let keyStart = 0;
  let keyEnd = 0;
  let valueStart = 0;
  let valueEnd = 0;
  let expected: ExpectedSpans | undefined;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === Tag.key) {
      keyStart = reader.span();
      keyEnd = reader.position;
    } else if (tag === valueTag) {
      valueStart = reader.span();
      valueEnd = reader.position;
    } else if (type === 'compareAndSet') {
      expected = parseExpected(tag, reader) ?? expected;
    } else {
      reader.skip(tag % 8);
    }
  }
  if (keyStart === keyEnd) throw new DecodeError('malformed command: the key is empty');
  if (type === 'compareAndSet' && expected === undefined) {
    throw new DecodeError('malformed command: it does not say what must be there');
  }
  return { type, keyStart, keyEnd, valueStart, valueEnd, expected };
}

function parseExpected(tag: number, reader: WireReader): ExpectedSpans | undefined {
  if (tag === Tag.expectedValue) return { type: 'value', start: reader.span(), end: reader.position };
  if (tag === Tag.expectedRevision) return { type: 'revision', revision: reader.varint() };
  if (tag === Tag.absent) {
    if (reader.varint() !== 0) return { type: 'absent' };
    throw new DecodeError('malformed command: absent is not true');
  }
  reader.skip(tag % 8);
  return undefined;
}

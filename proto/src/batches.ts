import { DecodeError } from './decode-error.js';
import {
  bytesFieldBytes,
  stringBytes,
  varintFieldBytes,
  WireReader,
  writeString,
  writeVarint,
  writeVarintField,
} from './wire.js';

/** A client's request on its way; `id` tells the calls of one connection apart. */
export type EncodedCall = {
  readonly id: number;
  readonly payload: Uint8Array;
  /** Takes back the earlier call of this id: nobody waits for its answer. The payload is empty. Default false. */
  readonly cancel?: boolean | undefined;
};

/** The end of a call: exactly one of `payload` and `error` is set. */
export type EncodedReply = {
  readonly id: number;
  readonly payload: Uint8Array | undefined;
  /** Why the call has no answer from the application. */
  readonly error: string | undefined;
};

/** Field number and wire type of each field, as raft.proto has them. */
const Tag = { items: 0x0a, id: 0x08, payload: 0x12, error: 0x1a, cancel: 0x18 } as const;

/** Encodes a CallBatch. Throws RangeError for an id that is not an integer from 0 to 2^53 - 1. */
export function encodeCalls(calls: readonly EncodedCall[]): Uint8Array {
  let bytes = 0;
  for (const call of calls) bytes += bytesFieldBytes(callBytes(call));
  const out = new Uint8Array(bytes);
  let at = 0;
  for (const call of calls) {
    out[at] = Tag.items;
    at = writeVarint(out, at + 1, callBytes(call));
    at = writeVarintField(out, at, Tag.id, call.id);
    if (call.payload.length > 0) at = writePayload(out, at, call.payload);
    if (call.cancel === true) at = writeVarintField(out, at, Tag.cancel, 1);
  }
  return out;
}

function callBytes(call: EncodedCall): number {
  const payloadBytes = call.payload.length === 0 ? 0 : bytesFieldBytes(call.payload.length);
  return varintFieldBytes(call.id) + payloadBytes + (call.cancel === true ? 2 : 0);
}

/** Decodes a CallBatch. The payloads are views on `bytes`. Throws {@link DecodeError}. */
export function decodeCalls(bytes: Uint8Array): EncodedCall[] {
  const calls: EncodedCall[] = [];
  eachItem(bytes, (item) => {
    let id = 0;
    let payload: Uint8Array | undefined;
    let cancel: boolean | undefined;
    while (!item.done) {
      const tag = item.varint();
      if (tag === Tag.id) id = item.varint();
      else if (tag === Tag.payload) payload = item.bytes();
      else if (tag === Tag.cancel) cancel = item.varint() !== 0;
      else item.skip(tag % 8);
    }
    calls.push({ id, payload: payload ?? new Uint8Array(0), cancel });
  });
  return calls;
}

/**
 * Encodes a ReplyBatch. Throws RangeError for an id that is not an integer from 0 to 2^53 - 1, and TypeError for a reply
 * that has neither payload nor error, or both.
 */
export function encodeReplies(replies: readonly EncodedReply[]): Uint8Array {
  const errorBytes = replies.map(measureError);
  let bytes = 0;
  for (let i = 0; i < replies.length; i++) bytes += bytesFieldBytes(replyBytes(replies[i]!, errorBytes[i]!));
  const out = new Uint8Array(bytes);
  let at = 0;
  for (let i = 0; i < replies.length; i++) {
    const reply = replies[i]!;
    out[at] = Tag.items;
    at = writeVarint(out, at + 1, replyBytes(reply, errorBytes[i]!));
    at = writeVarintField(out, at, Tag.id, reply.id);
    if (reply.payload !== undefined) {
      at = writePayload(out, at, reply.payload);
    } else {
      out[at] = Tag.error;
      at = writeVarint(out, at + 1, errorBytes[i]!);
      at = writeString(out, at, reply.error!, errorBytes[i]!);
    }
  }
  return out;
}

function measureError(reply: EncodedReply): number {
  if ((reply.payload === undefined) === (reply.error === undefined)) {
    throw new TypeError(`reply ${reply.id} must have either a payload or an error`);
  }
  return reply.error === undefined ? 0 : stringBytes(reply.error);
}

function replyBytes(reply: EncodedReply, errorBytes: number): number {
  const outcome = reply.payload === undefined ? errorBytes : reply.payload.length;
  return varintFieldBytes(reply.id) + bytesFieldBytes(outcome);
}

/** Decodes a ReplyBatch. The payloads are views on `bytes`. Throws {@link DecodeError}, also for a reply without an outcome. */
export function decodeReplies(
  bytes: Uint8Array,
): { id: number; payload: Uint8Array | undefined; error: string | undefined }[] {
  const replies: { id: number; payload: Uint8Array | undefined; error: string | undefined }[] = [];
  eachItem(bytes, (item) => {
    let id = 0;
    let payload: Uint8Array | undefined;
    let error: string | undefined;
    while (!item.done) {
      const tag = item.varint();
      if (tag === Tag.id) {
        id = item.varint();
      } else if (tag === Tag.payload) {
        payload = item.bytes();
        error = undefined;
      } else if (tag === Tag.error) {
        error = item.string();
        payload = undefined;
      } else {
        item.skip(tag % 8);
      }
    }
    if (payload === undefined && error === undefined) throw new DecodeError(`reply ${id} has no outcome`);
    replies.push({ id, payload, error });
  });
  return replies;
}

function writePayload(out: Uint8Array, at: number, payload: Uint8Array): number {
  out[at] = Tag.payload;
  const start = writeVarint(out, at + 1, payload.length);
  out.set(payload, start);
  return start + payload.length;
}

function eachItem(bytes: Uint8Array, read: (item: WireReader) => void): void {
  const batch = new WireReader(bytes);
  while (!batch.done) {
    const tag = batch.varint();
    if (tag === Tag.items) read(batch.message());
    else batch.skip(tag % 8);
  }
}

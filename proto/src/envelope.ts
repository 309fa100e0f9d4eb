import type { AppendEntries, GroupId, Message } from '@raft/core';
import { bulkOf } from './bulk.js';
import type { Bulk } from './bulk.js';
import { DecodeError } from './decode-error.js';
import { decodeMessage } from './decode-message.js';
import { packedBytes, packEntries } from './entries.js';
import { raftV1 } from './generated/protos.js';
import { fromProto, toProto } from './messages.js';
import { bytesFieldBytes, stringBytes, varintFieldBytes, writeString, writeVarint, writeVarintField } from './wire.js';

/** The version of the peer and client protocol that this package speaks. */
export const PROTOCOL_VERSION = 1;

/** Field number and wire type of each field, as raft.proto has them. */
const Tag = {
  envelopeVersion: 0x08,
  envelopeGroupId: 0x12,
  envelopeMessages: 0x1a,
  messageFrom: 0x0a,
  messageTo: 0x12,
  messageTerm: 0x18,
  messageAppendEntries: 0x32,
  appendPrevLogIndex: 0x08,
  appendPrevLogTerm: 0x10,
  appendLeaderCommit: 0x18,
  appendRound: 0x20,
  appendEntries: 0x2a,
  appendQuiesce: 0x30,
} as const;

/** What is measured before the envelope's bytes are allocated, once and exactly. */
interface Plan {
  readonly message: Message;
  /** Bytes of the message without its own tag and length. */
  readonly bytes: number;
  readonly fromBytes: number;
  readonly toBytes: number;
  /** Bytes of the append's fields and of its packed entries. */
  readonly bodyBytes: number;
  readonly entriesBytes: number;
  /** The body, when the message is another one that may be large. */
  readonly bulk: Bulk | undefined;
  /** The whole message, when it is a small one: the generated code writes those. */
  readonly encoded: Uint8Array | undefined;
}

/** Encodes messages of one group. Throws RangeError for numbers that are not integers from 0 to 2^53 - 1. */
export function encodeEnvelope(groupId: GroupId, messages: readonly Message[]): Uint8Array {
  const groupBytes = stringBytes(groupId);
  const plans = messages.map(plan);
  let bytes = varintFieldBytes(PROTOCOL_VERSION) + (groupBytes === 0 ? 0 : bytesFieldBytes(groupBytes));
  for (const each of plans) bytes += bytesFieldBytes(each.bytes);

  const out = new Uint8Array(bytes);
  let at = writeVarintField(out, 0, Tag.envelopeVersion, PROTOCOL_VERSION);
  at = writeStringField(out, at, Tag.envelopeGroupId, groupId, groupBytes);
  for (const each of plans) {
    out[at] = Tag.envelopeMessages;
    at = writeVarint(out, at + 1, each.bytes);
    at = writeMessage(out, at, each);
  }
  return out;
}

function plan(message: Message): Plan {
  if (message.type === 'appendEntries') return planAppend(message);
  if (message.type === 'installSnapshot' || message.type === 'propose') {
    const bulk = bulkOf(message);
    return planBody(message, bulk.bytes, 0, bulk);
  }
  const encoded = raftV1.Message.encode(toProto(message)).finish();
  const bytes = encoded.length;
  return { message, bytes, fromBytes: 0, toBytes: 0, bodyBytes: 0, entriesBytes: 0, bulk: undefined, encoded };
}

function planAppend(message: AppendEntries): Plan {
  const entriesBytes = packedBytes(message.entries);
  const last = message.entries.at(-1);
  if (last !== undefined && last.index !== message.prevLogIndex + message.entries.length) {
    throw new RangeError(`entries do not follow index ${message.prevLogIndex} one by one: the last has ${last.index}`);
  }
  const bodyBytes =
    varintFieldBytes(message.prevLogIndex) +
    varintFieldBytes(message.prevLogTerm) +
    varintFieldBytes(message.leaderCommit) +
    varintFieldBytes(message.round) +
    (entriesBytes === 0 ? 0 : bytesFieldBytes(entriesBytes)) +
    varintFieldBytes(Number(message.quiesce));
  return planBody(message, bodyBytes, entriesBytes, undefined);
}

/** Written out, as this is on the hot path: spreading objects costs twenty times as much. */
function planBody(message: Message, bodyBytes: number, entriesBytes: number, bulk: Bulk | undefined): Plan {
  const fromBytes = stringBytes(message.from);
  const toBytes = stringBytes(message.to);
  const bytes =
    (fromBytes === 0 ? 0 : bytesFieldBytes(fromBytes)) +
    (toBytes === 0 ? 0 : bytesFieldBytes(toBytes)) +
    varintFieldBytes(message.term) +
    bytesFieldBytes(bodyBytes);
  return { message, bytes, fromBytes, toBytes, bodyBytes, entriesBytes, bulk, encoded: undefined };
}

function writeMessage(out: Uint8Array, start: number, plan: Plan): number {
  if (plan.encoded !== undefined) {
    out.set(plan.encoded, start);
    return start + plan.bytes;
  }
  const { from, to, term } = plan.message;
  let at = writeStringField(out, start, Tag.messageFrom, from, plan.fromBytes);
  at = writeStringField(out, at, Tag.messageTo, to, plan.toBytes);
  at = writeVarintField(out, at, Tag.messageTerm, term);
  out[at] = plan.bulk?.tag ?? Tag.messageAppendEntries;
  at = writeVarint(out, at + 1, plan.bodyBytes);
  if (plan.bulk !== undefined) return plan.bulk.write(out, at);
  const message = plan.message as AppendEntries;
  at = writeVarintField(out, at, Tag.appendPrevLogIndex, message.prevLogIndex);
  at = writeVarintField(out, at, Tag.appendPrevLogTerm, message.prevLogTerm);
  at = writeVarintField(out, at, Tag.appendLeaderCommit, message.leaderCommit);
  at = writeVarintField(out, at, Tag.appendRound, message.round);
  if (plan.entriesBytes > 0) {
    out[at] = Tag.appendEntries;
    at = writeVarint(out, at + 1, plan.entriesBytes);
    at = packEntries(out, at, message.entries);
  }
  return writeVarintField(out, at, Tag.appendQuiesce, Number(message.quiesce));
}

function writeStringField(out: Uint8Array, at: number, tag: number, value: string, bytes: number): number {
  if (bytes === 0) return at;
  out[at] = tag;
  return writeString(out, writeVarint(out, at + 1, bytes), value, bytes);
}

/**
 * Decodes an envelope. The data of its entries are views on `bytes`, which the caller therefore owns for as long as they are used.
 * Throws {@link DecodeError}: not an envelope, of another version, a message without a body, integers beyond 2^53 - 1,
 * entries that are truncated or of an unknown type.
 */
export function decodeEnvelope(bytes: Uint8Array): { groupId: GroupId; messages: Message[] } {
  const envelope = decodeMessage(raftV1.Envelope, bytes, 'envelope');
  if (envelope.version !== PROTOCOL_VERSION) {
    throw new DecodeError(`protocol version ${envelope.version} is not spoken here, only ${PROTOCOL_VERSION}`);
  }
  return { groupId: envelope.groupId, messages: envelope.messages.map((each) => fromProto(each as raftV1.Message)) };
}

import { type ReadLevel, type SessionPosition } from '@raft/core';
import { DecodeError, kvV1 } from '@raft/proto';
import { bytesFieldBytes, varintFieldBytes, WireReader, writeVarint, writeVarintField } from '@raft/proto/wire';
import { BodyTag, encodeKeyValue } from './command.js';
import { parseReadLevel } from './read-level.js';

const timeoutTag = 0x08;
const sessionTag = 0x7a;
const forwardTag = 0x90;
const maxTimeoutMs = 0xffff_ffff;

/** Beside the body: how an attempt is made. */
export interface Envelope {
  /** Milliseconds that the client goes on waiting. */
  readonly timeoutMs: number;
  /** Of a command. */
  readonly session?: SessionPosition | undefined;
  /** A server that does not lead hands the command on. */
  readonly forward?: boolean | undefined;
}

/** Makes a request's bytes for one attempt. */
export type EncodeRequest = (envelope: Envelope) => Uint8Array;

/** A Get, Set or Delete: hot, so it is written by hand. */
export function keyValueRequest(tag: number, key: Uint8Array, value?: Uint8Array): EncodeRequest {
  return (envelope) => {
    const timeoutMs = wireTimeout(envelope.timeoutMs);
    const { session, forward } = envelope;
    const sessionBodyBytes = session === undefined ? 0 : measureSession(session);
    const sessionBytes = session === undefined ? 0 : bytesFieldBytes(sessionBodyBytes);
    const before = varintFieldBytes(timeoutMs) + sessionBytes + (forward === true ? 3 : 0);
    const out = encodeKeyValue(tag, key, value, before);
    let at = writeVarintField(out, 0, timeoutTag, timeoutMs);
    if (session !== undefined) at = writeSession(out, at, session, sessionBodyBytes);
    // Its tag has two bytes.
    if (forward === true) writeVarint(out, writeVarint(out, at, forwardTag), 1);
    return out;
  };
}

export function otherRequest(body: kvV1.Request.$Properties): EncodeRequest {
  return ({ timeoutMs, session, forward }) =>
    kvV1.Request.encode({
      timeoutMs: wireTimeout(timeoutMs),
      ...body,
      ...(session === undefined
        ? {}
        : { session: { ...session, firstUnacknowledged: session.firstUnacknowledged ?? 0 } }),
      ...(forward === true ? { forward } : {}),
    }).finish();
}

/** 0 on the wire would mean the server's default. */
function wireTimeout(timeoutMs: number): number {
  return Math.min(Math.max(Math.ceil(timeoutMs), 1), maxTimeoutMs);
}

const SessionTag = { id: 0x08, sequence: 0x10, firstUnacknowledged: 0x18 } as const;

function measureSession({ id, sequence, firstUnacknowledged = 0 }: SessionPosition): number {
  return varintFieldBytes(id) + varintFieldBytes(sequence) + varintFieldBytes(firstUnacknowledged);
}

function writeSession(out: Uint8Array, start: number, session: SessionPosition, bodyBytes: number): number {
  out[start] = sessionTag;
  let at = writeVarint(out, start + 1, bodyBytes);
  at = writeVarintField(out, at, SessionTag.id, session.id);
  at = writeVarintField(out, at, SessionTag.sequence, session.sequence);
  return writeVarintField(out, at, SessionTag.firstUnacknowledged, session.firstUnacknowledged ?? 0);
}

/** Throws {@link DecodeError}. */
export function parseSession(reader: WireReader): SessionPosition {
  let id = 0;
  let sequence = 0;
  let firstUnacknowledged = 0;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === SessionTag.id) id = reader.varint();
    else if (tag === SessionTag.sequence) sequence = reader.varint();
    else if (tag === SessionTag.firstUnacknowledged) firstUnacknowledged = reader.varint();
    else reader.skip(tag % 8);
  }
  if (id === 0 || sequence === 0) {
    throw new DecodeError('malformed session: it lacks its id or a sequence number, which starts from 1');
  }
  return firstUnacknowledged === 0 ? { id, sequence } : { id, sequence, firstUnacknowledged };
}

/** The session that a serialized SetRequest, DeleteRequest or CompareAndSetRequest has in itself. Throws like {@link parseSession}. */
export function sessionWithin(body: Uint8Array): SessionPosition | undefined {
  const reader = new WireReader(body);
  let session: SessionPosition | undefined;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === sessionTag) session = parseSession(reader.message());
    else reader.skip(tag % 8);
  }
  return session;
}

export type RequestType = keyof typeof BodyTag;

/** A request as it lies in its bytes. */
export interface ParsedRequest {
  /** 0: the server's default. */
  readonly timeoutMs: number;
  readonly type: RequestType;
  /** The body with its tag and length before it: of a set, delete or compare-and-set that is the command. */
  readonly tagged: Uint8Array;
  readonly body: Uint8Array;
  readonly session: SessionPosition | undefined;
  readonly forward: boolean;
}

const types = new Map(Object.entries(BodyTag).map(([type, tag]) => [tag as number, type as RequestType]));

/** Throws {@link DecodeError}. The parts are views on `bytes`. */
export function parseRequest(bytes: Uint8Array): ParsedRequest {
  const reader = new WireReader(bytes);
  let timeoutMs = 0;
  let type: RequestType | undefined;
  let session: SessionPosition | undefined;
  let forward = false;
  let tagStart = 0;
  let bodyStart = 0;
  let end = 0;
  while (!reader.done) {
    const start = reader.position;
    const tag = reader.varint();
    const known = types.get(tag);
    if (known !== undefined) {
      type = known;
      tagStart = start;
      bodyStart = reader.span();
      end = reader.position;
    } else if (tag === timeoutTag) {
      timeoutMs = reader.varint();
    } else if (tag === sessionTag) {
      session = parseSession(reader.message());
    } else if (tag === forwardTag) {
      forward = reader.varint() !== 0;
    } else {
      reader.skip(tag % 8);
    }
  }
  if (type === undefined) throw new DecodeError('malformed request: it asks for nothing that is known here');
  const parts = { tagged: bytes.subarray(tagStart, end), body: bytes.subarray(bodyStart, end) };
  return { timeoutMs, type, ...parts, session, forward };
}

/** Key and read level of a serialized GetRequest. Throws {@link DecodeError}. */
export function parseGet(body: Uint8Array): { readonly key: Uint8Array; readonly level: ReadLevel } {
  const reader = new WireReader(body);
  let key = body.subarray(0, 0);
  let level: ReadLevel = 'linearizable';
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === 0x0a) key = reader.bytes();
    else if (tag === 0x12) level = parseReadLevel(reader.bytes());
    else reader.skip(tag % 8);
  }
  return { key, level };
}

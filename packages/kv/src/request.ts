import { DecodeError, kvV1 } from '@raft/proto';
import { varintFieldBytes, WireReader, writeVarintField } from '@raft/proto/wire';
import { BodyTag, encodeKeyValue } from './command.js';

const timeoutTag = 0x08;
const maxTimeoutMs = 0xffff_ffff;

/** Makes a request's bytes once it is known how many milliseconds the client goes on waiting. */
export type EncodeRequest = (timeoutMs: number) => Uint8Array;

/** A Get, Set or Delete: hot, so it is written by hand. */
export function keyValueRequest(tag: number, key: Uint8Array, value?: Uint8Array): EncodeRequest {
  return (timeoutMs) => {
    const timeout = wireTimeout(timeoutMs);
    const out = encodeKeyValue(tag, key, value, varintFieldBytes(timeout));
    writeVarintField(out, 0, timeoutTag, timeout);
    return out;
  };
}

export function otherRequest(body: kvV1.Request.$Properties): EncodeRequest {
  return (timeoutMs) => kvV1.Request.encode({ timeoutMs: wireTimeout(timeoutMs), ...body }).finish();
}

/** 0 on the wire would mean the server's default. */
function wireTimeout(timeoutMs: number): number {
  return Math.min(Math.max(Math.ceil(timeoutMs), 1), maxTimeoutMs);
}

/** A request as it lies in its bytes. */
export interface ParsedRequest {
  /** 0: the server's default. */
  readonly timeoutMs: number;
  readonly type: keyof typeof BodyTag;
  /** The body with its tag and length before it: of a set, delete or compare-and-set that is the command. */
  readonly tagged: Uint8Array;
  readonly body: Uint8Array;
}

const types = new Map(Object.entries(BodyTag).map(([type, tag]) => [tag as number, type as keyof typeof BodyTag]));

/** Throws {@link DecodeError}. The parts are views on `bytes`. */
export function parseRequest(bytes: Uint8Array): ParsedRequest {
  const reader = new WireReader(bytes);
  let timeoutMs = 0;
  let type: keyof typeof BodyTag | undefined;
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
    } else {
      reader.skip(tag % 8);
    }
  }
  if (type === undefined) throw new DecodeError('malformed request: it asks for nothing that is known here');
  return { timeoutMs, type, tagged: bytes.subarray(tagStart, end), body: bytes.subarray(bodyStart, end) };
}

/** The key of a serialized GetRequest. Throws {@link DecodeError}. */
export function parseGet(body: Uint8Array): Uint8Array {
  const reader = new WireReader(body);
  let key = body.subarray(0, 0);
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === 0x0a) key = reader.bytes();
    else reader.skip(tag % 8);
  }
  return key;
}

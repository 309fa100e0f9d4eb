import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DecodeError,
  decodeCalls,
  decodeReplies,
  encodeCalls,
  encodeReplies,
  kvV1,
  raftV1,
  type EncodedReply,
} from '../src/index.js';
import { bytes, damaged, integer, text, unexpectedError } from './arbitraries.js';

const call = fc.oneof(
  fc.record({ id: integer, payload: bytes }),
  fc.record({ id: integer, payload: fc.constant(new Uint8Array(0)), cancel: fc.constant(true) }),
);
const calls = fc.array(call, { maxLength: 6 });

const replies: fc.Arbitrary<EncodedReply[]> = fc.array(
  fc.oneof(
    fc.record({ id: integer, payload: bytes, error: fc.constant(undefined) }),
    fc.record({ id: integer, payload: fc.constant(undefined), error: text }),
  ),
  { maxLength: 6 },
);

describe('a batch of calls', () => {
  test('comes back as it was sent', () => {
    fc.assert(
      fc.property(calls, (sent) => {
        expect(decodeCalls(encodeCalls(sent))).toEqual(sent);
      }),
    );
  });

  test('is byte for byte what the generated code writes', () => {
    fc.assert(
      fc.property(calls, (sent) => {
        expect(Buffer.from(encodeCalls(sent))).toEqual(raftV1.CallBatch.encode({ calls: sent }).finish());
      }),
    );
  });

  test('is what the generated code reads', () => {
    fc.assert(
      fc.property(calls, (sent) => {
        const read = raftV1.CallBatch.decode(encodeCalls(sent)).calls;
        const plain = read.map(({ id, payload, cancel }) => ({
          id: id ?? 0,
          payload: Uint8Array.from(payload ?? []),
          cancel: cancel === true ? true : undefined,
        }));
        expect(plain).toEqual(sent);
      }),
    );
  });

  test('may take back an earlier call', () => {
    const [call, cancel] = decodeCalls(
      encodeCalls([
        { id: 1, payload: Uint8Array.of(1) },
        { id: 1, payload: new Uint8Array(0), cancel: true },
      ]),
    );
    expect(call?.cancel).toBe(undefined);
    expect(cancel).toEqual({ id: 1, payload: new Uint8Array(0), cancel: true });
  });

  test('gives payloads as views on its bytes', () => {
    const encoded = encodeCalls([{ id: 1, payload: Uint8Array.of(1, 2, 3) }]);
    expect(encoded.buffer.byteLength).toBe(encoded.length);
    expect(decodeCalls(encoded)[0]?.payload.buffer).toBe(encoded.buffer);
  });

  test('has an empty payload and the id 0 where they are left out', () => {
    expect(decodeCalls(Buffer.from('0a00', 'hex'))).toEqual([{ id: 0, payload: new Uint8Array(0) }]);
  });
});

describe('a batch of replies', () => {
  test('comes back as it was sent', () => {
    fc.assert(
      fc.property(replies, (sent) => {
        expect(decodeReplies(encodeReplies(sent))).toEqual(sent);
      }),
    );
  });

  test('is byte for byte what the generated code writes', () => {
    fc.assert(
      fc.property(replies, (sent) => {
        const properties = sent.map(({ id, payload, error }) =>
          payload ? { id, payload } : { id, error: error ?? '' },
        );
        expect(Buffer.from(encodeReplies(sent))).toEqual(raftV1.ReplyBatch.encode({ replies: properties }).finish());
      }),
    );
  });

  test('tells an empty answer from an empty error', () => {
    const sent = [
      { id: 1, payload: new Uint8Array(0), error: undefined },
      { id: 2, payload: undefined, error: '' },
    ];
    expect(decodeReplies(encodeReplies(sent))).toEqual(sent);
  });

  test('with a reply that has no outcome, or two, is not encoded', () => {
    const payload = Uint8Array.of(1);
    expect(() => encodeReplies([{ id: 1, payload: undefined, error: undefined }])).toThrow(TypeError);
    expect(() => encodeReplies([{ id: 1, payload, error: 'x' }])).toThrow(TypeError);
  });

  test('with a reply that has no outcome is a decoding error', () => {
    expect(() => decodeReplies(raftV1.ReplyBatch.encode({ replies: [{ id: 5 }] }).finish())).toThrow('reply 5');
  });

  test('with an error that is not UTF-8 is a decoding error', () => {
    expect(() => decodeReplies(Buffer.from('0a051a03ffffff', 'hex'))).toThrow(DecodeError);
  });
});

test('ids that are no integers from 0 to 2^53 - 1 are refused when they are encoded', () => {
  for (const id of [-1, 1.5, 2 ** 53, Number.NaN]) {
    expect(() => encodeCalls([{ id, payload: Uint8Array.of(1) }])).toThrow(RangeError);
    expect(() => encodeReplies([{ id, payload: Uint8Array.of(1), error: undefined }])).toThrow(RangeError);
  }
});

test('ids beyond 2^53 - 1 are a decoding error', () => {
  const batch = Buffer.from('0a0908808080808080801012', 'hex').subarray(0, 11);
  expect(() => decodeCalls(batch)).toThrow('2^53 - 1');
  expect(() => decodeReplies(batch)).toThrow('2^53 - 1');
});

test('fields that a later version adds are skipped, whatever their wire type', () => {
  // Field 9 as varint, 64 bits, bytes and 32 bits.
  const unknown = ['48ffffffffffffffffff01', '490102030405060708', '4a03010203', '4d01020304'].join('');
  const call = Buffer.from(`${unknown}0807120201ff${unknown}`, 'hex');
  const batch = Buffer.concat([Buffer.from(`${unknown}0a`, 'hex'), Buffer.of(call.length), call]);
  expect(decodeCalls(batch)).toEqual([{ id: 7, payload: Uint8Array.of(1, 255) }]);
  expect(decodeReplies(batch)).toEqual([{ id: 7, payload: Uint8Array.of(1, 255), error: undefined }]);
});

test('damaged batches give DecodeError and nothing else', () => {
  fc.assert(
    fc.property(damaged(fc.oneof(calls.map(encodeCalls), replies.map(encodeReplies))), (damagedBytes) => {
      expect(unexpectedError(() => decodeCalls(damagedBytes))).toBeUndefined();
      expect(unexpectedError(() => decodeReplies(damagedBytes))).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
});

test('the pipelined stream of kv.v1 has the same bytes', () => {
  const request = { timeoutMs: 250, get: { key: Uint8Array.of(107) } };
  const response = { get: { found: true, value: Uint8Array.of(1), revision: 9 } };
  const callBytes = encodeCalls([{ id: 3, payload: kvV1.Request.encode(request).finish() }]);
  const replyBytes = encodeReplies([
    { id: 3, payload: kvV1.Response.encode(response).finish(), error: undefined },
    { id: 4, payload: undefined, error: 'not served' },
  ]);
  expect(Buffer.from(callBytes)).toEqual(kvV1.CallBatch.encode({ calls: [{ id: 3, payload: request }] }).finish());
  const expected = {
    replies: [
      { id: 3, payload: response },
      { id: 4, error: 'not served' },
    ],
  };
  expect(Buffer.from(replyBytes)).toEqual(kvV1.ReplyBatch.encode(expected).finish());
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DecodeError,
  decodeHello,
  decodeHelloReply,
  encodeHello,
  encodeHelloReply,
  PROTOCOL_VERSION,
  raftV1,
} from '../src/index.js';
import { damaged, text, unexpectedError } from './arbitraries.js';

const hello = fc.record({
  kind: fc.constantFrom('peer' as const, 'client' as const),
  clusterId: text,
  nodeId: text,
  targetId: text,
  address: text,
});

const reply = fc.record({ accepted: fc.boolean(), clusterId: text, nodeId: text, reason: text });

describe('a hello', () => {
  test('comes back as it was sent, with the version that is spoken here', () => {
    fc.assert(
      fc.property(hello, (sent) => {
        expect(decodeHello(encodeHello(sent))).toEqual({ ...sent, version: PROTOCOL_VERSION });
      }),
    );
  });

  test('of another version can be read, so that the answer can say which one is spoken here', () => {
    const bytes = raftV1.Hello.encode({ version: 7, kind: raftV1.Hello.Kind.KIND_PEER, nodeId: '3' }).finish();
    expect(decodeHello(bytes)).toEqual({
      version: 7,
      kind: 'peer',
      clusterId: '',
      nodeId: '3',
      targetId: '',
      address: '',
    });
  });

  test.each([0, 3, 99])('of kind %i is refused', (kind) => {
    expect(() => decodeHello(Uint8Array.of(0x08, 1, 0x10, kind))).toThrow(DecodeError);
  });

  test('that is damaged gives DecodeError and nothing else', () => {
    fc.assert(
      fc.property(damaged(hello.map(encodeHello)), (bytes) => {
        expect(unexpectedError(() => decodeHello(bytes))).toBeUndefined();
        expect(unexpectedError(() => decodeHelloReply(bytes))).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });
});

test('a hello reply comes back as it was sent', () => {
  fc.assert(
    fc.property(reply, (sent) => {
      expect(decodeHelloReply(encodeHelloReply(sent))).toEqual(sent);
    }),
  );
});

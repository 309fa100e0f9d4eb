import type { AppendEntries, Entry, Message } from '@raft/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError, decodeEnvelope, encodeEnvelope, PROTOCOL_VERSION, raftV1 } from '../src/index.js';
import { damaged, integer, message, text, unexpectedError } from './arbitraries.js';

const append = (fields: Partial<AppendEntries> = {}): AppendEntries => ({
  type: 'appendEntries',
  from: '1',
  to: '2',
  term: 3,
  prevLogIndex: 10,
  prevLogTerm: 2,
  leaderCommit: 9,
  round: 7,
  entries: [],
  quiesce: false,
  ...fields,
});

const entry = (index: number, fields: Partial<Entry> = {}): Entry => ({
  index,
  term: 3,
  type: 1,
  data: Uint8Array.of(1, 2, 3),
  ...fields,
});

function generated(groupId: string, messages: readonly raftV1.Message.$Properties[], version = PROTOCOL_VERSION) {
  return raftV1.Envelope.encode({ version, groupId, messages: [...messages] }).finish();
}

describe('an envelope', () => {
  test('comes back as it was sent', () => {
    fc.assert(
      fc.property(text, fc.array(message, { maxLength: 5 }), (groupId, messages) => {
        expect(decodeEnvelope(encodeEnvelope(groupId, messages))).toEqual({ groupId, messages });
      }),
    );
  });

  test('is the protobuf that the generated code reads and writes', () => {
    fc.assert(
      fc.property(text, fc.array(message, { maxLength: 5 }), (groupId, messages) => {
        const bytes = encodeEnvelope(groupId, messages);
        const read = raftV1.Envelope.decode(bytes);
        expect(raftV1.Envelope.encode(read).finish()).toEqual(Buffer.from(bytes));
        expect(read.messages.map((each) => each.from ?? '')).toEqual(messages.map((each) => each.from));
        const appends = messages.flatMap((each) => (each.type === 'appendEntries' ? [each] : []));
        const bodies = read.messages.flatMap((each) => (each.appendEntries ? [each.appendEntries] : []));
        expect(bodies.map((body) => body.prevLogIndex ?? 0)).toEqual(appends.map((each) => each.prevLogIndex));
        expect(bodies.map((body) => body.round ?? 0)).toEqual(appends.map((each) => each.round));
      }),
    );
  });

  test('is allocated once and exactly', () => {
    const bytes = encodeEnvelope('default', [append({ entries: [entry(11), entry(12)] })]);
    expect(bytes.byteOffset).toBe(0);
    expect(bytes.buffer.byteLength).toBe(bytes.length);
  });

  test('packs entries as raft.proto says', () => {
    const bytes = encodeEnvelope('g', [
      append({ entries: [entry(11, { term: 2 ** 40 + 5, data: Uint8Array.of(9) })] }),
    ]);
    const packed = raftV1.Envelope.decode(bytes).messages[0]?.appendEntries?.entries;
    expect([...packed!]).toEqual([1, 0, 0, 0, 1, 5, 0, 0, 0, 0, 1, 0, 0, 9]);
  });

  test('gives the data of entries as views on its bytes', () => {
    const bytes = encodeEnvelope('g', [append({ entries: [entry(11)] })]);
    const [decoded] = decodeEnvelope(bytes).messages as [AppendEntries];
    expect(decoded.entries[0]?.data.buffer).toBe(bytes.buffer);
  });

  test('that was received at an offset of a larger buffer is read from there', () => {
    const bytes = encodeEnvelope('g', [append({ entries: [entry(11), entry(12)] })]);
    const larger = new Uint8Array(bytes.length + 20).fill(0xff);
    larger.set(bytes, 13);
    expect(decodeEnvelope(larger.subarray(13, 13 + bytes.length))).toEqual(decodeEnvelope(bytes));
  });
});

describe('numbers', () => {
  test('are numbers up to 2^53 - 1', () => {
    fc.assert(
      fc.property(integer, integer, integer, (term, index, round) => {
        const sent = append({ term, prevLogIndex: index, round, leaderCommit: index, prevLogTerm: term });
        const [received] = decodeEnvelope(encodeEnvelope('g', [sent])).messages as [AppendEntries];
        for (const name of ['term', 'prevLogIndex', 'round', 'leaderCommit', 'prevLogTerm'] as const) {
          expect(typeof received[name]).toBe('number');
          expect(received[name]).toBe(sent[name]);
        }
      }),
    );
  });

  test('are numbers in what the generated code reads, never objects', () => {
    for (const value of [0, 1, 127, 128, 2 ** 31, 2 ** 32, 2 ** 35, 2 ** 49 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER]) {
      const vote = { preVote: false, transfer: false, lastLogIndex: value, lastLogTerm: value, storeId: '' };
      const read = raftV1.RequestVote.decode(raftV1.RequestVote.encode(vote).finish());
      expect([typeof read.lastLogIndex, read.lastLogIndex]).toEqual(['number', value]);
      expect([typeof read.lastLogTerm, read.lastLogTerm]).toEqual(['number', value]);
    }
    expect(typeof new raftV1.RequestVote().lastLogIndex).toBe('number');
  });

  test('beyond 2^53 - 1 are a decoding error', () => {
    // An envelope whose only message has a `term` of 2^53, and one of 2^64 - 1.
    for (const term of ['8080808080808010', 'ffffffffffffffffff01']) {
      const message = Buffer.concat([Buffer.from('18', 'hex'), Buffer.from(term, 'hex'), Buffer.from('3200', 'hex')]);
      const bytes = Buffer.concat([Buffer.from('0801', 'hex'), Buffer.of(0x1a, message.length), message]);
      expect(() => decodeEnvelope(bytes)).toThrow(DecodeError);
      expect(() => decodeEnvelope(bytes)).toThrow('2^53 - 1');
    }
  });

  test('that are no integers from 0 to 2^53 - 1 are refused when they are encoded', () => {
    for (const bad of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => encodeEnvelope('g', [append({ term: bad })])).toThrow(RangeError);
      expect(() => encodeEnvelope('g', [append({ prevLogIndex: bad })])).toThrow(RangeError);
      const vote: Message = {
        type: 'requestVoteResponse',
        from: '1',
        to: '2',
        term: bad,
        preVote: false,
        granted: true,
        storeId: '',
      };
      expect(() => encodeEnvelope('g', [vote])).toThrow(RangeError);
    }
  });

  test('entries that do not follow prevLogIndex are refused when they are encoded', () => {
    expect(() => encodeEnvelope('g', [append({ entries: [entry(12)] })])).toThrow(RangeError);
  });
});

describe('decodeEnvelope throws DecodeError for', () => {
  const body = { prevLogIndex: 1, prevLogTerm: 1, leaderCommit: 0, round: 0 };
  const withEntries = (entries: Uint8Array, prevLogIndex = 1) =>
    generated('g', [{ from: '1', to: '2', term: 1, appendEntries: { ...body, prevLogIndex, entries } }]);
  test.each([
    ['another version', generated('g', [], 2), 'protocol version 2'],
    ['no version', generated('g', [], 0), 'protocol version 0'],
    ['nothing at all', new Uint8Array(0), 'protocol version 0'],
    ['a message without a body', generated('g', [{ from: '7', to: '2', term: 1 }]), 'from 7 has no body'],
    ['an unknown entry type', withEntries(packed(0, 5, 1n)), 'unknown entry type 5'],
    ['an incomplete entry header', withEntries(packed(0, 1, 1n).subarray(0, 12)), 'truncated entries'],
    ['incomplete entry data', withEntries(packed(1, 1, 1n)), 'truncated entries'],
    ['an entry of 4 GiB', withEntries(packed(0xffff_ffff, 1, 1n)), 'truncated entries'],
    ['an entry term of 2^53', withEntries(packed(0, 1, 2n ** 53n)), 'beyond 2^53'],
    ['an entry index of 2^53', withEntries(packed(0, 1, 1n), Number.MAX_SAFE_INTEGER), 'beyond 2^53'],
    ['a group id that is not UTF-8', Buffer.from('08011201ff', 'hex'), 'malformed envelope'],
  ])('%s', (_, bytes, text) => {
    expect(() => decodeEnvelope(bytes)).toThrow(DecodeError);
    expect(() => decodeEnvelope(bytes)).toThrow(text);
  });

  test('every truncation and whatever else is garbled, and nothing else is ever thrown', () => {
    fc.assert(
      fc.property(damaged(fc.array(message, { maxLength: 4 }).map((each) => encodeEnvelope('g', each))), (bytes) => {
        expect(unexpectedError(() => decodeEnvelope(bytes))).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  test('nothing that a later version of this protocol adds as an unknown field', () => {
    const bytes = encodeEnvelope('g', [append()]);
    const later = Buffer.concat([bytes, Buffer.from('9a0603616263', 'hex')]);
    expect(decodeEnvelope(later)).toEqual(decodeEnvelope(bytes));
  });
});

function packed(length: number, type: number, term: bigint): Uint8Array {
  const bytes = Buffer.alloc(13);
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt8(type, 4);
  bytes.writeBigUInt64LE(term, 5);
  return bytes;
}

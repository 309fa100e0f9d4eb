import {
  InvalidArgumentError,
  MembershipError,
  NodeStoppedError,
  NotLeaderError,
  OverloadedError,
  RaftError,
  type ReadLevel,
  SessionExpiredError,
  TransferError,
  UnknownOutcomeError,
} from '@raft/core';
import { DecodeError, kvV1 } from '@raft/proto';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { BodyTag } from '../src/command.js';
import { HistoryGoneError } from '../src/index.js';
import { readLevelToProto } from '../src/read-level.js';
import { type EncodeRequest, keyValueRequest, otherRequest, parseGet, parseRequest } from '../src/request.js';
import {
  answerBody,
  changesBody,
  decodeResponse,
  encodeBody,
  encodeError,
  encodeResult,
  statusBody,
} from '../src/response.js';
import type { KvAnswer, KvChange, KvItem, KvResult, KvStatus, KvValue } from '../src/types.js';
import { bare, hex } from './support/machine.js';

// Other work on the machine may slow these down; none of them waits for time.
vi.setConfig({ testTimeout: 30_000 });

const someBytes = fc.uint8Array({ maxLength: 200 });
const index = fc.oneof(fc.nat(300), fc.maxSafeNat(), fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1));
const timeoutMs = fc.oneof(fc.nat(300), fc.integer({ min: 1, max: 2 ** 31 - 1 }));
const runs = { numRuns: 150 };

describe('a request', () => {
  const bodies: fc.Arbitrary<{ type: keyof typeof BodyTag; body: kvV1.Request.$Properties; encode: EncodeRequest }> =
    fc.oneof(
      fc.tuple(someBytes, someBytes).map(([key, value]) => ({
        type: 'set' as const,
        body: { set: { key, value } },
        encode: keyValueRequest(BodyTag.set, key, value),
      })),
      fc
        .constantFrom('get' as const, 'delete' as const)
        .chain((type) =>
          someBytes.map((key) => ({ type, body: { [type]: { key } }, encode: keyValueRequest(BodyTag[type], key) })),
        ),
      fc.record({ prefix: someBytes, after: someBytes, limit: fc.nat(1000) }).map((list) => ({
        type: 'list' as const,
        body: { list },
        encode: otherRequest({ list }),
      })),
      fc.record({ key: someBytes, value: someBytes, expectedRevision: index }).map((compareAndSet) => ({
        type: 'compareAndSet' as const,
        body: { compareAndSet },
        encode: otherRequest({ compareAndSet }),
      })),
    );

  it('is written so that the generated code reads it', () => {
    const property = fc.property(bodies, timeoutMs, ({ type, body, encode }, timeout) => {
      const { timeoutMs, ...rest } = kvV1.Request.decode(encode({ timeoutMs: timeout }));
      expect(timeoutMs).toBe(Math.max(1, timeout));
      const expected = new kvV1.Request(body);
      expect(hex(kvV1.Request.encode({ [type]: rest[type] }).finish())).toBe(
        hex(kvV1.Request.encode(expected).finish()),
      );
    });
    fc.assert(property, runs);
  });

  it('carries a session and whether it may be handed on, in both ways of writing it', () => {
    const position = fc.record({ id: index, sequence: index, firstUnacknowledged: index });
    const property = fc.property(bodies, position, fc.boolean(), ({ type, encode }, given, forward) => {
      const session = { ...given, id: given.id + 1, sequence: given.sequence + 1 };
      if (!Number.isSafeInteger(session.id) || !Number.isSafeInteger(session.sequence)) return;
      const bytes = encode({ timeoutMs: 300, session, forward });
      expect(kvV1.Request.decode(bytes)).toMatchObject({ timeoutMs: 300, session, forward });
      const { firstUnacknowledged, ...rest } = session;
      const expected = firstUnacknowledged === 0 ? rest : session;
      expect(parseRequest(bytes)).toMatchObject({ type, timeoutMs: 300, session: expected, forward });
      expect(parseRequest(encode({ timeoutMs: 300 }))).toMatchObject({ session: undefined, forward: false });
    });
    fc.assert(property, runs);
  });

  it('with a session that is none is refused', () => {
    const request = (session: object): Uint8Array => kvV1.Request.encode({ set: {}, session }).finish();
    for (const session of [{ id: 3 }, { sequence: 1 }, {}]) {
      expect(() => parseRequest(request(session))).toThrow(DecodeError);
    }
  });

  it.each<ReadLevel>([
    'linearizable',
    'lease',
    'local',
    { atLeast: 0 },
    { atLeast: 2 ** 40 },
    { boundedStalenessMs: 1 },
  ])('tells the read level %o', (level) => {
    const bytes = kvV1.GetRequest.encode({ key: Buffer.from('k'), level: readLevelToProto(level) ?? null }).finish();
    expect(bare(parseGet(bytes))).toEqual(bare({ key: Buffer.from('k'), level }));
  });

  it.each([{ atLeast: -1 }, { atLeast: 0.5 }, { boundedStalenessMs: 0 }, { boundedStalenessMs: Number.NaN }])(
    'refuses the read level %o',
    (level) => {
      expect(() => readLevelToProto(level)).toThrow(InvalidArgumentError);
    },
  );

  it('is read as the generated code wrote it, whatever the order of its fields', () => {
    const property = fc.property(bodies, timeoutMs, fc.boolean(), ({ type, body }, timeout, deadlineLast) => {
      const parts = [kvV1.Request.encode({ timeoutMs: timeout }).finish(), kvV1.Request.encode(body).finish()];
      const bytes = Buffer.concat(deadlineLast ? parts.toReversed() : parts);
      const parsed = parseRequest(bytes);
      expect([parsed.type, parsed.timeoutMs]).toEqual([type, timeout]);
      // The body with its tag is the whole of the other part.
      expect(hex(parsed.tagged)).toBe(hex(parts[1]!));
      if (type === 'get') expect(hex(parseGet(parsed.body).key)).toBe(hex(body.get!.key!));
    });
    fc.assert(property, runs);
  });

  it('never tells a deadline of 0, which would mean the default, nor one beyond the field', () => {
    const told = (timeout: number): number =>
      kvV1.Request.decode(otherRequest({ status: {} })({ timeoutMs: timeout })).timeoutMs;
    expect([told(0.001), told(-5), told(99.2), told(1e12)]).toEqual([1, 1, 100, 0xffff_ffff]);
  });

  it('that is cut off is refused, and no other error is thrown for any bytes', () => {
    const property = fc.property(bodies, fc.nat(), fc.nat(255), ({ encode }, at, byte) => {
      const bytes = Uint8Array.from(encode({ timeoutMs: 5 }));
      for (let end = 0; end < bytes.length; end += 1 + (bytes.length >> 4))
        decodes(() => parseRequest(bytes.subarray(0, end)));
      bytes[at % bytes.length] = byte;
      decodes(() => parseRequest(bytes));
    });
    fc.assert(property, runs);
  });
});

const value: fc.Arbitrary<KvValue> = fc.record({ value: someBytes, revision: index });
const item: fc.Arbitrary<KvItem> = fc.record({ key: someBytes, value: someBytes, revision: index });
const results: fc.Arbitrary<Exclude<KvResult, { type: 'malformed' }>> = fc.oneof(
  index.map((revision) => ({ type: 'set' as const, revision })),
  fc.record({ type: fc.constant('delete' as const), existed: fc.boolean(), revision: index }),
  index.map((revision) => ({ type: 'compareAndSet' as const, swapped: true as const, revision })),
  fc
    .option(value, { nil: undefined })
    .map((current) => ({ type: 'compareAndSet' as const, swapped: false as const, current })),
);
const answers: fc.Arbitrary<KvAnswer & { type: 'get' | 'list' }> = fc.oneof(
  fc.option(value, { nil: undefined }).map((found) => ({ type: 'get' as const, found })),
  fc.record({ type: fc.constant('list' as const), items: fc.array(item, { maxLength: 5 }), more: fc.boolean() }),
);
const ids = fc.array(fc.string({ maxLength: 8 }), { maxLength: 4 });
const statuses: fc.Arbitrary<KvStatus> = fc.record({
  id: fc.string({ unit: 'grapheme', maxLength: 10 }),
  clusterId: fc.string({ maxLength: 10 }),
  storeId: fc.string({ maxLength: 10 }),
  role: fc.constantFrom('leader', 'follower', 'candidate', 'preCandidate', 'learner'),
  term: index,
  leaderId: fc.option(fc.string({ minLength: 1, maxLength: 8 }), { nil: undefined }),
  commitIndex: index,
  appliedIndex: index,
  firstIndex: index,
  lastIndex: index,
  snapshotIndex: index,
  membership: fc.record({
    index,
    voters: ids,
    learners: ids,
    outgoing: ids,
    addresses: fc.dictionary(fc.stringMatching(/^[a-z0-9]{1,8}$/), fc.string({ maxLength: 20 }), {
      noNullPrototype: true,
    }),
  }),
  peers: fc.array(
    fc.record({
      id: fc.string({ maxLength: 8 }),
      matchIndex: index,
      nextIndex: index,
      state: fc.constantFrom('probe', 'replicate', 'snapshot'),
    }),
    { maxLength: 4 },
  ),
  version: fc.string({ maxLength: 10 }),
  diskFull: fc.boolean(),
  healthy: fc.boolean(),
  removed: fc.boolean(),
});

describe('a response', () => {
  it('with a result comes back, and the generated code reads it too', () => {
    const property = fc.property(results, (result) => {
      const bytes = encodeResult(result);
      expect(bare(decodeResponse(bytes))).toEqual(bare(result));
      // What the generated code reads, it writes to the same bytes.
      expect(hex(kvV1.Response.encode(kvV1.Response.decode(bytes)).finish())).toBe(hex(bytes));
      expect(kvV1.Response.decode(bytes)[result.type]).toBeTruthy();
    });
    fc.assert(property, runs);
  });

  it('with an answer comes back', () => {
    const property = fc.property(answers, (answer) => {
      expect(bare(decodeResponse(encodeBody(answerBody(answer))))).toEqual(bare(answer));
    });
    fc.assert(property, runs);
  });

  it('with changes comes back', () => {
    const revision = index;
    const change: fc.Arbitrary<KvChange> = fc.oneof(
      fc.record({ type: fc.constant('put' as const), key: someBytes, value: someBytes, revision }),
      fc.record({ type: fc.constant('delete' as const), key: someBytes, revision }),
    );
    const property = fc.property(fc.array(change, { maxLength: 5 }), index, (changes, next) => {
      expect(bare(decodeResponse(encodeBody(changesBody({ changes, next }))))).toEqual(
        bare({ type: 'watch', changes, next }),
      );
    });
    fc.assert(property, runs);
  });

  it('with a status comes back', () => {
    const property = fc.property(statuses, (status) => {
      expect(bare(decodeResponse(encodeBody(statusBody(status))))).toEqual(bare({ type: 'status', status }));
    });
    fc.assert(property, runs);
  });

  it.each([
    [new NotLeaderError('2', 'host:2'), false],
    [new NotLeaderError(undefined, undefined), false],
    [new OverloadedError('full'), false],
    [new InvalidArgumentError('the key is empty'), false],
    [new UnknownOutcomeError('the deadline is over'), true],
    [new NodeStoppedError('stopped'), false],
    [new NodeStoppedError('stopped', { maybeDone: true }), true],
    [new OverloadedError("the leader's disk is full", 'RAFT_STORAGE_FULL'), false],
    [new RaftError('RAFT_STORAGE_IO', 'cannot write'), false],
    [new SessionExpiredError(77), false],
    [new TransferError('2 did not take it'), false],
    [new MembershipError('RAFT_LEARNER_BEHIND', 'node 4 lacks 300 entries'), false],
    [new HistoryGoneError(8, 1000), false],
  ])('with an error comes back in its class: %s', (error, maybeDone) => {
    const response = decodeResponse(encodeError(error));
    expect(response).toEqual({ type: 'error', error, maybeDone });
    if (response.type !== 'error') throw new Error('no error');
    expect(response.error).toBeInstanceOf(error.constructor);
    // Also when a second server passes it on.
    expect(decodeResponse(encodeError(response.error))).toEqual({ type: 'error', error, maybeDone });
  });

  it('with an error that says nothing is an error still', () => {
    const response = decodeResponse(kvV1.Response.encode({ error: {} }).finish());
    expect(response).toMatchObject({ type: 'error', maybeDone: false, error: { code: 'RAFT_CHANNEL_REFUSED' } });
  });

  it('of a later version, with fields that are not known here, is read', () => {
    const unknown = Buffer.from('7a0161', 'hex');
    const set = Buffer.concat([Buffer.from('1a05', 'hex'), Buffer.from('0807', 'hex'), unknown]);
    expect(decodeResponse(set)).toEqual({ type: 'set', revision: 7 });
    const get = Buffer.concat([kvV1.Response.encode({ get: {} }).finish(), unknown]);
    expect(decodeResponse(get)).toEqual({ type: 'get', found: undefined });
  });

  it('that is cut off or garbled throws nothing but DecodeError', () => {
    const encoded = fc.oneof(
      results.map(encodeResult),
      answers.map((answer) => encodeBody(answerBody(answer))),
      statuses.map((status) => encodeBody(statusBody(status))),
    );
    const property = fc.property(encoded, fc.nat(), fc.nat(255), (response, at, byte) => {
      const bytes = Uint8Array.from(response);
      for (let end = 0; end < bytes.length; end += 1 + (bytes.length >> 4))
        decodes(() => decodeResponse(bytes.subarray(0, end)));
      bytes[at % bytes.length] = byte;
      decodes(() => decodeResponse(bytes));
      expect(() => decodeResponse(new Uint8Array(0))).toThrow(DecodeError);
    });
    fc.assert(property, runs);
  });
});

function decodes(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
  }
}

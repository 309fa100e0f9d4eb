import {
  InvalidArgumentError,
  NodeStoppedError,
  NotLeaderError,
  OverloadedError,
  RaftError,
  UnknownOutcomeError,
} from '@raft/core';
import { DecodeError, kvV1 } from '@raft/proto';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { BodyTag } from '../src/command.js';
import { type EncodeRequest, keyValueRequest, otherRequest, parseGet, parseRequest } from '../src/request.js';
import { decodeResponse, encodeAnswer, encodeError, encodeResult, encodeStatus } from '../src/response.js';
import type { KvAnswer, KvItem, KvResult, KvStatus, KvValue } from '../src/types.js';
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
      const { timeoutMs, ...rest } = kvV1.Request.decode(encode(timeout));
      expect(timeoutMs).toBe(Math.max(1, timeout));
      const expected = new kvV1.Request(body);
      expect(hex(kvV1.Request.encode({ [type]: rest[type] }).finish())).toBe(
        hex(kvV1.Request.encode(expected).finish()),
      );
    });
    fc.assert(property, runs);
  });

  it('is read as the generated code wrote it, whatever the order of its fields', () => {
    const property = fc.property(bodies, timeoutMs, fc.boolean(), ({ type, body }, timeout, deadlineLast) => {
      const parts = [kvV1.Request.encode({ timeoutMs: timeout }).finish(), kvV1.Request.encode(body).finish()];
      const bytes = Buffer.concat(deadlineLast ? parts.toReversed() : parts);
      const parsed = parseRequest(bytes);
      expect([parsed.type, parsed.timeoutMs]).toEqual([type, timeout]);
      // The body with its tag is the whole of the other part.
      expect(hex(parsed.tagged)).toBe(hex(parts[1]!));
      if (type === 'get') expect(hex(parseGet(parsed.body))).toBe(hex(body.get!.key!));
    });
    fc.assert(property, runs);
  });

  it('never tells a deadline of 0, which would mean the default, nor one beyond the field', () => {
    const told = (timeout: number): number => kvV1.Request.decode(otherRequest({ status: {} })(timeout)).timeoutMs;
    expect([told(0.001), told(-5), told(99.2), told(1e12)]).toEqual([1, 1, 100, 0xffff_ffff]);
  });

  it('that is cut off is refused, and no other error is thrown for any bytes', () => {
    const property = fc.property(bodies, fc.nat(), fc.nat(255), ({ encode }, at, byte) => {
      const bytes = Uint8Array.from(encode(5));
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
const answers: fc.Arbitrary<KvAnswer> = fc.oneof(
  fc.option(value, { nil: undefined }).map((found) => ({ type: 'get' as const, found })),
  fc.record({ type: fc.constant('list' as const), items: fc.array(item, { maxLength: 5 }), more: fc.boolean() }),
);
const ids = fc.array(fc.string({ maxLength: 8 }), { maxLength: 4 });
const statuses: fc.Arbitrary<KvStatus> = fc.record({
  id: fc.string({ unit: 'grapheme', maxLength: 10 }),
  clusterId: fc.string({ maxLength: 10 }),
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
      expect(bare(decodeResponse(encodeAnswer(answer)))).toEqual(bare(answer));
    });
    fc.assert(property, runs);
  });

  it('with a status comes back', () => {
    const property = fc.property(statuses, (status) => {
      expect(bare(decodeResponse(encodeStatus(status)))).toEqual(bare({ type: 'status', status }));
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
    [new RaftError('RAFT_STORAGE_FULL', 'no space is left'), false],
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
    const encoded = fc.oneof(results.map(encodeResult), answers.map(encodeAnswer), statuses.map(encodeStatus));
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

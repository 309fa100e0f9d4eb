import type { Entry, EntryType, Message } from '@raft/core';
import * as fc from 'fast-check';
import { DecodeError } from '../src/index.js';

/** Integers as terms and indexes are; small ones, the edges of varints and large ones alike. */
export const integer = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat(),
  fc.nat(52).chain((bits) => fc.integer({ min: -1, max: 1 }).map((around) => Math.max(0, 2 ** bits + around))),
  fc.constant(Number.MAX_SAFE_INTEGER),
);

export const text = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 20 }));

export const bytes = fc.uint8Array({ maxLength: 300 });

const key = fc.stringMatching(/^[a-z0-9]{1,8}$/);

const header = { from: text, to: text, term: integer };

const entriesAfter = (prevLogIndex: number): fc.Arbitrary<Entry[]> =>
  fc
    .array(fc.record({ term: integer, type: fc.constantFrom<EntryType[]>(0, 1, 2, 3, 4), data: bytes }), {
      maxLength: 6,
    })
    .map((fields) => fields.map((each, i) => ({ index: prevLogIndex + 1 + i, ...each })));

const append = integer
  .map((index) => Math.min(index, Number.MAX_SAFE_INTEGER - 100))
  .chain((prevLogIndex) =>
    fc.record({
      ...header,
      type: fc.constant('appendEntries' as const),
      prevLogIndex: fc.constant(prevLogIndex),
      prevLogTerm: integer,
      leaderCommit: integer,
      round: integer,
      entries: entriesAfter(prevLogIndex),
      quiesce: fc.boolean(),
    }),
  );

const snapshot = fc.record({
  index: integer,
  term: integer,
  configuration: fc.record({
    voters: fc.array(text, { maxLength: 3 }),
    outgoing: fc.array(text, { maxLength: 3 }),
    learners: fc.array(text, { maxLength: 3 }),
    addresses: fc.dictionary(key, text, { maxKeys: 3, noNullPrototype: true }),
    stores: fc.dictionary(key, text, { maxKeys: 3, noNullPrototype: true }),
    returning: fc.array(text, { maxLength: 3 }),
  }),
  configurationIndex: integer,
});

const rejection = fc.record({ prevLogIndex: integer, hintIndex: integer, hintTerm: integer });

export const message: fc.Arbitrary<Message> = fc.oneof(
  append,
  fc.record({
    ...header,
    type: fc.constant('appendEntriesResponse' as const),
    round: integer,
    matchIndex: integer,
    rejection: fc.option(rejection, { nil: undefined }),
    storeId: text,
    priority: fc.nat(2 ** 31),
  }),
  fc.record({
    ...header,
    type: fc.constant('requestVote' as const),
    preVote: fc.boolean(),
    transfer: fc.boolean(),
    lastLogIndex: integer,
    lastLogTerm: integer,
    storeId: text,
  }),
  fc.record({
    ...header,
    type: fc.constant('requestVoteResponse' as const),
    preVote: fc.boolean(),
    granted: fc.boolean(),
    storeId: text,
  }),
  fc.record({
    ...header,
    type: fc.constant('installSnapshot' as const),
    round: integer,
    snapshot,
    streamId: integer,
    offset: integer,
    data: bytes,
    checksum: fc.nat(2 ** 32 - 1),
    done: fc.boolean(),
  }),
  fc.record({
    ...header,
    type: fc.constant('installSnapshotResponse' as const),
    round: integer,
    streamId: integer,
    index: integer,
    offset: integer,
    outcome: fc.constantFrom('continue' as const, 'installed' as const, 'refused' as const, 'damaged' as const),
    storeId: text,
  }),
  fc.record({ ...header, type: fc.constant('timeoutNow' as const) }),
  fc.record({ ...header, type: fc.constant('readIndex' as const), id: integer, lease: fc.boolean() }),
  fc.record({
    ...header,
    type: fc.constant('readIndexResponse' as const),
    id: integer,
    index: fc.option(integer, { nil: undefined }),
  }),
  fc.record({
    ...header,
    type: fc.constant('propose' as const),
    id: integer,
    commands: fc.array(fc.record({ type: fc.constantFrom<EntryType[]>(1, 3, 4), data: bytes }), { maxLength: 4 }),
  }),
  fc.record({
    ...header,
    type: fc.constant('proposeResponse' as const),
    id: integer,
    index: integer,
    accepted: integer,
    count: integer,
    refusal: fc.constantFrom(undefined, 'notLeader', 'overloaded', 'transferring', 'diskFull'),
  }),
);

/** Good bytes cut off, with some of them changed, or with others behind them; and bytes that never were good. */
export function damaged(good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const cut = fc.tuple(good, fc.nat()).map(([all, at]) => all.subarray(0, at % (all.length + 1)));
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
  const garbled = fc.tuple(good, changes).map(([all, edits]) => {
    const copy = Uint8Array.from(all);
    for (const [at, value] of edits) if (copy.length > 0) copy[at % copy.length] = value;
    return copy;
  });
  const longer = fc.tuple(good, bytes).map(([all, more]) => Uint8Array.from([...all, ...more]));
  return fc.oneof(cut, garbled, longer, bytes);
}

/** The error that decoding ends in, unless that is the one kind it may end in. */
export function unexpectedError(decode: () => unknown): unknown {
  try {
    decode();
    return undefined;
  } catch (error) {
    const expected = error instanceof DecodeError && error.name === 'DecodeError' && !error.message.includes('\n');
    return expected ? undefined : error;
  }
}

import { messageBytes, seededRandom } from '@raft/core';
import type { Message } from '@raft/core';
import { expect, test } from 'vitest';
import { Outbox, targetEnvelopeBytes } from '../../src/transport/index.js';
import type { Batch } from '../../src/transport/index.js';

const ids = { from: '1', to: '2', term: 1 };

function numbered(term: number): Message {
  return { type: 'timeoutNow', ...ids, term };
}

function withData(index: number, bytes: number): Message {
  const entries = [{ index, term: 1, type: 1 as const, data: new Uint8Array(bytes) }];
  const rest = { prevLogTerm: 1, leaderCommit: 0, round: 0, quiesce: false };
  return { type: 'appendEntries', ...ids, prevLogIndex: index - 1, entries, ...rest };
}

function piece(offset: number, bytes = 1000): Message {
  const configuration = { voters: [], outgoing: [], learners: [], addresses: {}, stores: {}, returning: [] };
  const snapshot = { index: 9, term: 1, configuration, configurationIndex: 1 };
  const rest = { round: 0, snapshot, streamId: 1, checksum: 0, done: false };
  return { type: 'installSnapshot', ...ids, ...rest, offset, data: new Uint8Array(bytes) };
}

function add(outbox: Outbox, group: string, message: Message): void {
  outbox.add(group, message, messageBytes(message));
}

test('small messages of a group make one batch, and groups take turns', () => {
  const outbox = new Outbox();
  for (let i = 1; i <= 3; i += 1) for (const group of ['a', 'b']) add(outbox, group, numbered(i));
  expect(outbox.take()).toMatchObject({ group: 'a', messages: [{ term: 1 }, { term: 2 }, { term: 3 }] });
  expect(outbox.take()).toMatchObject({ group: 'b', messages: [{ term: 1 }, { term: 2 }, { term: 3 }] });
  expect(outbox.take()).toBeUndefined();
});

test('a group with much to send is split, and does not hold up another', () => {
  const outbox = new Outbox();
  for (let i = 1; i <= 6; i += 1) {
    add(outbox, 'large', withData(i, targetEnvelopeBytes / 2));
  }
  add(outbox, 'small', numbered(1));
  const batches = [outbox.take(), outbox.take(), outbox.take(), outbox.take()];
  expect(batches.map((batch) => [batch?.group, batch?.messages.length])).toEqual([
    ['large', 2],
    ['small', 1],
    ['large', 2],
    ['large', 2],
  ]);
  expect(outbox).toMatchObject({ bytes: 0, messages: 0 });
});

const kinds = (batch: Batch | undefined): unknown =>
  batch?.messages.map((each) => (each.type === 'installSnapshot' ? `piece ${each.offset}` : each.term));

test('a message waits for at most one piece of a snapshot, and pieces are not starved', () => {
  const outbox = new Outbox();
  for (let offset = 1; offset <= 4; offset += 1) add(outbox, 'g', piece(offset));
  for (const group of ['a', 'b']) add(outbox, group, numbered(7));
  expect(kinds(outbox.next())).toEqual([7]);
  expect(kinds(outbox.next())).toEqual([7]);
  expect(kinds(outbox.next())).toEqual(['piece 1']);
  // Comes up while the piece is on its way, and goes before the next.
  add(outbox, 'a', numbered(8));
  expect(kinds(outbox.next())).toEqual([8]);
  // Comes up when it is the pieces' turn.
  add(outbox, 'a', numbered(9));
  expect(kinds(outbox.next())).toEqual(['piece 2']);
  for (let more = 0; more < 3; more += 1) {
    add(outbox, 'a', numbered(10 + more));
    kinds(outbox.next());
  }
  expect(outbox.pieceBytes).toBeLessThanOrEqual(1064);
  expect([kinds(outbox.next()), kinds(outbox.next())].flat()).toContain('piece 4');
  while (outbox.next() !== undefined);
  expect(outbox).toMatchObject({ bytes: 0, pieceBytes: 0, messages: 0 });
});

test('pieces go one by one, and are dropped with their group or alone', () => {
  const outbox = new Outbox();
  for (const group of ['a', 'b']) {
    add(outbox, group, numbered(1));
    for (let offset = 1; offset <= 3; offset += 1) add(outbox, group, piece(offset));
  }
  expect(kinds(outbox.takePiece())).toEqual(['piece 1']);
  expect(outbox.dropGroup('a')).toBe(3);
  expect(outbox).toMatchObject({ messages: 4, pieceBytes: 3 * 1064, bytes: 3 * 1064 + 64 });
  expect(outbox.dropPieces()).toBe(3);
  expect(kinds(outbox.take())).toEqual([1]);
  expect(outbox).toMatchObject({ bytes: 0, pieceBytes: 0, messages: 0 });
});

test('whatever is added and taken, each group keeps its order and the sums are right', () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = seededRandom(seed);
  const outbox = new Outbox();
  const waiting = new Map<string, number[]>(['a', 'b', 'c'].map((group) => [group, []]));
  for (let step = 1; step <= 2000; step += 1) {
    const group = 'abc'[Math.floor(random() * 3)]!;
    const action = random();
    if (action < 0.7) {
      add(outbox, group, withData(step, Math.floor(random() ** 4 * 800_000)));
      waiting.get(group)!.push(step);
    } else if (action < 0.95) {
      const batch = outbox.take();
      const taken =
        batch?.messages.map((message) => message.type === 'appendEntries' && message.prevLogIndex + 1) ?? [];
      expect(waiting.get(batch?.group ?? 'a')!.splice(0, taken.length), `seed ${seed}`).toEqual(taken);
      expect(taken.length > 0 || outbox.messages === 0, `seed ${seed}`).toBe(true);
    } else {
      expect(outbox.dropGroup(group), `seed ${seed}`).toBe(waiting.get(group)!.length);
      waiting.set(group, []);
    }
    expect(outbox.messages, `seed ${seed}`).toBe([...waiting.values()].flat().length);
    if (outbox.messages === 0) expect(outbox.bytes, `seed ${seed}`).toBe(0);
  }
  outbox.clear();
  expect(outbox.take()).toBeUndefined();
});

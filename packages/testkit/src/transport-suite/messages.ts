import assert from 'node:assert/strict';
import type { Message } from '@raft/core';
import { connect, inbox, numbered, pattern, piece, startMember, startNodes, startPair, turn } from './world.js';
import type { TransportCase } from './world.js';

const ids = { from: '1', to: '2', term: 7 } as const;

const oneOfEach: readonly Message[] = [
  { type: 'requestVote', ...ids, preVote: true, transfer: true, lastLogIndex: 9, lastLogTerm: 6, storeId: 's-é' },
  { type: 'requestVoteResponse', ...ids, preVote: true, granted: false, storeId: '' },
  {
    type: 'appendEntries',
    ...ids,
    term: 2 ** 53 - 1,
    prevLogIndex: 2 ** 40,
    prevLogTerm: 5,
    leaderCommit: 2 ** 33,
    round: 12,
    entries: [
      { index: 2 ** 40 + 1, term: 5, type: 0, data: new Uint8Array() },
      { index: 2 ** 40 + 2, term: 7, type: 1, data: pattern(300, 1) },
      { index: 2 ** 40 + 3, term: 7, type: 2, data: pattern(1, 2) },
      { index: 2 ** 40 + 4, term: 7, type: 4, data: pattern(20, 3) },
    ],
    quiesce: true,
  },
  {
    type: 'appendEntriesResponse',
    ...ids,
    round: 12,
    matchIndex: 2 ** 34,
    rejection: undefined,
    storeId: '',
    priority: 1,
  },
  {
    type: 'appendEntriesResponse',
    ...ids,
    round: 0,
    matchIndex: 0,
    rejection: { prevLogIndex: 20, hintIndex: 11, hintTerm: 3 },
    storeId: 'b7',
    priority: 3,
  },
  piece('1', '2', 2 ** 35, pattern(500, 4)),
  { ...piece('1', '2', 0, new Uint8Array()), done: true },
  {
    type: 'installSnapshotResponse',
    ...ids,
    round: 3,
    streamId: 2 ** 45,
    index: 9,
    offset: 2 ** 35,
    outcome: 'installed',
    storeId: 'b7',
  },
  { type: 'timeoutNow', ...ids },
  { type: 'readIndex', ...ids, id: 2 ** 41, lease: true },
  { type: 'readIndexResponse', ...ids, id: 2 ** 41, index: 0 },
  { type: 'readIndexResponse', ...ids, id: 5, index: undefined },
  {
    type: 'propose',
    ...ids,
    id: 6,
    commands: [
      { type: 1, data: pattern(100, 5) },
      { type: 3, data: new Uint8Array() },
    ],
  },
  { type: 'propose', ...ids, id: 7, commands: [] },
  { type: 'proposeResponse', ...ids, id: 6, index: 12, accepted: 1, count: 2, refusal: 'diskFull' },
  { type: 'proposeResponse', ...ids, id: 6, index: 12, accepted: 2, count: 2, refusal: undefined },
];

/** Bytes compare by value whatever view they come in; pieces of snapshots may come later than the rest. */
function plain(messages: readonly Message[]): string[] {
  const text = (message: Message): string =>
    JSON.stringify(message, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : (value ?? null)));
  return messages.map(text).toSorted();
}

export const messageCases: readonly TransportCase[] = [
  {
    name: 'a message of each kind arrives as it was sent',
    async run(stage) {
      const [a, b] = await startPair(stage);
      a.transport.send('g', oneOfEach);
      await stage.until(() => b.inbox.messages.length === oneOfEach.length, 'all arrive');
      assert.deepEqual(plain(b.inbox.messages), plain(oneOfEach));
    },
  },
  {
    name: 'messages to one peer arrive in the order of the send calls, all of them while it keeps up',
    async run(stage) {
      const [a, b] = await startPair(stage);
      let term = 0;
      for (let round = 0; round < 50; round += 1) {
        for (let i = 0; i < 40; i += 1) a.transport.send('g', [numbered('1', '2', (term += 1))]);
        if (round % 10 === 0) await turn();
      }
      await stage.until(() => b.inbox.messages.length >= term, 'all arrive');
      assert.deepEqual(
        b.inbox.messages.map((message) => message.term),
        Array.from({ length: term }, (_, i) => i + 1),
      );
    },
  },
  {
    name: 'one send call may carry messages to several peers',
    async run(stage) {
      const [a, b, c] = await startNodes(stage, 3);
      a?.transport.send('g', [numbered('1', '2', 1), numbered('1', '3', 2), numbered('1', '2', 3)]);
      await stage.until(() => b?.inbox.messages.length === 2 && c?.inbox.messages.length === 1, 'all arrive');
      assert.deepEqual(
        b?.inbox.messages.map((message) => message.term),
        [1, 3],
      );
      assert.deepEqual(
        c?.inbox.messages.map((message) => message.term),
        [2],
      );
    },
  },
  {
    name: 'nothing is delivered within a send call',
    async run(stage) {
      const [a, b] = await startPair(stage);
      let sending = false;
      let nested = 0;
      let received = 0;
      b.transport.detach('g');
      b.transport.attach('g', {
        receive(messages) {
          if (sending) nested += 1;
          received += messages.length;
          b.transport.send('g', [numbered('2', '1', 1)]);
        },
      });
      for (let i = 1; i <= 100; i += 1) {
        sending = true;
        a.transport.send('g', [numbered('1', '2', i)]);
        sending = false;
      }
      await stage.until(() => received === 100 && a.inbox.messages.length > 0, 'all arrive');
      assert.equal(nested, 0);
    },
  },
  {
    name: 'messages that are delivered together are of one sender',
    async run(stage) {
      const [a, b, c] = await startNodes(stage, 3);
      for (let i = 1; i <= 100; i += 1) {
        a?.transport.send('g', [numbered('1', '3', i)]);
        b?.transport.send('g', [numbered('2', '3', i)]);
        if (i % 10 === 0) await turn();
      }
      await stage.until(() => c?.inbox.messages.length === 200, 'all arrive');
      for (const call of c?.inbox.calls ?? []) {
        assert.ok(call.length > 0);
        assert.equal(new Set(call.map((message) => message.from)).size, 1);
      }
    },
  },
  {
    name: 'groups are kept apart',
    async run(stage) {
      const [a, b] = await startPair(stage);
      const other = inbox();
      b.transport.attach('other', other);
      a.transport.setPeers('other', new Map([['2', b.address]]));
      a.transport.setPeers('nobody', new Map([['2', b.address]]));
      for (let i = 1; i <= 20; i += 1) {
        a.transport.send('g', [numbered('1', '2', i)]);
        a.transport.send('other', [numbered('1', '2', 100 + i)]);
        a.transport.send('nobody', [numbered('1', '2', 200 + i)]);
      }
      const last = (box: typeof other): number | undefined => box.messages.at(-1)?.term;
      await stage.until(() => last(b.inbox) === 20 && last(other) === 120, 'both groups get theirs');
      const numbers = (from: number): number[] => Array.from({ length: 20 }, (_, i) => from + i + 1);
      assert.deepEqual(
        b.inbox.messages.map(({ term }) => term),
        numbers(0),
      );
      assert.deepEqual(
        other.messages.map(({ term }) => term),
        numbers(100),
      );
    },
  },
  {
    name: 'messages to strangers and to oneself are dropped, without an error',
    async run(stage) {
      const [a, b] = await startPair(stage);
      a.transport.send('g', [numbered('1', '9', 1), numbered('1', '1', 2), numbered('1', '2', 3)]);
      a.transport.send('unheard of', []);
      await stage.until(() => b.inbox.messages.length === 1, 'the known peer gets its message');
      assert.equal(b.inbox.messages[0]?.term, 3);
      assert.equal(a.inbox.messages.length, 0);
    },
  },
  {
    name: 'a group has one receiver; detached it gets nothing, and it can be attached again',
    async run(stage) {
      const [a, b] = await startPair(stage);
      const marker = inbox();
      b.transport.attach('marker', marker);
      a.transport.setPeers('marker', new Map([['2', b.address]]));
      assert.throws(() => b.transport.attach('g', inbox()), { code: 'RAFT_INVALID_ARGUMENT' });
      b.transport.detach('g');
      a.transport.send('g', [numbered('1', '2', 1)]);
      await stage.until(() => {
        a.transport.send('marker', [numbered('1', '2', 1)]);
        return marker.messages.length > 0;
      }, 'another group gets its messages');
      assert.equal(b.inbox.messages.length, 0);
      const again = inbox();
      b.transport.attach('g', again);
      a.transport.send('g', [numbered('1', '2', 2)]);
      await stage.until(() => again.messages.length === 1, 'it is attached again');
      assert.equal(again.messages[0]?.term, 2);
    },
  },
  {
    name: 'both directions at once',
    async run(stage) {
      const [a, b] = await startPair(stage);
      for (let i = 1; i <= 500; i += 1) {
        a.transport.send('g', [numbered('1', '2', i)]);
        b.transport.send('g', [numbered('2', '1', i)]);
        if (i % 50 === 0) await turn();
      }
      await stage.until(() => a.inbox.messages.length === 500 && b.inbox.messages.length === 500, 'all arrive');
      for (const node of [a, b]) assert.ok(node.inbox.messages.every((message, i) => message.term === i + 1));
    },
  },
  {
    name: 'send never throws: with a peer away, after the close',
    async run(stage) {
      const a = await startMember(stage, { nodeId: '1' });
      const away = await stage.unusedAddress();
      a.transport.setPeers('g', new Map([['2', away]]));
      for (let i = 0; i < 100; i += 1) a.transport.send('g', [numbered('1', '2', i)]);
      await turn();
      await a.transport.close();
      a.transport.send('g', [numbered('1', '2', 1)]);
      a.transport.setPeers('g', new Map());
      a.transport.detach('g');
    },
  },
  {
    name: 'after the close nothing is delivered; it may be called twice',
    async run(stage) {
      const [a, b] = await startPair(stage);
      await connect(stage, a, b);
      for (let i = 0; i < 100; i += 1) {
        a.transport.send('g', [piece('1', '2', i, pattern(5000, i))]);
        a.transport.send('g', [numbered('1', '2', i)]);
      }
      await b.transport.close();
      const count = b.inbox.messages.length;
      for (let i = 0; i < 20; i += 1) await turn();
      assert.equal(b.inbox.messages.length, count);
      await b.transport.close();
    },
  },
];

import assert from 'node:assert/strict';
import type { Message } from '@raft/core';
import { inbox, numbered, pattern, sendUntilReceived, startNodes, turn, until, withData } from './harness.js';
import type { TransportCase } from './harness.js';

const oneOfEach: readonly Message[] = [
  {
    type: 'requestVote',
    from: '1',
    to: '2',
    term: 7,
    preVote: true,
    transfer: true,
    lastLogIndex: 9,
    lastLogTerm: 6,
    storeId: '',
  },
  { type: 'requestVoteResponse', from: '1', to: '2', term: 7, preVote: true, granted: false, storeId: '' },
  {
    type: 'appendEntries',
    from: '1',
    to: '2',
    term: 2 ** 53 - 1,
    prevLogIndex: 2 ** 40,
    prevLogTerm: 5,
    leaderCommit: 2 ** 33,
    round: 12,
    entries: [
      { index: 2 ** 40 + 1, term: 5, type: 0, data: new Uint8Array() },
      { index: 2 ** 40 + 2, term: 7, type: 1, data: pattern(300, 1) },
      { index: 2 ** 40 + 3, term: 7, type: 2, data: pattern(1, 2) },
    ],
    quiesce: true,
  },
  {
    type: 'appendEntriesResponse',
    from: '1',
    to: '2',
    term: 7,
    round: 12,
    matchIndex: 2 ** 34,
    rejection: undefined,
    storeId: '',
    priority: 1,
  },
  {
    type: 'appendEntriesResponse',
    from: '1',
    to: '2',
    term: 7,
    round: 0,
    matchIndex: 0,
    rejection: { prevLogIndex: 20, hintIndex: 11, hintTerm: 3 },
    storeId: 'b7',
    priority: 3,
  },
];

/** Bytes compare by value whatever view they come in. */
function plain(message: Message): unknown {
  if (message.type !== 'appendEntries') return { ...message };
  return { ...message, entries: message.entries.map((entry) => ({ ...entry, data: [...entry.data] })) };
}

export const messageCases: readonly TransportCase[] = [
  {
    name: 'a message of each kind arrives as it was sent',
    async run(world) {
      const [a, b] = await startNodes(world, 2);
      a?.transport.send('g', oneOfEach);
      await until(() => b?.inbox.messages.length === oneOfEach.length, 'all arrive');
      assert.deepEqual(b?.inbox.messages.map(plain), oneOfEach.map(plain));
    },
  },
  {
    name: 'messages to one peer arrive in the order of the send calls, all of them while it keeps up',
    async run(world) {
      const [a, b] = await startNodes(world, 2);
      let term = 0;
      for (let round = 0; round < 50; round += 1) {
        for (let i = 0; i < 40; i += 1) a?.transport.send('g', [numbered('1', '2', (term += 1))]);
        if (round % 10 === 0) await turn();
      }
      await until(() => (b?.inbox.messages.length ?? 0) >= term, 'all arrive');
      assert.deepEqual(
        b?.inbox.messages.map((message) => message.term),
        Array.from({ length: term }, (_, i) => i + 1),
      );
    },
  },
  {
    name: 'one send call may carry messages to several peers',
    async run(world) {
      const [a, b, c] = await startNodes(world, 3);
      a?.transport.send('g', [numbered('1', '2', 1), numbered('1', '3', 2), numbered('1', '2', 3)]);
      await until(() => b?.inbox.messages.length === 2 && c?.inbox.messages.length === 1, 'all arrive');
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
    async run(world) {
      const [a, b] = await startNodes(world, 2);
      let sending = false;
      let nested = 0;
      let received = 0;
      b?.transport.detach('g');
      b?.transport.attach('g', {
        receive(messages) {
          if (sending) nested += 1;
          received += messages.length;
          sending = true;
          b.transport.send('g', [numbered('2', '1', 1)]);
          sending = false;
        },
      });
      for (let i = 1; i <= 100; i += 1) {
        sending = true;
        a?.transport.send('g', [numbered('1', '2', i)]);
        sending = false;
      }
      await until(() => received === 100 && (a?.inbox.messages.length ?? 0) > 0, 'all arrive');
      assert.equal(nested, 0);
    },
  },
  {
    name: 'messages that are delivered together are of one sender',
    async run(world) {
      const [a, b, c] = await startNodes(world, 3);
      for (let i = 1; i <= 100; i += 1) {
        a?.transport.send('g', [numbered('1', '3', i)]);
        b?.transport.send('g', [numbered('2', '3', i)]);
        if (i % 10 === 0) await turn();
      }
      await until(() => c?.inbox.messages.length === 200, 'all arrive');
      for (const call of c?.inbox.calls ?? []) {
        assert.ok(call.length > 0);
        assert.equal(new Set(call.map((message) => message.from)).size, 1);
      }
    },
  },
  {
    name: 'groups share a connection and are kept apart',
    async run(world) {
      const [a, b] = await startNodes(world, 2);
      const other = inbox();
      b?.transport.attach('other', other);
      a?.transport.setPeers('other', new Map([['2', b?.address ?? '']]));
      a?.transport.setPeers('nobody', new Map([['2', b?.address ?? '']]));
      for (let i = 1; i <= 20; i += 1) {
        a?.transport.send('g', [numbered('1', '2', i)]);
        a?.transport.send('other', [numbered('1', '2', 100 + i)]);
        a?.transport.send('nobody', [numbered('1', '2', 200 + i)]);
      }
      await until(() => b?.inbox.messages.length === 20 && other.messages.length === 20, 'both groups get theirs');
      assert.ok(b?.inbox.messages.every((message) => message.term <= 20));
      assert.ok(other.messages.every((message) => message.term > 100 && message.term <= 120));
    },
  },
  {
    name: 'messages to strangers and to oneself are dropped, without an error',
    async run(world) {
      const [a, b] = await startNodes(world, 2);
      a?.transport.send('g', [numbered('1', '9', 1), numbered('1', '1', 2), numbered('1', '2', 3)]);
      a?.transport.send('unheard of', []);
      await until(() => b?.inbox.messages.length === 1, 'the known peer gets its message');
      assert.equal(b?.inbox.messages[0]?.term, 3);
      assert.equal(a?.inbox.messages.length, 0);
    },
  },
  {
    name: 'a group that is detached gets nothing, and can be attached again',
    async run(world) {
      const [a, b] = await startNodes(world, 2);
      const marker = inbox();
      b?.transport.attach('marker', marker);
      a?.transport.setPeers('marker', new Map([['2', b?.address ?? '']]));
      b?.transport.detach('g');
      a?.transport.send('g', [numbered('1', '2', 1)]);
      await until(() => {
        a?.transport.send('marker', [numbered('1', '2', 1)]);
        return marker.messages.length > 0;
      }, 'another group gets its messages');
      assert.equal(b?.inbox.messages.length, 0);
      const again = inbox();
      b?.transport.attach('g', again);
      a?.transport.send('g', [numbered('1', '2', 2)]);
      await until(() => again.messages.length === 1, 'it is attached again');
      assert.equal(again.messages[0]?.term, 2);
    },
  },
  {
    name: 'a message with megabytes of entries arrives whole',
    async run(world) {
      const [a, b] = await startNodes(world, 2);
      const sizes = [1, 70_000, 1_048_576, 4_194_304, 0, 1000];
      for (const [i, size] of sizes.entries()) a?.transport.send('g', [withData('1', '2', i + 1, pattern(size, i))]);
      await until(() => b?.inbox.messages.length === sizes.length, 'all arrive');
      for (const [i, size] of sizes.entries()) {
        const message = b?.inbox.messages[i];
        assert.ok(message?.type === 'appendEntries');
        assert.ok(Buffer.from(pattern(size, i)).equals(message.entries[0]?.data ?? Buffer.of(0)), `entry ${i}`);
      }
    },
  },
  {
    name: "received bytes stay as they are, and a small message does not hold a large one's memory",
    async run(world) {
      const [a, b] = await startNodes(world, 2);
      for (let i = 1; i <= 200; i += 1) {
        a?.transport.send('g', [withData('1', '2', i, pattern(i % 10 === 0 ? 200_000 : 100, i))]);
        await turn();
      }
      await until(() => b?.inbox.messages.length === 200, 'all arrive');
      for (const [position, message] of (b?.inbox.messages ?? []).entries()) {
        assert.ok(message.type === 'appendEntries');
        const data = message.entries[0]?.data ?? new Uint8Array();
        assert.ok(Buffer.from(pattern(data.length, position + 1)).equals(data), `message ${position + 1}`);
      }
      // Messages of a few turns may share a frame; never hundreds of kilobytes with a hundred bytes' worth.
      const first = b?.inbox.messages[0];
      assert.ok(first?.type === 'appendEntries');
      assert.ok((first.entries[0]?.data.buffer.byteLength ?? 0) < 65_536);
    },
  },
  {
    name: 'both directions at once',
    async run(world) {
      const [a, b] = await startNodes(world, 2);
      for (let i = 1; i <= 500; i += 1) {
        a?.transport.send('g', [numbered('1', '2', i)]);
        b?.transport.send('g', [numbered('2', '1', i)]);
        if (i % 50 === 0) await turn();
      }
      await until(() => a?.inbox.messages.length === 500 && b?.inbox.messages.length === 500, 'all arrive');
      for (const node of [a, b]) assert.ok(node?.inbox.messages.every((message, i) => message.term === i + 1));
    },
  },
  {
    name: 'send never throws: before the start, with a peer away, after the close',
    async run(world) {
      const [a] = await startNodes(world, 1);
      const away = await world.unusedAddress();
      a?.transport.setPeers('g', new Map([['2', away]]));
      for (let i = 0; i < 100; i += 1) a?.transport.send('g', [numbered('1', '2', i)]);
      await turn();
      await a?.transport.close();
      a?.transport.send('g', [numbered('1', '2', 1)]);
      a?.transport.setPeers('g', new Map());
      a?.transport.detach('g');
    },
  },
  {
    name: 'a peer that is away does not delay the others',
    async run(world) {
      const [a, b] = await startNodes(world, 2);
      const away = await world.unusedAddress();
      a?.transport.setPeers(
        'g',
        new Map([
          ['2', b?.address ?? ''],
          ['3', away],
        ]),
      );
      await sendUntilReceived(a!.transport, (i) => numbered('1', '2', i), b!.inbox);
      const before = b!.inbox.messages.length;
      const from = performance.now();
      for (let i = 1; i <= 200; i += 1) {
        a?.transport.send('g', [withData('1', '3', i, pattern(1000, i)), numbered('1', '2', i)]);
      }
      await until(() => b?.inbox.messages.length === before + 200, 'the live peer gets all of its messages');
      assert.ok(performance.now() - from < 1000, 'at once');
    },
  },
  {
    name: 'a peer that was away is found again, and so is one that was restarted',
    async run(world) {
      const [a, b] = await startNodes(world, 2);
      await sendUntilReceived(a!.transport, (i) => numbered('1', '2', i), b!.inbox);
      for (let restart = 0; restart < 2; restart += 1) {
        await (restart === 0 ? b : undefined)?.transport.close();
        for (let i = 0; i < 20; i += 1) {
          a?.transport.send('g', [numbered('1', '2', 1000 + i)]);
          await turn();
        }
        const node = await world.start({ nodeId: '2', address: b!.address });
        const box = inbox();
        node.transport.attach('g', box);
        node.transport.setPeers('g', new Map([['1', a!.address]]));
        await sendUntilReceived(a!.transport, (i) => numbered('1', '2', i), box);
        await sendUntilReceived(node.transport, (i) => numbered('2', '1', i), a!.inbox);
        await node.transport.close();
      }
    },
  },
  {
    name: 'after the close nothing is delivered; it may be called twice, and without a start',
    async run(world) {
      const [a, b] = await startNodes(world, 2);
      await sendUntilReceived(a!.transport, (i) => numbered('1', '2', i), b!.inbox);
      for (let i = 0; i < 100; i += 1) a?.transport.send('g', [withData('1', '2', i + 1, pattern(5000, i))]);
      await b?.transport.close();
      const count = b?.inbox.messages.length;
      for (let i = 0; i < 10; i += 1) await turn();
      assert.equal(b?.inbox.messages.length, count);
      await b?.transport.close();
    },
  },
  {
    name: 'a peer that is no longer named gets nothing more',
    needs: 'addresses',
    async run(world) {
      const [a, b, c] = await startNodes(world, 3);
      // One that is connected to us would be answered.
      b?.transport.setPeers('g', new Map());
      await sendUntilReceived(a!.transport, (i) => numbered('1', '2', i), b!.inbox);
      const before = b!.inbox.messages.length;
      a?.transport.setPeers('g', new Map([['3', c!.address]]));
      a?.transport.send('g', [numbered('1', '2', 77)]);
      await sendUntilReceived(a!.transport, (i) => numbered('1', '3', i), c!.inbox);
      assert.equal(b?.inbox.messages.length, before);
    },
  },
  {
    name: 'a peer whose address changes is reached at the new one',
    needs: 'addresses',
    async run(world) {
      const [a, b] = await startNodes(world, 2);
      await sendUntilReceived(a!.transport, (i) => numbered('1', '2', i), b!.inbox);
      const moved = await world.start({ nodeId: '2' });
      const box = inbox();
      moved.transport.attach('g', box);
      a?.transport.setPeers('g', new Map([['2', moved.address]]));
      const before = b!.inbox.messages.length;
      await sendUntilReceived(a!.transport, (i) => numbered('1', '2', i), box);
      assert.equal(b?.inbox.messages.length, before);
    },
  },
  {
    name: 'a node that does not answer to the expected id is refused',
    needs: 'addresses',
    async run(world) {
      const [a, b, c] = await startNodes(world, 3);
      a?.transport.setPeers(
        'g',
        new Map([
          ['2', c!.address],
          ['3', b!.address],
        ]),
      );
      for (let i = 1; i <= 50; i += 1) {
        a?.transport.send('g', [numbered('1', '2', i), numbered('1', '3', i)]);
        await turn();
      }
      assert.equal(b!.inbox.messages.length + c!.inbox.messages.length, 0);
      a?.transport.setPeers(
        'g',
        new Map([
          ['2', b!.address],
          ['3', c!.address],
        ]),
      );
      await sendUntilReceived(a!.transport, (i) => numbered('1', '2', i), b!.inbox);
    },
  },
];

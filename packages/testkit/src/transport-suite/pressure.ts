import assert from 'node:assert/strict';
import { connect, numbered, pattern, piece, startMember, startNodes, startPair, withData } from './world.js';
import type { TransportCase } from './world.js';

export const pressureCases: readonly TransportCase[] = [
  {
    name: 'what waits for a peer is bounded: beyond, the newest messages are dropped, and later ones arrive again',
    async run(stage) {
      const [a, b] = await startPair(stage, { maxQueuedBytes: 1_000_000 });
      await connect(stage, a, b);
      const before = b.inbox.messages.length;
      const data = pattern(10_000, 1);
      for (let i = 1; i <= 500; i += 1) a.transport.send('g', [withData('1', '2', i, data)]);
      await stage.until(() => b.inbox.messages.length > before, 'the first arrive');
      // Whatever was kept stands before this one.
      await stage.until(() => {
        a.transport.send('g', [numbered('1', '2', 9)]);
        return b.inbox.messages.at(-1)?.type === 'requestVoteResponse';
      }, 'a later one arrives');
      const arrived = b.inbox.messages
        .slice(before)
        .flatMap((message) => (message.type === 'appendEntries' ? [message.prevLogIndex + 1] : []));
      assert.deepEqual(
        arrived,
        Array.from({ length: arrived.length }, (_, i) => i + 1),
        'the oldest are kept',
      );
      assert.ok(arrived.length <= 100, `${arrived.length} messages of 10,000 bytes were kept, 1,000,000 bytes may be`);
    },
  },
  {
    name: 'pieces of a snapshot that wait leave room for other messages',
    async run(stage) {
      const [a, b] = await startPair(stage, { maxQueuedBytes: 1_000_000 });
      await connect(stage, a, b);
      for (let i = 1; i <= 100; i += 1) a.transport.send('g', [piece('1', '2', i, pattern(20_000, i))]);
      a.transport.send('g', [numbered('1', '2', 777)]);
      await stage.until(() => b.inbox.messages.some(({ term }) => term === 777), 'a message sent after them arrives');
    },
  },
  {
    name: 'a message does not wait for the pieces of a snapshot that were sent before it',
    async run(stage) {
      const [a, b] = await startPair(stage);
      await connect(stage, a, b);
      const before = b.inbox.calls.length;
      for (let i = 0; i < 16; i += 1) a.transport.send('g', [piece('1', '2', i, pattern(262_144, i))]);
      a.transport.send('g', [numbered('1', '2', 777)]);
      const pieces = (): number => b.inbox.messages.filter(({ type }) => type === 'installSnapshot').length;
      await stage.until(() => pieces() === 16 && b.inbox.messages.some(({ term }) => term === 777), 'all arrive');
      const calls = b.inbox.calls.slice(before);
      const at = calls.findIndex((call) => call.some(({ term }) => term === 777));
      const earlier = calls.slice(0, at).flat().length;
      assert.ok(earlier <= 2, `${earlier} of 16 pieces arrived before it`);
    },
  },
  {
    name: 'a peer that is away does not delay the others',
    async run(stage) {
      const [a, b] = await startPair(stage);
      await connect(stage, a, b);
      const away = await stage.unusedAddress();
      a.transport.setPeers(
        'g',
        new Map([
          ['2', b.address],
          ['3', away],
        ]),
      );
      const before = b.inbox.messages.length;
      for (let i = 1; i <= 200; i += 1) {
        a.transport.send('g', [withData('1', '3', i, pattern(1000, i)), numbered('1', '2', i)]);
      }
      await stage.until(() => b.inbox.messages.length === before + 200, 'the live peer gets all of its messages');
    },
  },
  {
    name: 'a peer that stands still does not delay the others',
    needs: 'silence',
    async run(stage) {
      const [a, b] = await startPair(stage, { maxQueuedBytes: 1_000_000 });
      const c = await startMember(stage, { nodeId: '3', silenceable: true });
      a.transport.setPeers(
        'g',
        new Map([
          ['2', b.address],
          ['3', c.address],
        ]),
      );
      await connect(stage, a, b);
      await connect(stage, a, c);
      stage.silence(c);
      const before = b.inbox.messages.length;
      for (let i = 1; i <= 200; i += 1) {
        a.transport.send('g', [withData('1', '3', i, pattern(50_000, i)), numbered('1', '2', i)]);
      }
      await stage.until(() => b.inbox.messages.length === before + 200, 'the live peer gets all of its messages');
    },
  },
  {
    name: 'many groups with much to send each get their turn',
    async run(stage) {
      const [a, b] = await startNodes(stage, 2);
      const order: string[] = [];
      for (const group of ['large', 'small']) {
        b!.transport.attach(group, { receive: (messages) => void order.push(...messages.map(() => group)) });
        a!.transport.setPeers(group, new Map([['2', b!.address]]));
      }
      for (let i = 1; i <= 12; i += 1) a!.transport.send('large', [withData('1', '2', i, pattern(1_000_000, i))]);
      a!.transport.send('small', [numbered('1', '2', 1)]);
      await stage.until(() => order.length === 13, 'all arrive');
      assert.deepEqual(order.toSorted(), [...Array.from({ length: 12 }, () => 'large'), 'small']);
    },
  },
];

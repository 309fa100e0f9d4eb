import assert from 'node:assert/strict';
import type { NodeId } from '@raft/core';
import { connect, inbox, numbered, startMember, startNodes, startPair, turn } from './world.js';
import type { Member, Stage, TransportCase } from './world.js';

/** Sends to peers for some turns, long enough for a connection to be made. */
async function sendForAWhile({ transport, nodeId }: Member, ...to: readonly NodeId[]): Promise<void> {
  for (let i = 1; i <= 50; i += 1) {
    transport.send(
      'g',
      to.map((id) => numbered(nodeId, id, i)),
    );
    await turn();
  }
}

/** Both are connected to each other. */
async function connectBoth(stage: Stage, a: Member, b: Member): Promise<void> {
  await connect(stage, a, b);
  await connect(stage, b, a);
}

export const peerCases: readonly TransportCase[] = [
  {
    name: 'a peer that was away is found again, and so is one that was restarted',
    async run(stage) {
      const [a, b] = await startPair(stage);
      await connect(stage, a, b);
      for (let restart = 0; restart < 2; restart += 1) {
        if (restart === 0) await b.transport.close();
        await sendForAWhile(a, '2');
        const again = await startMember(stage, { nodeId: '2', address: b.address });
        again.transport.setPeers('g', new Map([['1', a.address]]));
        await connectBoth(stage, a, again);
        await again.transport.close();
      }
    },
  },
  {
    name: 'every group is told of a peer that goes, and of no other',
    async run(stage) {
      const [a, b, c] = await startNodes(stage, 3);
      for (const peer of [b!, c!]) await connectBoth(stage, a!, peer);
      const other = inbox();
      a!.transport.attach('other', other);
      assert.deepEqual(a!.inbox.down, []);
      await b!.transport.close();
      await stage.until(() => a!.inbox.down.length > 0 && other.down.length > 0, 'both groups are told');
      await connectBoth(stage, a!, c!);
      assert.deepEqual([...new Set([...a!.inbox.down, ...other.down])], ['2']);
    },
  },
  {
    name: 'a peer that is said to be down can be reached again, and is told of when it goes again',
    async run(stage) {
      const [a, b] = await startPair(stage);
      await connectBoth(stage, a, b);
      await b.transport.close();
      await stage.until(() => a.inbox.down.length > 0, 'it is told of');
      const again = await startMember(stage, { nodeId: '2', address: b.address });
      again.transport.setPeers('g', new Map([['1', a.address]]));
      await connectBoth(stage, a, again);
      a.inbox.down.length = 0;
      await Promise.all([sendForAWhile(a, '2'), sendForAWhile(again, '1')]);
      assert.deepEqual(a.inbox.down, []);
      await again.transport.close();
      await stage.until(() => a.inbox.down.length > 0, 'it is told of again');
    },
  },
  {
    name: 'every group is told when a peer that was lost can be reached again, with nothing sent to it',
    async run(stage) {
      const [a, b] = await startPair(stage);
      await connectBoth(stage, a, b);
      const other = inbox();
      a.transport.attach('other', other);
      await b.transport.close();
      await stage.until(() => a.inbox.down.length > 0 && other.down.length > 0, 'both groups are told that it went');
      a.inbox.up.length = 0;
      assert.deepEqual(other.up, []);
      const again = await startMember(stage, { nodeId: '2', address: b.address });
      again.transport.setPeers('g', new Map([['1', a.address]]));
      await stage.until(() => a.inbox.up.length > 0 && other.up.length > 0, 'both groups are told that it is back');
      assert.deepEqual([...new Set([...a.inbox.up, ...other.up])], ['2']);
    },
  },
  {
    name: 'a peer that falls silent is told of, though nothing is sent to it',
    needs: 'silence',
    async run(stage) {
      const a = await startMember(stage, { nodeId: '1' });
      const b = await startMember(stage, { nodeId: '2', silenceable: true });
      a.transport.setPeers('g', new Map([['2', b.address]]));
      await connect(stage, a, b);
      stage.silence(b);
      await stage.until(() => a.inbox.down.length > 0, 'it is told of');
      assert.equal(a.inbox.down[0], '2');
    },
  },
  {
    name: 'a node that was told of nobody answers a peer that has connected, where it says it is',
    async run(stage) {
      const a = await startMember(stage, { nodeId: '1' });
      const joining = await startMember(stage, { nodeId: '2' });
      a.transport.setPeers('g', new Map([['2', joining.address]]));
      await connect(stage, a, joining);
      await connect(stage, joining, a);
      for (let i = 1; i <= 20; i += 1) joining.transport.send('g', [numbered('2', '1', 100 + i)]);
      await stage.until(() => a.inbox.messages.at(-1)?.term === 120, 'the answers arrive');
    },
  },
  {
    name: 'where setPeers says that a peer is counts more than what it says itself',
    needs: 'addresses',
    async run(stage) {
      const a = await startMember(stage, { nodeId: '1' });
      const b = await startMember(stage, { nodeId: '2' });
      a.transport.setPeers('g', new Map([['2', b.address]]));
      await connect(stage, a, b);
      b.transport.setPeers('g', new Map([['1', await stage.unusedAddress()]]));
      await sendForAWhile(b, '1');
      assert.equal(a.inbox.messages.length, 0);
    },
  },
  {
    name: 'a peer that is neither named any more nor connected gets nothing',
    needs: 'addresses',
    async run(stage) {
      const [a, b, c] = await startNodes(stage, 3);
      b!.transport.setPeers('g', new Map());
      await connect(stage, a!, b!);
      const before = b!.inbox.messages.length;
      a!.transport.setPeers('g', new Map([['3', c!.address]]));
      a!.transport.send('g', [numbered('1', '2', 77)]);
      await connect(stage, a!, c!);
      assert.equal(b!.inbox.messages.length, before);
    },
  },
  {
    name: 'a peer whose address changes is reached at the new one, and no longer at the old one',
    needs: 'addresses',
    async run(stage) {
      const [a, b] = await startPair(stage);
      await connect(stage, a, b);
      const moved = await startMember(stage, { nodeId: '2' });
      a.transport.setPeers('g', new Map([['2', moved.address]]));
      const before = b.inbox.messages.length;
      await connect(stage, a, moved);
      assert.equal(b.inbox.messages.length, before);
    },
  },
  {
    name: 'a node that does not answer to the expected id is refused',
    needs: 'addresses',
    async run(stage) {
      const [a, b, c] = await startNodes(stage, 3);
      for (const peer of [b!, c!]) peer.transport.setPeers('g', new Map());
      const named = (two: string, three: string): void =>
        a!.transport.setPeers(
          'g',
          new Map([
            ['2', two],
            ['3', three],
          ]),
        );
      named(c!.address, b!.address);
      await sendForAWhile(a!, '2', '3');
      assert.equal(b!.inbox.messages.length + c!.inbox.messages.length, 0);
      named(b!.address, c!.address);
      await connect(stage, a!, b!);
    },
  },
  {
    name: 'a node of another cluster is refused, by whoever is connected to and by whoever connects',
    needs: 'clusters',
    async run(stage) {
      const [a, b] = await startPair(stage);
      const stranger = await startMember(stage, { nodeId: '3', clusterId: 'another cluster' });
      stranger.transport.setPeers('g', new Map([['1', a.address]]));
      a.transport.setPeers(
        'g',
        new Map([
          ['2', b.address],
          ['3', stranger.address],
        ]),
      );
      for (let i = 1; i <= 50; i += 1) {
        stranger.transport.send('g', [numbered('3', '1', i)]);
        a.transport.send('g', [numbered('1', '3', i)]);
        await turn();
      }
      await connect(stage, a, b);
      assert.deepEqual([a.inbox.messages, stranger.inbox.messages], [[], []]);
    },
  },
];

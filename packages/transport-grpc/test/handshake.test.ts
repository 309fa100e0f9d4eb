import { Metadata, status } from '@grpc/grpc-js';
import { ChannelError } from '@raft/core';
import { encodeEnvelope, raftV1 } from '@raft/proto';
import type { Hello } from '@raft/proto';
import { describe, expect, test } from 'vitest';
import { fastClock, numbered, openChannel, quick, startNode, turn, until } from './support/nodes.js';
import { startOtherServer } from './support/other-server.js';
import { callPath, hello, peerPath, rawClient, rawStream } from './support/raw.js';
import { accept, startRawServer } from './support/raw-server.js';

function withVersion(version: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => raftV1.Hello.encode(Object.assign(raftV1.Hello.decode(bytes), { version })).finish();
}

const refusals: [what: string, hello: Partial<Hello>, reason: RegExp][] = [
  ['of another cluster', { clusterId: 'other' }, /cluster "other" is another one: this is cluster "c"/],
  ['that looks for another node', { targetId: '9' }, /node "9" is not here: this is node "1"/],
  ['that does not say whom it looks for', { targetId: '' }, /node "" is not here/],
  ['without an id', { nodeId: '' }, /a peer has to tell its node id/],
  ["with this node's id", { nodeId: '1' }, /node id "1" is this node's own/],
  ['that says it is a client', { kind: 'client' }, /a client does not call this method/],
];

describe('a node', () => {
  test.each(refusals)('refuses a peer %s, and both sides are told', async (_, fields, reason) => {
    const node = await startNode();
    const { stream, status: ended } = rawStream(rawClient(node.address), peerPath, hello(fields));
    stream.write(encodeEnvelope('g', [numbered('2', '1', 1)]));
    const { code, details } = await ended;
    expect(code).toBe(status.FAILED_PRECONDITION);
    expect(details).toMatch(reason);
    expect(node.log.join('\n')).toMatch(reason);
    expect(node.received).toEqual([]);
  });

  test('refuses a peer of another protocol version', async () => {
    const node = await startNode();
    const { status: ended } = rawStream(rawClient(node.address), peerPath, hello({}, withVersion(99)));
    expect((await ended).details).toMatch(/protocol version 99 is not spoken here, only 1/);
    expect(node.log).toEqual([expect.stringMatching(/^warn refused peer "2" from 127.0.0.1:\d+: protocol version 99/)]);
  });

  test('tells once of a peer that it refuses again and again, from one port or another', async () => {
    const node = await startNode();
    for (let i = 0; i < 3; i++) {
      const { status: ended } = rawStream(rawClient(node.address), peerPath, hello({ clusterId: 'other' }));
      expect((await ended).code).toBe(status.FAILED_PRECONDITION);
    }
    expect(node.log).toHaveLength(1);
  });

  test('refuses a peer that says nothing of itself, or nonsense', async () => {
    const node = await startNode();
    const client = rawClient(node.address);
    expect((await rawStream(client, peerPath).status).details).toMatch(/a peer has to say who it is/);
    const nonsense = new Metadata();
    nonsense.set('raft-hello-bin', Buffer.from('ffffff', 'hex'));
    expect((await rawStream(client, peerPath, nonsense).status).details).toMatch(/malformed hello/);
    expect(node.log).toHaveLength(2);
  });

  test('refuses a client of another cluster, one that looks for another node, and a peer that calls as a client', async () => {
    const node = await startNode({ onCall: (call) => call.respond(call.payload) });
    const client = rawClient(node.address);
    const details = async (fields: Partial<Hello>): Promise<string> =>
      (await rawStream(client, callPath, hello({ kind: 'client', nodeId: '', ...fields })).status).details;
    expect(await details({ clusterId: 'other' })).toMatch(/cluster "other" is another one/);
    expect(await details({ targetId: '9' })).toMatch(/node "9" is not here/);
    expect(await details({ kind: 'peer', nodeId: '2' })).toMatch(/a peer does not call this method/);
  });

  test('refuses more clients than it may have', async () => {
    const node = await startNode({ onCall: (call) => call.respond(call.payload), limits: { maxClients: 1 } });
    await openChannel(node.address).request(new Uint8Array(1));
    const refused = openChannel(node.address).request(new Uint8Array(1));
    await expect(refused).rejects.toMatchObject({ code: 'RAFT_CHANNEL_REFUSED', delivered: 'no' });
  });

  test.each(['127.0.0.1', 'localhost', '127.0.0.1:', ':1', '127.0.0.1:70000', '::1:5'])(
    'cannot listen on %s',
    async (listen) => {
      await expect(startNode({ listen })).rejects.toMatchObject({ code: 'RAFT_INVALID_ARGUMENT' });
    },
  );

  test('says that its address is in use', async () => {
    const node = await startNode();
    const second = startNode({ nodeId: '2', listen: node.address });
    await expect(second).rejects.toMatchObject({
      code: 'RAFT_ADDRESS_IN_USE',
      message: expect.stringContaining(node.address),
    });
  });
});

describe('whoever dials', () => {
  test('tells by name who refuses it', async () => {
    const a = await startNode({ nodeId: '1', clusterId: 'one' });
    const b = await startNode({ nodeId: '2', clusterId: 'two' });
    a.transport.setPeers('g', new Map([['2', b.address]]));
    await until(() => b.log.length > 0 && a.log.length > 0, 'both tell');
    expect(a.log[0]).toMatch(
      /^warn refused by peer 2 at 127\.0\.0\.1:\d+: cluster "one" is another one: this is cluster "two"/,
    );
    expect(b.log[0]).toMatch(/^warn refused peer "1" from .*: cluster "one" is another one/);
  });

  test('tells once for each outage, however long it takes', async () => {
    // Repeated lines would be held back for a second of this clock.
    const clock = fastClock(200);
    const limits = { minBackoffMs: 500, maxBackoffMs: 500, handshakeTimeoutMs: 1_000_000 };
    const other = await startOtherServer('220 hello\r\n');
    const a = await startNode({ clock, limits });
    a.transport.setPeers(
      'g',
      new Map([
        ['2', other.address],
        ['3', '127.0.0.1:1'],
      ]),
    );
    const until20s = clock.now() + 20_000;
    await until(() => clock.now() > until20s, 'many attempts are over');
    const about = (peer: string): string[] => a.log.filter((line) => line.includes(`peer ${peer}`));
    expect(about('2')).toEqual([expect.stringMatching(/^warn cannot reach peer 2 at .*Protocol error; trying again$/)]);
    expect(about('3')).toEqual([expect.stringMatching(/^warn cannot reach peer 3 at .*ECONNREFUSED.*; trying again$/)]);
  });

  test.each([
    ['node', '3', 'c', /it is node "3", not "2"/],
    ['cluster', '2', 'other', /it is of cluster "other", not "c"/],
  ])('does not take a peer that is of another %s, even if it would', async (_, nodeId, clusterId, reason) => {
    const { address, streams } = await startRawServer(peerPath);
    const a = await startNode();
    a.transport.setPeers('g', new Map([['2', address]]));
    await until(() => streams.length === 1, 'it connects');
    const received: Uint8Array[] = [];
    streams[0]!.on('data', (bytes: Uint8Array) => void received.push(bytes));
    a.transport.send('g', [numbered('1', '2', 1)]);
    accept(streams[0]!, nodeId, clusterId);
    await until(() => a.log.some((line) => line.startsWith('warn refused by peer 2')), 'it tells');
    expect(a.log.join('\n')).toMatch(reason);
    await turn();
    expect(received).toEqual([]);
  });

  test('does not take a server that knows nothing of the handshake for its peer', async () => {
    const { address, streams } = await startRawServer(peerPath);
    const a = await startNode();
    a.transport.setPeers('g', new Map([['2', address]]));
    await until(() => streams.length === 1, 'it connects');
    streams[0]!.sendMetadata(new Metadata());
    await until(() => a.log.length > 0, 'it tells');
    expect(a.log[0]).toMatch(/^warn refused by peer 2 .*it is not a Raft node/);
  });

  test('closes the connections of attempts that it gave up', async () => {
    const silent = await startOtherServer();
    const a = await startNode({ limits: { ...quick, handshakeTimeoutMs: 20 } });
    a.transport.setPeers('g', new Map([['2', silent.address]]));
    let most = 0;
    for (let attempts = 0; attempts < 8; attempts += 1) {
      const dropped = (): number => a.transport.stats().peers['2']?.droppedMessages ?? 0;
      const before = dropped();
      // Each attempt that fails drops what waits for it.
      a.transport.send('g', [numbered('1', '2', 1)]);
      await until(() => dropped() > before, 'another attempt fails');
      most = Math.max(most, await silent.connections());
    }
    expect(most).toBeLessThan(4);
  });

  test('a channel refuses servers of another cluster, and another node', async () => {
    const node = await startNode({ onCall: (call) => call.respond(call.payload) });
    const wrongCluster = openChannel(node.address, { clusterId: 'other' }).request(new Uint8Array(1));
    await expect(wrongCluster).rejects.toMatchObject({
      code: 'RAFT_CHANNEL_REFUSED',
      delivered: 'no',
      message: expect.stringContaining('cluster "other" is another one'),
    });
    const wrongNode = openChannel(node.address, { nodeId: '7' }).request(new Uint8Array(1));
    await expect(wrongNode).rejects.toMatchObject({ code: 'RAFT_CHANNEL_REFUSED', delivered: 'no' });
    const right = openChannel(node.address, { clusterId: 'c', nodeId: '1' }).request(new Uint8Array(1));
    await expect(right).resolves.toHaveLength(1);
  });

  test('a channel tells a server that is no Raft node from one that is away', async () => {
    const away = openChannel('127.0.0.1:1').request(new Uint8Array(1));
    await expect(away).rejects.toMatchObject({
      code: 'RAFT_CHANNEL_LOST',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    const other = openChannel((await startRawServer('/some.Service/Method')).address).request(new Uint8Array(1));
    await expect(other).rejects.toMatchObject({ code: 'RAFT_CHANNEL_REFUSED', delivered: 'no' });
    const noGrpc = openChannel((await startOtherServer('220 hello\r\n')).address).request(new Uint8Array(1));
    await expect(noGrpc).rejects.toMatchObject({ code: 'RAFT_CHANNEL_LOST', delivered: 'no' });
    const malformed = openChannel('nowhere').request(new Uint8Array(1));
    await expect(malformed).rejects.toBeInstanceOf(ChannelError);
    await expect(malformed).rejects.toMatchObject({ delivered: 'no', message: expect.stringContaining('malformed') });
  });
});

import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { grpcConnector, grpcTransport } from '../src/index.js';
import { withinTimers } from '../../../tests/support/timers.js';
import { numbered, openChannel, quick, startNode, turn, until, withData } from './support/nodes.js';
import { startProxy } from './support/proxy.js';

/** Sockets, servers and timers that keep this process alive. */
function handles(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|GetAddrInfo/.test(name));
}

/** Fails unless `run` leaves nothing open that would keep the process alive. */
async function leavesNothing(run: () => Promise<void>): Promise<void> {
  const before = handles().length;
  await run();
  // Sockets end within a few turns; what a timer closes does not.
  for (let i = 0; i < 300 && handles().length > before; i += 1) await turn();
  if (handles().length > before) throw new Error(`something is left open: ${handles().join(', ')}`);
}

const bytes = new Uint8Array(10);

test('nothing is left open after a close with peers, clients and calls under way', async () => {
  await leavesNothing(async () => {
    const held = (id: string): ReturnType<typeof startNode> =>
      startNode({ nodeId: id, reflection: [], onCall: () => {} });
    const [a, b] = [await held('1'), await held('2')];
    const addresses = new Map([
      ['1', a.address],
      ['2', b.address],
      ['3', '127.0.0.1:1'],
    ]);
    for (const { transport } of [a, b]) transport.setPeers('g', addresses);
    const channels = [openChannel(a.address), openChannel(b.address), openChannel('127.0.0.1:1')];
    const ends = channels.map((channel) =>
      channel.request(bytes, { timeoutMs: 60_000 }).then(
        () => '',
        (error: { code: string }) => error.code,
      ),
    );
    await until(
      () => a.transport.stats().requests === 1 && b.transport.stats().requests === 1,
      'the calls are under way',
    );
    for (let i = 1; i <= 100; i += 1) a.transport.send('g', [withData('1', '2', i, 10_000), numbered('1', '3', i)]);
    channels[0]!.close();
    await withinTimers(1000, () => Promise.all([a.transport.close(), b.transport.close()]));
    for (const channel of channels) channel.close();
    expect(await Promise.all(ends)).toEqual(Array(3).fill('RAFT_CHANNEL_LOST'));
  });
});

test('a close is prompt, and complete, when the other sides do not answer any more', async () => {
  const b = await startNode({ nodeId: '2', onCall: () => {} });
  const toPeer = await startProxy(b.address);
  await leavesNothing(async () => {
    const a = await startNode({ onCall: () => {} });
    const toNode = await startProxy(a.address);
    a.transport.setPeers('g', new Map([['2', toPeer.address]]));
    const channel = openChannel(toNode.address);
    const end = channel.request(bytes, { timeoutMs: 60_000 }).catch((error: { code: string }) => error.code);
    await until(
      () => a.transport.stats().requests === 1 && a.transport.stats().peers['2']?.connected === true,
      'all are connected',
    );
    toPeer.freeze();
    toNode.freeze();
    // More than the buffers between us take.
    for (let i = 1; i <= 40; i += 1) a.transport.send('g', [withData('1', '2', i, 1_000_000)]);
    await turn();
    await withinTimers(1500, () => a.transport.close());
    channel.close();
    expect(await end).toBe('RAFT_CHANNEL_LOST');
    toPeer.destroy();
    toNode.destroy();
  });
});

test('a close is prompt while connections are on their way', async () => {
  const b = await startNode({ nodeId: '2' });
  const silent = await startProxy(b.address);
  silent.freeze();
  await leavesNothing(async () => {
    const a = await startNode({ limits: { ...quick, handshakeTimeoutMs: 60_000 } });
    a.transport.setPeers(
      'g',
      new Map([
        ['2', silent.address],
        ['3', 'localhost:1'],
      ]),
    );
    const channel = openChannel(silent.address, { limits: { handshakeTimeoutMs: 60_000 } });
    const end = channel.request(bytes).catch((error: { delivered: string }) => error.delivered);
    await until(() => silent.connections >= 2, 'they are on their way');
    await withinTimers(300, () => a.transport.close());
    channel.close();
    expect(await end).toBe('no');
    silent.destroy();
  });
});

test('a transport is started once, and may be closed without', async () => {
  const node = await startNode();
  await expect(node.transport.start()).rejects.toMatchObject({ code: 'RAFT_TRANSPORT' });
  await node.transport.close();
  await expect(node.transport.start()).rejects.toMatchObject({ code: 'RAFT_TRANSPORT' });
  const unused = grpcTransport({ nodeId: '1', clusterId: 'c', listen: '127.0.0.1:0' });
  await Promise.all([unused.close(), unused.close()]);
});

test('a group has one receiver', async () => {
  const node = await startNode();
  expect(() => node.transport.attach('g', { receive: () => {} })).toThrow(/group g is attached already/);
});

test.each([
  [{ nodeId: '' }, /nodeId is empty/],
  [{ clusterId: '' }, /clusterId is empty/],
  [{ callPath: 'kv' }, /"kv" is no method/],
  [{ limits: { maxQueuedBytes: 0 } }, /maxQueuedBytes is 0: give a positive number/],
  [{ limits: { maxMessageBytes: 2 ** 32 } }, /maxMessageBytes is beyond 2 GiB/],
])('the option %j is refused', (options, reason) => {
  const make = (): unknown =>
    grpcTransport({ nodeId: '1', clusterId: 'c', listen: '127.0.0.1:0', onCall: () => {}, ...options });
  expect(make).toThrow(reason);
  expect(make).toThrow(expect.objectContaining({ code: 'RAFT_INVALID_ARGUMENT' }));
});

test('a connector refuses options that cannot work', () => {
  expect(() => grpcConnector({ callPath: '/x' })).toThrow(/"\/x" is no method/);
  expect(() => grpcConnector({ limits: { maxBackoffMs: -1 } })).toThrow(/maxBackoffMs is -1/);
});

test('a client that resets its connection makes no noise', async () => {
  const node = await startNode();
  const at = node.address.lastIndexOf(':');
  const socket = connect(Number(node.address.slice(at + 1)), node.address.slice(0, at));
  // What the server says first tells that it has the connection.
  await once(socket, 'data');
  socket.resetAndDestroy();
  await until(() => node.log.some((line) => line.includes('ECONNRESET')), 'the reset is seen');
  expect(node.log).toEqual([expect.stringMatching(/^debug closed the connection from /)]);
});

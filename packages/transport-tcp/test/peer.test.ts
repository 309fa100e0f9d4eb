import { seededRandom } from '@raft/core';
import { decodeEnvelope } from '@raft/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  inbox,
  numbered,
  pattern,
  sendUntilReceived,
  startNodes,
  turn,
  until,
  withData,
} from '../../testkit/src/transport-suite/world.js';
import { virtualClock } from '../../transport-memory/test/support/virtual-clock.js';
import type { VirtualClock } from '../../transport-memory/test/support/virtual-clock.js';
import { FrameKind } from '../src/frame.js';
import { logBook, rawServer } from './support/raw.js';
import type { LogBook, Raw, RawServer } from './support/raw.js';
import { tcpWorld } from './support/world.js';
import type { TcpWorld } from './support/world.js';

let world: TcpWorld;
let log: LogBook;
let server: RawServer | undefined;
let clock: VirtualClock;

beforeEach(() => {
  clock = virtualClock();
  world = tcpWorld();
  log = logBook();
  server = undefined;
});
afterEach(async () => {
  await world.dispose();
  await server?.close();
});

const envelopes = (raw: Raw): ReturnType<typeof decodeEnvelope>[] =>
  raw.frames.filter(({ kind }) => kind === FrameKind.envelope).map(({ payload }) => decodeEnvelope(payload));

/** A node `1`, connected to a hand-made node `2`; its time stands still until `clock` moves it. */
async function connected(limits = {}): Promise<{ node: Awaited<ReturnType<TcpWorld['start']>>; peer: Raw }> {
  server = await rawServer({ nodeId: '2' });
  const node = await world.start({ nodeId: '1', logger: log.logger, limits, clock });
  node.transport.setPeers('g', new Map([['2', server.address]]));
  node.transport.setPeers('h', new Map([['2', server.address]]));
  await until(() => node.transport.stats().peers['2']?.connected === true, 'it connects');
  return { node, peer: server.connections[0]! };
}

describe('what is sent', () => {
  test('in one turn, promises included, goes out as one envelope for each group, in order', async () => {
    const { node, peer } = await connected();
    for (let i = 1; i <= 3; i += 1) node.transport.send('g', [numbered('1', '2', i)]);
    node.transport.send('h', [numbered('1', '2', 10)]);
    await Promise.resolve();
    node.transport.send('g', [numbered('1', '2', 4), numbered('1', '2', 5)]);
    await until(() => envelopes(peer).length >= 2, 'they arrive');
    await turn();
    expect(envelopes(peer).map(({ groupId, messages }) => [groupId, messages.map(({ term }) => term)])).toEqual([
      ['g', [1, 2, 3, 4, 5]],
      ['h', [10]],
    ]);
  });

  test('before there is a connection waits for it', async () => {
    server = await rawServer({ nodeId: '2' });
    const { transport } = await world.start({ nodeId: '1' });
    transport.setPeers('g', new Map([['2', server.address]]));
    for (let i = 1; i <= 5; i += 1) transport.send('g', [numbered('1', '2', i)]);
    await until(() => server!.connections.some((raw) => envelopes(raw).length > 0), 'they arrive');
    expect(envelopes(server.connections[0]!)[0]?.messages.map(({ term }) => term)).toEqual([1, 2, 3, 4, 5]);
  });

  test('and cannot be encoded is dropped with an error in the log, the rest goes on', async () => {
    const { node, peer } = await connected();
    node.transport.send('g', [numbered('1', '2', -1)]);
    await until(() => log.at('error').length === 1, 'an error');
    expect(log.at('error')[0]).toMatch(/cannot encode a message to peer 2/);
    node.transport.send('g', [numbered('1', '2', 5)]);
    await until(() => envelopes(peer).length === 1, 'the next arrives');
    expect(envelopes(peer)[0]?.messages[0]?.term).toBe(5);
  });

  test('and does not fit a frame is dropped with what to do', async () => {
    const { node, peer } = await connected({ maxFrameBytes: 10_000 });
    node.transport.send('g', [withData('1', '2', 1, pattern(10_001, 1))]);
    await until(() => log.at('warn').length === 1, 'a line');
    expect(log.at('warn')[0]).toMatch(/raise maxFrameBytes/);
    node.transport.send('g', [numbered('1', '2', 5)]);
    await until(() => envelopes(peer).length === 1, 'the next arrives');
    expect(node.transport.stats().peers['2']).toMatchObject({ droppedMessages: 1, sentMessages: 1 });
  });

  test('under load arrives whole and in order, whatever the sizes', async () => {
    const [a, b] = await startNodes(world, 2);
    const random = seededRandom(42);
    const sizes = Array.from({ length: 3000 }, () => Math.floor(random() ** 4 * 20_000));
    let next = 0;
    while (next < sizes.length) {
      for (let burst = Math.ceil(random() * 60); burst > 0 && next < sizes.length; burst -= 1, next += 1) {
        a!.transport.send('g', [withData('1', '2', next + 1, pattern(sizes[next]!, next))]);
      }
      await turn();
    }
    await until(() => b!.inbox.messages.length === sizes.length, 'all arrive');
    for (const [i, message] of b!.inbox.messages.entries()) {
      if (message.type !== 'appendEntries') throw new Error('another type');
      if (!Buffer.from(pattern(sizes[i]!, i)).equals(message.entries[0]!.data)) throw new Error(`message ${i} differs`);
    }
  });
});

describe('a peer that is away', () => {
  test('costs a bounded queue, attempts with growing pauses, and one line in the log', async () => {
    const limits = { maxQueuedBytes: 1_000_000, minBackoffMs: 5, maxBackoffMs: 40 };
    const { transport } = await world.start({ nodeId: '1', logger: log.logger, limits });
    transport.setPeers('g', new Map([['2', await world.unusedAddress()]]));
    const data = pattern(10_000, 1);
    let most = 0;
    for (let i = 1; i <= 3000; i += 1) {
      transport.send('g', [withData('1', '2', i, data)]);
      most = Math.max(most, transport.stats().peers['2']?.queuedBytes ?? 0);
      if (i % 100 === 0) await turn();
    }
    expect(most).toBeGreaterThan(900_000);
    expect(most).toBeLessThanOrEqual(1_000_000);
    expect(transport.stats().peers['2']?.droppedMessages).toBeGreaterThan(2000);
    const complaints = log.at('warn').filter((line) => !line.startsWith('dropped'));
    expect(complaints).toEqual([expect.stringMatching(/^cannot reach peer 2 at .*ECONNREFUSED.*; trying again$/)]);
    const drops = log.at('warn').filter((line) => line.startsWith('dropped'));
    expect(drops[0]).toMatch(/dropped messages to peer 2: \d+ bytes wait already, at most 1000000 may/);
    expect(drops.length).toBeLessThan(5);
  });

  test('loses what waited for an attempt that failed: at the next one it would be stale', async () => {
    const limits = { minBackoffMs: 300, maxBackoffMs: 300 };
    const { transport } = await world.start({ nodeId: '1', limits });
    const address = await world.unusedAddress();
    transport.setPeers('g', new Map([['2', address]]));
    transport.send('g', [numbered('1', '2', 1)]);
    await until(() => transport.stats().peers['2']?.droppedMessages === 1, 'the attempt fails');
    transport.send('g', [numbered('1', '2', 2)]);
    const box = inbox();
    const peer = await world.start({ nodeId: '2', address });
    peer.transport.attach('g', box);
    await until(() => box.messages.length > 0, 'what waits for the next attempt arrives');
    expect(box.messages.map(({ term }) => term)).toEqual([2]);
  });

  test('is dialled at once when it dials us, whatever pause there was to be', async () => {
    const limits = { minBackoffMs: 60_000, maxBackoffMs: 60_000 };
    const one = await world.start({ nodeId: '1', limits });
    const address = await world.unusedAddress();
    one.transport.setPeers('g', new Map([['2', address]]));
    await turn();
    await turn();
    const two = await world.start({ nodeId: '2', address });
    two.transport.setPeers('g', new Map([['1', one.address]]));
    await until(() => one.transport.stats().peers['2']?.connected === true, 'it is dialled');
  });

  test('is found again on its port after a restart, and the log says so', async () => {
    const one = await world.start({ nodeId: '1', logger: log.logger });
    let two = await world.start({ nodeId: '2' });
    const { address } = two;
    one.transport.setPeers('g', new Map([['2', address]]));
    await until(() => one.transport.stats().peers['2']?.connected === true, 'it connects');
    for (let restart = 0; restart < 3; restart += 1) {
      await two.transport.close();
      await until(() => one.transport.stats().peers['2']?.connected === false, 'it is lost');
      two = await world.start({ nodeId: '2', address });
      const box = inbox();
      two.transport.attach('g', box);
      await sendUntilReceived(one.transport, (i) => numbered('1', '2', i), box);
    }
    expect(log.at('info').length).toBe(4);
    expect(log.at('warn').length).toBeGreaterThanOrEqual(3);
    expect(log.at('warn')[0]).toMatch(/^lost the connection to peer 2 at .*; trying again$/);
  });
});

describe('a peer that does not read', () => {
  test('gets a bounded queue of the oldest messages, and delays nobody else', async () => {
    const { node, peer } = await connected({ maxQueuedBytes: 8_000_000 });
    const other = await world.start({ nodeId: '3' });
    const box = inbox();
    other.transport.attach('g', box);
    node.transport.setPeers(
      'g',
      new Map([
        ['2', server!.address],
        ['3', other.address],
      ]),
    );
    await until(() => node.transport.stats().peers['3']?.connected === true, 'the other connects');
    peer.socket.pause();
    const data = pattern(100_000, 1);
    let most = 0;
    for (let i = 1; i <= 400; i += 1) {
      node.transport.send('g', [withData('1', '2', i, data), numbered('1', '3', i)]);
      await turn();
      most = Math.max(most, node.transport.stats().peers['2']?.queuedBytes ?? 0);
      // While the slow one stands still.
      if (i % 100 === 0) await until(() => box.messages.length === i, 'the other gets all');
    }
    expect(most).toBeLessThanOrEqual(8_000_000);
    const { droppedMessages = 0 } = node.transport.stats().peers['2'] ?? {};
    expect(droppedMessages).toBeGreaterThan(50);
    peer.socket.resume();
    await until(() => node.transport.stats().peers['2']?.queuedBytes === 0, 'the queue is read');
    node.transport.send('g', [numbered('1', '2', 7)]);
    await until(() => envelopes(peer).at(-1)?.messages[0]?.term === 7, 'the latest arrives');
    const indexes = envelopes(peer).flatMap(({ messages }) =>
      messages.flatMap((message) => (message.type === 'appendEntries' ? [message.prevLogIndex + 1] : [])),
    );
    expect(indexes.length).toBe(400 - droppedMessages);
    expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
    expect(indexes.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });
});

describe('a peer that vanished', () => {
  test('without a word is noticed while something is sent to it, however little', async () => {
    const { node, peer } = await connected({ peerTimeoutMs: 100 });
    // Its machine takes the bytes, but no answer to a question ever comes.
    for (let i = 1; i < 100; i += 1) {
      node.transport.send('g', [numbered('1', '2', i)]);
      await turn();
      clock.advance(1);
    }
    await turn();
    expect(node.transport.stats().peers['2']?.connected).toBe(true);
    clock.advance(1);
    await until(() => node.transport.stats().peers['2']?.connected === false, 'the connection is given up');
    expect(log.at('warn')[0]).toMatch(
      /^lost the connection to peer 2 at .*: no sign of life for 100 ms; trying again$/,
    );
    expect(peer.frames.filter(({ kind }) => kind === FrameKind.ping).length).toBe(1);
  });

  test('is noticed also while nothing is sent, and every group is told', async () => {
    const { node, peer } = await connected({ peerTimeoutMs: 60 });
    const told: string[] = [];
    for (const group of ['g', 'i']) {
      node.transport.attach(group, { receive() {}, peerDown: (id) => void told.push(`${group} ${id}`) });
    }
    clock.advance(59);
    await turn();
    expect(told).toEqual([]);
    clock.advance(1);
    await until(() => told.length > 0, 'the groups are told');
    expect(told).toEqual(['g 2', 'i 2']);
    await until(() => peer.frames.length > 1, 'it was asked');
    expect(peer.frames.map(({ kind }) => kind)).toEqual([FrameKind.hello, FrameKind.ping]);
  });

  test('is asked once for all groups, however many there are, and costs nothing more', async () => {
    server = await rawServer({ nodeId: '2', pong: true });
    const { transport } = await world.start({ nodeId: '1', limits: { peerTimeoutMs: 400 } });
    for (let i = 0; i < 100; i += 1) transport.setPeers(`g${i}`, new Map([['2', server.address]]));
    await until(() => (server?.connections[0]?.frames.length ?? 0) >= 4, 'signs of life are asked for');
    expect(server.connections).toHaveLength(1);
    expect(server.connections[0]!.frames.slice(1).every(({ kind }) => kind === FrameKind.ping)).toBe(true);
    expect(transport.stats().peers['2']?.connected).toBe(true);
  });

  test('is not taken for one that answers', async () => {
    const one = await world.start({ nodeId: '1', logger: log.logger, limits: { peerTimeoutMs: 100 } });
    const two = await world.start({ nodeId: '2' });
    one.transport.setPeers('g', new Map([['2', two.address]]));
    const from = performance.now();
    while (performance.now() - from < 350) {
      one.transport.send('g', [numbered('1', '2', 1)]);
      await turn();
    }
    expect(log.at('warn')).toEqual([]);
    expect(one.transport.stats().peers['2']?.connected).toBe(true);
  });

  test('is not taken for one that slowly reads a long queue', async () => {
    const peerTimeoutMs = 250;
    const one = await world.start({ nodeId: '1', logger: log.logger, limits: { peerTimeoutMs } });
    server = await rawServer({ nodeId: '2', pong: true });
    one.transport.setPeers('g', new Map([['2', server.address]]));
    await until(() => one.transport.stats().peers['2']?.connected === true, 'it connects');
    const { socket, frames } = server.connections[0]!;
    const from = performance.now();
    // One message, so one write: only how much of it was taken tells that there is progress.
    one.transport.send('g', [withData('1', '2', 1, pattern(40_000_000, 1))]);
    // The last megabytes lie in the system's buffers, where nobody sees them move: those are read at once.
    for (let read = 0; read < 25_000_000; read += 1_000_000) {
      socket.resume();
      await until(() => socket.bytesRead >= read, 'a megabyte arrives');
      socket.pause();
      const pauseEnd = performance.now() + 25;
      await until(() => performance.now() >= pauseEnd, 'a pause');
    }
    socket.resume();
    await until(() => frames.length > 1, 'the message arrives');
    expect(performance.now() - from).toBeGreaterThan(2 * peerTimeoutMs);
    expect(log.at('warn')).toEqual([]);
    expect(one.transport.stats().peers['2']?.connected).toBe(true);
  });
});

describe('who the peers are', () => {
  test('a connection is closed when the last group that names the peer lets go', async () => {
    const { node, peer } = await connected();
    node.transport.setPeers('g', new Map());
    node.transport.send('h', [numbered('1', '2', 1)]);
    await until(() => envelopes(peer).length === 1, 'the other group still sends');
    node.transport.setPeers('h', new Map());
    await peer.closed;
    expect(node.transport.stats().peers).toEqual({});
    expect(log.at('warn')).toEqual([]);
  });

  test('a group cannot send to a peer that only another group names', async () => {
    const { node, peer } = await connected();
    node.transport.send('stranger', [numbered('1', '2', 1)]);
    node.transport.send('g', [numbered('1', '2', 2)]);
    await until(() => envelopes(peer).length > 0, 'one arrives');
    expect(envelopes(peer).map(({ groupId }) => groupId)).toEqual(['g']);
  });

  test('a malformed address is logged, and the other peers are reached', async () => {
    server = await rawServer({ nodeId: '2' });
    const { transport } = await world.start({ nodeId: '1', logger: log.logger });
    transport.setPeers(
      'g',
      new Map([
        ['3', 'nonsense'],
        ['1', 'also nonsense, but its own'],
        ['2', server.address],
      ]),
    );
    await until(() => transport.stats().peers['2']?.connected === true, 'it connects');
    expect(log.at('error')).toEqual([expect.stringMatching(/cannot reach peer 3: address "nonsense" is malformed/)]);
  });

  test('a host that does not exist is as one that is away', async () => {
    // Where name servers do not answer, the attempt ends at its deadline.
    const limits = { handshakeTimeoutMs: 1000 };
    const { transport } = await world.start({ nodeId: '1', logger: log.logger, limits });
    transport.setPeers('g', new Map([['2', 'no-such-host.invalid:7002']]));
    await until(() => log.at('warn').length > 0, 'a line');
    expect(log.at('warn')[0]).toMatch(/^cannot reach peer 2 at no-such-host\.invalid:7002: /);
  });
});
